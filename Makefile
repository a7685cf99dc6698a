# SPDX-License-Identifier: MIT
#
# The commands of a checkout. meson does the work; see meson.build and meson_options.txt.
#
# Owns:     the directories build*/.
# Callers:  a person, and .ci/run.
# Promises: each target works alone on a Debian machine with nothing but make and a compiler: it
#           installs what it needs. INSTALL_PACKAGES=true leaves the packages alone.
# Does not: install corral. That is meson install, in any build directory.
INSTALL_PACKAGES ?= tools/install-packages
MESON ?= meson
export MESON

# The lists of packages, by name.
lists = $(patsubst %,tools/packages-%.txt,$(1))

all:
	$(INSTALL_PACKAGES) $(call lists,build run)
	test -e build/build.ninja || $(MESON) setup build
	ninja -C build

# All suites with gcc; with clang the sanitizers; the smallest and largest legal options, and aarch64 by
# emulation.
test:
	$(INSTALL_PACKAGES) $(call lists,build run test cross demo bench)
	tools/test-builds quick

# The same in their long forms.
check:
	$(INSTALL_PACKAGES) $(call lists,build run test cross demo bench check)
	tools/test-builds long

# Real programs on corral: their outputs are compared with those on the system's malloc.
check-programs:
	$(INSTALL_PACKAGES) $(call lists,build run test programs)
	test -e build/build.ninja || $(MESON) setup build -Dtests=true
	$(MESON) configure build -Dtests=true
	$(MESON) compile -C build check-programs

# The same with other allocators, compared with corral in time.
bench-programs:
	$(INSTALL_PACKAGES) $(call lists,build programs bench)
	test -e build-bench/build.ninja || $(MESON) setup build-bench -Dbench=true
	$(MESON) compile -C build-bench bench-programs

# What shows that corral is lock-free and loses nothing: models, all schedules, faults, stops.
prove:
	$(INSTALL_PACKAGES) $(call lists,build test)
	tools/prove

demo:
	$(INSTALL_PACKAGES) $(call lists,build demo)
	test -e build-demo/build.ninja || $(MESON) setup build-demo -Dexamples=true
	$(MESON) compile -C build-demo
	build-demo/examples/game_server

# What the comparisons of a free cost that find its caller's faults.
bench-checks:
	$(INSTALL_PACKAGES) $(call lists,build bench)
	rm -rf build-unchecked-source
	bench/unchecked.py . build-unchecked-source
	for pair in build-bench:. build-unchecked:build-unchecked-source; do \
	    test -e $${pair%:*}/build.ninja || $(MESON) setup $${pair%:*} $${pair#*:} -Dbench=true || exit 1; \
	    $(MESON) compile -C $${pair%:*} || exit 1; \
	done
	bench/builds.py --build build-bench/bench --other build-unchecked/bench --output build-unchecked/checks.json

bench-quick bench bench-truth:
	$(INSTALL_PACKAGES) $(call lists,build bench)
	test -e build-bench/build.ninja || $(MESON) setup build-bench -Dbench=true
	$(MESON) compile -C build-bench $@

# The committed figures of the hot path, in instructions, for each compiler.
bench-guard:
	$(INSTALL_PACKAGES) $(call lists,build test bench)
	for compiler in gcc:g++ clang:clang++; do \
	    build=build-guard-$${compiler%:*}; \
	    test -e $$build/build.ninja || CC=$${compiler%:*} CXX=$${compiler#*:} \
	        $(MESON) setup $$build -Dbench=true -Ddebug=false || exit 1; \
	    $(MESON) compile -C $$build bench-guard-renew || exit 1; \
	done

clean:
	rm -rf build build-*

.PHONY: all test check check-programs prove demo bench-programs bench-quick bench bench-truth bench-checks bench-guard clean

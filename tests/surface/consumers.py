#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that other projects can use corral, with each of its libraries.

Owns:     a temporary directory.
Callers:  tests/surface/meson.build, as consumers.py HOW ROOT BUILD COMPILER..., where HOW is
          subproject or installed.
Promises: failure when a program that uses corral in that way does not build or run.
Does not: install anything outside its directory.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

MESON = shutil.which("meson") or "meson"
PROGRAM = """#include <corral/corral.h>
#include <corral/inline.h>
#include <corral/lpm.h>
#include <corral/party.h>

int main(void) {
    void *block = corral_party_allocate(100, 7);
    int bad = block == NULL || corral_memory_type_of(block) != 7;
    corral_party_free(block, 7);
    void *inlined = corral_alloc_inline(100, 7);
    bad |= inlined != block;
    corral_free_inline(inlined, 7);
    return bad;
}
"""
# One that knows corral only as its malloc.
MALLOC_PROGRAM = """#include <corral/scope.h>
#include <stdlib.h>

int main(void) {
    CORRAL_SCOPE(7);
    void *volatile block = malloc(100);
    int bad = block == NULL || corral_memory_type_of(block) != 7;
    free(block);
    return bad;
}
"""
# One that has its options from the environment.
CONFIG_PROGRAM = """#include <corral/config.h>
#include <stdlib.h>

int main(void) {
    char message[600];
    setenv("CORRAL_FAIL", "7:at=1", 1);
    corral_status status = corral_config_from_environment(message, sizeof message);
    return status != CORRAL_OK || corral_alloc(100, 7) != NULL;
}
"""
# One that says what is live in it.
REPORT_PROGRAM = """#include <corral/report.h>

int main(void) {
    void *block = corral_alloc(100, 7);
    uint64_t blocks = 0;
    corral_status text = corral_report_figures(stdout, CORRAL_REPORT_TEXT);
    corral_status json = corral_report_leaks(stdout, CORRAL_REPORT_JSON, &blocks);
    corral_free(block, 7);
    return text != CORRAL_OK || json != CORRAL_OK || blocks != 1;
}
"""
# One whose memory goes back by itself.
BACKGROUND_PROGRAM = """#include <corral/background.h>

int main(void) {
    void *block = corral_alloc(100, 7);
    corral_status started = corral_background_start(1);
    corral_free(block, 7);
    corral_background_stop();
    return started != CORRAL_OK || corral_background_start(0) != CORRAL_EINVAL;
}
"""
# The companions: what they are called, their program, and the standard of C that it needs.
COMPANIONS = {"background": (BACKGROUND_PROGRAM, "c11"), "config": (CONFIG_PROGRAM, "gnu11"),
              "report": (REPORT_PROGRAM, "c11")}
BUILD = """project('consumer', 'c', version: '1', default_options: ['c_std=c11', 'werror=true'])
shared = executable('shared', 'main.c', dependencies: dependency('corral', static: false))
static = executable('static', 'main.c', dependencies: dependency('corral', static: true))
plain = executable('plain', 'main.c', dependencies: dependency('corral'))
test('shared', shared)
test('static', static)
test('plain', plain)
test('malloc', executable('malloc', 'malloc.c', dependencies: dependency('corral-malloc')))
foreach name, std : {'background': 'c_std=c11', 'config': 'c_std=gnu11', 'report': 'c_std=c11'}
  companion = dependency('corral-' + name, required: false)
  if companion.found()
    test(name, executable(name, name + '.c', override_options: std, dependencies: companion))
    test('static ' + name, executable('static_' + name, name + '.c', override_options: std,
                                      dependencies: dependency('corral-' + name, static: true)))
  endif
endforeach
shared_module('plugin', 'main.c', name_prefix: '', dependencies: dependency('corral-plugin'))
"""
WRAP = """[wrap-file]
directory = corral

[provide]
dependency_names = corral, corral-background, corral-config, corral-report, corral-plugin, corral-malloc
"""


def run(*command, **options):
    subprocess.run(command, check=True, stdout=sys.stderr, **options)


def dynamic_section(program):
    return subprocess.run(["readelf", "-d", program], check=True, capture_output=True,
                          text=True).stdout


def uses_corral_so(program):
    return "libcorral.so" in dynamic_section(program)


def system_descriptions():
    """Returns where pkg-config looks of itself."""
    return subprocess.run(["pkg-config", "--variable=pc_path", "pkg-config"], check=True,
                          capture_output=True, text=True).stdout.strip()


def is_plugin(module):
    """Whether a shared object with corral inside loads at any time, and is never unloaded."""
    section = dynamic_section(module)
    return "NODELETE" in section and "STATIC_TLS" not in section and not uses_corral_so(module)


def as_subproject(directory, root):
    """Builds a project whose subprojects/corral is this checkout."""
    (directory / "meson.build").write_text(BUILD, encoding="utf-8")
    (directory / "main.c").write_text(PROGRAM, encoding="utf-8")
    (directory / "malloc.c").write_text(MALLOC_PROGRAM, encoding="utf-8")
    for name, (program, _) in COMPANIONS.items():
        (directory / f"{name}.c").write_text(program, encoding="utf-8")
    (directory / "subprojects").mkdir()
    (directory / "subprojects/corral").symlink_to(root)
    (directory / "subprojects/corral.wrap").write_text(WRAP, encoding="utf-8")
    build = directory / "build"
    run(MESON, "setup", build, directory)
    run("ninja", "-C", build)
    run(MESON, "test", "-C", build, "--no-rebuild")
    return uses_corral_so(build / "shared") and not uses_corral_so(build / "static") \
        and is_plugin(build / "plugin.so")


def installed(directory, build, compiler):
    """Builds three programs and a plugin against a staged installation, by its pkg-config files."""
    stage = directory / "stage"
    run(MESON, "install", "-C", build, "--no-rebuild", "--destdir", stage)
    (directory / "main.c").write_text(PROGRAM, encoding="utf-8")
    (directory / "malloc.c").write_text(MALLOC_PROGRAM, encoding="utf-8")
    description = next(stage.rglob("corral.pc"))
    library = description.parent.parent
    environment = dict(os.environ, PKG_CONFIG_LIBDIR=str(description.parent),
                       PKG_CONFIG_SYSROOT_DIR=str(stage), LD_LIBRARY_PATH=str(library))

    def flags(*what, package="corral"):
        return subprocess.run(["pkg-config", *what, package], check=True, capture_output=True,
                              text=True, env=environment).stdout.split()

    shared, static, plugin, malloc = (directory / name
                                      for name in ("shared", "static", "plugin.so", "malloc"))
    main = directory / "main.c"
    run(*compiler, "-std=c11", "-Werror", main, *flags("--cflags", "--libs"), "-o", shared)
    run(*compiler, "-std=c11", "-Werror", main, "-static",
        *flags("--static", "--cflags", "--libs"), "-o", static)
    run(*compiler, "-std=c11", "-Werror", main, "-shared", "-fPIC",
        *flags("--cflags", "--libs", package="corral-plugin"), "-o", plugin)
    run(*compiler, "-std=gnu11", "-Werror", directory / "malloc.c",
        *flags("--cflags", "--libs", package="corral-malloc"), "-o", malloc)
    run(shared, env=environment)
    run(static)
    run(malloc, env=environment)
    # What companions need is not of the stage: its own description is found where it always is.
    environment["PKG_CONFIG_PATH"] = system_descriptions()
    for name, (text, std) in COMPANIONS.items():
        if next(stage.rglob(f"corral-{name}.pc"), None) is None:
            continue
        source, program = directory / f"{name}.c", directory / name
        source.write_text(text, encoding="utf-8")
        for form, how in {"shared": [], "static": ["--static"]}.items():
            run(*compiler, f"-std={std}", "-Werror", source, *(["-static"] if how else []),
                *flags(*how, "--cflags", "--libs", package=f"corral-{name}"), "-o", f"{program}_{form}")
            run(f"{program}_{form}", env=environment)
    described = next(stage.rglob("corral-run.1"), None)
    if described is not None:
        # The program finds the library beside it.
        run(next(stage.rglob("bin/corral-run")), "--stats", "true")
    if next(stage.rglob("corral-figures.1"), None) is not None:
        run(next(stage.rglob("bin/corral-figures")), "--version")
    files = [path.name for path in stage.rglob("*") if path.is_file()]
    return uses_corral_so(shared) and not uses_corral_so(static) and is_plugin(plugin) \
        and "LICENSE" in files


def main():
    how, root, build, *compiler = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        right = as_subproject(directory, root) if how == "subproject" \
            else installed(directory, build, compiler)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())

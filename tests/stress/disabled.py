#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Disables one mechanism of corral at a time and checks that its storm fails.

Owns:     a temporary directory.
Callers:  tests/stress/meson.build, as disabled.py BUILD ROOT CC...; a person, with --only NAME.
Promises: prints a table: mechanism, storm, how it failed. Fails when a storm does not, when one fails
          that should not (nothing disabled), or when a mechanism is not where the table says.
Does not: change a source. It compiles one damaged copy and links it before the library, whose own
          object of that source is then left out.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

# The storms, by name: a main, and its arguments.
STORMS = {
    "storm": ["storm", "--operations=12000"],
    "idle": ["relay", "--kind=idle", "--operations=18"],
    "gone": ["relay", "--kind=gone", "--operations=18"],
    "stream": ["relay", "--kind=stream", "--operations=18"],
    "keys": ["ends", "--operations=3000"],
    "raw": ["ends", "--kind=raw"],
    "forks": ["forks", "--operations=200"],
    "pools": ["hold"],
    "circle": ["hold", "--kind=circle", "--operations=100"],
}
# Where the storms take what other files than their main define.
COMMON = ["tests/stress/libcorral_stress_common.a", "tests/libcorral_test_support.a",
          "src/libcorral.a"]

# A spin lock that a child finds taken when its parent's thread had it.
LOCK = "static _Atomic int lock; while (atomic_exchange(&lock, 1) != 0) {} "
# Mechanism: the function, what its body begins with instead, and the storm that misses it.
# A body that begins with "return" is over there.
MECHANISMS = {
    "collecting": ("corral_slab_collect_list_owner",
                   "if (slab != NULL) return (struct block_list){.first = NULL, .length = most * 0};",
                   "stream"),
    "sending home": ("corral_shelf_send", "if (slab != NULL) return;", "stream"),
    "waking": ("state_after", "*sent = SENT; if (wake >= 0) return state_add(state, blocks);", "idle"),
    "placing": ("corral_shelf_place", "if (slab != NULL) return;", "idle"),
    "the shelf's taking": ("corral_shelf_take", "if (index + 1 != 0) return;", "gone"),
    "giving back": ("corral_slab_give_back_owner", "if (slab != NULL) return true;", "gone"),
    "a thread's return": ("corral_thread_return", "if (cache != NULL) return;", "storm"),
    "orphaning": ("corral_cache_orphan", "if (cache != NULL) return;", "storm"),
    "adoption": ("corral_cache_take_orphan", "if (identities != 0) return NULL;", "storm"),
    "reaping": ("corral_reap_take", "if (most != 0) return NULL;", "raw"),
    "the pointer's way back": ("leave", "corral_reap_release(argument); "
                               "corral_thread_return(argument); if (argument != NULL) return;",
                               "keys"),
    "putting out idle pools": ("make_room", "if (cost != 0) return;", "pools"),
    "pools in use that stay": ("corral_turn_learn", "if (cost != 0) return;", "circle"),
    "freedom of locks": ("corral_alloc_slow",
                         LOCK + "void *made = make(size, id); "
                         "atomic_store(&lock, 0); return made;", "forks"),
}


def definition(sources, name):
    """Returns the file that defines a function, and where its body begins."""
    for path in sorted(sources.glob("*.c")):
        found = re.search(rf"^[a-zA-Z][^;{{}}=]*\b{name}\([^;{{}}]*\) \{{\n",
                          path.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return path, found
    raise SystemExit(f"{name}: no source defines it")


def damaged(sources, name, body):
    """Returns a source's path and its text with one function changed."""
    path, found = definition(sources, name)
    text = path.read_text(encoding="utf-8")
    if "made = make(" in body:
        # The function itself goes on under another name, for the lock to stand around it.
        head = found.group(0)
        inner = "static " + head.replace(name, "make")
        end = text.index("\n}\n", found.end()) + 3
        return path, (text[:found.start()] + inner + text[found.end():end] + "\n" + head + body +
                      "\n}\n" + text[end:])
    return path, text[:found.end()] + body + "\n" + text[found.end():]


def compile_and_link(arguments, directory, name, body, main):
    """Returns the storm's main, linked with the damaged source when there is one."""
    objects = []
    if name:
        path, text = damaged(arguments.root / "src", name, body)
        source = directory / path.name
        source.write_text(text, encoding="utf-8")
        objects = [directory / "damaged.o"]
        subprocess.run([*arguments.cc, "-std=c11", "-O2", "-w", "-DCORRAL_BUILDING",
                        "-DCORRAL_STATIC", "-ftls-model=initial-exec",
                        "-I", arguments.root / "include", "-I", arguments.root / "src",
                        "-I", arguments.build / "src", "-c", source, "-o", objects[0]], check=True)
    program = directory / main
    built = arguments.build / "tests" / "stress" / f"stress_{main}.p" / f"{main}.c.o"
    subprocess.run([*arguments.cc, built, *objects, "-Wl,--start-group",
                    *[arguments.build / library for library in COMMON], "-Wl,--end-group",
                    "-pthread", "-o", program], check=True)
    return program


def run(arguments, name, body, storm):
    """Returns how the storm failed, or "" when it did not."""
    with tempfile.TemporaryDirectory() as temporary:
        program = compile_and_link(arguments, pathlib.Path(temporary), name, body,
                                   STORMS[storm][0])
        # The memory that a damaged library loses is the machine's.
        command = ["sh", "-c", 'ulimit -v 16777216; exec "$0" "$@"', program, *STORMS[storm][1:]]
        try:
            done = subprocess.run(command, timeout=90, capture_output=True, text=True)
        except subprocess.TimeoutExpired:
            return "it does not end"
    if done.returncode == 0:
        return ""
    said = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
    return said[-1].partition("does not hold: ")[2] or said[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=MECHANISMS)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("cc", nargs="+")
    arguments = parser.parse_args()
    faults = 0
    chosen = arguments.only or list(MECHANISMS)
    for storm in sorted({MECHANISMS[mechanism][2] for mechanism in chosen}):
        failed = run(arguments, None, None, storm)
        faults += failed != ""
        print(f"{'nothing':24} {storm:8} {failed or 'passes'}", flush=True)
    for mechanism in chosen:
        name, body, storm = MECHANISMS[mechanism]
        failed = run(arguments, name, body, storm)
        faults += failed == ""
        print(f"{mechanism:24} {storm:8} {failed or 'DOES NOT FAIL'}", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the first program of the README is examples/first.c, compiles and runs.

Owns:     nothing.
Callers:  tests/surface/meson.build, as first_program.py ROOT LIBRARY COMPILER...
Promises: failure when the two differ by more than the title block that a file has, when the
          compiler warns, or when the program fails. Skipped while there is no README.md.
Does not: look at other programs of the README.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]


def main():
    root, library, *compiler = sys.argv[1:]
    readme = pathlib.Path(root) / "README.md"
    if not readme.exists():
        return SKIPPED
    block = re.search(r"^```c\n(.*?)^```", readme.read_text(encoding="utf-8"),
                      re.MULTILINE | re.DOTALL)
    if not block:
        print("README.md: has no block of C")
        return 1
    example = (pathlib.Path(root) / "examples/first.c").read_text(encoding="utf-8")
    without_title = re.sub(r"\A/\*.*?\*/\s*", "", example, flags=re.DOTALL)
    if block.group(1).strip() not in (example.strip(), without_title.strip()):
        print("README.md: its first program is not examples/first.c")
        return 1
    with tempfile.TemporaryDirectory() as directory:
        source = pathlib.Path(directory) / "first.c"
        source.write_text(block.group(1), encoding="utf-8")
        program = source.with_suffix("")
        subprocess.run([*compiler, "-std=c11", *WARNINGS, f"-I{root}/include", source, library,
                        "-pthread", "-o", program], check=True)
        return subprocess.run([program], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

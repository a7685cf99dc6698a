#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the rooms of src/ look only down.

Owns:     nothing.
Callers:  tests/surface/meson.build, as rooms.py SRC; self_test.py.
Promises: one line per fault, and failure where there is one.
Does not: look at includes in angle brackets.

Only backend.c and backend_protect.c call the OS's operations on memory, so that every backend is asked for all of it.

The order stands in SRC/README.md, in the block that begins with ```rooms: one room a line, the
bottom one first. A file belongs to the room of its stem, or, as os_posix.c does to os, to the room
that the stem goes on from after an underscore. config.h is generated and lies below all rooms.
"""
import pathlib
import re
import sys

OF_MEMORY = re.compile(r"\bcorral_os\s*->\s*(reserve|release|purge|grow|protect)\b")
OF_BACKENDS = {"backend.c", "backend_protect.c"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def rooms_of(readme):
    """Returns the rooms that the README's block names, bottom first."""
    block = re.search(r"^```rooms\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    lines = block.group(1).splitlines() if block else []
    return [line.split()[0] for line in lines if line.strip()]


def room_of(stem, rooms):
    """Returns the room that a file of this stem belongs to, or None."""
    while stem not in rooms and "_" in stem:
        stem = stem.rpartition("_")[0]
    return stem if stem in rooms else None


def faults_of_file(name, text, rooms):
    """Yields what is wrong with one file's place and includes."""
    own = room_of(pathlib.PurePath(name).stem, rooms)
    if own is None:
        yield f"{name}: README.md names no room for it"
        return
    for called in OF_MEMORY.findall(text) if name not in OF_BACKENDS else []:
        yield f"{name}: calls {called} of the OS, which is for backend.c alone"
    for included in INCLUDE.findall(text):
        other = room_of(pathlib.PurePath(included).stem, rooms)
        if included == "config.h" or other == own:
            continue
        if other is None:
            yield f"{name}: includes {included}, for which README.md names no room"
        elif rooms.index(other) > rooms.index(own):
            yield f"{name}: includes {included}, which is a room above it"


def faults(files, readme):
    """Yields what is wrong with files, a dictionary of names and texts."""
    rooms = rooms_of(readme)
    if not rooms:
        yield "README.md: has no block of rooms"
        return
    for name in sorted({room for room in rooms if rooms.count(room) > 1}):
        yield f"README.md: names the room {name} twice"
    inhabited = {room_of(pathlib.PurePath(name).stem, rooms) for name in files}
    for room in rooms:
        if room not in inhabited:
            yield f"README.md: names the room {room}, which has no file"
    for name, text in sorted(files.items()):
        yield from faults_of_file(name, text, rooms)


def sources(directory):
    """Returns the C files of a directory, as a dictionary of names and texts."""
    return {path.name: path.read_text(encoding="utf-8")
            for path in pathlib.Path(directory).glob("*.[ch]")}


def main():
    directory = pathlib.Path(sys.argv[1])
    readme = directory / "README.md"
    found = list(faults(sources(directory),
                        readme.read_text(encoding="utf-8") if readme.exists() else ""))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

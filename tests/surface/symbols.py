#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what the libraries define and need.

Owns:     nothing.
Callers:  tests/surface/meson.build, as symbols.py SHARED STATIC LIBC HEADER..., or as
          symbols.py --malloc LIBRARY HEADER..., or as symbols.py --companion PREFIX LIBRARY SHARED
          STATIC HEADER; self_test.py.
Promises: one line per fault, and failure where there is one.
Does not: run on platforms whose libraries nm -D cannot read.

  1. The shared library exports the functions that the headers declare, and the data that they
     declare of the layout, all of them, nothing else, each with a version, and each name begins
     with corral_.
  2. It needs no library but libc, and no symbol that libc does not version.
  3. Every global symbol of the static library begins with corral_, and what it does not define
     itself is libc's. So it does not call __tls_get_addr, the loader's, for its thread-local data.
  4. The library in malloc's place exports what the shared one does, and the names of malloc and of
     C++'s operators, all of them, without a version; it needs no C++ library.
  5. A companion's shared library exports as 1, and needs none but corral, LIBRARY (or several, parted by |) and libc; every global
     symbol of the static one begins with PREFIX.
"""
import re
import subprocess
import sys

VERSION = "@@CORRAL_0.1"
LIBC_FILES = re.compile(r"^(libc\.so|ld-linux|ld64|libpthread\.so)")
# What the compiler and the linker put in by themselves.
OF_THE_TOOLS = {"_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}
# What is malloc's: C23's, POSIX's and glibc's functions, and the operators that the others are made of,
# as compilers spell them.
OF_MALLOC = {
    "malloc", "free", "calloc", "realloc", "reallocarray", "aligned_alloc", "posix_memalign", "memalign",
    "valloc", "pvalloc", "malloc_usable_size", "free_sized", "free_aligned_sized", "malloc_trim", "mallinfo2",
    "__libc_malloc", "__libc_free", "__libc_calloc", "__libc_realloc", "__libc_memalign", "__libc_valloc",
    "__libc_pvalloc", "__posix_memalign",
    "_Znwm", "_ZnwmSt11align_val_t", "_ZdlPv", "_ZdlPvSt11align_val_t",
}
# What the name of data ends in: CORRAL_OF_LAYOUT of corral/layout.h.
LAYOUT = re.compile(r"(?:_\d+){7}$")


def nm(*arguments):
    """Returns pairs of a symbol's type and name."""
    output = subprocess.run(["nm", *arguments], check=True, capture_output=True, text=True).stdout
    fields = [line.split() for line in output.splitlines() if not line.endswith(":")]
    return [(field[-2], field[-1]) for field in fields if len(field) >= 2]


def declared(header):
    """Returns the names of the functions, and of the data, that a public header's text declares."""
    text = re.sub(r"/\*.*?\*/", " ", header, flags=re.DOTALL)
    of_layout = re.findall(r"^\s*#define (\w+)\s+CORRAL_OF_LAYOUT\(\1\)$", text, re.MULTILINE)
    text = re.sub(r"^\s*#(?:.*\\\n)*.*$", " ", text, flags=re.MULTILINE)
    data = re.findall(r"\bCORRAL_DATA\b[^;{]*?\bCORRAL_OF_LAYOUT\((\w+)\);", text)
    functions = re.findall(r"\bCORRAL_API\b[^;{]*?\b(\w+)\s*\(", text)
    return {f"{name} of a layout" for name in data} | \
        {f"{name} of a layout" if name in of_layout else name for name in functions}


def faults_of_exports(exported, promised):
    """Yields where the exported symbols and what is declared differ."""
    names = {LAYOUT.sub(" of a layout", name.partition("@")[0])
             for _, name in exported if not name.startswith("CORRAL_")}
    for _, name in exported:
        if not name.startswith("CORRAL_") and not name.endswith(VERSION):
            yield f"{name}: is exported without the version {VERSION}"
    for name in sorted(names - promised):
        yield f"{name}: is exported, but no public header declares it"
    for name in sorted(promised - names):
        yield f"{name}: a public header declares it, but it is not exported"
    for name in sorted(name for name in names if not name.startswith("corral_")):
        yield f"{name}: does not begin with corral_"


def faults_of_malloc(exported, promised):
    """Yields what is wrong with the exported symbols of the library in malloc's place."""
    names = {name for _, name in exported if not name.startswith(("corral_", "CORRAL_"))}
    for name in sorted(names - OF_MALLOC):
        yield f"{name}: is exported, and is not malloc's, or has a version"
    for name in sorted(OF_MALLOC - names):
        yield f"{name}: is malloc's, and is not exported"
    yield from faults_of_exports([(kind, name) for kind, name in exported if name not in names], promised)


def faults_of_companion(defined, needed, prefix, other):
    """Yields what is wrong with a companion's static library, and what the shared one needs beside."""
    for _, name in defined:
        if not name.startswith(prefix):
            yield f"{name}: does not begin with {prefix}"
    for library in needed:
        if not LIBC_FILES.match(library) and not library.startswith(("libcorral.so", *other.split("|"))):
            yield f"{library}: the companion needs it"


def faults_of_needs(undefined, needed):
    """Yields what the shared library takes from elsewhere than libc."""
    for kind, name in undefined:
        if kind == "U" and "@GLIBC_" not in name:
            yield f"{name}: the shared library needs it, and it is not libc's"
    for library in needed:
        if not LIBC_FILES.match(library):
            yield f"{library}: the shared library needs it"


def faults_of_archive(symbols, of_libc):
    """Yields what is wrong with the names that the static library defines and needs."""
    defined = {name for kind, name in symbols if kind not in "Uw"}
    for name in sorted(name for name in defined if not name.startswith("corral_")):
        yield f"{name}: is global in the static library and does not begin with corral_"
    for name in sorted({name for kind, name in symbols if kind == "U"} - defined):
        if name not in of_libc and name not in OF_THE_TOOLS:
            yield f"{name}: the static library needs it, and it is not libc's"


def needed_libraries(path):
    output = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True)
    return re.findall(r"\(NEEDED\).*\[(.*)\]", output.stdout)


def promised_by(headers):
    promised = set()
    for header in headers:
        with open(header, encoding="utf-8") as file:
            promised |= declared(file.read())
    return promised


def main():
    if sys.argv[1] == "--malloc":
        library, *headers = sys.argv[2:]
        found = [*faults_of_malloc(nm("-D", "--defined-only", library), promised_by(headers)),
                 *faults_of_needs(nm("-D", "--undefined-only", library), needed_libraries(library))]
        print("\n".join(found) or f"{len(OF_MALLOC)} names of malloc's")
        return 1 if found else 0
    if sys.argv[1] == "--companion":
        prefix, other, shared, static, *headers = sys.argv[2:]
        promised = promised_by(headers)
        found = [*faults_of_exports(nm("-D", "--defined-only", shared), promised),
                 *faults_of_companion(nm("-g", "--defined-only", static), needed_libraries(shared), prefix, other)]
        print("\n".join(found) or f"{len(promised)} names")
        return 1 if found or not promised else 0
    shared, static, libc, *headers = sys.argv[1:]
    promised = promised_by(headers)
    of_libc = {name.partition("@")[0] for _, name in nm("-D", "--defined-only", libc)}
    found = [*faults_of_exports(nm("-D", "--defined-only", shared), promised),
             *faults_of_needs(nm("-D", "--undefined-only", shared), needed_libraries(shared)),
             *faults_of_archive(nm("-g", static), of_libc)]
    print("\n".join(found) or f"{len(promised)} names")
    return 1 if found or not promised else 0


if __name__ == "__main__":
    sys.exit(main())

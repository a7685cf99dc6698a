#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that a program with inlined calls runs with a library of its layout, and with no other.

Owns:     a temporary directory.
Callers:  tests/surface/meson.build, as layouts.py ROOT BUILD SUFFIX COMPILER..., where SUFFIX is
          that of the compiler's language.
Promises: one line per fault, and failure where there is one.
Does not: build another corral: a library without a body stands for it when a program is linked.

  1. With its own layout a program links and runs, with each library; calls are inlined in it.
  2. With another layout number, or another value of a choice in corral/build.h, it does not link; but for
     a hardened library it is compiled to call, as for any.
  3. A program that was linked with a library of another layout is not started with this one, and a
     module is not loaded, before anything of theirs runs. Each time the symbol is named.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM = """#define CORRAL_INLINE_CALLS
#include <corral/inline.h>

#include <stdio.h>

__attribute__((constructor)) static void first(void) {
    void *block = corral_alloc(100, 7);
    corral_free(block, 7);
    puts("it runs");
    fflush(stdout);
}

int main(void) {
    void *block = corral_alloc(100, 7);
    int bad = block == NULL || corral_memory_type_of(block) != 7;
    corral_free(block, 7);
    return bad;
}
"""
LOADER = """#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **arguments) {
    void *module = dlopen(arguments[count - 1], RTLD_LAZY);
    puts(module == NULL ? dlerror() : "it is loaded");
    return 0;
}
"""
OTHER_LIBRARY = """#include <corral/hit.h>

__thread struct corral_thread_state corral_thread;
const struct corral_table_addresses corral_tables;
void *corral_alloc_slow(size_t size, uint32_t id) { return (void)size, (void)id, NULL; }
void corral_free_slow(void *block, uint32_t id) { (void)block, (void)id; }
void *corral_alloc_mapped(size_t size, uint32_t id) { return (void)size, (void)id, NULL; }
void *corral_alloc_empty(struct corral_front *front) {
    return (void)front, NULL;
}
void corral_free_full(struct corral_front *front, void *block) {
    (void)front, (void)block;
}
uint64_t corral_memory_type_of(const void *block) { return (void)block, 7; }
"""
OTHER = "-DCORRAL_LAYOUT=999"
UNDEFINED = re.compile(r"undefined .*\bcorral_(?:thread|tables)_\d+(?:_\d+){6}\b")
CHOICE = re.compile(r"^#define (CORRAL_\w+) +(\d+)$", re.MULTILINE)


class Consumer:
    """A directory with the program, and the way to compile it."""

    def __init__(self, directory, root, build, suffix, compiler):
        self.directory, self.root, self.build = directory, root, build
        self.compiler = compiler
        self.language = ["-x", "c++", "-std=c++17"] if suffix == "cc" else ["-x", "c", "-std=c11"]

    def compile(self, text, *arguments, output, language=None, include=None):
        """Compiles and links a text; returns the compiler's words when it fails, else none."""
        source = self.directory / "source"
        source.write_text(text, encoding="utf-8")
        includes = [include] if include else []
        includes += [self.root / "include", self.build / "include"]
        done = subprocess.run(
            [*self.compiler, "-O2", *(f"-I{path}" for path in includes),
             *(language or self.language), source, "-x", "none", *arguments, "-o", output],
            capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else done.stderr or "no reason"

    def run(self, *command):
        """Runs with the library that was built; returns the status and all that was said."""
        environment = dict(os.environ, LD_LIBRARY_PATH=str(self.build / "src"))
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              env=environment)
        return done.returncode, done.stdout + done.stderr


def called(object_file):
    """Returns which of the two functions an object file calls."""
    output = subprocess.run(["nm", "-u", object_file], check=True, capture_output=True,
                            text=True).stdout
    return sorted(set(output.split()) & {"corral_alloc", "corral_free"})


def faults_of_fit(consumer, libraries):
    """Yields what does not work with the program's own layout."""
    program, compiled = consumer.directory / "fits", consumer.directory / "fits.o"
    for name, link in libraries.items():
        failed = consumer.compile(PROGRAM, *link, output=program)
        said = failed or consumer.run(program)
        if said != (0, "it runs\n"):
            yield f"{name}: a program of the library's layout: {said}"
        consumer.compile(PROGRAM, "-c", *[word for word in link if word[:2] in ("-D", "-f")],
                         output=compiled)
        for function in called(compiled):
            yield f"{name}: {function} is called, not inlined"


def other_builds(consumer):
    """Yields each choice of the build, and a directory of headers with another value of it."""
    text = (consumer.build / "include/corral/build.h").read_text(encoding="utf-8")
    for choice in CHOICE.finditer(text):
        if choice.group(1) == "CORRAL_HARDENED":
            continue
        directory = consumer.directory / choice.group(1)
        (directory / "corral").mkdir(parents=True)
        value = "2" if choice.group(2) != "2" else "4"
        (directory / "corral/build.h").write_text(
            text[:choice.start(2)] + value + text[choice.end(2):], encoding="utf-8")
        yield choice.group(1), directory


def faults_of_links(consumer, libraries):
    """Yields which differences the linker does not tell."""
    differences = [("CORRAL_LAYOUT", None), *other_builds(consumer)]
    if len(differences) == 1:
        yield "corral/build.h: has no choices"
    for difference, include in differences:
        define = [] if include else [OTHER]
        for name, link in libraries.items():
            said = consumer.compile(PROGRAM, *define, *link, output=consumer.directory / "misfit",
                                    include=include)
            if not UNDEFINED.search(said):
                yield f"{name}: of another {difference} the linker says: {said or 'nothing'}"


def faults_of_loads(consumer):
    """Yields which programs and modules of another layout are started with the shared library."""
    (consumer.directory / "other").mkdir()
    library, loader, program, module = (consumer.directory / name for name in (
        "other/libcorral.so", "loader", "misfit", "misfit.so"))
    in_c = ["-x", "c", "-std=gnu11"]
    link = [OTHER, f"-L{library.parent}", "-lcorral"]
    failed = consumer.compile(OTHER_LIBRARY, OTHER, "-shared", "-fPIC",
                              "-Wl,-soname,libcorral.so.0",
                              f"-Wl,--version-script={consumer.root}/src/corral.map",
                              output=library, language=in_c) \
        or consumer.compile(PROGRAM, *link, output=program) \
        or consumer.compile(PROGRAM, *link, "-shared", "-fPIC", output=module) \
        or consumer.compile(LOADER, "-ldl", output=loader, language=in_c)
    if failed:
        yield f"programs of another layout: {failed}"
        return
    for name, command in {"program": [program], "module": [loader, module]}.items():
        status, said = consumer.run(*command)
        if "_999_" not in said or not UNDEFINED.search(said):
            yield f"a {name} of another layout: the loader says: {said or 'nothing'}"
        if "it runs" in said or (status == 0) != (name == "module"):
            yield f"a {name} of another layout: runs, with status {status}"


def main():
    root, build, suffix, *compiler = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        consumer = Consumer(pathlib.Path(name), pathlib.Path(root), pathlib.Path(build), suffix,
                            compiler)
        static = consumer.build / "src/libcorral.a"
        libraries = {
            "static": ["-DCORRAL_STATIC", static, "-pthread"],
            "static, not said so": [static, "-pthread"],
            "shared": [f"-L{consumer.build}/src", "-lcorral"],
            "shared, fixed addresses": [f"-L{consumer.build}/src", "-lcorral", "-fno-pie",
                                        "-no-pie"],
        }
        libraries = {name: [str(word) for word in link] for name, link in libraries.items()}
        found = [*faults_of_fit(consumer, libraries), *faults_of_links(consumer, libraries),
                 *faults_of_loads(consumer)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

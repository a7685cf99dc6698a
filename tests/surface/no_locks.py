#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the libraries call nothing of libc but the few functions that corral may.

Owns:     the list of them.
Callers:  tests/surface/meson.build, as no_locks.py [--guards] SHARED STATIC SOURCE..., or as
          no_locks.py [--guards] --malloc LIBRARY; self_test.py.
Promises: no lock, no futex, no condition variable, no allocator and no formatted output can be
          called from corral but through one of these; a call that is new fails, and so does one that
          is listed and not made any more. Of syscall, whose number could be any, the sources are read.
Does not: look behind the functions of libc. stacks does.
"""
import re
import subprocess
import sys

# What corral calls, and why.
ALLOWED = {
    "mmap": "maps memory", "munmap": "unmaps it", "madvise": "purges it", "mremap": "grows a block",
    "getpagesize": "the OS page's size", "clock_gettime": "milliseconds, without a system call",
    "pthread_key_create": "the exit hook", "pthread_key_delete": "of two that made one",
    "pthread_setspecific": "the exit hook of this thread",
    "syscall": "one of SYSCALLS", "tgkill": "is that thread gone?",
    "write": "says a misuse", "abort": "ends the process at one", "__errno_location": "errno",
}
# What one with guard pages calls besides.
OF_GUARDS = {"mprotect": "makes pages trap"}
# What the library in malloc's place calls besides, and when.
OF_MALLOC = {
    "_dl_find_object": "whose call it is; takes no lock", **dict.fromkeys(["dlopen", "dlsym", "dlclose"], "when new fails"),
    **dict.fromkeys(["secure_getenv", "strtoul", "strcspn", "memchr", "strlen", "strcmp", "strncmp", "strnlen",
                     "strrchr", "strncpy"], "reads a request, at the start; compares names"),
    **dict.fromkeys(["open", "close", "lseek", "rename", "snprintf", "getpid",
                     "__progname",
                     "program_invocation_short_name"], "writes figures, at the end"),
}
# The system calls that it makes by syscall(), and why.
SYSCALLS = {"SYS_getpid": "names a thread", "SYS_gettid": "names a thread",
            "SYS_getrandom": "the secret of a hardened build"}
# What the compiler calls where it sees fit, or the linker puts in.
OF_THE_TOOLS = {"memcpy", "memset", "memmove", "memcmp", "bcmp", "__tls_get_addr", "__stack_chk_fail",
                "_GLOBAL_OFFSET_TABLE_"}


def plain(name):
    """Returns a symbol's name without its version, and without the mark of 64-bit offsets."""
    return re.sub(r"64$", "", name.partition("@")[0])


def faults(symbols, allowed=None):
    """Yields what is wrong with a library's symbols, pairs of a type and a name."""
    allowed = ALLOWED if allowed is None else allowed
    defined = {name for kind, name in symbols if kind not in "Uwv"}
    needed = {plain(name) for kind, name in symbols if kind == "U" and name not in defined}
    for name in sorted(needed - set(allowed) - OF_THE_TOOLS):
        yield f"{name}: is called, and corral may not call it"
    for name in sorted(set(allowed) - needed):
        yield f"{name}: is listed, and is not called"


def faults_of_source(text):
    """Yields what is wrong with the calls of syscall() in a source."""
    for call in re.findall(r"\bsyscall\s*\(\s*([^,)]*)", text):
        if call.strip() not in SYSCALLS:
            yield f"syscall({call.strip()}): corral may not make it"
    if re.search(r"\bsyscall\b(?!\s*\(|\.h)", re.sub(r"/\*.*?\*/", "", text, flags=re.S)):
        yield "syscall: is used without being called"


def symbols_of(*arguments):
    output = subprocess.run(["nm", *arguments], check=True, capture_output=True, text=True).stdout
    fields = [line.split() for line in output.splitlines() if not line.endswith(":")]
    return [(field[-2], field[-1]) for field in fields if len(field) >= 2]


def main():
    arguments = sys.argv[1:]
    allowed = dict(ALLOWED)
    if arguments[0] == "--guards":
        allowed.update(OF_GUARDS)
        arguments.pop(0)
    if arguments[0] == "--malloc":
        allowed.update(OF_MALLOC)
        found = list(faults(symbols_of("-D", arguments[1]), allowed))
        print("\n".join(found) or f"{len(allowed)} functions of libc")
        return 1 if found else 0
    shared, static, *sources = arguments
    found = [*(f"shared: {fault}" for fault in faults(symbols_of("-D", shared), allowed)),
             *(f"static: {fault}" for fault in faults(symbols_of(static), allowed))]
    for source in sources:
        with open(source, encoding="utf-8") as file:
            found += [f"{source}: {fault}" for fault in faults_of_source(file.read())]
    print("\n".join(found) or f"{len(allowed)} functions of libc")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

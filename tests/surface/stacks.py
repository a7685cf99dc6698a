#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs programs under strace and checks which system calls are made inside corral.

Owns:     a temporary file for the trace.
Callers:  tests/surface/meson.build, as stacks.py [--locked SHIM] PROGRAM ARGUMENT... -- ...;
          self_test.py.
Promises: fails when a call that has a frame of libcorral.so above it is not one of those that map
          memory, or that ask which threads there are; when none of those is seen; and when
          a program fails. With --locked, SHIM comes before libc, and calls that wait must be found.
Does not: see calls of a static corral, whose frames are the program's.

A call is "inside corral" when any frame of its stack is: also in a libc function that corral calls.
"""
import collections
import re
import subprocess
import sys
import tempfile

MAPPING = {"mmap", "munmap", "madvise", "mremap"}
NAMING = {"getpid", "gettid", "tgkill"}
# Where a thread waits for another, or would.
WAITING = {"futex", "sched_yield", "nanosleep", "clock_nanosleep", "poll", "ppoll", "select",
           "pselect6", "epoll_wait", "pause", "rt_sigsuspend"}
SKIPPED = 77
CALL = re.compile(r"^(?:\d+ +)?(?:<\.\.\. )?(\w+)(?:\(| resumed)")
FRAME = re.compile(r"^ > (\S+?)\(")
INSIDE = re.compile(r"/libcorral\.so[.\d]*$")


def calls_inside(lines):
    """Returns how often each system call was made inside corral, and how many there were in all."""
    counts = collections.Counter()
    total = 0
    name = None
    for line in lines:
        frame = FRAME.match(line)
        call = CALL.match(line)
        if frame and name and INSIDE.search(frame.group(1)):
            counts[name] += 1
            name = None
        elif call and not frame:
            name = call.group(1)
            total += 1
    return counts, total


def faults(counts):
    """Yields what is wrong with the calls that were made inside corral."""
    for name in sorted(set(counts) - MAPPING - NAMING):
        wait = " and waits" if name in WAITING else ""
        yield f"{name}: is called inside corral{wait}, {counts[name]} times"
    if not MAPPING & set(counts):
        yield "no call inside corral maps memory: nothing was seen"


def trace(program, shim):
    """Runs a program and returns its trace's lines."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as output:
        preload = ["-E", f"LD_PRELOAD={shim}"] if shim else []
        done = subprocess.run(["strace", "-f", "-k", "-o", output.name, *preload, *program],
                              stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{program[0]} ends with {done.returncode}")
        return output.read().splitlines()


def can_trace():
    try:
        done = subprocess.run(["strace", "-k", "-o", "/dev/null", "true"], capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def main():
    arguments = sys.argv[1:]
    shim = arguments[1] if arguments[0] == "--locked" else None
    programs = [[]]
    for argument in arguments[2:] if shim else arguments:
        if argument == "--":
            programs.append([])
        else:
            programs[-1].append(argument)
    if not can_trace():
        print("strace cannot trace here")
        return SKIPPED
    counts = collections.Counter()
    for program in programs:
        inside, total = calls_inside(trace(program, shim))
        counts += inside
        print(f"{program[0].rpartition('/')[2]}: {total} calls, {sum(inside.values())} in corral")
    for name, count in counts.most_common():
        print(f"  {name:12} {count}")
    found = list(faults(counts))
    print("\n".join(found))
    if shim:
        return 0 if any("sched_yield: is called inside corral" in fault for fault in found) else 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

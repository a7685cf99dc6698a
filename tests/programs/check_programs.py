#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs real programs with the system's malloc and with corral's, and compares what they do.

Owns:     a temporary directory.
Callers:  tests/programs/meson.build, for the quick ones; make check-programs, for all, with --full.
Promises: fails when an output differs, or a program fails. Runs the two by turns, and prints times and peak
          resident memory as ratios, medians of the rounds; with --markdown, the table of docs/programs.md.
Does not: miss programs quietly: one that is not there is named, and with --full a failure.
"""
import argparse
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

from measured import Failed
from servers import SERVERS
from simple import PROGRAMS

SYSTEM = ""


def compare(program, library, rounds, large):
    """Runs a program by turns. Returns the results of each malloc."""
    found = {malloc: [] for malloc in (SYSTEM, library)}
    with tempfile.TemporaryDirectory(prefix="programs-") as name:
        directory = pathlib.Path(name)
        program.prepare(directory, large)
        for number in range(rounds):
            order = list(found)
            for malloc in order if number % 2 == 0 else reversed(order):
                result = program.run(malloc, directory, large)
                found[malloc].append(result)
                first = found[SYSTEM][0] if found[SYSTEM] else result
                if result.output != first.output:
                    raise Failed(f"the output differs:\n{first.output[:1500]}\nand\n{result.output[:1500]}")
    return found


def ratio(found, library, figure):
    """The median of a figure on corral, divided by that on the system's malloc, and the system's."""
    medians = {malloc: statistics.median(getattr(result, figure) for result in results)
               for malloc, results in found.items()}
    return medians[library] / medians[SYSTEM], medians[SYSTEM]


def line(name, found, library, markdown):
    time, seconds = ratio(found, library, "seconds")
    peak, kib = ratio(found, library, "peak_kib")
    if markdown:
        return f"| {name} | {seconds:.2f} | {time:.2f} | {kib / 1024:.1f} | {peak:.2f} |"
    return f"{name:28} {seconds:8.2f} s  {time:5.2f}   {kib / 1024:8.1f} MiB  {peak:5.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corral", help="libcorral-malloc.so")
    parser.add_argument("build", type=pathlib.Path, help="a build directory, for generated headers")
    parser.add_argument("--full", action="store_true", help="all programs, with large inputs")
    parser.add_argument("--rounds", type=int, help="how often each is run with each malloc")
    parser.add_argument("--only", help="names, with commas between them")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options = parser.parse_args()
    corral = str(pathlib.Path(options.corral).resolve())
    rounds = options.rounds or (3 if options.full else 1)
    passed, failed, lines = 0, 0, []
    for kind in PROGRAMS + SERVERS:
        program = kind(options.build)
        if options.only and program.name not in options.only.split(",") or \
                not (options.full or options.only or program.quick):
            continue
        missing = program.missing()
        if missing:
            print(f"{program.name}: {missing} is not here", flush=True)
            failed += options.full
            continue
        try:
            found = compare(program, corral, min(rounds, program.rounds), options.full)
            lines.append(line(program.name, found, corral, options.markdown))
            print(lines[-1], flush=True)
            passed += 1
        except (Failed, subprocess.TimeoutExpired, OSError, ValueError, IndexError) as error:
            print(f"{program.name}: {error}", flush=True)
            failed += 1
    print(f"{platform.platform()}: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

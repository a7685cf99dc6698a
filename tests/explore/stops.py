#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stops each thread of each scenario before each of its operations, for ever, and counts what the others
complete.

Owns:     nothing.
Callers:  tests/explore/meson.build, tools/prove; a person, as stops.py EXPLORE SOURCE UNREACHED.
Promises: prints a table by scenario, and how many of the operations in the source a thread was stopped
          before. Fails when another thread did not complete what it completes otherwise, when an
          operation was never stopped before that UNREACHED does not name, or was that it names.
Does not: compile anything.
"""
import argparse
import pathlib
import sys

from faults import run


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("explore")
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("unreached", type=pathlib.Path)
    arguments = parser.parse_args()
    names = {path.name for path in arguments.source.glob("*.[ch]")}
    sites, wrong = {}, 0
    print(f"{'scenario':16} {'points':>8} {'operations of the others':>26}")
    for scenario in [fields[0] for fields in run(arguments.explore, "--list")]:
        for fields in run(arguments.explore, "--scenario", scenario, "--stop", "--sites") or []:
            if fields[0] == "site":
                sites[fields[1]] = sites.get(fields[1], False) or fields[5] == "1"
            elif fields[0] == "stopped":
                print(f"{scenario:16} {fields[2]:>8} {fields[3]:>26}")
            else:
                print(*fields)
                wrong += 1
    sites = {site: hit for site, hit in sites.items() if site.split(":")[0] in names}
    lines = arguments.unreached.read_text(encoding="utf-8").splitlines()
    allowed = [line.split()[:2] for line in lines if line and line[0] not in "# "]
    # Named by file and verb, so many of each: lines move.
    missed = sorted([site.split(":")[0], site.split(":")[2]] for site, hit in sites.items() if not hit)
    for site in sorted(site for site, hit in sites.items() if not hit):
        print(f"never stopped before: {site}")
    wrong += missed != sorted(allowed)
    print(f"{sum(sites.values())} of {len(sites)} operations in the source were stopped before, "
          f"{len(missed)} not, {len(allowed)} named")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

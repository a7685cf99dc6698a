#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stops each thread of each scenario before each of its operations, for ever, and counts what the
others complete.

Owns:     nothing.
Callers:  tests/explore/meson.build, tools/prove; a person, as stops.py EXPLORE DIRECTORY...
Promises: prints a table by scenario, and how many of the operations in the files of the directories a
          thread was stopped before. Fails when another thread did not complete what it completes
          otherwise, or when there is an operation before which none was stopped.
Does not: compile anything.
"""
import argparse
import pathlib
import sys

from faults import reached_by, run


def stop_at(explore, scenarios, site):
    """Searches for a schedule that comes to a site that none without preemptions comes to, and stops
    a thread there. Returns the scenario, the stops, and what the others completed."""
    for scenario in scenarios:
        for fields in run(explore, "--scenario", scenario, "--preemptions", 2, "--stale-reads", 0,
                          "--most", 5000, "--stop-at", site) or []:
            if fields[0] == "failed" or fields[0] == "stopped" and fields[2] != "0":
                return fields
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("explore")
    parser.add_argument("directories", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    names = {path.name for directory in arguments.directories for path in directory.glob("*.[ch]")}
    sites, wrong = {}, 0
    scenarios = [fields[0] for fields in run(arguments.explore, "--list")]
    print(f"{'scenario':16} {'points':>8} {'operations of the others':>26}")
    for scenario in scenarios:
        for fields in run(arguments.explore, "--scenario", scenario, "--stop", "--sites") or []:
            if fields[0] == "site":
                sites[fields[1]] = sites.get(fields[1], False) or fields[5] == "1"
            elif fields[0] == "stopped":
                print(f"{scenario:16} {fields[2]:>8} {fields[3]:>26}")
            else:
                print(*fields)
                wrong += 1
    sites = {site: hit for site, hit in sites.items() if site.split(":")[0] in names}
    missed = sorted(site for site, hit in sites.items() if not hit)
    reached = reached_by(arguments.explore, scenarios) if missed else {}
    for site in missed:
        near = reached.get(site, [])
        found = stop_at(arguments.explore, near + [name for name in scenarios if name not in near], site)
        if found is not None:
            print(f"{found[1]:16} {found[2]:>8} {found[3]:>26}  at {site}, with preemptions")
            sites[site] = True
            wrong += found[0] == "failed"
    for site in sorted(site for site, hit in sites.items() if not hit):
        print(f"never stopped before: {site}")
        wrong += 1
    print(f"{sum(sites.values())} of {len(sites)} operations in the source were stopped before")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

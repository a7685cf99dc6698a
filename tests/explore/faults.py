#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Takes one release, acquire or atomicity at a time from corral's source and checks that the explorer
notices.

Owns:     nothing.
Callers:  tests/explore/meson.build, tools/prove; a person, as faults.py EXPLORE SOURCE SURVIVORS.
Promises: prints a table: site, edge, what was taken, which scenario noticed, after how many schedules.
          Fails when a fault goes unnoticed that SURVIVORS does not name with its reason, or when one is
          noticed that it names. With --quick, those named are not searched for:
          whatever came of it would be right. With --noticed, the scenarios that noticed a fault before are
          asked first, which changes nothing but the time; --renew writes that file anew.
Does not: compile anything: the program knows its sites, and damages one when asked.
"""
import argparse
import concurrent.futures
import functools
import os
import pathlib
import re
import subprocess
import sys

ACQUIRE, RELEASE = 1, 2
LABEL = re.compile(r"\[([ER]:[a-z-]+)\]")
FUNCTION = re.compile(r"[A-Za-z].*?\b(\w+)\([^;]*$")
FEW_WALKS = 300
# Read-modify-writes without an order of their own that must be atomic all the same.
TORN_LABELS = {"R:count-only", "R:number-only", "R:after-edge", "R:look", "R:gone"}
NOTICED_HEAD = """# SPDX-License-Identifier: MIT
#
# Which scenario noticed a fault first: file, function, verb, what was taken, scenario. It is asked first; where the
# line is old, or there is none, all are. Made by faults.py --renew.

"""


def run(explore, *arguments, timeout=120):
    """Returns the explorer's lines, as lists of fields; None when it does not end in time."""
    try:
        done = subprocess.run([explore, *map(str, arguments)], capture_output=True, text=True,
                              timeout=timeout)
    except subprocess.TimeoutExpired:
        return None
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    if done.returncode < 0:
        lines.append(["failed", "", f"signal {-done.returncode}"])
    return lines


def label_of(lines, number):
    """Returns the label that stands beside a line or in the comment above it."""
    for at in range(number - 1, max(number - 6, -1), -1):
        found = LABEL.search(lines[at])
        if found:
            return found.group(1)
        if at < number - 1 and lines[at].rstrip().endswith(("{", "}", ";")):
            break
    return ""


def function_of(lines, number):
    """Returns the function that a line lies in."""
    for at in range(number - 1, -1, -1):
        found = FUNCTION.match(lines[at])
        if found:
            return found.group(1)
    return ""


def sites_of(lines):
    """Returns the sites among the explorer's lines: name → (order, changes, visits)."""
    sites = {}
    for fields in lines or []:
        if fields[0] == "site":
            order, changes, visits = int(fields[2]), fields[3] == "1", int(fields[4])
            before = sites.get(fields[1], (order, changes, 0))
            sites[fields[1]] = (order, changes, before[2] + visits)
    return sites


def reached_by(explore, scenarios):
    """Returns which scenarios come to a site in some random schedules: site → scenarios."""
    reached = {}
    for scenario in scenarios:
        for site, (_, _, visits) in sites_of(run(explore, "--scenario", scenario, "--walks", 50,
                                                 "--sites")).items():
            if visits:
                reached.setdefault(site, []).append(scenario)
    return reached


def faults_of(sites, source):
    """Yields (site, label, function, what is taken)."""
    texts = {path.name: path.read_text(encoding="utf-8").splitlines()
             for path in sorted(source.glob("*.[ch]"))}
    for site, (order, changes, _) in sorted(sites.items()):
        name, line, _ = site.split(":")
        if name not in texts:
            continue
        label = label_of(texts[name], int(line))
        function = function_of(texts[name], int(line))
        if order & ACQUIRE:
            yield site, label, function, "acquire"
        if order & RELEASE:
            yield site, label, function, "release"
        if changes and (label.startswith("E:") or label in TORN_LABELS):
            yield site, label, function, "torn"


@functools.cache
def expect_sound(explore, scenario, *way):
    """Ends the program when a scenario fails so without any fault: it would notice each."""
    for fields in run(explore, "--scenario", scenario, *way) or []:
        if fields[0] == "failed":
            print("fails without a fault:", *fields, *way, flush=True)
            os._exit(1)


def attempt(arguments, site, taken, scenarios):
    """Returns (scenario, schedules) of who of these scenarios noticed first, or None: a few random schedules of
    each, then the further ones, then the first ones of two searches."""
    few = min(FEW_WALKS, arguments.walks)
    ways = ((0, "--walks", few),
            (few, "--seed", few + 1, "--walks", arguments.walks - few),
            (0, "--preemptions", 2, "--stale-reads", 1, "--most", arguments.search),
            (0, "--preemptions", 1, "--stale-reads", 3, "--most", arguments.search))
    for before, *way in ways:
        for scenario in scenarios if way[-1] > 0 else []:
            lines = run(arguments.explore, "--scenario", scenario, *way, "--fault",
                        f"{site}:{taken}")
            if lines is None:
                return scenario, "it does not end"
            for fields in lines:
                if fields[0] == "failed":
                    expect_sound(arguments.explore, scenario, *way)
                    return scenario, before + int(fields[2]) if fields[2].isdigit() else fields[2]
    return None


def attempt_by_turns(arguments, site, taken, scenarios, first):
    """The same, with those of `first` before the others."""
    before = [scenario for scenario in scenarios if scenario in first]
    others = [scenario for scenario in scenarios if scenario not in first]
    return attempt(arguments, site, taken, before) or attempt(arguments, site, taken, others)


def read_noticed(path):
    """Returns who noticed which fault before: key → scenarios."""
    noticed = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []:
        if line and line[0] not in "# ":
            *key, scenario = line.split()
            noticed.setdefault(tuple(key), []).append(scenario)
    return noticed


def write_noticed(path, noticed):
    lines = sorted(" ".join((*key, scenario)) for key, scenarios in noticed.items() for scenario in set(scenarios))
    path.write_text(NOTICED_HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def read_survivors(path):
    """Returns the faults that go unnoticed: file, function, verb, what is taken."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {tuple(line.split()[:4]) for line in lines if line and line[0] not in "# "}


def key_of(fault):
    """Returns the name of a fault among the survivors."""
    site, _, function, taken = fault
    name, _, verb = site.split(":")
    return name, function, verb, taken


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--walks", type=int, default=1000, help="schedules of each scenario")
    parser.add_argument("--search", type=int, default=1000, help="schedules of each search")
    parser.add_argument("--only", help="sites whose name contains this")
    parser.add_argument("--quick", action="store_true", help="without those that are named as survivors")
    parser.add_argument("--noticed", type=pathlib.Path, help="who noticed which fault before")
    parser.add_argument("--renew", action="store_true", help="write that file")
    parser.add_argument("explore")
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("survivors", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.renew and (arguments.noticed is None or arguments.only):
        parser.error("--renew needs --noticed, and all sites")
    scenarios = [fields[0] for fields in run(arguments.explore, "--list")]
    reached = reached_by(arguments.explore, scenarios)
    faults = list(faults_of(sites_of(run(arguments.explore, "--sites")), arguments.source))
    faults = [fault for fault in faults if not arguments.only or arguments.only in fault[0]]
    allowed = read_survivors(arguments.survivors)
    before, now = read_noticed(arguments.noticed), {}
    wrong = noticed = 0
    named = set()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(attempt_by_turns, arguments, fault[0], fault[3],
                               [] if arguments.quick and key_of(fault) in allowed
                               else reached.get(fault[0], []), before.get(key_of(fault), []))
                   for fault in faults]
        for fault, future in zip(faults, futures):
            site, label, _, taken = fault
            result = future.result()
            key = key_of(fault)
            survivor = key in allowed
            if survivor and result is None:
                named.add(key)
            noticed += result is not None
            if result is not None:
                said = f"{result[0]:14} {result[1]}"
                now.setdefault(key, []).append(result[0])
            else:
                said = "survives, as named" if survivor else "NOT NOTICED"
            wrong += result is None and not survivor
            print(f"{site:42} {label:16} {taken:8} {said}", flush=True)
    for key in sorted(allowed - named) if not arguments.quick and not arguments.only else []:
        print("named as a survivor, and noticed:", *key)
        wrong += 1
    if arguments.renew:
        write_noticed(arguments.noticed, now)
    print(f"{noticed} of {len(faults)} faults noticed, {len(faults) - noticed - wrong} named as "
          f"survivors, {wrong} wrong")
    return 1 if wrong or not noticed else 0


if __name__ == "__main__":
    sys.exit(main())

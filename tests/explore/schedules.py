#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs every schedule of each scenario that has no more than so many preemptions.

Owns:     nothing.
Callers:  tools/prove; a person, as schedules.py EXPLORE.
Promises: prints a table: scenario, the preemptions of which a schedule had as many or fewer, its
          schedules, the states that they came to. Fails when a schedule fails, or a scenario is not
          searched to its end.
Does not: look at loads that see an older store, unless --stale-reads allows some in each schedule; the
          random schedules do.
"""
import argparse
import concurrent.futures
import os
import sys

from faults import run


def search(explore, scenario, *options):
    """Returns the explorer's last line for a search, as fields."""
    lines = run(explore, "--scenario", scenario, *options, timeout=None)
    return lines[-1] if lines else ["failed", scenario, "0", "no line"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preemptions", type=int, default=3)
    parser.add_argument("--stale-reads", type=int, default=0)
    parser.add_argument("explore")
    arguments = parser.parse_args()
    scenarios = [fields[0] for fields in run(arguments.explore, "--list")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        # The long ones first, so that no processor waits at the end.
        short = pool.map(lambda name: search(arguments.explore, name, "--preemptions", 1,
                                             "--stale-reads", 0), scenarios)
        states = {name: int(fields[5]) if fields[0] == "passed" else 0
                  for name, fields in zip(scenarios, short)}
        order = sorted(scenarios, key=lambda name: -states[name])
        searches = {name: pool.submit(search, arguments.explore, name, "--preemptions",
                                      arguments.preemptions, "--stale-reads",
                                      arguments.stale_reads) for name in order}
        print(f"{'scenario':16} {'preemptions':>12} {'schedules':>12} {'states':>12}", flush=True)
        wrong = schedules = total = 0
        for name in scenarios:
            fields = searches[name].result()
            if fields[0] != "passed" or fields[3] != "all":
                wrong += 1
                print(*fields, flush=True)
                continue
            schedules += int(fields[2])
            total += int(fields[5])
            print(f"{name:16} {fields[6]:>12} {int(fields[2]):12,} {int(fields[5]):12,}",
                  flush=True)
    print(f"{len(scenarios) - wrong} of {len(scenarios)} scenarios searched to the end with up to "
          f"{arguments.preemptions} preemptions and {arguments.stale_reads} stale reads, "
          f"{schedules:,} schedules, {total:,} states, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

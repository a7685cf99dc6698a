#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests that the rows of the tables and the workloads of an executable are the same.

Owns:     nothing.
Callers:  meson test, with the path of an executable that has every workload.
Promises: exit code 0 and "0 failed" only when each row selects one workload, each workload is in
          one row, and those that state more than a time state all that the tables show.
Does not: look at a time.
"""
import re
import subprocess
import sys

import run
from rows import LATENCY, QUANTILES, ROWS, pattern_of


def unmatched(workloads):
    """What is wrong between the rows and the names of the workloads."""
    for row in ROWS:
        found = [name for name in workloads if re.search(pattern_of(row), name)]
        if len(found) != 1:
            yield f'({row.key}) {row.name} selects {found or "nothing"}'
    for name in workloads:
        if not any(re.search(pattern_of(row), name) for row in ROWS):
            yield f'{name} is in no row'


def unstated(program):
    """What the tables show and a workload does not state."""
    for row in ROWS:
        if row.key != LATENCY and not row.counter:
            continue
        result, error = run.execute([program], row, 0.001)
        if result is None:
            yield f'({row.key}) {error}'
            continue
        entry = result['benchmarks'][0]
        if row.counter and row.counter not in entry:
            yield f'({row.key}) states no {row.counter}'
        for call in ('alloc', 'free') if row.key == LATENCY else ():
            values = [entry.get(f'{call}_{quantile}') for quantile in QUANTILES]
            if None in values or values != sorted(values) or values[0] <= 0:
                yield f'({row.key}) quantiles of {call}, from small to large: {values}'


def main(program):
    done = subprocess.run([program, '--benchmark_list_tests=true'], capture_output=True, text=True,
                          check=True)
    workloads = done.stdout.split()
    wrong = [*unmatched(workloads), *unstated(program)]
    for what in wrong:
        print(what, file=sys.stderr)
    expected = len(ROWS) + len(workloads) + sum(row.key == LATENCY or row.counter != ''
                                                for row in ROWS)
    print(f'{expected - len(wrong)} passed, {len(wrong)} failed')
    return 1 if wrong or not workloads else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))

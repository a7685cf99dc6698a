#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests that the rows of the tables and the workloads of an executable are the same.

Owns:     nothing.
Callers:  meson test, with the path of an executable that has every workload.
Promises: exit code 0 and "0 failed" only when each row selects one workload and each workload is in
          one row.
Does not: run a workload.
"""
import re
import subprocess
import sys

from rows import ROWS, pattern_of


def main(program):
    done = subprocess.run([program, '--benchmark_list_tests=true'], capture_output=True, text=True,
                          check=True)
    workloads = done.stdout.split()
    failed = 0
    for row in ROWS:
        found = [name for name in workloads if re.search(pattern_of(row), name)]
        if len(found) != 1:
            print(f'({row.key}) {row.name} selects {found or "nothing"}', file=sys.stderr)
            failed += 1
    for name in workloads:
        if not any(re.search(pattern_of(row), name) for row in ROWS):
            print(f'{name} is in no row', file=sys.stderr)
            failed += 1
    print(f'{len(ROWS) + len(workloads) - failed} passed, {failed} failed')
    return 1 if failed or not workloads else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))

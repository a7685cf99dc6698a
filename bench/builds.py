#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares corral of one build with corral of another: what an option, or a change, costs.

Owns:     the order of the runs.
Callers:  make bench-checks; a person. --help lists the arguments.
Promises: as run.py, by whose rounds the two are run: by turns, in both link orders. Prints, for each kind of
          run, the medians, the median and quartiles of the ratios over the rounds, and the ratio of the least times;
          all data is written where --output says.
Does not: judge.
"""
import argparse
import json
import statistics
import sys
from pathlib import Path

import run
from rows import row_of


def arguments(argv):
    parser = argparse.ArgumentParser(description='Compare two builds of corral.')
    parser.add_argument('--build', type=Path, required=True, help='where the executables are')
    parser.add_argument('--other', type=Path, required=True, help='where those are that it is divided by')
    parser.add_argument('--output', type=Path, help='a file for the raw data')
    parser.add_argument('--rows', default='a,c,d', help='keys of rows, with commas between them')
    parser.add_argument('--allocator', default='corral')
    parser.add_argument('--rounds', type=int, default=41)
    parser.add_argument('--seconds', type=float, default=0.1, help='least time of one run')
    parser.add_argument('--near', type=float, default=230)
    parser.add_argument('--seed', type=int, default=1, help='for the order of the runs')
    return parser.parse_args(argv)


def commands(options):
    return {name: tuple([str(build / f'bench-{options.allocator}{layout}')] for layout in run.LAYOUTS)
            for name, build in (('build', options.build), ('other', options.other))}


def pairs_of(records, kind):
    """(build, other) in nanoseconds, of each round in which both were of that kind."""
    times = {}
    for record in records:
        if record.get('kept') and record['kind'] == kind:
            times.setdefault(record['round'], {})[record['allocator']] = record['ns']
    return [(of['build'], of['other']) for of in times.values() if len(of) == 2]


def lines_of(key, records):
    """A line for each kind of run; a round whose two runs are of different kinds is in none."""
    kinds = sorted({record['kind'] for record in records if record.get('kept')})
    for kind in kinds:
        pairs = pairs_of(records, kind)
        if len(pairs) < 2:
            continue
        build, other = zip(*pairs)
        low, middle, high = statistics.quantiles([mine / its for mine, its in pairs], n=4)
        yield (f'{key:>8}{kind:>10}{statistics.median(build):>9.2f}{statistics.median(other):>9.2f}{middle:>8.3f}'
               f'{low:>8.3f} – {high:.3f}{min(build) / min(other):>8.3f}{len(pairs):>8}')


def main(argv):
    options = arguments(argv)
    options.pace = run.Pace(options.build)
    found = commands(options)
    rows = [row_of(key) for key in options.rows.split(',')]
    planned, records = [(row, list(found)) for row in rows], []
    with run.Progress(options.rounds * len(rows) * len(found)) as progress:
        for number in range(options.rounds):
            records += run.one_round(options, number, planned, found, progress)
    if options.output:
        options.output.write_text(json.dumps({'runs': records}, indent=1), encoding='utf-8')
    failed = [record['error'] for record in records if 'error' in record]
    print(f'{"row":>8}{"kind":>10}{"ns":>9}{"other":>9}{"ratio":>8}{"quartiles":>16}{"least":>8}{"rounds":>8}')
    for row in rows:
        print(*lines_of(row.key, [record for record in records if record['row'] == row.key]), sep='\n')
    for error in failed:
        print(error, file=sys.stderr)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

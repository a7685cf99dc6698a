#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Shows that the driver reports a build that is slower by a known factor as slower by that factor.

Owns:     the factors, and the steps that stand for them.
Callers:  make bench-truth; a person. --help lists the arguments.
Promises: bench-corral-slowed is run with a few and with more steps, which the driver of make bench
          interleaves and reports like any allocators. The factor that is expected comes from
          elsewhere: from the time of one step, which a program of its own measures before each
          round and at the end. The few are there so that every run begins and ends its steps in
          the same way: the factors are against it.
Does not: judge: on a machine with other work the two differ, and the quartiles say by how much.
"""
import argparse
import statistics
import subprocess
import sys
from pathlib import Path

import report
import run
from rows import ONE_CORE, row_of

SLOWED = 'corral-slowed'
FACTORS = (1.1, 1.25, 1.5, 2, 3)
PILOT_ROUNDS = 3
BASE = 16  # steps


def arguments(argv):
    parser = argparse.ArgumentParser(description='Slow corral by known factors and look.')
    parser.add_argument('--build', type=Path, required=True, help='where the executables are')
    parser.add_argument('--rounds', type=int, default=21)
    parser.add_argument('--seconds', type=float, default=0.1, help='least time of one run')
    parser.add_argument('--rows', default='a,c,d', help='keys of rows on one core')
    parser.add_argument('--seed', type=int, default=1, help='for the order of the runs')
    options = parser.parse_args(argv)
    options.budget = options.near = None
    options.rows = options.rows.split(',')
    if any(row_of(key).cores > 1 for key in options.rows):
        parser.error('steps are added up within one thread: name rows on one core')
    return options


def step_ns(options):
    done = subprocess.run([str(options.build / 'step')], capture_output=True, text=True, check=True)
    return float(done.stdout)


def command(options, steps):
    return tuple([str(options.build / f'bench-{SLOWED}{layout}'), '--steps', str(steps)]
                 for layout in run.LAYOUTS)


def pilot(options, row):
    """Nanoseconds of the row with the fewest steps, and of a step."""
    times = [run.measure(options, row, command(options, BASE)[0])[-1] for _ in range(PILOT_ROUNDS)]
    failed = [record['error'] for record in times if 'error' in record]
    if failed:
        sys.exit(f'({row.key}) {SLOWED}: {failed[0]}')
    return statistics.median(record['ns'] for record in times), step_ns(options)


def steps_for(options, row):
    """An even number of steps for each factor, those of the base among them."""
    base, step = pilot(options, row)
    return [BASE + 2 * max(1, round((factor - 1) * base / step / 2)) for factor in FACTORS]


def measure(options, row, steps):
    """The figures of each number of steps, and the time of a step."""
    found = {str(count): command(options, count) for count in [BASE, *steps]}
    records, readings = [], [step_ns(options)]
    with run.Progress(options.rounds * len(found)) as progress:
        for number in range(options.rounds):
            records += run.one_round(options, number, [(row, list(found))], found, progress)
            readings.append(step_ns(options))
    # A neighbour slows down a chain of multiplications and the next one alike.
    summary = report.summarise([{**record, 'kind': ONE_CORE} for record in records])
    return summary[row.key][ONE_CORE]['allocators'], statistics.median(readings)


def table(row, figures, step):
    """For each number of steps the factor that they should make, and the one that is reported."""
    base = figures[str(BASE)]['median']
    lines = [f'({row.key}) {row.title}: {base:.2f} ns with {BASE} steps, '
             f'{step:.3f} ns for one more',
             f'    {"steps":>6}{"ns":>9}{"expected":>10}{"reported":>10}{"of expected":>13}'
             f'{"quartiles":>16}']
    for count in sorted((int(name) for name in figures), key=int):
        figure = figures[str(count)]
        expected = 1 + (count - BASE) * step / base
        reported = figure['median'] / base
        quartiles = f'{figure["q1"] / base:.3f} – {figure["q3"] / base:.3f}'
        lines.append(f'    {count:6d}{figure["median"]:9.2f}{expected:10.3f}{reported:10.3f}'
                     f'{reported / expected:13.3f}{quartiles:>16}')
    return '\n'.join(lines)


def main(argv):
    options = arguments(argv)
    options.pace = run.Pace(options.build)
    for key in options.rows:
        row = row_of(key)
        figures, step = measure(options, row, steps_for(options, row))
        print(table(row, figures, step), end='\n\n', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs the benchmark executables against each other.

Owns:     the order of the runs, their raw data, and what is repeated.
Callers:  make bench, make bench-quick, or a person; --help lists the arguments.
Promises: within a round, each row is run by all allocators one after the other, in an order that
          is drawn anew, and rounds alternate between the two link orders. Runs on two cores are
          kept only when the round trip between the cores is of one kind before and after. One on one
          core waits until the cores are at their own pace, and is repeated when they no longer are after
          it, whatever it measured; the last try is kept all the same, as of another kind. All data is kept
          in results.json, also of runs that were repeated.
Does not: claim absolute times, or subtract the empty harness.
"""
import argparse
import json
import os
import platform
import random
import subprocess
import sys
import time
from pathlib import Path

import memory
import report
from rows import AWARE, BUSY, CHECKS, ONE_CORE, ROWS, SUBJECTS, pattern_of
from subprogram import report_of

HERE = Path(__file__).resolve().parent
TRIES = 4
# A core is at its own pace when a turn takes at most so much of the least that was ever read.
OWN_PACE = 1.15
PACE_READINGS = 40      # at most, before a run
PACE_REST = 0.05        # seconds between two of them
WAITING_MOST = 1 / 2    # of all time
WELL_ENOUGH = 1 / 5     # of all tries
MEMORY_ROUNDS = 3
LAYOUTS = ('', '.reversed')
# (rounds, seconds of one run, seconds in all)
MODES = {'quick': (7, 0.05, 105), 'full': (7, 0.2, None)}


def arguments(argv):
    parser = argparse.ArgumentParser(description='Run the benchmarks of all allocators.')
    parser.add_argument('mode', choices=MODES)
    parser.add_argument('--build', type=Path, required=True, help='where the executables are')
    parser.add_argument('--output', type=Path, required=True, help='where the results go')
    parser.add_argument('--rounds', type=int, help='how often everything is run')
    parser.add_argument('--seconds', type=float, help='least time of one run')
    parser.add_argument('--rows', help='keys of the rows, with commas between them')
    parser.add_argument('--allocators', help='names, with commas between them')
    parser.add_argument('--library', dest='libraries', action='append', default=[],
                        metavar='PATH[:MALLOC:FREE:REALLOC]',
                        help='a malloc-compatible library to measure as well')
    parser.add_argument('--trace', help='a trace to replay in place of the committed one')
    parser.add_argument('--near', type=float, default=230,
                        help='cores with a round trip of fewer nanoseconds are near')
    parser.add_argument('--seed', type=int, default=1, help='for the order of the runs')
    options = parser.parse_args(argv)
    rounds, seconds, options.budget = MODES[options.mode]
    options.rounds = options.rounds or rounds
    options.seconds = options.seconds or seconds
    return options


def commands(options):
    """name: (command line in the first link order, in the second), of what was built."""
    found = {}
    for program in sorted(options.build.glob('bench-*')):
        name = program.name.removeprefix('bench-')
        if program.is_file() and '.' not in name and os.access(program, os.X_OK):
            found[name] = tuple([str(program) + layout] for layout in LAYOUTS)
    slot = found.pop('library', None)
    for library in options.libraries:
        if slot is None:
            sys.exit('the library slot is not built')
        name = 'library:' + Path(library.partition(':')[0]).name
        found[name] = tuple(program + ['--library', library] for program in slot)
    if options.trace:
        found = {name: tuple(program + ['--trace', options.trace] for program in programs)
                 for name, programs in found.items()}
    if options.allocators:
        wanted = options.allocators.split(',')
        missing = [name for name in wanted if name not in found]
        if missing:
            sys.exit('not built: ' + ', '.join(missing))
        found = {name: found[name] for name in wanted}
    else:
        unasked = CHECKS + (SUBJECTS[1:] if options.mode == 'quick' else ())
        found = {name: found[name] for name in found if name not in unasked}
    return found


def wanted_rows(options):
    """The rows of time, and the scenarios of memory."""
    if options.rows:
        keys = options.rows.split(',')
        unknown = set(keys) - {row.key for row in ROWS} - set(memory.SCENARIOS)
        if unknown:
            sys.exit('no such row: ' + ', '.join(sorted(unknown)))
        return ([row for row in ROWS if row.key in keys],
                [scenario for scenario in memory.SCENARIOS if scenario in keys])
    if options.mode == 'full':
        return list(ROWS), list(memory.SCENARIOS)
    return [row for row in ROWS if row.quick], []


def plan(options, rows, found):
    """The (row, allocator) pairs of a round, row after row."""
    def takes_part(row, name):
        aware_elsewhere = options.mode == 'quick' and name in AWARE and row.key != 'd'
        return row.has(name) and not aware_elsewhere
    return [(row, [name for name in found if takes_part(row, name)]) for row in rows]


class Progress:
    """One line that is written over on a terminal, or a line now and then elsewhere."""

    def __init__(self, total):
        self.total, self.done, self.stream = total, 0, sys.stderr
        self.start = self.said = time.monotonic()

    def step(self, text):
        self.done += 1
        now = time.monotonic()
        left = (now - self.start) / self.done * (self.total - self.done)
        line = f'{self.done}/{self.total}  {text}  about {left:.0f} s left'
        if self.stream.isatty():
            print(f'\r{line[:78]:<78}', end='', file=self.stream, flush=True)
        elif now - self.said > 5 or self.done == 1:
            self.said = now
            print(line, file=self.stream, flush=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.stream.isatty():
            print(f'\r{"":<78}\r', end='', file=self.stream, flush=True)


def execute(command, row, seconds):
    """One run, as report_of has it: the benchmark library's own report; (None, None) where the
    allocator does not serve the row."""
    return report_of(command + [f'--benchmark_filter={pattern_of(row)}', '--benchmark_format=json',
                                f'--benchmark_min_time={seconds}'])


def round_trip(build):
    done = subprocess.run([str(build / 'roundtrip')], capture_output=True, text=True, timeout=60,
                          check=True)
    return float(done.stdout)


class Pace:
    """Whether the cores have neighbours: the least reading tells how fast they are without. Waits, and
    lets runs be repeated, for half of all time at most, and a second; for less where fewer than a fifth of
    the tries end well, in proportion: where neighbours never rest, waiting for that is in vain."""

    def __init__(self, build):
        self.program = build / 'pace'
        self.least = min(self.read() for _ in range(PACE_READINGS))
        self.start, self.lost = time.monotonic(), 0
        self.tries = self.well = TRIES

    def is_patient(self):
        share = min(WAITING_MOST, WAITING_MOST * self.well / self.tries / WELL_ENOUGH)
        return self.lost <= (time.monotonic() - self.start) * share + 1

    def count(self, own):
        """A try, and whether it was at the cores' own pace."""
        self.tries += 1
        self.well += own

    def read(self):
        done = subprocess.run([str(self.program)], capture_output=True, text=True, timeout=60,
                              check=True)
        return float(done.stdout)

    def is_own(self, reading):
        self.least = min(self.least, reading)
        return reading <= OWN_PACE * self.least

    def wait(self):
        """The first reading at the cores' own pace, or the last of many."""
        reading = self.read()
        for _ in range(PACE_READINGS):
            start = time.monotonic()
            if self.is_own(reading) or not self.is_patient():
                break
            time.sleep(PACE_REST)
            reading = self.read()
            self.lost += time.monotonic() - start
        return reading


def kind_of(readings, near):
    """near, far, or None where the cores moved during the run."""
    kinds = {'near' if reading < near else 'far' for reading in readings}
    return kinds.pop() if len(kinds) == 1 else None


def time_of(entry):
    """Nanoseconds for one alloc and free."""
    if 'ns_per_item' in entry:
        return entry['ns_per_item']
    return 1e9 / entry['items_per_second']


def measure(options, row, command):
    """All tries of one run, as records; the last may be kept."""
    records = []
    for left in reversed(range(TRIES)):
        before = round_trip(options.build) if row.cores == 2 else options.pace.wait()
        start = time.time()
        result, error = execute(command, row, options.seconds)
        record = {'start': start, 'kept': False, 'kind': ONE_CORE}
        records.append(record)
        if result is None:
            record['error'] = error
            break
        entry = result['benchmarks'][0]
        if entry.get('error_occurred'):
            record['error'] = entry['error_message']
            break
        record.update(ns=time_of(entry), raw=entry, context=result['context'])
        if row.cores == 2:
            record['round_trips'] = [before, round_trip(options.build)]
            record['kind'] = kind_of(record['round_trips'], options.near)
            done = record['kind'] is not None
        else:
            record['paces'] = [before, options.pace.read()]
            is_own = all(options.pace.is_own(pace) for pace in record['paces'])
            record['kind'] = ONE_CORE if is_own else BUSY
            options.pace.count(is_own)
            done = is_own or left == 0 or not options.pace.is_patient()
            options.pace.lost += 0 if done else time.time() - start
        if done:
            record['kept'] = True
            break
    return records


def one_round(options, number, planned, found, progress):
    """The records of a round."""
    records = []
    draw = random.Random(f'{options.seed} {number}')
    layout = number % len(LAYOUTS)
    for row, names in planned:
        for name in draw.sample(names, len(names)):
            progress.step(f'round {number + 1}  ({row.key})  {name}')
            for record in measure(options, row, found[name][layout]):
                if record.get('error', '') is None:
                    continue
                record.update(row=row.key, allocator=name, round=number, layout=layout)
                records.append(record)
    return records


def machine(options):
    model = ''
    cpuinfo = Path('/proc/cpuinfo')
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if 'model name' in line]
        model = names[0].partition(':')[2].strip() if names else ''
    return {'system': platform.platform(), 'processor': model, 'cores': os.cpu_count(),
            'load_at_start': os.getloadavg(), 'mode': options.mode, 'seconds': options.seconds,
            'near_below_ns': options.near, 'seed': options.seed}


def run_all(options, found):
    """Everything that results.json has."""
    rows, scenarios = wanted_rows(options)
    options.pace = Pace(options.build)
    planned = plan(options, rows, found)
    memory_rounds = min(options.rounds, MEMORY_ROUNDS)
    data = {'machine': machine(options)}
    with Progress(memory.steps(scenarios, found, memory_rounds)) as progress:
        data['memory'] = memory.measure(scenarios, found, memory_rounds, progress)
    data['memory_summary'] = memory.summarise(data['memory'])
    with Progress(options.rounds * sum(len(names) for _, names in planned)) as progress:
        data['runs'] = run_rounds(options, planned, found, progress)
    data['summary'] = report.summarise(data['runs'])
    return data


def run_rounds(options, planned, found, progress):
    """All records, round after round, within the time that there is."""
    records = []
    start = time.monotonic()
    for number in range(options.rounds):
        try:
            records += one_round(options, number, planned, found, progress)
        except KeyboardInterrupt:
            print(f'\nstopped in round {number + 1}, which is left out', file=sys.stderr)
            break
        spent = time.monotonic() - start
        next_end = spent * (number + 2) / (number + 1)
        if options.budget and next_end > options.budget:
            break
    return records


def main(argv):
    options = arguments(argv)
    found = commands(options)
    if not found:
        sys.exit(f'no benchmark executables in {options.build}')
    options.output.mkdir(parents=True, exist_ok=True)
    results = options.output / 'results.json'
    data = run_all(options, found)
    results.write_text(json.dumps(data, indent=1))
    tables = report.tables(data)
    (options.output / 'results.txt').write_text(tables)
    print(report.lines(data['summary'], SUBJECTS[0]) if options.mode == 'quick' else tables)
    drawn = options.mode == 'quick' or draw_plots(results)
    print(f'all data: {results}')
    failures = report.print_failures(data['runs'], data['memory'])
    return 0 if drawn and not failures else 1


def draw_plots(results):
    """Draws in a process of its own: the python3 that has matplotlib need not be the one that runs
    this file. False when nothing was drawn."""
    for python in dict.fromkeys((sys.executable, '/usr/bin/python3', 'python3')):
        try:
            has = subprocess.run([python, '-c', 'import matplotlib'], capture_output=True,
                                 check=False).returncode == 0
        except OSError:
            continue
        if has:
            done = subprocess.run([python, str(HERE / 'plots.py'), str(results)], text=True,
                                  stdout=subprocess.PIPE, check=False)
            print(done.stdout, end='')
            return done.returncode == 0
    print('no plots: no python3 here has matplotlib (Debian: python3-matplotlib)', file=sys.stderr)
    return False


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

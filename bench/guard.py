#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Counts the instructions of one alloc and one free, and compares them with the committed figures.

Owns:     guard.json: for each compiler, instructions for each program and scenario.
Callers:  meson test, and the target bench-guard-renew, which make bench-guard runs for each
          compiler; --help lists the arguments.
Promises: a figure is the difference of two runs of different length, divided by the pairs between
          them, so that start and end of a program are not in it; the workload's own instructions
          are, and those of the empty harness are shown beside. It is the same in every run. The
          check fails when a figure has grown by one instruction or more. Exit code 77, with the
          reason, where nothing can be compared.
Does not: measure time: an instruction is not a nanosecond, but it is there every time.
"""
import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

SCENARIOS = ('pair', 'mix')
HARNESS = 'empty'
PAIRS_IN_ROUND = 32768
ROUNDS = (2, 6)
SKIPPED = 77
RENEWAL = 'make bench-guard'
COLLECTED = re.compile(r'Collected : (\d+)')


def arguments(argv):
    parser = argparse.ArgumentParser(description='Count the instructions of the hot path.')
    parser.add_argument('mode', choices=('check', 'renew'))
    parser.add_argument('--compiler', required=True, help='name, major version, processor')
    parser.add_argument('--changed', default='', help='options that are not at their defaults')
    parser.add_argument('--figures', type=Path, default=Path(__file__).with_name('guard.json'))
    parser.add_argument('--valgrind', default='valgrind')
    parser.add_argument('programs', nargs='+', type=Path, help='guard-NAME, one for each name')
    return parser.parse_args(argv)


class Unreadable(Exception):
    """valgrind does not know the form of the debug information."""


def instructions(options, program, scenario, rounds):
    """What one run executes between entering guard_rounds and leaving it."""
    done = subprocess.run([options.valgrind, '--tool=callgrind', '--callgrind-out-file=/dev/null',
                           '--toggle-collect=guard_rounds', program, scenario, str(rounds)],
                          capture_output=True, text=True, check=False)
    if 'Possibly corrupted debuginfo' in done.stderr:
        raise Unreadable(program)
    found = COLLECTED.search(done.stderr)
    if done.returncode != 0 or not found or int(found.group(1)) == 0:
        sys.exit(f'{program} {scenario} {rounds}: nothing was counted:\n{done.stderr[-2000:]}')
    return int(found.group(1))


def per_pair(options, program, scenario):
    few, many = (instructions(options, program, scenario, rounds) for rounds in ROUNDS)
    return round((many - few) / ((ROUNDS[1] - ROUNDS[0]) * PAIRS_IN_ROUND), 2)


def measure(options):
    """'program scenario': instructions for each pair."""
    names = {program: program.name.removeprefix('guard-') for program in options.programs}
    return {f'{names[program]} {scenario}': per_pair(options, program, scenario)
            for program in options.programs for scenario in SCENARIOS}


def committed(options):
    return json.loads(options.figures.read_text()) if options.figures.exists() else {}


def harness_of(measured, name):
    return measured.get(f'{HARNESS} {name.split()[1]}')


def line(name, figure, measured, said):
    of_harness = harness_of(measured, name)
    beside = '' if of_harness is None else f' (the empty harness: {of_harness:g})'
    return f'{name}: {figure:.2f} instructions for one alloc and free{beside}{said}'


def check(measured, figures):
    """How many figures have grown or are not committed; prints all of them."""
    grown = shrunk = missing = 0
    for name, figure in measured.items():
        if name.split()[0] == HARNESS:
            continue
        expected = figures.get(name)
        said = ''
        if expected is None:
            missing += 1
            said = ', for which no figure is committed'
        elif figure != expected:
            said = f', {figure - expected:+.2f} against the committed {expected:.2f}'
            grown += figure >= expected + 1
            shrunk += figure <= expected - 1
        print(line(name, figure, measured, said))
    if grown:
        print(f'The hot path has grown. If that is what the change is for: {RENEWAL}')
    elif missing:
        print(f'Commit the missing figures, made by: {RENEWAL}')
    elif shrunk:
        print(f'The hot path has shrunk. Commit the new figures, made by: {RENEWAL}')
    return grown + missing


def renew(options, measured):
    """Writes the figures of this compiler, and leaves those of others as they are."""
    everything = committed(options)
    everything[options.compiler] = {name: figure for name, figure in measured.items()
                                    if name.split()[0] != HARNESS}
    text = json.dumps(everything, indent=2, sort_keys=True)
    options.figures.write_text(text + '\n')
    for name, figure in measured.items():
        print(line(name, figure, measured, f', with {options.compiler}'))


def reason_to_skip(options):
    if shutil.which(options.valgrind) is None:
        return f'{options.valgrind} is not here'
    if options.changed:
        return f'the figures are of the default options, and these are changed: {options.changed}'
    if options.mode == 'check' and options.compiler not in committed(options):
        return f'there is no committed figure for {options.compiler}; to make one: {RENEWAL}'
    return ''


def main(argv):
    options = arguments(argv)
    reason = reason_to_skip(options)
    if reason:
        print(f'skipped: {reason}')
        return SKIPPED
    try:
        measured = measure(options)
    except Unreadable:
        print('skipped: valgrind cannot read this debug information; it can with -Ddebug=false')
        return SKIPPED
    if options.mode == 'renew':
        renew(options, measured)
        return 0
    return 1 if check(measured, committed(options).get(options.compiler, {})) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

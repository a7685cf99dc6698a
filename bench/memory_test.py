#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of the memory programs, on what must be so with any allocator.

Owns:     nothing.
Callers:  meson test, with the path of one memory program.
Promises: exit code 0 and "0 failed" only when all expectations hold. Nothing is expected of the
          allocator but that what is live is resident: every byte of a block has been written.
Does not: compare allocators.
"""
import json
import subprocess
import sys

import memory

SLACK = 1 << 20     # pages of the program's own that the kernel may take back meanwhile
REQUESTED = 512 << 20
failures = []


def expect(holds, what):
    if not holds:
        failures.append(what)
        print(f'expected: {what}', file=sys.stderr)


def said_by(program, scenario):
    done = subprocess.run([program, *memory.SCENARIOS[scenario][0]], capture_output=True,
                          text=True, check=True, timeout=100)
    return json.loads(done.stdout)


def expect_start(said):
    expect(0 < said['resident'] < REQUESTED, 'some memory, but not much, at the start')


def expect_peak(said):
    expect(REQUESTED <= said['requested'] < REQUESTED + 8 * 1024, 'as much is requested as is said')
    expect(said['peak'] - said['base'] + SLACK >= said['requested'], 'what is live is resident')
    expect(said['idle'] <= said['freed'] + SLACK, 'idling takes no memory')
    figures = memory.figures_of_peak(said)
    expect(figures['peak_of_requested'] >= 0.99, 'a peak of at least what is requested')


def expect_fragmentation(said):
    live = [sample[0] for sample in said['curve']]
    resident = [sample[1] - said['base'] for sample in said['curve']]
    expect(len(live) == 256, 'a sample for each part of each phase')
    expect(max(live) <= 64 << 20, 'no more live than the limit')
    expect(max(live) >= 63 << 20, 'the limit is reached')
    expect(min(live) < 32 << 20, 'sizes change so much that what is live changes')
    expect(all(kept + SLACK >= held for held, kept in zip(live, resident)),
           'what is live is resident')


def expect_day(said):
    live = [sample[0] for sample in said['curve']]
    resident = [sample[1] - said['base'] for sample in said['curve']]
    expect(len(live) == 288, 'twelve samples an hour')
    expect(all(held == 0 for held in live[-12:]), 'nobody is there in the last hour')
    expect(max(live) > 100 << 20, 'a server is full')
    expect(all(kept + SLACK >= held for held, kept in zip(live, resident)),
           'what is live is resident')


def expect_held(said, scenario):
    live = [sample[0] for sample in said['curve']]
    resident = [sample[1] - said['base'] for sample in said['curve']]
    expect(len(live) == 256, f'{scenario}: a sample for each part')
    expect(min(live) >= 256 << 20, f'{scenario}: as much is live all the time')
    expect(all(kept + SLACK >= held for held, kept in zip(live, resident)),
           f'{scenario}: what is live is resident')


def main(program):
    expect_start(said_by(program, 'start'))
    expect_peak(said_by(program, 'peak16'))
    expect_fragmentation(said_by(program, 'fragmentation'))
    expect_day(said_by(program, 'day'))
    for scenario in memory.HELD:
        expect_held(said_by(program, scenario), scenario)
    print(f'{23 - len(failures)} passed, {len(failures)} failed')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))

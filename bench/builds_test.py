#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of builds.py and unchecked.py.

Owns:     a directory while a test runs.
Callers:  meson test.
Promises: exit code 0 and "0 failed" only when all passed. The copy is made of the sources as they are.
Does not: run a benchmark.
"""
import sys
import tempfile
import unittest
from pathlib import Path

import builds
import testing
import unchecked

SOURCE = Path(__file__).resolve().parent.parent


def record(number, allocator, ns, **more):
    return {'round': number, 'allocator': allocator, 'ns': ns, 'kind': 'near', 'kept': True} | more


class Lines(unittest.TestCase):
    def test_ratios_are_of_a_round(self):
        records = [record(number, name, ns) for number in range(4)
                   for name, ns in (('build', 6.0 * (number + 1)), ('other', 3.0 * (number + 1)))]
        (line,) = builds.lines_of('a', records)
        self.assertEqual(line.split(), ['a', 'near', '15.00', '7.50', '2.000', '2.000', '–', '2.000', '2.000', '4'])

    def test_kinds_are_apart(self):
        records = [record(number, name, 2.0, kind='far' if number % 2 else 'near')
                   for number in range(4) for name in ('build', 'other')]
        self.assertEqual([line.split()[1] for line in builds.lines_of('a', records)], ['far', 'near'])

    def test_rounds_of_two_kinds_are_left_out(self):
        records = [record(number, 'build', 2.0) for number in range(4)]
        records += [record(number, 'other', 2.0, kind='far') for number in range(4)]
        self.assertEqual(list(builds.lines_of('a', records)), [])

    def test_repeated_runs_are_left_out(self):
        records = [record(number, name, ns, kept=kept) for number in range(3) for name, bad in (('build', 9.0), ('other', 1.0))
                   for ns, kept in ((bad, False), (2.0, True))]
        (line,) = builds.lines_of('a', records)
        self.assertIn(' 1.000 ', line)


class Copies(unittest.TestCase):
    def test_one_header_differs(self):
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / 'copy'
            unchecked.copy(SOURCE, target)
            header = (target / unchecked.HEADER).read_text(encoding='utf-8')
            self.assertNotIn('registry->ids[number]', header)
            for name in ('include/corral/build.h.in', 'src/alloc.c', 'bench/builds.py', 'tests/support/build.h'):
                self.assertEqual((target / name).read_bytes(), (SOURCE / name).read_bytes())

    def test_another_header_is_refused(self):
        with self.assertRaises(ValueError):
            unchecked.unchecked('nothing')


if __name__ == '__main__':
    sys.exit(testing.run())

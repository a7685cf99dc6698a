#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of the table of targets, on made-up figures.

Owns:     nothing.
Callers:  meson test.
Promises: exit code 0 and "0 failed" only when all tests pass.
Does not: measure.
"""
import sys
import unittest

import targets
import testing


def row(**medians):
    return {'one core': {'allocators': {name.replace('_', '-'): {'median': value}
                                        for name, value in medians.items()}}}


def data(**rows):
    return {'summary': rows, 'memory_summary': {}}


def line(found, text):
    """The table's line that begins with a text."""
    return next(line for line in targets.table(found).splitlines() if line.startswith(f'| {text}'))


class Targets(unittest.TestCase):
    def test_a_ratio_is_to_the_best_rival_and_to_no_limit_or_own_form(self):
        found = data(c=row(corral=8, corral_inline=1, limit=1, empty=1, tcmalloc=10, mimalloc=20))
        self.assertTrue(line(found, '(c) called').endswith('| yes: 0.800 |'))

    def test_what_is_above_its_bound_is_not_reached_whatever_it_rounds_to(self):
        found = data(c=row(corral=0.9001, tcmalloc=1))
        self.assertTrue(line(found, '(c) called').endswith('| no: 0.900 |'))

    def test_a_first_step_is_not_the_last(self):
        rivals = {'tcmalloc': 10, 'mimalloc_heaps': 10}
        self.assertIn('| yes: ', line(data(d=row(corral=7, **rivals)), '(d) called'))
        self.assertIn('| the first: ', line(data(d=row(corral=8, **rivals)), '(d) called'))
        self.assertIn('| 1 of 2: ', line(data(d=row(corral=9, **rivals)), '(d) called'))

    def test_more_threads_are_to_do_no_less(self):
        found = data(t2=row(corral=10), t4=row(corral=10), t16=row(corral=11), t64=row(corral=12))
        self.assertIn('| 2 of 3: 1.00, 0.909, 0.833 |', line(found, '4, 16, 64 threads'))

    def test_what_was_not_run_has_no_figure_and_is_not_reached(self):
        self.assertIn('| no figure: –, – |', line(data(), '(e), (e2)'))
        found = data(h64k=row(corral=1, glibc=1))
        self.assertIn('| 1 of 3: 1.00, –, – |', line(found, '64 KiB'))

    def test_every_bound_has_a_figure(self):
        for target in targets.TARGETS:
            self.assertEqual(len(target.figures(data())), len(target.bounds), target.text)


if __name__ == '__main__':
    sys.exit(testing.run())

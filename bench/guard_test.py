#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of the guard, with a valgrind that only pretends to count.

Owns:     a directory of small scripts for the time of each test.
Callers:  meson test.
Promises: exit code 0 and "0 failed" only when all tests pass.
Does not: need valgrind, or a program to count.
"""
import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

import guard
import testing

# Counts a start that is longer with each run, and the pairs at a price for each scenario.
PRETENDER = '''#!/usr/bin/python3
import sys
program, scenario, rounds = sys.argv[-3:]
if {prices} is None:
    sys.exit('Possibly corrupted debuginfo file')
price = 4 if program.endswith('empty') else {prices}[scenario]
print('==1== Collected :', round(int(rounds) * 32768 * price) + 1000, file=sys.stderr)
'''


class Guard(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.place = Path(held.name)
        self.figures = self.place / 'guard.json'
        self.count({'pair': 20, 'mix': 30.25})

    def count(self, prices):
        script = self.place / 'valgrind'
        script.write_text(PRETENDER.format(prices=prices))
        script.chmod(0o755)

    def run_guard(self, mode, *more, compiler='gcc 12 x86_64'):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.code = guard.main([mode, '--compiler', compiler, '--figures', str(self.figures),
                                    '--valgrind', str(self.place / 'valgrind'), *more,
                                    'guard-corral', 'guard-empty'])
        self.said = said.getvalue()

    def test_renewed_figures_are_met(self):
        self.run_guard('renew')
        self.assertEqual(json.loads(self.figures.read_text()),
                         {'gcc 12 x86_64': {'corral pair': 20, 'corral mix': 30.25}})
        self.run_guard('check')
        self.assertEqual(self.code, 0)
        self.assertIn('corral pair: 20.00 instructions for one alloc and free '
                      '(the empty harness: 4)', self.said)

    def test_one_instruction_more_fails(self):
        self.run_guard('renew')
        for prices in ({'pair': 21, 'mix': 30.25}, {'pair': 20, 'mix': 31.25}):
            self.count(prices)
            self.run_guard('check')
            self.assertEqual(self.code, 1)
            self.assertIn('+1.00', self.said)

    def test_less_than_one_instruction_more_does_not(self):
        self.run_guard('renew')
        self.count({'pair': 20, 'mix': 31})
        self.run_guard('check')
        self.assertEqual(self.code, 0)
        self.assertIn('+0.75', self.said)

    def test_an_instruction_less_says_how_to_renew(self):
        self.run_guard('renew')
        self.count({'pair': 19, 'mix': 30.25})
        self.run_guard('check')
        self.assertEqual(self.code, 0)
        self.assertIn('made by: make bench-guard', self.said)

    def test_a_compiler_without_figures_is_skipped(self):
        self.run_guard('renew')
        self.run_guard('check', compiler='gcc 13 x86_64')
        self.assertEqual(self.code, 77)
        self.assertIn('no committed figure for gcc 13 x86_64', self.said)

    def test_a_figure_that_is_not_committed_fails(self):
        self.figures.write_text('{"gcc 12 x86_64": {"corral pair": 20}}')
        self.run_guard('check')
        self.assertEqual(self.code, 1)
        self.assertIn('for which no figure is committed', self.said)

    def test_other_compilers_figures_stay(self):
        self.run_guard('renew')
        self.count({'pair': 18, 'mix': 28})
        self.run_guard('renew', compiler='clang 14 x86_64')
        figures = json.loads(self.figures.read_text())
        self.assertEqual(figures['gcc 12 x86_64']['corral pair'], 20)
        self.assertEqual(figures['clang 14 x86_64']['corral pair'], 18)

    def test_unreadable_debug_information_is_skipped(self):
        self.run_guard('renew')
        self.count(None)
        self.run_guard('check')
        self.assertEqual(self.code, 77)

    def test_changed_options_are_skipped(self):
        self.run_guard('renew', '--changed', 'check_level=2')
        self.assertEqual(self.code, 77)
        self.assertFalse(self.figures.exists())


if __name__ == '__main__':
    sys.exit(testing.run())

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of the proof that slowed builds are reported slower, on programs that only pretend.

Owns:     a directory of small scripts for the time of each test.
Callers:  meson test.
Promises: exit code 0 and "0 failed" only when all tests pass. No time is measured.
Does not: need a benchmark to be built.
"""
import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path

import run
import testing
import truth

# Takes 10 ns for a pair and half a nanosecond for a step.
SLOWED = '''#!/usr/bin/python3
import json, sys
steps = int(sys.argv[sys.argv.index('--steps') + 1])
print(json.dumps({{'context': {{'compiler': '0'}},
                  'benchmarks': [{{'items_per_second': 1e9 / (10 + {cost} * steps)}}]}}))
'''
STEP = '#!/bin/sh\necho 0.5\n'


class Truth(unittest.TestCase):
    def factors(self, cost):
        """(expected, reported) for each number of steps."""
        with tempfile.TemporaryDirectory() as place:
            scripts = [(f'bench-{truth.SLOWED}{layout}', SLOWED.format(cost=cost))
                       for layout in run.LAYOUTS]
            for name, text in [*scripts, ('step', STEP), ('pace', STEP)]:
                path = Path(place) / name
                path.write_text(text)
                path.chmod(0o755)
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
                truth.main(['--build', place, '--rounds', '2', '--rows', 'a'])
        rows = [line.split() for line in said.getvalue().splitlines()[2:] if line]
        self.assertEqual(len(rows), 1 + len(truth.FACTORS))
        return [(float(row[2]), float(row[3])) for row in rows]

    def test_what_is_slower_by_a_factor_is_reported_slower_by_it(self):
        for (expected, reported), factor in zip(self.factors(0.5), (1, *truth.FACTORS)):
            self.assertAlmostEqual(expected, reported, places=3)
            self.assertAlmostEqual(expected, factor, delta=0.06)

    def test_steps_that_cost_more_than_they_say_are_seen(self):
        expected, reported = self.factors(0.6)[-1]
        self.assertGreater(reported, expected * 1.1)

    def test_rows_on_two_cores_are_refused(self):
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit):
            truth.arguments(['--build', '.', '--rows', 'e'])


if __name__ == '__main__':
    sys.exit(testing.run())

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of the driver, on executables that only pretend to measure.

Owns:     a directory of small scripts for the time of each test.
Callers:  meson test.
Promises: exit code 0 and "0 failed" only when all tests pass. No time is measured.
Does not: need a benchmark to be built.
"""
import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

import report
import run
from rows import ROWS, pattern_of

# Prints what the library would, for whatever row is asked for.
PRETENDER = '''#!/usr/bin/python3
import json, sys
pattern = next(a for a in sys.argv if a.startswith('--benchmark_filter=')).split('=', 1)[1]
if {fails}:
    sys.exit('broken on purpose')
if pattern.startswith('^h/') and {small}:
    sys.exit(0)
entry = {{'name': pattern, 'items_per_second': 1e9 / {ns}}}
for call in ('alloc', 'free'):
    for quantile in ('p50', 'p90', 'p99', 'p99.9', 'p99.99', 'p99.999', 'max'):
        entry[call + '_' + quantile] = {ns} * 10
entry['lines_shared'] = 7
if pattern.startswith(('^e', '^f/', '^f2', '^t')):
    entry['ns_per_item'] = 2 * {ns}
print(json.dumps({{'context': {{'compiler': '0', 'allocator_version': '1'}},
                  'benchmarks': [entry]}}))
'''

# Prints the next of a list of readings; the last one for ever.
ROUND_TRIP = '''#!/usr/bin/python3
from pathlib import Path
path = Path(__file__).with_name('readings')
readings = path.read_text().split()
print(readings[0])
if len(readings) > 1:
    path.write_text(' '.join(readings[1:]))
'''


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)


class Driver(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.build = Path(held.name)
        self.output = self.build / 'out'
        self.readings('100')
        script(self.build / 'roundtrip', ROUND_TRIP)
        for name, ns in (('corral', 3), ('limit', 2), ('limit-16', 2.5), ('tcmalloc', 4),
                         ('mimalloc', 5), ('mimalloc-heaps', 8), ('empty', 0.5)):
            self.pretend(name, ns, small=name.startswith('limit'))

    def pretend(self, name, ns, fails=False, small=False):
        for layout in run.LAYOUTS:
            script(self.build / f'bench-{name}{layout}',
                   PRETENDER.format(ns=ns, fails=fails, small=small))

    def readings(self, text):
        (self.build / 'readings').write_text(text)

    def run_driver(self, *more, mode='quick'):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            self.code = run.main([mode, '--build', str(self.build), '--output', str(self.output),
                                  '--rounds', '2', *more])
        self.said = said.getvalue()
        return json.loads((self.output / 'results.json').read_text())

    def test_ratios(self):
        data = self.run_driver('--rows', 'a')
        part = data['summary']['a']['one core']
        self.assertEqual(self.code, 0)
        self.assertEqual(part['best_rival'], 'tcmalloc')
        self.assertAlmostEqual(part['allocators']['corral']['of_limit'], 1.5)
        self.assertAlmostEqual(part['allocators']['corral']['of_best'], 0.75)
        self.assertEqual(part['allocators']['corral']['runs'], 2)
        self.assertIn('limit 1.50', self.said)

    def test_a_slowed_build_is_slower_by_its_factor(self):
        before = self.run_driver('--rows', 'a,c')['summary']
        self.pretend('corral', 3 * 1.7)
        after = self.run_driver('--rows', 'a,c')['summary']
        for key in ('a', 'c'):
            medians = [summary[key]['one core']['allocators']['corral']['median']
                       for summary in (before, after)]
            self.assertAlmostEqual(medians[1] / medians[0], 1.7)

    def test_groups(self):
        part = self.run_driver('--rows', 'd')['summary']['d']['one core']
        self.assertEqual(part['best_of_group'], {'category-aware': 'mimalloc-heaps',
                                                 'category-blind': 'tcmalloc'})
        self.assertAlmostEqual(part['allocators']['corral']['of_limit'], 1.2)
        self.assertNotIn('limit', part['allocators'])

    def test_kinds_stay_apart(self):
        self.readings('100 100 500 500 ' * 4)
        summary = self.run_driver('--rows', 'e', '--allocators', 'corral,tcmalloc')['summary']
        self.assertEqual(sorted(summary['e']), ['far', 'near'])
        self.assertAlmostEqual(summary['e']['far']['allocators']['tcmalloc']['median'], 8)

    def test_a_run_whose_cores_moved_is_repeated(self):
        self.readings('100 500 100 100')
        data = self.run_driver('--rows', 'e', '--allocators', 'corral', '--rounds', '1')
        self.assertEqual([run['kept'] for run in data['runs']], [False, True])
        self.assertEqual(data['summary']['e']['near']['allocators']['corral']['runs'], 1)

    def test_a_run_is_left_out_when_the_cores_never_stay(self):
        self.readings('100 500 ' * 10)
        data = self.run_driver('--rows', 'e', '--allocators', 'corral', '--rounds', '1')
        self.assertEqual(len(data['runs']), run.TRIES)
        self.assertEqual(data['summary'], {})
        self.assertIn('left out: (e) corral', self.said)

    def test_both_link_orders_are_run(self):
        data = self.run_driver('--rows', 'a', '--allocators', 'corral')
        self.assertEqual([run['layout'] for run in data['runs']], [0, 1])

    def test_a_failure_is_told(self):
        self.pretend('tcmalloc', 4, fails=True)
        data = self.run_driver('--rows', 'a')
        self.assertEqual(self.code, 1)
        self.assertIn('FAILED: (a) tcmalloc: exit code 1: broken on purpose', self.said)
        self.assertNotIn('tcmalloc', data['summary']['a']['one core']['allocators'])

    def test_sizes_that_an_allocator_does_not_serve_are_no_failure(self):
        data = self.run_driver('--rows', 'h64k')
        self.assertEqual(self.code, 0)
        self.assertNotIn('limit', data['summary']['h64k']['one core']['allocators'])

    def test_the_library_slot(self):
        self.pretend('library', 6)
        data = self.run_driver('--rows', 'a', '--library', '/some/libnew.so:a:b:c')
        self.assertIn('library:libnew.so', data['summary']['a']['one core']['allocators'])

    def test_full_tables(self):
        data = self.run_driver('--rounds', '1', mode='full')
        self.assertEqual(list(data['summary']), [row.key for row in ROWS])
        self.assertIn('alloc, ns', self.said)
        self.assertIn('corral of best', self.said)
        self.assertEqual(report.tables(data), (self.output / 'results.txt').read_text())


class Figures(unittest.TestCase):
    def test_spread(self):
        found = report.spread([5, 1, 3, 2, 4])
        self.assertEqual(found, {'median': 3, 'min': 1, 'q1': 2, 'q3': 4, 'runs': 5})
        self.assertEqual(report.spread([7])['median'], 7)

    def test_kind(self):
        self.assertEqual(run.kind_of([100, 120], 230), 'near')
        self.assertEqual(run.kind_of([500, 600], 230), 'far')
        self.assertIsNone(run.kind_of([100, 600], 230))

    def test_patterns_are_distinct(self):
        self.assertEqual(len({pattern_of(row) for row in ROWS}), len(ROWS))


def main():
    result = unittest.main(exit=False, argv=sys.argv[:1]).result
    failed = len(result.failures) + len(result.errors)
    print(f'{result.testsRun - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

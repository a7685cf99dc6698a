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

import markdown
import memory
import report
import run
import testing
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

# Prints what memory.c would.
MEMORY_PRETENDER = '''#!/usr/bin/python3
import json, sys
mib = 1 << 20
scenario = sys.argv[1]
if {fails}:
    sys.exit('broken on purpose')
if scenario == 'start':
    print(json.dumps({{'resident': mib + {extra} * mib}}))
elif scenario == 'peak':
    said = {{'base': mib, 'requested': 100 * mib, 'peak': (101 + {extra}) * mib,
            'freed': (1 + {extra}) * mib, 'idle': 2 * mib}}
    if {trims}:
        said['trimmed'] = mib
    print(json.dumps(said))
else:
    print(json.dumps({{'base': mib, 'steps_of_sample': 10, 'freed': (3 + {extra}) * mib,
                      'curve': [[10 * mib, 11 * mib], [20 * mib, (21 + {extra}) * mib]]}}))
'''

# Prints the next of a list of readings; the last one for ever.
READINGS = '''#!/bin/sh
cd "${{0%/*}}" || exit 1
read -r readings <{file}
set -- $readings
echo "$1"
[ $# -eq 1 ] || {{ shift; echo "$*" >{file}; }}
'''


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)


class Pretending(unittest.TestCase):
    """A build directory of executables that pretend."""

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.build = Path(held.name)
        self.output = self.build / 'out'
        self.readings('100')
        self.paces('1')
        script(self.build / 'roundtrip', READINGS.format(file='readings'))
        script(self.build / 'pace', READINGS.format(file='paces'))
        for name, ns in (('corral', 3), ('limit', 2), ('limit-16', 2.5), ('tcmalloc', 4),
                         ('mimalloc', 5), ('mimalloc-heaps', 8), ('empty', 0.5)):
            self.pretend(name, ns, small=name.startswith('limit'))
            self.pretend_memory(name, ns, trims=name != 'corral')

    def pretend(self, name, ns, fails=False, small=False):
        for layout in run.LAYOUTS:
            script(self.build / f'bench-{name}{layout}',
                   PRETENDER.format(ns=ns, fails=fails, small=small))

    def pretend_memory(self, name, extra, fails=False, trims=True):
        script(self.build / f'memory-{name}',
               MEMORY_PRETENDER.format(extra=extra, fails=fails, trims=trims))

    def readings(self, text):
        (self.build / 'readings').write_text(text.strip() + '\n')

    def paces(self, text):
        """After those that tell the cores' own pace, which is 1."""
        first = '1 ' * run.PACE_READINGS
        (self.build / 'paces').write_text((first + text).strip() + '\n')

    def run_driver(self, *more, mode='quick'):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            self.code = run.main([mode, '--build', str(self.build), '--output', str(self.output),
                                  '--rounds', '2', *more])
        self.said = said.getvalue()
        return json.loads((self.output / 'results.json').read_text())


class Driver(Pretending):
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

    def test_a_run_on_a_core_that_slowed_down_is_repeated(self):
        self.paces('1 2 1 1')
        data = self.run_driver('--rows', 'a', '--allocators', 'corral', '--rounds', '1')
        self.assertEqual([run['kept'] for run in data['runs']], [False, True])
        self.assertEqual([run['kind'] for run in data['runs']], ['busy', 'one core'])
        self.assertEqual(data['summary']['a']['one core']['allocators']['corral']['runs'], 1)

    def test_a_run_waits_for_the_core(self):
        self.paces('2 2 1 1')
        data = self.run_driver('--rows', 'a', '--allocators', 'corral', '--rounds', '1')
        self.assertEqual([run['paces'] for run in data['runs']], [[1, 1]])

    def test_a_core_that_is_slow_for_ever_is_a_kind_of_its_own(self):
        self.paces('2')
        data = self.run_driver('--rows', 'a', '--allocators', 'corral', mode='full')
        self.assertEqual(list(data['summary']['a']), ['busy'])
        self.assertEqual(data['summary']['a']['busy']['allocators']['corral']['runs'], 2)
        self.assertIn('2 kept, in rows of their own, and 0 without', self.said)

    def test_waiting_in_vain_ends_soon(self):
        pace = run.Pace(self.build)
        pace.start -= 100
        pace.lost = 40
        self.assertTrue(pace.is_patient())
        for _ in range(100):
            pace.count(False)
        self.assertFalse(pace.is_patient())
        for _ in range(100):
            pace.count(True)
        self.assertTrue(pace.is_patient())

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

    def test_a_trace_is_handed_on(self):
        options = run.arguments(['full', '--build', str(self.build), '--output', str(self.output),
                                 '--trace', '/some/trace'])
        for programs in run.commands(options).values():
            for program in programs:
                self.assertEqual(program[1:], ['--trace', '/some/trace'])

    def test_full_tables(self):
        data = self.run_driver('--rounds', '1', '--allocators', 'corral,limit,tcmalloc,empty',
                               mode='full')
        self.assertEqual(self.code, 0)
        self.assertEqual(list(data['summary']), [row.key for row in ROWS])
        self.assertEqual(list(data['memory_summary']), list(memory.SCENARIOS))
        for word in ('alloc, ns', 'free, ns', 'p99.999', 'corral of best', 'lines shared'):
            self.assertIn(word, self.said)
        for call in ('alloc', 'free'):
            table = report.latency_table(data['summary']['g']['one core'], call)
            self.assertRegex(table, r'(?m)^    empty( +5){7}$')
            self.assertRegex(table, r'(?m)^    corral( +30){7}$')
        self.assertEqual(report.tables(data), (self.output / 'results.txt').read_text())
        for name in ('throughput', 'scaling', 'latency', 'resident'):
            self.assertIn('<svg', (self.output / f'{name}.svg').read_text())

    def test_memory_at_the_start_is_over_a_program_without_an_allocator(self):
        data = self.run_driver('--rows', 'start', '--allocators', 'corral,tcmalloc,empty')
        self.assertEqual(data['summary'], {})
        start = data['memory_summary']['start']
        self.assertNotIn('empty', start)
        self.assertAlmostEqual(start['corral']['over_empty'], 2.5)
        self.assertAlmostEqual(start['tcmalloc']['over_empty'], 3.5)

    def test_memory_at_the_peak_and_after(self):
        data = self.run_driver('--rows', 'peak16', '--allocators', 'corral,tcmalloc,empty,limit')
        peak = data['memory_summary']['peak16']
        self.assertEqual(sorted(peak), ['corral', 'tcmalloc'])
        self.assertAlmostEqual(peak['corral']['peak_of_requested'], 1.03)
        self.assertAlmostEqual(peak['corral']['freed'], 3)
        self.assertAlmostEqual(peak['corral']['freed_of_peak'], 3 / 103)
        self.assertNotIn('trimmed', peak['corral'])
        self.assertEqual(peak['tcmalloc']['trimmed'], 0)
        self.assertIn('n/a', memory.tables(data['memory_summary'])[0])

    def test_memory_over_a_long_run(self):
        data = self.run_driver('--rows', 'fragmentation', '--allocators', 'corral')
        figures = data['memory_summary']['fragmentation']['corral']
        self.assertAlmostEqual(figures['mean_of_live'], (10 + 23) / (10 + 20))
        self.assertAlmostEqual(figures['most_of_live'], 23 / 20)
        self.assertEqual(figures['curve'][1], [20 << 20, 23 << 20])

    def test_ratios_of_what_is_live(self):
        for scenario in ('producer', 'idle', 'short'):
            data = self.run_driver('--rows', scenario, '--allocators', 'corral')
            figures = data['memory_summary'][scenario]['corral']
            self.assertAlmostEqual(figures['greatest_of_live'], 23 / 20)
            self.assertAlmostEqual(figures['last_of_live'], 23 / 20)
            self.assertAlmostEqual(figures['freed'], 5)

    def test_a_failure_of_a_memory_program_is_told(self):
        self.pretend_memory('tcmalloc', 0, fails=True)
        data = self.run_driver('--rows', 'start', '--allocators', 'corral,tcmalloc')
        self.assertEqual(self.code, 1)
        self.assertIn('FAILED: (start) tcmalloc: exit code 1: broken on purpose', self.said)
        self.assertNotIn('tcmalloc', data['memory_summary']['start'])

    def test_ratios_are_within_a_kind(self):
        """tcmalloc runs on near cores only, corral on far ones only: there is no ratio."""
        self.readings('500 500 100 100')
        data = self.run_driver('--rows', 'e', '--allocators', 'corral,tcmalloc', '--rounds', '1')
        kinds = data['summary']['e']
        self.assertEqual(sorted(kinds), ['far', 'near'])
        for part in kinds.values():
            self.assertEqual(len(part['allocators']), 1)
        self.assertNotIn('of_best', kinds['far']['allocators'].get(
            'corral', kinds['near']['allocators'].get('corral')))


class Markdown(Pretending):
    """The tables of a whole run, put into a file twice."""

    def test_only_the_marked_part_changes(self):
        data = self.run_driver('--rows', 'a,d,e,g,active,peak1', '--rounds', '1')
        file = self.build / 'note.md'
        file.write_text(f'before\n{markdown.BEGIN}\nold\n{markdown.END}\nafter\n')
        (self.build / 'plots').mkdir()
        (self.build / 'plots' / 'scaling.svg').touch()
        report.main([str(self.output / 'results.json'), '--markdown', str(file)])
        first = file.read_text()
        self.assertTrue(first.startswith(f'before\n{markdown.BEGIN}\n'))
        self.assertTrue(first.endswith(f'{markdown.END}\nafter\n'))
        self.assertNotIn('old', first)
        self.assertIn(f'| (a) {ROWS[0].title} | 3 | 2 | 1.50 | 4 tcmalloc | 0.75 |', first)
        self.assertIn('best category-aware | 3 |', first)
        self.assertIn('| empty | 5 |', first)
        self.assertIn('![scaling](plots/scaling.svg)', first)
        self.assertIn('| corral | 1.030 | 3.0 | 2.9% | 1.0 | n/a |', first)
        markdown.put_into(file, data)
        self.assertEqual(file.read_text(), first)

    def test_more_threads_than_cores_are_against_two(self):
        data = self.run_driver('--rows', 't2,t16,tl2', '--rounds', '1', '--allocators', 'corral')
        data['summary']['t16']['near']['allocators']['corral']['median'] = 8
        text = markdown.text_of(data, [])
        self.assertIn('| (t) near, corral | – | 0.75 | – |', text)
        self.assertIn('| (tl) near, corral | – | – | – |', text)

    def test_lost_rows_are_bold_and_listed(self):
        self.pretend('corral', 6)
        data = self.run_driver('--rows', 'a', '--rounds', '1')
        text = markdown.text_of(data, [])
        self.assertIn('| 4 tcmalloc | **1.50** |', text)
        self.assertIn(f'- (a) {ROWS[0].title}: 1.50 of tcmalloc', text)

    def test_a_file_without_marks_is_left_alone(self):
        file = self.build / 'note.md'
        file.write_text('text')
        with self.assertRaises(SystemExit):
            markdown.put_into(file, {'summary': {}})
        self.assertEqual(file.read_text(), 'text')


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


if __name__ == '__main__':
    sys.exit(testing.run())

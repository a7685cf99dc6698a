#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Medians, ratios and tables.

Owns:     how figures are made of runs, and how they are written.
Callers:  run.py, plots.py; a person, with the path of a results.json, to print its tables again.
Promises: a ratio is of two medians of the same row and the same kind of core distance. Only runs
          that were kept count.
Does not: leave out a row in which corral loses.
"""
import argparse
import json
import statistics
import sys
from pathlib import Path

import memory
from rows import (BUSY, LATENCY, ONE_CORE, QUANTILES, ROWS, SUBJECTS, is_rival, place,
                  row_of)


def spread(values):
    """Median, least, quartiles and number of the values."""
    values = sorted(values)
    low, middle, high = (statistics.quantiles(values, n=4, method='inclusive')
                         if len(values) > 1 else values * 3)
    return {'median': middle, 'min': values[0], 'q1': low, 'q3': high, 'runs': len(values)}


def best(figures, names):
    """The one of these with the least median, or None."""
    names = [name for name in names if name in figures]
    return min(names, key=lambda name: figures[name]['median'], default=None)


def groups_of(row, figures):
    """The groups of rivals whose best is named apart: name: members."""
    rivals = [name for name in figures if is_rival(name)]
    named = {name for members in row.groups.values() if members for name in members}
    return {group: [name for name in rivals if (name in members if members else name not in named)]
            for group, members in row.groups.items()}


def with_ratios(row, figures):
    """Adds to each allocator's figures its ratios to the limit and to the best rivals."""
    rival = best(figures, [name for name in figures if is_rival(name)])
    bests = {group: best(figures, names) for group, names in groups_of(row, figures).items()}
    limit = figures.get(row.limit)
    for figure in figures.values():
        if limit:
            figure['of_limit'] = figure['median'] / limit['median']
        if rival:
            figure['of_best'] = figure['median'] / figures[rival]['median']
    return {'allocators': figures, 'best_rival': rival, 'best_of_group': bests}


def latencies(runs):
    """The medians over the runs of each quantile of each call."""
    return {f'{call}_{quantile}': statistics.median(run['raw'][f'{call}_{quantile}']
                                                    for run in runs)
            for call in ('alloc', 'free') for quantile in QUANTILES}


def summarise(runs):
    """row: kind: figures of the allocators, of the runs that were kept."""
    kept = {}
    for run in runs:
        if run['kept']:
            place = kept.setdefault(run['row'], {}).setdefault(run['kind'], {})
            place.setdefault(run['allocator'], []).append(run)
    summary = {}
    for row in ROWS:
        for kind, allocators in sorted(kept.get(row.key, {}).items()):
            figures = {}
            for name, group in allocators.items():
                figures[name] = spread([run['ns'] for run in group])
                if row.key == LATENCY:
                    figures[name].update(latencies(group))
                if row.counter:
                    figures[name]['counter'] = statistics.median(run['raw'][row.counter]
                                                                 for run in group)
            summary.setdefault(row.key, {})[kind] = with_ratios(row, figures)
    return summary


def ratio(value):
    return '     -' if value is None else f'{value:6.2f}'


def row_table(key, kind, part):
    """One row, allocators from fast to slow."""
    figures = part['allocators']
    where = '' if kind == ONE_CORE else f', cores {kind}'
    counter = row_of(key).counter.replace('_', ' ')
    lines = [f'({key}) {row_of(key).title}{where}; ns for one alloc and free',
             f'    {"":<20}{"median":>9}{"min":>9}{"q1":>9}{"q3":>9}{"runs":>6}'
             f'{"of limit":>10}{"of best":>9}' + (f'{counter:>14}' if counter else '')]
    for name in sorted(figures, key=lambda name: figures[name]['median']):
        figure = figures[name]
        lines.append(f'    {name:<20}' + ''.join(f'{figure[field]:9.2f}'
                                                 for field in ('median', 'min', 'q1', 'q3'))
                     + f'{figure["runs"]:6d}    {ratio(figure.get("of_limit"))}'
                       f'   {ratio(figure.get("of_best"))}'
                     + (f'{figure["counter"]:14.0f}' if 'counter' in figure else ''))
    for subject in SUBJECTS:
        for group, name in part['best_of_group'].items():
            if subject in figures and name:
                of = figures[subject]['median'] / figures[name]['median']
                lines.append(f'    {subject} to the best {group} rival, {name}: {of:.2f}')
    return '\n'.join(lines)


def latency_table(part, call):
    """The quantiles of one call, and the subjects' ratios to the best rival of each."""
    figures = part['allocators']
    names = sorted(figures, key=lambda name: figures[name][f'{call}_p99'])
    lines = [f'({LATENCY}) {row_of(LATENCY).title}: {call}, ns',
             f'    {"":<20}' + ''.join(f'{quantile:>11}' for quantile in QUANTILES)]
    for name in names:
        lines.append(f'    {name:<20}' + ''.join(f'{figures[name][f"{call}_{quantile}"]:11.0f}'
                                                 for quantile in QUANTILES))
    rivals = [name for name in names if is_rival(name)]
    for subject in SUBJECTS:
        if subject in figures and rivals:
            ratios = [figures[subject][f'{call}_{quantile}']
                      / min(figures[name][f'{call}_{quantile}'] for name in rivals)
                      for quantile in QUANTILES]
            lines.append(f'    {subject + " of best":<20}' + ''.join(f'{of:11.2f}'
                                                                     for of in ratios))
    return '\n'.join(lines)


def versions(runs):
    """allocator: the version that ran."""
    return {run['allocator']: run['context'].get('allocator_version', '-')
            for run in runs if 'context' in run}


def head(data):
    machine = data['machine']
    found = versions(data['runs'])
    compilers = {run['context']['compiler'] for run in data['runs'] if 'context' in run}
    repeated = {one: sum(1 for run in data['runs'] if not run['kept'] and 'error' not in run
                         and (run['kind'] in (ONE_CORE, BUSY)) == one) for one in (False, True)}
    kept = [run['kind'] for run in data['runs'] if run['kept']]
    kinds = sorted(set(kept) - {ONE_CORE, BUSY})
    load = machine['load_at_start'][0]
    return '\n'.join([
        f'{machine["processor"]}, {machine["cores"]} cores, {machine["system"]}',
        f'compiler {", ".join(sorted(compilers))}; load at the start {load:.1f}',
        ', '.join(f'{name} {found[name]}' for name in sorted(found) if found[name] != '-'),
        f'kinds of core distance that occurred: {", ".join(kinds) or "none measured"} '
        f'(near: a round trip below {machine["near_below_ns"]:.0f} ns); '
        f'runs repeated because it changed: {repeated[False]}',
        f'runs on one core beside a busy neighbour: {repeated[True]} repeated; {kept.count(BUSY)} kept, in '
        f'rows of their own, and {kept.count(ONE_CORE)} without',
        'of limit, of best: the median divided by that of the limit, of the best rival'])


def tables(data):
    """Everything, for people."""
    parts = [head(data)]
    for key, kinds in data['summary'].items():
        for kind, part in kinds.items():
            parts.append(row_table(key, kind, part))
            if key == LATENCY:
                parts += [latency_table(part, 'alloc'), latency_table(part, 'free')]
    parts += memory.tables(data.get('memory_summary', {}))
    return '\n\n'.join(parts) + '\n'


def lines(summary, subject):
    """One line for each row: the subject's time divided by each other's."""
    text = [f'{subject} divided by each of the others (below 1: {subject} is faster), medians']
    for key, kinds in summary.items():
        for kind, part in kinds.items():
            figures = part['allocators']
            if subject not in figures:
                continue
            own = figures[subject]['median']
            others = sorted((name for name in figures if name != subject),
                            key=lambda name: (place(name), figures[name]['median']))
            label = f'({key})' if kind == ONE_CORE else f'({key}, {kind})'
            text.append(f'{label:<11}{own:8.2f} ns  '
                        + '  '.join(f'{name} {own / figures[name]["median"]:.2f}'
                                    for name in others))
    return '\n'.join(text)


def print_failures(runs, memory_runs):
    """Says which runs failed; returns how many."""
    failures = [run for run in runs + memory_runs if 'error' in run]
    for run in failures:
        print(f'FAILED: ({run["row"]}) {run["allocator"]}: {run["error"]}', file=sys.stderr)
    unsettled = {(run['row'], run['allocator'], run['round']) for run in runs if not run['kept']}
    unsettled -= {(run['row'], run['allocator'], run['round']) for run in runs
                  if run['kept'] or 'error' in run}
    for row, allocator, number in sorted(unsettled):
        print(f'left out: ({row}) {allocator}, round {number + 1}: the cores moved in every try',
              file=sys.stderr)
    return len(failures)


def main(argv):
    parser = argparse.ArgumentParser(description='Print the tables of a results.json again.')
    parser.add_argument('results', type=Path)
    parser.add_argument('--markdown', type=Path, metavar='FILE',
                        help='put them into the marked part of this file instead')
    options = parser.parse_args(argv)
    data = json.loads(options.results.read_text())
    if options.markdown:
        import markdown  # it needs what this file owns
        markdown.put_into(options.markdown, data)
    else:
        print(tables(data), end='')


if __name__ == '__main__':
    main(sys.argv[1:])

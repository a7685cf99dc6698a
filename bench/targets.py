#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What corral is to reach, and what it reached in a run.

Owns:     the targets.
Callers:  a person, with the path of a results.json: prints a Markdown table.
Promises: every target has a line, whether it is reached, missed, or has no figure in the run.
Does not: measure, or round in corral's favour: a figure is compared as it is.
"""
import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from rows import AWARE, LATENCY, ONE_CORE, RETURN_TO_OWNER, SUBJECTS, is_rival, row_of

CALLED, INLINED = SUBJECTS[0], SUBJECTS[1]
NEAR = 'near'


@dataclass(frozen=True)
class Target:
    """`figures` of the data: name: value. Each is to be at most its bound, or at least."""
    text: str
    bounds: tuple           # one for each figure; of two numbers, the first is the first step
    figures: Callable
    at_least: bool = False


def medians(data, key):
    """allocator: median of a row; of two cores' rows, where they were near."""
    kinds = data['summary'].get(key, {})
    part = kinds.get(ONE_CORE) or kinds.get(NEAR) or {'allocators': {}}
    return {name: figure['median'] for name, figure in part['allocators'].items()}


def ratio(own, others):
    return own / min(others) if own is not None and others else None


def of_limit(*keys):
    def figures(data):
        rows = {key: medians(data, key) for key in keys}
        return [ratio(rows[key].get(CALLED), [rows[key][row_of(key).limit]]
                      if row_of(key).limit in rows[key] else []) for key in keys]
    return figures


def of_best(*keys, subject=CALLED, only=None, without=()):
    def figures(data):
        found = []
        for key in keys:
            row = medians(data, key)
            rivals = [value for name, value in row.items()
                      if is_rival(name) and name not in without and (only is None or name in only)]
            found.append(ratio(row.get(subject), rivals))
        return found
    return figures


def both(*parts):
    return lambda data: [value for part in parts for value in part(data)]


def quantiles(call):
    def figures(data):
        part = data['summary'].get(LATENCY, {}).get(ONE_CORE, {'allocators': {}})['allocators']
        return [ratio(part.get(CALLED, {}).get(f'{call}_{quantile}'),
                      [figure[f'{call}_{quantile}'] for name, figure in part.items()
                       if is_rival(name)])
                for quantile in ('p99', 'p99.9', 'p99.99')]
    return figures


def memory(field, *rows):
    return lambda data: [data['memory_summary'].get(row, {}).get(CALLED, {}).get(field)
                         for row in rows]


def throughput(*threads):
    def figures(data):
        two = medians(data, 't2').get(CALLED)
        return [two / own if two and own else None
                for own in (medians(data, f't{count}').get(CALLED) for count in threads)]
    return figures


TARGETS = (
    Target('(a), (b) called, of the limit called', ((1.10,), (1.10,)), of_limit('a', 'b')),
    Target('inlined, of the best rival: (a), (b), (c)', ((0.5,), (0.85,), (0.80,)),
           of_best('a', 'b', 'c', subject=INLINED)),
    Target('(c) called, of the best rival', ((0.90,),), of_best('c')),
    Target('(d) called, of the best category-aware, category-blind rival',
           ((0.85, 0.75), (1.05, 0.98)),
           both(of_best('d', only=AWARE), of_best('d', without=AWARE))),
    Target('(e), (e2), near, of the best rival', ((1.0, 0.9), (1.0, 0.9)), of_best('e', 'e2')),
    Target('(f) near, of the best, of the best that returns to the owner', ((1.05,), (0.3,)),
           both(of_best('f'), of_best('f', only=RETURN_TO_OWNER))),
    Target('65,536 blocks in order, mixed in random order, of the best rival', ((1.0,), (1.0,)),
           of_best('bulk', 'bulkr')),
    Target('64 KiB, 1 MiB, 4 MiB, of the best rival', ((1.10,), (1.10,), (1.10,)),
           of_best('h64k', 'h1m', 'h4m')),
    Target('alloc p99, p99.9, p99.99, each of the best rival', ((1.0,),) * 3, quantiles('alloc')),
    Target('free p99, p99.9, p99.99, each of the best rival', ((1.0,),) * 3, quantiles('free')),
    Target('resident at start, MiB', ((0.3,),), memory('over_empty', 'start')),
    Target('peak over requested, 1 and 16 categories', ((1.08,), (1.12,)),
           memory('peak_of_requested', 'peak1', 'peak16')),
    Target('all freed, no call made, of the peak, 1 and 16 categories', ((0.10,), (0.10,)),
           memory('freed_of_peak', 'peak1', 'peak16')),
    Target("4, 16, 64 threads on 2 cores, of 2 threads' throughput", ((0.9,),) * 3,
           throughput(4, 16, 64), at_least=True),
)


def says(target, values):
    """yes, no, or how many of them; of steps, how far."""
    def reached(value, bound):
        return value is not None and (value >= bound if target.at_least else value <= bound)
    if all(value is None for value in values):
        return 'no figure'
    first = [reached(value, bounds[0]) for value, bounds in zip(values, target.bounds)]
    last = [reached(value, bounds[-1]) for value, bounds in zip(values, target.bounds)]
    if all(last):
        return 'yes'
    if all(first):
        return 'the first'
    return f'{sum(first)} of {len(first)}' if any(first) else 'no'


def bound_text(bounds):
    return ', then '.join(f'{bound:.2f}' for bound in bounds)


def table(data):
    lines = ['| figure | target | reached |', '|---|---|---|']
    for target in TARGETS:
        values = target.figures(data)
        same = len(set(target.bounds)) == 1
        wanted = '; '.join(bound_text(bounds)
                           for bounds in (target.bounds[:1] if same else target.bounds))
        have = ', '.join('–' if value is None else f'{value:.3f}' if value < 0.995 else f'{value:.2f}'
                         for value in values)
        lines.append(f'| {target.text} | {wanted} | {says(target, values)}: {have} |')
    return '\n'.join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('results', type=Path, help='a results.json of run.py')
    print(table(json.loads(parser.parse_args().results.read_text())))


if __name__ == '__main__':
    main()

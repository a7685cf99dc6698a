#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Draws the results.

Owns:     the SVG files beside results.json, or where a person wants them.
Callers:  run.py; a person, as plots.py RESULTS [DIRECTORY].
Promises: every allocator that ran is in every plot that has its row, in the same colour.
Does not: smooth anything. Needs Debian's python3-matplotlib.
"""
import json
import sys
from pathlib import Path

import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402 (the drawing backend is chosen before)
from matplotlib.ticker import FormatStrFormatter  # noqa: E402

from memory import CURVES, MIB  # noqa: E402
from rows import BUSY, LATENCY, ONE_CORE, QUANTILES, SCALING, place, row_of  # noqa: E402

# Where each quantile stands on an axis of nines.
NINES = {'p50': 0.3, 'p90': 1, 'p99': 2, 'p99.9': 3, 'p99.99': 4, 'p99.999': 5, 'max': 6}


def colours(summary, memory_summary):
    """allocator: colour, the same in every plot."""
    names = {name for kinds in summary.values() for part in kinds.values()
             for name in part['allocators']}
    names |= {name for figures in memory_summary.values() for name in figures}
    ordered = sorted(names, key=lambda name: (place(name), name))
    return {name: plt.get_cmap('tab20')(index % 20) for index, name in enumerate(ordered)}


def save(figure, path):
    figure.savefig(path, format='svg', bbox_inches='tight')
    plt.close(figure)
    return path


def throughput(summary, colour, output):
    """For each row a point for each allocator, with its quartiles, on an axis of doublings."""
    parts = [(key, kind, part) for key, kinds in summary.items() for kind, part in kinds.items()]
    if not parts:
        return None
    columns = 3
    count = -(-len(parts) // columns)
    figure, axes = plt.subplots(count, columns, figsize=(15, 3.6 * count), squeeze=False)
    for axis in axes.flat[len(parts):]:
        axis.axis('off')
    for axis, (key, kind, part) in zip(axes.flat, parts):
        figures = part['allocators']
        names = sorted(figures, key=lambda name: -figures[name]['median'])
        medians = [figures[name]['median'] for name in names]
        spread = [[figures[name]['median'] - figures[name]['q1'] for name in names],
                  [figures[name]['q3'] - figures[name]['median'] for name in names]]
        axis.errorbar(medians, names, xerr=spread, fmt='none', ecolor='grey', elinewidth=1)
        axis.scatter(medians, names, c=[colour[name] for name in names], zorder=3)
        axis.set_xscale('log', base=2)
        axis.xaxis.set_major_formatter(FormatStrFormatter('%g'))
        axis.grid(axis='x', alpha=0.3)
        axis.set_title(f'({key}) {row_of(key).title}' + ('' if kind == ONE_CORE else f', {kind}'),
                       fontsize=8)
        axis.set_xlabel('ns for one alloc and free', fontsize=8)
        axis.tick_params(labelsize=7)
    figure.tight_layout()
    return save(figure, output / 'throughput.svg')


def scaling_points(summary, keys, name, kind):
    """(threads, millions in a second) of one allocator, on cores of one kind."""
    points = []
    for threads, key in keys.items():
        part = summary.get(key, {})
        figures = part.get(kind, part.get(ONE_CORE, part.get(BUSY, {}))).get('allocators', {})
        if name in figures:
            points.append((threads, 1e3 / figures[name]['median']))
    return points


def scaling(summary, colour, output):
    """Millions of allocs and frees in a second over the number of threads."""
    figure, axes = plt.subplots(1, len(SCALING), figsize=(18, 6))
    for axis, (title, keys) in zip(axes, SCALING.items()):
        kinds = {kind for key in keys.values() for kind in summary.get(key, {})} - {ONE_CORE, BUSY}
        for kind, style in zip(sorted(kinds, reverse=True), ('-', '--')):
            for name, shade in colour.items():
                points = scaling_points(summary, keys, name, kind)
                if len(points) > 1 and place(name) < 2:
                    axis.plot(*zip(*points), marker='o', linestyle=style, color=shade,
                              label=f'{name}, cores {kind}')
        axis.set_xscale('log', base=2)
        axis.xaxis.set_major_formatter(FormatStrFormatter('%g'))
        axis.set_title(title)
        axis.set_xlabel('threads')
        axis.set_ylabel('million allocs and frees in a second')
        if axis.lines:
            axis.set_ylim(bottom=0)
            axis.legend(fontsize=6)
    if not any(axis.lines for axis in axes):
        plt.close(figure)
        return None
    return save(figure, output / 'scaling.svg')


def latency(summary, colour, output):
    """The quantiles of alloc and of free, on an axis of nines."""
    figure, axes = plt.subplots(1, 2, figsize=(14, 5), sharey=True)
    for kind, part in summary.get(LATENCY, {}).items():
        if kind == BUSY and ONE_CORE in summary[LATENCY]:
            continue
        for axis, call in zip(axes, ('alloc', 'free')):
            for name, figures in part['allocators'].items():
                axis.plot([NINES[quantile] for quantile in QUANTILES],
                          [figures[f'{call}_{quantile}'] for quantile in QUANTILES],
                          marker='.', label=name, color=colour[name])
            axis.set_yscale('log')
            axis.set_xticks(list(NINES.values()), list(NINES))
            axis.set_title(f'{call}, ns')
            axis.grid(alpha=0.3)
    if not axes[0].lines:
        plt.close(figure)
        return None
    axes[1].legend(fontsize=7)
    return save(figure, output / 'latency.svg')


# What the samples of a curve are taken by.
ALONG = {'fragmentation': ('million blocks replaced', 'resident.svg'), 'day': ('hours', 'day.svg')}


def resident(scenario, memory_summary, colour, output):
    """Resident and live memory over the steps of a long run."""
    curves = memory_summary.get(scenario, {})
    if not curves:
        return None
    figure, axis = plt.subplots(figsize=(14, 7))
    for name, figures in curves.items():
        step = figures['steps_of_sample'] / 1e6
        steps = [step * (index + 1) for index in range(len(figures['curve']))]
        axis.plot(steps, [sample[1] / MIB for sample in figures['curve']], label=name,
                  color=colour[name], linewidth=1)
    axis.fill_between(steps, [sample[0] / MIB for sample in figures['curve']], color='lightgrey',
                      label='live')
    along, name = ALONG[scenario]
    axis.set_ylim(bottom=0)
    axis.set_xlabel(along)
    axis.set_ylabel('MiB resident')
    axis.grid(alpha=0.3)
    axis.legend(fontsize=7)
    return save(figure, output / name)


def draw(data, output):
    """The paths of the plots that the data has figures for."""
    summary, memory_summary = data['summary'], data.get('memory_summary', {})
    shades = colours(summary, memory_summary)
    drawn = [plot(summary, shades, output) for plot in (throughput, scaling, latency)]
    drawn += [resident(scenario, memory_summary, shades, output) for scenario in CURVES]
    return [path for path in drawn if path]


if __name__ == '__main__':
    source = Path(sys.argv[1])
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else source.parent
    target.mkdir(parents=True, exist_ok=True)
    for plot_path in draw(json.loads(source.read_text()), target):
        print(plot_path)

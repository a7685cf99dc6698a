# SPDX-License-Identifier: MIT
"""The tables as Markdown, in the marked part of a file.

Owns:     the text between the two marks.
Callers:  report.py --markdown.
Promises: everything outside of the marks stays as it is. A ratio above 1 is bold: it is a row that
          corral loses.
Does not: explain a figure.
"""
import sys

import memory
import report
from rows import (LATENCY, LIMITS, ONE_CORE, QUANTILES, SCALING, SUBJECTS, THREADS, is_rival,
                  place, row_of)

BEGIN, END = '<!-- figures: begin -->', '<!-- figures: end -->'
SUBJECT = SUBJECTS[0]


def table(head, rows):
    """The first column is of words, all others are of figures."""
    rule = ['---'] + ['---:'] * (len(head) - 1)
    return '\n'.join('| ' + ' | '.join(cells) + ' |' for cells in [head, rule, *rows])


def number(value):
    return f'{value:.3g}' if value < 1000 else f'{value:.0f}'


def ratio(value):
    return f'**{value:.2f}**' if round(value, 2) > 1 else f'{value:.2f}'


def parts_of(summary):
    """(label, row, figures of the allocators, the whole part) of each row and kind."""
    for key, kinds in summary.items():
        for kind, part in kinds.items():
            label = f'({key})' if kind == ONE_CORE else f'({key}) {kind}'
            yield label, row_of(key), part['allocators'], part


def comparisons(part):
    """(which rivals, the best of them), of those that are in the part."""
    named = [(f'best {group}', name) for group, name in part['best_of_group'].items() if name]
    return named or ([('', part['best_rival'])] if part['best_rival'] else [])


def against_rivals(summary):
    rows = []
    for label, row, figures, part in parts_of(summary):
        if SUBJECT not in figures:
            continue
        own = figures[SUBJECT]['median']
        limit = figures.get(row.limit)
        for group, name in comparisons(part):
            rows.append([f'{label} {row.title}' + (f', {group}' if group else ''), number(own),
                         number(limit['median']) if limit else '–',
                         f'{own / limit["median"]:.2f}' if limit else '–',
                         f'{number(figures[name]["median"])} {name}',
                         ratio(own / figures[name]['median'])])
    return table(['workload', SUBJECT, 'limit', 'of the limit', 'best rival', 'of the best rival'],
                 rows)


def merged(name):
    """Limits for different numbers of categories share a column: a row has one of them."""
    return name.replace('-16', '').replace('-64', '') if name in LIMITS else name


def everyone(summary):
    """The median of every allocator that ran, with the quartiles' distance in percent."""
    names = sorted({merged(name) for _, _, figures, _ in parts_of(summary) for name in figures},
                   key=lambda name: (name not in SUBJECTS, place(name), name))
    rows = []
    for label, _, figures, _ in parts_of(summary):
        by_name = {merged(name): figure for name, figure in figures.items()}
        rows.append([label] + [cell(by_name.get(name)) for name in names])
    return table(['row', *names], rows)


def cell(figure):
    if figure is None:
        return '–'
    spread = (figure['q3'] - figure['q1']) / figure['median']
    return f'{number(figure["median"])} ±{spread / 2:.0%}'


def scaling(summary):
    """How much more is done in a second than with 2 threads, where threads are more than cores."""
    more = [threads for threads in THREADS if threads > 2]
    rows = []
    for title, keys in SCALING.items():
        for kind, two in summary.get(keys[2], {}).items():
            parts = [summary.get(keys[threads], {}).get(kind) for threads in more]
            for name in sorted(two['allocators'], key=lambda name: (name not in SUBJECTS,
                                                                    place(name), name)):
                medians = [part['allocators'].get(name) if part else None for part in parts]
                base = two['allocators'][name]['median']
                rows.append([f'{title} {kind}, {name}']
                            + [f'{base / figure["median"]:.2f}' if figure else '–'
                               for figure in medians])
    return rows and table(['of 2 threads\' throughput', *(str(threads) for threads in more)], rows)


def latency(part, call):
    figures = part['allocators']
    rivals = [name for name in figures if is_rival(name)]
    rows = [[name] + [number(figures[name][f'{call}_{quantile}']) for quantile in QUANTILES]
            for name in sorted(figures, key=lambda name: (place(name),
                                                          figures[name][f'{call}_p99']))]
    if SUBJECT in figures and rivals:
        rows.append([f'{SUBJECT} of the best rival']
                    + [ratio(figures[SUBJECT][f'{call}_{quantile}']
                             / min(figures[name][f'{call}_{quantile}'] for name in rivals))
                       for quantile in QUANTILES])
    return table([f'{call}, ns', *QUANTILES], rows)


def memory_table(scenario, figures):
    columns = memory.columns_of(scenario)
    rows = [[name] + [memory.text_of(figures[name], field, form) for field, _, form in columns]
            for name in sorted(memory.ordered(scenario, figures), key=place)]
    title = memory.SCENARIOS[scenario][1]
    return f'{title[0].upper()}{title[1:]}:\n\n' + table(['allocator'] + [title for _, title, _
                                                                          in columns], rows)


def lost(summary, memory_summary):
    """The rows in which somebody is better, as a list."""
    lines = []
    for label, row, figures, part in parts_of(summary):
        for group, name in comparisons(part) if SUBJECT in figures else []:
            of = figures[SUBJECT]['median'] / figures[name]['median']
            if round(of, 2) > 1:
                lines.append(f'- {label} {row.title}{", " + group if group else ""}: '
                             f'{of:.2f} of {name}')
    for scenario, figures in memory_summary.items():
        for field, (name, value) in memory.best_rivals(scenario, figures).items():
            own = figures.get(SUBJECT, {}).get(field)
            if own is not None and own > value:
                title, form = next((title, form) for key, title, form
                                   in memory.columns_of(scenario) if key == field)
                lines.append(f'- ({scenario}) {title}: {own:{form}}, {name} {value:{form}}')
    return '\n'.join(lines) or 'None.'


def text_of(data, plots):
    """Everything between the marks. `plots` is the paths of drawings, as the file names them."""
    summary, memory_summary = data['summary'], data.get('memory_summary', {})
    parts = ['### The run', '\n'.join(f'- {line}' for line in report.head(data).split('\n')[:-1])]
    if summary:
        parts += ['### Time, against the limit and the best rival',
                  'ns for one alloc and free, medians.', against_rivals(summary),
                  '### Time, everyone',
                  'Medians, with half the distance of the quartiles.', everyone(summary)]
    more_threads = scaling(summary)
    if more_threads:
        parts += ['### More threads than cores', more_threads]
    for kind, part in summary.get(LATENCY, {}).items():
        parts += ['### Latency of single calls' + ('' if kind == ONE_CORE else f', {kind}'), latency(part, 'alloc'), latency(part, 'free')]
    if memory_summary:
        parts.append('### Memory')
        parts += [memory_table(scenario, figures) for scenario, figures in memory_summary.items()]
    if plots:
        parts += ['### Plots', '\n\n'.join(f'![{plot.stem}]({plot})' for plot in plots)]
    parts += ['### Rows in which a rival is better', lost(summary, memory_summary)]
    return '\n\n'.join(parts)


def put_into(path, data):
    """Replaces what is between the marks of the file. Drawings are looked for beside it, in
    plots/."""
    text = path.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f'{path} has no marks: {BEGIN} and, behind it, {END}')
    plots = [plot.relative_to(path.parent) for plot in sorted(path.parent.glob('plots/*.svg'))]
    path.write_text(f'{before}{BEGIN}\n\n{text_of(data, plots)}\n\n{END}{after}')

# SPDX-License-Identifier: MIT
"""What each allocator keeps resident: the memory rows.

Owns:     the scenarios of memory.c, how they are run, and the figures that are made of them.
Callers:  run.py, report.py, markdown.py, plots.py.
Promises: each reading comes from a process of its own. A figure is the median over the rounds.
          Resident memory is over what the same process had before its first allocation; at the
          start it is over what a program without an allocator has.
Does not: run beside a measurement of time.
"""
import statistics

from rows import CHECKS, HARNESS, LIMITS, is_rival, place
from subprogram import report_of

MIB = 1 << 20
START, PEAKS = 'start', ('peak1', 'peak16')
# Those in which memory is read again and again.
CURVES = ('fragmentation', 'day')
# Those in which as much is live all the time.
HELD = ('producer', 'idle', 'short')
# key: (what the program is asked for, title)
SCENARIOS = {
    'start': (['start'], 'resident after the first block, over a program that allocates nothing'),
    'peak1': (['peak', '1'], '512 MiB live on 8 threads, 1 category'),
    'peak16': (['peak', '16'], '512 MiB live on 8 threads, 16 categories'),
    'fragmentation': (['fragmentation'], 'a long run of changing sizes, at most 64 MiB live'),
    'day': (['day'], 'a server\'s day: levels, sessions that rise and fall, sizes that grow'),
    'producer': (['producer'], '256 MiB live: one thread allocates all, another frees all'),
    'idle': (['idle'], '256 MiB live: those who allocated it idle, another replaces it at random'),
    'short': (['short'], '256 MiB live: replaced at random by threads that begin and end'),
}
# Which pages of a program's own file are resident at its start differs by some from run to run.
REPEATS = {'start': 5}
LIMIT_OF = {'start': 'limit', 'peak1': 'limit', 'peak16': 'limit-16'}
# The columns of a table: field, title, format.
COLUMNS = {
    'start': (('over_empty', 'MiB', '.2f'),),
    'peak': (('peak_of_requested', 'peak / requested', '.3f'), ('freed', 'freed, MiB', '.1f'),
             ('freed_of_peak', 'freed / peak', '.1%'), ('idle', 'idle, MiB', '.1f'),
             ('trimmed', 'trimmed, MiB', '.1f')),
    'curve': (('mean_of_live', 'mean / mean live', '.2f'),
              ('most_of_live', 'most / most live', '.2f'), ('most', 'most, MiB', '.1f'),
              ('last', 'at the end, MiB', '.1f')),
    'held': (('greatest_of_live', 'most / live', '.3f'),
             ('last_of_live', 'at the end', '.3f'),
             ('freed', 'freed, MiB', '.1f')),
}


def kind_of(scenario):
    return {**dict.fromkeys(PEAKS, 'peak'), **dict.fromkeys(CURVES, 'curve'),
            **dict.fromkeys(HELD, 'held')}.get(scenario, scenario)


def columns_of(scenario):
    return COLUMNS[kind_of(scenario)]


def takes_part(scenario, name):
    if name in HARNESS:
        return scenario == START
    return name not in CHECKS and (name not in LIMITS or name == LIMIT_OF.get(scenario))


def command_of(command):
    """The memory program beside a benchmark executable, with the same arguments."""
    program, *more = command
    folder, _, name = program.rpartition('/')
    return [f'{folder}/{name.replace("bench-", "memory-", 1)}', *more]


def execute(command, scenario):
    """One run, as report_of has it; (None, None) where the allocator does not serve the scenario."""
    return report_of(command_of(command) + SCENARIOS[scenario][0])


def measure(scenarios, found, rounds, progress):
    """The records of all rounds. `found` is the commands by the allocators' names."""
    records = []
    for number in range(rounds):
        for scenario in scenarios:
            for name in found:
                if not takes_part(scenario, name):
                    continue
                progress.step(f'memory, round {number + 1}  ({scenario})  {name}')
                records += repeated(scenario, name, found[name][0], number)
    return records


def repeated(scenario, name, command, number):
    """The records of one allocator in one round."""
    records = []
    for _ in range(REPEATS.get(scenario, 1)):
        record = {'row': scenario, 'allocator': name, 'round': number}
        values, error = execute(command, scenario)
        if error is not None:
            return [record | {'error': error}]
        if values is not None:
            records.append(record | {'values': values})
    return records


def steps(scenarios, found, rounds):
    """How many runs measure makes."""
    return rounds * sum(takes_part(scenario, name) for scenario in scenarios for name in found)


def figures_of_peak(values):
    over = {field: values[field] - values['base']
            for field in ('peak', 'freed', 'idle', 'trimmed') if field in values}
    figures = {field: over[field] / MIB for field in over}
    figures['peak_of_requested'] = over['peak'] / values['requested']
    figures['freed_of_peak'] = over['freed'] / over['peak']
    return figures


def figures_of_curve(values):
    live = [sample[0] for sample in values['curve']]
    resident = [sample[1] - values['base'] for sample in values['curve']]
    return {'mean_of_live': statistics.mean(resident) / statistics.mean(live),
            'most_of_live': max(resident) / max(live), 'most': max(resident) / MIB,
            'last': resident[-1] / MIB}


def figures_of_held(values):
    of_live = [(resident - values['base']) / live for live, resident in values['curve']]
    return {'greatest_of_live': max(of_live), 'last_of_live': of_live[-1],
            'freed': (values['freed'] - values['base']) / MIB}


FIGURES_OF = {'peak': figures_of_peak, 'curve': figures_of_curve, 'held': figures_of_held}


def medians(all_figures):
    return {field: statistics.median(figures[field] for figures in all_figures)
            for field in all_figures[0]}


def summarise_scenario(scenario, values):
    """allocator: figures. `values` is what each run said, by the allocators' names."""
    if scenario == START:
        empty = statistics.median(run['resident'] for run in values.get(HARNESS[0], [])
                                  or [{'resident': 0}])
        return {name: {'over_empty': (statistics.median(run['resident'] for run in runs) - empty)
                       / MIB}
                for name, runs in values.items() if name not in HARNESS}
    figures_of = FIGURES_OF[kind_of(scenario)]
    summary = {name: medians([figures_of(run) for run in runs]) for name, runs in values.items()}
    if scenario in CURVES:
        for name, runs in values.items():
            summary[name]['curve'] = [[live, resident - runs[0]['base']]
                                      for live, resident in runs[0]['curve']]
            summary[name]['steps_of_sample'] = runs[0]['steps_of_sample']
    return summary


def summarise(records):
    """scenario: allocator: figures, of the runs that did not fail."""
    values = {}
    for record in records:
        if 'values' in record:
            place_of = values.setdefault(record['row'], {})
            place_of.setdefault(record['allocator'], []).append(record['values'])
    return {scenario: summarise_scenario(scenario, values[scenario])
            for scenario in SCENARIOS if scenario in values}


def ordered(scenario, figures):
    """The allocators' names, from the least to the most of the first column."""
    field = columns_of(scenario)[0][0]
    return sorted(figures, key=lambda name: (figures[name][field], name))


def text_of(figures, field, form):
    return format(figures[field], form) if field in figures else 'n/a'


def best_rivals(scenario, figures):
    """field: the rival with the least value, and that value."""
    best = {}
    for field, _, _ in columns_of(scenario):
        rivals = [name for name in figures if is_rival(name) and field in figures[name]]
        if rivals:
            name = min(rivals, key=lambda rival: figures[rival][field])
            best[field] = (name, figures[name][field])
    return best


def tables(summary):
    """A table for each scenario, for people."""
    parts = []
    for scenario, figures in summary.items():
        columns = columns_of(scenario)
        lines = [f'({scenario}) {SCENARIOS[scenario][1]}',
                 f'    {"":<20}' + ''.join(f'{title:>18}' for _, title, _ in columns)]
        for name in sorted(ordered(scenario, figures), key=place):
            lines.append(f'    {name:<20}' + ''.join(f'{text_of(figures[name], field, form):>18}'
                                                     for field, _, form in columns))
        parts.append('\n'.join(lines))
    return parts

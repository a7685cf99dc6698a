# SPDX-License-Identifier: MIT
"""The rows of the tables, and who stands in them.

Owns:     the names of rows and allocators, and what each is compared with.
Callers:  run.py, report.py, memory.py, markdown.py, plots.py.
Promises: corral is an entry like any other: only `SUBJECTS` says whose ratio the reports state.
Does not: measure.
"""
from dataclasses import dataclass, field

SUBJECTS = ('corral', 'corral-inline', 'corral-shared')
LIMITS = ('limit', 'limit-inline', 'limit-16', 'limit-16-inline', 'limit-64', 'limit-64-inline')
AWARE = ('mimalloc-heaps', 'jemalloc-arenas')
RETURN_TO_OWNER = ('mimalloc', 'mimalloc-heaps')
HARNESS = ('empty',)
# Never run unless named: slowed on purpose, to see whether the figures tell; and what budgets and origins cost.
CHECKS = ('limit-twice', 'corral-slowed', 'corral-budget', 'corral-exact', 'corral-here', 'corral-origins')


@dataclass(frozen=True)
class Row:
    """One workload. `name` is the benchmark's own, without what the library appends."""
    key: str
    name: str
    title: str
    cores: int = 1          # with 2, runs are sorted by the round trip between the cores
    limit: str = 'limit'    # whose time stands for 1 in the column "of limit"
    inline: str = 'limit-inline'
    quick: bool = False
    counter: str = ''       # a figure beside the time that the benchmark states by this name
    groups: dict = field(default_factory=dict, hash=False)  # name: rivals, or None for the others

    def has(self, allocator):
        """Whether the allocator has this row."""
        return allocator not in LIMITS or allocator in (self.limit, self.inline)


BY_AWARENESS = {'category-aware': AWARE, 'category-blind': None}
BY_RETURN = {'return-to-owner': RETURN_TO_OWNER, 'other': None}
THREADS = (1, 2, 4, 16, 64)


def scaled(key, name, title):
    """The rows of one workload in different numbers of threads, by wall time."""
    return [Row(f'{key}{threads}', f'{name}:{threads}', f'{title}, threads: {threads}',
                cores=1 if threads == 1 else 2)
            for threads in THREADS]


ROWS = (
    Row('a', 'a/pair', '64 bytes, freed at once', quick=True),
    Row('b', 'b/batch', '64 blocks of 64 bytes, freed in the same order'),
    Row('c', 'c/mix', '16 to 1,024 bytes, 4,096 live, random replacement', quick=True),
    Row('d', 'd/mix16', 'the same in 16 categories', limit='limit-16', inline='limit-16-inline',
        quick=True, groups=BY_AWARENESS),
    Row('d64', 'd64/mix64', 'the same in 64 categories', limit='limit-64',
        inline='limit-64-inline', groups=BY_AWARENESS),
    Row('df', 'df/letters16', 'as (d), ids of four letters', limit='limit-16',
        inline='limit-16-inline', groups=BY_AWARENESS),
    Row('df64', 'df64/letters64', 'as (d64), ids of four letters', limit='limit-64',
        inline='limit-64-inline', groups=BY_AWARENESS),
    Row('e', 'e/oneway', '64 bytes, one thread to another', cores=2, quick=True),
    Row('e2', 'e2/oneway_mixed', '16 to 1,024 bytes, one thread to another', cores=2),
    Row('f', 'f/bothways', '64 bytes, two threads for each other', cores=2,
        groups=BY_RETURN),
    Row('f2', 'f2/turns', '64 bytes, two threads for each other in turns', cores=2,
        groups=BY_RETURN),
    Row('p', 'p/packets', 'bursts of packets to another thread, and answers', cores=2,
        groups=BY_RETURN),
    Row('frame', 'frame/loop', 'frames of 4,096 blocks, one in 16 kept, 8 categories',
        limit='limit-16', inline='limit-16-inline', groups=BY_AWARENESS),
    Row('h64k', 'h/large/65536', '64 KiB, first byte touched', quick=True),
    Row('h1m', 'h/large/1048576', '1 MiB, first byte touched', quick=True),
    Row('h4m', 'h/large/4194304', '4 MiB, first byte touched', quick=True),
    Row('bulk', 'bulk/ordered', '65,536 blocks of 64 bytes, freed in the same order'),
    Row('bulkr', 'bulk/shuffled', '65,536 blocks of 16 to 1,024 bytes, freed in random order'),
    Row('grows', 'grow/small', '64 blocks that grow in turn to 1,024 bytes; one step of growth'),
    Row('growl', 'grow/large', 'a block that doubles to 4 MiB, pages written; one step of growth'),
    Row('churn', 'churn/threads', 'threads that allocate and free 64 blocks each and end'),
    Row('active', 'lines/active', '8 bytes, written often, in two threads', cores=2,
        counter='lines_shared'),
    Row('passive', 'lines/passive', 'the same after frees of neighbouring blocks', cores=2,
        counter='lines_shared'),
    *scaled('ta', 'ta/pair', 'as (a)'),
    *scaled('t', 't/mix', 'as (c)'),
    *scaled('tl', 'tl/larson', 'as (c), each thread replaced after 4,096 blocks'),
    Row('g', 'g/latency', 'as (c), each call timed'),
    # The limit serves no large blocks.
    Row('trace', 'trace/threads:[0-9]+', 'a recorded game server in its threads, less their waits',
        cores=2, limit='', inline=''),
    Row('trace2', 'trace/shared:2', 'the same, shared out to 2 threads', cores=2, limit='',
        inline=''),
    Row('trace1', 'trace/order', 'the same in one thread, in order', limit='', inline=''),
)

# Kinds of runs on one core: at its own pace, or beside a busy neighbour. (Those on two are near or far.)
ONE_CORE, BUSY = 'one core', 'busy'

LATENCY = 'g'
# name in the plots: the keys of its rows, by the number of threads
SCALING = {f'({key})': {threads: f'{key}{threads}' for threads in THREADS}
           for key in ('ta', 't', 'tl')}
QUANTILES = ('p50', 'p90', 'p99', 'p99.9', 'p99.99', 'p99.999', 'max')


def row_of(key):
    """The row with this key."""
    return next(row for row in ROWS if row.key == key)


def pattern_of(row):
    """What --benchmark_filter must say for this row alone."""
    name, _, threads = row.name.partition(':')
    if threads:
        return f'^{name}/real_time/threads:{threads}$'
    if row.cores == 2:
        return f'^{name}/real_time/threads:2$'
    return f'^{name}(/real_time)?(/iterations:[0-9]+)?$'


def is_rival(allocator):
    """Whether "the best rival" may be this one."""
    return allocator not in SUBJECTS + LIMITS + HARNESS + CHECKS


def place(name):
    """Where a name stands in a list: the limit, then the rivals, then the empty harness."""
    return 0 if name in LIMITS else 2 if name in HARNESS else 1

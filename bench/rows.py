# SPDX-License-Identifier: MIT
"""The rows of the tables, and who stands in them.

Owns:     the names of rows and allocators, and what each is compared with.
Callers:  run.py, report.py, plots.py.
Promises: corral is an entry like any other: only `SUBJECTS` says whose ratio the reports state.
Does not: measure.
"""
from dataclasses import dataclass, field

SUBJECTS = ('corral', 'corral-inline', 'corral-shared')
LIMITS = ('limit', 'limit-inline', 'limit-16', 'limit-16-inline')
AWARE = ('mimalloc-heaps', 'jemalloc-arenas')
RETURN_TO_OWNER = ('mimalloc', 'mimalloc-heaps')
HARNESS = ('empty',)
# Never run unless named: slowed on purpose, to see whether the figures tell.
CHECKS = ('limit-twice',)


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
    groups: dict = field(default_factory=dict, hash=False)  # name: rivals, or None for the others

    def has(self, allocator):
        """Whether the allocator has this row."""
        return allocator not in LIMITS or allocator in (self.limit, self.inline)


ROWS = (
    Row('a', 'a/pair', '64 bytes, freed at once', quick=True),
    Row('b', 'b/batch', '64 blocks of 64 bytes, freed in the same order'),
    Row('c', 'c/mix', '16 to 1,024 bytes, 4,096 live, random replacement', quick=True),
    Row('d', 'd/mix16', 'the same in 16 categories', limit='limit-16', inline='limit-16-inline',
        quick=True, groups={'category-aware': AWARE, 'category-blind': None}),
    Row('e', 'e/oneway', '64 bytes, one thread to another', cores=2, quick=True),
    Row('e2', 'e2/oneway_mixed', '16 to 1,024 bytes, one thread to another', cores=2),
    Row('f', 'f/bothways', '64 bytes, two threads for each other', cores=2,
        groups={'return-to-owner': RETURN_TO_OWNER, 'other': None}),
    Row('f2', 'f2/turns', '64 bytes, two threads for each other in turns', cores=2,
        groups={'return-to-owner': RETURN_TO_OWNER, 'other': None}),
    Row('h64k', 'h/large/65536', '64 KiB, first byte touched', quick=True),
    Row('h1m', 'h/large/1048576', '1 MiB, first byte touched', quick=True),
    Row('h4m', 'h/large/4194304', '4 MiB, first byte touched', quick=True),
    Row('bulk', 'bulk/ordered', '65,536 blocks of 64 bytes, freed in the same order'),
    Row('bulkr', 'bulk/shuffled', '65,536 blocks of 16 to 1,024 bytes, freed in random order'),
    Row('t1', 't/mix:1', 'as (c), in 1 thread, wall time'),
    Row('t2', 't/mix:2', 'as (c), in 2 threads', cores=2),
    Row('t4', 't/mix:4', 'as (c), in 4 threads', cores=2),
    Row('t16', 't/mix:16', 'as (c), in 16 threads', cores=2),
    Row('t64', 't/mix:64', 'as (c), in 64 threads', cores=2),
    Row('g', 'g/latency', 'as (c), each call timed'),
    # The limit serves no large blocks.
    Row('trace', 'trace/threads:[0-9]+', 'a recorded game server in its threads, less their waits',
        cores=2, limit='', inline=''),
    Row('trace2', 'trace/shared:2', 'the same, shared out to 2 threads', cores=2, limit='',
        inline=''),
    Row('trace1', 'trace/order', 'the same in one thread, in order', limit='', inline=''),
)

LATENCY = 'g'
SCALING = ('t1', 't2', 't4', 't16', 't64')
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
    return f'^{name}(/iterations:[0-9]+)?$'


def is_rival(allocator):
    """Whether "the best rival" may be this one."""
    return allocator not in SUBJECTS + LIMITS + HARNESS + CHECKS

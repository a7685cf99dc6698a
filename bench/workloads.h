/* SPDX-License-Identifier: MIT
 *
 * The workloads: what is done with each allocator.
 *
 * Owns:     the list of the files that register them.
 * Callers:  main.c.
 * Promises: each workload states, as items, the blocks that it allocated and freed, so that the
 *           figure of every row is the time of one alloc and one free, and what the workload does
 *           around them: ns_per_item where there are threads, else 1e9 / items_per_second. Numbers
 *           and orders are made before the clock starts. The first word of each block is written,
 *           as a user would.
 * Does not: treat any allocator differently from another, but for leaving out sizes beyond
 *           BENCH_LARGEST and categories beyond BENCH_MOST_CATEGORIES.
 *
 *   name               what
 *   a/pair             64 bytes, freed at once
 *   b/batch            64 blocks of 64 bytes, then freed in the same order
 *   c/mix              16 to 1,024 bytes, 4,096 live for each thread, replaced at random
 *   d/mix16            the same in 16 categories
 *   d64/mix64          the same in 64 categories
 *   df/letters16       as d/mix16, with ids of four letters instead of small numbers
 *   df64/letters64     as d64/mix64, the same
 *   e/oneway           64 bytes, allocated by one thread, freed by another
 *   e2/oneway_mixed    16 to 1,024 bytes, the same
 *   f/bothways         64 bytes, two threads that each allocate for the other
 *   g/latency          as c/mix, each call timed
 *   h/large/SIZE       64 KiB, 1 MiB or 4 MiB, first byte touched, freed at once
 *   bulk/ordered       65,536 blocks of 64 bytes, then freed in the same order
 *   bulk/shuffled      65,536 blocks of 16 to 1,024 bytes, then freed in random order
 *   p/packets          bursts of packets to another thread, which answers some of them
 *   frame/loop         4,096 blocks in 8 categories a frame, of which one in 16 is kept
 *   churn/threads      threads that allocate and free 64 blocks each and end
 *   lines/active       8 bytes, written often, in two threads; is a line ever shared?
 *   lines/passive      the same, after each thread freed blocks from lines that both had blocks on
 *   grow/small         64 blocks that grow in turn by half from 16 to 1,024 bytes
 *   grow/large         a block that doubles from 4 KiB to 4 MiB, each new OS page written
 *   ta/pair/threads:N  as a/pair, in 1, 2, 4, 16 and 64 threads, by wall time
 *   t/mix/threads:N    as c/mix, the same
 *   tl/larson/threads:N  as t/mix, each thread being replaced by another every 4,096 blocks
 *   trace/threads      a recorded trace, in as many threads as it has, by the processor time of all
 *                      of them outside of the waits for each other
 *   trace/shared       the same trace, its threads shared out to two
 *   trace/order        the same trace in one thread, in its recorded order
 */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

void bench_register_pairs(void);
void bench_register_mixes(void);
void bench_register_handovers(void);
void bench_register_latency(void);
void bench_register_large(void);
void bench_register_bulk(void);
void bench_register_packets(void);
void bench_register_frame(void);
void bench_register_threads(void);
void bench_register_lines(void);
void bench_register_growth(void);
void bench_register_traces(void);

/* Takes --trace FILE out of the command line: the trace to replay in place of our own. Before
 * bench_register_traces. */
void bench_take_trace(int *argc, char **argv);

#endif

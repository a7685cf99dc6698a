/* SPDX-License-Identifier: MIT
 *
 * The heaps of mimalloc, one set for each thread.
 *
 * Owns:     the table that allocators/mimalloc_heaps.h fills.
 * Callers:  allocators/mimalloc_heaps.h.
 * Promises: one table for all workloads of the program.
 * Does not: make the heaps.
 */
#include "allocator.h"

_Thread_local mi_heap_t *bench_heaps[BENCH_CATEGORIES];
_Thread_local uint32_t bench_heap_count;

/* SPDX-License-Identifier: MIT
 *
 * The one block of the empty harness.
 *
 * Owns:     a cache line for each thread.
 * Callers:  allocators/empty.h.
 * Promises: the block is aligned as an allocator's would be.
 * Does not: do anything.
 */
#include <stdint.h>

extern _Thread_local uint64_t bench_empty_block[8];
_Alignas(64) _Thread_local uint64_t bench_empty_block[8];

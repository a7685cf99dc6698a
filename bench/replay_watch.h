/* SPDX-License-Identifier: MIT
 *
 * An allocator of allocators/ under the eyes of replay_test.c.
 *
 * Owns:     the names of the two calls: what the replay calls is watched, then handed on.
 * Callers:  allocator.h, with BENCH_WATCHED_HEADER naming the header of the allocator.
 * Promises: a block is seen after it was given and before it goes back, so that no other block can
 *           have its address in between.
 * Does not: change what the allocator is asked.
 */
#define bench_alloc watched_alloc
#define bench_free  watched_free
#include BENCH_WATCHED_HEADER
#undef bench_alloc
#undef bench_free

void watch_alloc(void *block, size_t size, uint32_t category);
void watch_free(void *block, uint32_t category);

static inline void *bench_alloc(size_t size, uint32_t category) {
    void *block = watched_alloc(size, category);
    watch_alloc(block, size, category);
    return block;
}

static inline void bench_free(void *block, uint32_t category) {
    watch_free(block, category);
    watched_free(block, category);
}

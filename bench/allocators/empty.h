/* SPDX-License-Identifier: MIT
 *
 * The empty harness: no allocator at all.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. What its rows show is the cost of the workload around the calls.
 * Does not: give blocks that differ from each other.
 */
#define BENCH_ALLOCATOR   "empty"
#define BENCH_LARGEST     SIZE_MAX
#define BENCH_BLOCK_BYTES 64
#define BENCH_REALLOC

/* The workloads touch the first word of a block, whatever its size. Each thread has a block of its
 * own, so that threads share no line that an allocator would not share. */
extern _Thread_local uint64_t bench_empty_block[8];

static inline void *bench_alloc(size_t size, uint32_t category) {
    (void)size;
    (void)category;
    return bench_empty_block;
}

static inline void bench_free(void *block, uint32_t category) {
    (void)block;
    (void)category;
}

static inline void *bench_realloc(void *block, size_t old, size_t size, uint32_t category) {
    (void)old;
    (void)size;
    (void)category;
    return block;
}

static inline const char *bench_version(void) {
    return "-";
}

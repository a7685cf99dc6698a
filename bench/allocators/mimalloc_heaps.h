/* SPDX-License-Identifier: MIT
 *
 * mimalloc with a heap for each category.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. Its heaps are bound to a thread, so each thread has a set.
 * Does not: use a heap from a thread that did not make it, which mimalloc forbids.
 */
#include <mimalloc.h>
#include <stdio.h>

#define BENCH_ALLOCATOR "mimalloc-heaps"
#define BENCH_LARGEST   SIZE_MAX
#define BENCH_REALLOC
#define BENCH_TRIM 1
#define BENCH_THREAD_HOOKS

extern _Thread_local mi_heap_t *bench_heaps[BENCH_CATEGORIES];
extern _Thread_local uint32_t bench_heap_count;

static inline void *bench_alloc(size_t size, uint32_t category) {
    return mi_heap_malloc(bench_heaps[category], size);
}

static inline void bench_free(void *block, uint32_t category) {
    (void)category;
    mi_free(block);
}

static inline void *bench_realloc(void *block, size_t old, size_t size, uint32_t category) {
    (void)old;
    return mi_heap_realloc(bench_heaps[category], block, size);
}

static inline void bench_trim(void) {
    mi_collect(true);
}

static inline void bench_thread_begin(uint32_t categories) {
    bench_heap_count = categories;
    for (uint32_t i = 0; i < categories; i++) {
        bench_heaps[i] = mi_heap_new();
    }
}

/* Blocks that live on move to the thread's default heap. */
static inline void bench_thread_end(void) {
    for (uint32_t i = 0; i < bench_heap_count; i++) {
        mi_heap_delete(bench_heaps[i]);
    }
}

static inline const char *bench_version(void) {
    static char text[16];
    int version = mi_version();
    snprintf(text, sizeof text, "%d.%d.%d", version / 100, version / 10 % 10, version % 10);
    return text;
}

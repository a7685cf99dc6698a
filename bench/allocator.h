/* SPDX-License-Identifier: MIT
 *
 * What a workload sees of the allocator that it measures.
 *
 * Owns:     the contract below, and its defaults.
 * Callers:  the workloads, main.c, memory.c and guard.c, compiled once for each allocator with
 *           BENCH_ALLOCATOR_HEADER naming one of the headers in allocators/.
 * Promises: the functions are inlined into the workload, so that what is called there is the
 *           library's own function, and every allocator is reached the same way.
 * Does not: check for NULL. A workload writes to what it gets, and a failure ends the program.
 *
 * A header of allocators/ defines
 *   BENCH_ALLOCATOR  its name in the reports;
 *   BENCH_LARGEST    the largest size that it serves: workloads beyond are left out;
 *   bench_alloc      a block of `size` bytes in `category`, which is below BENCH_CATEGORIES;
 *   bench_free       takes it back, from any thread;
 *   bench_version    the version of the library that runs;
 * and, each with a macro that says that it is there, what not every allocator has:
 *   BENCH_REALLOC        bench_realloc, in place of an alloc, a copy and a free;
 *   BENCH_IDS            bench_alloc_id and bench_free_id, which take the memory type id;
 *   BENCH_TRIM           bench_trim, which asks for all memory that is not in use to be given back;
 *   BENCH_THREAD_HOOKS   bench_thread_begin and bench_thread_end;
 *   BENCH_ARGUMENT_HOOK  bench_take_arguments.
 */
#ifndef BENCH_ALLOCATOR_H
#define BENCH_ALLOCATOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How many categories the workloads use at most. */
enum { BENCH_CATEGORIES = 64 };

static inline void *bench_alloc(size_t size, uint32_t category);
static inline void bench_free(void *block, uint32_t category);
static inline const char *bench_version(void);

#include BENCH_ALLOCATOR_HEADER

/* Makes the compiler believe that somebody looks at the first byte of the block, so that the block
 * is allocated and written. Unlike bench_keep it says nothing of other memory: what a compiler may
 * know of an inlined allocator in a real program, it may know here. */
static inline void bench_use(const void *block) {
    __asm__ volatile("" : : "r"(block), "m"(*(const unsigned char *)block));
}

#ifndef BENCH_BLOCK_BYTES
/* How much of a block may be written, whatever its size is. */
#define BENCH_BLOCK_BYTES SIZE_MAX
#endif

#ifndef BENCH_MOST_CATEGORIES
/* Workloads with more categories are left out. */
#define BENCH_MOST_CATEGORIES BENCH_CATEGORIES
#endif

#ifndef BENCH_REALLOC
/* A block of `size` bytes that begins with the `old` bytes of this one, which is no longer one. */
static inline void *bench_realloc(void *block, size_t old, size_t size, uint32_t category) {
    void *moved = bench_alloc(size, category);
    memcpy(moved, block, old < size ? old : size);
    bench_free(block, category);
    return moved;
}
#endif

#ifndef BENCH_IDS
/* As bench_alloc and bench_free, where the caller's name for the category is any number. Who has
 * no such names is not given them, and pays nothing for them. */
static inline void *bench_alloc_id(size_t size, uint32_t id, uint32_t category) {
    (void)id;
    return bench_alloc(size, category);
}

static inline void bench_free_id(void *block, uint32_t id, uint32_t category) {
    (void)id;
    bench_free(block, category);
}
#endif

#ifndef BENCH_TRIM
#define BENCH_TRIM 0
static inline void bench_trim(void) {
}
#endif

#ifndef BENCH_THREAD_HOOKS
/* Every thread of a workload calls these before its first alloc and after its last free, and says
 * how many categories it uses. */
static inline void bench_thread_begin(uint32_t categories) {
    (void)categories;
}

static inline void bench_thread_end(void) {
}
#endif

#ifndef BENCH_ARGUMENT_HOOK
/* Called once, first in main: takes the arguments that are the allocator's. */
static inline void bench_take_arguments(int *argc, char **argv) {
    (void)argc;
    (void)argv;
}
#endif

#endif

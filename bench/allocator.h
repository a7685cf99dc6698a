/* SPDX-License-Identifier: MIT
 *
 * What a workload sees of the allocator that it measures.
 *
 * Owns:     the contract below, and its defaults.
 * Callers:  the workloads and main.c, compiled once for each allocator with BENCH_ALLOCATOR_HEADER
 *           naming one of the headers in allocators/.
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
 * and, where it must do something for each thread or with the command line, BENCH_THREAD_HOOKS
 * with bench_thread_begin and bench_thread_end, or BENCH_ARGUMENT_HOOK with bench_take_arguments.
 */
#ifndef BENCH_ALLOCATOR_H
#define BENCH_ALLOCATOR_H

#include <stddef.h>
#include <stdint.h>

/* How many categories the workloads use at most. */
enum { BENCH_CATEGORIES = 16 };

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

#ifndef BENCH_THREAD_HOOKS
/* Every thread of a workload calls these before its first alloc and after its last free. */
static inline void bench_thread_begin(void) {
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

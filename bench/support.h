/* SPDX-License-Identifier: MIT
 *
 * What the workloads need besides an allocator: memory, cores, numbers.
 *
 * Owns:     nothing.
 * Callers:  the workloads, outside of what they time; any thread.
 * Promises: nothing here allocates through malloc, which in most executables is the allocator that
 *           is measured. The same seed gives the same numbers everywhere.
 * Does not: measure.
 */
#ifndef BENCH_SUPPORT_H
#define BENCH_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory from the OS, touched, kept until the program ends. The program ends if there is
 * none. */
void *bench_memory(size_t size);

/* Binds the calling thread to the core with this index among those that the process may use. With
 * more threads than cores, nothing is bound. Returns how many cores there are. */
int bench_bind(int index, int threads);

/* Runs the function in a new thread and waits for its end. */
void bench_in_thread(void *(*run)(void *), void *context);

/* The next number of a sequence; `state` is the seed at first. */
uint64_t bench_random(uint64_t *state);

/* Fills `sizes` with numbers from `least` to `most`, each as likely as any. */
void bench_random_sizes(uint16_t *sizes, size_t count, uint16_t least, uint16_t most,
                        uint64_t seed);

/* Fills `order` with 0 to count - 1 in random order. */
void bench_random_order(uint32_t *order, size_t count, uint64_t seed);

#endif

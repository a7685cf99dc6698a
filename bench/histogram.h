/* SPDX-License-Identifier: MIT
 *
 * A log-linear histogram: every value within 1/32 of itself, in 15 KiB.
 *
 * Owns:     HISTOGRAM_CELLS counters and the largest value.
 * Callers:  one thread at a time.
 * Promises: values below 32 are exact; above, each doubling is cut into 32 equal cells. Any 64-bit
 *           value has a cell. Recording costs a shift, an addition and a comparison.
 * Does not: forget, or scale.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
    HISTOGRAM_STEPS_LOG = 5,
    HISTOGRAM_STEPS = 1 << HISTOGRAM_STEPS_LOG,
    HISTOGRAM_CELLS = (64 - HISTOGRAM_STEPS_LOG + 1) * HISTOGRAM_STEPS
};

/* The law: the sum over cell[] is count, and max is in the highest cell that is not 0. */
typedef struct histogram {
    uint64_t cell[HISTOGRAM_CELLS];
    uint64_t count;
    uint64_t max;
} histogram;

static inline size_t histogram_cell_of(uint64_t value) {
    if (value < HISTOGRAM_STEPS) {
        return (size_t)value;
    }
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_STEPS_LOG;
    return (size_t)shift * HISTOGRAM_STEPS + (size_t)(value >> shift);
}

static inline void histogram_record(histogram *self, uint64_t value) {
    self->cell[histogram_cell_of(value)]++;
    self->count++;
    if (value > self->max) {
        self->max = value;
    }
}

/* Forgets everything. */
void histogram_clear(histogram *self);

/* Adds all values of `other`. */
void histogram_add(histogram *self, const histogram *other);

/* The smallest and the largest value of a cell. */
uint64_t histogram_least(size_t cell);
uint64_t histogram_most(size_t cell);

/* A value that `share` of the recorded values, from 0 to 1, do not exceed: the largest of its
 * cell, or the largest recorded if that is less. 0 when there are none. */
uint64_t histogram_quantile(const histogram *self, double share);

#endif

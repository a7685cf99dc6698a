/* SPDX-License-Identifier: MIT
 *
 * A log-linear histogram: what is not on the way of recording.
 *
 * Owns:     nothing.
 * Callers:  as histogram.h says.
 * Promises: as histogram.h says.
 * Does not: allocate.
 */
#include "histogram.h"

#include <string.h>

void histogram_clear(histogram *self) {
    memset(self, 0, sizeof *self);
}

void histogram_add(histogram *self, const histogram *other) {
    for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
        self->cell[i] += other->cell[i];
    }
    self->count += other->count;
    if (other->max > self->max) {
        self->max = other->max;
    }
}

uint64_t histogram_least(size_t cell) {
    if (cell < 2 * (size_t)HISTOGRAM_STEPS) {
        return cell;
    }
    size_t shift = cell / HISTOGRAM_STEPS - 1;
    return (uint64_t)(cell - shift * HISTOGRAM_STEPS) << shift;
}

uint64_t histogram_most(size_t cell) {
    return cell + 1 == HISTOGRAM_CELLS ? UINT64_MAX : histogram_least(cell + 1) - 1;
}

uint64_t histogram_quantile(const histogram *self, double share) {
    /* The product may lie a little above the whole number that it stands for. */
    double wanted = share * (double)self->count * (1 - 1e-12);
    uint64_t below = 0;
    for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
        below += self->cell[i];
        if (self->cell[i] != 0 && (double)below >= wanted) {
            uint64_t most = histogram_most(i);
            return most < self->max ? most : self->max;
        }
    }
    return self->max;
}

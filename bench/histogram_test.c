/* SPDX-License-Identifier: MIT
 *
 * Tests of the histogram.
 *
 * Owns:     nothing.
 * Callers:  meson test.
 * Promises: exit code 0 and "0 failed" only when all expectations hold.
 * Does not: measure.
 */
#include "histogram.h"
#include "support.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static int passed;
static int failed;

static void expect(bool holds, const char *what) {
    if (holds) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "expected: %s\n", what);
    }
}

static void test_cells(void) {
    bool whole = histogram_least(0) == 0;
    bool narrow = true;
    for (size_t i = 0; i + 1 < HISTOGRAM_CELLS; i++) {
        uint64_t least = histogram_least(i);
        uint64_t most = histogram_most(i);
        whole &= most + 1 == histogram_least(i + 1) && least <= most;
        whole &= histogram_cell_of(least) == i && histogram_cell_of(most) == i;
        narrow &= most - least <= least / HISTOGRAM_STEPS;
    }
    expect(whole, "cells without gaps that find themselves");
    expect(narrow, "cells no wider than 1/32 of their value");
    expect(histogram_cell_of(UINT64_MAX) == HISTOGRAM_CELLS - 1, "a cell for the largest value");
    expect(histogram_most(HISTOGRAM_CELLS - 1) == UINT64_MAX, "no value beyond the last cell");
}

static void test_quantiles(histogram *self) {
    histogram_clear(self);
    expect(histogram_quantile(self, 0.5) == 0, "0 without values");
    for (uint64_t i = 1; i <= 100000; i++) {
        histogram_record(self, i);
    }
    const double shares[] = {0.01, 0.5, 0.9, 0.99, 0.999, 0.99999, 1.0};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        double exact = shares[i] * 100000;
        double found = (double)histogram_quantile(self, shares[i]);
        expect(found >= exact && found <= exact * (1 + 1.0 / HISTOGRAM_STEPS), "a near quantile");
    }
    expect(histogram_quantile(self, 0) == 1, "the least value for a share of 0");
    expect(histogram_quantile(self, 1) == 100000, "the largest recorded value, not its cell's");
    expect(self->count == 100000, "all values counted");
}

static void test_add(histogram *self, histogram *other) {
    histogram_clear(self);
    histogram_clear(other);
    histogram_record(self, 10);
    histogram_record(other, 20);
    histogram_record(other, 1000000);
    histogram_add(self, other);
    expect(self->count == 3 && self->max == 1000000, "the values of both");
    expect(histogram_quantile(self, 0.3) == 10 && histogram_quantile(self, 0.6) == 20,
           "quantiles of both");
}

/* Against the same question asked of the sorted values. */
static int by_value(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void test_random(histogram *self) {
    enum { COUNT = 20000 };
    static uint64_t values[COUNT];
    uint64_t random = 7;
    histogram_clear(self);
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = bench_random(&random) >> (bench_random(&random) % 64);
        histogram_record(self, values[i]);
    }
    qsort(values, COUNT, sizeof *values, by_value);
    bool near = true;
    for (size_t rank = 1; rank <= COUNT; rank++) {
        uint64_t exact = values[rank - 1];
        uint64_t found = histogram_quantile(self, (double)rank / COUNT);
        near &= histogram_cell_of(found) == histogram_cell_of(exact);
    }
    expect(near, "every quantile in the cell of the exact one");
}

int main(void) {
    static histogram first;
    static histogram second;
    test_cells();
    test_quantiles(&first);
    test_add(&first, &second);
    test_random(&first);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

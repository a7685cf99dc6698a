/* SPDX-License-Identifier: MIT
 *
 * The budgets of corral_budget.h.
 *
 * Owns:     nothing.
 * Callers:  main, once, through allocators/corral_budget.h.
 * Promises: each category of a number has a budget; ids of letters have none.
 * Does not: return when one cannot be set.
 */
#include "allocator.h"

#include <corral/configure.h>

#include <stdio.h>
#include <stdlib.h>

void bench_take_arguments(int *argc, char **argv) {
    (void)argc, (void)argv;
    corral_category_options options = {.hard_budget = (uint64_t)1 << 40, .exact = BENCH_EXACT};
    for (uint32_t id = 0; id < BENCH_CATEGORIES; id++) {
        if (corral_category_configure(id, &options, sizeof options) != CORRAL_OK) {
            fprintf(stderr, "category %u takes no budget\n", (unsigned)id);
            exit(EXIT_FAILURE);
        }
    }
}

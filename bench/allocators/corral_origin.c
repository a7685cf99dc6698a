/* SPDX-License-Identifier: MIT
 *
 * The option of corral_origin.h.
 *
 * Owns:     nothing.
 * Callers:  main, once, through allocators/corral_origin.h.
 * Promises: where origins are kept, each category of a number does; ids of letters do not.
 * Does not: return when that cannot be set.
 */
#include "allocator.h"

#include <corral/configure.h>

#include <stdio.h>
#include <stdlib.h>

void bench_take_arguments(int *argc, char **argv) {
    (void)argc, (void)argv;
    corral_category_options options = {.origins = BENCH_ORIGINS};
    for (uint32_t id = 0; id < BENCH_CATEGORIES; id++) {
        if (corral_category_configure(id, &options, sizeof options) != CORRAL_OK) {
            fprintf(stderr, "category %u keeps no origins\n", (unsigned)id);
            exit(EXIT_FAILURE);
        }
    }
}

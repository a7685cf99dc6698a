/* SPDX-License-Identifier: MIT
 *
 * By how much corral is slowed.
 *
 * Owns:     the number of steps.
 * Callers:  main, once, through allocators/corral_slowed.h.
 * Promises: as allocators/corral_slowed.h says.
 * Does not: measure a step.
 */
#include "allocator.h"

#include <stdio.h>
#include <stdlib.h>

uint64_t bench_slowed_pairs;

void bench_take_arguments(int *argc, char **argv) {
    for (int i = 1; i + 1 < *argc; i++) {
        if (strcmp(argv[i], "--steps") == 0) {
            char *end;
            unsigned long long steps = strtoull(argv[i + 1], &end, 10);
            if (*end != '\0' || steps % 2 != 0) {
                fprintf(stderr, "--steps %s: expected an even number\n", argv[i + 1]);
                exit(EXIT_FAILURE);
            }
            bench_slowed_pairs = steps / 2;
            for (int j = i; j + 2 <= *argc; j++) {
                argv[j] = argv[j + 2];
            }
            *argc -= 2;
            return;
        }
    }
}

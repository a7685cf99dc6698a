/* SPDX-License-Identifier: MIT
 *
 * A program that is linked to libcorral-malloc, and says of which category its malloc is.
 *
 * Owns:     nothing.
 * Callers:  run_test.py, with a request in the environment, also as a set-user-ID program.
 * Promises: prints the id.
 * Does not: fail.
 */
#include <corral/corral.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    void *volatile block = malloc(1000);
    printf("%" PRIu64 "\n", corral_memory_type_of(block));
    return EXIT_SUCCESS;
}

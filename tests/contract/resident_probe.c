/* SPDX-License-Identifier: MIT
 *
 * Tells how much memory is resident in a program that makes one allocation, or none.
 *
 * Owns:     nothing.
 * Callers:  resident.c, in a process of its own. Built twice: with PROBE_ALLOCATES it is linked to
 *           corral and makes one allocation; without, it does not know corral.
 * Promises: one line on stdout: the resident bytes.
 * Does not: anything else, so that the two differ by the allocation alone.
 */
#include "support/process.h"

#include <stdio.h>

#if PROBE_ALLOCATES
#include <corral/corral.h>

static int use_corral(void) {
    volatile unsigned char *block = corral_alloc(100, 0);
    if (block == NULL) {
        return 1;
    }
    block[0] = 1;
    return 0;
}
#else
static int use_corral(void) {
    return 0;
}
#endif

int main(void) {
    int failed = use_corral();
    printf("%zu\n", process_resident());
    return failed;
}

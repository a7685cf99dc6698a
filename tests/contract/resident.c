/* SPDX-License-Identifier: MIT
 *
 * One allocation costs at most 2 MiB of resident memory.
 *
 * Owns:     nothing.
 * Callers:  meson, with the paths of the two probes: without corral, and with one allocation.
 * Promises: compares the least of several runs of each, since the dynamic linker's share varies.
 * Does not: measure under sanitizers: it is skipped there (status 77).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/process.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 5, SKIPPED = 77 };

static size_t least_resident(const char *program) {
    const char *const arguments[] = {program, NULL};
    size_t least = SIZE_MAX;
    for (int i = 0; i < RUNS; i++) {
        struct child child;
        child_program(arguments, &child);
        CHECK(child_succeeded(&child), "%s", program);
        size_t resident = (size_t)strtoull(child.output, NULL, 10);
        CHECK(resident > 0, "%s says nothing", program);
        least = resident < least ? resident : least;
    }
    return least;
}

int main(int argc, char **argv) {
    CHECK(argc == 3, "the two probes are missing");
    if (!BUILD_MEASURES_MEMORY) {
        return SKIPPED;
    }
    size_t without = least_resident(argv[1]);
    size_t with = least_resident(argv[2]);
    printf("%zu KiB without corral, %zu KiB with one allocation\n", without / 1024, with / 1024);
    CHECK(with <= without + 2 * BUILD_MIB, "one allocation costs %zu KiB", (with - without) / 1024);
    return 0;
}

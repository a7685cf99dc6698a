/* SPDX-License-Identifier: MIT
 *
 * Runs each stress main as a child, once and briefly, with a seed of its own.
 *
 * Owns:     nothing.
 * Callers:  Criterion. CORRAL_TEST_MAINS names the directory of the mains.
 * Promises: a main succeeds, says first how it can be run again, and refuses what it does not know.
 * Does not: stress. meson runs the mains themselves for that, also where Criterion cannot run.
 */
#include "support/build.h"
#include "support/check.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run_main(const char *name, const char *first, const char *second, struct child *child) {
    char path[4096];
    const char *directory = getenv("CORRAL_TEST_MAINS");
    CHECK(directory != NULL, "CORRAL_TEST_MAINS is not set");
    snprintf(path, sizeof path, "%s/stress_%s", directory, name);
    const char *const arguments[] = {path, "--seed=42", first, second, NULL};
    child_program(arguments, child);
}

static void check_main(const char *name, const char *first, const char *second) {
    struct child child;
    run_main(name, first, second, &child);
    cr_assert(child_succeeded(&child), "%s", name);
    cr_assert_eq(strncmp(child.output, "--seed=42 --threads=", 20), 0, "%s begins with %.40s", name,
                 child.output);
    run_main(name, "--unknown", NULL, &child);
    cr_assert_eq(child.status, 2, "%s takes any option", name);
    run_main(name, "--operations=many", NULL, &child);
    cr_assert_eq(child.status, 2, "%s takes any number", name);
}

Test(wrapped, mix) {
    check_main("mix", "--operations=20000", "--threads=4");
}

Test(wrapped, storm) {
    check_main("storm", "--operations=200", "--threads=4");
}

Test(wrapped, one_way) {
    check_main("one_way", "--operations=300000", "--kind=gone");
}

Test(wrapped, hold) {
    check_main("hold", "--operations=2", "--categories=4");
}

Test(wrapped, walks) {
    check_main("walks", "--operations=20000", "--threads=4");
}

Test(wrapped, limit) {
    check_main("limit", "--operations=40000", "--kind=callback");
}

Test(wrapped, relay) {
    check_main("relay", "--operations=1", "--live=8");
}

Test(wrapped, forks) {
    if (BUILD_HAS_ASAN) {
        cr_skip_test("its malloc takes locks that a child may find taken");
    }
    check_main("forks", "--operations=1", "--threads=2");
}

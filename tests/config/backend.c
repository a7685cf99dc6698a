/* SPDX-License-Identifier: MIT
 *
 * The backend as a file and CORRAL_BACKEND say it, and what is said of faults, to the letter.
 *
 * Owns:     a file in a temporary directory, and the variables; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: what was chosen is seen in where blocks come from.
 * Does not: use libcorral-jemalloc (../backend/jemalloc.c).
 */
#include "written.h"

#include "support/check.h"

#include <corral/backend.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(backend, .init = written_begin, .fini = written_end);

static void expect_refused(const char *words) {
    corral_status status = written_from_environment();
    cr_assert(status == CORRAL_EINVAL, "status %d: %s", (int)status, written_says());
    cr_assert(strstr(written_says(), words) != NULL, "it says: %s", written_says());
}

static void set(const char *value) {
    CHECK(setenv("CORRAL_BACKEND", value, 1) == 0, "setenv");
}

/* Can so many MiB be had, and no more? A region of 64 MiB has less than that. */
static bool ends_below(size_t mib) {
    for (size_t i = 0; i < mib; i++) {
        if (corral_alloc((size_t)1 << 20, 1) == NULL) {
            return true;
        }
    }
    return false;
}

Test(backend, a_region_of_a_file) {
    written_set("[process]\nbackend = region 96 MiB\n[category 1]\nname = first\n");
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_REGION);
    cr_assert(corral_alloc(100, 1) != NULL && ends_below(96));
}

Test(backend, a_region_of_the_environment) {
    set("region 96 MiB");
    cr_assert_eq(written_from_environment(), CORRAL_OK, "%s", written_says());
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_REGION);
    cr_assert(corral_alloc(100, 1) != NULL && ends_below(96));
}

Test(backend, the_environment_comes_before_the_file) {
    written_text("[process]\nbackend = region 96 MiB\n");
    CHECK(setenv("CORRAL_CONFIG", written_path(), 1) == 0, "setenv");
    set("os");
    cr_assert_eq(written_from_environment(), CORRAL_OK, "%s", written_says());
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_OS);
    cr_assert_not(ends_below(128));
}

Test(backend, what_is_none) {
    set("heap");
    expect_refused("CORRAL_BACKEND: backend: \"heap\" is none of os, region and jemalloc");
    set("region");
    expect_refused("backend: \"\" is not a region's number of bytes, KiB, MiB or GiB");
    set("region many");
    expect_refused("backend: \"many\" is not a region's number of bytes, KiB, MiB or GiB");
    set("region 99999999999 GiB");
    expect_refused("backend: \"99999999999 GiB\" is too large");
    set("region 4 KiB");
    expect_refused("backend: the region is too small");
    set("os 4 KiB");
    expect_refused("backend: \"os 4 KiB\" is none of os, region and jemalloc");
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_DEFAULT);
}

Test(backend, jemalloc_that_is_not_loaded) {
    set("jemalloc");
    expect_refused("backend: libcorral-jemalloc is not loaded");
}

Test(backend, it_is_no_category_s) {
    written_text("[category 1]\nbackend = os\n");
    cr_assert_eq(written_read(), CORRAL_EINVAL);
    cr_assert(strstr(written_says(), "a category has no key \"backend\"") != NULL, "%s", written_says());
}

Test(backend, too_late_and_nothing_is_set) {
    corral_free(corral_alloc(100, 2), 2);
    written_text("[category 1]\nhard_budget = 1 MiB\n[process]\nbackend = region 96 MiB\n");
    cr_assert_eq(written_read(), CORRAL_EINVAL);
    cr_assert(strstr(written_says(), "backend: memory is in use already") != NULL, "%s", written_says());
    cr_assert(written_is_unset(1));
}

Test(backend, the_os_that_is_in_use_is_as_wanted) {
    corral_free(corral_alloc(100, 2), 2);
    written_set("[process]\nbackend = os\n");
}

/* SPDX-License-Identifier: MIT
 *
 * CORRAL_CONFIG and CORRAL_FAIL: what they set, and what is said of faults in them, to the letter.
 *
 * Owns:     a file in a temporary directory, and the two variables; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: faults are looked at as options, and once by what allocations do.
 * Does not: look at programs with more rights than their caller.
 */
#include "written.h"

#include "support/check.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(environment, .init = written_begin, .fini = written_end);

/* A file with these categories, which CORRAL_CONFIG names. */
static const char file[] = "[category 7]\nname = net\nfail_seed = 1\n"
                           "[category 8]\nname = disk cache\n"
                           "[category 9]\nname = net\n"
                           "[category 10]\nfail_every = 4\n"
                           "[process]\nsoft_budget = 1 GiB\n";

static void set(const char *variable, const char *value) {
    CHECK(setenv(variable, value, 1) == 0, "%s", variable);
}

static void with_file(const char *text) {
    written_text(text);
    set("CORRAL_CONFIG", written_path());
}

static void expect(uint32_t id, uint64_t at, uint64_t every, uint32_t per_million, uint64_t seed) {
    corral_category_options has = written_options(id);
    CHECK(has.fail_at == at && has.fail_every == every && has.fail_per_million == per_million &&
              has.fail_seed == seed,
          "%#x: %ju %ju %u %ju", id, (uintmax_t)has.fail_at, (uintmax_t)has.fail_every,
          has.fail_per_million, (uintmax_t)has.fail_seed);
}

static void read_it(void) {
    corral_status status = written_from_environment();
    CHECK(status == CORRAL_OK && *written_says() == 0, "%s", written_says());
}

Test(environment, nothing) {
    read_it();
    set("CORRAL_CONFIG", "");
    set("CORRAL_FAIL", "");
    read_it();
    set("CORRAL_FAIL", " ; ;");
    read_it();
}

Test(environment, a_file_alone) {
    with_file(file);
    read_it();
    cr_assert_str_eq(corral_category_name(8), "disk cache");
    expect(10, 0, 4, 0, 0);
}

Test(environment, faults_alone) {
    set("CORRAL_FAIL", "0x50534350:at=3;5:every=0x10,seed=2; 'AB;:' : per_million = 7 , at = 8 ;");
    read_it();
    expect(0x50534350, 3, 0, 0, 0);
    expect(5, 0, 16, 0, 2);
    expect(0x41423B3A, 8, 0, 7, 0);
    cr_assert_not_null(corral_alloc(10, 0x50534350));
    cr_assert_not_null(corral_alloc(10, 0x50534350));
    cr_assert_null(corral_alloc(10, 0x50534350));
    cr_assert_not_null(corral_alloc(10, 0x50534350));
}

Test(environment, names) {
    with_file(file);
    set("CORRAL_FAIL", "net:per_million=5;disk cache:at=6");
    read_it();
    expect(7, 0, 0, 5, 1);
    expect(8, 6, 0, 0, 0);
    expect(9, 0, 0, 5, 0);
    expect(10, 0, 4, 0, 0);
}

Test(environment, all_others) {
    corral_free(corral_alloc(10, 20), 20);
    with_file(file);
    set("CORRAL_FAIL", "*:every=100;net:at=3;21:at=4");
    read_it();
    expect(7, 3, 0, 0, 1);
    expect(8, 0, 100, 0, 0);
    expect(9, 3, 0, 0, 0);
    expect(10, 0, 100, 0, 0);
    expect(20, 0, 100, 0, 0);
    expect(21, 4, 0, 0, 0);
    corral_category_options options;
    cr_assert_eq(corral_category_options_of(22222, &options, sizeof options), CORRAL_EUNUSED);
}

Test(environment, faults_that_the_program_has_set_stay) {
    corral_category_options options = {.name = "own", .fail_at = 5, .fail_every = 6};
    cr_assert_eq(corral_category_configure(5, &options, sizeof options), CORRAL_OK);
    set("CORRAL_FAIL", "5:every=7");
    read_it();
    expect(5, 5, 7, 0, 0);
    cr_assert_str_eq(corral_category_name(5), "own");
}

/* What CORRAL_FAIL is, and what is said of it. */
static const struct {
    const char *text, *says;
} faults[] = {
    {"disk:at=1", "CORRAL_FAIL:1: no category is named \"disk\""},
    {"7:at=1;;disk:at=1", "CORRAL_FAIL:3: no category is named \"disk\""},
    {"4294967296:at=1", "CORRAL_FAIL:1: no category is named \"4294967296\""},
    {"'PSC':at=1", "CORRAL_FAIL:1: no category is named \"'PSC'\""},
    {"7", "CORRAL_FAIL:1: an entry is a category, a colon, and what is to fail"},
    {":at=1", "CORRAL_FAIL:1: an entry is a category, a colon, and what is to fail"},
    {"7:", "CORRAL_FAIL:1: \"\" is none of at, every, per_million and seed"},
    {"7:at=1,", "CORRAL_FAIL:1: \"\" is none of at, every, per_million and seed"},
    {"7:fail_at=1", "CORRAL_FAIL:1: \"fail_at\" is none of at, every, per_million and seed"},
    {"7:name=x", "CORRAL_FAIL:1: \"name\" is none of at, every, per_million and seed"},
    {"7:at", "CORRAL_FAIL:1: at has no number"},
    {"7:at=", "CORRAL_FAIL:1: fail_at: \"\" is not a number"},
    {"7:at=x", "CORRAL_FAIL:1: fail_at: \"x\" is not a number"},
    {"7:at=1=2", "CORRAL_FAIL:1: fail_at: \"1=2\" is not a number"},
    {"7:at=18446744073709551616", "CORRAL_FAIL:1: fail_at: \"18446744073709551616\" is too large"},
    {"7:per_million=1000001", "CORRAL_FAIL:1: fail_per_million: \"1000001\" is too large"},
    {"7:at=1,at=2", "CORRAL_FAIL:1: fail_at: it is set twice"},
    {"7:at=1;0x7:every=2", "CORRAL_FAIL:2: entry 1 is of the same category"},
    {"9:at=1;net:every=2", "CORRAL_FAIL:2: entry 1 is of the same category"},
    {"*:at=1;*:at=2", "CORRAL_FAIL:2: entry 1 has * already"},
};

Test(environment, errors) {
    with_file(file);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        set("CORRAL_FAIL", faults[i].text);
        cr_assert_eq(written_from_environment(), CORRAL_EINVAL, "%s", faults[i].text);
        cr_assert_str_eq(written_says(), faults[i].says);
        cr_assert(written_is_unset(7), "the file was set, but not the faults: %s", faults[i].text);
    }
}

Test(environment, all_others_of_none) {
    set("CORRAL_FAIL", "*:at=1");
    cr_assert_eq(written_from_environment(), CORRAL_EINVAL);
    cr_assert_str_eq(written_says(), "CORRAL_FAIL:1: * is nobody: no file names a category, and nothing "
                                     "was allocated in any");
}

Test(environment, errors_of_the_file) {
    with_file("[category 7]\nname =\n");
    set("CORRAL_FAIL", "nobody:at=1");
    cr_assert_eq(written_from_environment(), CORRAL_EINVAL);
    cr_assert_str_eq(written_says(), "a.ini:2: name: it is empty");
    set("CORRAL_CONFIG", written_missing());
    cr_assert_eq(written_from_environment(), CORRAL_EINVAL);
    cr_assert_str_eq(written_says(), "missing.ini: No such file or directory");
}

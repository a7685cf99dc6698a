/* SPDX-License-Identifier: MIT
 *
 * Each fault of a file: what is said of it, to the letter, and that nothing was set.
 *
 * Owns:     a file in a temporary directory; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: a faulty line stands behind sections that are legal, of which nothing may be set.
 * Does not: look at faults in the environment (environment.c).
 */
#include "written.h"

#include "support/build.h"
#include "support/check.h"
#include "support/process.h"

#include <corral/backend.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(errors, .init = written_begin, .fini = written_end);

static void expect(const char *text, corral_status status, const char *message) {
    written_text(text);
    corral_status got = written_read();
    CHECK(got == status, "%d: %s", (int)got, text);
    CHECK(strcmp(written_says(), message) == 0, "is   %s\nnot  %s", written_says(), message);
    CHECK(written_is_unset(7) && written_is_unset(8), "set: %s", text);
}

#define NAME47 "01234567890123456789012345678901234567890123456"
#define TEN    "0123456789"
#define LINE   TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "01234567"

/* What is the third line of a file, and what is said of it. */
static const struct {
    const char *line, *says;
} lines[] = {
    {"[categry 7]", "[categry 7] is not a section: there are [category ID] and [process]"},
    {"[category7]", "[category7] is not a section: there are [category ID] and [process]"},
    {"[processes]", "[processes] is not a section: there are [category ID] and [process]"},
    {"[]", "[] is not a section: there are [category ID] and [process]"},
    {"[", "[ is not a section: there are [category ID] and [process]"},
    {"[category]", "[category]: an id is a number below 2^32, or four letters in single quotes"},
    {"[category x]", "[category x]: an id is a number below 2^32, or four letters in single quotes"},
    {"[category -1]", "[category -1]: an id is a number below 2^32, or four letters in single quotes"},
    {"[category 07]", "[category 07]: an id is a number below 2^32, or four letters in single quotes"},
    {"[category 0x]", "[category 0x]: an id is a number below 2^32, or four letters in single quotes"},
    {"[category 4294967296]",
     "[category 4294967296]: an id is a number below 2^32, or four letters in single quotes"},
    {"[category 18446744073709551617]",
     "[category 18446744073709551617]: an id is a number below 2^32, or four letters in single quotes"},
    {"[category 'PSC']", "[category 'PSC']: an id is a number below 2^32, or four letters in single quotes"},
    {"[category 'PSCPX']",
     "[category 'PSCPX']: an id is a number below 2^32, or four letters in single quotes"},
    {"[category \"PSCP\"]",
     "[category \"PSCP\"]: an id is a number below 2^32, or four letters in single quotes"},
    {"[category 'a\tbc']",
     "[category 'a\tbc']: an id is a number below 2^32, or four letters in single quotes"},
    {"[category '\xc3\xa4" "b']",
     "[category '\xc3\xa4" "b']: an id is a number below 2^32, or four letters in single quotes"},
    {"[category 9", "[category 9: a bracket is to stand before \"\""},
    {"[category 9 name=x]", "[category 9 name=x]: a bracket is to stand before \"name=x]\""},
    {"[category 9a]", "[category 9a]: a bracket is to stand before \"a]\""},
    {"[process 1]", "[process 1]: a bracket is to stand before \"1]\""},
    {"[category 9] name = x", "[category 9] name = x: nothing is to stand behind the section"},
    {"[category 7]", "line 1 has a section of the same already"},
    {"[category 0x7]", "line 1 has a section of the same already"},
    {"fail_at = 2", "fail_at: it is set twice"},
    {"nam = x", "a category has no key \"nam\""},
    {"Name = x", "a category has no key \"Name\""},
    {"callback = x", "a category has no key \"callback\""},
    {"= x", "a category has no key \"\""},
    {"name", "the line is neither a section nor a key and its value"},
    {"name =", "name: it is empty"},
    {"name = ; x", "name: it is empty"},
    {"name = " NAME47 "7", "name: \"" NAME47 "7\" is longer than 47 bytes"},
    {"soft_budget = ", "soft_budget: \"\" is not a number of bytes, KiB, MiB or GiB"},
    {"soft_budget = KiB", "soft_budget: \"KiB\" is not a number of bytes, KiB, MiB or GiB"},
    {"soft_budget = 1 KB", "soft_budget: \"1 KB\" is not a number of bytes, KiB, MiB or GiB"},
    {"soft_budget = 1.5 KiB", "soft_budget: \"1.5 KiB\" is not a number of bytes, KiB, MiB or GiB"},
    {"soft_budget = 1 KiB x", "soft_budget: \"1 KiB x\" is not a number of bytes, KiB, MiB or GiB"},
    {"soft_budget = -1", "soft_budget: \"-1\" is not a number of bytes, KiB, MiB or GiB"},
    {"soft_budget = +1", "soft_budget: \"+1\" is not a number of bytes, KiB, MiB or GiB"},
    {"hard_budget = 9223372036854775808", "hard_budget: \"9223372036854775808\" is too large"},
    {"hard_budget = 18446744073709551617", "hard_budget: \"18446744073709551617\" is too large"},
    {"hard_budget = 8589934592 GiB", "hard_budget: \"8589934592 GiB\" is too large"},
    {"hard_budget = 17179869185 GiB", "hard_budget: \"17179869185 GiB\" is too large"},
    {"exact = maybe", "exact: \"maybe\" is neither yes nor no"},
    {"exact = 2", "exact: \"2\" is neither yes nor no"},
    {"zero_on_free = Yes", "zero_on_free: \"Yes\" is neither yes nor no"},
    {"misuse = exit", "misuse: \"exit\" is none of ignore, report, abort and default"},
    {"decay_ms = soon", "decay_ms: \"soon\" is not a number"},
    {"decay_ms = 4294967294", "decay_ms: \"4294967294\" is too large"},
    {"huge_pages = yes", "huge_pages: \"yes\" is none of never, advise, explicit and default"},
    {"reserve = all", "reserve: \"all\" is not a number of bytes, KiB, MiB or GiB"},
    {"fail_every = x", "fail_every: \"x\" is not a number"},
    {"fail_every = 1x", "fail_every: \"1x\" is not a number"},
    {"fail_every = 1 KiB", "fail_every: \"1 KiB\" is not a number"},
    {"fail_every = 010", "fail_every: \"010\" is not a number"},
    {"fail_seed = 18446744073709551616", "fail_seed: \"18446744073709551616\" is too large"},
    {"origins = yes", "origins: \"yes\" is not a number"},
    {"origins = 4294967296", "origins: \"4294967296\" is too large"},
    {"fail_per_million = 1000001", "fail_per_million: \"1000001\" is too large"},
    {"fail_per_million = 4294967296", "fail_per_million: \"4294967296\" is too large"},
    {LINE "8", "the line is longer than 198 bytes"},
    {";" LINE, "the line is longer than 198 bytes"},
    {LINE, "the line is neither a section nor a key and its value"},
};

Test(errors, each_line) {
    char text[600], says[600];
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        for (int more = 0; more < 2; more++) {
            snprintf(text, sizeof text, "[category 7]\nfail_at = 1\n%s%s", lines[i].line,
                     more ? "\n[category 8]\nexact = none\n" : "");
            snprintf(says, sizeof says, "a.ini:3: %s", lines[i].says);
            expect(text, CORRAL_EINVAL, says);
        }
    }
}

Test(errors, of_the_process) {
    expect("[category 7]\nexact = yes\n[process]\nname = x\n", CORRAL_EINVAL,
           "a.ini:4: [process] has no key \"name\"");
    expect("[process]\nhard_budget = 1\n[category 7]\nexact=1\n[process]\n", CORRAL_EINVAL,
           "a.ini:5: line 1 has a section of the same already");
    void *block = corral_alloc(1000, 9);
    cr_assert_not_null(block, "the process's budget was set");
    corral_free(block, 9);
}

Test(errors, before_the_first_section) {
    expect("\nname = x\n[category 7]\n", CORRAL_EINVAL,
           "a.ini:2: a key stands before the first section");
}

Test(errors, the_first_one_is_said) {
    expect("[category 7]\nnonsense\nmore\n[x]\n", CORRAL_EINVAL,
           "a.ini:2: the line is neither a section nor a key and its value");
}

Test(errors, byte_that_is_0) {
    static const char text[] = "[category 7]\nname = a\0b\n";
    written_bytes(text, sizeof text - 1);
    cr_assert_eq(written_read(), CORRAL_EINVAL);
    cr_assert_str_eq(written_says(), "a.ini:2: the line has a byte that is 0");
}

Test(errors, files_that_cannot_be_read) {
    char message[600], says[600];
    cr_assert_eq(corral_config_read(written_missing(), message, sizeof message), CORRAL_EINVAL);
    snprintf(says, sizeof says, "%s: No such file or directory", written_missing());
    cr_assert_str_eq(message, says);
    cr_assert_eq(corral_config_read("/", message, sizeof message), CORRAL_EINVAL);
    cr_assert_str_eq(message, "/: Is a directory");
    cr_assert_eq(corral_config_read(NULL, message, sizeof message), CORRAL_EINVAL);
    cr_assert_str_eq(message, "corral: no file is named");
}

Test(errors, room_for_the_message) {
    char message[8] = "xxxxxxx";
    written_text("[category 7]\nname =\n");
    cr_assert_eq(corral_config_read(written_path(), NULL, 100), CORRAL_EINVAL);
    cr_assert_eq(corral_config_read(written_path(), message, 0), CORRAL_EINVAL);
    cr_assert_str_eq(message, "xxxxxxx");
    for (size_t size = 1; size < sizeof message; size++) {
        cr_assert_eq(corral_config_read(written_path(), message, size), CORRAL_EINVAL);
        cr_assert(strlen(message) == size - 1 && strncmp(message, written_path(), size - 1) == 0);
    }
    written_text("");
    cr_assert_eq(corral_config_read(written_path(), NULL, 0), CORRAL_OK);
    cr_assert_eq(corral_config_read(written_path(), message, 1), CORRAL_OK);
    cr_assert_eq(*message, 0);
}

Test(errors, no_category_is_left) {
    for (uint32_t i = 0; i < CORRAL_CATEGORY_LIMIT; i++) {
        corral_category_configure(0x10000 + i, &(corral_category_options){0},
                                  sizeof(corral_category_options));
    }
    corral_category_options before = {.name = "before", .soft_budget = 3};
    cr_assert_eq(corral_category_configure(0, &before, sizeof before), CORRAL_OK);
    written_text("[category 0]\nname = after\n[process]\nhard_budget = 1\n"
                 "[category 0x7FFFFFFF]\nname = none\n");
    cr_assert_eq(written_read(), CORRAL_ENOMEM);
    cr_assert_str_eq(written_says(), "a.ini:5: there is no category left for the id");
    cr_assert_str_eq(corral_category_name(0), "before");
    cr_assert_eq(written_options(0).soft_budget, 3);
    void *block = corral_alloc(1000, 0);
    cr_assert_not_null(block, "the process's budget was set");
    corral_free(block, 0);
}

/* Gives category 1 names until there is no memory for another one. */
static void exhaust_names(void) {
    char name[CORRAL_NAME_MAX];
    corral_category_options options = {.name = name};
    corral_status status = CORRAL_OK;
    process_limit_mapped(0);
    for (unsigned i = 0; status == CORRAL_OK; i++) {
        snprintf(name, sizeof name, "name %u", i);
        status = corral_category_configure(1, &options, sizeof options);
    }
    cr_assert_eq(status, CORRAL_ENOMEM);
}

Test(errors, no_memory_is_left) {
    if (corral_backend_in_use() == CORRAL_BACKEND_REGION) {
        cr_skip_test("what is mapped is not what a region has");
    }
    static const char text[] = "[category 7]\nhard_budget = 1\nfail_at = 3\n[process]\nhard_budget = 1\n"
                               "[category 8]\nname = another\n";
    written_set("[category 7]\nhard_budget = 1 MiB\nname = kept\n"); /* the C library has memory for a file */
    written_text(text);
    exhaust_names();
    cr_assert_eq(written_read(), CORRAL_ENOMEM);
    cr_assert_str_eq(written_says(), "a.ini:6: there is no memory");
    cr_assert_eq(written_options(7).hard_budget, 1 << 20);
    cr_assert_eq(written_options(7).fail_at, 0);
    cr_assert_str_eq(corral_category_name(7), "kept");
    cr_assert(written_is_unset(8));
}

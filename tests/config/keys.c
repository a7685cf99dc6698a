/* SPDX-License-Identifier: MIT
 *
 * Each section and key of a file, and each form of a value: what the category has then.
 *
 * Owns:     a file in a temporary directory; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: looks at all options of a category, so that a key that sets another one is found.
 * Does not: look at what options do (effects.c).
 */
#include "written.h"

#include "support/check.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define PSCP 0x50534350u

TestSuite(keys, .init = written_begin, .fini = written_end);

static void expect(uint32_t id, corral_category_options expected) {
    corral_category_options has = written_options(id);
    const char *name = expected.name == NULL ? "" : expected.name;
    CHECK(strcmp(has.name == NULL ? "" : has.name, name) == 0, "%s", has.name);
    CHECK(has.soft_budget == expected.soft_budget && has.hard_budget == expected.hard_budget,
          "%ju %ju", (uintmax_t)has.soft_budget, (uintmax_t)has.hard_budget);
    CHECK(has.callback == expected.callback && has.argument == expected.argument, "callback");
    CHECK(has.exact == expected.exact && has.zero_on_free == expected.zero_on_free, "%u %u", has.exact,
          has.zero_on_free);
    CHECK(has.isolated == expected.isolated, "%u", has.isolated);
    CHECK(has.misuse == expected.misuse, "%d", (int)has.misuse);
    CHECK(has.fail_at == expected.fail_at && has.fail_every == expected.fail_every, "%ju %ju",
          (uintmax_t)has.fail_at, (uintmax_t)has.fail_every);
    CHECK(has.fail_per_million == expected.fail_per_million && has.fail_seed == expected.fail_seed,
          "%u %ju", has.fail_per_million, (uintmax_t)has.fail_seed);
    CHECK(has.origins == expected.origins, "%u", has.origins);
    CHECK(has.reserve == expected.reserve && has.keep == expected.keep, "%ju %ju", (uintmax_t)has.reserve,
          (uintmax_t)has.keep);
    CHECK(has.decay_ms == expected.decay_ms && has.huge_pages == expected.huge_pages, "%u %d", has.decay_ms,
          (int)has.huge_pages);
}

/* Category 7 with one key has these options; they are 0 before. */
#define EXPECT(key, ...)                                                                           \
    (corral_category_configure(7, &(corral_category_options){0}, sizeof(corral_category_options)), \
     written_set("[category 7]\n" key "\n"), expect(7, (corral_category_options){__VA_ARGS__}))

Test(keys, each_alone) {
    EXPECT("name = textures and more", .name = "textures and more");
    EXPECT("soft_budget = 1000", .soft_budget = 1000);
    EXPECT("hard_budget = 1000", .hard_budget = 1000);
    EXPECT("exact = yes", .exact = 1);
    EXPECT("zero_on_free = yes", .zero_on_free = 1);
    EXPECT("misuse = abort", .misuse = CORRAL_MISUSE_ABORT);
    EXPECT("fail_at = 12", .fail_at = 12);
    EXPECT("fail_every = 12", .fail_every = 12);
    EXPECT("fail_per_million = 12", .fail_per_million = 12);
    EXPECT("fail_seed = 12", .fail_seed = 12);
    EXPECT("origins = 12", .origins = 12);
    EXPECT("reserve = 1000", .reserve = 1000);
    EXPECT("keep = 1000", .keep = 1000);
    EXPECT("decay_ms = 12", .decay_ms = 12);
    EXPECT("huge_pages = advise", .huge_pages = CORRAL_HUGE_PAGES_ADVISE);
    EXPECT("isolated = yes", .isolated = 1); /* for good */
}

Test(keys, forms_of_bytes) {
    EXPECT("hard_budget = 0", 0);
    EXPECT("hard_budget = 3KiB", .hard_budget = 3072);
    EXPECT("hard_budget = 3 MiB", .hard_budget = 3 << 20);
    EXPECT("hard_budget =\t3\tGiB\t", .hard_budget = UINT64_C(3) << 30);
    EXPECT("hard_budget = 0x10", .hard_budget = 16);
    EXPECT("hard_budget = 0XfFKiB", .hard_budget = 255 << 10);
    EXPECT("hard_budget = 9223372036854775807", .hard_budget = INT64_MAX);
    EXPECT("hard_budget = 8589934591 GiB", .hard_budget = UINT64_C(8589934591) << 30);
}

Test(keys, forms_of_numbers) {
    EXPECT("fail_seed = 18446744073709551615", .fail_seed = UINT64_MAX);
    EXPECT("fail_seed = 0xFFFFFFFFFFFFFFFF", .fail_seed = UINT64_MAX);
    EXPECT("fail_per_million = 1000000", .fail_per_million = 1000000);
}

Test(keys, forms_of_switches) {
    EXPECT("exact = 1", .exact = 1);
    EXPECT("exact = 0", 0);
    EXPECT("exact = no", 0);
}

Test(keys, policies) {
    EXPECT("misuse = ignore", .misuse = CORRAL_MISUSE_IGNORE);
    EXPECT("misuse = report", .misuse = CORRAL_MISUSE_REPORT);
    EXPECT("misuse = default", .misuse = CORRAL_MISUSE_DEFAULT);
}

Test(keys, decays_and_pages) {
    EXPECT("decay_ms = at once", .decay_ms = CORRAL_DECAY_AT_ONCE);
    EXPECT("decay_ms = never", .decay_ms = CORRAL_DECAY_NEVER);
    EXPECT("decay_ms = 0", 0);
    EXPECT("huge_pages = never", .huge_pages = CORRAL_HUGE_PAGES_NEVER);
    EXPECT("huge_pages = explicit", .huge_pages = CORRAL_HUGE_PAGES_EXPLICIT);
    EXPECT("huge_pages = default", 0);
}

Test(keys, longest_name) {
#define LONGEST "01234567890123456789012345678901234567890123456"
    _Static_assert(sizeof LONGEST - 1 == CORRAL_NAME_MAX, "it is not the longest");
    EXPECT("name = " LONGEST, .name = LONGEST);
}

Test(keys, forms_of_ids) {
    written_set("[category 4294967295]\nexact=1\n[category 0x50534350]\nfail_at=1\n"
                "[ category\t'];'a' ] ; letters\nfail_at=2\n[category 0]# none\nfail_at=3");
    expect(UINT32_MAX, (corral_category_options){.exact = 1});
    expect(PSCP, (corral_category_options){.fail_at = 1});
    expect(0x5D3B2761, (corral_category_options){.fail_at = 2});
    expect(0, (corral_category_options){.fail_at = 3});
    written_set("[category 'PSCP']\nfail_every = 2\n");
    expect(PSCP, (corral_category_options){.fail_at = 1, .fail_every = 2});
}

Test(keys, forms_of_lines) {
    written_set("\xEF\xBB\xBF[category 7]\r\n\r\n; name = none\r\n# name = none\r\n"
                "    name : a=b ; it is\r\n\tfail_at=5\r\n  [category 8]\r\n  fail_at = 6");
    expect(7, (corral_category_options){.name = "a=b", .fail_at = 5});
    expect(8, (corral_category_options){.fail_at = 6});
}

Test(keys, longest_line) {
    char text[300];
    snprintf(text, sizeof text, "[category 7]\nfail_at = %186d1\nfail_every = 2\n", 4);
    written_set(text);
    expect(7, (corral_category_options){.fail_at = 41, .fail_every = 2});
}

Test(keys, nothing) {
    corral_category_options options;
    written_set("");
    written_set("; nothing\n\n");
    written_set("[category 7777]\n[process]\n");
    cr_assert_eq(corral_category_options_of(7777, &options, sizeof options), CORRAL_EUNUSED);
}

static int callback(const corral_budget_event *event, void *argument) {
    (void)event;
    (void)argument;
    return 0;
}

Test(keys, what_is_not_named_stays) {
    static int argument;
    corral_category_options all = {"first", 2, 3, callback, &argument, 1, 1, CORRAL_MISUSE_REPORT,
                                   4, 5, 6, 7, 1, 8, 9, 10, 11, CORRAL_HUGE_PAGES_ADVISE};
    cr_assert_eq(corral_category_configure(7, &all, sizeof all), CORRAL_OK);
    written_set("[category 7]\n");
    expect(7, all);
    written_set("[category 7]\nname = second\n");
    all.name = "second";
    expect(7, all);
    written_set("[category 7]\nhard_budget = 0\nfail_every = 9\nexact = no\n");
    all.hard_budget = 0;
    all.fail_every = 9;
    all.exact = 0;
    expect(7, all);
    written_set("[category 8]\nname = another\n");
    expect(7, all);
}

Test(keys, the_example_is_legal) {
    char message[600];
    cr_assert_eq(corral_config_read(CONFIG_EXAMPLE, message, sizeof message), CORRAL_OK, "%s", message);
    cr_assert_str_eq(corral_category_name(2), "textures");
    cr_assert_eq(written_options(PSCP).misuse, CORRAL_MISUSE_ABORT);
}

/* SPDX-License-Identifier: MIT
 *
 * The figures as text, to the letter.
 *
 * Owns:     a stream; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: what depends on the build is looked at in the default build alone.
 * Does not: compare numbers with corral's own figures (json.c), of which text is a choice.
 */
#include <corral/configure.h>
#include <corral/report.h>

#include "captured.h"

#include "support/build.h"
#include "support/check.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(text, .init = captured_begin, .fini = captured_end);

static void name(uint32_t id, const char *text) {
    corral_category_options options = {.name = text};
    CHECK(corral_category_configure(id, &options, sizeof options) == CORRAL_OK, "no name");
}

static const char *figures(void) {
    CHECK(corral_report_figures(captured_stream(), CORRAL_REPORT_TEXT) == CORRAL_OK, "no figures");
    return captured_text();
}

Test(text, of_nothing) {
    cr_assert_str_eq(figures(), "category  blocks  live  peak  slabs  used  shelved  kept  committed  reserved"
                                "  refills  remote  failed  soft budget  hard budget\n"
                                "all            0   0 B   0 B      0              0   0 B        0 B       0 B"
                                "        0       0       0\n");
}

Test(text, of_a_small_case) {
    if (CORRAL_SLAB_KIB != 64 || CORRAL_MEDIUM_SLABS != 28 || CORRAL_STEPS_PER_DOUBLING != 4 ||
        CORRAL_DENSE_IDS != 64 || CORRAL_FRONT_KIB != 64) {
        cr_skip_test("this build has other sizes");
    }
    corral_category_options options = {.name = "net", .soft_budget = 9999, .hard_budget = 48 * BUILD_MIB};
    cr_assert_eq(corral_category_configure(7, &options, sizeof options), CORRAL_OK);
    void *blocks[] = {corral_alloc(100, 7), corral_alloc(100, 7), corral_alloc(20000, 7),
                      corral_alloc(8 * BUILD_MIB, 7), corral_alloc(16, 0x50534350)};
    corral_free(corral_alloc(1000, 0x50534350), 0x50534350);
    static const char expected[] =
        "category       blocks       live      peak  slabs  used  shelved  kept   committed   reserved  refills"
        "  remote  failed  soft budget  hard budget\n"
        "7 net               4   8.02 MiB  8.02 MiB      6    5%        0   0 B    8.50 MiB  12.00 MiB        2"
        "       0       0       9999 B    48.00 MiB\n"
        "    112 B           2      224 B                1                                                    1"
        "       0\n"
        "    20.00 KiB       1  20.00 KiB                5                                                    1"
        "       0\n"
        "    large           1   8.00 MiB\n"
        "0x50534350          1       16 B      16 B      2    0%        0   0 B  256.00 KiB   4.00 MiB        2"
        "       0       0\n"
        "    16 B            1       16 B                1                                                    1"
        "       0\n"
        "    1024 B          0        0 B                1                                                    1"
        "       0\n"
        "all                 5   8.02 MiB  8.02 MiB      8    4%        0   0 B    8.75 MiB  16.00 MiB        4"
        "       0       0\n";
    const char *got = figures();
    CHECK(strcmp(got, expected) == 0, "is\n%s", got);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        corral_free(blocks[i], i < 4 ? 7 : 0x50534350);
    }
}

/* A name, and what is written of it. */
static const struct {
    const char *name, *text;
} names[] = {
    {"two words", "two words"},
    {"\"quoted\"", "\"quoted\""},
    {"a\tb\nc\x7F", "a\\x09b\\x0Ac\\x7F"},
    {"back\\slash", "back\\x5Cslash"},
    {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"},
    {"\xC2\x9B" "31m", "\\xC2\\x9B31m"},               /* a terminal's control sequence in one code point */
    {"\xFF\x80", "\\xFF\\x80"},
    {"\xC0\xAF", "\\xC0\\xAF"},                       /* too long for what it says */
    {"\xE0\x80\x80", "\\xE0\\x80\\x80"},
    {"\xED\xA0\x80", "\\xED\\xA0\\x80"},              /* half a code point of UTF-16 */
    {"\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},     /* beyond the last one */
    {"\xE2\x82", "\\xE2\\x82"},                       /* cut */
    {"\xE2\x82z", "\\xE2\\x82z"},
};

Test(text, names) {
    void *block = corral_alloc(10, 5);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char expected[300];
        name(5, names[i].name);
        snprintf(expected, sizeof expected, "\n5 %s  ", names[i].text);
        cr_assert_not_null(strstr(figures(), expected), "%s", names[i].text);
    }
    corral_free(block, 5);
}

/* Code points of a line. Lines whose last cells are of the same column have as many. */
static size_t width_of_line(const char *line) {
    size_t width = 0;
    for (; *line != '\n'; line++) {
        width += ((unsigned char)*line & 0xC0) != 0x80;
    }
    return width;
}

Test(text, columns_are_aligned_in_code_points) {
    name(5, "\xC3\xA4\xC3\xB6\xC3\xBC");
    name(6, "aou");
    void *one = corral_alloc(10, 5), *other = corral_alloc(10, 6);
    const char *all = figures();
    const char *five = strstr(all, "\n5 "), *six = strstr(all, "\n6 ");
    cr_assert(five != NULL && six != NULL);
    cr_assert_eq(width_of_line(five + 1), width_of_line(six + 1));
    corral_free(one, 5);
    corral_free(other, 6);
}

Test(text, of_ids_that_share_the_overflow_category) {
    for (uint32_t i = 0; i < CORRAL_CATEGORY_LIMIT + 2; i++) {
        cr_assert_not_null(corral_alloc(100, UINT32_MAX - i));
    }
    cr_assert_not_null(strstr(figures(), "\noverflow "));
}

/* SPDX-License-Identifier: MIT
 *
 * Where what is live was asked for: left on purpose through each door, and told by file and line.
 *
 * Owns:     a stream; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: text is compared to the letter, and JSON name by name. Sizes are of classes that every build has.
 * Does not: look at the process's end (at_exit.c).
 */
#include <corral/configure.h>
#include <corral/lpm.h>
#include <corral/origin.h>
#include <corral/party.h>
#include <corral/report.h>

#include "captured.h"

#include "support/build.h"
#include "support/check.h"
#include "support/origins.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { NET = 7, PLAIN = 0, MANY = 5000, PLACES = 1500 };

static void begin(void) {
    captured_begin();
    corral_category_options options = {.name = "net", .origins = 1};
    CHECK(corral_category_configure(NET, &options, sizeof options) == CORRAL_OK, "no options");
}

TestSuite(origins, .init = begin, .fini = captured_end);

static void expect(const char *text) {
    CHECK(corral_report_leaks(captured_stream(), CORRAL_REPORT_TEXT, NULL) == CORRAL_OK, "no leaks");
    const char *got = captured_text();
    CHECK(strcmp(got, text) == 0, "is\n%s", got);
}

static json_t *read_json(void) {
    CHECK(corral_report_leaks(captured_stream(), CORRAL_REPORT_JSON, NULL) == CORRAL_OK, "no leaks");
    json_error_t error;
    json_t *root = json_loads(captured_text(), JSON_REJECT_DUPLICATES, &error);
    CHECK(root != NULL, "line %d: %s", error.line, error.text);
    return root;
}

static void *blocks[MANY];
static size_t count;

static void keep(void *block) {
    CHECK(block != NULL, "no block");
    blocks[count++] = block;
}

static char policy[] = "policy.c";

static void leave_through_each_door(void) {
    origins_keep(CORRAL_LPM_MEMORY_TYPE, 1);
    for (int i = 0; i < 3; i++) {
        keep(corral_alloc_at(30, NET, "socket.c", 12));
    }
    keep(corral_calloc_at(4, 8, NET, "socket.c", 40));
    keep(corral_realloc_at(corral_alloc_at(992, NET, "first.c", 1), 20, NET, "grown.c", 7));
    keep(corral_realloc(corral_alloc_at(992, NET, "shrunk.c", 8), 32, NET));
    keep(corral_aligned_alloc_at(64, 32, NET, "aligned.c", 5));
    keep(corral_alloc_at(16 * BUILD_MIB - 32, NET, "level.c", 99));
    keep(corral_lpm_alloc_at(25, policy, 3));
    keep(corral_alloc(64, NET));
    keep(corral_party_allocate(64, NET));
    keep(corral_lpm_alloc(25));
    keep(corral_alloc_at(32, PLAIN, "of a category without the option.c", 1));
}

static void free_all(void) {
    while (count > 0) {
        void *block = blocks[--count];
        corral_free(block, (uint32_t)corral_memory_type_of(block));
    }
    expect("nothing is live\n");
}

Test(origins, each_door) {
    leave_through_each_door();
    expect("13 blocks of 16777984 bytes are live\n"
           "category    block  blocks     bytes  without origin\n"
           "7 net       large       1  16777216               0\n"
           "7 net        64 B       9       576               2\n"
           "0x4C504D20   64 B       2       128               1\n"
           "0            64 B       1        64               1\n"
           "\n"
           "allocated at  blocks  asked for     bytes  oldest    category\n"
           "socket.c:12        3         90       192       1       7 net\n"
           "socket.c:40        1         32        64       4       7 net\n"
           "grown.c:7          1         20        64       6       7 net\n"
           "shrunk.c:8         1         32        64       7       7 net\n"
           "aligned.c:5        1         32        64       8       7 net\n"
           "level.c:99         1   16777184  16777216       9       7 net\n"
           "policy.c:3         1         25        64      10  0x4C504D20\n");
    free_all();
}

static void expect_number(const json_t *object, const char *name, uint64_t expected) {
    const json_t *value = json_object_get(object, name);
    CHECK(json_is_integer(value) && json_integer_value(value) == (json_int_t)expected, "%s: %ju, not %ju", name,
          (uintmax_t)json_integer_value(value), (uintmax_t)expected);
}

static const struct place {
    uint64_t id;
    const char *file;
    uint64_t line, blocks, bytes, asked, oldest;
} places[] = {
    {NET, "socket.c", 12, 3, 192, 90, 1},
    {NET, "socket.c", 40, 1, 64, 32, 4},
    {NET, "grown.c", 7, 1, 64, 20, 6},
    {NET, "shrunk.c", 8, 1, 64, 32, 7},
    {NET, "aligned.c", 5, 1, 64, 32, 8},
    {NET, "level.c", 99, 1, 16 * BUILD_MIB, 16 * BUILD_MIB - 32, 9},
    {CORRAL_LPM_MEMORY_TYPE, "policy.c", 3, 1, 64, 25, 10},
};

Test(origins, each_door_as_json) {
    static const uint64_t without[] = {0, 2, 1, 1};
    leave_through_each_door();
    json_t *root = read_json();
    const json_t *list = json_object_get(root, "origins"), *live = json_object_get(root, "live");
    cr_assert_eq(json_array_size(list), sizeof places / sizeof *places);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const json_t *one = json_array_get(list, i), *name = json_object_get(one, "name");
        cr_assert_str_eq(json_string_value(json_object_get(one, "file")), places[i].file);
        cr_assert(places[i].id == NET ? strcmp(json_string_value(name), "net") == 0 : json_is_null(name));
        cr_assert_eq(json_object_size(one), 8);
        expect_number(one, "id", places[i].id);
        expect_number(one, "line", places[i].line);
        expect_number(one, "live_blocks", places[i].blocks);
        expect_number(one, "live_bytes", places[i].bytes);
        expect_number(one, "asked_bytes", places[i].asked);
        expect_number(one, "oldest", places[i].oldest);
    }
    cr_assert_eq(json_array_size(live), 4);
    for (size_t i = 0; i < 4; i++) {
        expect_number(json_array_get(live, i), "without_origin", without[i]);
    }
    json_decref(root);
    free_all();
    root = read_json();
    cr_assert(json_is_array(json_object_get(root, "origins")));
    cr_assert_eq(json_array_size(json_object_get(root, "origins")), 0);
    json_decref(root);
}

/* The macros tell this file and these lines. */
Test(origins, here) {
    char text[1000];
    const int line = __LINE__ + 1;
    keep(CORRAL_ALLOC_HERE(32, NET));
    keep(CORRAL_CALLOC_HERE(1, 32, NET));
    keep(CORRAL_REALLOC_HERE(NULL, 32, NET));
    keep(CORRAL_ALIGNED_ALLOC_HERE(16, 32, NET));
    CHECK(corral_report_leaks(captured_stream(), CORRAL_REPORT_TEXT, NULL) == CORRAL_OK, "no leaks");
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "\n%s:%d       1         32     64       %d     7 net\n", __FILE__, line + i, i + 1);
        cr_assert_not_null(strstr(captured_text(), text), "%s", captured_text());
    }
    free_all();
}

/* What was written behind a block's end is told apart, without file and line. */
Test(origins, written_over) {
    keep(corral_alloc_at(32, NET, "a.c", 1));
    keep(corral_alloc_at(32, NET, "a.c", 1));
    memset(blocks[0], 7, 40);
    expect("2 blocks of 128 bytes are live\n"
           "category  block  blocks  bytes  without origin\n"
           "7 net      64 B       2    128               0\n"
           "\n"
           "allocated at    blocks  asked for  bytes  oldest  category\n"
           "a.c:1                1         32     64       2     7 net\n"
           "(written over)       1                64             7 net\n");
    json_t *root = read_json();
    const json_t *last = json_array_get(json_object_get(root, "origins"), 1);
    static const char *const unknown[] = {"file", "line", "asked_bytes", "oldest"};
    for (size_t i = 0; i < 4; i++) {
        cr_assert(json_is_null(json_object_get(last, unknown[i])), "%s", unknown[i]);
    }
    json_decref(root);
    free_all();
}

/* The same text at two addresses is one file; what a terminal acts upon is not written as it is. */
Test(origins, names_of_files) {
    char same[] = "a.c", odd[] = "b\x1B[1m\xFF.c", longest[1000];
    memset(longest, 'x', sizeof longest);
    strcpy(longest + sizeof longest - 6, "end.c");
    keep(corral_alloc_at(32, NET, "a.c", 1));
    keep(corral_alloc_at(32, NET, same, 1));
    keep(corral_alloc_at(32, NET, odd, 2));
    keep(corral_alloc_at(32, NET, NULL, 3));
    keep(corral_alloc_at(32, NET, longest, 4));
    CHECK(corral_report_leaks(captured_stream(), CORRAL_REPORT_TEXT, NULL) == CORRAL_OK, "no leaks");
    cr_assert_not_null(strstr(captured_text(), "\na.c:1  "));
    cr_assert_not_null(strstr(captured_text(), "\nb\\x1B[1m\\xFF.c:2  "));
    cr_assert_not_null(strstr(captured_text(), "\n:3  "));
    cr_assert_not_null(strstr(captured_text(), "\n...xxx"));
    cr_assert_not_null(strstr(captured_text(), "xxxend.c:4       1  "));
    json_t *root = read_json();
    const json_t *list = json_object_get(root, "origins");
    cr_assert_eq(json_array_size(list), 4);
    expect_number(json_array_get(list, 0), "live_blocks", 2);
    cr_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "file")), "b\x1B[1m\xEF\xBF\xBD.c");
    cr_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 3), "file")), longest);
    json_decref(root);
    free_all();
}

/* Of many places in a mix, each has what was left there, the oldest first. */
Test(origins, many_places) {
    for (size_t i = 0; i < MANY; i++) {
        keep(corral_alloc_at(32, NET, i % 2 == 0 ? "even.c" : "odd.c", (uint32_t)(i * 7 % PLACES)));
    }
    json_t *root = read_json();
    const json_t *list = json_object_get(root, "origins");
    cr_assert_eq(json_array_size(list), PLACES);
    for (size_t i = 0; i < PLACES; i++) {
        const json_t *one = json_array_get(list, i);
        cr_assert_str_eq(json_string_value(json_object_get(one, "file")), i % 2 == 0 ? "even.c" : "odd.c");
        expect_number(one, "line", i * 7 % PLACES);
        expect_number(one, "oldest", i + 1);
        expect_number(one, "live_blocks", (MANY - i + PLACES - 1) / PLACES);
    }
    json_decref(root);
    free_all();
}

/* There is no address left for the lists. */
static void check_no_memory(void *argument) {
    (void)argument;
    keep(corral_alloc_at(32, NET, "a.c", 1));
    process_limit_mapped(0);
    CHECK(corral_report_leaks(captured_stream(), CORRAL_REPORT_TEXT, NULL) == CORRAL_ENOMEM, "text");
    CHECK(corral_report_leaks(captured_stream(), CORRAL_REPORT_JSON, NULL) == CORRAL_ENOMEM, "JSON");
    CHECK(*captured_text() == 0, "something was written");
}

Test(origins, no_memory_is_left) {
    struct child child;
    child_call(check_no_memory, NULL, &child);
    cr_assert(child_succeeded(&child));
}

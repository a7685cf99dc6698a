/* SPDX-License-Identifier: MIT
 *
 * What is live: found with exact counts where it is left on purpose, and nothing where it is not. Errors of both
 * reports.
 *
 * Owns:     a stream; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: sizes are of classes that every build has.
 * Does not: look at the process's end (at_exit.c).
 */
#include <corral/configure.h>
#include <corral/report.h>

#include "captured.h"

#include "support/build.h"
#include "support/check.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

TestSuite(leaks, .init = captured_begin, .fini = captured_end);

static void expect(const char *text, uint64_t count) {
    uint64_t blocks = 12345;
    CHECK(corral_report_leaks(captured_stream(), CORRAL_REPORT_TEXT, &blocks) == CORRAL_OK, "no leaks");
    const char *got = captured_text();
    CHECK(strcmp(got, text) == 0, "is\n%s", got);
    CHECK(blocks == count, "%ju blocks", (uintmax_t)blocks);
}

static json_t *read_json(uint64_t count) {
    uint64_t blocks = 12345;
    CHECK(corral_report_leaks(captured_stream(), CORRAL_REPORT_JSON, &blocks) == CORRAL_OK, "no leaks");
    CHECK(blocks == count, "%ju blocks", (uintmax_t)blocks);
    json_error_t error;
    json_t *root = json_loads(captured_text(), JSON_REJECT_DUPLICATES, &error);
    CHECK(root != NULL, "line %d: %s", error.line, error.text);
    return root;
}

static json_int_t number(const json_t *object, const char *name) {
    return json_integer_value(json_object_get(object, name));
}

Test(leaks, of_nothing) {
    expect("nothing is live\n", 0);
    json_t *root = read_json(0);
    cr_assert_eq(number(root, "version"), CORRAL_REPORT_VERSION);
    cr_assert_str_eq(json_string_value(json_object_get(root, "kind")), "leaks");
    cr_assert_eq(number(root, "live_blocks"), 0);
    cr_assert_eq(number(root, "live_bytes"), 0);
    cr_assert(json_is_array(json_object_get(root, "live")));
    cr_assert_eq(json_array_size(json_object_get(root, "live")), 0);
    json_decref(root);
}

static void *blocks[3000];

Test(leaks, that_are_none) {
    for (size_t i = 0; i < 3000; i++) {
        blocks[i] = corral_alloc(i, (uint32_t)i % 7);
    }
    for (size_t i = 0; i < 3000; i++) {
        corral_free(blocks[i], (uint32_t)i % 7);
    }
    void *large = corral_alloc(16 * BUILD_MIB, 3);
    corral_free(large, 3);
    expect("nothing is live\n", 0);
}

Test(leaks, one_block) {
    blocks[0] = corral_alloc(60, 5);
    expect("1 block of 64 bytes is live\n"
           "category  block  blocks  bytes\n"
           "5          64 B       1     64\n",
           1);
    corral_free(blocks[0], 5);
    expect("nothing is live\n", 0);
}

static const struct left {
    uint32_t id;
    size_t size, count;
} left[] = {{0x50534350, 64, 3}, {5, 64, 3}, {5, 16, 40}, {5, 16 * BUILD_MIB, 1}, {0, 1024, 20}}; /* every build has a category for each */

static size_t leave(void) {
    size_t count = 0;
    corral_category_options options = {.name = "net"};
    CHECK(corral_category_configure(5, &options, sizeof options) == CORRAL_OK, "no name");
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        for (size_t n = 0; n < left[i].count; n++) {
            blocks[count++] = corral_alloc(left[i].size, left[i].id);
        }
    }
    return count;
}

static void free_left(void) {
    size_t at = 0;
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        corral_free_batch(&blocks[at], left[i].count, left[i].id);
        at += left[i].count;
    }
}

Test(leaks, on_purpose) {
    cr_assert_eq(leave(), 67);
    expect("67 blocks of 16798720 bytes are live\n"
           "category     block  blocks     bytes\n"
           "5 net        large       1  16777216\n"
           "0           1024 B      20     20480\n"
           "5 net         16 B      40       640\n"
           "5 net         64 B       3       192\n"
           "0x50534350    64 B       3       192\n",
           67);
    free_left();
    expect("nothing is live\n", 0);
}

Test(leaks, on_purpose_as_json) {
    static const struct left largest_first[] = {
        {5, 0, 1}, {0, 1024, 20}, {5, 16, 40}, {5, 64, 3}, {0x50534350, 64, 3},
    };
    cr_assert_eq(leave(), 67);
    json_t *root = read_json(67);
    const json_t *list = json_object_get(root, "live");
    cr_assert_eq(number(root, "live_blocks"), 67);
    cr_assert_eq(number(root, "live_bytes"), 16798720);
    cr_assert(json_is_true(json_object_get(root, "exact")));
    cr_assert_eq(json_array_size(list), 5);
    for (size_t i = 0; i < 5; i++) {
        const json_t *one = json_array_get(list, i);
        size_t size = largest_first[i].size == 0 ? 16 * BUILD_MIB : largest_first[i].size;
        cr_assert_eq(number(one, "id"), largest_first[i].id);
        cr_assert_eq(number(one, "block_bytes"), (json_int_t)largest_first[i].size);
        cr_assert_eq(number(one, "live_blocks"), (json_int_t)largest_first[i].count);
        cr_assert_eq(number(one, "live_bytes"), (json_int_t)(largest_first[i].count * size));
        cr_assert_eq(json_is_string(json_object_get(one, "name")), largest_first[i].id == 5);
    }
    cr_assert(json_is_null(json_object_get(json_array_get(list, 0), "block_bytes")));
    json_decref(root);
    free_left();
}

static void leave_one(void *argument) {
    *(void **)argument = corral_alloc(64, 5);
    corral_free(corral_alloc(64, 5), 5);
}

Test(leaks, of_a_thread_that_has_ended) {
    thread_call(leave_one, &blocks[0]);
    expect("1 block of 64 bytes is live\n"
           "category  block  blocks  bytes\n"
           "5          64 B       1     64\n",
           1);
    corral_free(blocks[0], 5);
    expect("nothing is live\n", 0);
}

/* More rows than a list begins with room for. */
Test(leaks, in_many_categories) {
    for (uint32_t id = 0; id < 3000; id++) {
        blocks[id] = corral_alloc(16, id);
    }
    json_t *root = read_json(3000);
    size_t rows = json_array_size(json_object_get(root, "live"));
    cr_assert_eq(rows, CORRAL_CATEGORY_LIMIT > 3000 ? 3000 : CORRAL_CATEGORY_LIMIT);
    json_decref(root);
    for (uint32_t id = 0; id < 3000; id++) {
        corral_free(blocks[id], id);
    }
    expect("nothing is live\n", 0);
}

static void expect_refused(FILE *stream, corral_report_format format, corral_status status) {
    uint64_t count = 12345;
    CHECK(corral_report_figures(stream, format) == status, "figures");
    CHECK(corral_report_leaks(stream, format, &count) == status, "leaks");
    CHECK(count == 12345, "blocks were written");
}

Test(leaks, arguments_that_are_not_legal) {
    expect_refused(NULL, CORRAL_REPORT_TEXT, CORRAL_EINVAL);
    expect_refused(captured_stream(), (corral_report_format)2, CORRAL_EINVAL);
    expect_refused(captured_stream(), (corral_report_format)-1, CORRAL_EINVAL);
    cr_assert_str_eq(captured_text(), "");
    cr_assert_eq(corral_report_leaks_at_exit((corral_report_format)2), CORRAL_EINVAL);
    cr_assert_eq(corral_report_leaks(captured_stream(), CORRAL_REPORT_TEXT, NULL), CORRAL_OK);
}

Test(leaks, streams_that_cannot_be_written) {
    for (int format = CORRAL_REPORT_TEXT; format <= CORRAL_REPORT_JSON; format++) {
        FILE *full = fopen("/dev/full", "w"), *unbuffered = fopen("/dev/full", "w"), *input = fopen("/dev/null", "r");
        cr_assert(full != NULL && unbuffered != NULL && input != NULL);
        setvbuf(unbuffered, NULL, _IONBF, 0);
        expect_refused(full, (corral_report_format)format, CORRAL_EINVAL);
        expect_refused(unbuffered, (corral_report_format)format, CORRAL_EINVAL);
        expect_refused(input, (corral_report_format)format, CORRAL_EINVAL);
        fclose(full);
        fclose(unbuffered);
        fclose(input);
    }
}

/* There is no address left for the lists. */
static void check_no_memory(void *argument) {
    (void)argument;
    void *block = corral_alloc(16, 5);
    process_limit_mapped(0);
    expect_refused(captured_stream(), CORRAL_REPORT_TEXT, CORRAL_ENOMEM);
    expect_refused(captured_stream(), CORRAL_REPORT_JSON, CORRAL_ENOMEM);
    CHECK(*captured_text() == 0, "something was written");
    corral_free(block, 5);
}

Test(leaks, no_memory_is_left) {
    struct child child;
    child_call(check_no_memory, NULL, &child);
    cr_assert(child_succeeded(&child));
}

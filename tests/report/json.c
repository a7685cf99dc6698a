/* SPDX-License-Identifier: MIT
 *
 * The figures as JSON, read back and compared with what corral says itself.
 *
 * Owns:     a stream; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: where corral is this program's malloc, that the report's own allocations are not in it.
 * Does not: compare the order of names.
 */
#include <corral/configure.h>
#include <corral/report.h>

#include "captured.h"

#include "support/build.h"
#include "support/check.h"
#include "support/prng.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

TestSuite(json, .init = captured_begin, .fini = captured_end);

enum { IDS = 3, MANY = 5000, CLASSES_MOST = 512 };

static const uint32_t ids[IDS] = {7, UINT32_MAX, 0}; /* every build has a category for each */
static void *blocks[MANY];

/* The figures, which the caller frees. */
static json_t *figures(void) {
    CHECK(corral_report_figures(captured_stream(), CORRAL_REPORT_JSON) == CORRAL_OK, "no figures");
    json_error_t error;
    json_t *root = json_loads(captured_text(), JSON_REJECT_DUPLICATES, &error);
    CHECK(root != NULL, "line %d: %s", error.line, error.text);
    CHECK(json_integer_value(json_object_get(root, "version")) == CORRAL_REPORT_VERSION, "version");
    CHECK(strcmp(json_string_value(json_object_get(root, "kind")), "figures") == 0, "kind");
    return root;
}

static uint64_t number(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    CHECK(json_is_integer(value), "%s is no number", name);
    return (uint64_t)json_integer_value(value);
}

static const json_t *category_of(const json_t *root, uint32_t id) {
    size_t at;
    json_t *category;
    json_array_foreach(json_object_get(root, "categories"), at, category) {
        const json_t *has = json_object_get(category, "id");
        if (json_is_integer(has) && json_integer_value(has) == id) {
            return category;
        }
    }
    return NULL;
}

static void expect_number(const json_t *object, const char *name, uint64_t expected) {
    uint64_t has = number(object, name);
    CHECK(has == expected, "%s: %ju, not %ju", name, (uintmax_t)has, (uintmax_t)expected);
}

static void expect_budget(const json_t *object, const char *name, uint64_t expected) {
    if (expected == 0) {
        CHECK(json_is_null(json_object_get(object, name)), "%s", name);
    } else {
        expect_number(object, name, expected);
    }
}

static void expect_stats(const json_t *object, const corral_stats *stats, const corral_category_options *options) {
    expect_budget(object, "soft_budget", options->soft_budget);
    expect_budget(object, "hard_budget", options->hard_budget);
    expect_number(object, "live_blocks", stats->live_blocks);
    expect_number(object, "live_bytes", stats->live_bytes);
    expect_number(object, "peak_bytes", stats->peak_bytes);
    expect_number(object, "large_blocks", stats->large_blocks);
    expect_number(object, "large_bytes", stats->large_bytes);
    expect_number(object, "slabs", stats->slabs);
    expect_number(object, "slab_bytes", stats->slab_bytes);
    expect_number(object, "shelved_slabs", stats->shelved_slabs);
    expect_number(object, "held_slabs", stats->held_slabs);
    expect_number(object, "kept_bytes", stats->kept_bytes);
    expect_number(object, "committed_bytes", stats->committed_bytes);
    expect_number(object, "arenas", stats->arenas);
    expect_number(object, "reserved_bytes", stats->reserved_bytes);
    expect_number(object, "refills", stats->refills);
    expect_number(object, "remote_blocks", stats->remote_blocks);
    expect_number(object, "failed", stats->failed);
    expect_number(object, "allocations", stats->allocations);
    expect_number(object, "frees", stats->frees);
    expect_number(object, "requested_bytes", stats->requested_bytes);
    CHECK(json_is_true(json_object_get(object, "exact")), "near");
}

/* What corral says of a category. It is asked before a report is read back, which allocates. */
static struct category {
    corral_stats stats;
    corral_category_options options;
    size_t count;
    corral_class_stats classes[CLASSES_MOST];
} categories[IDS];

static void add_class(const corral_class_stats *stats, size_t stats_size, void *argument) {
    struct category *category = argument;
    CHECK(stats_size == sizeof *stats && category->count < CLASSES_MOST, "%zu", stats_size);
    category->classes[category->count++] = *stats;
}

static void ask(uint32_t id, struct category *category) {
    CHECK(corral_category_stats(id, &category->stats, sizeof category->stats) == CORRAL_OK, "no figures");
    CHECK(corral_category_options_of(id, &category->options, sizeof category->options) == CORRAL_OK, "no options");
    CHECK(corral_visit_classes(id, add_class, category) == CORRAL_OK, "no classes");
}

static void expect_class(const json_t *object, const corral_class_stats *stats) {
    expect_budget(object, "block_bytes", stats->block_bytes);
    expect_number(object, "live_blocks", stats->live_blocks);
    expect_number(object, "live_bytes", stats->live_bytes);
    expect_number(object, "slabs", stats->slabs);
    expect_number(object, "refills", stats->refills);
    expect_number(object, "remote_blocks", stats->remote_blocks);
}

static void expect_category(const json_t *object, const struct category *category) {
    CHECK(object != NULL, "a category is missing");
    expect_stats(object, &category->stats, &category->options);
    const json_t *classes = json_object_get(object, "classes");
    CHECK(json_array_size(classes) == category->count, "%zu classes", json_array_size(classes));
    for (size_t i = 0; i < category->count; i++) {
        expect_class(json_array_get(classes, i), &category->classes[i]);
    }
    const json_t *name = json_object_get(object, "name");
    const char *expected = category->options.name;
    CHECK(expected == NULL ? json_is_null(name) : strcmp(json_string_value(name), expected) == 0, "name");
}

Test(json, of_a_random_mix) {
    struct prng prng = prng_for(5, 0);
    corral_category_options options = {.name = "net", .soft_budget = 1, .hard_budget = 1 << 30};
    cr_assert_eq(corral_category_configure(7, &options, sizeof options), CORRAL_OK);
    corral_category_options process = {.hard_budget = (uint64_t)1 << 40};
    cr_assert_eq(corral_process_configure(&process, sizeof process), CORRAL_OK);
    for (size_t i = 0; i < 4 * MANY; i++) {
        size_t at = prng_below(&prng, MANY);
        corral_free(blocks[at], ids[at % IDS]);
        blocks[at] = corral_alloc(prng_request(&prng, 4 * BUILD_MIB), ids[at % IDS]);
    }
    corral_stats total;
    corral_total_stats(&total, sizeof total);
    for (size_t i = 0; i < IDS; i++) {
        ask(ids[i], &categories[i]);
    }
    json_t *root = figures();
    for (size_t i = 0; i < IDS; i++) {
        expect_category(category_of(root, ids[i]), &categories[i]);
    }
    expect_stats(json_object_get(root, "total"), &total, &process);
    expect_number(json_object_get(root, "total"), "overflow_ids", total.overflow_ids);
    cr_assert_eq(json_array_size(json_object_get(root, "categories")), total.categories);
    json_decref(root);
    for (size_t i = 0; i < MANY; i++) {
        corral_free(blocks[i], ids[i % IDS]);
    }
}

/* A name, and what is read. */
static const struct {
    const char *name, *text;
} names[] = {
    {"two words", NULL},
    {"\"quoted\", \\ and 'so'", NULL},
    {"a\tb\nc\x1B\x7F", NULL},
    {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", NULL},
    {"a\xFFz", "a\xEF\xBF\xBDz"},
    {"\xC3", "\xEF\xBF\xBD"},
    {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
};

Test(json, names) {
    void *block = corral_alloc(10, 5);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        corral_category_options options = {.name = names[i].name};
        cr_assert_eq(corral_category_configure(5, &options, sizeof options), CORRAL_OK);
        json_t *root = figures();
        const json_t *name = json_object_get(category_of(root, 5), "name");
        cr_assert_str_eq(json_string_value(name), names[i].text == NULL ? names[i].name : names[i].text);
        json_decref(root);
    }
    char longest[CORRAL_NAME_MAX + 1];
    memset(longest, 0xFF, CORRAL_NAME_MAX);
    longest[CORRAL_NAME_MAX] = 0;
    corral_category_options options = {.name = longest};
    cr_assert_eq(corral_category_configure(5, &options, sizeof options), CORRAL_OK);
    json_t *root = figures();
    cr_assert_eq(json_string_length(json_object_get(category_of(root, 5), "name")), 3 * CORRAL_NAME_MAX);
    json_decref(root);
    cr_assert_eq(corral_report_figures(captured_stream(), CORRAL_REPORT_TEXT), CORRAL_OK);
    corral_free(block, 5);
}

Test(json, of_ids_that_share_the_overflow_category) {
    for (uint32_t i = 0; i < CORRAL_CATEGORY_LIMIT + 2; i++) {
        cr_assert_not_null(corral_alloc(100, UINT32_MAX - i));
    }
    json_t *root = figures();
    json_t *category;
    size_t at, without_id = 0;
    json_array_foreach(json_object_get(root, "categories"), at, category) {
        if (json_is_null(json_object_get(category, "id"))) {
            without_id++;
            const json_t *classes = json_object_get(category, "classes");
            cr_assert_eq(json_array_size(classes), 1);
            cr_assert_eq(number(json_array_get(classes, 0), "live_blocks"), number(category, "live_blocks"));
        }
    }
    cr_assert_eq(without_id, 1);
    cr_assert_gt(number(json_object_get(root, "total"), "overflow_ids"), 0);
    json_decref(root);
}

/* The second report is of the same as the first: what the first left behind, if anything, is in neither. */
Test(json, its_own_allocations_are_not_in_it) {
    void *block = corral_alloc(1000, 5);
    for (int format = CORRAL_REPORT_TEXT; format <= CORRAL_REPORT_JSON; format++) {
        corral_stats before, after;
        corral_total_stats(&before, sizeof before);
        cr_assert_eq(corral_report_figures(captured_stream(), (corral_report_format)format), CORRAL_OK);
        corral_total_stats(&after, sizeof after);
        cr_assert_eq(before.live_blocks, after.live_blocks);
        cr_assert_eq(before.live_bytes, after.live_bytes);
    }
    corral_free(block, 5);
}

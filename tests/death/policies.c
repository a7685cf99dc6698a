/* SPDX-License-Identifier: MIT
 *
 * Each kind of misuse under each policy of a category, and what is said to the letter.
 *
 * Owns:     nothing; every fault is a process of its own.
 * Callers:  Criterion.
 * Promises: a child writes the line that it expects before it does what is to bring it about. Whatever the
 *           build's policy is, the category's holds.
 * Does not: look for faults that only some of the time are found: the category is in the exact mode, in which
 *           what is freed goes home at once.
 */
#include <corral/configure.h>
#include <corral/layout.h>
#include <corral/origin.h>

#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/misuse_child.h"
#include "support/process.h"

#include "poison.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LARGE (20 * BUILD_MIB)

enum { ID = 7, LETTERS = 0x6e657477, UNNAMED = 9, LINE = 400, ASKED = 64 - (int)BUILD_TAIL };

/* What a child is to do, and to be. */
struct fault {
    void (*commit)(void);
    corral_misuse_policy policy;
    uint32_t origins; /* of the category */
};

static void expect(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void expect(const char *format, ...) {
    char line[LINE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    CHECK(write(STDERR_FILENO, line, (size_t)length) == length, "no line");
}

static void set(uint32_t id, const char *name, corral_misuse_policy policy, uint32_t origins) {
    corral_category_options options = {.name = name, .exact = 1, .misuse = policy, .origins = origins};
    CHECK(corral_category_configure(id, &options, sizeof options) == CORRAL_OK, "no options");
}

static void free_with_a_wrong_id(void) {
    void *block = corral_alloc(100, ID);
    expect("corral: wrong memory type id for block %p: 112 bytes of id 7 (net), not of id 1852142711 (audio)\n",
           block);
    corral_free(block, LETTERS);
}

static void free_with_a_wrong_id_that_has_no_name(void) {
    void *block = corral_alloc(100, ID);
    expect("corral: wrong memory type id for block %p: 112 bytes of id 7 (net), not of id 9\n", block);
    corral_free(block, UNNAMED);
}

static void free_with_a_wrong_id_that_was_never_seen(void) {
    void *block = corral_alloc(100, ID);
    expect("corral: wrong memory type id for block %p: 112 bytes of id 7 (net), not of id 4294967295\n", block);
    corral_free(block, UINT32_MAX);
}

static void free_with_a_wrong_id_of_the_overflow_category(void) {
    for (uint32_t i = 0; i < CORRAL_CATEGORY_LIMIT; i++) {
        corral_free(corral_alloc(1, UINT32_C(0x10000) + i), UINT32_C(0x10000) + i);
    }
    void *block = corral_alloc(100, ID);
    expect("corral: wrong memory type id for block %p: 112 bytes of id 7 (net), not of id 4294967295\n", block);
    corral_free(block, UINT32_MAX);
}

static void free_a_large_one_with_a_wrong_id(void) {
    void *block = corral_alloc(LARGE, ID);
    expect("corral: wrong memory type id for block %p: a large block of id 7 (net), not of id 9\n", block);
    corral_free(block, UNNAMED);
}

static void free_twice(void) {
    char *block = corral_alloc(ASKED, ID);
    corral_free(block, ID);
    expect("corral: double free of block %p: 64 bytes of id 7 (net)\n", (void *)block);
    corral_free(block, ID);
}

static void free_twice_after_others(void) {
    char *block = corral_alloc(ASKED, ID);
    void *others[100];
    for (int i = 0; i < 100; i++) {
        others[i] = corral_alloc(ASKED, ID);
    }
    corral_free(block, ID);
    for (int i = 0; i < 100; i++) {
        corral_free(others[i], ID);
    }
    expect("corral: double free of block %p: 64 bytes of id 7 (net)\n", (void *)block);
    corral_free(block, ID);
}

static void free_a_large_one_twice(void) {
    void *block = corral_alloc(LARGE, ID);
    corral_free(block, ID);
    expect("corral: double free of block %p: a large block of id 7 (net)\n", block);
    corral_free(block, ID);
}

static void free_with_a_wrong_size(void) {
    void *block = corral_alloc(100, ID);
    expect("corral: wrong size for block %p: %d bytes of id 7 (net), not 200 bytes\n", block,
           CORRAL_HARDENED ? 100 : 112);
    corral_free_sized(block, 200, ID);
}

static void free_with_a_size_that_is_too_small(void) {
    void *block = corral_aligned_alloc(64, 300, ID);
    expect("corral: wrong size for block %p: %zu bytes of id 7 (net), not 16 bytes\n", block,
           corral_usable_size(block));
    corral_free_aligned_sized(block, 16, 16, ID);
}

static void free_a_large_one_with_a_wrong_size(void) {
    void *block = corral_alloc(LARGE, ID);
    expect("corral: wrong size for block %p: a large block of id 7 (net), not 64 bytes\n", block);
    corral_free_sized(block, 64, ID);
}

static void free_a_large_one_with_a_size_that_is_too_large(void) {
    void *block = corral_alloc(LARGE, ID);
    expect("corral: wrong size for block %p: a large block of id 7 (net), not %zu bytes\n", block, LARGE + 65536);
    corral_free_sized(block, hidden(LARGE + 65536), ID);
}

/* Rounded up to a block's, it would be none. */
static void free_with_a_size_that_is_too_large(void) {
    void *block = corral_alloc(hidden(1), ID);
    expect("corral: wrong size for block %p: %d bytes of id 7 (net), not %zu bytes\n", block,
           CORRAL_HARDENED ? 1 : 16, SIZE_MAX);
    corral_free_sized(block, hidden(SIZE_MAX), ID);
}

/* Its place among the front lists would be the same, if it had one there. */
static void free_with_a_size_and_a_wrong_id_that_is_not_dense(void) {
    const uint32_t id = ID + (UINT32_C(1) << (32 - CORRAL_ROW_SHIFT));
    void *block = corral_alloc(100, ID);
    expect("corral: wrong memory type id for block %p: 112 bytes of id 7 (net), not of id %u\n", block, id);
    corral_free_sized(block, 100, id);
}

static void free_what_lies_within(void) {
    char *block = corral_alloc(ASKED, ID);
    expect("corral: not a block of this allocator: %p: it lies among blocks of 64 bytes, id 7 (net)\n",
           (void *)(block + 16));
    corral_free(block + 16, ID);
    corral_free(block, ID);
}

static void free_what_is_not_aligned(void) {
    char *block = corral_alloc(ASKED, ID);
    expect("corral: not a block of this allocator: %p: it lies among blocks of 64 bytes, id 7 (net)\n",
           (void *)(block + 1));
    corral_free(block + 1, ID);
    corral_free(block, ID);
}

/* The rest of a line, of a block that was asked for at the line before. */
#define HERE(form) ", " form " %s:%d\n"

static void free_with_a_wrong_id_what_has_an_origin(void) {
    void *block = CORRAL_ALLOC_HERE(70, ID);
    expect("corral: wrong memory type id for block %p: 112 bytes of id 7 (net), not of id 9" HERE("allocated at"), block,
           __FILE__, __LINE__ - 2);
    corral_free(block, UNNAMED);
}

static void free_a_large_one_with_a_wrong_id_and_an_origin(void) {
    void *block = CORRAL_ALLOC_HERE(LARGE, ID);
    expect("corral: wrong memory type id for block %p: a large block of id 7 (net), not of id 9" HERE("allocated at"),
           block, __FILE__, __LINE__ - 2);
    corral_free(block, UNNAMED);
}

/* 32 bytes with a record and, in a hardened build, a tail. */
#define WITH_RECORD (CORRAL_HARDENED ? 80 : 64)

static void free_what_lies_within_one_with_an_origin(void) {
    char *block = CORRAL_ALLOC_HERE(32, ID);
    expect("corral: not a block of this allocator: %p: it lies among blocks of %d bytes, id 7 (net)"
           HERE("in one allocated at"), (void *)(block + 16), WITH_RECORD, __FILE__, __LINE__ - 2);
    corral_free(block + 16, ID);
    corral_free(block, ID);
}

#if !CORRAL_HARDENED /* which fills what is freed */
/* Where AddressSanitizer watches it, what is free is not read. */
static void expect_double_free(const void *block, const char *dots, const char *file, int line) {
    char origin[LINE] = "";
    if (!is_poisoned(block, 64)) {
        snprintf(origin, sizeof origin, ", allocated at %s%s:%d", dots, file, line);
    }
    expect("corral: double free of block %p: 64 bytes of id 7 (net)%s\n", block, origin);
}

static void free_twice_what_has_an_origin(void) {
    void *block = CORRAL_ALLOC_HERE(32, ID);
    corral_free(block, ID);
    expect_double_free(block, "", __FILE__, __LINE__ - 2);
    corral_free(block, ID);
}

/* The one that was freed says so no more when its memory is used again. */
static void free_twice_what_lay_where_there_was_an_origin(void) {
    corral_free(CORRAL_ALLOC_HERE(32, ID), ID);
    void *block = corral_alloc(64, ID);
    memset(block, 0, 64);
    corral_free(block, ID);
    expect("corral: double free of block %p: 64 bytes of id 7 (net)\n", block);
    corral_free(block, ID);
}

static const char long_name[] = "/a/path/that/is/longer/than/what/is/written/of/it/which/are/the/last/letters/and/"
                                "so/many/of/them/that/the/line/is/read/by/people/name.c";

static void free_twice_what_is_of_a_file_with_a_long_name(void) {
    void *block = corral_alloc_at(32, ID, long_name, 7);
    corral_free(block, ID);
    expect_double_free(block, "...", long_name + sizeof long_name - 1 - 80, 7);
    corral_free(block, ID);
}

#endif

/* Of a hardened build. */
static void write_past_the_end(void) {
    char *block = corral_alloc(hidden(100), ID);
    block[100] = 0;
    expect("corral: write past the end of block %p: 112 bytes of id 7 (net)\n", (void *)block);
    corral_free(block, ID);
}

static void write_past_the_end_of_one_with_an_origin(void) {
    char *block = CORRAL_ALLOC_HERE(hidden(70), ID);
    block[70] = 0;
    expect("corral: write past the end of block %p: 112 bytes of id 7 (net)" HERE("allocated at"), (void *)block,
           __FILE__, __LINE__ - 3);
    corral_free(block, ID);
}

/* The block that is written to is the next one that is handed out: in the exact mode, the lowest of its word. */
static void write_to_a_free_block(void) {
    guards_none(); /* where it traps */
    char *block = corral_alloc(ASKED, ID);
    corral_free(block, ID);
    block[40]++;
    expect("corral: write to free block %p: 64 bytes of id 7 (net)\n", (void *)block);
    char *again = corral_alloc(ASKED, ID);
    CHECK(again == block, "it is another block");
    corral_free(again, ID);
}

static void (*const faults[])(void) = {
    free_with_a_wrong_id_what_has_an_origin, free_a_large_one_with_a_wrong_id_and_an_origin,
    free_what_lies_within_one_with_an_origin,
#if !CORRAL_HARDENED
    free_twice_what_has_an_origin, free_twice_what_lay_where_there_was_an_origin, free_twice_what_is_of_a_file_with_a_long_name,
#endif
    free_with_a_wrong_id, free_with_a_wrong_id_that_has_no_name, free_with_a_wrong_id_that_was_never_seen,
    free_with_a_wrong_id_of_the_overflow_category,
    free_a_large_one_with_a_wrong_id, free_twice, free_twice_after_others, free_a_large_one_twice,
    free_what_lies_within, free_what_is_not_aligned,
    free_with_a_wrong_size, free_with_a_size_that_is_too_small, free_with_a_size_that_is_too_large,
    free_a_large_one_with_a_wrong_size, free_a_large_one_with_a_size_that_is_too_large,
    free_with_a_size_and_a_wrong_id_that_is_not_dense,
    write_past_the_end, write_to_a_free_block, write_past_the_end_of_one_with_an_origin,
};

/* Which nobody but a hardened build looks at. */
static bool is_of_hardened(void (*fault)(void)) {
    return fault == write_past_the_end || fault == write_to_a_free_block || fault == write_past_the_end_of_one_with_an_origin;
}

static void commit(void *argument) {
    const struct fault *fault = argument;
    set(ID, "net", fault->policy, fault->origins);
    set(LETTERS, "audio", CORRAL_MISUSE_DEFAULT, 0);
    corral_free(corral_alloc(1, UNNAMED), UNNAMED);
    fault->commit();
    figures_count_faults(1); /* at most */
    figures_expect_nothing();
    CHECK(corral_alloc(ASKED, ID) != NULL, "the allocator is not intact");
}

/* Is the text a line and nothing else, twice? */
static bool is_said_twice(const char *text) {
    const char *end = strchr(text, '\n');
    size_t length = end == NULL ? 0 : (size_t)(end - text) + 1;
    return length > 0 && strlen(text) == 2 * length && memcmp(text, text + length, length) == 0;
}

static void judge(corral_misuse_policy policy, corral_misuse_policy as) {
    static struct child child;
    for (size_t n = 0; n < 2 * sizeof faults / sizeof faults[0]; n++) {
        size_t i = n / 2;
        if (!CORRAL_HARDENED && is_of_hardened(faults[i])) {
            continue;
        }
        if (faults[i] == free_a_large_one_twice && CORRAL_LARGE_KEEP_KIB * BUILD_KIB < LARGE) {
            continue; /* it is not kept, so that nobody knows it any more */
        }
        struct fault fault = {.commit = faults[i], .policy = policy, .origins = n % 2};
        child_call(commit, &fault, &child);
        bool said = as != CORRAL_MISUSE_IGNORE;
        cr_assert_eq(child.signal, as == CORRAL_MISUSE_ABORT ? SIGABRT : 0, "%zu: %s", i, child.output);
        cr_assert(said ? is_said_twice(child.output)
                       : strchr(child.output, '\n') == child.output + child.length - 1,
                  "%zu:\n%s", i, child.output);
    }
}

Test(policies, ignore) {
    judge(CORRAL_MISUSE_IGNORE, CORRAL_MISUSE_IGNORE);
}

Test(policies, report) {
    judge(CORRAL_MISUSE_REPORT, CORRAL_MISUSE_REPORT);
}

Test(policies, abort) {
    judge(CORRAL_MISUSE_ABORT, CORRAL_MISUSE_ABORT);
}

Test(policies, of_the_build) {
    judge(CORRAL_MISUSE_DEFAULT, (corral_misuse_policy)(CORRAL_MISUSE_POLICY + CORRAL_MISUSE_IGNORE));
}

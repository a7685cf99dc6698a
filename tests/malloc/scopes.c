/* SPDX-License-Identifier: MIT
 *
 * Scopes: which category malloc takes from.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion. The program's malloc is corral's.
 * Promises: each function that allocates is called in a scope.
 * Does not: ask for a category for each object (objects.c).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/process.h"

#include <corral/scope.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MARK = 4711, DENSE = 5, OTHER = 9, SCATTERED = 0x53434F50, MORE = 0x4D4F5245 };

static const uint32_t ids[] = {DENSE, SCATTERED, 0, UINT32_MAX, CORRAL_DENSE_IDS - 1, CORRAL_DENSE_IDS};
enum { IDS = sizeof ids / sizeof *ids };

static void expect_id(void *block, uint64_t id, const char *what) {
    CHECK(block != NULL && corral_memory_type_of(block) == id, "%s: of %llx, not %llx", what,
          (unsigned long long)corral_memory_type_of(block), (unsigned long long)id);
    free(block);
}

static void expect_all(uint64_t id) {
    void *pointer = NULL;
    expect_id(malloc(0), id, "malloc");
    expect_id(malloc(100), id, "malloc");
    expect_id(malloc(3000), id, "malloc");
    expect_id(malloc(100000), id, "malloc");
    expect_id(malloc(5 << 20), id, "malloc");
    expect_id(calloc(10, 10), id, "calloc");
    expect_id(realloc(NULL, 10), id, "realloc");
    expect_id(reallocarray(NULL, 10, 10), id, "reallocarray");
    expect_id(aligned_alloc(64, 10), id, "aligned_alloc");
    expect_id(memalign(64, 10), id, "memalign");
    expect_id(valloc(10), id, "valloc");
    expect_id(pvalloc(10), id, "pvalloc");
    CHECK(posix_memalign(&pointer, 64, 10) == 0, "posix_memalign");
    expect_id(pointer, id, "posix_memalign");
    expect_id(strdup("text"), id, "strdup");
}

Test(scopes, every_function_and_id) {
    expect_all(0);
    errno = MARK;
    for (size_t i = 0; i < IDS; i++) {
        corral_scope before = corral_scope_push(ids[i]);
        CHECK(corral_scope_id() == ids[i], "the scope is of %x", (unsigned)corral_scope_id());
        expect_all(ids[i]);
        corral_scope_pop(before);
        CHECK(corral_scope_id() == CORRAL_MEMORY_TYPE_NONE, "a scope stays");
        expect_all(0);
    }
    CHECK(errno == MARK, "errno is %d", errno);
}

Test(scopes, before_the_first_allocation_of_a_thread) {
    for (size_t i = 0; i < IDS; i++) {
        corral_thread_detach();
        corral_scope before = corral_scope_push(ids[i]);
        expect_all(ids[i]);
        corral_thread_detach();
        expect_all(ids[i]);
        corral_scope_pop(before);
    }
}

Test(scopes, are_nested) {
    enum { DEPTH = 1000 };
    static corral_scope before[DEPTH];
    for (size_t i = 0; i < DEPTH; i++) {
        before[i] = corral_scope_push(ids[i % IDS]);
    }
    for (size_t i = DEPTH; i-- > 0;) {
        expect_id(malloc(40), ids[i % IDS], "malloc");
        corral_scope_pop(before[i]);
    }
    expect_id(malloc(40), 0, "malloc");
}

Test(scopes, a_pop_ends_those_inside) {
    corral_scope outer = corral_scope_push(DENSE);
    corral_scope inner = corral_scope_push(OTHER);
    (void)inner;
    corral_scope_pop(outer);
    CHECK(corral_scope_id() == CORRAL_MEMORY_TYPE_NONE, "a scope stays");
    expect_id(malloc(40), 0, "malloc");
}

static void leave_early(int how) {
    CORRAL_SCOPE(SCATTERED);
    expect_id(malloc(40), SCATTERED, "malloc");
    for (int i = 0; i < 3; i++) {
        CORRAL_SCOPE(DENSE);
        expect_id(malloc(40), DENSE, "malloc");
        if (i == how) {
            return;
        }
    }
    expect_id(malloc(40), SCATTERED, "malloc");
}

Test(scopes, end_with_their_block_of_code) {
    for (int how = 0; how < 4; how++) {
        leave_early(how);
        CHECK(corral_scope_id() == CORRAL_MEMORY_TYPE_NONE, "a scope stays");
    }
}

/* Freed and resized in any scope, a block stays what it is. */
Test(scopes, blocks_keep_their_category) {
    void *blocks[IDS];
    for (size_t i = 0; i < IDS; i++) {
        CORRAL_SCOPE(ids[i]);
        blocks[i] = malloc(50);
    }
    CORRAL_SCOPE(MORE);
    for (size_t size = 50; size < (8 << 20); size *= 3) {
        for (size_t i = 0; i < IDS; i++) {
            blocks[i] = realloc(blocks[i], size);
            CHECK(corral_memory_type_of(blocks[i]) == ids[i], "%zu bytes", size);
        }
    }
    for (size_t i = 0; i < IDS; i++) {
        free(blocks[i]);
        if (ids[i] != 0) {
            figures_expect(ids[i], 0, 0);
        }
    }
}

Test(scopes, corral_alloc_does_not_care) {
    CORRAL_SCOPE(DENSE);
    void *block = corral_alloc(100, OTHER);
    CHECK(corral_memory_type_of(block) == OTHER, "of the scope's category");
    corral_free(block, OTHER);
}

static void expect_none(void *argument) {
    (void)argument;
    CHECK(corral_scope_id() == CORRAL_MEMORY_TYPE_NONE, "inherited");
    expect_id(malloc(40), 0, "malloc");
    CORRAL_SCOPE(OTHER);
    expect_id(malloc(40), OTHER, "malloc");
}

Test(scopes, are_of_one_thread) {
    CORRAL_SCOPE(DENSE);
    thread_call(expect_none, NULL);
    expect_id(malloc(40), DENSE, "malloc");
}

/* In a destructor of thread-specific data that runs after corral's. */
static pthread_key_t key;

static void late(void *value) {
    static __thread int turns;
    if (turns++ < 2) {
        pthread_setspecific(key, value);
    }
    CORRAL_SCOPE(SCATTERED);
    expect_all(SCATTERED);
}

static void end_late(void *argument) {
    pthread_setspecific(key, argument);
    expect_id(malloc(40), 0, "malloc");
}

Test(scopes, at_the_end_of_a_thread) {
    CHECK(pthread_key_create(&key, late) == 0, "no key");
    thread_call(end_late, &key);
}

static void use_up_categories(void) {
    uint32_t id = 1u << 20;
    for (; corral_scope_id() != CORRAL_MEMORY_TYPE_OVERFLOW; id++) {
        CHECK(id < (1u << 20) + CORRAL_CATEGORY_LIMIT, "the categories are not used up");
        corral_scope before = corral_scope_push(id);
        (void)before;
    }
}

Test(scopes, overflow_is_told) {
    use_up_categories();
    expect_id(malloc(40), CORRAL_MEMORY_TYPE_OVERFLOW, "malloc");
}

static void free_first(void *block) {
    free(block);
}

/* A free as the first call of a thread, which has no cache yet. */
static void free_elsewhere(void *argument) {
    (void)argument;
    use_up_categories();
    thread_call(free_first, malloc(40));
    thread_call(free_first, malloc(5 << 20));
    thread_call(free_first, NULL);
}

Test(scopes, overflow_blocks_are_freed_without_a_word) {
    static struct child child;
    child_call(free_elsewhere, NULL, &child);
    CHECK(child_succeeded(&child) && child.length == 0, "%s", child.output);
}

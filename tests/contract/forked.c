/* SPDX-License-Identifier: MIT
 *
 * The child of a process with allocating threads allocates and frees at once.
 *
 * Owns:     the threads and the blocks that the main thread holds across the fork.
 * Callers:  meson, as a plain main, so that it runs under ThreadSanitizer too.
 * Promises: a child that waits for a thread that did not survive is ended by its alarm and fails
 *           the test.
 * Does not: start threads in the child.
 */
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"
#include "support/prng.h"
#include "support/process.h"
#include "support/shadow.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ID = 3, SCATTERED = 0x464f524b, THREADS = 3, FORKS = 20, HELD = 400, TAKEN = 3000 };

static atomic_bool ended;
static unsigned char *held[HELD];

static size_t size_of(size_t number) {
    return number * 131 % 6000;
}

/* Keeps a window of blocks and replaces one after another, so that a fork meets it anywhere. */
static void *churn(void *argument) {
    struct prng prng = prng_for(1, (uintptr_t)argument);
    void *window[64] = {NULL};
    for (size_t i = 0; !atomic_load_explicit(&ended, memory_order_relaxed); i++) {
        void **slot = &window[i % 64];
        corral_free(*slot, ID);
        *slot = corral_alloc(prng_request(&prng, 100000), ID);
        CHECK(*slot != NULL, "no block");
    }
    for (size_t i = 0; i < 64; i++) {
        corral_free(window[i], ID);
    }
    return NULL;
}

/* What the parent held is intact, and nothing that the child gets overlaps it or itself. */
static void allocate_in_child(size_t fork_number) {
    static unsigned char *blocks[TAKEN];
    for (size_t i = 0; i < TAKEN; i++) {
        uint32_t id = i % 5 == 0 ? SCATTERED + (uint32_t)fork_number : ID;
        blocks[i] = corral_alloc(size_of(i + fork_number), id);
        CHECK(blocks[i] != NULL, "no block in the child");
        size_t usable = corral_usable_size(blocks[i]);
        CHECK(shadow_take(blocks[i], usable), "the child's blocks overlap");
        pattern_fill(blocks[i], usable, i);
    }
    for (size_t i = 0; i < TAKEN; i++) {
        uint32_t id = i % 5 == 0 ? SCATTERED + (uint32_t)fork_number : ID;
        size_t usable = corral_usable_size(blocks[i]);
        CHECK(pattern_holds(blocks[i], usable, i), "content in the child");
        CHECK(shadow_give(blocks[i], usable), "a block of the child changes its size");
        corral_free(blocks[i], id);
    }
}

static void live_as_child(void *argument) {
    size_t fork_number = *(size_t *)argument;
    allocate_in_child(fork_number);
    for (size_t i = 0; i < HELD; i++) {
        CHECK(pattern_holds(held[i], size_of(i), i), "a block of the parent");
        CHECK(shadow_give(held[i], corral_usable_size(held[i])), "a block of the parent");
        corral_free(held[i], ID);
    }
    allocate_in_child(fork_number + 1);
    corral_free(corral_alloc(20 * BUILD_MIB, ID), ID);
    corral_thread_detach();
}

static void hold_blocks(void) {
    for (size_t i = 0; i < HELD; i++) {
        held[i] = corral_alloc(size_of(i), ID);
        CHECK(held[i] != NULL, "no block");
        CHECK(shadow_take(held[i], corral_usable_size(held[i])), "overlap");
        pattern_fill(held[i], size_of(i), i);
    }
}

int main(void) {
    hold_blocks();
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)i) == 0, "no thread");
    }
    for (size_t i = 0; i < FORKS; i++) {
        struct child child;
        child_call(live_as_child, &i, &child);
        CHECK(child_succeeded(&child), "fork %zu", i);
        void *block = corral_alloc(size_of(i), ID);
        CHECK(block != NULL, "the parent is disturbed");
        corral_free(block, ID);
    }
    atomic_store_explicit(&ended, true, memory_order_relaxed);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < HELD; i++) {
        CHECK(pattern_holds(held[i], size_of(i), i), "a child reaches its parent");
        corral_free(held[i], ID);
    }
    figures_expect_nothing();
    return 0;
}

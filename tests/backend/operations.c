/* SPDX-License-Identifier: MIT
 *
 * operations: see operations.h.
 *
 * Owns:     the blocks that are held.
 * Callers:  through operations.h.
 * Promises: as operations.h.
 * Does not: hold more than HELD blocks.
 */
#include "operations.h"

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"
#include "support/process.h"

#include <corral/configure.h>
#include <corral/corral.h>
#include <errno.h>
#include <string.h>

enum { HELD = 4096, ID = 3, OTHER = 0x4d415458 };

#define SLAB   (CORRAL_SLAB_KIB * BUILD_KIB)
#define MEDIUM (CORRAL_MEDIUM_SLABS * SLAB)
#define LARGE  (MEDIUM + 4 * SLAB)
/* Slabs beyond what may be kept unpurged, and large blocks beyond what is kept, where that is not very much. */
#define MANY ((CORRAL_RETIRE_KIB < 65536 ? CORRAL_RETIRE_KIB * BUILD_KIB / SLAB : 1) + 130)
#define MANY_LARGE ((CORRAL_LARGE_KEEP_KIB < 65536 ? CORRAL_LARGE_KEEP_KIB * BUILD_KIB / LARGE : 1) + 4)

static struct held {
    void *block;
    size_t size;
    uint32_t id;
} held[HELD];
static size_t held_count;

/* Keeps what a call gave; or it failed as it should. */
static bool keep(void *block, size_t size, uint32_t id) {
    if (block == NULL) {
        CHECK(errno == ENOMEM, "errno %d", errno);
        return false;
    }
    CHECK(errno == 0, "errno %d", errno);
    CHECK(held_count < HELD, "the test holds too much");
    pattern_fill_sparse(block, size, held_count);
    held[held_count++] = (struct held){block, size, id};
    return true;
}

static bool allocate(size_t size, uint32_t id) {
    errno = 0;
    return keep(corral_alloc(size, id), size, id);
}

static bool allocate_many(size_t size, uint32_t id, size_t count) {
    bool done = true;
    for (size_t i = 0; i < count; i++) {
        done &= allocate(size, id);
    }
    return done;
}

static bool zeroed(size_t size) {
    errno = 0;
    void *block = corral_calloc(size, 1, ID);
    CHECK(block == NULL || pattern_is_byte(block, size, 0), "not zero");
    return keep(block, size, ID);
}

static bool aligned(size_t alignment, size_t size) {
    errno = 0;
    void *block = corral_aligned_alloc(alignment, size, ID);
    CHECK(((uintptr_t)block & (alignment - 1)) == 0, "not aligned");
    return keep(block, size, ID);
}

/* Resizes the block that came last. */
static bool resize(size_t size) {
    struct held *it = &held[held_count - 1];
    errno = 0;
    void *block = corral_realloc(it->block, size, it->id);
    if (block == NULL) {
        CHECK(errno == ENOMEM, "errno %d", errno);
        CHECK(pattern_holds_sparse(it->block, it->size, held_count - 1), "a failed realloc");
        return false;
    }
    it->block = block;
    it->size = size;
    pattern_fill_sparse(block, size, held_count - 1);
    return true;
}

static bool batch(size_t size, size_t count) {
    void *blocks[16];
    errno = 0;
    size_t got = corral_alloc_batch(size, ID, count, blocks);
    CHECK(got == count || errno == ENOMEM, "%zu blocks, errno %d", got, errno);
    errno = 0;
    for (size_t i = 0; i < got; i++) {
        keep(blocks[i], size, ID);
    }
    return got == count;
}

static void free_last(size_t count) {
    while (count-- > 0 && held_count > 0) {
        struct held *it = &held[--held_count];
        CHECK(pattern_holds_sparse(it->block, it->size, held_count), "block %zu", held_count);
        errno = EDOM;
        corral_free(it->block, it->id);
        CHECK(errno == EDOM, "free changes errno to %d", errno);
    }
}

void operations_free(void) {
    free_last(held_count);
}

void operations_check(void) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < held_count; i++) {
        CHECK(pattern_holds_sparse(held[i].block, held[i].size, i), "block %zu", i);
        bytes += corral_usable_size(held[i].block);
    }
    corral_stats total = figures_total();
    CHECK(total.live_blocks == held_count && total.live_bytes == bytes,
          "%llu blocks of %llu bytes, not %zu of %llu", (unsigned long long)total.live_blocks,
          (unsigned long long)total.live_bytes, held_count, (unsigned long long)bytes);
    figures_of(ID);
    figures_of(OTHER);
}

static void prepare_small(void) {
    allocate(100, ID);
}
static void prepare_many(void) {
    allocate_many(SLAB, ID, MANY);
}
static void prepare_mixed(void) {
    allocate_many(100, ID, 300);
    allocate_many(MEDIUM / 2, OTHER, 3);
}
static void prepare_large(void) {
    allocate(LARGE, ID);
}
static void prepare_many_large(void) {
    allocate_many(LARGE, ID, MANY_LARGE);
}
static bool alloc_small(void) {
    return allocate(16, ID);
}
static bool alloc_many(void) {
    return allocate_many(SLAB / 16, ID, 300);
}
static bool alloc_medium(void) {
    return allocate(MEDIUM, ID);
}
static bool alloc_large(void) {
    bool done = allocate(LARGE, ID);
    return allocate(2 * LARGE, OTHER) && done;
}
static bool alloc_in_two(void) {
    bool done = allocate(16, ID);
    return allocate(16, OTHER) && done;
}
static bool calloc_small(void) {
    return zeroed(5000);
}
static bool calloc_large(void) {
    return zeroed(LARGE);
}
static bool realloc_none(void) {
    errno = 0;
    return keep(corral_realloc(NULL, 3000, ID), 3000, ID);
}
static bool realloc_up(void) {
    bool done = resize(100);
    done = resize(SLAB) && done;
    return resize(LARGE) && done;
}
static bool realloc_large(void) {
    bool done = resize(3 * LARGE);
    done = resize(2 * LARGE) && done;
    done = resize(LARGE + SLAB) && done;
    return resize(4 * LARGE) && done;
}
static bool realloc_down(void) {
    bool done = resize(LARGE / 2);
    done = resize(SLAB) && done;
    return resize(20) && done;
}
static bool aligned_small(void) {
    bool done = aligned(4096, 100);
    return aligned(SLAB, SLAB) && done;
}
static bool aligned_large(void) {
    bool done = aligned(2 * SLAB, 100);
    return aligned(64 * SLAB * 4, LARGE) && done;
}
static bool batch_small(void) {
    return batch(SLAB / 4, 16);
}
static bool batch_large(void) {
    return batch(LARGE, 4);
}
static bool free_all(void) {
    free_last(held_count);
    return true;
}
static bool free_batch(void) {
    void *blocks[16];
    size_t count = held_count < 16 ? held_count : 16;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = held[--held_count].block;
    }
    corral_free_batch(blocks, count, ID);
    return true;
}
static void free_in_thread(void *argument) {
    (void)argument;
    free_last(held_count);
}
static bool free_elsewhere(void) {
    thread_call(free_in_thread, NULL);
    return true;
}
static bool configure_with(const corral_category_options *options) {
    corral_category_options before = {0}, after = {0};
    corral_category_options_of(ID, &before, sizeof before);
    corral_status status = corral_category_configure(ID, options, sizeof *options);
    CHECK(status == CORRAL_OK || status == CORRAL_ENOMEM, "status %d", (int)status);
    corral_category_options_of(ID, &after, sizeof after);
    CHECK(status == CORRAL_OK || memcmp(&before, &after, sizeof after) == 0, "a part was set");
    return status == CORRAL_OK;
}
static bool configure_name(void) {
    return configure_with(&(corral_category_options){.name = "a matrix"});
}
static int refuse(const corral_budget_event *event, void *argument) {
    (void)event, (void)argument;
    return 0;
}
static bool configure_budget(void) {
    corral_category_options options = {.hard_budget = 1024 * LARGE, .callback = refuse};
    bool done = configure_with(&options);
    corral_status status = corral_process_configure(&options, sizeof options);
    CHECK(status == CORRAL_OK || status == CORRAL_ENOMEM, "status %d", (int)status);
    done = allocate(LARGE, ID) && done;
    return allocate(100, ID) && done && status == CORRAL_OK;
}
static void count_visit(uint64_t id, const corral_stats *stats, size_t size, void *argument) {
    (void)id, (void)size;
    *(uint64_t *)argument += stats->live_blocks;
}
static bool ask(void) {
    uint64_t blocks = 0;
    corral_visit_categories(count_visit, &blocks);
    CHECK(blocks == held_count, "blocks");
    operations_check();
    CHECK(held_count == 0 || corral_memory_type_of(held[0].block) == held[0].id, "type");
    return true;
}
static void use_thread(void *argument) {
    bool *done = argument;
    *done = allocate(200, OTHER);
    *done = allocate(LARGE, ID) && *done;
}
static bool end_thread(void) {
    bool done;
    thread_call(use_thread, &done);
    return done;
}
static bool detach(void) {
    bool done = allocate(300, ID);
    corral_thread_detach();
    return allocate(300, OTHER) && done;
}
static bool many_threads(void) {
    bool done = true;
    for (int i = 0; i < 3; i++) {
        thread_call_kept(use_thread, &(bool){false});
        done &= end_thread();
    }
    return done;
}

const struct operation operations[] = {
    {"alloc, small", NULL, alloc_small, true},
    {"alloc, many", NULL, alloc_many, true},
    {"alloc, medium", NULL, alloc_medium, true},
    {"alloc, large", NULL, alloc_large, true},
    {"alloc, two categories", NULL, alloc_in_two, true},
    {"calloc, small", NULL, calloc_small, true},
    {"calloc, large", NULL, calloc_large, true},
    {"realloc, of NULL", NULL, realloc_none, true},
    {"realloc, up", prepare_small, realloc_up, true},
    {"realloc, large", prepare_large, realloc_large, false},
    {"realloc, down", prepare_large, realloc_down, true},
    {"aligned_alloc, small", NULL, aligned_small, true},
    {"aligned_alloc, large", NULL, aligned_large, true},
    {"alloc_batch, small", NULL, batch_small, true},
    {"alloc_batch, large", NULL, batch_large, true},
    {"free, small", prepare_mixed, free_all, false},
    {"free, many slabs", prepare_many, free_all, false},
    {"free, large", prepare_large, free_all, false},
    {"free, many large", prepare_many_large, free_all, false},
    {"free_batch", prepare_many, free_batch, false},
    {"free, on another thread", prepare_many, free_elsewhere, true},
    {"configure, name", NULL, configure_name, true},
    {"configure, budgets", prepare_small, configure_budget, true},
    {"stats and questions", prepare_mixed, ask, false},
    {"a thread's first call and end", NULL, end_thread, true},
    {"detach and attach", NULL, detach, true},
    {"several threads", NULL, many_threads, true},
};
const size_t operations_count = sizeof operations / sizeof *operations;

static void warm_up(void *argument) {
    (void)argument;
    CHECK(alloc_many() && alloc_medium() && alloc_large() && aligned_large() && allocate(100, OTHER), "memory");
}

void operations_warm_up(void) {
    warm_up(NULL);
    thread_call(warm_up, NULL);
    operations_free();
}

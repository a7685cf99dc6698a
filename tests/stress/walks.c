/* SPDX-License-Identifier: MIT
 *
 * Walks over blocks with an origin, while threads allocate, resize and free them.
 *
 * Owns:     the workers' windows of held blocks, and blocks that are live all the time.
 * Callers:  meson and the wrapper. An operation is one allocation. A quarter of the threads, one at least, walk.
 * Promises: each walk finds each block that is live all the time, once, as it was asked for, and of the others nothing
 *           but what was asked for at some time. Each block is watched by the shadow model and by its content. Nothing
 *           is lost: at the end all is home, and a walk finds nothing.
 * Does not: write beyond a block: that would race with a walk (contract/origin.c does, with one thread).
 */
#include "common.h"

#include <corral/configure.h>
#include <corral/origin.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 256, CATEGORIES_MOST = 8, STILL = 300, LINE = 1000, LARGE_IN = 500 };

#define LARGE_BLOCK ((size_t)2 * BUILD_MIB)

struct worker {
    pthread_t thread;
    unsigned number;
    struct prng prng;
    uint64_t done;
    struct held *window[WINDOW];
};

static struct options options = {.threads = 8, .operations = 200000, .categories = 3};
static const char moving[] = "moving.c", still[] = "still.c";
static void *still_blocks[STILL];
static _Atomic unsigned working;
static _Atomic uint64_t walks, told;

static void *allocate(struct worker *worker, size_t size, uint32_t id) {
    uint32_t line = LINE + worker->number;
    switch (prng_below(&worker->prng, 5)) {
    case 0:
        return corral_calloc_at(1, size, id, moving, line);
    case 1:
        return corral_aligned_alloc_at(64, size, id, moving, line);
    case 2:
        return corral_realloc_at(corral_alloc_at(size / 2, id, moving, line), size, id, moving, line);
    case 3:
        return corral_alloc(size, id);
    default:
        return corral_alloc_at(size, id, moving, line);
    }
}

static size_t request(struct worker *worker) {
    return prng_below(&worker->prng, LARGE_IN) == 0 ? LARGE_BLOCK + prng_below(&worker->prng, LARGE_BLOCK)
                                                    : prng_between(&worker->prng, 1, 4000);
}

static void step(struct worker *worker) {
    struct held **place = &worker->window[prng_below(&worker->prng, WINDOW)];
    if (*place != NULL && prng_below(&worker->prng, 4) == 0) {
        held_resize(*place, request(worker));
        return;
    }
    size_t size = request(worker);
    unsigned category = (unsigned)prng_below(&worker->prng, options.categories);
    struct held *other = *place;
    *place = held_new(allocate(worker, size, id_of(category)), size, category, worker->number);
    worker->done++;
    /* Another thread frees it. */
    other = other == NULL ? NULL : box_swap((size_t)prng_below(&worker->prng, BOXES), other);
    if (other != NULL) {
        held_free(other);
    }
}

static void *work(void *argument) {
    struct worker *self = argument;
    uint64_t share = options.operations / options.threads + 1;
    do {
        for (uint64_t goal = self->done + share; self->done < goal;) {
            step(self);
        }
    } while (!options_time_is_over(&options));
    for (size_t i = 0; i < WINDOW; i++) {
        if (self->window[i] != NULL) {
            held_free(self->window[i]);
        }
    }
    atomic_fetch_sub_explicit(&working, 1, memory_order_relaxed);
    return NULL;
}

/* Which of the blocks that are live all the time a walk has found. */
struct found {
    bool still[STILL];
    unsigned count;
    uint64_t told;
};

static void judge(const corral_origin *origin, size_t origin_size, void *argument) {
    struct found *found = argument;
    CHECK(origin_size == sizeof *origin, "%zu", origin_size);
    CHECK(origin->block_bytes >= origin->size + 32 && origin->number != 0, "%ju bytes in %ju", (uintmax_t)origin->size,
          (uintmax_t)origin->block_bytes);
    found->told++;
    if (origin->file == moving) {
        CHECK(origin->line >= LINE && origin->line < LINE + options.threads, "line %u", origin->line);
        CHECK(origin->size <= 2 * LARGE_BLOCK, "%ju bytes", (uintmax_t)origin->size);
        return;
    }
    CHECK(origin->file == still && origin->line < STILL, "a record that nobody made");
    CHECK(origin->block == still_blocks[origin->line] && origin->size == origin->line * 16, "%u", origin->line);
    CHECK(!found->still[origin->line], "%u is found twice", origin->line);
    found->still[origin->line] = true;
    found->count++;
}

static void *walk(void *argument) {
    (void)argument;
    do {
        struct found found = {.count = 0};
        CHECK(corral_visit_origins(CORRAL_MEMORY_TYPE_NONE, judge, &found) == CORRAL_OK, "no walk");
        CHECK(found.count == STILL, "%u are found", found.count);
        atomic_fetch_add_explicit(&walks, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&told, found.told, memory_order_relaxed);
    } while (atomic_load_explicit(&working, memory_order_relaxed) != 0);
    return NULL;
}

static void begin(void) {
    CHECK(options.categories > 0 && options.categories <= CATEGORIES_MOST, "%u categories", options.categories);
    for (unsigned i = 0; i < options.categories; i++) {
        corral_category_options keeps = {.origins = 1, .zero_on_free = i % 2};
        CHECK(corral_category_configure(id_of(i), &keeps, sizeof keeps) == CORRAL_OK, "no origins");
    }
    for (uint32_t i = 0; i < STILL; i++) {
        still_blocks[i] = corral_alloc_at(i * 16, id_of(i % options.categories), still, i);
        CHECK(still_blocks[i] != NULL, "no block");
    }
}

static void end(void) {
    boxes_empty();
    for (uint32_t i = 0; i < STILL; i++) {
        corral_free(still_blocks[i], id_of(i % options.categories));
    }
    struct found found = {.count = 0};
    corral_visit_origins(CORRAL_MEMORY_TYPE_NONE, judge, &found);
    CHECK(found.told == 0, "%ju are left", (uintmax_t)found.told);
    figures_expect_nothing();
}

int main(int argc, char **argv) {
    options_read(argc, argv, &options);
    begin();
    struct worker *workers = calloc(options.threads, sizeof *workers);
    unsigned walkers = options.threads < 8 ? 1 : options.threads / 4;
    CHECK(workers != NULL && options.threads > walkers, "%u threads", options.threads);
    options_time_is_over(&options); /* from here on */
    working = options.threads - walkers;
    for (unsigned i = 0; i < options.threads; i++) {
        workers[i].number = i;
        workers[i].prng = prng_for(options.seed, i);
        CHECK(pthread_create(&workers[i].thread, NULL, i < walkers ? walk : work, &workers[i]) == 0, "no thread");
    }
    for (unsigned i = 0; i < options.threads; i++) {
        CHECK(pthread_join(workers[i].thread, NULL) == 0, "no end");
    }
    free(workers);
    end();
    printf("%llu walks were told of %llu blocks\n", (unsigned long long)walks, (unsigned long long)told);
    return 0;
}

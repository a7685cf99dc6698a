/* SPDX-License-Identifier: MIT
 *
 * Random blocks over many threads and categories, handed from thread to thread.
 *
 * Owns:     the workers' windows of held blocks.
 * Callers:  meson and the wrapper. An operation is one block allocated; a kind says how.
 * Promises: every block is watched by the shadow model and by its content for as long as it lives.
 *           Between rounds nothing moves, and all blocks and figures are checked together.
 *           At the end every figure is zero.
 * Does not: end threads while others run (storm.c).
 */
#include "common.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 768, BATCH = 24, ROUNDS = 4 };

#define LARGEST (4 * BUILD_MIB)

/* Of a thousand steps at an empty place, how many allocate in which way, the rest being plain;
 * and of a thousand at a taken place, how many resize or hand over, the rest being frees.
 * flat: resident memory is compared between the first half and the second of all rounds after the
 * first. For that, blocks are so small that every thread has used most of all its slabs by then: a pool in
 * use keeps one. */
struct kind {
    const char *name;
    unsigned calloc, aligned, batch, resize, hand_over;
    size_t most;
    bool flat;
};

static const struct kind kinds[] = {
    {"random", 100, 50, 20, 50, 500, LARGEST, false}, {"plain", 0, 0, 0, 0, 600, LARGEST, false},
    {"realloc", 100, 50, 0, 800, 80, LARGEST, false}, {"aligned", 50, 800, 0, 20, 400, LARGEST, false},
    {"batch", 0, 0, 600, 0, 500, LARGEST, false},     {"crowd", 100, 0, 20, 50, 500, 4096, true},
};

struct worker {
    pthread_t thread;
    unsigned number;
    struct prng prng;
    uint64_t allocated;
    uint64_t foreign_frees;
    struct held *window[WINDOW];
};

static struct options options = {
    .threads = 8, .operations = 1000000, .categories = 16, .kind = "random"};
static const struct kind *kind;
static struct worker *workers;
static pthread_barrier_t round_end;
static bool ended;

static size_t request(struct worker *worker) {
    return prng_request(&worker->prng, kind->most);
}

static void release(struct worker *worker, struct held *held) {
    worker->foreign_frees += held->owner != worker->number;
    held_free(held);
}

/* Allocates one batch, keeps a block of it, and frees the rest in another batch. */
static struct held *take_batch(struct worker *worker, size_t size, unsigned category) {
    void *blocks[BATCH];
    struct held *watched[BATCH];
    size_t count = prng_between(&worker->prng, 1, BATCH);
    size_t got = corral_alloc_batch(size, id_of(category), count, blocks);
    CHECK(got == count, "%zu of %zu blocks of %zu bytes", got, count, size);
    for (size_t i = 0; i < count; i++) {
        watched[i] = held_new(blocks[i], size, category, worker->number);
    }
    for (size_t i = 1; i < count; i++) {
        blocks[i] = prng_below(&worker->prng, 8) == 0 ? NULL : held_end(watched[i]);
        if (blocks[i] == NULL) {
            held_free(watched[i]);
        }
    }
    corral_free_batch(blocks + 1, count - 1, id_of(category));
    worker->allocated += count;
    return watched[0];
}

static struct held *take(struct worker *worker) {
    size_t size = request(worker);
    unsigned category = (unsigned)prng_below(&worker->prng, options.categories);
    uint32_t id = id_of(category);
    uint64_t dice = prng_below(&worker->prng, 1000);
    if (dice < kind->batch) {
        return take_batch(worker, size % 20000, category);
    }
    worker->allocated++;
    dice -= kind->batch;
    if (dice < kind->calloc) {
        void *block = corral_calloc(size, 1, id);
        CHECK(block != NULL && pattern_is_byte(block, size, 0), "%zu bytes are not zero", size);
        return held_new(block, size, category, worker->number);
    }
    if (dice < kind->calloc + kind->aligned) {
        size_t alignment = (size_t)1 << prng_below(&worker->prng, 18);
        void *block = corral_aligned_alloc(alignment, size, id);
        CHECK((uintptr_t)block % alignment == 0, "%p is not at %zu", block, alignment);
        return held_new(block, size, category, worker->number);
    }
    return held_new(corral_alloc(size, id), size, category, worker->number);
}

static void step(struct worker *worker) {
    struct held **place = &worker->window[prng_below(&worker->prng, WINDOW)];
    size_t box = (size_t)prng_below(&worker->prng, BOXES);
    if (*place == NULL) {
        struct held *handed = box_swap(box, NULL);
        if (handed != NULL) {
            release(worker, handed);
        }
        *place = take(worker);
        return;
    }
    uint64_t dice = prng_below(&worker->prng, 1000);
    if (dice < kind->resize) {
        held_resize(*place, request(worker));
        worker->allocated++;
        return;
    }
    struct held *leaving = *place;
    if (dice < kind->resize + kind->hand_over) {
        leaving = box_swap(box, leaving);
    }
    *place = NULL;
    if (leaving != NULL) {
        release(worker, leaving);
    }
}

/* Figures that others move meanwhile may be stale, but never negative or absurd. */
static void read_moving_figures(struct worker *worker) {
    corral_stats stats;
    uint32_t id = id_of((unsigned)prng_below(&worker->prng, options.categories));
    corral_status status = corral_category_stats(id, &stats, sizeof stats);
    CHECK(status == CORRAL_OK || status == CORRAL_EUNUSED, "status %d", (int)status);
    CHECK(stats.live_bytes >> 44 == 0 && stats.live_blocks >> 40 == 0, "negative figures");
    CHECK(stats.large_bytes >> 44 == 0 && stats.slabs >> 30 == 0, "negative figures");
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no total");
    CHECK(stats.live_bytes >> 44 == 0 && stats.live_blocks >> 40 == 0, "negative totals");
}

/* Everything that is held, by workers and in boxes, in one array for the checks. */
static struct held **gather(size_t *count) {
    struct held **all = malloc((options.threads * (size_t)WINDOW + BOXES) * sizeof *all);
    CHECK(all != NULL, "no array");
    *count = 0;
    for (unsigned i = 0; i < options.threads; i++) {
        for (size_t j = 0; j < WINDOW; j++) {
            if (workers[i].window[j] != NULL) {
                all[(*count)++] = workers[i].window[j];
            }
        }
    }
    for (size_t i = 0; i < BOXES; i++) {
        struct held *held = box_swap(i, NULL);
        if (held != NULL) {
            all[(*count)++] = held;
            box_swap(i, held);
        }
    }
    return all;
}

/* One thread checks while the others wait; whether the run ends is decided here for all. */
static void check_round(uint64_t round) {
    size_t count;
    struct held **all = gather(&count);
    uint64_t units = 0;
    for (size_t i = 0; i < count; i++) {
        units += (figures_span(all[i]->block) + 15) / 16;
    }
    CHECK(shadow_units() == units, "the shadow model and the test disagree");
    held_check_all(all, count, options.categories);
    free(all);
    ended = round + 1 >= ROUNDS && options_time_is_over(&options);
    if (round == 0) {
        curve_settled();
    } else {
        curve_point();
    }
    if (ended && kind->flat) {
        curve_expect_flat(8 * BUILD_MIB);
    }
}

static void *work(void *argument) {
    struct worker *worker = argument;
    uint64_t share = options.operations / options.threads / ROUNDS + 1;
    for (uint64_t round = 0; !ended; round++) {
        uint64_t goal = worker->allocated + share;
        for (uint64_t i = 0; worker->allocated < goal; i++) {
            step(worker);
            if (i % 4096 == 0) {
                read_moving_figures(worker);
            }
        }
        if (pthread_barrier_wait(&round_end) == PTHREAD_BARRIER_SERIAL_THREAD) {
            check_round(round);
        }
        pthread_barrier_wait(&round_end);
    }
    for (size_t i = 0; i < WINDOW; i++) {
        if (worker->window[i] != NULL) {
            release(worker, worker->window[i]);
        }
    }
    return NULL;
}

static void find_kind(void) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, options.kind) == 0) {
            kind = &kinds[i];
            return;
        }
    }
    fprintf(stderr, "no kind %s\n", options.kind);
    exit(2);
}

static void run_workers(void) {
    workers = calloc(options.threads, sizeof *workers);
    CHECK(workers != NULL, "no workers");
    pthread_barrier_init(&round_end, NULL, options.threads);
    for (unsigned i = 0; i < options.threads; i++) {
        workers[i].number = i;
        workers[i].prng = prng_for(options.seed, i);
        CHECK(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0, "no thread");
    }
    for (unsigned i = 0; i < options.threads; i++) {
        pthread_join(workers[i].thread, NULL);
    }
}

int main(int argc, char **argv) {
    options_read(argc, argv, &options);
    find_kind();
    options_time_is_over(&options);
    curve_begin(options.kind, options.curve);
    run_workers();
    uint64_t allocated = 0;
    uint64_t foreign = 0;
    for (unsigned i = 0; i < options.threads; i++) {
        allocated += workers[i].allocated;
        foreign += workers[i].foreign_frees;
    }
    boxes_empty();
    curve_end();
    CHECK(options.threads == 1 || foreign > 0, "no block was freed by another thread");
    CHECK(shadow_units() == 0, "the shadow model is not empty");
    held_check_all(NULL, 0, options.categories);
    printf("%llu blocks, %llu freed by another thread than theirs\n", (unsigned long long)allocated,
           (unsigned long long)foreign);
    free(workers);
    return 0;
}

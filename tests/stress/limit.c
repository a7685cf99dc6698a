/* SPDX-License-Identifier: MIT
 *
 * Threads at the limit of a hard budget: never above it, and nothing lost.
 *
 * Owns:     the workers' windows of held blocks, and a count of what is live in each category.
 * Callers:  meson and the wrapper. An operation is one allocation that is tried. Kinds:
 *           plain    a budget for each category
 *           exact    the same in the exact mode
 *           process  a budget for all categories together
 *           change   as plain, while one thread sets the budgets anew, between half of them and all
 *           toggle   as plain, while one thread switches the exact mode on and off
 *           callback as plain, with a callback that frees, allocates elsewhere, and asks for another try
 * Promises: a count that is raised after an allocation and lowered before a free is never above the budget;
 *           with `change`, above the highest of them. Each block is watched by the shadow model and by its
 *           content. Most of what is tried at the limit is refused, and at the end, when all is freed, as
 *           much fits as at the beginning, to the block.
 * Does not: bound how long an allocation takes.
 */
#include "common.h"

#include <corral/configure.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 1024, CATEGORIES_MOST = 8, UNIT = 1024, LARGE_IN = 2000 };

#define BUDGET       ((uint64_t)3 * BUILD_MIB)
#define LARGE_BLOCK  ((size_t)2 * BUILD_MIB)

struct worker {
    pthread_t thread;
    unsigned number;
    struct prng prng;
    uint64_t tried, refused;
    struct held *window[WINDOW];
};

static struct options options = {
    .threads = 8, .operations = 400000, .categories = 2, .kind = "plain"};
static _Atomic bool is_exact;
static bool is_process, changes, calls, toggles;
static struct worker *workers;
static _Atomic uint64_t live[CATEGORIES_MOST];
static _Atomic uint64_t told;

static _Atomic uint64_t *live_of(unsigned category) {
    return &live[is_process ? 0 : category];
}

static void count_new(const struct held *held) {
    _Atomic uint64_t *count = live_of(held->category);
    uint64_t bytes = figures_bytes(held->block);
    uint64_t now = atomic_fetch_add_explicit(count, bytes, memory_order_relaxed) + bytes;
    CHECK(now <= BUDGET, "%llu bytes are live in category %u", (unsigned long long)now, held->category);
}

static void let_go(struct held *held) {
    atomic_fetch_sub_explicit(live_of(held->category), figures_bytes(held->block), memory_order_relaxed);
    held_free(held);
}

/* The calling worker, for a callback on its thread. */
static _Thread_local struct worker *self;

/* Frees one of the thread's own blocks, if it finds one soon. */
static int hear(const corral_budget_event *event, void *argument) {
    (void)argument;
    CHECK(event->live_bytes >> 44 == 0 && event->budget_bytes == BUDGET, "a callback was told %llu of %llu bytes",
          (unsigned long long)event->live_bytes, (unsigned long long)event->budget_bytes);
    atomic_fetch_add_explicit(&told, 1, memory_order_relaxed);
    void *elsewhere = corral_alloc(event->size, id_of(CATEGORIES_MOST));
    CHECK(elsewhere != NULL, "another category is refused");
    corral_free(elsewhere, id_of(CATEGORIES_MOST));
    struct held **place = &self->window[prng_below(&self->prng, WINDOW)];
    if (*place == NULL || event->attempt > 2) {
        return 0;
    }
    struct held *held = *place;
    *place = NULL;
    let_go(held);
    return 1;
}

static void set_budget(unsigned category, uint64_t bytes) {
    corral_category_options budget = {
        .hard_budget = bytes, .exact = is_exact, .callback = calls ? hear : NULL};
    corral_status status = is_process ? corral_process_configure(&budget, sizeof budget)
                                      : corral_category_configure(id_of(category), &budget, sizeof budget);
    CHECK(status == CORRAL_OK, "status %d", (int)status);
}

static size_t request(struct worker *worker) {
    return prng_below(&worker->prng, LARGE_IN) == 0 ? LARGE_BLOCK : prng_between(&worker->prng, 1, 4000);
}

static struct held *take(struct worker *worker) {
    size_t size = request(worker);
    unsigned category = (unsigned)prng_below(&worker->prng, options.categories);
    worker->tried++;
    errno = 0;
    void *block = corral_alloc(size, id_of(category));
    if (block == NULL) {
        CHECK(errno == ENOMEM, "errno %d", errno);
        worker->refused++;
        return NULL;
    }
    struct held *held = held_new(block, size, category, worker->number);
    count_new(held);
    return held;
}

/* Twice as many allocations as frees, so that most of the time all budgets are used up. */
static void step(struct worker *worker) {
    struct held **place = &worker->window[prng_below(&worker->prng, WINDOW)];
    if (*place == NULL || prng_below(&worker->prng, 2) == 0) {
        struct held *held = take(worker);
        if (held == NULL) {
            return;
        }
        struct held *other = *place;
        *place = held;
        /* Another thread frees it. */
        other = other == NULL ? NULL : box_swap((size_t)prng_below(&worker->prng, BOXES), other);
        if (other != NULL) {
            let_go(other);
        }
        return;
    }
    struct held *held = *place;
    *place = NULL;
    let_go(held);
}

static void *work(void *argument) {
    self = argument;
    uint64_t share = options.operations / options.threads + 1;
    do {
        for (uint64_t goal = self->tried + share; self->tried < goal;) {
            step(self);
            if (changes && self->number == 0 && self->tried % 256 == 0) {
                set_budget((unsigned)prng_below(&self->prng, options.categories),
                           prng_between(&self->prng, BUDGET / 2, BUDGET));
            }
            if (toggles && self->number == 0 && self->tried % 64 == 0) {
                is_exact = !is_exact;
                set_budget((unsigned)prng_below(&self->prng, options.categories), BUDGET);
            }
        }
    } while (!options_time_is_over(&options));
    for (size_t i = 0; i < WINDOW; i++) {
        if (self->window[i] != NULL) {
            let_go(self->window[i]);
        }
    }
    return NULL;
}

/* How many blocks of a size the budget has room for, by one thread that has all of it. */
static uint64_t room(unsigned category) {
    static void *blocks[BUDGET / UNIT + 1];
    uint64_t count = 0;
    while (count <= BUDGET / UNIT && (blocks[count] = corral_alloc(UNIT - BUILD_TAIL, id_of(category))) != NULL) {
        count++;
    }
    for (uint64_t i = 0; i < count; i++) {
        corral_free(blocks[i], id_of(category));
    }
    return count;
}

static void read_kind(void) {
    const char *kind = options.kind;
    is_exact = strcmp(kind, "exact") == 0;
    is_process = strcmp(kind, "process") == 0;
    changes = strcmp(kind, "change") == 0;
    calls = strcmp(kind, "callback") == 0;
    toggles = strcmp(kind, "toggle") == 0;
    CHECK(is_exact || is_process || changes || calls || toggles || strcmp(kind, "plain") == 0, "kind %s", kind);
    CHECK(options.categories > 0 && options.categories <= CATEGORIES_MOST, "%u categories",
          options.categories);
}

int main(int argc, char **argv) {
    options_read(argc, argv, &options);
    read_kind();
    for (unsigned i = 0; i < options.categories; i++) {
        set_budget(i, BUDGET);
    }
    workers = calloc(options.threads, sizeof *workers);
    CHECK(workers != NULL, "no workers");
    options_time_is_over(&options); /* from here on */
    for (unsigned i = 0; i < options.threads; i++) {
        workers[i].number = i;
        workers[i].prng = prng_for(options.seed, i);
        CHECK(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0, "no thread");
    }
    uint64_t tried = 0, refused = 0;
    for (unsigned i = 0; i < options.threads; i++) {
        CHECK(pthread_join(workers[i].thread, NULL) == 0, "no end");
        tried += workers[i].tried;
        refused += workers[i].refused;
    }
    free(workers);
    boxes_empty();
    figures_expect_nothing();
    bool called = calls;
    calls = false; /* nobody is called for what follows */
    for (unsigned i = 0; i < options.categories; i++) {
        set_budget(i, BUDGET);
        uint64_t fits = room(i);
        CHECK(fits == BUDGET / UNIT, "%llu blocks fit", (unsigned long long)fits);
    }
    CHECK(refused > tried / 20, "%llu of %llu were refused", (unsigned long long)refused,
          (unsigned long long)tried);
    CHECK(!called || atomic_load(&told) > 0, "no callback");
    printf("%llu allocations, %llu refused\n", (unsigned long long)tried, (unsigned long long)refused);
    return 0;
}

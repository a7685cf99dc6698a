/* SPDX-License-Identifier: MIT
 *
 * Workloads c, d and t: blocks of random sizes that live for random times.
 *
 * Owns:     the ids that are four letters; live blocks and precomputed steps are those of mix.h.
 * Callers:  main.c.
 * Promises: as workloads.h says. Before the clock starts, all slots are filled and as many steps
 *           are done as there are in the table. A block's category is a function of its slot, so
 *           that nothing has to be looked up to free it.
 * Does not: leave a block behind.
 */
#include "allocator.h"
#include "mix.h"
#include "shim.h"
#include "span.h"
#include "workloads.h"

enum { BATCH = 4096 };

/* For functions into which the form of a workload has to go as a constant. */
#define WITH_FORM static inline __attribute__((always_inline))

/* What differs between the workloads. It is a constant at each call of mix_measure, so that a
 * single category and its id are known to the compiler. */
typedef struct mix_form {
    uint32_t categories;
    bool named; /* ids are four letters instead of the category's number */
    bool wall;  /* the figure is of wall time */
} mix_form;

static span spans[SPAN_THREADS];
static uint32_t four_letters[BENCH_CATEGORIES];

WITH_FORM uint32_t id_of(mix_form form, uint32_t category) {
    return form.named ? four_letters[category] : category;
}

WITH_FORM void replace(mix *self, size_t first, size_t count, mix_form form) {
    for (size_t i = first; i < first + count; i++) {
        uint32_t slot = self->step[i].slot;
        uint32_t category = slot % form.categories;
        uint32_t id = id_of(form, category);
        bench_free_id(self->live[slot], id, category);
        uint64_t *block = bench_alloc_id(self->step[i].size, id, category);
        *block = i;
        self->live[slot] = block;
        bench_use(block);
    }
}

WITH_FORM void fill(mix *self, mix_form form) {
    for (uint32_t slot = 0; slot < MIX_LIVE; slot++) {
        uint32_t category = slot % form.categories;
        self->live[slot] = bench_alloc_id(self->step[slot].size, id_of(form, category), category);
    }
}

WITH_FORM void drain(mix *self, mix_form form) {
    for (uint32_t slot = 0; slot < MIX_LIVE; slot++) {
        uint32_t category = slot % form.categories;
        bench_free_id(self->live[slot], id_of(form, category), category);
    }
}

WITH_FORM void mix_measure(bench_state *state, mix_form form) {
    mix *self = mix_of_thread(bench_thread(state));
    span *mine = &spans[bench_thread(state)];
    size_t next = 0;
    span_begin(mine);
    bench_thread_begin(form.categories);
    fill(self, form);
    replace(self, 0, MIX_STEPS, form);
    while (span_next_batch(state, mine, BATCH)) {
        replace(self, next, BATCH, form);
        next = (next + BATCH) % MIX_STEPS;
    }
    drain(self, form);
    bench_items(state, bench_iterations(state));
    if (form.wall && bench_thread(state) == 0) {
        span_report(state, spans, bench_iterations(state) * bench_threads(state));
    }
    bench_thread_end();
}

static void mix_run(bench_state *state, void *context) {
    (void)context;
    mix_measure(state, (mix_form){.categories = 1});
}

static void mix_threads_run(bench_state *state, void *context) {
    (void)context;
    mix_measure(state, (mix_form){.categories = 1, .wall = true});
}

static void mix16_run(bench_state *state, void *context) {
    (void)context;
    mix_measure(state, (mix_form){.categories = 16});
}

static void mix64_run(bench_state *state, void *context) {
    (void)context;
    mix_measure(state, (mix_form){.categories = 64});
}

static void letters16_run(bench_state *state, void *context) {
    (void)context;
    mix_measure(state, (mix_form){.categories = 16, .named = true});
}

static void letters64_run(bench_state *state, void *context) {
    (void)context;
    mix_measure(state, (mix_form){.categories = 64, .named = true});
}

void bench_register_mixes(void) {
    for (uint32_t i = 0; i < BENCH_CATEGORIES; i++) {
        four_letters[i] = 'P' | 'k' << 8 | ('a' + i / 8) << 16 | ('A' + i % 8) << 24;
    }
    bench_register("c/mix", mix_run, NULL);
    if (BENCH_MOST_CATEGORIES >= 16) {
        bench_register("d/mix16", mix16_run, NULL);
        bench_register("df/letters16", letters16_run, NULL);
    }
    if (BENCH_MOST_CATEGORIES >= 64) {
        bench_register("d64/mix64", mix64_run, NULL);
        bench_register("df64/letters64", letters64_run, NULL);
    }
    bench_scaling(bench_register("t/mix", mix_threads_run, NULL));
}

/* SPDX-License-Identifier: MIT
 *
 * The frame workload: what a game allocates in a frame, and what it keeps.
 *
 * Owns:     the plan of the frames, the blocks of the current one and those that are kept.
 * Callers:  main.c.
 * Promises: as workloads.h says. A frame allocates BLOCKS blocks in CATEGORIES categories. At its
 *           end one in PER_KEPT takes the place of one that was kept earlier, which is freed; all
 *           others are freed in the order of their allocation. All places are filled before the
 *           clock starts.
 * Does not: leave a block behind.
 */
#include "allocator.h"
#include "shim.h"
#include "support.h"
#include "workloads.h"

enum {
    BLOCKS = 4096,
    FRAMES = 8, /* in the plan */
    CATEGORIES = 8,
    PER_KEPT = 16,
    PLACES = 8192,
    LEAST = 16,
    MOST = 512,
    TEMPORARY = PLACES /* in place of a place: freed at the end of the frame */
};

/* A block's category is a function of its number, and a place only takes blocks of its own
 * category, so that nothing has to be looked up to free one. */
typedef struct frame_plan {
    uint16_t size[BLOCKS];
    uint16_t place[BLOCKS];
} frame_plan;

typedef struct frames {
    frame_plan plan[FRAMES];
    uint64_t *live[BLOCKS];
    void *kept[PLACES];
} frames;

static frames *frames_table(void) {
    static frames *self;
    if (self != NULL) {
        return self;
    }
    self = bench_memory(sizeof *self);
    uint64_t random = 6;
    for (int i = 0; i < FRAMES; i++) {
        frame_plan *plan = &self->plan[i];
        bench_random_sizes(plan->size, BLOCKS, LEAST, MOST, bench_random(&random));
        for (uint64_t j = 0; j < BLOCKS; j++) {
            uint64_t group = bench_random(&random) % (PLACES / CATEGORIES);
            bool kept = bench_random(&random) % PER_KEPT == 0;
            plan->place[j] = (uint16_t)(kept ? group * CATEGORIES + j % CATEGORIES : TEMPORARY);
        }
    }
    return self;
}

static inline void run_frame(frames *self, const frame_plan *plan) {
    for (uint32_t i = 0; i < BLOCKS; i++) {
        self->live[i] = bench_alloc(plan->size[i], i % CATEGORIES);
        *self->live[i] = i;
    }
    bench_keep(self);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        void *gone = self->live[i];
        if (plan->place[i] != TEMPORARY) {
            gone = self->kept[plan->place[i]];
            self->kept[plan->place[i]] = self->live[i];
        }
        bench_free(gone, i % CATEGORIES);
    }
}

static void frame_run(bench_state *state, void *context) {
    (void)context;
    frames *self = frames_table();
    size_t next = 0;
    bench_thread_begin(CATEGORIES);
    for (uint32_t i = 0; i < PLACES; i++) {
        self->kept[i] = bench_alloc(self->plan[0].size[i % BLOCKS], i % CATEGORIES);
    }
    while (bench_next_batch(state, BLOCKS)) {
        run_frame(self, &self->plan[next++ % FRAMES]);
    }
    for (uint32_t i = 0; i < PLACES; i++) {
        bench_free(self->kept[i], i % CATEGORIES);
    }
    bench_items(state, bench_iterations(state));
    bench_thread_end();
}

void bench_register_frame(void) {
    if ((uint32_t)CATEGORIES <= (uint32_t)BENCH_MOST_CATEGORIES) {
        bench_register("frame/loop", frame_run, NULL);
    }
}

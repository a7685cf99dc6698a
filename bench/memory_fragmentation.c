/* SPDX-License-Identifier: MIT
 *
 * The scenario `fragmentation`: a long run of changing sizes.
 *
 * Owns:     the table of live blocks, and the samples.
 * Callers:  memory.c.
 * Promises: the run has PHASES phases, each with its own range of sizes, in which blocks are
 *           replaced at random. One slot in LASTING keeps its block for several phases. At most
 *           LIVE_LIMIT bytes are requested at any time. Live and resident bytes are read SAMPLES
 *           times in each phase. The same steps are done for each allocator. Where blocks of the
 *           largest size are not served, nothing is printed.
 * Does not: use more than one thread or category.
 */
#include "allocator.h"
#include "memory.h"
#include "resident.h"
#include "support.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SLOTS = 65536,
    LASTING = 16,
    LASTING_PHASES = 8,
    PHASES = 32,
    STEPS = 131072, /* in a phase */
    SAMPLES = 8,
    LIVE_LIMIT = 64 << 20,
    LARGEST = 4096
};

typedef struct range {
    uint32_t least;
    uint32_t most;
} range;

typedef struct sample {
    size_t live;
    size_t resident;
} sample;

typedef struct slots {
    void *block[SLOTS];
    uint32_t size[SLOTS];
    sample sample[PHASES * SAMPLES];
    size_t live;
    size_t hand; /* where the next block to give up is looked for */
    uint64_t random;
} slots;

/* Small sizes follow large ones and the other way round, so that what one phase leaves free must
 * serve the next. */
static const range ranges[] = {{16, 64},    {1024, 4096}, {64, 256},
                               {512, 2048}, {16, 1024},   {256, 512}};

static void give_up(slots *self, size_t slot) {
    if (self->block[slot] != NULL) {
        bench_free(self->block[slot], 0);
        self->live -= self->size[slot];
        self->block[slot] = NULL;
    }
}

static void make_room(slots *self, size_t size) {
    while (self->live + size > LIVE_LIMIT) {
        size_t slot = self->hand++ % SLOTS;
        if (slot % LASTING != 0) {
            give_up(self, slot);
        }
    }
}

static void replace(slots *self, range sizes, bool all) {
    size_t slot = bench_random(&self->random) % SLOTS;
    if (!all && slot % LASTING == 0) {
        slot++;
    }
    give_up(self, slot);
    size_t size = sizes.least + bench_random(&self->random) % (sizes.most - sizes.least + 1);
    make_room(self, size);
    self->block[slot] = bench_alloc(size, 0);
    memset(self->block[slot], 1, size);
    self->size[slot] = (uint32_t)size;
    self->live += size;
}

static void print(const slots *self, size_t base) {
    printf("{\"base\": %zu, \"steps_of_sample\": %d, \"curve\": [", base, STEPS / SAMPLES);
    for (size_t i = 0; i < PHASES * SAMPLES; i++) {
        printf("%s[%zu, %zu]", i == 0 ? "" : ", ", self->sample[i].live, self->sample[i].resident);
    }
    printf("]}\n");
}

int memory_fragmentation(void) {
    if ((uint64_t)LARGEST > BENCH_LARGEST || (uint64_t)LARGEST > BENCH_BLOCK_BYTES) {
        return EXIT_SUCCESS;
    }
    slots *self = bench_memory(sizeof *self);
    size_t base = resident_bytes();
    size_t taken = 0;
    self->random = 8;
    bench_thread_begin(1);
    for (size_t phase = 0; phase < PHASES; phase++) {
        range sizes = ranges[phase % (sizeof ranges / sizeof *ranges)];
        for (size_t step = 1; step <= STEPS; step++) {
            replace(self, sizes, phase % LASTING_PHASES == 0);
            if (step % (STEPS / SAMPLES) == 0) {
                self->sample[taken++] = (sample){self->live, resident_bytes()};
            }
        }
    }
    for (size_t slot = 0; slot < SLOTS; slot++) {
        give_up(self, slot);
    }
    bench_thread_end();
    print(self, base);
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT
 *
 * Tests of the replay: every thread asks the allocator for what its trace says, in that order, and
 * every block is freed once, with its contents.
 *
 * Owns:     for each thread a log of its calls, and a table of the live blocks.
 * Callers:  meson test: once with corral, once with the empty harness, whose blocks are all one.
 * Promises: exit code 0 and "0 failed" only when all expectations hold.
 * Does not: measure.
 */
#include "replay_pass.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { LOG = 4096, LIVE = 1024, PASSES = 3, CATEGORIES = 2, ROUNDS = 300, RING = 4 };

/* Sizes in the tests are at least this, so that a byte is neither the first nor the last. */
enum { INNER = 1, LEAST = 3 };

/* The harness without an allocator has one block, which keeps no contents. */
static const bool real = BENCH_BLOCK_BYTES == SIZE_MAX;

typedef struct call {
    size_t size; /* 0 for a free */
    uint32_t category;
    unsigned char inner; /* of a freed block: the byte that no step writes but to clear it */
} call;

typedef struct call_log {
    call calls[LOG];
    size_t count;
} call_log;

static int passed;
static int failed;
static call_log logs[TRACE_THREADS];
static _Thread_local call_log *own;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
    unsigned char *block;
    size_t size;
    uint32_t category;
} live[LIVE]; /* under mutex, as all below */
static size_t live_count;
static unsigned long strangers; /* frees of what does not live, and blocks that lived already */
static unsigned long untouched; /* blocks freed without a first and last byte of the client's */

static void expect(bool holds, const char *what) {
    if (holds) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "expected: %s\n", what);
    }
}

/* What a new block is full of: 0x80 and more, which no client of a replay writes. */
static unsigned char filling(size_t size) {
    return (unsigned char)(0x80 | size % 101);
}

static void add_call(call one) {
    if (own->count < LOG) {
        own->calls[own->count++] = one;
    }
}

void watch_alloc(void *block, size_t size, uint32_t category) {
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; real && i < live_count; i++) {
        strangers += live[i].block == block;
    }
    live[live_count].block = block;
    live[live_count].size = size;
    live[live_count].category = category;
    live_count += live_count + 1 < LIVE;
    pthread_mutex_unlock(&mutex);
    add_call((call){size, category, 0});
    if (real) {
        memset(block, filling(size), size);
    }
}

void watch_free(void *block, uint32_t category) {
    const unsigned char *bytes = block;
    pthread_mutex_lock(&mutex);
    size_t i = 0;
    while (i < live_count && (live[i].block != block || live[i].category != category)) {
        i++;
    }
    if (i == live_count) {
        strangers++;
    } else {
        untouched += real && (bytes[0] >= 0x80 || bytes[live[i].size - 1] >= 0x80);
        live[i] = live[--live_count];
    }
    pthread_mutex_unlock(&mutex);
    add_call((call){0, category, real ? bytes[INNER] : 0});
}

/* What a step makes its thread call; `inner` and `sizes` are by block. */
static void expect_calls(call_log *log, const struct trace_step *step, unsigned char *inner) {
    const uint32_t category = step->id % CATEGORIES;
    if (step->kind != TRACE_FREE) {
        log->calls[log->count++] = (call){step->size, category, 0};
    }
    if (!trace_allocates((enum trace_kind)step->kind)) {
        log->calls[log->count++] = (call){0, category, real ? inner[step->block] : 0};
    }
    if (step->kind == TRACE_ALLOC) {
        inner[step->block] = filling(step->size);
    } else if (step->kind == TRACE_ZEROED) {
        inner[step->block] = 0;
    }
}

/* The calls of `passes` passes, by recorded thread, or all of them for one. */
static bool logs_are_right(const struct trace *trace, bool alone) {
    static call_log wanted[TRACE_THREADS];
    static unsigned char inner[LOG];
    bool right = true;
    memset(wanted, 0, sizeof wanted);
    for (int pass = 0; pass < PASSES; pass++) {
        for (uint32_t i = 0; i < trace->count; i++) {
            expect_calls(&wanted[alone ? 0 : trace->steps[i].thread], &trace->steps[i], inner);
        }
    }
    for (uint32_t thread = 0; thread < trace->threads; thread++) {
        right &= logs[thread].count == wanted[thread].count;
        for (size_t i = 0; right && i < wanted[thread].count; i++) {
            const call *one = &logs[thread].calls[i];
            const call *other = &wanted[thread].calls[i];
            right = one->size == other->size && one->category == other->category &&
                    one->inner == other->inner;
        }
    }
    return right;
}

typedef struct player {
    pthread_t thread;
    replay *made;
    int index;
} player;

static void *play(void *argument) {
    player *self = argument;
    own = &logs[self->index];
    for (size_t pass = 0; pass < PASSES; pass++) {
        replay_pass(self->made, self->index, pass);
    }
    return NULL;
}

static void play_all(replay *made) {
    static player players[TRACE_THREADS];
    memset(logs, 0, sizeof logs);
    live_count = 0;
    strangers = 0;
    untouched = 0;
    replay_reset(made);
    for (int i = 0; i < made->threads; i++) {
        players[i].made = made;
        players[i].index = i;
        if (pthread_create(&players[i].thread, NULL, play, &players[i]) != 0) {
            fprintf(stderr, "a thread cannot be started\n");
            abort();
        }
    }
    for (int i = 0; i < made->threads; i++) {
        pthread_join(players[i].thread, NULL);
    }
}

static void test_replay(const struct trace *trace, uint32_t threads, uint32_t slice) {
    char error[TRACE_ERROR];
    replay *made = replay_make(trace, (replay_choice){threads, CATEGORIES, slice});
    expect(trace_check(trace, error), "a lawful trace");
    for (int run = 0; run < 2; run++) {
        play_all(made);
        expect(strangers == 0 && live_count == 0, "every block freed once");
        expect(untouched == 0, "the first and last byte of every block written");
        if (threads != 2) {
            expect(logs_are_right(trace, threads == 1), "the calls that the trace says");
        }
    }
    const uint64_t calls = made->pairs * 2;
    uint64_t found = 0;
    for (int i = 0; i < made->threads; i++) {
        found += logs[i].count;
    }
    expect(found == calls * PASSES, "as many calls as the replay says");
}

static void add(struct trace *self, enum trace_kind kind, uint32_t block, uint16_t thread,
                uint32_t size) {
    self->blocks += trace_allocates(kind);
    self->largest = size > self->largest ? size : self->largest;
    self->steps[self->count++] =
        (struct trace_step){block, size, thread, (uint8_t)(block % self->ids), (uint8_t)kind};
}

/* One block of each fate: kept, zeroed, handed over, resized at home and abroad, back home. */
static void test_by_hand(struct trace_step *steps) {
    struct trace trace = {.threads = 3, .ids = 3, .steps = steps};
    add(&trace, TRACE_ALLOC, 0, 0, 100);
    add(&trace, TRACE_ZEROED, 1, 1, 5000);
    add(&trace, TRACE_RESIZE, 0, 1, 200);
    add(&trace, TRACE_ALLOC, 2, 2, LEAST);
    add(&trace, TRACE_RESIZE, 0, 2, 150);
    add(&trace, TRACE_FREE, 1, 1, 0);
    add(&trace, TRACE_FREE, 0, 0, 0);
    add(&trace, TRACE_ALLOC, 3, 0, 64);
    add(&trace, TRACE_RESIZE, 3, 0, 4000);
    add(&trace, TRACE_FREE, 2, 0, 0);
    add(&trace, TRACE_FREE, 3, 0, 0);
    for (uint32_t slice = 1; slice <= trace.count + 1; slice += 4) {
        test_replay(&trace, 0, slice);
        test_replay(&trace, 1, slice);
    }
    test_replay(&trace, 2, 4);
    replay *made = replay_make(&trace, (replay_choice){0, CATEGORIES, 4});
    expect(made->operations == 11 && made->pairs == 7 && made->frees == 4, "the steps counted");
    expect(made->cross_frees == 1, "one free of another thread's block");
}

/* Blocks go round: each thread frees its neighbour's last and allocates one for the next. */
static void test_ring(struct trace_step *steps) {
    struct trace trace = {.threads = RING, .ids = 2, .steps = steps};
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint16_t thread = (uint16_t)(i % RING);
        if (i > 0) {
            add(&trace, TRACE_FREE, i - 1, thread, 0);
        }
        add(&trace, i % 3 == 0 ? TRACE_ZEROED : TRACE_ALLOC, i, thread, LEAST + i);
        if (i % 5 == 0) {
            add(&trace, TRACE_RESIZE, i, thread, LEAST + i / 2);
        }
    }
    add(&trace, TRACE_FREE, ROUNDS - 1, 0, 0);
    test_replay(&trace, 0, 1);
    test_replay(&trace, 0, 64);
    test_replay(&trace, 1, 64);
    test_replay(&trace, 2, 64);
}

int main(void) {
    static struct trace_step steps[LOG];
    test_by_hand(steps);
    test_ring(steps);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

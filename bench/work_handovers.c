/* SPDX-License-Identifier: MIT
 *
 * Workloads e, e2 and f: blocks that are freed by another thread than allocated them.
 *
 * Owns:     two rings, and the sizes of the blocks.
 * Callers:  main.c.
 * Promises: as workloads.h says. The two threads run on two cores of their own. Blocks are handed
 *           over in bursts, so that the rings' own traffic is small, and each block's first word
 *           is read by the thread that frees it.
 * Does not: leave a block behind.
 */
#include "allocator.h"
#include "ring.h"
#include "shim.h"
#include "span.h"
#include "support.h"
#include "workloads.h"

enum { BURSTS = 256, BATCH = BURSTS * RING_BURST, SIZES = 4096, LEAST = 16, MOST = 1024 };
enum { ONE_SIZE = 64 };

static ring rings[2];
static span spans[2];
static uint16_t sizes[SIZES];

/* Runs follow each other, and the threads of the last one are gone. */
static void empty_rings(bench_state *state, void *context) {
    (void)state;
    (void)context;
    ring_empty(&rings[0]);
    ring_empty(&rings[1]);
}

static inline void send_one_size(void **burst) {
    for (uint64_t i = 0; i < RING_BURST; i++) {
        uint64_t *block = bench_alloc(ONE_SIZE, 0);
        *block = i;
        burst[i] = block;
    }
}

static inline void send_mixed(void **burst, size_t number) {
    const uint16_t *size = &sizes[number * RING_BURST % SIZES];
    for (uint64_t i = 0; i < RING_BURST; i++) {
        uint64_t *block = bench_alloc(size[i], 0);
        *block = i;
        burst[i] = block;
    }
}

static inline uint64_t receive(void **burst) {
    uint64_t sum = 0;
    for (int i = 0; i < RING_BURST; i++) {
        sum += *(uint64_t *)burst[i];
        bench_free(burst[i], 0);
    }
    return sum;
}

static void produce(bench_state *state, bool mixed) {
    size_t sent = 0;
    unsigned waits = 0;
    while (span_next_batch(state, &spans[0], BATCH)) {
        for (int i = 0; i < BURSTS; i++) {
            void **burst;
            while ((burst = ring_fill(&rings[0], sent)) == NULL) {
                ring_wait(&waits);
            }
            if (mixed) {
                send_mixed(burst, sent);
            } else {
                send_one_size(burst);
            }
            ring_filled(&rings[0], sent++);
        }
    }
    bench_items(state, bench_iterations(state));
    span_report(state, spans, bench_iterations(state));
}

static void consume(bench_state *state) {
    size_t taken = 0;
    unsigned waits = 0;
    uint64_t sum = 0;
    while (span_next_batch(state, &spans[1], BATCH)) {
        for (int i = 0; i < BURSTS; i++) {
            void **burst;
            while ((burst = ring_drain(&rings[0], taken)) == NULL) {
                ring_wait(&waits);
            }
            sum += receive(burst);
            ring_drained(&rings[0], taken++);
        }
    }
    bench_keep(&sum);
}

/* `context` is NULL for blocks of one size. */
static void oneway_run(bench_state *state, void *context) {
    bench_bind(bench_thread(state), bench_threads(state));
    span_begin(&spans[bench_thread(state)]);
    bench_thread_begin(1);
    if (bench_thread(state) == 0) {
        produce(state, context != NULL);
    } else {
        consume(state);
    }
    bench_thread_end();
}

/* Receives up to `most` bursts. A thread that goes on for as long as the other sends does not get
 * to send, and then the two directions take turns instead of running at once. */
static uint64_t receive_ready(ring *in, size_t *taken, size_t most) {
    uint64_t sum = 0;
    void **burst;
    while (most-- > 0 && (burst = ring_drain(in, *taken)) != NULL) {
        sum += receive(burst);
        ring_drained(in, (*taken)++);
    }
    return sum;
}

/* Both threads send and receive. At the end of a batch each has received as many bursts as it has
 * sent, so that none waits at the end of the run for one that has stopped receiving. */
static void bothways_run(bench_state *state, void *context) {
    size_t most = context == NULL ? 1 : BURSTS;
    int thread = bench_thread(state);
    ring *out = &rings[thread];
    ring *in = &rings[1 - thread];
    size_t sent = 0;
    size_t taken = 0;
    unsigned waits = 0;
    uint64_t sum = 0;
    bench_bind(thread, bench_threads(state));
    span_begin(&spans[thread]);
    bench_thread_begin(1);
    while (span_next_batch(state, &spans[thread], BATCH)) {
        for (size_t end = sent + BURSTS; sent < end || taken < end;) {
            void **burst = sent < end ? ring_fill(out, sent) : NULL;
            if (burst != NULL) {
                send_one_size(burst);
                ring_filled(out, sent++);
            }
            size_t before = taken;
            sum += receive_ready(in, &taken, most);
            if (burst == NULL && taken == before) {
                ring_wait(&waits);
            }
        }
    }
    bench_keep(&sum);
    bench_items(state, bench_iterations(state));
    if (thread == 0) {
        span_report(state, spans, 2 * bench_iterations(state));
    }
    bench_thread_end();
}

static void register_handover(const char *name, bench_function *run, void *context) {
    bench_case *self = bench_register(name, run, context);
    bench_case_threads(self, 2);
    bench_case_clock(self, BENCH_CLOCK_REAL);
    bench_case_hooks(self, empty_rings, NULL, NULL);
}

void bench_register_handovers(void) {
    bench_random_sizes(sizes, SIZES, LEAST, MOST, 3);
    register_handover("e/oneway", oneway_run, NULL);
    register_handover("e2/oneway_mixed", oneway_run, sizes);
    register_handover("f/bothways", bothways_run, NULL);
    register_handover("f2/turns", bothways_run, rings);
}

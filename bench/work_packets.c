/* SPDX-License-Identifier: MIT
 *
 * Workload p: a network thread and a game thread.
 *
 * Owns:     two rings, and one table with the sizes and numbers of the packets.
 * Callers:  main.c.
 * Promises: as workloads.h says. The first thread allocates bursts of 1 to RING_BURST packets,
 *           most of them small, some as long as a datagram. The second reads and frees them, and
 *           for every fourth allocates an answer, which the first frees. Both know the table, so
 *           that what a pass allocates is the same in every run.
 * Does not: leave a packet behind.
 */
#include "allocator.h"
#include "ring.h"
#include "shim.h"
#include "span.h"
#include "support.h"
#include "workloads.h"

enum {
    BURSTS = 256, /* in a pass */
    PER_ANSWER = 4,
    SMALL_LEAST = 40,
    SMALL_MOST = 200,
    LONG_LEAST = 400,
    LONG_MOST = 1024, /* what the limit serves */
    PER_LONG = 4,
    PACKETS = BURSTS / RING_BURST * RING_BURST * (RING_BURST + 1) / 2
};

static ring rings[2]; /* packets, answers */
static span spans[2];
static uint32_t burst_length[BURSTS]; /* each length from 1 to RING_BURST equally often */
static uint16_t packet_size[BURSTS][RING_BURST];
static int64_t blocks_in_pass;

static uint32_t answers_to(size_t burst) {
    return (burst_length[burst] + PER_ANSWER - 1) / PER_ANSWER;
}

static void make_tables(void) {
    uint64_t random = 5;
    bench_random_order(burst_length, BURSTS, 4);
    blocks_in_pass = PACKETS;
    for (size_t i = 0; i < BURSTS; i++) {
        burst_length[i] = burst_length[i] % RING_BURST + 1;
        blocks_in_pass += answers_to(i);
        bench_random_sizes(packet_size[i], RING_BURST, SMALL_LEAST, SMALL_MOST,
                           bench_random(&random));
        for (size_t j = 0; j < RING_BURST; j++) {
            if (bench_random(&random) % PER_LONG == 0) {
                bench_random_sizes(&packet_size[i][j], 1, LONG_LEAST, LONG_MOST,
                                   bench_random(&random));
            }
        }
    }
}

static void empty_rings(bench_state *state, void *context) {
    (void)state;
    (void)context;
    ring_empty(&rings[0]);
    ring_empty(&rings[1]);
}

static inline void send_packets(void **slot, size_t burst, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint64_t *packet = bench_alloc(packet_size[burst][i], 0);
        *packet = i;
        slot[i] = packet;
    }
}

static inline uint64_t receive_packets(void **slot, uint32_t count) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += *(uint64_t *)slot[i];
        bench_free(slot[i], 0);
    }
    return sum;
}

/* A pass ends when all answers to it are in, so that the other thread never waits for one that has
 * stopped receiving. */
static uint64_t network_pass(size_t *sent, size_t *received, unsigned *waits) {
    uint64_t sum = 0;
    for (size_t end = *sent + BURSTS; *received < end;) {
        void **out = *sent < end ? ring_fill(&rings[0], *sent) : NULL;
        if (out != NULL) {
            send_packets(out, *sent % BURSTS, burst_length[*sent % BURSTS]);
            ring_filled(&rings[0], (*sent)++);
        }
        void **in = ring_drain(&rings[1], *received);
        if (in != NULL) {
            sum += receive_packets(in, answers_to(*received % BURSTS));
            ring_drained(&rings[1], (*received)++);
        } else if (out == NULL) {
            ring_wait(waits);
        }
    }
    return sum;
}

static uint64_t game_pass(size_t *taken, unsigned *waits) {
    uint64_t sum = 0;
    for (size_t end = *taken + BURSTS; *taken < end; (*taken)++) {
        void **in;
        void **out;
        while ((in = ring_drain(&rings[0], *taken)) == NULL) {
            ring_wait(waits);
        }
        while ((out = ring_fill(&rings[1], *taken)) == NULL) {
            ring_wait(waits);
        }
        sum += receive_packets(in, burst_length[*taken % BURSTS]);
        ring_drained(&rings[0], *taken);
        send_packets(out, *taken % BURSTS, answers_to(*taken % BURSTS));
        ring_filled(&rings[1], *taken);
    }
    return sum;
}

static void packets_run(bench_state *state, void *context) {
    (void)context;
    int thread = bench_thread(state);
    size_t done[2] = {0, 0};
    unsigned waits = 0;
    uint64_t sum = 0;
    bench_bind(thread, bench_threads(state));
    span_begin(&spans[thread]);
    bench_thread_begin(1);
    while (span_next_batch(state, &spans[thread], 1)) {
        sum += thread == 0 ? network_pass(&done[0], &done[1], &waits) : game_pass(&done[0], &waits);
    }
    bench_keep(&sum);
    if (thread == 0) {
        bench_items(state, bench_iterations(state) * blocks_in_pass);
        span_report(state, spans, bench_iterations(state) * blocks_in_pass);
    }
    bench_thread_end();
}

void bench_register_packets(void) {
    make_tables();
    bench_case *self = bench_register("p/packets", packets_run, NULL);
    bench_case_threads(self, 2);
    bench_case_clock(self, BENCH_CLOCK_REAL);
    bench_case_hooks(self, empty_rings, NULL, NULL);
}

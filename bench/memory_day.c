/* SPDX-License-Identifier: MIT
 *
 * The scenario `day`: a game server's day in some seconds.
 *
 * Owns:     the sessions, the level, and the samples.
 * Callers:  memory.c.
 * Promises: sessions rise and fall twice; a level is loaded and unloaded every second hour, in blocks of 1 KiB to 2 MiB; what
 *           sessions hold gets three times as large over the day. Between two samples, PACKETS blocks are made by a thread that
 *           ends, freed by the one that goes on, and as many come and go in a frame's order. In the last hour nobody is
 *           there. Live and resident bytes are read SAMPLES times an hour. The same steps are done for each allocator.
 *           Where blocks of the largest size or three categories are not served, nothing is printed.
 * Does not: wait: what an allocator gives back after a while, it does so by the time that the steps take, and at the end
 *           after a second of rest.
 */
#include "allocator.h"
#include "memory.h"
#include "resident.h"
#include "support.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    HOURS = 24,
    SAMPLES = 12,
    SESSIONS = 1500,
    SESSION_BLOCKS = 60,
    LEVEL_BLOCKS = 20000,
    LEVEL_HOURS = 2,
    LEVEL_LARGEST = 1 << 20,
    PACKETS = 20000,
    PACKET_MOST = 1400,
    FRAME = 500
};

/* The categories. */
enum { OF_PACKETS, OF_SESSIONS, OF_LEVEL, CATEGORIES };
#define LEVEL_BYTES ((size_t)48 << 20)

typedef struct block {
    void *start;
    size_t size;
} block;

typedef struct day {
    block sessions[SESSIONS][SESSION_BLOCKS];
    block level[LEVEL_BLOCKS];
    block packets[PACKETS];
    size_t curve[HOURS * SAMPLES][2];
    size_t session_count, level_count, live;
    uint64_t random;
} day;

static block take(day *self, size_t size, uint32_t category) {
    block it = {bench_alloc(size, category), size};
    memset(it.start, 1, size);
    self->live += size;
    return it;
}

static void give(day *self, block it, uint32_t category) {
    bench_free(it.start, category);
    self->live -= it.size;
}

/* As many as there are at that time: from none to SESSIONS, twice a day. */
static size_t sessions_at(size_t sample) {
    size_t half = HOURS * SAMPLES / 4, at = sample % (2 * half);
    size_t up = at < half ? at : 2 * half - at;
    return sample >= (HOURS - 1) * SAMPLES ? 0 : SESSIONS * up / half;
}

static void open_or_end_sessions(day *self, size_t sample) {
    size_t wanted = sessions_at(sample);
    size_t most = 1024 + 2048 * sample / (HOURS * SAMPLES);
    for (; self->session_count < wanted; self->session_count++) {
        for (size_t i = 0; i < SESSION_BLOCKS; i++) {
            size_t size = 32 + bench_random(&self->random) % most;
            self->sessions[self->session_count][i] = take(self, size, OF_SESSIONS);
        }
    }
    for (; self->session_count > wanted; self->session_count--) {
        /* Any of them ends. */
        size_t which = bench_random(&self->random) % self->session_count;
        for (size_t i = 0; i < SESSION_BLOCKS; i++) {
            block it = self->sessions[which][i];
            self->sessions[which][i] = self->sessions[self->session_count - 1][i];
            give(self, it, OF_SESSIONS);
        }
    }
}

static void change_level(day *self, bool last) {
    for (; self->level_count > 0; self->level_count--) {
        give(self, self->level[self->level_count - 1], OF_LEVEL);
    }
    for (size_t bytes = 0; !last && bytes < LEVEL_BYTES && self->level_count < LEVEL_BLOCKS;) {
        size_t least = (size_t)1024 << bench_random(&self->random) % 11;
        size_t size = least + bench_random(&self->random) % least;
        self->level[self->level_count++] = take(self, size, OF_LEVEL);
        bytes += size;
    }
}

static void *make_packets(void *argument) {
    day *self = argument;
    bench_thread_begin(CATEGORIES);
    for (size_t i = 0; i < PACKETS; i++) {
        self->packets[i] = take(self, 16 + bench_random(&self->random) % PACKET_MOST, OF_PACKETS);
    }
    bench_thread_end();
    return NULL;
}

/* What comes and goes until the next sample. */
static void pass_time(day *self) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, make_packets, self) != 0) {
        fprintf(stderr, "no thread left\n");
        abort();
    }
    pthread_join(thread, NULL);
    for (size_t i = 0; i < PACKETS; i++) {
        give(self, self->packets[i], OF_PACKETS);
    }
    for (size_t first = 0; first < PACKETS; first += FRAME) {
        for (size_t i = first; i < first + FRAME; i++) {
            self->packets[i] = take(self, 16 + bench_random(&self->random) % 500, OF_PACKETS);
        }
        for (size_t i = first; i < first + FRAME; i++) {
            give(self, self->packets[i], OF_PACKETS);
        }
    }
}

static void print(const day *self, size_t base) {
    printf("{\"base\": %zu, \"steps_of_sample\": %g, \"curve\": [", base, 1e6 / SAMPLES);
    for (size_t i = 0; i < HOURS * SAMPLES; i++) {
        printf("%s[%zu, %zu]", i == 0 ? "" : ", ", self->curve[i][0], self->curve[i][1]);
    }
    printf("]}\n");
}

int memory_day(void) {
    if (2 * (uint64_t)LEVEL_LARGEST > BENCH_LARGEST || 2 * (uint64_t)LEVEL_LARGEST > BENCH_BLOCK_BYTES ||
        (uint32_t)CATEGORIES > BENCH_MOST_CATEGORIES) {
        return EXIT_SUCCESS;
    }
    day *self = bench_memory(sizeof *self);
    size_t base = resident_bytes();
    self->random = 12;
    bench_thread_begin(CATEGORIES);
    for (size_t sample = 0; sample < HOURS * SAMPLES; sample++) {
        bool last = sample >= (HOURS - 1) * SAMPLES;
        open_or_end_sessions(self, sample);
        if (sample % (LEVEL_HOURS * SAMPLES) == 0 || sample == (HOURS - 1) * SAMPLES) {
            change_level(self, last);
        }
        pass_time(self);
        if (sample == HOURS * SAMPLES - 1) {
            nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
            pass_time(self);
        }
        self->curve[sample][0] = self->live;
        self->curve[sample][1] = resident_bytes();
    }
    bench_thread_end();
    print(self, base);
    return EXIT_SUCCESS;
}

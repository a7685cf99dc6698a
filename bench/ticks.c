/* SPDX-License-Identifier: MIT
 *
 * What ticks do for a game loop: which of them overrun their budget, and the tails of alloc and free with and without
 * them.
 *
 * Owns:     the blocks; the threads beside the loop.
 * Callers:  the shell: ticks [SECONDS [BUDGET_NS]], for each of two runs, which take turns by a child of their own.
 * Promises: 60 frames a second. A frame allocates BLOCKS blocks of 16 to 4,096 bytes in 8 categories and frees them, but
 *           for one in 16, which takes the place of an older one; every LEVEL_FRAMES frames a level of 96 MiB, in large blocks too, is freed
 *           and another loaded and written. A second thread does the same at its own pace, without ticks. Each alloc and free, and
 *           each tick, is timed alone. The two runs differ by the ticks alone.
 * Does not: subtract what the timing itself takes: a reading before and after, some 20 ns.
 */
#include "histogram.h"
#include "support.h"
#include "timestamp.h"

#include <corral/corral.h>
#include <corral/upkeep.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BLOCKS = 4000, KEPT = 30000, CATEGORIES = 8, LEVEL = 9, LEVEL_FRAMES = 120, LEVEL_MOST = 20000, FRAME_NS = 16666667 };
#define LEVEL_BYTES ((size_t)96 << 20)

struct player {
    pthread_t thread;
    histogram allocs, frees, ticks;
    uint64_t random, over, left;
    uint32_t level; /* the category of its levels */
    bool ticked;
    void *kept[KEPT], *now[BLOCKS], *of_level[LEVEL_MOST];
    size_t level_blocks;
};

static atomic_bool over;
static uint64_t budget_ns = 100000;
static double unit;

static void *timed_alloc(struct player *self, size_t size, uint32_t id) {
    uint64_t start = timestamp();
    char *block = corral_alloc(size, id);
    histogram_record(&self->allocs, (uint64_t)((double)(timestamp() - start) * unit));
    if (block == NULL) {
        fprintf(stderr, "memory is exhausted\n");
        exit(EXIT_FAILURE);
    }
    *block = 1;
    return block;
}

static void timed_free(struct player *self, void *block, uint32_t id) {
    uint64_t start = timestamp();
    corral_free(block, id);
    histogram_record(&self->frees, (uint64_t)((double)(timestamp() - start) * unit));
}

static void load_level(struct player *self) {
    for (size_t i = 0; i < self->level_blocks; i++) {
        timed_free(self, self->of_level[i], self->level);
    }
    self->level_blocks = 0;
    for (size_t bytes = 0; bytes < LEVEL_BYTES && self->level_blocks < LEVEL_MOST;) {
        uint64_t random = bench_random(&self->random);
        size_t size = (size_t)1024 << random % 13; /* up to 4 MiB */
        char *block = timed_alloc(self, size, self->level);
        memset(block, 1, size);
        self->of_level[self->level_blocks++] = block;
        bytes += size;
    }
}

static void frame(struct player *self) {
    for (uint32_t i = 0; i < BLOCKS; i++) {
        self->now[i] = timed_alloc(self, 16 + bench_random(&self->random) % 4081, i % CATEGORIES);
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        void *gone = self->now[i];
        if (i % 16 < CATEGORIES && i / 16 % 8 == 0) {
            size_t place = bench_random(&self->random) % (KEPT / CATEGORIES) * CATEGORIES + i % CATEGORIES;
            gone = self->kept[place];
            self->kept[place] = self->now[i];
        }
        timed_free(self, gone, i % CATEGORIES);
    }
}

static void tick(struct player *self) {
    uint64_t start = timestamp();
    uint64_t left = corral_tick(budget_ns);
    uint64_t ns = (uint64_t)((double)(timestamp() - start) * unit);
    histogram_record(&self->ticks, ns);
    self->over += ns > budget_ns;
    self->left += left != 0;
}

static void *play(void *argument) {
    struct player *self = argument;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (uint64_t number = 0; !atomic_load_explicit(&over, memory_order_relaxed); number++) {
        if (number % LEVEL_FRAMES == 0) {
            load_level(self);
        }
        frame(self);
        if (self->ticked) {
            tick(self);
        }
        next.tv_nsec += FRAME_NS;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    return NULL;
}

static void print_tail(const char *what, const histogram *it) {
    printf("| %s | %ju | %ju | %ju | %ju | %ju | %ju |\n", what, (uintmax_t)it->count,
           (uintmax_t)histogram_quantile(it, 0.5), (uintmax_t)histogram_quantile(it, 0.99),
           (uintmax_t)histogram_quantile(it, 0.999), (uintmax_t)histogram_quantile(it, 0.9999), (uintmax_t)it->max);
}

static void run(bool ticked, unsigned seconds) {
    struct player *players = bench_memory(2 * sizeof *players);
    unit = timestamp_unit();
    for (unsigned i = 0; i < 2; i++) {
        players[i] = (struct player){.random = 5 + i, .level = LEVEL + i, .ticked = ticked && i == 0};
        if (pthread_create(&players[i].thread, NULL, play, &players[i]) != 0) {
            fprintf(stderr, "no thread\n");
            exit(EXIT_FAILURE);
        }
    }
    sleep(seconds);
    atomic_store(&over, true);
    pthread_join(players[0].thread, NULL);
    pthread_join(players[1].thread, NULL);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    print_tail(ticked ? "alloc, with ticks" : "alloc, without", &players[0].allocs);
    print_tail(ticked ? "free, with ticks" : "free, without", &players[0].frees);
    if (ticked) {
        print_tail("tick", &players[0].ticks);
        printf("ticks over their budget of %ju ns: %.2f %%, that left something: %.2f %%\n", (uintmax_t)budget_ns,
               100.0 * (double)players[0].over / (double)players[0].ticks.count,
               100.0 * (double)players[0].left / (double)players[0].ticks.count);
    }
    printf("page faults: %ld\n", usage.ru_minflt);
}

int main(int argc, char **argv) {
    unsigned long seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;
    budget_ns = argc > 2 ? strtoull(argv[2], NULL, 10) : budget_ns;
    if (seconds == 0 || seconds > 3600) {
        fprintf(stderr, "usage: ticks [SECONDS [BUDGET_NS]]\n");
        return EXIT_FAILURE;
    }
    printf("| ns | number | p50 | p99 | p99.9 | p99.99 | most |\n|---|---|---|---|---|---|---|\n");
    for (int ticked = 0; ticked < 2; ticked++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            run(ticked != 0, (unsigned)seconds);
            return EXIT_SUCCESS;
        }
        int status;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}

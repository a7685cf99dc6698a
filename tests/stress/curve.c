/* SPDX-License-Identifier: MIT
 *
 * The points, the thread that takes them, and the checks.
 *
 * Owns:     one static array of points. When it is full, every second one goes, and the time between
 *           points doubles.
 * Callers:  see curve.h.
 * Promises: a point is added by one thread at a time: the sampler, or the caller while the lock is
 *           his.
 * Does not: keep a point's figures exact: those who allocate go on meanwhile.
 */
#include "curve.h"

#include "support/build.h"
#include "support/check.h"
#include "support/process.h"

#include <corral/corral.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { POINTS = 4096, FIRST_STEP_MS = 10 };

struct point {
    uint64_t milliseconds;
    size_t resident;
    uint64_t live;
};

static struct {
    const char *name, *file;
    uint64_t begin, step;
    size_t count, settled;
    bool ended;
    struct point points[POINTS];
    pthread_mutex_t lock;
    pthread_cond_t end;
    pthread_t sampler;
} curve = {.lock = PTHREAD_MUTEX_INITIALIZER, .end = PTHREAD_COND_INITIALIZER};

bool curve_measures(void) {
#ifdef CORRAL_TEST_EMULATED
    return false;
#else
    return BUILD_MEASURES_MEMORY;
#endif
}

static uint64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void thin_out(void) {
    for (size_t i = 0; i < POINTS / 2; i++) {
        curve.points[i] = curve.points[2 * i];
    }
    curve.count = POINTS / 2;
    curve.settled /= 2;
    curve.step *= 2;
}

static void add_point(void) {
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    if (curve.count == POINTS) {
        thin_out();
    }
    curve.points[curve.count++] = (struct point){.milliseconds = milliseconds() - curve.begin,
                                                 .resident = process_resident(),
                                                 .live = stats.live_bytes};
}

static void *sample(void *unused) {
    (void)unused;
    pthread_mutex_lock(&curve.lock);
    while (!curve.ended) {
        add_point();
        uint64_t next = milliseconds() + curve.step;
        struct timespec until = {.tv_sec = (time_t)(next / 1000),
                                 .tv_nsec = (long)(next % 1000) * 1000000};
        pthread_cond_timedwait(&curve.end, &curve.lock, &until);
    }
    pthread_mutex_unlock(&curve.lock);
    return NULL;
}

void curve_begin(const char *name, const char *file) {
    curve.name = name;
    curve.file = file;
    curve.begin = milliseconds();
    curve.step = FIRST_STEP_MS;
    if (curve_measures()) {
        add_point();
        CHECK(pthread_create(&curve.sampler, NULL, sample, NULL) == 0, "no thread");
    }
}

void curve_settled(void) {
    pthread_mutex_lock(&curve.lock);
    curve.settled = curve.count;
    pthread_mutex_unlock(&curve.lock);
}

static size_t beyond_live(const struct point *point) {
    uint64_t explained = curve.points[0].resident + point->live;
    return point->resident > explained ? (size_t)(point->resident - explained) : 0;
}

/* The most beyond what lived, over the points from `first` to before `last`. */
static size_t most_beyond_live(size_t first, size_t last) {
    size_t most = 0;
    for (size_t i = first; i < last; i++) {
        size_t beyond = beyond_live(&curve.points[i]);
        most = beyond > most ? beyond : most;
    }
    return most;
}

static bool purges(void) {
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    uint64_t arena_bytes = stats.arenas * 64 * CORRAL_SLAB_KIB * BUILD_KIB;
    return (uint64_t)CORRAL_RETIRE_KIB * BUILD_KIB < arena_bytes;
}

void curve_expect_flat(size_t slack) {
    if (!curve_measures() || !purges()) {
        return;
    }
    pthread_mutex_lock(&curve.lock);
    add_point();
    size_t half = curve.settled + (curve.count - curve.settled) / 2;
    CHECK(half > curve.settled + 4, "%zu points are too few", curve.count - curve.settled);
    size_t early = most_beyond_live(curve.settled, half);
    size_t late = most_beyond_live(half, curve.count);
    pthread_mutex_unlock(&curve.lock);
    printf("beyond what lives: %zu KiB, then %zu KiB\n", early / 1024, late / 1024);
    CHECK(late <= early + early / 4 + slack, "memory grows: %zu KiB beyond what lives, then %zu KiB",
          early / 1024, late / 1024);
}

void curve_expect_near_live(unsigned percent, size_t slack) {
    if (!curve_measures()) {
        return;
    }
    pthread_mutex_lock(&curve.lock);
    add_point();
    size_t worst = curve.settled;
    size_t worst_beyond = 0;
    for (size_t i = curve.settled; i < curve.count; i++) {
        const struct point *point = &curve.points[i];
        size_t grown = point->resident - curve.points[0].resident;
        size_t allowed = (size_t)point->live / 100 * percent + slack;
        CHECK(grown <= allowed, "%zu KiB for %" PRIu64 " KiB that live, of %zu KiB allowed",
              grown / 1024, point->live / 1024, allowed / 1024);
        if (beyond_live(point) > worst_beyond) {
            worst_beyond = beyond_live(point);
            worst = i;
        }
    }
    printf("at worst %zu KiB for %" PRIu64 " KiB that live; allowed %u %% and %zu KiB\n",
           (curve.points[worst].resident - curve.points[0].resident) / 1024,
           curve.points[worst].live / 1024, percent, slack / 1024);
    pthread_mutex_unlock(&curve.lock);
}

static void write_file(void) {
    FILE *file = fopen(curve.file, "w");
    CHECK(file != NULL, "%s does not open", curve.file);
    fprintf(file, "milliseconds,resident,live\n");
    for (size_t i = 0; i < curve.count; i++) {
        fprintf(file, "%" PRIu64 ",%zu,%" PRIu64 "\n", curve.points[i].milliseconds,
                curve.points[i].resident, curve.points[i].live);
    }
    CHECK(fclose(file) == 0, "%s is not written", curve.file);
}

void curve_end(void) {
    if (!curve_measures()) {
        printf("rss %s is not measured in this build\n", curve.name);
        return;
    }
    pthread_mutex_lock(&curve.lock);
    curve.ended = true;
    pthread_cond_signal(&curve.end);
    pthread_mutex_unlock(&curve.lock);
    pthread_join(curve.sampler, NULL);
    add_point();
    size_t peak = 0;
    uint64_t live = 0;
    for (size_t i = 0; i < curve.count; i++) {
        peak = curve.points[i].resident > peak ? curve.points[i].resident : peak;
        live = curve.points[i].live > live ? curve.points[i].live : live;
    }
    printf("rss %s start=%zu peak=%zu end=%zu live=%" PRIu64 "\n", curve.name,
           curve.points[0].resident / 1024, peak / 1024,
           curve.points[curve.count - 1].resident / 1024, live / 1024);
    if (curve.file != NULL) {
        write_file();
    }
}

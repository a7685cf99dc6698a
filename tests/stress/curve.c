/* SPDX-License-Identifier: MIT
 *
 * The points, the thread that takes them, and the checks.
 *
 * Owns:     one static array of points. When it is full, every second one goes, and the time between
 *           points doubles.
 * Callers:  see curve.h.
 * Promises: points are added and read under the lock.
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
    uint64_t begin, step, settled;
    size_t count;
    bool ended;
    struct point points[POINTS];
    pthread_mutex_t lock;
    pthread_cond_t end;
    pthread_t sampler;
} curve = {.lock = PTHREAD_MUTEX_INITIALIZER, .end = PTHREAD_COND_INITIALIZER};

bool curve_measures(void) {
    return BUILD_MEASURES_MEMORY;
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
    curve.step *= 2;
}

static struct point look(void) {
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    return (struct point){.milliseconds = milliseconds() - curve.begin,
                          .resident = process_resident(),
                          .live = stats.live_bytes};
}

static void add_point(struct point point) {
    if (curve.count == POINTS) {
        thin_out();
    }
    curve.points[curve.count++] = point;
}

/* Taking a point takes long when there are many caches or much is resident: the others' calls do not
 * wait for it. */
static void *sample(void *unused) {
    (void)unused;
    pthread_mutex_lock(&curve.lock);
    while (!curve.ended) {
        pthread_mutex_unlock(&curve.lock);
        struct point point = look();
        pthread_mutex_lock(&curve.lock);
        add_point(point);
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
        add_point(look());
        CHECK(pthread_create(&curve.sampler, NULL, sample, NULL) == 0, "no thread");
    }
}

/* Returns its time. */
static uint64_t take_point(void) {
    struct point now = look();
    pthread_mutex_lock(&curve.lock);
    add_point(now);
    pthread_mutex_unlock(&curve.lock);
    return now.milliseconds;
}

void curve_point(void) {
    if (curve_measures()) {
        take_point();
    }
}

void curve_settled(void) {
    if (curve_measures()) {
        curve.settled = take_point();
    }
}

static size_t beyond_live(const struct point *point) {
    uint64_t explained = curve.points[0].resident + point->live;
    return point->resident > explained ? (size_t)(point->resident - explained) : 0;
}

/* The most beyond what lived, over the points from `first` to before `last`, in milliseconds. */
static size_t most_beyond_live(uint64_t first, uint64_t last) {
    size_t most = 0;
    size_t count = 0;
    for (size_t i = 0; i < curve.count; i++) {
        const struct point *point = &curve.points[i];
        if (point->milliseconds >= first && point->milliseconds < last) {
            size_t beyond = beyond_live(point);
            most = beyond > most ? beyond : most;
            count++;
        }
    }
    CHECK(count > 0, "no point of %zu from %" PRIu64 " to %" PRIu64 " ms", curve.count, first, last);
    return most;
}

/* What the arenas may yet keep of slabs that were in use once: a build that keeps as much as they
 * hold purges none. */
static size_t kept_unpurged(void) {
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    size_t arena_bytes = (size_t)stats.arenas * 64 * CORRAL_SLAB_KIB * BUILD_KIB;
    return CORRAL_RETIRE_KIB * BUILD_KIB < arena_bytes ? 0 : arena_bytes;
}

void curve_expect_flat(size_t slack) {
    if (!curve_measures()) {
        return;
    }
    slack += kept_unpurged();
    struct point now = look();
    pthread_mutex_lock(&curve.lock);
    add_point(now);
    uint64_t half = (curve.settled + now.milliseconds) / 2;
    size_t early = most_beyond_live(curve.settled, half + 1);
    size_t late = most_beyond_live(half, now.milliseconds + 1);
    pthread_mutex_unlock(&curve.lock);
    printf("beyond what lives: %zu KiB, then %zu KiB\n", early / 1024, late / 1024);
    CHECK(late <= early + early / 4 + slack, "memory grows: %zu KiB beyond what lives, then %zu KiB",
          early / 1024, late / 1024);
}

void curve_expect_near_live(unsigned percent, size_t slack) {
    if (!curve_measures()) {
        return;
    }
    struct point now = look();
    pthread_mutex_lock(&curve.lock);
    add_point(now);
    struct point worst = now;
    for (size_t i = 0; i < curve.count; i++) {
        const struct point *point = &curve.points[i];
        if (point->milliseconds < curve.settled) {
            continue;
        }
        size_t grown = point->resident - curve.points[0].resident;
        size_t allowed = (size_t)point->live / 100 * percent + slack;
        CHECK(grown <= allowed, "%zu KiB for %" PRIu64 " KiB that live, of %zu KiB allowed",
              grown / 1024, point->live / 1024, allowed / 1024);
        worst = beyond_live(point) > beyond_live(&worst) ? *point : worst;
    }
    printf("at worst %zu KiB for %" PRIu64 " KiB that live; allowed %u %% and %zu KiB\n",
           (worst.resident - curve.points[0].resident) / 1024, worst.live / 1024, percent,
           slack / 1024);
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
    add_point(look());
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

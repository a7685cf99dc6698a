/* SPDX-License-Identifier: MIT
 *
 * Shared figures while threads allocate, update, read, open and close.
 *
 * Owns:     its threads, and a name in /dev/shm.
 * Callers:  meson, in the suite stress; also under ThreadSanitizer.
 * Promises: a reader's updates never go back. An update ends in one of its three ways. Figures are never of two
 *           updates: where nothing moves while one is made, each category has what the others have, and the
 *           total is theirs together.
 * Does not: look at what figures say (share.c).
 */
#include <corral/share.h>

#include "support/check.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { WRITERS = 3, READERS = 2, UPDATES = 3000, STILL_UPDATES = 20000, BLOCKS = 50, ROOM = 8 };

static char name[64];
static atomic_int running = WRITERS;
static atomic_bool still;
static atomic_ulong updates, busy, readings;

static void *write_figures(void *argument) {
    uint32_t id = *(const uint32_t *)argument;
    void *blocks[BLOCKS] = {NULL};
    for (size_t i = 0; i < UPDATES; i++) {
        corral_free(blocks[i % BLOCKS], id);
        blocks[i % BLOCKS] = corral_alloc(i % 2000, id);
        corral_share_status status = corral_report_share_update();
        CHECK(status == CORRAL_SHARE_OK || status == CORRAL_SHARE_EBUSY || status == CORRAL_SHARE_ECLOSED,
              "%d", (int)status);
        updates += status == CORRAL_SHARE_OK;
        if (status == CORRAL_SHARE_EBUSY) {
            busy++;
            sched_yield();
        }
        if (i % 500 == 499 && corral_report_share_close() == CORRAL_SHARE_OK) {
            corral_share_status opened = corral_report_share_open(name, ROOM);
            CHECK(opened == CORRAL_SHARE_OK || opened == CORRAL_SHARE_EBUSY, "%d", (int)opened);
        } else {
            corral_report_share_open(name, ROOM);
        }
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        corral_free(blocks[i], id);
    }
    running--;
    return NULL;
}

/* One thread, which moves nothing while it updates. */
static void *write_still(void *argument) {
    void *blocks[WRITERS][BLOCKS] = {{NULL}};
    for (size_t i = 0; i < STILL_UPDATES; i++) {
        bool takes = i / BLOCKS % 2 == 0;
        for (uint32_t id = 0; id < WRITERS; id++) {
            void **block = &blocks[id][i % BLOCKS];
            corral_free(*block, id);
            *block = takes ? corral_alloc(100, id) : NULL;
        }
        CHECK(corral_report_share_update() == CORRAL_SHARE_OK, "update %lu", (unsigned long)i);
    }
    running--;
    return argument;
}

static void check_still(const corral_shared_figures *figures) {
    uint64_t each = figures->categories[0].stats.live_blocks;
    CHECK(figures->count == WRITERS, "%lu", (unsigned long)figures->count);
    for (size_t i = 1; i < WRITERS; i++) {
        CHECK(figures->categories[i].stats.live_blocks == each, "%lu, not %lu",
              (unsigned long)figures->categories[i].stats.live_blocks, (unsigned long)each);
    }
    CHECK(figures->total.stats.live_blocks == WRITERS * each, "%lu of %lu each",
          (unsigned long)figures->total.stats.live_blocks, (unsigned long)each);
}

static void read_one(corral_report_reader *reader) {
    corral_shared_figures figures;
    uint64_t before = 0;
    for (int i = 0; i < 200; i++) {
        corral_share_status status = corral_report_read(reader, &figures, sizeof figures);
        CHECK(status == CORRAL_SHARE_OK || status == CORRAL_SHARE_EOLD || status == CORRAL_SHARE_ENOTHING,
              "%d", (int)status);
        if (status == CORRAL_SHARE_ENOTHING) {
            continue;
        }
        CHECK(figures.sequence >= before && figures.process == (uint64_t)getpid(), "update %lu after %lu",
              (unsigned long)figures.sequence, (unsigned long)before);
        CHECK(figures.count <= WRITERS && figures.omitted == 0, "%lu", (unsigned long)figures.count);
        if (still) {
            check_still(&figures);
        }
        before = figures.sequence;
        readings++;
    }
}

static void *read_figures(void *unused) {
    (void)unused;
    bool last;
    do {
        corral_report_reader *reader;
        last = running == 0;
        if (corral_report_attach(name, &reader) == CORRAL_SHARE_OK) {
            read_one(reader);
            corral_report_detach(reader);
        }
    } while (!last);
    return NULL;
}

/* Runs the first `writers` of the ids, and the readers. */
static void run(void *(*write)(void *), size_t writers) {
    static uint32_t ids[WRITERS] = {0, 1, 2};
    pthread_t threads[WRITERS + READERS];
    running = (int)writers;
    for (size_t i = 0; i < writers + READERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, i < writers ? write : read_figures, &ids[i % WRITERS]) == 0,
              "no thread");
    }
    for (size_t i = 0; i < writers + READERS; i++) {
        pthread_join(threads[i], NULL);
    }
}

int main(void) {
    snprintf(name, sizeof name, "corral-stress-%ld", (long)getpid());
    CHECK(corral_report_share_open(name, ROOM) == CORRAL_SHARE_OK, "cannot open");
    run(write_figures, WRITERS);
    printf("%lu updates, %lu went away, %lu readings\n", updates, busy, readings);
    CHECK(updates > 0 && readings > 0, "nothing was read");

    corral_report_share_close();
    CHECK(corral_report_share_open(name, ROOM) == CORRAL_SHARE_OK, "cannot open");
    CHECK(corral_report_share_update() == CORRAL_SHARE_OK, "cannot update");
    readings = 0;
    still = true;
    run(write_still, 1);
    printf("%lu readings of updates that nothing moved in\n", readings);
    CHECK(readings > 0, "nothing was read");
    corral_report_share_close();
    return 0;
}

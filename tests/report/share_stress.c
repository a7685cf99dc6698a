/* SPDX-License-Identifier: MIT
 *
 * Shared figures while threads allocate, update, read, open and close.
 *
 * Owns:     its threads, and a name in /dev/shm.
 * Callers:  meson, in the suite stress; also under ThreadSanitizer.
 * Promises: a reader's updates never go back, and its figures are never of two updates: the total is at most
 *           what the threads can hold. An update ends in one of its three ways.
 * Does not: look at what figures say (share.c).
 */
#include <corral/share.h>

#include "support/check.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { WRITERS = 3, READERS = 2, UPDATES = 3000, BLOCKS = 50, ROOM = 8 };

static char name[64];
static atomic_int running = WRITERS;
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
        CHECK(figures.total.stats.live_blocks <= WRITERS * BLOCKS, "%lu live",
              (unsigned long)figures.total.stats.live_blocks);
        before = figures.sequence;
        readings++;
    }
}

static void *read_figures(void *unused) {
    (void)unused;
    while (running > 0) {
        corral_report_reader *reader;
        if (corral_report_attach(name, &reader) == CORRAL_SHARE_OK) {
            read_one(reader);
            corral_report_detach(reader);
        }
    }
    return NULL;
}

int main(void) {
    pthread_t threads[WRITERS + READERS];
    uint32_t ids[WRITERS];
    snprintf(name, sizeof name, "corral-stress-%ld", (long)getpid());
    CHECK(corral_report_share_open(name, ROOM) == CORRAL_SHARE_OK, "cannot open");
    for (uint32_t i = 0; i < WRITERS + READERS; i++) {
        if (i < WRITERS) {
            ids[i] = i;
        }
        CHECK(pthread_create(&threads[i], NULL, i < WRITERS ? write_figures : read_figures,
                             &ids[i % WRITERS]) == 0, "no thread");
    }
    for (size_t i = 0; i < WRITERS + READERS; i++) {
        pthread_join(threads[i], NULL);
    }
    corral_report_share_close();
    printf("%lu updates, %lu went away, %lu readings\n", updates, busy, readings);
    CHECK(updates > 0 && readings > 0, "nothing was read");
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * record: see record.h.
 *
 * Owns:     one table, under one lock.
 * Callers:  through record.h.
 * Promises: as record.h.
 * Does not: allocate: the table is static.
 */
#include "record.h"

#include "support/check.h"
#include "support/failing.h"
#include "support/map.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST = 4096 };

struct reservation {
    char *start;
    size_t size;
    uint64_t id;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct reservation all[MOST];
static size_t count;
static struct failing failing = {.kind = RECORD_KINDS};
static size_t misplaced;

/* Notes a call; does it fail? errno is spoilt, which corral's callers are not to see. */
static bool fails(enum record_kind kind) {
    errno = EDOM;
    return failing_fails(&failing, (int)kind);
}

static bool is_power_of_two(size_t number) {
    return number != 0 && (number & (number - 1)) == 0;
}

static bool is_whole(size_t size) {
    return size != 0 && size % (size_t)getpagesize() == 0;
}

static struct reservation *find(const void *address) {
    for (size_t i = 0; i < count; i++) {
        if ((uintptr_t)address - (uintptr_t)all[i].start < all[i].size) {
            return &all[i];
        }
    }
    return NULL;
}

static void *reserve_locked(size_t size, size_t alignment, uint64_t id) {
    CHECK(is_whole(size) && is_power_of_two(alignment) && is_whole(alignment), "%zu bytes at %zu", size,
          alignment);
    CHECK(count < MOST, "the record is full");
    if (fails(RECORD_RESERVE)) {
        return NULL;
    }
    char *start = map_aligned(size, alignment);
    if (start == NULL) {
        return NULL;
    }
    all[count++] = (struct reservation){start + misplaced, size, id};
    return start + misplaced;
}

static int release_locked(void *start, size_t size) {
    struct reservation *it = find(start);
    CHECK(it != NULL && it->start == start && it->size == size, "%p of %zu bytes is no reservation", start,
          size);
    *it = all[--count];
    if (fails(RECORD_RELEASE)) {
        return 0;
    }
    uintptr_t page = (uintptr_t)getpagesize() - 1;
    return munmap((void *)((uintptr_t)start & ~page), size) == 0;
}

static int purge_locked(void *start, size_t size) {
    struct reservation *it = find(start);
    bool gone = it == NULL; /* a reservation whose release failed is purged */
    CHECK(is_whole(size) && ((uintptr_t)start & ((uintptr_t)getpagesize() - 1)) == 0, "%zu bytes", size);
    CHECK(gone || (char *)start + size <= it->start + it->size, "a purge beyond the end");
    return !fails(RECORD_PURGE) && madvise(start, size, MADV_DONTNEED) == 0;
}

static int resize_locked(void *start, size_t old_size, size_t new_size) {
    struct reservation *it = find(start);
    CHECK(it != NULL && it->start == start && it->size == old_size, "%p is no reservation", start);
    CHECK(is_whole(new_size) && new_size != old_size, "to %zu bytes", new_size);
    if (fails(RECORD_RESIZE) || mremap(start, old_size, new_size, 0) == MAP_FAILED) {
        return 0;
    }
    it->size = new_size;
    return 1;
}

static void *reserve(size_t size, size_t alignment, uint64_t id, void *argument) {
    CHECK(argument == all, "not the hooks' argument");
    pthread_mutex_lock(&lock);
    void *start = reserve_locked(size, alignment, id);
    pthread_mutex_unlock(&lock);
    return start;
}

static int release(void *start, size_t size, void *argument) {
    CHECK(argument == all, "not the hooks' argument");
    pthread_mutex_lock(&lock);
    int done = release_locked(start, size);
    pthread_mutex_unlock(&lock);
    return done;
}

static int purge(void *start, size_t size, void *argument) {
    CHECK(argument == all, "not the hooks' argument");
    pthread_mutex_lock(&lock);
    int done = purge_locked(start, size);
    pthread_mutex_unlock(&lock);
    return done;
}

static int resize(void *start, size_t old_size, size_t new_size, void *argument) {
    CHECK(argument == all, "not the hooks' argument");
    pthread_mutex_lock(&lock);
    int done = resize_locked(start, old_size, new_size);
    pthread_mutex_unlock(&lock);
    return done;
}

const corral_backend record_hooks = {reserve, release, purge, resize, all};

void record_fail(enum record_kind kind, long after, bool on) {
    failing = (struct failing){.kind = (int)kind, .until_failure = after, .fails_on = on};
}

long record_fail_no_more(void) {
    failing.kind = RECORD_KINDS;
    return failing.failures;
}

long record_calls(enum record_kind kind) {
    return failing.calls[kind];
}

size_t record_reserved(void) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += all[i].size;
    }
    return bytes;
}

size_t record_reserved_of(uint64_t id) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += all[i].id == id ? all[i].size : 0;
    }
    return bytes;
}

uint64_t record_id_of(const void *address) {
    const struct reservation *it = find(address);
    return it == NULL ? UINT64_MAX : it->id;
}

void record_misplace(size_t bytes) {
    misplaced = bytes;
}

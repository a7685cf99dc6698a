/* SPDX-License-Identifier: MIT
 *
 * memory: plain accesses, which the compiler reports to us in place of ThreadSanitizer's runtime.
 *
 * Owns:     the undo log; the latest accesses to each granule of 8 bytes.
 * Callers:  compiled code of corral and of the scenarios; order and world.
 * Promises: a schedule fails when two fibers access the same bytes, one of them writes, one of the
 *           accesses is plain, and neither happens before the other; when memory is given back to the
 *           OS that another may still use; or when it is accessed afterwards. Every write outside of
 *           fibers' stacks is undone.
 * Does not: see errno and corral's thread-local pointer: each fiber has its own.
 */
#include "engine.h"

#include "thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than there are kinds of access to a granule: by fiber, read or write, plain or atomic, bytes. */
#define RECORDS  64u
#define GRANULES (1u << 16)
#define CLEARS   64u

struct record {
    uint32_t time;
    uint8_t fiber;
    uint8_t mask; /* of the granule's bytes */
    bool write, atomic;
};

struct granule {
    uintptr_t at;
    uint32_t schedule;
    uint32_t count;
    struct record records[RECORDS];
};

struct clear {
    uintptr_t start, end;
    struct record record;
    bool gone;
};

struct undo {
    uint64_t *at;
    uint64_t value;
};

static struct granule granules[GRANULES];
static struct granule *used[GRANULES]; /* those of this schedule */
static unsigned used_count;
static struct clear clears[CLEARS];
static unsigned clear_count;
static struct undo *undos;
static size_t undo_count, undo_room;
static uint32_t schedule_number = 1;
static uint64_t trace;

static void log_word(uintptr_t at) {
    if (undo_count == undo_room) {
        undo_room = undo_room == 0 ? 1u << 16 : undo_room * 2;
        undos = realloc(undos, undo_room * sizeof *undos);
        if (undos == NULL) {
            abort();
        }
    }
    undos[undo_count++] = (struct undo){(uint64_t *)at, *(uint64_t *)at};
}

void memory_log(const volatile void *start, size_t size) {
    uintptr_t at = (uintptr_t)start & ~(uintptr_t)7;
    uintptr_t end = (uintptr_t)start + size;
    if (schedule_is_stack(at)) {
        return;
    }
    for (; at < end; at += 8) {
        log_word(at);
    }
}

void memory_mark(void) {
    undo_count = 0;
    clear_count = 0;
}

void memory_undo(void) {
    while (undo_count > 0) {
        undo_count--;
        *undos[undo_count].at = undos[undo_count].value;
    }
    clear_count = 0;
    used_count = 0;
    schedule_number++;
    trace = 0;
}

uint64_t memory_trace(void) {
    return trace;
}

static struct granule *find(uintptr_t at) {
    size_t slot = (size_t)((at >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 48);
    while (granules[slot].schedule == schedule_number && granules[slot].at != at) {
        slot = (slot + 1) % GRANULES;
    }
    struct granule *granule = &granules[slot];
    if (granule->schedule != schedule_number) {
        granule->at = at;
        granule->schedule = schedule_number;
        granule->count = 0;
        used[used_count++] = granule;
    }
    return granule;
}

static void fail_race(uintptr_t at, const struct record *now, const struct record *then) {
    char text[160];
    snprintf(text, sizeof text, "race at %#llx: %s%s of thread %u, %s%s of thread %u before",
             (unsigned long long)at, now->atomic ? "atomic " : "", now->write ? "write" : "read",
             now->fiber, then->atomic ? "atomic " : "", then->write ? "write" : "read",
             then->fiber);
    schedule_fail(text);
}

/* Nothing orders the two accesses, and one of them writes. */
static bool conflict(const struct record *now, const struct record *then) {
    return now->fiber != then->fiber && (now->write || then->write) &&
           (now->mask & then->mask) != 0 && !clock_knows(now->fiber, then->fiber, then->time);
}

static void check_clears(uintptr_t at, unsigned size, const struct record *now) {
    for (unsigned i = 0; i < clear_count; i++) {
        const struct clear *clear = &clears[i];
        if (at + size <= clear->start || at >= clear->end) {
            continue;
        }
        if (clear->gone) {
            char text[80];
            snprintf(text, sizeof text, "%#llx is accessed and no longer mapped",
                     (unsigned long long)at);
            schedule_fail(text);
        } else if (conflict(now, &clear->record)) {
            fail_race(at, now, &clear->record);
        }
    }
}

static void note(struct granule *granule, struct record now) {
    for (unsigned i = 0; i < granule->count; i++) {
        const struct record *then = &granule->records[i];
        if (!conflict(&now, then)) {
            continue;
        }
        if (now.atomic && then->atomic) {
            schedule_contend(granule->at);
        } else {
            fail_race(granule->at, &now, then);
        }
    }
    for (unsigned i = 0; i < granule->count; i++) {
        struct record *record = &granule->records[i];
        if (record->fiber == now.fiber && record->write == now.write &&
            record->atomic == now.atomic && (record->mask & ~now.mask) == 0) {
            *record = now;
            return;
        }
    }
    if (granule->count == RECORDS) {
        schedule_fail("more kinds of access to a granule than the explorer keeps");
    }
    granule->records[granule->count++] = now;
}

/* Each thread has its own. */
static bool is_own(uintptr_t at) {
    return at - (uintptr_t)&corral_thread < sizeof corral_thread ||
           at - (uintptr_t)&errno < sizeof errno;
}

void memory_access(const volatile void *start, unsigned size, bool write, bool atomic) {
    uintptr_t at = (uintptr_t)start;
    if (!schedule_is_running() || schedule_is_stack(at) || is_own(at)) {
        return;
    }
    trace = (trace ^ at ^ write) * UINT64_C(0x100000001B3) + engine_fiber;
    struct record now = {.time = engine_clocks[engine_fiber].at[engine_fiber],
                         .fiber = (uint8_t)engine_fiber,
                         .write = write,
                         .atomic = atomic};
    for (uintptr_t end = at + size; at < end;) {
        unsigned first = (unsigned)(at & 7);
        unsigned count = 8 - first < end - at ? 8 - first : (unsigned)(end - at);
        now.mask = (uint8_t)(((1u << count) - 1) << first);
        check_clears(at, count, &now);
        note(find(at & ~(uintptr_t)7), now);
        at += count;
    }
}

/* What is cleared may not be in use by others: each access so far happens before. */
static void check_used(uintptr_t start, uintptr_t end, const struct record *now) {
    for (unsigned i = 0; i < used_count; i++) {
        const struct granule *granule = used[i];
        for (unsigned k = 0; granule->at >= start && granule->at < end && k < granule->count; k++) {
            if (conflict(now, &granule->records[k])) {
                fail_race(granule->at, now, &granule->records[k]);
            }
        }
    }
}

void memory_clear(void *start, size_t size, bool gone) {
    if (schedule_is_running()) {
        if (clear_count == CLEARS) {
            schedule_fail("more purges than the explorer keeps");
        }
        struct record now = {.time = engine_clocks[engine_fiber].at[engine_fiber],
                             .fiber = (uint8_t)engine_fiber,
                             .mask = 0xFF,
                             .write = true};
        check_used((uintptr_t)start, (uintptr_t)start + size, &now);
        clears[clear_count++] = (struct clear){(uintptr_t)start, (uintptr_t)start + size, now, gone};
    }
    for (uint64_t *word = start; word < (uint64_t *)start + size / 8; word++) {
        if (*word != 0) {
            log_word((uintptr_t)word);
            *word = 0;
        }
    }
}

void memory_map_again(void *start, size_t size) {
    for (unsigned i = 0; i < clear_count; i++) {
        struct clear *clear = &clears[i];
        if (clear->start < (uintptr_t)start + size && clear->end > (uintptr_t)start) {
            clear->gone = false;
            clear->record.fiber = (uint8_t)engine_fiber;
            clear->record.time = engine_clocks[engine_fiber].at[engine_fiber];
        }
    }
}

static void plain(const void *start, size_t size, bool write) {
    if (write && schedule_is_running()) {
        memory_log(start, size);
    }
    memory_access(start, (unsigned)size, write, false);
}

/* What the compiler calls. */
#define ACCESS(size)                                                                               \
    void __tsan_read##size(void *at);                                                              \
    void __tsan_write##size(void *at);                                                             \
    void __tsan_unaligned_read##size(void *at);                                                    \
    void __tsan_unaligned_write##size(void *at);                                                   \
    void __tsan_read##size(void *at) { plain(at, size, false); }                                   \
    void __tsan_write##size(void *at) { plain(at, size, true); }                                   \
    void __tsan_unaligned_read##size(void *at) { plain(at, size, false); }                         \
    void __tsan_unaligned_write##size(void *at) { plain(at, size, true); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(void *at, size_t size);
void __tsan_write_range(void *at, size_t size);
void *explore_memset(void *to, int byte, size_t size);
void *explore_memcpy(void *to, const void *from, size_t size);

void __tsan_init(void) {
}
void __tsan_func_entry(void *caller) {
    (void)caller;
}
void __tsan_func_exit(void) {
}
void __tsan_read_range(void *at, size_t size) {
    plain(at, size, false);
}
void __tsan_write_range(void *at, size_t size) {
    plain(at, size, true);
}

void *explore_memset(void *to, int byte, size_t size) {
    plain(to, size, true);
    return memset(to, byte, size);
}

void *explore_memcpy(void *to, const void *from, size_t size) {
    plain(from, size, false);
    plain(to, size, true);
    return memcpy(to, from, size);
}

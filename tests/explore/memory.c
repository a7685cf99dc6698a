/* SPDX-License-Identifier: MIT
 *
 * memory: plain accesses, which the compiler reports to us in place of ThreadSanitizer's runtime.
 *
 * Owns:     the latest accesses to each granule of 8 bytes.
 * Callers:  order, world, live; compiled code of corral and of the scenarios, through tsan.c.
 * Promises: a schedule fails when two fibers access the same bytes, one of them writes, one of the
 *           accesses is plain, and neither happens before the other; when memory is given back to the
 *           OS that another may still use; or when it is accessed afterwards.
 * Does not: see errno and corral's thread-local state: each fiber has its own.
 */
#include "engine.h"

#include "budget.h"
#include "thread.h"

#include <errno.h>
#include <stdio.h>

/* More than there are kinds of access to a granule: by fiber, read or write, plain or atomic, bytes.
 * Most granules have few, which lie beside the address. */
#define RECORDS       64u
#define RECORDS_FIRST 2u
#define GRANULES      (1u << 15)
#define CLEARS        64u

struct record {
    uint32_t time;
    uint8_t fiber;
    uint8_t mask; /* of the granule's bytes */
    uint8_t kind; /* enum access */
    bool write;
};

struct granule {
    uintptr_t at;
    uint32_t schedule; /* in which the rest means something */
    uint32_t count;
    struct record first[RECORDS_FIRST];
};

struct clear {
    uintptr_t start, end;
    struct record record;
    uint64_t gone; /* not mapped again since */
};

static struct granule granules[GRANULES];
static struct record more[GRANULES][RECORDS - RECORDS_FIRST];
static struct granule *used[GRANULES]; /* those of this schedule */
static unsigned used_count;
static struct clear clears[CLEARS];
static unsigned clear_count;
static uint32_t schedule_number;
static uint64_t trace;
static uintptr_t errno_at;

void memory_begin(void) {
    errno_at = (uintptr_t)&errno;
    clear_count = 0;
    used_count = 0;
    schedule_number++;
    trace = 0;
}

struct memory_place memory_place(void) {
    return (struct memory_place){undo_place(), clear_count, used_count, trace};
}

void memory_return(const struct memory_place *place) {
    undo_return(place->undo);
    clear_count = place->clears;
    used_count = place->used;
    trace = place->trace;
}

uint64_t memory_trace(void) {
    return trace;
}

static struct record *record_of(struct granule *granule, unsigned i) {
    return i < RECORDS_FIRST ? &granule->first[i] : &more[granule - granules][i - RECORDS_FIRST];
}

static struct granule *begin_granule(struct granule *granule, uintptr_t at) {
    undo_log(granule, offsetof(struct granule, first));
    granule->at = at;
    granule->schedule = schedule_number;
    granule->count = 0;
    used[used_count++] = granule;
    if (used_count == GRANULES * 3 / 4) {
        schedule_fail("more places are used than the explorer keeps");
    }
    return granule;
}

static struct granule *find(uintptr_t at) {
    /* Neighbours stay neighbours, and share lines and pages of the table. */
    size_t slot = (size_t)((at >> 8) * UINT64_C(0x9E3779B97F4A7C15) >> 54) * 32 + (at >> 3) % 32;
    while (granules[slot].schedule == schedule_number) {
        if (granules[slot].at == at) {
            return &granules[slot];
        }
        slot = (slot + 1) % GRANULES;
    }
    return begin_granule(&granules[slot], at);
}

static const char *name_of(const struct record *record) {
    static const char *const names[2][2] = {{"read", "write"}, {"atomic read", "atomic write"}};
    return names[record->kind != PLAIN][record->write];
}

static void fail_race(uintptr_t at, const struct record *now, const struct record *then) {
    char text[160];
    snprintf(text, sizeof text, "race at %#llx: %s of thread %u, %s of thread %u before",
             (unsigned long long)at, name_of(now), now->fiber, name_of(then), then->fiber);
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

static void check_conflict(uintptr_t at, const struct record *now, const struct record *then) {
    if (!conflict(now, then)) {
        return;
    }
    if (now->kind == PLAIN || then->kind == PLAIN) {
        fail_race(at, now, then);
    } else if (now->kind == ATOMIC && then->kind == ATOMIC) {
        schedule_contend(at);
    }
}

/* Does a later access of the same kind stand for an earlier one? */
static bool replaces(const struct record *now, const struct record *then) {
    return then->fiber == now->fiber && then->write == now->write && then->kind == now->kind &&
           (then->mask & ~now->mask) == 0;
}

static void note(struct granule *granule, const struct record *now) {
    struct record *place = NULL;
    for (unsigned i = 0; i < granule->count; i++) {
        struct record *then = record_of(granule, i);
        check_conflict(granule->at, now, then);
        place = place == NULL && replaces(now, then) ? then : place;
    }
    if (place != NULL && place->time == now->time && place->mask == now->mask) {
        return;
    }
    if (place == NULL) {
        if (granule->count == RECORDS) {
            schedule_fail("more kinds of access to a granule than the explorer keeps");
        }
        undo_log(&granule->schedule, sizeof granule->schedule + sizeof granule->count);
        place = record_of(granule, granule->count++);
    }
    undo_log(place, sizeof *place);
    *place = *now;
}

/* Each thread has its own. */
static bool is_own(uintptr_t at) {
    return at - (uintptr_t)&corral_thread < sizeof corral_thread ||
           at - (uintptr_t)&corral_budget_mine < sizeof corral_budget_mine ||
           at - errno_at < sizeof errno;
}

static struct record record_now(bool write, enum access kind) {
    return (struct record){.time = engine_clocks[engine_fiber].at[engine_fiber],
                           .fiber = (uint8_t)engine_fiber,
                           .mask = 0xFF,
                           .kind = (uint8_t)kind,
                           .write = write};
}

void memory_access(const volatile void *start, unsigned size, bool write, enum access kind) {
    uintptr_t at = (uintptr_t)start;
    if (!engine_running || schedule_is_stack(at) || is_own(at)) {
        return;
    }
    trace = (trace ^ at ^ write) * UINT64_C(0x100000001B3) + engine_fiber;
    struct record now = record_now(write, kind);
    for (uintptr_t end = at + size; at < end;) {
        unsigned first = (unsigned)(at & 7);
        unsigned count = 8 - first < end - at ? 8 - first : (unsigned)(end - at);
        now.mask = (uint8_t)(((1u << count) - 1) << first);
        check_clears(at, count, &now);
        note(find(at & ~(uintptr_t)7), &now);
        at += count;
    }
}

/* What is cleared may not be in use by others: each access so far happens before. */
static void check_used(uintptr_t start, uintptr_t end, const struct record *now) {
    for (unsigned i = 0; i < used_count; i++) {
        struct granule *granule = used[i];
        for (unsigned k = 0; granule->at >= start && granule->at < end && k < granule->count; k++) {
            const struct record *then = record_of(granule, k);
            if (conflict(now, then)) {
                fail_race(granule->at, now, then);
            }
        }
    }
}

static void zero_page(uint64_t *page) {
    for (uint64_t *word = page; word < page + WORLD_PAGE / 8; word++) {
        if (*word != 0) {
            undo_log(word, sizeof *word);
            *word = 0;
        }
    }
}

/* Whole pages, as the OS does it. */
static void zero(char *start, size_t size) {
    for (char *page = start; page < start + size; page += WORLD_PAGE) {
        if (undo_is_touched((uintptr_t)page)) {
            zero_page((uint64_t *)page);
        }
    }
}

/* What is gone is zeroed when it is mapped again, and not looked at before. */
void memory_clear(void *start, size_t size, bool gone) {
    if (engine_running) {
        if (clear_count == CLEARS) {
            schedule_fail("more purges than the explorer keeps");
        }
        struct record now = record_now(true, PLAIN);
        uintptr_t from = (uintptr_t)start;
        check_used(from, from + size, &now);
        undo_log(&clears[clear_count], sizeof clears[clear_count]);
        clears[clear_count++] = (struct clear){from, from + size, now, gone};
    }
    if (!gone) {
        zero(start, size);
    }
}

void memory_map_again(void *start, size_t size) {
    for (unsigned i = 0; i < clear_count; i++) {
        struct clear *clear = &clears[i];
        if (clear->start < (uintptr_t)start + size && clear->end > (uintptr_t)start) {
            undo_log(clear, sizeof *clear);
            clear->gone = false;
            clear->record = record_now(true, PLAIN);
        }
    }
    zero(start, size);
}

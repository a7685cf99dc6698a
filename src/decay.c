/* SPDX-License-Identifier: MIT
 *
 * decay: see decay.h.
 *
 * Owns:     the cursors and the time of the last step.
 * Callers:  through decay.h.
 * Promises: a purge holds the slabs' bits, so nobody claims them meanwhile.
 * Does not: wait for a claim that is ahead of it.
 */
#include "decay.h"

#include "arena.h"
#include "backend.h"
#include "os.h"
#include "retire.h"

#define DECAY_MS ((uint32_t)CORRAL_DECAY_MS)
/* A step is due this often. */
#define STEP_MS (DECAY_MS / 8)
/* Arenas that a step looks at, and purges, at most. */
#define LOOK_MAX  32u
#define PURGE_MAX 2u
/* Arenas that are looked at, at most, for slabs that go in the place of others. */
#define ROOM_LOOKS 8u

static _Atomic uint32_t last_step;
static _Atomic uint32_t next_number;
static _Atomic uint32_t next_room;

/* Another thread's reading of the clock may be ahead of this one's by so much. */
#define AHEAD_MS UINT32_C(60000)

/* Has `time` passed between two readings of a clock that wraps? The first one may be of long ago,
 * or never made: a process may begin, or go on after a rest, at any time of the clock. */
static bool has_passed(uint32_t time, uint32_t since, uint32_t now) {
    uint32_t passed = now - since;
    return passed >= time && passed < UINT32_MAX - AHEAD_MS;
}

static void purge_runs(struct registry_entry *entry, uint64_t mask) {
    const struct arena *arena = (struct arena *)load_relaxed(&entry->arena); /* [R:after-edge] */
    while (mask != 0) {
        uint64_t run = bits_first_run(mask);
        if (corral_backend_purge(arena_slab_start(arena, bits_lowest(run)),
                                 (size_t)bits_count(run) << SLAB_SHIFT)) {
            corral_unretire(entry, run);
        }
        mask &= ~run;
    }
}

/* The first `most` ones. */
static uint64_t first_bits(uint64_t bits, unsigned most) {
    uint64_t rest = bits;
    for (; most > 0 && rest != 0; most--) {
        rest &= rest - 1;
    }
    return bits & ~rest;
}

/* Purges up to `most` of an arena's kept slabs, if the last of them was kept `age` ago. Returns how
 * many. */
static unsigned purge(struct registry_entry *entry, uint32_t now, uint32_t age, unsigned most) {
    uint64_t taken = load_relaxed(&entry->taken); /* [R:cas-reload] 0 before it was ever used */
    uint64_t mask = first_bits(load_relaxed(&entry->dirty) & ~taken, most); /* [R:hint] */
    /* [R:hint] */
    if (mask == 0 || !has_passed(age, load_relaxed(&entry->retired_at), now)) {
        return 0;
    }
    /* [E:slabs] Sees the last use of these slabs. */
    if (!cas_acquire(&entry->taken, &taken, taken | mask)) {
        return 0;
    }
    purge_runs(entry, mask);
    corral_arena_return(entry, mask);
    return bits_count(mask);
}

void corral_decay_step(void) {
    if (!corral_retire_is_any()) {
        return;
    }
    uint32_t now = (uint32_t)corral_os->milliseconds();
    uint32_t last = load_relaxed(&last_step); /* [R:hint] */
    /* [R:hint] Of those who find a step due, one does it. */
    if (!has_passed(STEP_MS, last, now) || !cas_relaxed(&last_step, &last, now)) {
        return;
    }
    uint32_t count = corral_registry_count();
    uint32_t number = load_relaxed(&next_number); /* [R:hint] */
    for (uint32_t looked = 0, purged = 0; looked < LOOK_MAX && purged < PURGE_MAX; looked++) {
        number = number + 1 < count ? number + 1 : 1;
        purged += number < count &&
                  purge(corral_registry_entry(number), now, DECAY_MS, ARENA_SLABS) > 0;
    }
    store_relaxed(&next_number, number); /* [R:hint] */
}

CORRAL_NOINLINE void corral_decay_make_room(unsigned slabs) {
    uint32_t now = (uint32_t)corral_os->milliseconds();
    uint32_t count = corral_registry_count();
    uint32_t number = load_relaxed(&next_room); /* [R:hint] */
    for (unsigned looked = 0; looked < ROOM_LOOKS; looked++) {
        number = number != 0 && number < count ? number : 1;
        slabs -= number < count ? purge(corral_registry_entry(number), now, STEP_MS, slabs) : 0;
        if (slabs == 0) {
            break;
        }
        number++;
    }
    store_relaxed(&next_room, number); /* [R:hint] */
}

void corral_decay_category(uint32_t category) {
    uint32_t now = (uint32_t)corral_os->milliseconds();
    struct registry_entry *entry = corral_registry_first(category);
    for (; entry != NULL; entry = entry->next) {
        purge(entry, now, 0, ARENA_SLABS);
    }
}

bool corral_decay_all(void) {
    uint32_t now = (uint32_t)corral_os->milliseconds();
    uint32_t count = corral_registry_count();
    unsigned purged = 0;
    for (uint32_t number = 1; number < count; number++) {
        purged += purge(corral_registry_entry(number), now, 0, ARENA_SLABS);
    }
    return purged != 0;
}

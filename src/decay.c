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

/* A step is due this often. */
#define STEP_MS ((uint32_t)CORRAL_DECAY_MS / 8)
/* Arenas that a step looks at, and purges, at most. */
#define LOOK_MAX  32u
#define PURGE_MAX 2u
/* Arenas that are looked at, at most, for slabs that go in the place of others. */
#define ROOM_LOOKS 8u

static _Atomic uint32_t last_step;
static _Atomic uint32_t next_number;
static _Atomic uint32_t next_room;

/* Returns how many slabs were purged: none of those for which the backend refused. */
static unsigned purge_runs(struct registry_entry *entry, uint64_t mask) {
    const struct arena *arena = (struct arena *)load_relaxed(&entry->arena); /* [R:after-edge] */
    unsigned purged = 0;
    while (mask != 0) {
        uint64_t run = bits_first_run(mask);
        if (corral_backend_purge(arena_slab_start(arena, bits_lowest(run)),
                                 (size_t)bits_count(run) << SLAB_SHIFT)) {
            corral_unretire(entry, run);
            purged += bits_count(run);
        }
        mask &= ~run;
    }
    return purged;
}

/* The first `most` ones. */
static uint64_t first_bits(uint64_t bits, unsigned most) {
    uint64_t rest = bits;
    for (; most > 0 && rest != 0; most--) {
        rest &= rest - 1;
    }
    return bits & ~rest;
}

/* Which slabs of an arena are free and kept. Where there are any, its category is seen. */
static uint64_t kept_of(struct registry_entry *entry, uint64_t *taken) {
    /* [E:slabs] Sees the entry's category, unless there was none yet: 0. */
    *taken = load_acquire(&entry->taken);
    return *taken == 0 ? 0 : load_relaxed(&entry->dirty) & ~*taken; /* [R:hint] */
}

/* Purges up to `most` of an arena's kept slabs, if the last of them was kept `age` ago, but for what its category
 * reserves. Returns how many. */
static unsigned purge(struct registry_entry *entry, uint32_t now, uint32_t age, unsigned most) {
    uint64_t taken;
    uint64_t kept = kept_of(entry, &taken);
    /* [R:hint] */
    if (kept == 0 || !corral_keep_has_passed(age, load_relaxed(&entry->retired_at), now)) {
        return 0;
    }
    size_t spare = corral_keep_free(entry->category) >> SLAB_SHIFT;
    uint64_t mask = first_bits(kept, spare < most ? (unsigned)spare : most);
    /* [E:slabs] Sees the last use of these slabs. */
    if (mask == 0 || !cas_acquire(&entry->taken, &taken, taken | mask)) {
        return 0;
    }
    unsigned purged = purge_runs(entry, mask);
    corral_arena_return(entry, mask);
    return purged;
}

/* The same for those that were kept long enough. */
static unsigned purge_old(struct registry_entry *entry, uint32_t now, unsigned most) {
    uint64_t taken;
    bool any = kept_of(entry, &taken) != 0;
    uint32_t age = any ? corral_keep_ms(entry->category) : UINT32_MAX;
    return age == UINT32_MAX ? 0 : purge(entry, now, age, most);
}

void corral_decay_step(void) {
    if (!corral_keep_is_any() || corral_keep_is_ticked()) {
        return;
    }
    uint32_t now = (uint32_t)corral_os->milliseconds();
    uint32_t last = load_relaxed(&last_step); /* [R:hint] */
    /* [R:hint] Of those who find a step due, one does it. */
    if (!corral_keep_has_passed(STEP_MS, last, now) || !cas_relaxed(&last_step, &last, now)) {
        return;
    }
    uint32_t count = corral_registry_count();
    uint32_t number = load_relaxed(&next_number); /* [R:hint] */
    for (uint32_t looked = 0, purged = 0; looked < LOOK_MAX && purged < PURGE_MAX; looked++) {
        number = number + 1 < count ? number + 1 : 1;
        purged += number < count && purge_old(corral_registry_entry(number), now, ARENA_SLABS) > 0;
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

size_t corral_decay_category(uint32_t category, size_t most) {
    uint32_t now = (uint32_t)corral_os->milliseconds();
    struct registry_entry *entry = corral_registry_first(category);
    size_t slabs = most / SLAB_BYTES + (most % SLAB_BYTES != 0), purged = 0;
    for (; entry != NULL && purged < slabs; entry = entry->next) {
        size_t left = slabs - purged;
        purged += purge(entry, now, 0, left < ARENA_SLABS ? (unsigned)left : ARENA_SLABS);
    }
    return purged << SLAB_SHIFT;
}

unsigned corral_decay_due(uint32_t number, uint32_t now, unsigned most) {
    struct registry_entry *entry = corral_registry_entry(number);
    uint64_t taken;
    if (kept_of(entry, &taken) == 0) {
        return 0;
    }
    unsigned purged = purge_old(entry, now, most);
    size_t excess = (corral_keep_excess_of(entry->category) + SLAB_BYTES - 1) >> SLAB_SHIFT;
    if (purged == 0 && excess > 0) {
        purged = purge(entry, now, 0, excess < most ? (unsigned)excess : most);
    }
    return purged;
}

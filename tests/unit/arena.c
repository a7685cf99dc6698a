/* SPDX-License-Identifier: MIT
 *
 * arena, registry and range: claims of slabs, the end of arenas, and the law of the entry's word.
 *
 * Owns:     the units that are held; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: units that are held never overlap and are of their category's arenas alone; an address
 *           is covered while its arena stands.
 * Does not: hand out blocks.
 */
#include "arena.h"

#include "category.h"
#include "support/check.h"
#include "support/prng.h"
#include "support/shadow.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

enum { HELD = 300, CHURN_STEPS = 20000, THREADS = 4 };

struct unit {
    struct slab *slab;
    unsigned count;
    uint32_t category;
};

static char *unit_start(const struct unit *unit) {
    struct arena *arena = arena_of(unit->slab);
    return arena_slab_start(arena, (unsigned)(unit->slab - arena->slabs));
}

static void claim(struct unit *unit, uint32_t category, unsigned count) {
    *unit = (struct unit){corral_arena_claim(category, count), count, category};
    CHECK(unit->slab != NULL, "no unit of %u slabs", count);
    const struct arena *arena = arena_of(unit->slab);
    unsigned first = (unsigned)(unit->slab - arena->slabs);
    CHECK(first >= HEADER_SLABS && first + count <= ARENA_SLABS, "slabs %u + %u", first, count);
    CHECK(arena->entry->category == category, "an arena of category %u", arena->entry->category);
    uint64_t mask = bits_below(count) << first;
    CHECK((load_relaxed(&arena->entry->taken) & mask) == mask, "a claimed slab is not taken");
    char *start = unit_start(unit);
    CHECK(shadow_take(start, count * SLAB_BYTES), "units overlap");
    for (unsigned i = 0; i < count; i++) {
        CHECK(arena->unit[first + i] == first, "slab %u does not know its unit", first + i);
        CHECK(registry_covers((uintptr_t)start + i * SLAB_BYTES), "an address is not covered");
    }
    start[0] = 1;
    start[count * SLAB_BYTES - 1] = 1;
}

static void give(struct unit *unit) {
    CHECK(shadow_give(unit_start(unit), unit->count * SLAB_BYTES), "a unit was given twice");
    corral_arena_give(unit->slab, unit->count);
    unit->slab = NULL;
}

/* Claims and gives back at random in two categories; the sizes are of one slab mostly. */
static void churn(uint64_t seed) {
    struct prng prng = prng_for(seed, 0);
    struct unit units[HELD] = {{0}};
    for (int i = 0; i < CHURN_STEPS; i++) {
        struct unit *unit = &units[prng_below(&prng, HELD)];
        if (unit->slab != NULL) {
            give(unit);
        } else {
            unsigned most = prng_below(&prng, 4) == 0 ? CORRAL_MEDIUM_SLABS : 1;
            claim(unit, (uint32_t)(prng_below(&prng, 2) * CATEGORY_OVERFLOW),
                  (unsigned)prng_between(&prng, 1, most));
        }
    }
    for (int i = 0; i < HELD; i++) {
        if (units[i].slab != NULL) {
            give(&units[i]);
        }
    }
}

static uint64_t slabs_in_use(void) {
    return load_relaxed(&corral_categories[0].slabs) +
           load_relaxed(&corral_categories[CATEGORY_OVERFLOW].slabs);
}

Test(arena, units_do_not_overlap) {
    churn(1);
    cr_assert_eq(slabs_in_use(), 0);
    cr_assert_eq(shadow_units(), 0);
}

static void *churn_in_thread(void *argument) {
    churn((uintptr_t)argument);
    return NULL;
}

Test(arena, units_of_racing_threads_do_not_overlap) {
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, churn_in_thread, (void *)i) == 0, "no thread");
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    cr_assert_eq(slabs_in_use(), 0);
    cr_assert_eq(shadow_units(), 0);
}

Test(arena, is_filled_before_another_is_made) {
    struct unit units[ARENA_USABLE + 1];
    for (unsigned i = 0; i < ARENA_USABLE; i++) {
        claim(&units[i], 0, 1);
        cr_assert_eq(load_relaxed(&corral_categories[0].arenas), 1, "after %u slabs", i);
    }
    claim(&units[ARENA_USABLE], 0, 1);
    cr_assert_eq(load_relaxed(&corral_categories[0].arenas), 2);
    for (unsigned i = 0; i <= ARENA_USABLE; i++) {
        give(&units[i]);
    }
}

Test(arena, stays_with_its_memory_until_it_is_asked_to_go) {
    enum { ARENAS = 6, COUNT = ARENAS * ARENA_USABLE };
    static struct unit units[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        claim(&units[i], 0, 1);
    }
    uintptr_t first = (uintptr_t)unit_start(&units[0]);
    uint64_t most = load_relaxed(&corral_categories[0].arenas);
    cr_assert_geq(most, ARENAS);
    for (unsigned i = 0; i < COUNT; i++) {
        cr_assert(registry_covers((uintptr_t)unit_start(&units[i])), "a held slab is uncovered");
        give(&units[i]);
    }
    size_t kept = RETIRE_BYTES / SLAB_BYTES / ARENA_USABLE;
    cr_assert_geq(load_relaxed(&corral_categories[0].arenas), kept < most ? kept : most);
    cr_assert(corral_arena_end_empty());
    cr_assert_eq(load_relaxed(&corral_categories[0].arenas), 0, "empty arenas stay");
    cr_assert(!registry_covers(first));
    cr_assert(!corral_arena_end_empty());
}

Test(arena, goes_by_itself_when_too_much_is_kept) {
    enum { ARENAS = RETIRE_BYTES / SLAB_BYTES / ARENA_USABLE + 4, COUNT = ARENAS * ARENA_USABLE };
    struct unit *units = calloc(COUNT, sizeof *units);
    for (size_t i = 0; i < COUNT; i++) {
        claim(&units[i], 0, 1);
    }
    for (size_t i = 0; i < COUNT; i++) {
        give(&units[i]);
    }
    cr_assert_lt(load_relaxed(&corral_categories[0].arenas), ARENAS - 1);
    free(units);
}

Test(arena, extends_into_free_slabs_only) {
    struct unit left;
    struct unit right;
    claim(&left, 0, 1);
    claim(&right, 0, 1);
    cr_assert_eq(unit_start(&left) + SLAB_BYTES, unit_start(&right));
    cr_assert(!corral_arena_extend(left.slab, 1, 1), "a taken slab is given to another unit");
    cr_assert(corral_arena_extend(right.slab, 1, 2));
    cr_assert(shadow_take(unit_start(&right) + SLAB_BYTES, 2 * SLAB_BYTES));
    right.count = 3;
    const struct arena *arena = arena_of(right.slab);
    unsigned first = (unsigned)(right.slab - arena->slabs);
    cr_assert_eq(arena->unit[first + 2], first);
    cr_assert(!corral_arena_extend(right.slab, 3, ARENA_SLABS - first - 2), "beyond the arena");
    give(&right);
    cr_assert(corral_arena_extend(left.slab, 1, 3));
    cr_assert(shadow_take(unit_start(&left) + SLAB_BYTES, 3 * SLAB_BYTES));
    left.count = 4;
    give(&left);
    cr_assert_eq(slabs_in_use(), 0);
}

Test(arena, covers_nothing_else) {
    int local;
    static char data[64];
    void *foreign = malloc(64);
    struct unit unit;
    claim(&unit, 0, 1);
    cr_assert(!registry_covers((uintptr_t)&local));
    cr_assert(!registry_covers((uintptr_t)data));
    cr_assert(!registry_covers((uintptr_t)foreign));
    cr_assert(!registry_covers(0));
    cr_assert(!registry_covers(UINTPTR_MAX));
    cr_assert(!registry_covers((uintptr_t)1 << ADDRESS_BITS));
    give(&unit);
    free(foreign);
}

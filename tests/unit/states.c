/* SPDX-License-Identifier: MIT
 *
 * states: what is counted of slabs that go from one state to another in that moment.
 *
 * Owns:     an OS that counts in between; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: a slab is counted once at most, whatever is seen of it.
 * Does not: look at states at rest (../contract/states.c).
 */
#include "states.h"

#include "decay.h"
#include "os.h"
#include "shelf.h"
#include "slab.h"

#include <criterion/criterion.h>

enum { CATEGORY = 0, CLASS = 3, POOL = CATEGORY * CLASS_STRIDE + CLASS };

static struct cache *cache;

static struct slab *make_slab(void) {
    cache = corral_cache_make();
    cr_assert(cache != NULL && cache_pool(cache, POOL) != NULL);
    struct slab *slab = corral_slab_make(POOL, cache->identity);
    cr_assert_not_null(slab);
    return slab;
}

/* With blocks that are handed out. */
static struct slab *shelve_slab(void) {
    struct slab *slab = make_slab();
    unsigned word;
    cr_assert_neq(corral_slab_take_run_owner(slab, &word), 0);
    corral_shelf_place(cache, false, slab);
    return slab;
}

static void expect(uint64_t shelved, uint64_t held, uint64_t kept) {
    struct states states;
    corral_states_count(CATEGORY, &states);
    cr_assert_eq(states.shelved, shelved);
    cr_assert_eq(states.held, held);
    cr_assert_eq(states.kept, kept);
    cr_assert_eq(states.headers, HEADER_SLABS);
}

Test(states, of_slabs_at_rest) {
    struct slab *slab = make_slab();
    expect(0, 1, 0);
    cr_assert(corral_slab_give_back_owner(slab));
    expect(0, 0, RETIRE_BYTES >= SLAB_BYTES ? 1 : 0);
    shelve_slab();
    expect(1, 0, 0);
}

/* One that is taken off the shelf and given back, of whose shelf an older reading is seen. */
Test(states, of_a_slab_that_is_free_and_seemed_shelved) {
    struct slab *slab = shelve_slab();
    struct registry_entry *entry = arena_of(slab)->entry;
    make_slab();
    expect(1, 1, 0);
    fetch_and_relaxed(&entry->taken, ~(UINT64_C(1) << slab_number(slab)));
    expect(0, 1, 0);
}

/* One that is given back, and made anew as a part of a unit, in the meantime. */
Test(states, of_a_slab_that_seems_a_unit_of_more) {
    struct slab *slab = shelve_slab();
    unsigned class_index = CLASS;
    while (corral_classes[class_index].slabs == 1) {
        class_index++;
    }
    corral_registry_set_pool(arena_of(slab)->entry, slab_number(slab), CATEGORY * CLASS_STRIDE + class_index);
    expect(1, 0, 0);
}

static unsigned purges;

/* Who purges slabs has them meanwhile. */
static bool count_and_purge(void *start, size_t size) {
    purges++;
    expect(0, size / SLAB_BYTES, 0);
    return corral_os_real.purge(start, size);
}

Test(states, of_slabs_that_are_purged) {
    struct corral_os table = corral_os_real;
    if (RETIRE_BYTES < SLAB_BYTES) {
        cr_skip_test("this build keeps none");
    }
    cr_assert(corral_slab_give_back_owner(make_slab()));
    expect(0, 0, 1);
    table.purge = count_and_purge;
    corral_os = &table;
    cr_assert_eq(corral_decay_category(CATEGORY, SIZE_MAX), SLAB_BYTES);
    corral_os = &corral_os_real;
    cr_assert_eq(purges, 1);
    expect(0, 0, 0);
}

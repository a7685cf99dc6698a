/* SPDX-License-Identifier: MIT
 *
 * order: atomic operations as the C11 memory model has them, but for sequential consistency and
 * fences, which corral does not use.
 *
 * Owns:     the latest stores to each atomic object.
 * Callers:  the verbs, out of corral and the scenarios.
 * Promises: a load, and a compare-and-swap that fails, sees any store that happens-before and
 *           coherence leave to it, of the latest STORES; a read-modify-write sees the last one. A
 *           release sequence is a release and the read-modify-writes behind it.
 * Does not: let a load see a store that is made after it (no load buffering).
 */
#include "engine.h"

#define STORES    6u
#define LOCATIONS (1u << 12)

struct store {
    uint64_t value;
    uint64_t mark; /* which store it is, in a sum over the stores and loads that led to it */
    struct clock message; /* what who acquires it learns */
    uint32_t seen[FIBERS]; /* when each fiber saw it first; 0: it did not */
};

struct location {
    const volatile void *object;
    uint32_t schedule; /* in which the rest means something */
    uint32_t count;    /* stores made; the last STORES of them are here */
    uint32_t seen[FIBERS]; /* the number of the store that each fiber saw last */
    struct store stores[STORES];
};

static struct location locations[LOCATIONS];
static uint32_t schedule_number;
static uint64_t location_count; /* in this schedule */
static bool figure; /* the operation that is carried out */

void order_begin(void) {
    schedule_number++;
    location_count = 0;
}

static uint64_t read_object(const volatile void *object, unsigned size) {
    uint64_t value = 0;
    __builtin_memcpy(&value, (const void *)object, size);
    return value;
}

static void write_object(volatile void *object, unsigned size, uint64_t value) {
    undo_log(object, size);
    __builtin_memcpy((void *)object, &value, size);
}

static struct store *latest(struct location *location) {
    return &location->stores[(location->count - 1) % STORES];
}

/* A first store, which everyone knows: what was there before. */
static void restart(struct location *location, uint64_t value) {
    undo_log(location, offsetof(struct location, stores) + sizeof(struct store));
    location->count = 1;
    location->stores[0] = (struct store){
        .value = value, .mark = engine_mix((uintptr_t)location->object, value), .seen = {1}};
    for (unsigned i = 0; i < FIBERS; i++) {
        location->seen[i] = 0;
    }
}

static struct location *find(const volatile void *object, unsigned size) {
    size_t at = (size_t)(((uintptr_t)object * UINT64_C(0x9E3779B97F4A7C15)) >> 52);
    while (locations[at].schedule == schedule_number && locations[at].object != object) {
        at = (at + 1) % LOCATIONS;
    }
    struct location *location = &locations[at];
    uint64_t value = read_object(object, size);
    if (location->schedule != schedule_number) {
        undo_log(location, offsetof(struct location, seen));
        undo_log(&location_count, sizeof location_count);
        if (++location_count == LOCATIONS * 3 / 4) {
            schedule_fail("more objects are used than the explorer keeps");
        }
        location->object = object;
        location->schedule = schedule_number;
        restart(location, value);
    } else if (latest(location)->value != value) {
        /* It was written as plain memory meanwhile: a new mapping, or a descriptor's birth. */
        restart(location, value);
    }
    return location;
}

static void begin(struct explore_site *site, const volatile void *object, unsigned size,
                  bool write) {
    schedule_yield(site, object);
    site->visits++;
    figure = schedule_is_figure(site, object);
    memory_access(object, size, write, figure ? FIGURE : ATOMIC);
}

/* What the running fiber does next may follow from this. */
static void remember(uint64_t mark) {
    if (!figure) {
        engine_histories[engine_fiber] = engine_mix(engine_histories[engine_fiber], mark);
    }
}

/* The accesses after a release are not what it published. */
static void end(void) {
    engine_clocks[engine_fiber].at[engine_fiber]++;
}

static bool acquires(const struct explore_site *site) {
    return (site->order & ACQUIRE) != 0 && (site->fault & FAULT_NO_ACQUIRE) == 0;
}

static bool releases(const struct explore_site *site) {
    return (site->order & RELEASE) != 0 && (site->fault & FAULT_NO_RELEASE) == 0;
}

/* From now on the running fiber sees no older store, nor does who learns what it knows. */
static void see(struct location *location, uint32_t at) {
    uint32_t *seen = &location->stores[at % STORES].seen[engine_fiber];
    undo_log(&location->seen[engine_fiber], sizeof at);
    location->seen[engine_fiber] = at;
    if (*seen == 0) {
        undo_log(seen, sizeof *seen);
        *seen = engine_clocks[engine_fiber].at[engine_fiber];
    }
}

/* Did the running fiber, or one of which it learned since, see the store, or make it? */
static bool knows(const struct store *store) {
    for (unsigned i = 0; i < FIBERS; i++) {
        if (store->seen[i] != 0 && clock_knows(engine_fiber, i, store->seen[i])) {
            return true;
        }
    }
    return false;
}

/* The oldest store that the running fiber may still see. */
static uint32_t oldest(const struct location *location) {
    uint32_t first = location->count > STORES ? location->count - STORES : 0;
    uint32_t least = location->seen[engine_fiber];
    least = least < first ? first : least;
    for (uint32_t i = location->count; i-- > least + 1;) {
        if (knows(&location->stores[i % STORES])) {
            return i;
        }
    }
    return least;
}

/* One of the stores that the running fiber may see. */
static uint32_t choose_store(const struct location *location) {
    uint32_t last = location->count - 1;
    return last - schedule_choose(CHOOSE_STORE, figure ? 1 : last - oldest(location) + 1);
}

uint64_t explore_load(struct explore_site *site, const volatile void *object, unsigned size) {
    begin(site, object, size, false);
    if (figure && site->order == RELAXED) {
        end();
        return read_object(object, size);
    }
    struct location *location = find(object, size);
    uint32_t at = choose_store(location);
    const struct store *store = &location->stores[at % STORES];
    see(location, at);
    /* Whoever acquires learns something, be it for figures only. */
    figure = figure && site->order == RELAXED;
    remember(store->mark);
    if (acquires(site)) {
        clock_join(&engine_clocks[engine_fiber], &store->message);
    }
    end();
    return store->value;
}

/* before: the store that a read-modify-write read; NULL for a store. */
static void add_store(const struct explore_site *site, struct location *location, uint64_t value,
                      const struct clock *before) {
    struct store store = {.value = value};
    if (before != NULL) {
        store.message = *before;
    }
    if (releases(site)) {
        clock_join(&store.message, &engine_clocks[engine_fiber]);
    }
    remember(latest(location)->mark);
    store.mark = engine_histories[engine_fiber];
    undo_log(&location->stores[location->count % STORES], sizeof store);
    location->stores[location->count % STORES] = store;
    see(location, location->count);
    undo_log(&location->count, sizeof location->count);
    location->count++;
}

void explore_store(struct explore_site *site, volatile void *object, unsigned size, uint64_t value) {
    begin(site, object, size, true);
    struct location *location = find(object, size);
    add_store(site, location, value, NULL);
    write_object(object, size, value);
    end();
}

static uint64_t changed(enum explore_change change, uint64_t value, uint64_t operand) {
    switch (change) {
    case EXCHANGE: return operand;
    case ADD: return value + operand;
    case SUB: return value - operand;
    case OR: return value | operand;
    default: return value & operand;
    }
}

static uint64_t cut(uint64_t value, unsigned size) {
    return size == 8 ? value : value & ((UINT64_C(1) << size * 8) - 1);
}

/* The second half of a read-modify-write: others ran in between when the site is torn. */
static void replace(struct explore_site *site, volatile void *object, unsigned size,
                    const struct store *before, uint64_t value) {
    if ((site->fault & FAULT_TORN) != 0) {
        remember(before->mark);
        schedule_yield(site, object);
        figure = schedule_is_figure(site, object);
    }
    struct location *location = find(object, size);
    add_store(site, location, value, &before->message);
    write_object(object, size, value);
    end();
}

uint64_t explore_change(struct explore_site *site, volatile void *object, unsigned size,
                        enum explore_change change, uint64_t operand) {
    begin(site, object, size, true);
    struct store before = *latest(find(object, size));
    if (acquires(site)) {
        clock_join(&engine_clocks[engine_fiber], &before.message);
    }
    replace(site, object, size, &before, cut(changed(change, before.value, operand), size));
    return before.value;
}

bool explore_cas(struct explore_site *site, volatile void *object, unsigned size,
                 uint64_t *expected, uint64_t desired) {
    begin(site, object, size, true);
    struct location *location = find(object, size);
    /* Where it is to fail it is a load; else it sees the last store. */
    uint32_t at = choose_store(location);
    at = location->stores[at % STORES].value != *expected ? at : location->count - 1;
    struct store before = location->stores[at % STORES];
    if (before.value != *expected) {
        *expected = before.value;
        remember(before.mark);
        see(location, at);
        end();
        return false;
    }
    if (acquires(site)) {
        clock_join(&engine_clocks[engine_fiber], &before.message);
    }
    replace(site, object, size, &before, desired);
    return true;
}

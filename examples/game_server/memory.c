/* SPDX-License-Identifier: MIT
 *
 * The wrappers of memory.h.
 *
 * Owns:     the tallies: one row per thread, written by that thread alone.
 * Callers:  the parts, through their libraries' callbacks.
 * Promises: a block is in the table of blocks exactly while a library holds it: it is added after
 *           the backend gave it and removed before the backend has it back.
 * Does not: reuse a thread's row, so that a later thread is never taken for the one that allocated.
 */
#include "memory.h"

#include "backend.h"
#include "block_table.h"
#include "check.h"
#include "record.h"
#include "shared.h"

enum { THREADS_MAX = 2048 };

struct tally {
    _Atomic uint64_t allocations; /* all relaxed: the owner adds, readers come after a barrier */
    _Atomic uint64_t frees;
    _Atomic uint64_t cross_frees;
    _Atomic uint64_t resizes;
};

static struct tally tallies[BACKENDS][THREADS_MAX][CATEGORIES];
static _Atomic uint32_t threads_seen;
static _Thread_local uint32_t own_index; /* index + 1; 0 before the thread's first call */
static enum backend_index serving;       /* const while parts run */

const char *const backend_names[BACKENDS] = {"corral", "system"};

static uint32_t thread_index(void) {
    if (own_index == 0) {
        own_index = add_relaxed(&threads_seen, 1u) + 1;
        if (own_index > THREADS_MAX) {
            fatal("more threads than there are tallies");
        }
    }
    return own_index - 1;
}

static struct tally *own_tally(enum category category) {
    return &tallies[serving][thread_index()][category];
}

void memory_use(enum backend_index backend) {
    serving = backend;
}

enum backend_index memory_backend(void) {
    return serving;
}

/* Notes a block that came from the backend. */
static void *arrive(void *block, enum category category) {
    if (block == NULL) {
        mismatch("memory", "%s gave nothing to %s", backend_names[serving],
                 category_table[category].name);
        return NULL;
    }
    if (!block_table_add(block, (struct block_entry){thread_index(), category})) {
        mismatch("block-table", "%s gave %p to %s, which is live already or not aligned",
                 backend_names[serving], block, category_table[category].name);
    }
    return block;
}

static void *count_allocation(void *block, struct event event) {
    if (arrive(block, event.category) != NULL) {
        event.block = block;
        record_event(thread_index(), event);
        add_owner(&own_tally(event.category)->allocations, 1);
    }
    return block;
}

/* Forgets a block that goes back; false when no library can have had it. */
static bool leave(const void *block, enum event_kind kind, struct block_entry *entry) {
    const bool known = block_table_remove(block, entry);
    if (!known) {
        mismatch("block-table", "%p is freed but not live", block);
    } else {
        record_event(thread_index(), (struct event){kind, entry->category, block, 0});
    }
    return known;
}

static void count_free(struct block_entry entry) {
    struct tally *tally = own_tally(entry.category);
    add_owner(&tally->frees, 1);
    if (entry.thread != thread_index()) {
        add_owner(&tally->cross_frees, 1);
    }
}

void *memory_alloc(size_t size, enum category category) {
    return count_allocation(backends[serving].alloc(size, category_table[category].id),
                            (struct event){EVENT_ALLOC, category, NULL, size});
}

void *memory_zeroed(size_t count, size_t size, enum category category) {
    return count_allocation(backends[serving].zeroed(count, size, category_table[category].id),
                            (struct event){EVENT_ZEROED, category, NULL, count * size});
}

void *memory_resize(void *block, size_t size, enum category category) {
    struct block_entry entry;
    if (block == NULL) {
        return memory_alloc(size, category);
    }
    if (!leave(block, EVENT_RESIZE, &entry)) {
        return NULL;
    }
    void *moved = backends[serving].resize(block, size, category_table[entry.category].id);
    add_owner(&own_tally(entry.category)->resizes, 1);
    if (moved == NULL) {
        block_table_add(block, entry);
        record_event(thread_index(), (struct event){EVENT_NO_RESIZE, entry.category, block, 0});
        return NULL;
    }
    record_event(thread_index(), (struct event){EVENT_RESIZED, entry.category, moved, size});
    return arrive(moved, entry.category);
}

void memory_free(void *block) {
    struct block_entry entry;
    if (block != NULL && leave(block, EVENT_FREE, &entry)) {
        count_free(entry);
        backends[serving].release(block, category_table[entry.category].id);
    }
}

size_t memory_usable(const void *block) {
    return backends[serving].usable(block);
}

void *memory_party_allocate(size_t size, uint32_t memory_type_id) {
    const enum category category = category_of_party(memory_type_id);
    if (size == 0 || category == CATEGORIES) {
        mismatch("party-contract", "%zu bytes asked for with id %#x", size, memory_type_id);
        return NULL;
    }
    return count_allocation(backends[serving].party_allocate(size, memory_type_id),
                            (struct event){EVENT_ALLOC, category, NULL, size});
}

void memory_party_free(void *block, uint32_t memory_type_id) {
    struct block_entry entry;
    if (!leave(block, EVENT_FREE, &entry)) {
        return;
    }
    if (category_table[entry.category].id != memory_type_id) {
        mismatch("party-id", "%p of %s is freed with id %#x", block,
                 category_table[entry.category].name, memory_type_id);
        memory_type_id = category_table[entry.category].id;
    }
    count_free(entry);
    backends[serving].party_free(block, memory_type_id);
}

struct memory_tally memory_tally_of(enum backend_index backend, enum category category) {
    const uint32_t threads = load_relaxed(&threads_seen);
    struct memory_tally sum = {0};
    for (uint32_t index = 0; index < threads && index < THREADS_MAX; index++) {
        const struct tally *tally = &tallies[backend][index][category];
        sum.allocations += load_relaxed(&tally->allocations);
        sum.frees += load_relaxed(&tally->frees);
        sum.cross_frees += load_relaxed(&tally->cross_frees);
        sum.resizes += load_relaxed(&tally->resizes);
    }
    return sum;
}

struct memory_tally memory_tally_of_library(enum backend_index backend, enum library library) {
    struct memory_tally sum = {0};
    for (unsigned index = 0; index < CATEGORIES; index++) {
        if (category_table[index].owner == library) {
            const struct memory_tally part = memory_tally_of(backend, (enum category)index);
            sum.allocations += part.allocations;
            sum.frees += part.frees;
            sum.cross_frees += part.cross_frees;
            sum.resizes += part.resizes;
        }
    }
    return sum;
}

/* SPDX-License-Identifier: MIT
 *
 * malloc_hit: what the C library's functions and C++'s operators have in common.
 *
 * Owns:     nothing.
 * Callers:  the malloc_*.c files, which are libcorral-malloc's and no other library's. Any thread.
 * Promises: a hit of malloc costs what one of corral_alloc does: the scope has chosen the front lists
 *           before, and a thread whose calls are asked one by one has empty ones (one that began before
 *           the request was read, from its first miss on). A hit of free costs what one of corral_free
 *           does, less its comparison of ids.
 * Does not: check an id: free is given none.
 */
#ifndef CORRAL_MALLOC_HIT_H
#define CORRAL_MALLOC_HIT_H

#include "malloc_objects.h"
#include "slow.h"
#include "slow_free.h"
#include "thread.h"

/* The category of what is called by its standard's name outside of scopes, with calls not asked. */
#define MALLOC_ID 0u
/* The address that the running function will return to: in the object that called malloc. Only in a
 * function that is not inlined. */
#define CALLER __builtin_return_address(0)

/* The first pool of the category that a call allocates in. */
CORRAL_FAST uint32_t malloc_pool_base(const void *caller) {
    uint32_t scope = corral_thread.scope;
    if (likely(scope != CORRAL_SCOPE_NONE)) {
        return scope >> CORRAL_PLACE_SHIFT;
    }
    if (!thread_asks()) {
        return MALLOC_ID << CLASS_STRIDE_LOG;
    }
    if (unlikely(corral_thread.scoped != corral_cache_empty.fronts)) {
        corral_thread_set_scope(CORRAL_SCOPE_NONE); /* a thread that began before calls were asked */
    }
    return corral_malloc_pool_base_of_call(caller);
}

/* malloc where it is not a hit. */
CORRAL_NOINLINE static void *malloc_missed(size_t size, const void *caller) {
    return corral_alloc_of(size, malloc_pool_base(caller));
}

CORRAL_FAST void *malloc_hit(size_t size, const void *caller) {
    if (HARDENED || unlikely(!corral_hit_has_class(size))) {
        return malloc_missed(size, caller);
    }
    struct corral_front *front =
        corral_hit_front_of(corral_thread.scoped, corral_hit_class_place(size));
    void *block = front->head;
    if (likely(block != NULL)) {
        front_count_allocation(front);
        corral_hit_count_requested(front, size);
        corral_hit_pop(front, block);
        return block;
    }
    return CORRAL_FIGURES_LEVEL >= 2 || thread_asks() ? malloc_missed(size, caller) : corral_alloc_empty(front);
}

CORRAL_FAST void free_hit(void *block) {
    uint32_t place = corral_hit_place((uintptr_t)block);
    if (HARDENED || unlikely(place >= CATEGORY_LIMIT << CORRAL_ROW_SHIFT)) {
        corral_free_any(block);
        return;
    }
    struct corral_front *front = corral_hit_front(corral_thread.fronts, place);
    int32_t room = corral_hit_room(front);
    if (likely(room > 0)) {
        front_count_free(front);
        corral_hit_push(front, room, block);
    } else {
        corral_free_full(front, block);
    }
}

#endif

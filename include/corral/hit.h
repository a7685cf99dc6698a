/* SPDX-License-Identifier: MIT
 *
 * corral/hit.h: the steps of an allocation and a free that the thread's front lists serve.
 *
 * Owns:     nothing; front lists lie in caches, which the library makes.
 * Callers:  corral/inline.h; the rooms of the library that take part in the same. Programs have no
 *           need of it.
 * Promises: no lock, no atomic read-modify-write, no system call, no function call but what finds
 *           the thread's data.
 * Does not: tell AddressSanitizer anything: who calls does (src/front.h).
 */
#ifndef CORRAL_HIT_H
#define CORRAL_HIT_H

#include <corral/layout.h>

#define CORRAL_HIT                 static inline __attribute__((always_inline))
#define CORRAL_LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define CORRAL_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#ifdef __cplusplus
extern "C" {
#endif

/* What is not a hit. These are parts of corral_alloc and corral_free: a program calls those, or the
 * inline form. Each takes over where a step above it ended, so it is of that layout too, as its name says.
 * Thread role: any. Progress, OS, errors: as corral_alloc and corral_free. */
#define corral_alloc_slow   CORRAL_OF_LAYOUT(corral_alloc_slow)
#define corral_free_slow    CORRAL_OF_LAYOUT(corral_free_slow)
#define corral_alloc_mapped CORRAL_OF_LAYOUT(corral_alloc_mapped)
#define corral_alloc_empty  CORRAL_OF_LAYOUT(corral_alloc_empty)
#define corral_free_full    CORRAL_OF_LAYOUT(corral_free_full)

/* Any size and id. */
CORRAL_API void *corral_alloc_slow(size_t size, uint32_t id);
/* Any size, and an id that is not dense. */
CORRAL_API void *corral_alloc_mapped(size_t size, uint32_t id);
/* Any block and id. */
CORRAL_API void corral_free_slow(void *block, uint32_t id);
/* A block of the pool of a front list of the calling thread's, which has none. */
CORRAL_API void *corral_alloc_empty(struct corral_front *front);
/* Frees a block of the pool of a front list of the calling thread's, which takes none. */
CORRAL_API void corral_free_full(struct corral_front *front, void *block);

/* The link of a free block, in its first word. The caller may have written that word as any type,
 * and will again: the compiler is not to tell these accesses from his by their types. */
typedef void *__attribute__((may_alias)) corral_link;

/* True when the class of the size is found without the library. A constant size finds it by
 * arithmetic, which the compiler has done before the program runs. */
CORRAL_HIT bool corral_hit_has_class(size_t size) {
    return size <= (__builtin_constant_p(size) ? CORRAL_BLOCK_MAX : CORRAL_TABLE_MAX);
}

/* The place in its category of the class of a size for which that is true. */
CORRAL_HIT uint32_t corral_hit_class_place(size_t size) {
    return __builtin_constant_p(size)
               ? (uint32_t)CORRAL_CLASS_OF(size) << CORRAL_PLACE_SHIFT
               : CORRAL_CLASSES[(size + CORRAL_BLOCK_MIN - 1) / CORRAL_BLOCK_MIN];
}

/* The tables of arenas, their address in a register: position-independent code would take one for each table. */
CORRAL_HIT const struct corral_registry_tables *corral_hit_registry(void) {
    const struct corral_registry_tables *registry = CORRAL_REGISTRY;
    __asm__("" : "+r"(registry));
    return registry;
}

/* The number of the arena that an address lies in, or 0. Two branches and a load. */
CORRAL_HIT size_t corral_hit_number(const struct corral_registry_tables *registry, uintptr_t address) {
    uintptr_t slot = address >> CORRAL_ARENA_SHIFT;
    /* [R:holder] Who holds a block got it after its arena was entered. */
    return CORRAL_LIKELY(slot < CORRAL_ADDRESS_SLOTS) ? corral_load_relaxed(&registry->numbers[slot]) : 0;
}

/* The place of the pool whose blocks lie in a slab, given its arena's number and its own in the arena. */
CORRAL_HIT uint32_t corral_hit_slab_place(const struct corral_registry_tables *registry, size_t number,
                                          size_t slab) {
    /* [R:holder] Constant while a block of the slab is live. The shelf looks at it to steer. */
    return corral_load_relaxed(&registry->places[number][slab]);
}

/* The number in its arena of the slab that an address lies in. */
CORRAL_HIT size_t corral_hit_slab(uintptr_t address) {
    return address >> CORRAL_SLAB_SHIFT & (CORRAL_ARENA_SLABS - 1);
}

/* The place for an address. */
CORRAL_HIT uint32_t corral_hit_place(uintptr_t address) {
    const struct corral_registry_tables *registry = corral_hit_registry();
    return corral_hit_slab_place(registry, corral_hit_number(registry, address), corral_hit_slab(address));
}

/* True when the arena of a number is of the category of an id. For what is no arena's, true of id 0: the front list at
 * its place never has room. */
CORRAL_HIT bool corral_hit_is_of(const struct corral_registry_tables *registry, size_t number, uint32_t id) {
    return registry->ids[number] == id;
}

/* The front list at a place. */
CORRAL_HIT struct corral_front *corral_hit_front(struct corral_front *fronts, uint32_t place) {
    return (struct corral_front *)((char *)fronts + place);
}

/* The same, its address in a register. Were a constant place a part of the address of each access
 * instead, one more instruction would be saved, and batches take a quarter longer
 * (docs/performance.md). */
CORRAL_HIT struct corral_front *corral_hit_front_of(struct corral_front *fronts, uint32_t place) {
    struct corral_front *front = corral_hit_front(fronts, place);
    __asm__("" : "+r"(front));
    return front;
}

/* The pool at a place. */
CORRAL_HIT uint32_t corral_hit_pool(uint32_t place) {
    return place >> CORRAL_PLACE_SHIFT;
}

/* How many blocks the front list takes in; none when it is not above 0. */
CORRAL_HIT int32_t corral_hit_room(const struct corral_front *front) {
    return corral_load_relaxed(&front->room); /* [R:single-writer] */
}

/* Takes `block`, the front list's first. */
CORRAL_HIT void corral_hit_pop(struct corral_front *front, void *block) {
    front->head = *(corral_link *)block;
    corral_store_relaxed(&front->room, corral_hit_room(front) + 1); /* [R:single-writer] */
}

/* room: what corral_hit_room told, above 0. */
CORRAL_HIT void corral_hit_push(struct corral_front *front, int32_t room, void *block) {
    *(corral_link *)block = front->head;
    front->head = block;
    corral_store_relaxed(&front->room, room - 1); /* [R:single-writer] */
}

#if CORRAL_FIGURES_LEVEL >= 2
/* Counts what was asked for in an allocation. */
CORRAL_HIT void corral_hit_count_requested(struct corral_front *front, size_t size) {
    /* [R:single-writer] */
    corral_store_relaxed(&front->requested, corral_load_relaxed(&front->requested) + size);
}
CORRAL_HIT void corral_hit_count_allocation(struct corral_front *front) {
    /* [R:single-writer] */
    corral_store_relaxed(&front->allocations, corral_load_relaxed(&front->allocations) + 1);
}
CORRAL_HIT void corral_hit_count_free(struct corral_front *front) {
    /* [R:single-writer] */
    corral_store_relaxed(&front->frees, corral_load_relaxed(&front->frees) + 1);
}
#else
CORRAL_HIT void corral_hit_count_requested(struct corral_front *front, size_t size) {
    (void)front, (void)size;
}
CORRAL_HIT void corral_hit_count_allocation(struct corral_front *front) {
    (void)front;
}
CORRAL_HIT void corral_hit_count_free(struct corral_front *front) {
    (void)front;
}
#endif

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT
 *
 * corral/inline.h: alloc and free, inlined into the caller.
 *
 * Owns:     no state; the functions are those that src/alloc.c compiles for everyone else.
 * Callers:  as corral.h: any thread, at any time, in any category. C11 and C++17.
 * Promises: what corral_alloc and corral_free promise. The two forms may be mixed: a block of one
 *           is freed by the other, from any thread. With a constant size and id the compiler does
 *           all the arithmetic; what is not served by the thread's own front lists is a call.
 * Does not: work with a library of another layout: then the program is not linked, or not loaded,
 *           and the message names the layout that it was compiled for (corral/layout.h). Nor follow
 *           a fiber to another thread within one function of the caller: a compiler may keep the
 *           address of a thread's data. Code that is moved so calls corral_alloc and corral_free.
 *
 * Include it where the code is hot, and call corral_alloc_inline and corral_free_inline there; or
 * define CORRAL_INLINE_CALLS before, and all calls of corral_alloc and corral_free that follow in
 * this source are inlined. The names without a call are still the functions, for callbacks.
 *
 * With a static library define CORRAL_STATIC, as the meson dependency does: what a hit looks up is
 * then found without a pointer. When corral is changed for a version of another layout, a program
 * with this header is to be compiled again, which one that only calls corral is not.
 *
 * Where the inline form is not known (another OS than Linux, 32-bit pointers, another compiler than
 * gcc and clang), in code that is compiled for AddressSanitizer, and with a hardened library, the two are
 * calls.
 */
#ifndef CORRAL_INLINE_H
#define CORRAL_INLINE_H

#include <corral/corral.h>

#if !defined(__GNUC__) || !defined(__linux__) || !defined(__LP64__)
#define CORRAL_INLINE_IS_CALL 1
#else
#include <corral/hit.h>
/* The library itself is what these callers call. */
#if (CORRAL_LAYOUT_ASAN || CORRAL_HARDENED) && !defined(CORRAL_BEFORE_POP)
#define CORRAL_INLINE_IS_CALL 1
#else
#define CORRAL_INLINE_IS_CALL 0
#endif
#endif

#if CORRAL_INLINE_IS_CALL

CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE(1)
static inline void *corral_alloc_inline(size_t size, uint32_t memory_type_id) {
    return corral_alloc(size, memory_type_id);
}

static inline void corral_free_inline(void *block, uint32_t memory_type_id) {
    corral_free(block, memory_type_id);
}

#else

/* src/alloc.c has its own: what AddressSanitizer is to know of a block. */
#ifndef CORRAL_BEFORE_POP
#define CORRAL_BEFORE_POP(block, pool) ((void)(block), (void)(pool))
#define CORRAL_AFTER_PUSH(block, pool) ((void)(block), (void)(pool))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* As corral_alloc. The outline and the cost stand in src/alloc.c. */
CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE(1)
CORRAL_HIT void *corral_alloc_inline(size_t size, uint32_t memory_type_id) {
    if (CORRAL_UNLIKELY(memory_type_id >= CORRAL_DENSE_IDS)) {
        return corral_alloc_mapped(size, memory_type_id);
    }
    if (CORRAL_HARDENED || CORRAL_UNLIKELY(!corral_hit_has_class(size))) {
        return corral_alloc_slow(size, memory_type_id);
    }
    uint32_t place = (memory_type_id << CORRAL_ROW_SHIFT) + corral_hit_class_place(size);
    struct corral_front *front = corral_hit_front_of(corral_thread.fronts, place);
    void *block = front->head;
    if (CORRAL_UNLIKELY(block == NULL)) {
        /* What counts the bytes asked for is told them. */
        return CORRAL_FIGURES_LEVEL >= 2 ? corral_alloc_slow(size, memory_type_id) : corral_alloc_empty(front);
    }
    corral_hit_count_allocation(front);
    corral_hit_count_requested(front, size);
    CORRAL_BEFORE_POP(block, corral_hit_pool(place));
    corral_hit_pop(front, block);
    return block;
}

/* As corral_free. */
CORRAL_HIT void corral_free_inline(void *block, uint32_t memory_type_id) {
    const struct corral_registry_tables *registry = corral_hit_registry();
    size_t number = corral_hit_number(registry, (uintptr_t)block);
    if (!CORRAL_HARDENED && CORRAL_LIKELY(corral_hit_is_of(registry, number, memory_type_id))) {
        uint32_t place = corral_hit_slab_place(registry, number, corral_hit_slab((uintptr_t)block));
        struct corral_front *front = corral_hit_front(corral_thread.fronts, place);
        int32_t room = corral_hit_room(front);
        if (CORRAL_LIKELY(room > 0)) {
            corral_hit_count_free(front);
            corral_hit_push(front, room, block);
            CORRAL_AFTER_PUSH(block, corral_hit_pool(place));
        } else {
            corral_free_full(front, block);
        }
        return;
    }
    corral_free_slow(block, memory_type_id);
}

#ifdef __cplusplus
}
#endif

#endif

#ifdef CORRAL_INLINE_CALLS
#define corral_alloc(size, memory_type_id) corral_alloc_inline(size, memory_type_id)
#define corral_free(block, memory_type_id) corral_free_inline(block, memory_type_id)
#endif

#endif

/* SPDX-License-Identifier: MIT
 *
 * corral/layout.h: what the inline form and the library both know of memory.
 *
 * Owns:     the layout's number; which class a size is of; the shape of front lists and of the
 *           tables by address.
 * Callers:  corral/hit.h; src/options.h and the rooms above it. Programs have no need of it.
 * Promises: a program that was compiled with another layout than its library's is not linked, or
 *           not loaded: the names of the data that it reads say the layout.
 * Does not: stay the same from one version of corral to the next.
 *
 * The names end in the layout's number and the choices of the build that code compiled into a
 * program relies on: corral_thread_3_64_28_4_64_1_0. So the linker says of a program that does not
 * fit its static library, and the loader of one that does not fit its shared library, that this
 * name is undefined, before anything of the program runs; dlopen of a module that does not fit
 * fails. A check at run time would come after constructors that allocate, and could only end the
 * process.
 */
#ifndef CORRAL_LAYOUT_H
#define CORRAL_LAYOUT_H

#include <corral/atomic.h>
#include <corral/corral.h>

/* The library has these choices from its own list of all, which is not the config.h beside this header. */
#ifdef CORRAL_BUILDING
#include <config.h>
#else
#include <corral/build.h>
#endif

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Under AddressSanitizer the library tells which bytes callers hold, and then needs callers that
 * do so too: it has a layout of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define CORRAL_LAYOUT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CORRAL_LAYOUT_ASAN 1
#endif
#endif
#ifndef CORRAL_LAYOUT_ASAN
#define CORRAL_LAYOUT_ASAN 0
#endif

/* A hardened library looks at what hits do not. Code that is compiled for one calls it. */
#if CORRAL_HARDENED
#define CORRAL_LAYOUT_CHECKS 2
#else
#define CORRAL_LAYOUT_CHECKS CORRAL_LAYOUT_ASAN
#endif

/* Raised with every change of what stands in this header, in hit.h, or in inline.h that a program
 * compiled before would not survive. A test compiles with another. */
#ifndef CORRAL_LAYOUT
#define CORRAL_LAYOUT 6
#endif

#define CORRAL_JOIN_(name, layout, slab, medium, steps, dense, figures, checks)                      \
    name##_##layout##_##slab##_##medium##_##steps##_##dense##_##figures##_##checks
#define CORRAL_JOIN(name, layout, slab, medium, steps, dense, figures, checks)                       \
    CORRAL_JOIN_(name, layout, slab, medium, steps, dense, figures, checks)
#define CORRAL_OF_LAYOUT(name)                                                                     \
    CORRAL_JOIN(name, CORRAL_LAYOUT, CORRAL_SLAB_KIB, CORRAL_MEDIUM_SLABS,                         \
                CORRAL_STEPS_PER_DOUBLING, CORRAL_DENSE_IDS, CORRAL_FIGURES_LEVEL,                 \
                CORRAL_LAYOUT_CHECKS)

/* Addresses: an arena is 64 slabs, aligned to its own size. */
#define CORRAL_SLAB_SHIFT                                                                          \
    (CORRAL_SLAB_KIB == 32 ? 15u : CORRAL_SLAB_KIB == 64 ? 16u : CORRAL_SLAB_KIB == 128 ? 17u : 18u)
#define CORRAL_ARENA_SLABS 64u /* the bits of one atomic word */
#define CORRAL_ARENA_SHIFT (CORRAL_SLAB_SHIFT + 6)
/* The address bits that user space has: 47 on x86-64, 48 on aarch64 with 4 KiB OS pages. */
#if defined(__x86_64__)
#define CORRAL_ADDRESS_BITS 47u
#else
#define CORRAL_ADDRESS_BITS 48u
#endif
#define CORRAL_ADDRESS_SLOTS ((size_t)1 << (CORRAL_ADDRESS_BITS - CORRAL_ARENA_SHIFT))

/* Size classes: 16-byte steps to 128, then STEPS per doubling, twice as many from 512 to 1,024, half as
 * many from 64 KiB on (src/size_class.h). */
#define CORRAL_BLOCK_MIN       16u
#define CORRAL_LINEAR_MAX      128u
#define CORRAL_LINEAR_MAX_LOG2 7u
#define CORRAL_LINEAR_CLASSES  (CORRAL_LINEAR_MAX / CORRAL_BLOCK_MIN)
#define CORRAL_FINE_LOG2       9u
#define CORRAL_COARSE_LOG2     16u
#define CORRAL_STEPS           ((size_t)CORRAL_STEPS_PER_DOUBLING)
#define CORRAL_STEPS_SHIFT     (CORRAL_STEPS == 2 ? 1u : CORRAL_STEPS == 4 ? 2u : 3u)

/* floor(log2(x)) as a constant expression, for x from 128 to 2^24 - 1. */
#define CORRAL_LOG2_ABOVE(x, n) ((x) >> (n) ? (n) :
#define CORRAL_LOG2(x)                                                                             \
    CORRAL_LOG2_ABOVE(x, 23u) CORRAL_LOG2_ABOVE(x, 22u) CORRAL_LOG2_ABOVE(x, 21u)                  \
    CORRAL_LOG2_ABOVE(x, 20u) CORRAL_LOG2_ABOVE(x, 19u) CORRAL_LOG2_ABOVE(x, 18u)                  \
    CORRAL_LOG2_ABOVE(x, 17u) CORRAL_LOG2_ABOVE(x, 16u) CORRAL_LOG2_ABOVE(x, 15u)                  \
    CORRAL_LOG2_ABOVE(x, 14u) CORRAL_LOG2_ABOVE(x, 13u) CORRAL_LOG2_ABOVE(x, 12u)                  \
    CORRAL_LOG2_ABOVE(x, 11u) CORRAL_LOG2_ABOVE(x, 10u) CORRAL_LOG2_ABOVE(x, 9u)                   \
    CORRAL_LOG2_ABOVE(x, 8u) 7u                                                                    \
    ))))))))))))))))

/* Of the doubling that begins at 2^log2: the logarithm of its steps, and the classes before it. */
#define CORRAL_SHIFT_OF(log2)                                                                      \
    (CORRAL_STEPS_SHIFT + ((log2) == CORRAL_FINE_LOG2) - ((log2) >= CORRAL_COARSE_LOG2))
#define CORRAL_FIRST_CLASS(log2)                                                                   \
    (CORRAL_LINEAR_CLASSES +                                                                       \
     (((log2) < CORRAL_COARSE_LOG2                                                                 \
           ? 2 * ((size_t)(log2)-CORRAL_LINEAR_MAX_LOG2 + ((log2) > CORRAL_FINE_LOG2))             \
           : (size_t)(log2) + CORRAL_COARSE_LOG2 - 2 * CORRAL_LINEAR_MAX_LOG2 + 2)                 \
      << CORRAL_STEPS_SHIFT) /                                                                     \
         2)

/* The class of a size above LINEAR_MAX, given log2(size - 1). */
#define CORRAL_CLASS_ABOVE(size, log2)                                                             \
    (CORRAL_FIRST_CLASS(log2) + ((((size)-1) >> ((log2)-CORRAL_SHIFT_OF(log2))) &                  \
                                 (((size_t)1 << CORRAL_SHIFT_OF(log2)) - 1)))

/* As a constant expression: the class of a size. */
#define CORRAL_CLASS_OF(size)                                                                      \
    ((size) <= CORRAL_BLOCK_MIN    ? (size_t)0                                                     \
     : (size) <= CORRAL_LINEAR_MAX ? ((size)-1) / CORRAL_BLOCK_MIN                                 \
                                   : CORRAL_CLASS_ABOVE((size), CORRAL_LOG2((size)-1)))

/* The largest medium block, and the size of the largest class that is not above it: it rounded down to a
 * step of its doubling. Then how many classes there are. */
#define CORRAL_MEDIUM_MAX  (((size_t)1 << CORRAL_SLAB_SHIFT) * CORRAL_MEDIUM_SLABS)
#define CORRAL_MEDIUM_LOG2 CORRAL_LOG2(CORRAL_MEDIUM_MAX)
enum {
    CORRAL_BLOCK_MAX_VALUE =
        CORRAL_MEDIUM_MAX >> (CORRAL_MEDIUM_LOG2 - CORRAL_SHIFT_OF(CORRAL_MEDIUM_LOG2))
                                 << (CORRAL_MEDIUM_LOG2 - CORRAL_SHIFT_OF(CORRAL_MEDIUM_LOG2))
};
#define CORRAL_BLOCK_MAX ((size_t)CORRAL_BLOCK_MAX_VALUE)
enum { CORRAL_CLASS_COUNT_VALUE = CORRAL_CLASS_OF(CORRAL_BLOCK_MAX) + 1 };
#define CORRAL_CLASS_COUNT ((unsigned)CORRAL_CLASS_COUNT_VALUE)
/* A pool's number is its category's times the stride, plus its class. */
#define CORRAL_CLASS_STRIDE_LOG                                                                    \
    (CORRAL_CLASS_COUNT < 32    ? 5u                                                               \
     : CORRAL_CLASS_COUNT < 64  ? 6u                                                               \
     : CORRAL_CLASS_COUNT < 128 ? 7u                                                               \
                                : 8u)
/* Sizes up to TABLE_MAX find their class in a table of one byte per 16 bytes of size. */
#define CORRAL_TABLE_MAX 1024u

/* A pool's next blocks, last in first out, whoever owns their slabs.
 * Law: head, and what the pool has laid aside, is a list of limit − room blocks. Room, and not the
 * length, is what is kept, since that is what free asks for. Below 0, the list is longer than its
 * limit. */
struct corral_front {
    void *head;                   /* owner */
    CORRAL_ATOMIC(int32_t) room;  /* atomic, written by the owner alone: figures read it */
    CORRAL_ATOMIC(int32_t) limit; /* atomic, written by the owner alone: likewise */
#if CORRAL_FIGURES_LEVEL >= 2
    CORRAL_ATOMIC(uint64_t) allocations; /* atomic, written by the owner alone */
    CORRAL_ATOMIC(uint64_t) frees;       /* atomic, written by the owner alone */
    CORRAL_ATOMIC(uint64_t) requested;   /* atomic, written by the owner alone: bytes */
#endif
#if CORRAL_HARDENED
    void *tail;      /* owner: the list's last block, where it is not empty */
    uint64_t unused; /* const: 0. The size is a power of two */
#endif
#if !CORRAL_HARDENED && CORRAL_FIGURES_LEVEL >= 2
    uint64_t unused[3]; /* const: 0. The size is a power of two */
#elif CORRAL_FIGURES_LEVEL >= 2
    uint64_t unused_too; /* const: 0. Likewise */
#endif
};

/* A pool's place is the distance of its front list from the thread's first one, in bytes: its number
 * shifted. What a hit looks up is places, since it needs nothing else of a pool. */
#define CORRAL_PLACE_SHIFT (CORRAL_FIGURES_LEVEL >= 2 ? 6u : CORRAL_HARDENED ? 5u : 4u)
static_assert(sizeof(struct corral_front) == 1u << CORRAL_PLACE_SHIFT, "four pools to a line, or two, or one");
/* The same of a category, whose pools' places are the next ones. */
#define CORRAL_ROW_SHIFT (CORRAL_CLASS_STRIDE_LOG + CORRAL_PLACE_SHIFT)

/* A thread's own. */
struct corral_thread_state {
    struct corral_front *fronts; /* by pool: what the thread's cache begins with. Never NULL */
    struct corral_front *scoped; /* what malloc takes from: those of the scope's category, or lists that
                                    are always empty, so that each call is asked for its own */
    uint32_t scope;              /* the place of the scope's category, or SCOPE_NONE */
    bool exited;
};

/* Of a thread that is in no scope: beyond all places. */
#define CORRAL_SCOPE_NONE UINT32_MAX

#ifdef __cplusplus
extern "C" {
#endif

/* What is static in a program or a shared object is found there without a table. */
#if defined(CORRAL_STATIC)
#define CORRAL_DATA __attribute__((visibility("hidden")))
#else
#define CORRAL_DATA CORRAL_API
#endif

/* The calling thread's. Read by hits; written by src/thread.c only. The older word for thread-local
 * is the one that C and C++ share, and that needs no initialisation in C++. */
extern CORRAL_DATA __thread struct corral_thread_state CORRAL_OF_LAYOUT(corral_thread);
#define corral_thread CORRAL_OF_LAYOUT(corral_thread)

/* Entries there can be, in all; number 0 is no arena. */
#define CORRAL_REGISTRY_LIMIT 65536u

/* What free reads of arenas: one address finds all of it. Untouched parts cost no memory. */
struct corral_registry_tables {
    /* By address: the number of the entry whose arena stands there, or 0. */
    CORRAL_ATOMIC(uint16_t) numbers[CORRAL_ADDRESS_SLOTS];
    /* By number: the id of the arena's category, one of them for the overflow category's. Constant since before an
     * arena had the number. */
    uint32_t ids[CORRAL_REGISTRY_LIMIT];
    /* By number and slab: the place of the pool whose blocks lie there; of class CLASS_NONE where none do, and
     * beyond all categories' where there is no arena. */
    CORRAL_ATOMIC(uint32_t) places[CORRAL_REGISTRY_LIMIT][CORRAL_ARENA_SLABS];
};

/* Where the shared library has what free and alloc look up. A program may get its own copy of this,
 * which the linker makes of data that it uses directly, but not of the tables. */
struct corral_table_addresses {
    const struct corral_registry_tables *registry;
    const uint16_t *class_table;
};
extern CORRAL_DATA const struct corral_table_addresses CORRAL_OF_LAYOUT(corral_tables);
#define corral_tables CORRAL_OF_LAYOUT(corral_tables)

#if defined(CORRAL_STATIC) || defined(CORRAL_BUILDING)
#define CORRAL_REGISTRY  (&corral_registry)
#define CORRAL_CLASSES   corral_class_table
#define CORRAL_TABLE_DATA __attribute__((visibility("hidden")))

extern CORRAL_TABLE_DATA struct corral_registry_tables corral_registry;
/* The class of a size up to TABLE_MAX, by sixteens: its place in a category. */
extern CORRAL_TABLE_DATA const uint16_t corral_class_table[CORRAL_TABLE_MAX / CORRAL_BLOCK_MIN + 1];
#else
#define CORRAL_REGISTRY corral_tables.registry
#define CORRAL_CLASSES  corral_tables.class_table
#endif

#ifdef __cplusplus
}
#endif

#endif

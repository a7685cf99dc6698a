/* SPDX-License-Identifier: MIT
 *
 * size_class: the tables, computed by the compiler so that they need no initialisation.
 *
 * Owns:     corral_class_table, corral_classes.
 * Callers:  through size_class.h.
 * Promises: constant from before the first static constructor.
 * Does not: run.
 */
#include "size_class.h"

/* A unit takes as few slabs as waste at most 1/32 of themselves; for blocks that no unit of up to
 * 8 slabs holds so well, as many as one block needs. Waste is address space: blocks are touched
 * only as they are handed out. */
#define UNIT_FITS(bytes, slabs)                                                                     \
    ((slabs)*SLAB_BYTES >= (bytes) && ((slabs)*SLAB_BYTES) % (bytes) * 32 <= (slabs)*SLAB_BYTES)
#define UNIT_SLABS(bytes)                                                                           \
    ((bytes) <= SMALL_MAX    ? 1                                                                    \
     : UNIT_FITS((bytes), 1) ? 1                                                                    \
     : UNIT_FITS((bytes), 2) ? 2                                                                    \
     : UNIT_FITS((bytes), 3) ? 3                                                                    \
     : UNIT_FITS((bytes), 4) ? 4                                                                    \
     : UNIT_FITS((bytes), 5) ? 5                                                                    \
     : UNIT_FITS((bytes), 6) ? 6                                                                    \
     : UNIT_FITS((bytes), 7) ? 7                                                                    \
     : UNIT_FITS((bytes), 8) ? 8                                                                    \
                            : ((bytes) + SLAB_BYTES - 1) / SLAB_BYTES)

/* A front list holds FRONT_BYTES, but one block at least where four such pools fit the thread's
 * budget, so that a medium block comes back without leaving the thread. */
#define FRONT_MAX(bytes)                                                                            \
    (FRONT_BYTES / (bytes) > FRONT_BLOCKS ? FRONT_BLOCKS                                            \
     : FRONT_BYTES / (bytes) > 0          ? FRONT_BYTES / (bytes)                                    \
     : (bytes)*4 <= FRONT_BUDGET          ? 1                                                       \
                                         : 0)

#define DESCRIBE(bytes)                                                                             \
    {                                                                                              \
        .size = (uint32_t)(bytes),                                                                  \
        .reciprocal = (uint32_t)(((UINT64_C(1) << 32) + (bytes)-1) / (bytes)),                       \
        .capacity = (uint32_t)(UNIT_SLABS(bytes) * SLAB_BYTES / (bytes)),                            \
        .slabs = (uint16_t)UNIT_SLABS(bytes), .front_max = (uint16_t)FRONT_MAX(bytes),               \
    }

/* A constant of each size keeps the expressions above small for the compiler. */
#define STEP(doubling, step)                                                                       \
    enum { SIZE_##doubling##_##step =                                                              \
               (LINEAR_MAX << 0x##doubling) + (step + 1) * ((LINEAR_MAX << 0x##doubling) / STEPS) };

#define STEPS_2(m, doubling) m(doubling, 0) m(doubling, 1)
#define STEPS_4(m, doubling) STEPS_2(m, doubling) m(doubling, 2) m(doubling, 3)
#define STEPS_8(m, doubling)                                                                       \
    STEPS_4(m, doubling) m(doubling, 4) m(doubling, 5) m(doubling, 6) m(doubling, 7)
#define STEPS_N_(n, m, doubling) STEPS_##n(m, doubling)
#define STEPS_N(n, m, doubling)  STEPS_N_(n, m, doubling)
#define DOUBLING(m, doubling)    STEPS_N(CORRAL_STEPS_PER_DOUBLING, m, doubling)
#define DOUBLINGS(m)                                                                               \
    DOUBLING(m, 0) DOUBLING(m, 1) DOUBLING(m, 2) DOUBLING(m, 3) DOUBLING(m, 4) DOUBLING(m, 5)      \
    DOUBLING(m, 6) DOUBLING(m, 7) DOUBLING(m, 8) DOUBLING(m, 9) DOUBLING(m, a) DOUBLING(m, b)      \
    DOUBLING(m, c) DOUBLING(m, d) DOUBLING(m, e) DOUBLING(m, f)

DOUBLINGS(STEP)

#define CLASS(doubling, step) DESCRIBE((size_t)SIZE_##doubling##_##step),
#define LINEAR(step)          DESCRIBE((size_t)BLOCK_MIN * (step)),

/* The place of a class, of a size up to TABLE_MAX, in few words. */
#define TABLE_LOG2(size)  ((size) > 512 ? 9u : (size) > 256 ? 8u : 7u)
#define TABLE_CLASS(size)                                                                          \
    ((size) <= BLOCK_MIN    ? 0                                                                    \
     : (size) <= LINEAR_MAX ? ((size)-1) / BLOCK_MIN                                               \
                            : CORRAL_CLASS_ABOVE((size), TABLE_LOG2(size)))
#define TABLE(sixteens)                                                                            \
    (uint16_t)(TABLE_CLASS((size_t)(sixteens)*BLOCK_MIN) << CORRAL_PLACE_SHIFT),

#define TABLE_4(i)  TABLE((i)) TABLE((i) + 1) TABLE((i) + 2) TABLE((i) + 3)
#define TABLE_16(i) TABLE_4((i)) TABLE_4((i) + 4) TABLE_4((i) + 8) TABLE_4((i) + 12)

static_assert(TABLE_MAX == 1024, "the table has 65 entries");

_Alignas(CACHE_LINE) const uint16_t corral_class_table[TABLE_MAX / BLOCK_MIN + 1] = {
    TABLE_16(0u) TABLE_16(16u) TABLE_16(32u) TABLE_16(48u) TABLE(64u)};

/* Entries beyond the last class are never used. */
_Alignas(CACHE_LINE) const struct size_class corral_classes[CLASS_ENTRIES] = {
    LINEAR(1) LINEAR(2) LINEAR(3) LINEAR(4) LINEAR(5) LINEAR(6) LINEAR(7) LINEAR(8)
    DOUBLINGS(CLASS)};

/* SPDX-License-Identifier: MIT
 *
 * size_class: the tables, computed by the compiler so that they need no initialisation.
 *
 * Owns:     corral_class_table, corral_classes, corral_doublings.
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
#define STEP(doubling, step, steps)                                                                \
    enum { SIZE_##doubling##_##step =                                                              \
               (LINEAR_MAX << 0x##doubling) + (step + 1) * ((LINEAR_MAX << 0x##doubling) / (steps)) };

#define STEPS_1(m, doubling, n) m(doubling, 0, n)
#define STEPS_2(m, doubling, n) STEPS_1(m, doubling, n) m(doubling, 1, n)
#define STEPS_4(m, doubling, n) STEPS_2(m, doubling, n) m(doubling, 2, n) m(doubling, 3, n)
#define STEPS_8(m, doubling, n)                                                                    \
    STEPS_4(m, doubling, n) m(doubling, 4, n) m(doubling, 5, n) m(doubling, 6, n) m(doubling, 7, n)
#define STEPS_16(m, doubling, n)                                                                   \
    STEPS_8(m, doubling, n) m(doubling, 8, n) m(doubling, 9, n) m(doubling, 10, n)                 \
    m(doubling, 11, n) m(doubling, 12, n) m(doubling, 13, n) m(doubling, 14, n) m(doubling, 15, n)
/* Of a doubling: as many steps as the option says, twice as many, half as many. */
#if CORRAL_STEPS_PER_DOUBLING == 2
#define PLAIN(m, doubling)  STEPS_2(m, doubling, 2)
#define FINE(m, doubling)   STEPS_4(m, doubling, 4)
#define COARSE(m, doubling) STEPS_1(m, doubling, 1)
#elif CORRAL_STEPS_PER_DOUBLING == 4
#define PLAIN(m, doubling)  STEPS_4(m, doubling, 4)
#define FINE(m, doubling)   STEPS_8(m, doubling, 8)
#define COARSE(m, doubling) STEPS_2(m, doubling, 2)
#else
#define PLAIN(m, doubling)  STEPS_8(m, doubling, 8)
#define FINE(m, doubling)   STEPS_16(m, doubling, 16)
#define COARSE(m, doubling) STEPS_4(m, doubling, 4)
#endif
#define DOUBLINGS(m)                                                                               \
    PLAIN(m, 0) PLAIN(m, 1) FINE(m, 2) PLAIN(m, 3) PLAIN(m, 4) PLAIN(m, 5) PLAIN(m, 6)             \
    PLAIN(m, 7) PLAIN(m, 8) COARSE(m, 9) COARSE(m, a) COARSE(m, b) COARSE(m, c) COARSE(m, d)       \
    COARSE(m, e) COARSE(m, f)
static_assert(CORRAL_FINE_LOG2 - CORRAL_LINEAR_MAX_LOG2 == 2 &&
                  CORRAL_COARSE_LOG2 - CORRAL_LINEAR_MAX_LOG2 == 9,
              "the doublings above are those of CORRAL_SHIFT_OF");

DOUBLINGS(STEP)

#define CLASS(doubling, step, steps) DESCRIBE((size_t)SIZE_##doubling##_##step),
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

#define OF_LOG2(log2)                                                                              \
    [log2] = {.first = (uint8_t)CORRAL_FIRST_CLASS(log2),                                          \
              .shift = (uint8_t)((log2)-CORRAL_SHIFT_OF(log2)),                                    \
              .mask = (uint8_t)((1u << CORRAL_SHIFT_OF(log2)) - 1)},

static_assert(BLOCK_MAX <= (size_t)1 << DOUBLING_ENTRIES, "each medium size has its doubling");

_Alignas(CACHE_LINE) const struct doubling corral_doublings[DOUBLING_ENTRIES] = {
    OF_LOG2(7u) OF_LOG2(8u) OF_LOG2(9u) OF_LOG2(10u) OF_LOG2(11u) OF_LOG2(12u) OF_LOG2(13u)
    OF_LOG2(14u) OF_LOG2(15u) OF_LOG2(16u) OF_LOG2(17u) OF_LOG2(18u) OF_LOG2(19u) OF_LOG2(20u)
    OF_LOG2(21u) OF_LOG2(22u) OF_LOG2(23u)};

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
/* Entries beyond the last class repeat it and are never used. */
#define CLASS(i) DESCRIBE(CONSTANT_CLASS_SIZE((i) < CLASS_COUNT ? (size_t)(i) : CLASS_COUNT - 1)),
#define TABLE(i) (uint8_t)CONSTANT_CLASS_OF((size_t)(i)*BLOCK_MIN),

#define REPEAT_4(m, i)   m((i)) m((i) + 1) m((i) + 2) m((i) + 3)
#define REPEAT_16(m, i)  REPEAT_4(m, (i)) REPEAT_4(m, (i) + 4) REPEAT_4(m, (i) + 8) REPEAT_4(m, (i) + 12)
#define REPEAT_32(m, i)  REPEAT_16(m, (i)) REPEAT_16(m, (i) + 16)
#define REPEAT_64(m, i)  REPEAT_32(m, (i)) REPEAT_32(m, (i) + 32)
#define REPEAT_128(m, i) REPEAT_64(m, (i)) REPEAT_64(m, (i) + 64)

_Alignas(CACHE_LINE) const uint8_t corral_class_table[TABLE_MAX / BLOCK_MIN + 1] = {
    REPEAT_64(TABLE, 0u) TABLE(64u)};

_Alignas(CACHE_LINE) const struct size_class corral_classes[CLASS_ENTRIES] = {
    REPEAT_128(CLASS, 0u) REPEAT_128(CLASS, 128u)};

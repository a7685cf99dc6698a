/* SPDX-License-Identifier: MIT
 *
 * size_class: sizes to size classes and back.
 *
 * Owns:     the classes' sizes and, for each, how its blocks lie in a unit of slabs.
 * Callers:  every room above. Any thread; everything is constant.
 * Promises: sizes grow with the class; a class's size is at least what maps to it; every size is
 *           a multiple of 16; every class's blocks fit their unit.
 * Does not: know of memory.
 *
 * 16-byte steps to 128, then STEPS per doubling, the same rule for small and medium blocks:
 *
 *   class   0   1  ..   7 |   8   9  10  11 |  12  13 ..            (4 steps)
 *   size   16  32  .. 128 | 160 192 224 256 | 320 384 ..
 */
#ifndef CORRAL_SIZE_CLASS_H
#define CORRAL_SIZE_CLASS_H

#include "base.h"
#include "options.h"

#define BLOCK_MIN       16u
#define LINEAR_MAX      128u
#define LINEAR_CLASSES  (LINEAR_MAX / BLOCK_MIN)
#define STEPS           ((size_t)CORRAL_STEPS_PER_DOUBLING)
#define STEPS_SHIFT     (STEPS == 2 ? 1u : STEPS == 4 ? 2u : 3u)
#define LINEAR_MAX_LOG2 7u

/* floor(log2(x)) as a constant expression, for x from 128 to 2^24 - 1. */
#define LOG2_ABOVE(x, n) ((x) >> (n) ? (n) :
#define CONSTANT_LOG2(x)                                                                           \
    LOG2_ABOVE(x, 23u) LOG2_ABOVE(x, 22u) LOG2_ABOVE(x, 21u) LOG2_ABOVE(x, 20u)                    \
    LOG2_ABOVE(x, 19u) LOG2_ABOVE(x, 18u) LOG2_ABOVE(x, 17u) LOG2_ABOVE(x, 16u)                    \
    LOG2_ABOVE(x, 15u) LOG2_ABOVE(x, 14u) LOG2_ABOVE(x, 13u) LOG2_ABOVE(x, 12u)                    \
    LOG2_ABOVE(x, 11u) LOG2_ABOVE(x, 10u) LOG2_ABOVE(x, 9u) LOG2_ABOVE(x, 8u) 7u                   \
    ))))))))))))))))

/* The class of a size above LINEAR_MAX, given log2(size - 1). */
#define CLASS_ABOVE(size, log2)                                                                    \
    (LINEAR_CLASSES + (((size_t)(log2) - LINEAR_MAX_LOG2) << STEPS_SHIFT) +                        \
     ((((size)-1) >> ((log2) - STEPS_SHIFT)) & (STEPS - 1)))

/* As a constant expression: the class of a size, and the size of a class. */
#define CONSTANT_CLASS_OF(size)                                                                    \
    ((size) <= BLOCK_MIN    ? (size_t)0                                                            \
     : (size) <= LINEAR_MAX ? ((size)-1) / BLOCK_MIN                                               \
                            : CLASS_ABOVE((size), CONSTANT_LOG2((size)-1)))
#define CLASS_DOUBLING(class_index)                                                                \
    ((size_t)LINEAR_MAX << (((class_index)-LINEAR_CLASSES) >> STEPS_SHIFT))
#define CONSTANT_CLASS_SIZE(class_index)                                                           \
    ((class_index) < LINEAR_CLASSES                                                                \
         ? ((class_index) + 1) * (size_t)BLOCK_MIN                                                 \
         : CLASS_DOUBLING(class_index) +                                                           \
               ((((class_index)-LINEAR_CLASSES) & (STEPS - 1)) + 1) *                              \
                   (CLASS_DOUBLING(class_index) >> STEPS_SHIFT))

/* Classes whose size is at most MEDIUM_MAX; sizes above the last class are large. */
enum { CLASS_COUNT_VALUE = CONSTANT_CLASS_OF(MEDIUM_MAX + 1) };
#define CLASS_COUNT      ((unsigned)CLASS_COUNT_VALUE)
#define CLASS_STRIDE_LOG (CLASS_COUNT < 32 ? 5u : CLASS_COUNT < 64 ? 6u : CLASS_COUNT < 128 ? 7u : 8u)
#define CLASS_STRIDE     (1u << CLASS_STRIDE_LOG)
/* The class of a slab that holds no blocks. Its pools never hold any either. */
#define CLASS_NONE       (CLASS_STRIDE - 1)
enum { BLOCK_MAX_VALUE = CONSTANT_CLASS_SIZE(CLASS_COUNT - 1) };
#define BLOCK_MAX        ((size_t)BLOCK_MAX_VALUE)

/* Sizes up to TABLE_MAX find their class in a table of one byte per 16 bytes of size. */
#define TABLE_MAX 1024u
/* Any byte may index the classes. */
#define CLASS_ENTRIES 256u

struct size_class {
    uint32_t size;       /* bytes of a block */
    uint32_t reciprocal; /* 2^32 / size, rounded up: (offset * reciprocal) >> 32 is the block */
    uint32_t capacity;   /* blocks in a unit */
    uint16_t slabs;      /* neighbouring slabs in a unit */
    uint16_t front_max;  /* the highest limit of a front list */
};

extern CORRAL_HIDDEN const uint8_t corral_class_table[TABLE_MAX / BLOCK_MIN + 1];
extern CORRAL_HIDDEN const struct size_class corral_classes[CLASS_ENTRIES];

/* size: at most TABLE_MAX. */
CORRAL_FAST unsigned size_class_of_table(size_t size) {
    return corral_class_table[(size + BLOCK_MIN - 1) / BLOCK_MIN];
}

/* size: above LINEAR_MAX, at most BLOCK_MAX. */
CORRAL_FAST unsigned size_class_of_log(size_t size) {
    unsigned log2 = bits_highest(size - 1);
    return (unsigned)CLASS_ABOVE(size, log2);
}

/* size: at most BLOCK_MAX. */
CORRAL_FAST unsigned size_class_of(size_t size) {
    return size <= TABLE_MAX ? size_class_of_table(size) : size_class_of_log(size);
}

CORRAL_FAST uint32_t size_class_index(const struct size_class *size_class, size_t offset) {
    return (uint32_t)(((uint64_t)offset * size_class->reciprocal) >> 32);
}

static_assert(CLASS_COUNT < CLASS_STRIDE && CLASS_STRIDE <= 256, "a class is one byte");
static_assert(BLOCK_MAX <= MEDIUM_MAX, "the largest medium block fits its unit");
static_assert(TABLE_MAX <= SMALL_MAX, "what the table knows is small");

#endif

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
 * 16-byte steps to 128, then STEPS per doubling, the same rule for small and medium blocks; but twice
 * as many from 512 to 1,024, where most bytes of small blocks are, and half as many from 64 KiB on,
 * where what a block does not use is pages that nobody touches:
 *
 *   class   0   1  ..   7 |   8   9  10  11 |  12 .. | 16  17 ..  23   | 24    25   ..     (4 steps)
 *   size   16  32  .. 128 | 160 192 224 256 | 320 .. | 576 640 .. 1024 | 1280  1536 ..
 */
#ifndef CORRAL_SIZE_CLASS_H
#define CORRAL_SIZE_CLASS_H

#include "base.h"
#include "options.h"

#include <corral/hit.h>

/* The rule itself is public, for constant sizes of the inline form. */
#define BLOCK_MIN        CORRAL_BLOCK_MIN
#define LINEAR_MAX       CORRAL_LINEAR_MAX
#define LINEAR_CLASSES   CORRAL_LINEAR_CLASSES
#define STEPS            CORRAL_STEPS
#define CLASS_COUNT      CORRAL_CLASS_COUNT
#define CLASS_STRIDE_LOG CORRAL_CLASS_STRIDE_LOG
#define CLASS_STRIDE     (1u << CLASS_STRIDE_LOG)
/* The class of a slab that holds no blocks. Its pools never hold any either. */
#define CLASS_NONE       (CLASS_STRIDE - 1)
/* Sizes above the last class are large. */
#define BLOCK_MAX        CORRAL_BLOCK_MAX
#define TABLE_MAX        CORRAL_TABLE_MAX
/* Any byte may index the classes. */
#define CLASS_ENTRIES 256u

struct size_class {
    uint32_t size;       /* bytes of a block */
    uint32_t reciprocal; /* 2^32 / size, rounded up: (offset * reciprocal) >> 32 is the block */
    uint32_t capacity;   /* blocks in a unit */
    uint16_t slabs;      /* neighbouring slabs in a unit */
    uint16_t front_max;  /* the highest limit of a front list */
};

extern CORRAL_HIDDEN const struct size_class corral_classes[CLASS_ENTRIES];

/* size: at most TABLE_MAX. */
CORRAL_FAST unsigned size_class_of_table(size_t size) {
    return corral_hit_class_place(size) >> CORRAL_PLACE_SHIFT;
}

/* The classes of a doubling: the first one, and the bits of a size less one that tell which it is. */
struct doubling {
    uint8_t first, shift, mask;
};

#define DOUBLING_ENTRIES 24u

/* By the logarithm of a size less one, from that of LINEAR_MAX on. */
extern CORRAL_HIDDEN const struct doubling corral_doublings[DOUBLING_ENTRIES];

/* size: above LINEAR_MAX, at most BLOCK_MAX. */
CORRAL_FAST unsigned size_class_of_log(size_t size) {
    const struct doubling *it = &corral_doublings[bits_highest(size - 1)];
    return it->first + ((unsigned)((size - 1) >> it->shift) & it->mask);
}

/* size: at most BLOCK_MAX. */
CORRAL_FAST unsigned size_class_of(size_t size) {
    return size <= TABLE_MAX ? size_class_of_table(size) : size_class_of_log(size);
}

/* The smallest class whose blocks hold `size` bytes and are all aligned: slabs begin at multiples of
 * their size, so blocks are as aligned as their size is. alignment: a power of two. CLASS_COUNT when there
 * is none. */
CORRAL_FAST unsigned size_class_aligned(size_t alignment, size_t size) {
    size_t least = size > alignment ? size : alignment;
    unsigned class_index = least > BLOCK_MAX || alignment > SLAB_BYTES ? CLASS_COUNT : size_class_of(least);
    while (class_index < CLASS_COUNT && corral_classes[class_index].size % alignment != 0) {
        class_index++;
    }
    return class_index;
}

CORRAL_FAST uint32_t size_class_index(const struct size_class *size_class, size_t offset) {
    return (uint32_t)(((uint64_t)offset * size_class->reciprocal) >> 32);
}

/* Of classes up to this size, the low half of the product is less than the reciprocal where a block begins,
 * and nowhere else, while the offset is less than 64 blocks. */
#define LOW_HALF_TELLS 8191u

CORRAL_FAST bool low_half_begins(uint64_t product, uint32_t reciprocal) {
    return (uint32_t)product < reciprocal;
}

/* Does a block begin at an offset into its unit? */
CORRAL_FAST bool size_class_begins(const struct size_class *size_class, size_t offset) {
    uint32_t at = size_class_index(size_class, offset);
    return at * (size_t)size_class->size == offset && at < size_class->capacity;
}

static_assert(CLASS_COUNT < CLASS_STRIDE && CLASS_STRIDE <= 256, "a class is one byte");
static_assert(BLOCK_MAX <= MEDIUM_MAX, "the largest medium block fits its unit");
static_assert(TABLE_MAX <= SMALL_MAX, "what the table knows is small");

/* Does a pool hold blocks? That of a slab without any does not. */
CORRAL_FAST bool size_class_has_blocks(uint32_t pool) {
    return likely((pool & (CLASS_STRIDE - 1)) != CLASS_NONE);
}

#endif

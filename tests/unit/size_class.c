/* SPDX-License-Identifier: MIT
 *
 * size_class: the tables hold what their header promises, for every size and every class.
 *
 * Owns:     nothing.
 * Callers:  Criterion.
 * Promises: every size up to BLOCK_MAX, every class, every block of every unit.
 * Does not: repeat the macros that made the tables.
 */
#include "size_class.h"

#include <criterion/criterion.h>

Test(size_class, sizes_rise_and_are_multiples_of_16) {
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        cr_assert_eq(corral_classes[i].size % BLOCK_MIN, 0, "class %u", i);
        cr_assert(i == 0 || corral_classes[i].size > corral_classes[i - 1].size, "class %u", i);
    }
    cr_assert_eq(corral_classes[0].size, BLOCK_MIN);
    cr_assert_eq(corral_classes[CLASS_COUNT - 1].size, BLOCK_MAX);
    cr_assert_leq(BLOCK_MAX, MEDIUM_MAX);
}

Test(size_class, every_size_has_the_least_class_that_holds_it) {
    unsigned expected = 0;
    for (size_t size = 0; size <= BLOCK_MAX; size++) {
        while (corral_classes[expected].size < size) {
            expected++;
        }
        if (size_class_of(size) != expected) {
            cr_assert_fail("size %zu has class %u, not %u", size, size_class_of(size), expected);
        }
    }
    cr_assert_eq(expected, CLASS_COUNT - 1);
}

Test(size_class, table_and_logarithm_agree) {
    for (size_t size = LINEAR_MAX + 1; size <= TABLE_MAX; size++) {
        cr_assert_eq(size_class_of_table(size), size_class_of_log(size), "size %zu", size);
    }
}

Test(size_class, steps_per_doubling) {
    unsigned at = LINEAR_CLASSES;
    for (size_t size = LINEAR_MAX; at < CLASS_COUNT; size *= 2) {
        size_t steps = size == 512 ? 2 * STEPS : size >= 64 * KIB ? STEPS / 2 : STEPS;
        for (size_t step = 1; step <= steps && at < CLASS_COUNT; step++, at++) {
            cr_assert_eq(corral_classes[at].size, size + size / steps * step, "class %u", at);
        }
    }
}

Test(size_class, units_hold_their_blocks) {
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        const struct size_class *it = &corral_classes[i];
        cr_assert(it->size > SMALL_MAX || it->slabs == 1, "class %u", i);
        cr_assert_geq(it->capacity, 1, "class %u", i);
        cr_assert_leq((size_t)it->capacity * it->size, it->slabs * SLAB_BYTES, "class %u", i);
        cr_assert_gt((size_t)(it->capacity + 1) * it->size, it->slabs * SLAB_BYTES, "class %u", i);
        cr_assert_leq(it->slabs, CORRAL_MEDIUM_SLABS, "class %u", i);
    }
}

/* The reciprocal finds every start of a block, and takes no other address for one. */
Test(size_class, reciprocals_find_every_block) {
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        const struct size_class *it = &corral_classes[i];
        size_t end = (size_t)it->capacity * it->size;
        for (size_t offset = 0; offset < end; offset += BLOCK_MIN / 2) {
            uint32_t block = size_class_index(it, offset);
            bool is_start = (size_t)block * it->size == offset;
            if (is_start != (offset % it->size == 0)) {
                cr_assert_fail("class %u: offset %zu is taken for block %u", i, offset, block);
            }
        }
    }
}

/* The low half of the product tells of every offset into 64 blocks whether one begins there. */
Test(size_class, low_halves_tell_where_blocks_begin) {
    for (unsigned i = 0; i < CLASS_COUNT && corral_classes[i].size <= LOW_HALF_TELLS; i++) {
        const struct size_class *it = &corral_classes[i];
        for (size_t offset = 0; offset < (size_t)64 * it->size; offset++) {
            bool begins = low_half_begins((uint64_t)offset * it->reciprocal, it->reciprocal);
            if (begins != (offset % it->size == 0)) {
                cr_assert_fail("class %u: at offset %zu, %d", i, offset, begins);
            }
        }
    }
}

Test(size_class, front_lists_are_bounded) {
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        const struct size_class *it = &corral_classes[i];
        cr_assert_leq(it->front_max, FRONT_BLOCKS, "class %u", i);
        cr_assert(it->front_max <= 1 || it->front_max * (size_t)it->size <= FRONT_BYTES, "class %u",
                  i);
        cr_assert_leq(it->front_max * (size_t)it->size, FRONT_BUDGET, "class %u", i);
    }
}

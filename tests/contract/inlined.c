/* SPDX-License-Identifier: MIT
 *
 * The contract of corral/inline.h beyond that of corral_alloc and corral_free.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion; also built with corral_alloc and corral_free themselves inlined.
 * Promises: uses the public interface alone.
 * Does not: repeat what the other contracts say, which are built with inlined calls as well.
 */
#include <corral/inline.h>

#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/pattern.h"

#include <criterion/criterion.h>
#include <stdbool.h>

enum { ID = 3, SEVERAL = 40 };

/* The functions, whatever a call of their names is. */
static void *(*const called_alloc)(size_t, uint32_t) = corral_alloc;
static void (*const called_free)(void *, uint32_t) = corral_free;

#define NEAR(m, size)   m((size)-1) m((size)) m((size) + 1)
#define STEPS(m, size)  NEAR(m, (size)) NEAR(m, (size) / 8 * 9) NEAR(m, (size) / 4 * 5)             \
                        NEAR(m, (size) / 8 * 11) NEAR(m, (size) / 2 * 3) NEAR(m, (size) / 8 * 13)  \
                        NEAR(m, (size) / 4 * 7) NEAR(m, (size) / 8 * 15)
/* Constants on both sides of every class's bound, up to sizes that are large in each build. */
#define SIZES(m)                                                                                   \
    m(0) m(1) NEAR(m, 16) NEAR(m, 32) NEAR(m, 48) NEAR(m, 64) NEAR(m, 80) NEAR(m, 96)              \
    NEAR(m, 112) STEPS(m, 128) STEPS(m, 256) STEPS(m, 512) STEPS(m, 1024) STEPS(m, 2048)           \
    STEPS(m, 4096) STEPS(m, 8192) STEPS(m, 16384) STEPS(m, 32768) STEPS(m, 65536)                  \
    STEPS(m, 131072) STEPS(m, 262144) STEPS(m, 524288) STEPS(m, 1048576) STEPS(m, 2097152)         \
    STEPS(m, 4194304)

/* A block whose size the compiler knew, beside one whose size it does not know. */
static __attribute__((noinline)) void expect_same(void *constant, size_t size) {
    void *variable = called_alloc(hidden(size), (uint32_t)hidden(ID));
    cr_assert(constant != NULL && variable != NULL);
    cr_assert_eq(corral_usable_size(constant), corral_usable_size(variable), "size %zu", size);
    corral_free_inline(constant, ID);
    called_free(variable, ID);
}

#define SAME(size) expect_same(corral_alloc_inline((size), ID), (size));

Test(inlined, constant_sizes_have_the_classes_of_others) {
    SIZES(SAME)
    figures_expect_nothing();
}

/* One form's blocks in the other's hands, at the front list's head and deep in it. */
static void swap_forms(size_t size, uint32_t id) {
    unsigned char *blocks[SEVERAL];
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < SEVERAL; i++) {
            blocks[i] = i % 2 == round % 2 ? corral_alloc_inline(size, id) : called_alloc(size, id);
            cr_assert_not_null(blocks[i]);
            pattern_fill(blocks[i], corral_usable_size(blocks[i]), i);
        }
        figures_expect(id, SEVERAL, SEVERAL * corral_usable_size(blocks[0]));
        for (size_t i = 0; i < SEVERAL; i++) {
            cr_assert(pattern_holds(blocks[i], corral_usable_size(blocks[i]), i), "block %zu", i);
            if (i / 2 % 2 == round % 2) {
                corral_free_inline(blocks[i], id);
            } else {
                called_free(blocks[i], id);
            }
        }
        figures_expect(id, 0, 0);
    }
}

Test(inlined, the_forms_may_be_mixed) {
    const uint32_t ids[] = {0, ID, CORRAL_DENSE_IDS - 1, CORRAL_DENSE_IDS, UINT32_MAX};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        swap_forms(hidden(64), ids[i]);
        swap_forms(hidden(1024), ids[i]);
        swap_forms(hidden(40000), ids[i]);
    }
    swap_forms(hidden((size_t)4 << 20), ID);
    figures_expect_nothing();
}

/* With all of it in one function: what the caller writes right before a free and right after an
 * allocation stays on its side of the link. */
Test(inlined, the_last_block_freed_is_the_next_whatever_is_written) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t *first = corral_alloc_inline(64, ID), *second = corral_alloc_inline(64, ID);
        *first = i;
        *second = ~i;
        sum += *first + *second + 1;
        corral_free_inline(first, ID);
        corral_free_inline(second, ID);
        double *again = corral_alloc_inline(64, ID), *other = corral_alloc_inline(64, ID);
        /* A front list of one block sends the other one home. */
        cr_assert(CORRAL_FRONT_BLOCKS == 1 ||
                  ((void *)again == (void *)second && (void *)other == (void *)first));
        *again = (double)i;
        *other = -*again;
        corral_free_inline(again, ID);
        corral_free_inline(other, ID);
    }
    cr_assert_eq(sum, 0);
    figures_expect_nothing();
}

/* SPDX-License-Identifier: MIT
 *
 * base: arithmetic on bits, against what a loop over single bits says.
 *
 * Owns:     nothing.
 * Callers:  Criterion.
 * Promises: every count and every position at least once; random words from a fixed seed.
 * Does not: pass zero to what forbids it.
 */
#include "base.h"

#include "support/prng.h"

#include <criterion/criterion.h>

static unsigned lowest_by_loop(uint64_t word) {
    unsigned at = 0;
    while ((word >> at & 1) == 0) {
        at++;
    }
    return at;
}

static unsigned highest_by_loop(uint64_t word) {
    unsigned at = 63;
    while ((word >> at & 1) == 0) {
        at--;
    }
    return at;
}

static unsigned count_by_loop(uint64_t word) {
    unsigned count = 0;
    for (unsigned at = 0; at < 64; at++) {
        count += word >> at & 1;
    }
    return count;
}

/* The lowest position of `count` ones in a row, or 64. */
static unsigned run_by_loop(uint64_t word, unsigned count) {
    for (unsigned at = 0; at + count <= 64; at++) {
        unsigned have = 0;
        while (have < count && (word >> (at + have) & 1) != 0) {
            have++;
        }
        if (have == count) {
            return at;
        }
    }
    return 64;
}

/* Words of few, many and some bits. */
static uint64_t random_word(struct prng *prng) {
    uint64_t word = prng_next(prng);
    switch (prng_below(prng, 4)) {
    case 0:
        return word & prng_next(prng) & prng_next(prng);
    case 1:
        return word | prng_next(prng) | prng_next(prng);
    case 2:
        return ~(UINT64_C(1) << (word % 64));
    default:
        return word;
    }
}

Test(base, lowest_highest_and_count) {
    struct prng prng = {1};
    for (int i = 0; i < 20000; i++) {
        uint64_t word = i < 64 ? UINT64_C(1) << i : random_word(&prng);
        cr_assert_eq(bits_count(word), count_by_loop(word));
        if (word != 0) {
            cr_assert_eq(bits_lowest(word), lowest_by_loop(word));
            cr_assert_eq(bits_highest(word), highest_by_loop(word));
        }
    }
    cr_assert_eq(bits_count(0), 0);
}

Test(base, bits_below_every_count) {
    for (unsigned count = 0; count <= 64; count++) {
        cr_assert_eq(bits_count(bits_below(count)), count);
        cr_assert(count == 0 || bits_highest(bits_below(count)) == count - 1);
    }
}

Test(base, runs_of_every_length) {
    struct prng prng = {2};
    for (unsigned count = 1; count <= 64; count++) {
        for (unsigned at = 0; at + count <= 64; at++) {
            uint64_t word = bits_below(count) << at;
            cr_assert_eq(bits_find_run(word, count), at, "%u ones at %u", count, at);
            cr_assert_eq(bits_find_run(word & (word - 1), count), 64, "%u ones at %u", count, at);
        }
        for (int i = 0; i < 2000; i++) {
            uint64_t word = random_word(&prng);
            cr_assert_eq(bits_find_run(word, count), run_by_loop(word, count), "%u ones in %#llx",
                         count, (unsigned long long)word);
        }
    }
    cr_assert_eq(bits_find_run(0, 1), 64);
    cr_assert_eq(bits_find_run(UINT64_MAX, 64), 0);
}

Test(base, powers_of_two) {
    for (unsigned shift = 0; shift < 64; shift++) {
        size_t value = (size_t)1 << shift;
        cr_assert(is_power_of_two(value));
        cr_assert_eq(is_power_of_two(value + 1), shift == 0);
        cr_assert_eq(is_power_of_two(value | (size_t)1 << 63), shift == 63);
    }
    cr_assert(!is_power_of_two(0));
    cr_assert(!is_power_of_two(SIZE_MAX));
}

Test(base, round_up) {
    for (size_t unit = 1; unit <= 4096; unit *= 2) {
        for (size_t value = 0; value < 3 * unit + 2 && value < 9000; value++) {
            size_t rounded = round_up(value, unit);
            cr_assert(rounded >= value && rounded - value < unit && rounded % unit == 0);
        }
    }
}

/* SPDX-License-Identifier: MIT
 *
 * base: words for the compiler, and arithmetic on bits.
 *
 * Owns:     nothing.
 * Callers:  every room. Any thread.
 * Promises: no state, no calls.
 * Does not: check its arguments.
 */
#ifndef CORRAL_BASE_H
#define CORRAL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A fast function is inlined into its caller; a slow one never is, and lies away from the hot
 * code. The slow twin of a fast function has its name with _slow. */
#define CORRAL_FAST     static inline __attribute__((always_inline))
#define CORRAL_SLOW     __attribute__((noinline, cold))
#define CORRAL_NOINLINE __attribute__((noinline))
/* On the declaration of a variable: it is found without a table, also in the shared library. */
#define CORRAL_HIDDEN   __attribute__((visibility("hidden")))

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* The compiler is to have the pointer in a register, in place of the sum that it came from, which it would
 * take part in the address of each access. */
#define IN_REGISTER(pointer) __asm__("" : "+r"(pointer))

/* Between processors, a line's neighbour is often fetched with it, but what two threads write is
 * kept a line apart. */
#define CACHE_LINE 64

CORRAL_FAST unsigned bits_lowest(uint64_t word) {
    return (unsigned)__builtin_ctzll(word);
}

CORRAL_FAST unsigned bits_highest(uint64_t word) {
    return 63u - (unsigned)__builtin_clzll(word);
}

/* By adding neighbouring bits, then pairs, fours and bytes: where the machine has no instruction for
 * it, the compiler's own form is a call into its library. */
CORRAL_FAST unsigned bits_count(uint64_t word) {
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (unsigned)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* The `count` lowest bits; count is 0 to 64. */
CORRAL_FAST uint64_t bits_below(unsigned count) {
    return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

/* The lowest position of `count` neighbouring ones in `word`, or 64 when there is none.
 * After the step for a length, bit i says that the bits from i on, that many, are all ones. */
CORRAL_FAST unsigned bits_find_run(uint64_t word, unsigned count) {
    for (unsigned have = 1; have < count && word != 0;) {
        unsigned step = have < count - have ? have : count - have;
        word &= word >> step;
        have += step;
    }
    return word == 0 ? 64 : bits_lowest(word);
}

/* The lowest of its ones and those that follow it without a gap. word: not 0. */
CORRAL_FAST uint64_t bits_first_run(uint64_t word) {
    uint64_t lowest = word & -word;
    return word & ~(word + lowest);
}

CORRAL_FAST bool is_power_of_two(size_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

/* `value` rounded up to a multiple of `unit`, a power of two. The caller excludes overflow. */
CORRAL_FAST size_t round_up(size_t value, size_t unit) {
    return (value + unit - 1) & ~(unit - 1);
}

#endif

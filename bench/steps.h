/* SPDX-License-Identifier: MIT
 *
 * Work of a known length: multiplications that wait for each other.
 *
 * Owns:     the two multipliers, which undo each other.
 * Callers:  step.c, which says how long a step takes, and the allocator corral-slowed.
 * Promises: each step waits for the one before it, and the first for the value, so that the time
 *           of many is that of one times their number. An even number of steps gives the value
 *           back. No memory is touched.
 * Does not: measure.
 */
#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H

#include <stdint.h>

#define STEPS_FORTH UINT64_C(0x9E3779B97F4A7C15)
#define STEPS_BACK  UINT64_C(0xF1DE83E19937733D)
_Static_assert(STEPS_FORTH *STEPS_BACK == 1, "one step undoes the other");

/* Keeps the compiler from multiplying the two multipliers. */
static inline uint64_t steps_hide(uint64_t value) {
    __asm__ volatile("" : "+r"(value));
    return value;
}

static inline uint64_t steps_pair(uint64_t value) {
    value = steps_hide(value * STEPS_FORTH);
    return steps_hide(value * STEPS_BACK);
}

static inline uint64_t steps_four_pairs(uint64_t value) {
    return steps_pair(steps_pair(steps_pair(steps_pair(value))));
}

/* Takes this many pairs of steps. Loops stay short, so that their ends are predicted: a wrong
 * prediction costs as much as several steps. */
static inline uint64_t steps_take(uint64_t value, uint64_t pairs) {
    for (; pairs >= 8; pairs -= 8) {
        value = steps_four_pairs(steps_four_pairs(value));
    }
    for (; pairs > 0; pairs--) {
        value = steps_pair(value);
    }
    return value;
}

/* Nothing behind it begins before everything in front of it is done, so that the processor cannot
 * hide work by doing other work meanwhile. */
#if defined(__x86_64__) || defined(__i386__)
static inline void steps_fence(void) {
    __builtin_ia32_lfence();
}
#elif defined(__aarch64__)
static inline void steps_fence(void) {
    __asm__ volatile("dsb sy\n\tisb" : : : "memory");
}
#else
static inline void steps_fence(void) {
}
#endif

#endif

/* SPDX-License-Identifier: MIT
 *
 * Seeded pseudo-random numbers: the same seed gives the same test on every machine.
 *
 * Owns:     nothing; the caller holds the state.
 * Callers:  one thread per state.
 * Promises: prng_next passes through all 2^64 states (it is splitmix64).
 * Does not: serve anything but tests.
 */
#ifndef CORRAL_TESTS_SUPPORT_PRNG_H
#define CORRAL_TESTS_SUPPORT_PRNG_H

#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t state;
};

static inline uint64_t prng_next(struct prng *prng) {
    uint64_t word = prng->state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

/* A number below `bound`, which is above 0. */
static inline uint64_t prng_below(struct prng *prng, uint64_t bound) {
    return prng_next(prng) % bound;
}

/* A number from `least` to `most`, both included. */
static inline size_t prng_between(struct prng *prng, size_t least, size_t most) {
    return least + (size_t)prng_below(prng, (uint64_t)(most - least) + 1);
}

/* A state for thread or step `number` of a test with this seed. */
static inline struct prng prng_for(uint64_t seed, uint64_t number) {
    struct prng prng = {seed ^ (number * UINT64_C(0xd1342543de82ef95))};
    (void)prng_next(&prng);
    return prng;
}

/* A size as programs ask for: most of them small, each decade above it rarer. */
static inline size_t prng_request(struct prng *prng, size_t most) {
    uint64_t kind = prng_below(prng, 2000);
    size_t reach = kind < 1700 ? 512 : kind < 1960 ? 8192 : kind < 1996 ? 262144 : 4194304;
    return prng_between(prng, 0, reach < most ? reach : most);
}

#endif

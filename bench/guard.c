/* SPDX-License-Identifier: MIT
 *
 * What the guard counts: a fixed number of allocs and frees.
 *
 * Owns:     the scenarios `pair` and `mix`.
 * Callers:  guard.py, under valgrind: guard-NAME SCENARIO ROUNDS.
 * Promises: what guard_rounds does depends on its arguments alone: no clock is read by it, and no
 *           number is drawn. A round is GUARD_ROUND allocs and as many frees, `pair` of 64 bytes,
 *           each freed at once, `mix` of 16 to 1,024 bytes, 4,096 of them live. As many are done
 *           before, so that what happens only once has happened.
 * Does not: count. Two runs of different length differ by the instructions of the rounds alone.
 */
#include "allocator.h"
#include "mix.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { GUARD_ROUND = MIX_STEPS, PAIR_SIZE = 64 };

/* The function whose instructions are counted, with all that it calls: a symbol that stays one. */
void guard_rounds(mix *self, bool mixed, long rounds);

static inline void do_pairs(void) {
    for (uint64_t i = 0; i < GUARD_ROUND; i++) {
        uint64_t *block = bench_alloc(PAIR_SIZE, 0);
        *block = i;
        bench_use(block);
        bench_free(block, 0);
    }
}

static inline void replace_all(mix *self) {
    for (size_t i = 0; i < GUARD_ROUND; i++) {
        uint32_t slot = self->step[i].slot;
        bench_free(self->live[slot], 0);
        uint64_t *block = bench_alloc(self->step[i].size, 0);
        *block = i;
        self->live[slot] = block;
        bench_use(block);
    }
}

__attribute__((noinline)) void guard_rounds(mix *self, bool mixed, long rounds) {
    while (rounds-- > 0) {
        if (mixed) {
            replace_all(self);
        } else {
            do_pairs();
        }
    }
}

int main(int argc, char **argv) {
    bool mixed = argc == 3 && strcmp(argv[1], "mix") == 0;
    long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (rounds < 1 || (!mixed && strcmp(argv[1], "pair") != 0)) {
        fprintf(stderr, "usage: %s pair|mix ROUNDS\n", argv[0]);
        return EXIT_FAILURE;
    }
    mix *self = mix_of_thread(0);
    bench_thread_begin(1);
    for (size_t slot = 0; slot < MIX_LIVE; slot++) {
        self->live[slot] = bench_alloc(self->step[slot].size, 0);
    }
    guard_rounds(self, mixed, rounds);
    bench_thread_end();
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT
 *
 * How the demo says that something is wrong, and how it is made to go wrong on purpose.
 *
 * Owns:     the number of mismatches, and the damage that --break chose.
 * Callers:  any thread; damage_choose only the main thread before any other runs.
 * Promises: every mismatch names its check on stderr and makes the exit status 1. Every check
 *           that can be damaged has a damage, so that a test sees it fail.
 * Does not: stop the program: later checks still speak. `fatal` does stop it.
 */
#ifndef GAME_SERVER_CHECK_H
#define GAME_SERVER_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What --break can damage. The name of each is the name of the check that has to find it. */
enum damage {
    DAMAGE_NONE,
    DAMAGE_ENET_PAYLOAD,
    DAMAGE_ENET_ORDER,
    DAMAGE_LUA_RESULT,
    DAMAGE_LUA_BYTES,
    DAMAGE_SQL_ROW,
    DAMAGE_SQL_ROWS,
    DAMAGE_SQL_COUNT,
    DAMAGE_HTTP_BODY,
    DAMAGE_PARTY_BLOCK,
    DAMAGE_PARTY_ID,
    DAMAGE_BLOCK_TABLE,
    DAMAGE_CENSUS,
    DAMAGE_CENSUS_TYPE,
    DAMAGE_OVERLAP,
    DAMAGE_PEAK,
    DAMAGE_LEFT_OVER,
    DAMAGE_SEEN,
    DAMAGE_CROSS_THREAD,
    DAMAGE_IDLE,
    DAMAGE_BUDGET_SOFT,  /* nobody hears of a soft budget */
    DAMAGE_LEAK,         /* a block is left at the end */
    DAMAGE_BUDGET_HARD,  /* a block that is not there counts */
    DAMAGE_ORIGINS,      /* where blocks were asked for is not given */
    DAMAGES
};

/* Reports one mismatch. Only the first few are printed, and all are counted. */
void mismatch(const char *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How many mismatches there were. */
unsigned mismatch_count(void);

/* Ends the program at once: for what leaves no way to go on, such as a thread that cannot start. */
_Noreturn void fatal(const char *what);

/* Chooses the damage of this name; false when there is none. */
bool damage_choose(const char *name);

/* The name of a damage, NULL past the last one. */
const char *damage_name(unsigned which);

/* Whether `which` is the chosen damage. */
bool damage_chosen(enum damage which);

/* As damage_chosen, but true for one call only, so that one thing is damaged once. */
bool damage_once(enum damage which);

/* A checksum of `size` bytes. */
uint64_t checksum(const void *bytes, size_t size);

/* The next number of a sequence that belongs to the calling thread; *state is never 0. */
uint64_t random_next(uint64_t *state);

/* A number in [low, high]. */
uint32_t random_between(uint64_t *state, uint32_t low, uint32_t high);

/* Fills `size` bytes with numbers of the sequence that begins with `seed`. */
void random_fill(void *bytes, size_t size, uint64_t seed);

#endif

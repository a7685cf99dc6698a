/* SPDX-License-Identifier: MIT
 *
 * Mismatches, damages, checksums and numbers at random.
 *
 * Owns:     the counters that check.h describes.
 * Callers:  as check.h says for each function.
 * Promises: a line on stderr is written whole, so that lines of two threads do not mix.
 * Does not: allocate.
 */
#include "check.h"

#include "shared.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRINTED_MISMATCHES = 20 };

static _Atomic unsigned mismatches;
static enum damage chosen; /* const once the options are read, before any thread starts */
static _Atomic bool damage_done;

static const char *const damage_names[DAMAGES] = {
    [DAMAGE_NONE] = "none",
    [DAMAGE_ENET_PAYLOAD] = "enet-payload",
    [DAMAGE_ENET_ORDER] = "enet-order",
    [DAMAGE_LUA_RESULT] = "lua-result",
    [DAMAGE_LUA_BYTES] = "lua-bytes",
    [DAMAGE_SQL_ROW] = "sql-row",
    [DAMAGE_SQL_ROWS] = "sql-rows",
    [DAMAGE_SQL_COUNT] = "sql-count",
    [DAMAGE_HTTP_BODY] = "http-body",
    [DAMAGE_PARTY_BLOCK] = "party-block",
    [DAMAGE_PARTY_ID] = "party-id",
    [DAMAGE_BLOCK_TABLE] = "block-table",
    [DAMAGE_CENSUS] = "census",
    [DAMAGE_CENSUS_TYPE] = "census-type",
    [DAMAGE_OVERLAP] = "overlap",
    [DAMAGE_PEAK] = "peak",
    [DAMAGE_LEFT_OVER] = "left-over",
    [DAMAGE_SEEN] = "seen",
    [DAMAGE_CROSS_THREAD] = "cross-thread",
    [DAMAGE_IDLE] = "idle",
    [DAMAGE_BUDGET_SOFT] = "budget-soft",
    [DAMAGE_BUDGET_HARD] = "budget-hard",
    [DAMAGE_ORIGINS] = "origins",
    [DAMAGE_LEAK] = "leak",
};

void mismatch(const char *check, const char *format, ...) {
    /* Relaxed: main reads the count after it joined every thread that reports. */
    const unsigned before = add_relaxed(&mismatches, 1u);
    if (before >= PRINTED_MISMATCHES) {
        return;
    }
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nmismatch: %s: %s\n", check, text);
}

unsigned mismatch_count(void) {
    return load_relaxed(&mismatches);
}

_Noreturn void fatal(const char *what) {
    fprintf(stderr, "\ngame_server: %s\n", what);
    _Exit(2);
}

bool damage_choose(const char *name) {
    for (unsigned which = 0; which < DAMAGES; which++) {
        if (strcmp(name, damage_names[which]) == 0) {
            chosen = (enum damage)which;
            return true;
        }
    }
    return false;
}

const char *damage_name(unsigned which) {
    return which < DAMAGES ? damage_names[which] : NULL;
}

bool damage_chosen(enum damage which) {
    return chosen == which;
}

bool damage_once(enum damage which) {
    return chosen == which && set_first(&damage_done);
}

static uint64_t mix(uint64_t sum, uint64_t word) {
    sum = (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return sum ^ (sum >> 29);
}

uint64_t checksum(const void *bytes, size_t size) {
    const unsigned char *at = bytes;
    uint64_t sum = size;
    for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        sum = mix(sum, word);
    }
    for (; size != 0; size--, at++) {
        sum = mix(sum, *at);
    }
    return sum;
}

uint64_t random_next(uint64_t *state) {
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

uint32_t random_between(uint64_t *state, uint32_t low, uint32_t high) {
    return low + (uint32_t)((random_next(state) >> 32) % ((uint64_t)high - low + 1));
}

void random_fill(void *bytes, size_t size, uint64_t seed) {
    unsigned char *at = bytes;
    uint64_t state = seed | 1;
    while (size != 0) {
        const uint64_t word = random_next(&state);
        const size_t part = size < sizeof word ? size : sizeof word;
        memcpy(at, &word, part);
        at += part;
        size -= part;
    }
}

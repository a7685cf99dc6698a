/* SPDX-License-Identifier: MIT
 *
 * guard_slack: what lies in a block's pages before it and behind it.
 *
 * Owns:     nothing.
 * Callers:  through guard.h, who holds the block.
 * Promises: all of what lies before is filled and looked at, and SLACK_MOST bytes of what lies behind.
 * Does not: tell anyone.
 */
#include "guard.h"

#include "hardened.h"
#include "os.h"

#define WORD sizeof(uint64_t)

/* Behind a block there is less than its alignment, unless it shrank where it is. */
#define SLACK_MOST ((size_t)4096)

typedef uint64_t __attribute__((may_alias)) word;

static uint64_t canary_of(const struct guard_block *it) {
    uint64_t life = guard_word_life(load_relaxed(&it->word)); /* [R:holder] */
    return corral_hardened_canary((uintptr_t)it, life);
}

/* The first byte of the first page that is usable. */
static char *first_byte(const char *block, size_t page) {
    return (char *)((uintptr_t)block & ~((uintptr_t)page - 1));
}

static const char *slack_end(const char *from, const char *end) {
    return (size_t)(end - from) > SLACK_MOST ? from + SLACK_MOST : end;
}

static uint8_t byte_of(uint64_t canary, const char *at) {
    return (uint8_t)(canary >> 8 * ((uintptr_t)at % WORD));
}

void corral_guard_fill_behind(struct guard_block *it) {
    uint64_t canary = canary_of(it);
    char *at = (char *)load_relaxed(&it->block) + load_relaxed(&it->asked); /* [R:holder] */
    const char *end = slack_end(at, guard_end(it, corral_os_page_size()));
    for (; at < end; at++) {
        *at = (char)byte_of(canary, at);
    }
}

void corral_guard_fill(struct guard_block *it) {
    uint64_t canary = canary_of(it);
    char *block = (char *)load_relaxed(&it->block); /* [R:holder] */
    for (char *at = first_byte(block, corral_os_page_size()); at < block; at += WORD) {
        *(word *)at = canary;
    }
    corral_guard_fill_behind(it);
}

bool corral_guard_holds_before(const struct guard_block *it) {
    uint64_t canary = canary_of(it), differs = 0;
    const char *block = (const char *)load_relaxed(&it->block); /* [R:holder] */
    for (const char *at = first_byte(block, corral_os_page_size()); at < block; at += WORD) {
        differs |= *(const word *)at ^ canary;
    }
    return differs == 0;
}

bool corral_guard_holds_behind(const struct guard_block *it) {
    uint64_t canary = canary_of(it);
    const char *at = (const char *)load_relaxed(&it->block) + load_relaxed(&it->asked); /* [R:holder] */
    const char *end = slack_end(at, guard_end(it, corral_os_page_size()));
    while (at < end && (uint8_t)*at == byte_of(canary, at)) {
        at++;
    }
    return at >= end;
}

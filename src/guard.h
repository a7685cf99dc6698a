/* SPDX-License-Identifier: MIT
 *
 * guard: blocks between pages that trap, in the place of some that would come from slabs.
 *
 * Owns:     when it is a thread's turn to have such a block.
 * Callers:  slow and block when they allocate; slow_free, block, sized and walk for what they find in a range
 *           (guard_map.h); reset. Any thread.
 * Promises: lock-free, but for the OS. One of GUARD_EVERY allocations is such a block, by chance that the OS gives: the next
 *           one comes after as many others as cannot be told before. An allocation that is none costs a counter of the thread's
 *           own. Where one cannot be had it is served as any other.
 *           The block ends where its pages do, but for its alignment; the page behind, and all before, trap. It counts as
 *           one of its class, and its units as slabs of that class. Once it is freed its pages have no memory, and
 *           trap until the addresses are used again, for another block of the category (guard_wait.h), or given back to
 *           the OS, where memory is exhausted.
 * Does not: sample large blocks, which are mappings of their own, blocks aligned to more than a page, those of a category
 *           that has failures on purpose, or those of a thread that cannot have a cache; or any where the OS is not the
 *           backend, whose memory alone can be made to trap. Exist in a build without guard pages.
 */
#ifndef CORRAL_GUARD_H
#define CORRAL_GUARD_H

#include "guard_map.h"
#include "mark.h"

#include <corral/configure.h>

struct guard_turn {
    uint32_t left; /* allocations until it is the thread's turn, that one with them */
    bool begun;    /* it was drawn */
};

extern CORRAL_HIDDEN __thread struct guard_turn corral_guard_turn;

/* Draws when the thread's next turn is. Is it now? */
bool corral_guard_draw(void);
/* A block of a pool's class, for `size` bytes, or NULL. It is counted, and its content zero. May call the OS. */
void *corral_guard_alloc(size_t size, size_t alignment, uint32_t pool);
/* Frees what lies at an address in a range, or runs the misuse policy. May call the OS. */
void corral_guard_free(void *block);
/* The block, live or freed, that begins at an address in a range, or NULL. */
struct guard_block *corral_guard_find(const void *block);
/* After a block that a walk read was left to it (mark.h). May call the OS. */
void corral_guard_pass(struct guard_block *it);
/* Where a live block was asked for. */
void corral_guard_note_origin(struct guard_block *it, const char *file, uint32_t line);
/* Looks at a block that is to be resized. False, and the misuse policy runs, when it is free; the policy runs too where what
 * lies before or behind it was written to. */
bool corral_guard_may_resize(struct guard_block *it);
/* Makes it a block of another size where it is. False where there is no room, or more than half of it. */
bool corral_guard_resize(struct guard_block *it, size_t size);
/* Another size of a live block that stays as it is, of no more bytes. */
void corral_guard_set_size(struct guard_block *it, size_t size);
/* Ends all live ones of a category, which nobody uses. Calls the OS. */
void corral_guard_end_all(uint32_t category);
/* Gives back to the OS what addresses have no live block, and the wait for their next use ends. False when that was nothing. */
bool corral_guard_release(void);
/* A live block, as a walk finds it, which may read its mark. */
typedef void corral_guard_visitor(struct guard_block *it, void *argument);
void corral_guard_visit(uint32_t category, corral_guard_visitor *visit, void *argument);

/* Of guard_slack.c: fills what lies before and behind a block, or behind it; is it so? */
void corral_guard_fill(struct guard_block *it);
void corral_guard_fill_behind(struct guard_block *it);
bool corral_guard_holds_before(const struct guard_block *it);
bool corral_guard_holds_behind(const struct guard_block *it);

CORRAL_FAST bool guard_is_due(void) {
    return GUARDS && unlikely(corral_guard_turn.left-- <= 1) && corral_guard_draw();
}

/* Where it is the thread's turn: a block between pages that trap. Else, and where there is none, NULL. */
CORRAL_FAST void *guard_take(size_t size, size_t alignment, uint32_t pool) {
    return GUARDS && guard_is_due() ? corral_guard_alloc(size, alignment, pool) : NULL;
}

/* The same as above; in a build without guard pages, nothing. */
CORRAL_FAST struct guard_block *guard_find(const void *block) {
    return GUARDS ? corral_guard_find(block) : NULL;
}

CORRAL_FAST void guard_free(void *block) {
    if (GUARDS) {
        corral_guard_free(block);
    }
}

CORRAL_FAST void guard_pass(struct guard_block *it) {
    if (GUARDS) {
        corral_guard_pass(it);
    }
}

CORRAL_FAST void guard_visit(uint32_t category, corral_guard_visitor *visit, void *argument) {
    if (GUARDS) {
        corral_guard_visit(category, visit, argument);
    }
}

#endif

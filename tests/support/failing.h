/* SPDX-License-Identifier: MIT
 *
 * One kind of operation that fails, after some that succeed.
 *
 * Owns:     nothing.
 * Callers:  tests that put operations of their own in the place of others, one thread at a time.
 * Promises: counts the calls of each kind, and those that failed.
 * Does not: know what an operation is.
 */
#ifndef CORRAL_TESTS_SUPPORT_FAILING_H
#define CORRAL_TESTS_SUPPORT_FAILING_H

#include <stdbool.h>

enum { FAILING_KINDS = 8 };

struct failing {
    int kind;                  /* that fails; none of those that are called: none does */
    long until_failure;        /* calls of that kind that still succeed; below 0: none fails any more */
    bool fails_on;             /* all later ones fail too */
    long calls[FAILING_KINDS]; /* by kind */
    long failures;
};

/* Notes a call; does it fail? */
static inline bool failing_fails(struct failing *it, int kind) {
    it->calls[kind]++;
    if (kind != it->kind || it->until_failure < 0) {
        return false;
    }
    if (it->until_failure > 0) {
        it->until_failure--;
        return false;
    }
    it->until_failure = it->fails_on ? 0 : -1;
    it->failures++;
    return true;
}

#endif

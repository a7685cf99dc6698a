/* SPDX-License-Identifier: MIT
 *
 * A child that breaks the contract, and what the build's misuse policy must make of it.
 *
 * Owns:     nothing.
 * Callers:  the death suite's main threads.
 * Promises: under policy ignore the child says nothing and goes on; under report it says one line
 *           for each fault and goes on; under abort it says one line and is ended by SIGABRT.
 * Does not: look at addresses in the message beyond their form.
 */
#ifndef CORRAL_TESTS_SUPPORT_MISUSE_CHILD_H
#define CORRAL_TESTS_SUPPORT_MISUSE_CHILD_H

#include <stddef.h>

enum { POLICY_IGNORE = 0, POLICY_REPORT = 1, POLICY_ABORT = 2 };

#define FOREIGN     "corral: not a block of this allocator: 0x"
#define DOUBLE_FREE "corral: double free of block 0x"
#define WRONG_ID    "corral: wrong memory type id for block 0x"

/* Runs `body` in a child, in which exactly `faults` lines are to begin with `line`, and nothing
 * else is to be said. What `body` checks behind its faults counts where the policy goes on. */
void misuse_expect(void (*body)(void *argument), const char *line, size_t faults);

#endif

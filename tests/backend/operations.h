/* SPDX-License-Identifier: MIT
 *
 * The public operations, each as a step that can be taken while its backend fails.
 *
 * Owns:     the blocks that the steps hold.
 * Callers:  one thread, which runs others and waits for them.
 * Promises: a step that a failure is in the way of says so by NULL and ENOMEM, or by a status; anything else
 *           ends the test. What is held has its content.
 * Does not: choose what fails.
 */
#ifndef CORRAL_TESTS_BACKEND_OPERATIONS_H
#define CORRAL_TESTS_BACKEND_OPERATIONS_H

#include <stdbool.h>
#include <stddef.h>

struct operation {
    const char *name;
    void (*prepare)(void); /* NULL: nothing. While nothing fails */
    bool (*run)(void);     /* false: at least one call failed */
    bool reserves;         /* it needs memory in a process that has none yet, after prepare */
};

extern const struct operation operations[];
extern const size_t operations_count;

/* A mix of everything, in this thread and another, of which nothing stays. */
void operations_warm_up(void);
/* What is held has its content, and figures say that it is all there is. */
void operations_check(void);
/* Frees what is held. */
void operations_free(void);

#endif

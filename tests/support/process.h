/* SPDX-License-Identifier: MIT
 *
 * Processes and threads for tests: children whose end and words are looked at, fresh threads, the
 * memory of this process and limits on it.
 *
 * Owns:     nothing that outlives a call.
 * Callers:  a test's main thread; process_resident and process_mapped from any thread.
 * Promises: a child that hangs is ended after CHILD_SECONDS and reported as ended by SIGALRM.
 * Does not: use corral.
 */
#ifndef CORRAL_TESTS_SUPPORT_PROCESS_H
#define CORRAL_TESTS_SUPPORT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

enum { CHILD_SECONDS = 120, CHILD_OUTPUT = 1 << 18 };

struct child {
    int status;                /* the exit status, or -1 when a signal ended the child */
    int signal;                /* that signal, or 0 */
    size_t length;             /* bytes of output */
    char output[CHILD_OUTPUT]; /* the first of what it wrote to stdout and stderr, ended by 0 */
};

/* Runs `body(argument)` in a forked child, which exits with status 0 when body returns. */
void child_call(void (*body)(void *argument), void *argument, struct child *child);

/* Runs a program; `arguments` ends with NULL and begins with the program's path. */
void child_program(const char *const *arguments, struct child *child);

/* Whether the child ended of itself with status 0; its output goes to stderr when not. */
bool child_succeeded(const struct child *child);

/* Runs `body(argument)` as the whole life of a fresh thread. */
void thread_call(void (*body)(void *argument), void *argument);

/* Runs `body(argument)` on another thread, the same at each call, which waits in between for the next one. */
void thread_call_kept(void (*body)(void *argument), void *argument);

/* Resident bytes of this process, exact, but for those of files, which the kernel drops when it likes. */
size_t process_resident(void);

/* Bytes of address space that this process has mapped. */
size_t process_mapped(void);

/* Lets this process map at most `bytes` more than it has mapped. */
void process_limit_mapped(size_t bytes);

#endif

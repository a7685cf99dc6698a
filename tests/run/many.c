/* SPDX-License-Identifier: MIT
 *
 * A program that leaves a known number of blocks live at its end, its own and a library's.
 *
 * Owns:     them.
 * Callers:  run_test.py, through corral-run: many OWN LIBRARYS [PROGRAM ARGUMENT...], how many blocks of 1,000
 *           bytes each, and a program to start and wait for.
 * Promises: nothing else of size 1,000 is allocated.
 * Does not: know of corral.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void *helper_allocate(void);

static void *volatile last;

int main(int count, char **arguments) {
    if (count < 3) {
        return EXIT_FAILURE;
    }
    pid_t child = count > 3 ? fork() : 0;
    if (count > 3 && child == 0) {
        execv(arguments[3], arguments + 3);
        _exit(EXIT_FAILURE);
    }
    for (int i = atoi(arguments[1]); i > 0; i--) {
        last = malloc(1000);
    }
    for (int i = atoi(arguments[2]); i > 0; i--) {
        last = helper_allocate();
    }
    return count > 3 && waitpid(child, NULL, 0) != child ? EXIT_FAILURE : 42;
}

/* SPDX-License-Identifier: MIT
 *
 * A program that asks for what is live at its end, and leaves something or not.
 *
 * Owns:     its blocks.
 * Callers:  at_exit.c, as ending FORMAT HOW.
 * Promises: ends with status 0, unless it cannot do what HOW says.
 * Does not: write anything itself.
 */
#include <corral/configure.h>
#include <corral/origin.h>
#include <corral/report.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *blocks[3];

static void leave(void) {
    corral_category_options options = {.name = "net"};
    corral_category_configure(7, &options, sizeof options);
    blocks[0] = corral_alloc(64, 7);
    blocks[1] = corral_alloc(64, 7);
    blocks[2] = corral_alloc((size_t)16 << 20, 9);
}

/* In their place, two that say where they were asked for. */
static void free_all(void);
static void leave_with_origins(void) {
    corral_category_options options = {.origins = 1};
    corral_category_configure(8, &options, sizeof options);
    free_all();
    blocks[0] = corral_alloc_at(32, 8, "ending.c", 12);
    blocks[1] = corral_alloc_at(32, 8, "ending.c", 12);
}

static void free_all(void) {
    corral_free_batch(blocks, 2, 7);
    corral_free(blocks[2], 9);
}

/* A child that has the blocks, and did not ask. */
static int fork_and_free(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        exit(0);
    }
    free_all();
    return child < 0 || waitpid(child, &status, 0) != child || status != 0;
}

int main(int count, char **arguments) {
    corral_report_format format = count > 1 && strcmp(arguments[1], "json") == 0 ? CORRAL_REPORT_JSON
                                                                                 : CORRAL_REPORT_TEXT;
    const char *how = count > 2 ? arguments[2] : "";
    if (strcmp(how, "freed late") == 0) {
        atexit(free_all);
    }
    if (strcmp(how, "unasked") != 0) {
        corral_report_leaks_at_exit(CORRAL_REPORT_JSON);
        if (corral_report_leaks_at_exit(format) != CORRAL_OK) {
            return 1;
        }
    }
    leave();
    if (strcmp(how, "origins") == 0) {
        leave_with_origins();
    }
    if (strcmp(how, "freed") == 0) {
        free_all();
    }
    if (strcmp(how, "forked") == 0) {
        return fork_and_free();
    }
    if (strcmp(how, "_exit") == 0) {
        _exit(0);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * A program that shares its figures, for the test of corral-figures.
 *
 * Owns:     the file that it is told.
 * Callers:  figures_test.py, as sharing PATH UPDATES. It says "shared" when the updates were made, and goes on when a
 *           line comes: "update" makes one more, "again" opens the file anew, "spin" makes updates until it is killed.
 * Promises: category 7, "net", has three blocks; 9 has one more at each update.
 * Does not: free.
 */
#include <corral/configure.h>
#include <corral/share.h>

#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>

enum { ROOM = 4 };

static void update(void) {
    CHECK(corral_alloc(40, 9) != NULL, "no memory");
    CHECK(corral_report_share_update() == CORRAL_SHARE_OK, "no update");
}

static void answer(void) {
    puts("shared");
    fflush(stdout);
}

int main(int count, char **arguments) {
    char line[32];
    corral_category_options options = {.name = "net", .hard_budget = (uint64_t)1 << 26};
    CHECK(count == 3, "sharing PATH UPDATES");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    CHECK(corral_category_configure(7, &options, sizeof options) == CORRAL_OK, "not configured");
    for (size_t i = 0; i < 3; i++) {
        CHECK(corral_alloc(100, 7) != NULL, "no memory");
    }
    CHECK(corral_report_share_open(arguments[1], ROOM) == CORRAL_SHARE_OK, "not opened");
    for (int i = atoi(arguments[2]); i > 0; i--) {
        update();
    }
    for (answer(); fgets(line, sizeof line, stdin) != NULL; answer()) {
        if (strcmp(line, "again\n") == 0) {
            CHECK(corral_report_share_close() == CORRAL_SHARE_OK, "not closed");
            CHECK(corral_report_share_open(arguments[1], ROOM) == CORRAL_SHARE_OK, "not opened");
        }
        do {
            update();
        } while (strcmp(line, "spin\n") == 0);
    }
    return corral_report_share_close() == CORRAL_SHARE_OK ? 0 : 1;
}

/* SPDX-License-Identifier: MIT
 *
 * Judges what a child that broke the contract said and how it ended.
 *
 * Owns:     nothing.
 * Callers:  see misuse_child.h.
 * Promises: says what the child said where it is not as expected.
 * Does not: know who calls.
 */
#include "misuse_child.h"

#include "build.h"
#include "check.h"
#include "process.h"

#include <signal.h>
#include <string.h>

/* Lines that begin with `line`; -1 where another line is found. */
static long count_lines(const char *output, const char *line) {
    long count = 0;
    for (const char *at = output; *at != '\0';) {
        if (strncmp(at, line, strlen(line)) != 0) {
            return -1;
        }
        count++;
        const char *end = strchr(at, '\n');
        if (end == NULL) {
            return -1;
        }
        at = end + 1;
    }
    return count;
}

void misuse_expect(void (*body)(void *argument), const char *line, size_t faults) {
    struct child child;
    child_call(body, NULL, &child);
    long said = count_lines(child.output, line);
    if (CORRAL_MISUSE_POLICY == POLICY_ABORT && faults > 0) {
        CHECK(child.signal == SIGABRT && said == 1, "signal %d, status %d, it said:\n%s",
              child.signal, child.status, child.output);
        return;
    }
    long expected = CORRAL_MISUSE_POLICY == POLICY_IGNORE ? 0 : (long)faults;
    CHECK(child.status == 0 && said == expected, "signal %d, status %d, not %ld lines:\n%s",
          child.signal, child.status, expected, child.output);
}

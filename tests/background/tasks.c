/* SPDX-License-Identifier: MIT
 *
 * The threads of this process, as the kernel has them.
 *
 * Owns:     nothing.
 * Callers:  through tasks.h.
 * Promises: as tasks.h.
 * Does not: wait for longer than ten seconds.
 */
#include "tasks.h"

#include "support/check.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 10000 };

static unsigned count_tasks(int *other) {
    unsigned count = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL, "no list of tasks");
    *other = 0;
    for (const struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        int number = atoi(task->d_name);
        count += number != 0;
        *other = number != 0 && number != (int)syscall(SYS_gettid) ? number : *other;
    }
    closedir(tasks);
    return count;
}

bool tasks_become(unsigned count) {
    int other;
    for (int i = 0; i < TRIES && count_tasks(&other) != count; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return count_tasks(&other) == count;
}

int tasks_other(void) {
    int other;
    count_tasks(&other);
    return other;
}

/* SPDX-License-Identifier: MIT
 *
 * corral/background.h: what the thread does, and that there is one when it was asked for.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: waits for what the thread is to do for up to ten seconds; nothing hangs on how soon it does.
 * Does not: race starts and stops (stress.c), or unload (loaded.c).
 */
#include <corral/backend.h>
#include <corral/background.h>
#include <corral/configure.h>
#include <corral/upkeep.h>

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/process.h"
#include "tasks.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <os.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { ID = 3, SIZE = 3000, COUNT = 4000, TRIES = 10000 };

static void *blocks[COUNT];

static void use(void) {
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = corral_alloc(SIZE, ID);
        memset(blocks[i], 1, SIZE);
    }
    for (size_t i = 0; i < COUNT; i++) {
        corral_free(blocks[i], ID);
    }
}

static uint64_t kept(void) {
    corral_stats stats;
    cr_assert_eq(corral_category_stats(ID, &stats, sizeof stats), CORRAL_OK);
    return stats.kept_bytes;
}

static bool is_given_back(void) {
    for (int i = 0; i < TRIES && kept() != 0; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return kept() == 0;
}

TestSuite(background, .init = guards_off, .fini = corral_background_stop);

/* Nobody else calls corral meanwhile. */
Test(background, gives_memory_back) {
    corral_category_options options = {.decay_ms = 1};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_OK);
    cr_assert_eq(corral_background_start(20), CORRAL_OK);
    use();
    corral_thread_detach();
    cr_assert(is_given_back(), "%ju bytes are kept", (uintmax_t)kept());
}

/* The free that passes the bound would do it. */
Test(background, leaves_nothing_to_frees) {
    corral_category_options options = {.keep = 1, .decay_ms = CORRAL_DECAY_NEVER};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_OK);
    cr_assert_eq(corral_background_start(CORRAL_BACKGROUND_MOST_MS), CORRAL_OK);
    corral_tick(0);
    use();
    corral_thread_detach();
    cr_assert(is_given_back(), "%ju bytes are kept", (uintmax_t)kept());
}

/* In a child, since Criterion has threads. ThreadSanitizer has one as well. */
#define TEST_ALONE(name)                                                                                               \
    static void name(void *unused);                                                                                    \
    Test(background, name, .disabled = BUILD_HAS_TSAN) {                                                               \
        struct child child;                                                                                            \
        child_call(name, NULL, &child);                                                                                \
        cr_assert(child_succeeded(&child), "%s", child.output);                                                        \
    }                                                                                                                  \
    static void name(void *unused)

TEST_ALONE(is_one_thread) {
    (void)unused;
    CHECK(tasks_become(1), "another thread");
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(corral_background_start(10 + i) == CORRAL_OK, "it does not start");
        CHECK(tasks_become(2), "not one thread");
    }
    corral_background_stop();
    CHECK(tasks_become(1), "it is still there");
    corral_background_stop();
    CHECK(corral_background_start(1) == CORRAL_OK && tasks_become(2), "it does not start again");
}

/* What the thread blocks when it has ticked and waits: one that begins has all blocked by the C library. */
static unsigned long long blocked_asleep(void) {
    char path[64], line[256];
    unsigned long long blocked = 0;
    bool sleeps = false;
    CHECK(tasks_become(2), "it was not started");
    snprintf(path, sizeof path, "/proc/self/task/%d/status", tasks_other());
    for (int i = 0; i < TRIES && !sleeps; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        FILE *status = fopen(path, "r");
        CHECK(status != NULL, "no status");
        while (fgets(line, sizeof line, status) != NULL) {
            sleeps = strncmp(line, "State:\tS", 8) == 0 || sleeps;
            blocked = strncmp(line, "SigBlk:", 7) == 0 ? strtoull(line + 7, NULL, 16) : blocked;
        }
        fclose(status);
    }
    CHECK(sleeps, "it does not sleep");
    return blocked;
}

TEST_ALONE(refuses_other_intervals) {
    (void)unused;
    CHECK(corral_background_start(0) == CORRAL_EINVAL, "none");
    CHECK(corral_background_start(CORRAL_BACKGROUND_MOST_MS + 1) == CORRAL_EINVAL, "too long");
    CHECK(tasks_become(1), "it was started");
}

/* All that can be blocked: SIGKILL and SIGSTOP are not, nor what the C library has for itself. */
TEST_ALONE(takes_no_signal) {
    (void)unused;
    CHECK(corral_background_start(CORRAL_BACKGROUND_MOST_MS) == CORRAL_OK, "it does not start");
    unsigned long long blocked = blocked_asleep();
    CHECK((blocked & 0x7FFFFFFF) == 0x7FFBFEFF, "%llx", blocked);
}

/* Any user but root has no more than the limit says. */
TEST_ALONE(no_thread_is_to_be_had) {
    (void)unused;
    struct rlimit limit;
    CHECK(getuid() != 0 || setuid(12345) == 0, "still root");
    CHECK(getrlimit(RLIMIT_NPROC, &limit) == 0, "no limit");
    rlim_t had = limit.rlim_cur;
    limit.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0, "it is not limited");
    errno = 7;
    CHECK(corral_background_start(10) == CORRAL_ENOMEM, "there is one");
    CHECK(errno == 7, "errno is %d", errno);
    corral_background_stop();
    limit.rlim_cur = had;
    CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0, "it is limited");
    CHECK(corral_background_start(10) == CORRAL_OK, "there is none");
    CHECK(tasks_become(2), "it was not started");
    corral_background_stop();
}

static void start_in_child(void *unused) {
    (void)unused;
    CHECK(tasks_become(1), "the parent's came along");
    corral_background_stop();
    CHECK(corral_background_start(1) == CORRAL_OK && tasks_become(2), "it does not start");
    use();
}

/* It ends with its thread running. */
Test(background, child_has_its_own, .disabled = BUILD_HAS_TSAN) {
    struct child child;
    cr_assert_eq(corral_background_start(1), CORRAL_OK);
    for (int i = 0; i < 20; i++) {
        child_call(start_in_child, NULL, &child);
        cr_assert(child_succeeded(&child), "%s", child.output);
        use();
    }
}

static sem_t entered, go_on;

static bool slow_purge(void *start, size_t size) {
    sem_post(&entered);
    sem_wait(&go_on);
    return corral_os_real.purge(start, size);
}

static void tick_in_child(void *unused) {
    (void)unused;
    static struct corral_os table;
    table = *corral_os;
    table.purge = corral_os_real.purge;
    corral_os = &table;
    while (corral_tick(1000000) != 0) {
    }
    CHECK(kept() == 0, "%ju bytes are kept", (uintmax_t)kept());
}

/* The fork does not wait for the tick, which may wait for what the forking thread has; and the child's ticks do not wait for
 * its parent's thread. */
Test(background, fork_within_a_tick, .disabled = BUILD_HAS_TSAN) {
    static struct corral_os table;
    table = *corral_os;
    table.purge = slow_purge;
    sem_init(&entered, 0, 0);
    sem_init(&go_on, 0, 0);
    corral_category_options options = {.keep = 1, .decay_ms = CORRAL_DECAY_AT_ONCE};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_OK);
    corral_tick(0);
    use();
    corral_thread_detach();
    if (kept() == 0 || corral_backend_in_use() != CORRAL_BACKEND_OS) {
        cr_skip_test("no purge of the OS's memory is to come");
    }
    corral_os = &table;
    cr_assert_eq(corral_background_start(1), CORRAL_OK);
    sem_wait(&entered);
    struct child child;
    child_call(tick_in_child, NULL, &child);
    cr_assert(child_succeeded(&child), "%s", child.output);
    for (int i = 0; i < COUNT; i++) {
        sem_post(&go_on);
    }
}

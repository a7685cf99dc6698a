/* SPDX-License-Identifier: MIT
 *
 * A process whose threads allocate and free, and which forks all the time.
 *
 * Owns:     nothing beyond the boxes.
 * Callers:  meson and the wrapper. An operation is one fork; --threads threads live meanwhile, the
 *           same all the time, and a few more come and go.
 * Promises: a child frees what its parent's threads left in the boxes, allocates, and ends by itself:
 *           one that waits for a thread that is not there is ended by its alarm. No block that it
 *           gets overlaps one that lives, in the hands of its parent's threads too. What it can use
 *           no more is at most what the caches of those threads held, and two units of slabs that each
 *           of them may have had in its hands. Some children start threads and fork again.
 * Does not: find a parent's block in its child's hands: the two have memory of their own.
 */
#include "common.h"
#include "lives.h"
#include "loss.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* After BURSTS_FIRST bursts a thread has used its pools. LARGE is large in every build. */
enum { LARGEST = 4000, TAKEN = 400, BURST = 64, BURSTS_FIRST = 60, REST_US = 4000, COMING = 3, CHILD_THREADS = 4, ALARM_SECONDS = 20 };
#define LARGE (9 * BUILD_MIB)

static struct options options = {
    .threads = 32, .operations = 60, .categories = 2, .kind = "mixed"};
static atomic_bool ended;
static atomic_uint_fast64_t bursts;

static struct held *take(struct prng *prng, unsigned owner) {
    size_t size = prng_request(prng, LARGEST);
    unsigned category = (unsigned)prng_below(prng, options.categories);
    return held_new(corral_alloc(size, id_of(category)), size, category, owner);
}

/* Puts one new block into a box and frees what was there, whoever made it. */
static void step(struct prng *prng, unsigned owner) {
    struct held *before = box_swap((size_t)prng_below(prng, BOXES), take(prng, owner));
    if (before != NULL) {
        held_free(before);
    }
}

static void use_large(void) {
    void *block = corral_alloc(LARGE, id_of(0));
    CHECK(block != NULL, "no large block");
    corral_free(block, id_of(0));
}

/* The first thread and its children go first: else they wait for their turn among all others. */
static void stand_back(void) {
    CHECK(setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19) == 0, "no priority");
}

static void *work(void *argument) {
    unsigned owner = (unsigned)(uintptr_t)argument;
    struct prng prng = prng_for(options.seed, owner);
    while (!atomic_load_explicit(&ended, memory_order_relaxed)) {
        step(&prng, owner);
    }
    return NULL;
}

/* One of the parent's threads. It rests between its bursts, so that a few run at a time and many
 * forks meet them at any of their steps. */
static void *work_behind(void *argument) {
    unsigned owner = (unsigned)(uintptr_t)argument;
    struct prng prng = prng_for(options.seed, owner);
    stand_back();
    while (!atomic_load_explicit(&ended, memory_order_relaxed)) {
        for (unsigned i = 0; i < BURST; i++) {
            step(&prng, owner);
        }
        if (prng_below(&prng, 100) == 0) {
            use_large();
        }
        atomic_fetch_add_explicit(&bursts, 1, memory_order_relaxed);
        usleep((useconds_t)prng_below(&prng, REST_US));
    }
    return NULL;
}

static void live_briefly(uint64_t number) {
    struct prng prng = prng_for(options.seed, number);
    for (unsigned i = 0; i < TAKEN; i++) {
        step(&prng, (unsigned)number);
    }
}

/* Threads that come and go, as long as the others stay. */
static void *come_and_go(void *unused) {
    (void)unused;
    stand_back();
    struct lives lives = {.live = live_briefly, .first = 1000, .at_a_time = COMING};
    while (!atomic_load_explicit(&ended, memory_order_relaxed)) {
        lives.last = lives.first + 4 * COMING;
        lives_run(&lives);
        lives.first = lives.last;
    }
    return NULL;
}

static void allocate_anew(uint64_t number) {
    use_large();
    struct prng prng = prng_for(options.seed, ~number);
    struct held *taken[TAKEN];
    for (unsigned i = 0; i < TAKEN; i++) {
        taken[i] = take(&prng, 0);
    }
    for (unsigned i = 0; i < TAKEN; i++) {
        held_free(taken[i]);
    }
}

static void check_loss(unsigned threads) {
    corral_thread_detach();
    struct loss loss = loss_measure(LARGEST);
    CHECK(loss.lost <= loss.held + threads * loss.slack,
          "%zu KiB are lost, of %zu KiB that caches held, and %zu KiB in each thread's hands",
          loss.lost / 1024, loss.held / 1024, loss.slack / 1024);
}

/* Runs `body` in a child and awaits its end. */
static void in_child(void (*body)(uint64_t number), uint64_t number) {
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0, "no child");
    if (pid == 0) {
        alarm(ALARM_SECONDS);
        body(number);
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(pid, &status, 0) == pid, "the child is lost");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "fork %llu ends with status %#x",
          (unsigned long long)number, (unsigned)status);
}

static void live_as_grandchild(uint64_t number) {
    boxes_empty();
    allocate_anew(number);
}

static void live_as_child(uint64_t number) {
    boxes_empty();
    allocate_anew(number);
    if (!BUILD_HAS_TSAN) {
        check_loss(options.threads + COMING);
    }
    /* In the child of several threads that starts one, qemu-user fails an assertion of its own, and
     * ThreadSanitizer's allocator waits for a lock that a thread of the parent held: it says that it does not
     * support that. */
    if (number % 4 == 0 && !BUILD_IS_EMULATED && !BUILD_HAS_TSAN) {
        pthread_t threads[CHILD_THREADS];
        for (unsigned i = 0; i < CHILD_THREADS; i++) {
            void *argument = (void *)(uintptr_t)(number * CHILD_THREADS + i);
            CHECK(pthread_create(&threads[i], NULL, work, argument) == 0, "no thread in a child");
        }
        live_briefly(number);
        in_child(live_as_grandchild, number);
        atomic_store_explicit(&ended, true, memory_order_relaxed);
        for (unsigned i = 0; i < CHILD_THREADS; i++) {
            pthread_join(threads[i], NULL);
        }
        boxes_empty();
    }
}

static void start(pthread_t *threads) {
    for (unsigned i = 0; i < options.threads; i++) {
        void *argument = (void *)(uintptr_t)i;
        CHECK(pthread_create(&threads[i], NULL, work_behind, argument) == 0, "no thread");
    }
    CHECK(pthread_create(&threads[options.threads], NULL, come_and_go, NULL) == 0, "no thread");
    while (atomic_load_explicit(&bursts, memory_order_relaxed) < BURSTS_FIRST * options.threads) {
        usleep(1000);
    }
}

int main(int argc, char **argv) {
    options_read(argc, argv, &options);
    options_time_is_over(&options);
    curve_begin("forks", options.curve);
    pthread_t *threads = calloc(options.threads + 1, sizeof *threads);
    CHECK(threads != NULL, "no threads");
    start(threads);
    curve_settled();
    for (uint64_t i = 0; i < options.operations || !options_time_is_over(&options); i++) {
        in_child(live_as_child, i);
        live_briefly(i);
    }
    curve_expect_flat(16 * BUILD_MIB);
    atomic_store_explicit(&ended, true, memory_order_relaxed);
    for (unsigned i = 0; i <= options.threads; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
    boxes_check(options.categories);
    boxes_empty();
    curve_end();
    held_check_all(NULL, 0, options.categories);
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Which share of each fault of a caller's is found, and which damages the process.
 *
 * Owns:     the children, one for each try.
 * Callers:  tests/misuse/meson.build; anyone, as shares [--tries=N] [--only=FAULT].
 * Promises: a line for each fault. A fault is found where corral says so, refuses to do what would be wrong, or lets it trap at
 *           a block that the handler of the fault is told of. The process is damaged where it ends without a word, or where a block is handed out that another caller holds.
 *           Fails where a share is below what the build promises.
 * Does not: count what a fault does to the content of a block, but for damage that is seen so.
 *
 * A try: traffic of TRAFFIC allocations and frees in two categories with up to SLOTS live blocks, one fault, by each fourth
 * child on another thread; traffic again, that allocates more than it frees first; all is freed and goes home.
 */
#include "traffic.h"

#include "support/build.h"
#include "support/guards.h"

#include <misuse.h>
#include <slab.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

enum { SECONDS = 20, CRASHED = 100, FEW = 16, MANY = 500 };

/* What a child tells its parent. */
struct outcome {
    _Atomic uint64_t told;    /* misuse that was told */
    _Atomic uint32_t refused; /* what would be wrong did not come about */
    _Atomic uint32_t trapped; /* it came to a trap between guard pages */
    _Atomic uint32_t twice;   /* a block was given twice */
};
static struct outcome *outcome;

static void note_told(void) {
    uint64_t told = 0;
    for (enum misuse kind = 0; kind < MISUSE_KINDS; kind++) {
        told += corral_misuse_count(kind);
    }
    outcome->told = told;
}

static void free_twice(struct traffic *traffic, size_t others) {
    struct held victim = traffic_take_out(traffic, 1);
    corral_free(victim.block, victim.id);
    traffic_run(traffic, others);
    corral_free(victim.block, victim.id);
}

static void free_twice_at_once(struct traffic *traffic) {
    free_twice(traffic, 0);
}

static void free_twice_after_few(struct traffic *traffic) {
    free_twice(traffic, FEW);
}

static void free_twice_after_many(struct traffic *traffic) {
    free_twice(traffic, MANY);
}

static void free_with_a_wrong_id(struct traffic *traffic) {
    struct held victim = traffic_take_out(traffic, 1);
    corral_free(victim.block, victim.id + 2);
}

static void free_with_a_wrong_size(struct traffic *traffic) {
    struct held victim = traffic_take_out(traffic, 64);
    corral_free_sized(victim.block, victim.size * 2 + 64, victim.id);
}

static void free_an_interior(struct traffic *traffic) {
    struct held *victim = traffic_any(traffic, 48);
    corral_free(victim->block + 16 * (1 + traffic_random(traffic, victim->size / 16 - 1)), victim->id);
}

static void free_a_misaligned(struct traffic *traffic) {
    struct held *victim = traffic_any(traffic, 16);
    corral_free(victim->block + 1 + traffic_random(traffic, 15), victim->id);
}

static void free_of_libc(struct traffic *traffic) {
    void *block = malloc(1 + traffic_random(traffic, 5000));
    corral_free(block, TRAFFIC_ID);
    free(block);
}

static void free_of_stack(struct traffic *traffic) {
    char local[256];
    memset(local, 1, sizeof local);
    corral_free(local + traffic_random(traffic, sizeof local), TRAFFIC_ID);
}

/* In a category of its own, of whose class one block was handed out. */
static void free_what_never_was(struct traffic *traffic) {
    size_t size = 16 + traffic_random(traffic, 500);
    guards_none();
    unsigned char *block = corral_alloc(size, TRAFFIC_LONE_ID);
    struct slab *slab = slab_of(block);
    size_t bytes = slab_class(slab)->size;
    size_t at = 1 + traffic_random(traffic, slab->capacity - 1);
    size_t own = (size_t)(block - (unsigned char *)slab_start(slab)) / bytes;
    corral_free(slab_start(slab) + (own + at) % slab->capacity * bytes, TRAFFIC_LONE_ID);
    traffic_run_lone(traffic, size);
}

/* In a row: at the start, at the end, anywhere. */
static void write_after_free(struct traffic *traffic) {
    struct held victim = traffic_take_out(traffic, 16);
    size_t where = traffic_random(traffic, 3);
    size_t at = where == 0 ? 0 : where == 1 ? victim.size - 8 : traffic_random(traffic, victim.size - 8);
    corral_free(victim.block, victim.id);
    traffic_run(traffic, traffic_random(traffic, 8));
    memset(victim.block + at, (int)traffic_random(traffic, 256), where == 2 ? 1 : 8);
}

static void overflow(struct traffic *traffic, size_t bytes) {
    struct held victim = traffic_take_out(traffic, 1);
    memset(victim.block + victim.size, (int)traffic_random(traffic, 2) * 0x41, bytes);
    traffic_run(traffic, FEW);
    corral_free(victim.block, victim.id);
}

static void overflow_by_one(struct traffic *traffic) {
    overflow(traffic, 1);
}

static void overflow_by_eight(struct traffic *traffic) {
    overflow(traffic, 8);
}

/* Found: what was there is not there any more. */
static void read_after_free(struct traffic *traffic) {
    struct held victim = traffic_take_out(traffic, 16);
    size_t at = traffic_random(traffic, victim.size / 8) * 8;
    uint64_t before, after;
    memcpy(&before, victim.block + at, sizeof before);
    corral_free(victim.block, victim.id);
    memcpy(&after, victim.block + at, sizeof after);
    outcome->refused = before != after;
}

/* The least percentages that are to be found in each build: 0 where none is promised, 100 where all are. In between, by
 * chance: the test has few tries. */
static const struct fault {
    const char *name;
    void (*commit)(struct traffic *traffic);
    unsigned least, least_hardened;
} faults[] = {
    {"double free at once", free_twice_at_once, 0, 100},
    {"double free after 16 others", free_twice_after_few, 0, 90},
    {"double free after 500 others", free_twice_after_many, 0, 90},
    {"wrong id", free_with_a_wrong_id, 100, 100},
    {"wrong size", free_with_a_wrong_size, 100, 100},
    {"inside of a block", free_an_interior, 0, 100},
    {"not aligned", free_a_misaligned, 0, 100},
    {"block of the C library's malloc", free_of_libc, 100, 100},
    {"address on the stack", free_of_stack, 100, 100},
    {"never handed out", free_what_never_was, 0, 90},
    {"write after free", write_after_free, 0, 50},
    {"overflow by 1 byte", overflow_by_one, 0, 90},
    {"overflow by 8 bytes", overflow_by_eight, 0, 90},
    {"freed content is gone", read_after_free, 0, 100},
};

/* A trap at a block that is known is told to the handler. */
static void at_signal(int number, siginfo_t *info, void *context) {
    corral_guarded it;
    (void)context;
    note_told();
    outcome->trapped = number == SIGSEGV && corral_guarded_at(info->si_addr, &it, sizeof it) == 1;
    _exit(CRASHED + number);
}

struct attempt {
    const struct fault *fault;
    struct traffic *traffic;
};

static void *commit(void *argument) {
    struct attempt *attempt = argument;
    attempt->fault->commit(attempt->traffic);
    return NULL;
}

static void commit_elsewhere(struct attempt *attempt) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, commit, attempt) != 0 || pthread_join(thread, NULL) != 0) {
        _exit(1);
    }
}

static void be_child(const struct fault *fault, unsigned number) {
    static struct traffic traffic;
    struct attempt attempt = {.fault = fault, .traffic = &traffic};
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGALRM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action = {.sa_sigaction = at_signal, .sa_flags = SA_SIGINFO};
        sigaction(signals[i], &action, NULL);
    }
    alarm(SECONDS);
    if (dup2(open("/dev/null", O_WRONLY), STDERR_FILENO) < 0) {
        _exit(1);
    }
    traffic_begin(&traffic, number);
    if (number % 4 == 3) {
        commit_elsewhere(&attempt);
    } else {
        fault->commit(&traffic);
    }
    traffic_end(&traffic);
    outcome->twice = traffic.twice > 0;
    note_told();
    _exit(0);
}

struct share {
    unsigned found, damaged;
};

static bool try_once(const struct fault *fault, unsigned number, struct share *share) {
    int status;
    memset(outcome, 0, sizeof *outcome);
    pid_t child = fork();
    if (child == 0) {
        be_child(fault, number);
    }
    if (child < 0 || waitpid(child, &status, 0) != child ||
        (WIFEXITED(status) && WEXITSTATUS(status) != 0 && WEXITSTATUS(status) < CRASHED)) {
        return false;
    }
    bool ended = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    bool found = outcome->told > 0 || outcome->refused || outcome->trapped;
    share->found += found;
    share->damaged += outcome->twice || (ended && !found);
    return true;
}

/* False when it is below what is promised, or cannot be told. */
static bool judge(const struct fault *fault, unsigned tries) {
    struct share share = {.found = 0};
    for (unsigned i = 0; i < tries; i++) {
        if (!try_once(fault, i, &share)) {
            fprintf(stderr, "%s: a child could not be run\n", fault->name);
            return false;
        }
    }
    unsigned least = CORRAL_HARDENED ? fault->least_hardened : fault->least;
    bool enough = share.found * 100 >= least * tries;
    printf("| %-31s | %6.1f %% | %6.1f %% |%s\n", fault->name, 100.0 * share.found / tries,
           100.0 * share.damaged / tries, enough ? "" : " too few are found");
    fflush(stdout);
    return enough;
}

int main(int count, char **arguments) {
    unsigned tries = 40;
    const char *only = NULL;
    bool enough = true;
    for (int i = 1; i < count; i++) {
        if (strncmp(arguments[i], "--tries=", 8) == 0 && atoi(arguments[i] + 8) > 0) {
            tries = (unsigned)atoi(arguments[i] + 8);
        } else if (strncmp(arguments[i], "--only=", 7) == 0) {
            only = arguments[i] + 7;
        } else {
            fprintf(stderr, "usage: shares [--tries=N] [--only=FAULT]\n");
            return 2;
        }
    }
    outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outcome == MAP_FAILED) {
        return 2;
    }
    printf("| %-31s | found    | damaged  |   %u tries each, %s build\n", "fault", tries,
           CORRAL_HARDENED ? "hardened" : "default");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (only == NULL || strstr(faults[i].name, only) != NULL) {
            enough = judge(&faults[i], tries) && enough;
        }
    }
    return enough ? 0 : 1;
}

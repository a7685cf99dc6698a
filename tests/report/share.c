/* SPDX-License-Identifier: MIT
 *
 * Shared figures: what a reader finds of another process, of writers that were stopped or killed, and in
 * damaged files.
 *
 * Owns:     a directory of its own; every test is a process.
 * Callers:  Criterion.
 * Promises: a torn reading would break the law that categories sum up to the total, which each checks.
 * Does not: race threads (share_stress.c).
 */
#include <corral/configure.h>
#include <corral/share.h>

#include "support/check.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 8, KILLS = 40, HEADER = 128, PUBLISHED = 64, VERSION_AT = 8, CAPACITY_AT = 20, ENTRY_AT = 16,
       BUFFER_BYTES_AT = 24 };

static char directory[] = "/tmp/corral-share-XXXXXX";
static char path[64];

static void begin(void) {
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/figures", directory);
}

static void end(void) {
    unlink(path);
    cr_assert_eq(rmdir(directory), 0, "something is left");
}

TestSuite(share, .init = begin, .fini = end);

static corral_report_reader *attached(void) {
    corral_report_reader *reader = NULL;
    corral_share_status status = corral_report_attach(path, &reader);
    cr_assert_eq(status, CORRAL_SHARE_OK, "%d", (int)status);
    return reader;
}

static void expect_sums(const corral_shared_figures *figures) {
    uint64_t blocks = 0, bytes = 0;
    for (uint64_t i = 0; i < figures->count; i++) {
        blocks += figures->categories[i].stats.live_blocks;
        bytes += figures->categories[i].stats.live_bytes;
    }
    cr_assert_eq(blocks, figures->total.stats.live_blocks, "update %lu", (unsigned long)figures->sequence);
    cr_assert_eq(bytes, figures->total.stats.live_bytes);
}

static const corral_shared_category *category(const corral_shared_figures *figures, uint64_t id) {
    for (uint64_t i = 0; i < figures->count; i++) {
        if (figures->categories[i].id == id) {
            return &figures->categories[i];
        }
    }
    cr_assert_fail("no category %lu", (unsigned long)id);
    return NULL;
}

Test(share, figures_are_those_of_the_writer) {
    corral_category_options options = {.name = "net", .hard_budget = (uint64_t)1 << 26};
    cr_assert_eq(corral_category_configure(7, &options, sizeof options), CORRAL_OK);
    cr_assert_eq(corral_report_share_update(), CORRAL_SHARE_ECLOSED);
    cr_assert_eq(corral_report_share_open(path, ROOM), CORRAL_SHARE_OK);
    cr_assert_eq(corral_report_share_open(path, ROOM), CORRAL_SHARE_EBUSY);
    corral_report_reader *reader = attached();
    corral_shared_figures figures;
    cr_assert_eq(corral_report_read(reader, &figures, sizeof figures), CORRAL_SHARE_ENOTHING);
    void *blocks[] = {corral_alloc(100, 7), corral_alloc(5000, 7), corral_alloc(64, 3)};
    for (uint64_t update = 1; update < 5; update++) {
        cr_assert_eq(corral_report_share_update(), CORRAL_SHARE_OK);
        cr_assert_eq(corral_report_read(reader, &figures, sizeof figures), CORRAL_SHARE_OK);
        corral_stats stats;
        corral_category_stats(7, &stats, sizeof stats);
        cr_assert_eq(figures.sequence, update);
        cr_assert_eq(figures.process, (uint64_t)getpid());
        cr_assert(figures.count == 2 && figures.omitted == 0 && figures.unfinished == 0);
        const corral_shared_category *seven = category(&figures, 7);
        cr_assert_str_eq(seven->name, "net");
        cr_assert_eq(seven->hard_budget, options.hard_budget);
        cr_assert_eq(memcmp(&seven->stats, &stats, sizeof stats), 0);
        cr_assert_eq(figures.total.stats.live_blocks, 3);
        expect_sums(&figures);
    }
    cr_assert_eq(corral_report_share_close(), CORRAL_SHARE_OK);
    cr_assert_eq(corral_report_share_close(), CORRAL_SHARE_ECLOSED);
    cr_assert_eq(access(path, F_OK), -1);
    cr_assert_eq(corral_report_read(reader, &figures, sizeof figures), CORRAL_SHARE_OK, "what was attached stays");
    corral_report_detach(reader);
    for (size_t i = 0; i < 3; i++) {
        corral_free(blocks[i], i < 2 ? 7 : 3);
    }
}

Test(share, categories_without_room_are_counted) {
    cr_assert_eq(corral_report_share_open(path, 2), CORRAL_SHARE_OK);
    void *blocks[5];
    for (uint32_t id = 0; id < 5; id++) {
        blocks[id] = corral_alloc(10, id % 3);
    }
    cr_assert_eq(corral_report_share_update(), CORRAL_SHARE_OK);
    corral_report_reader *reader = attached();
    corral_shared_figures figures;
    cr_assert_eq(corral_report_read(reader, &figures, sizeof figures), CORRAL_SHARE_OK);
    cr_assert_eq(figures.count + figures.omitted, figures.total.stats.categories);
    cr_assert(figures.count <= 2 && figures.total.stats.live_blocks == 5);
    corral_report_detach(reader);
    for (uint32_t id = 0; id < 5; id++) {
        corral_free(blocks[id], id % 3);
    }
    cr_assert_eq(corral_report_share_close(), CORRAL_SHARE_OK);
}

/* Another process, whose blocks come and go; of one category more than of the other. A file that a writer
 * before it left behind goes first: nothing would ever come in that. */
static pid_t start_writer(void) {
    unlink(path);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        void *blocks[60] = {NULL};
        CHECK(corral_report_share_open(path, ROOM) == CORRAL_SHARE_OK, "cannot open");
        for (size_t i = 0;; i = (i + 1) % 60) {
            corral_free(blocks[i], i % 3 ? 1 : 2);
            blocks[i] = corral_alloc(i * 50, i % 3 ? 1 : 2);
            CHECK(corral_report_share_update() == CORRAL_SHARE_OK, "no update");
        }
    }
    struct timespec moment = {.tv_nsec = 1000000};
    corral_report_reader *reader = NULL;
    while (corral_report_attach(path, &reader) != CORRAL_SHARE_OK) {
        nanosleep(&moment, NULL);
    }
    corral_shared_figures figures;
    while (corral_report_read(reader, &figures, sizeof figures) == CORRAL_SHARE_ENOTHING) {
        nanosleep(&moment, NULL);
    }
    corral_report_detach(reader);
    return child;
}

static void end_writer(pid_t child) {
    int status;
    kill(child, SIGKILL);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended before");
}

Test(share, of_another_process, .timeout = 100) {
    pid_t child = start_writer();
    corral_report_reader *reader = attached();
    corral_shared_figures figures;
    uint64_t before = 0, moved = 0;
    while (moved < 100) {
        corral_share_status status = corral_report_read(reader, &figures, sizeof figures);
        cr_assert(status == CORRAL_SHARE_OK || status == CORRAL_SHARE_EOLD, "%d", (int)status);
        cr_assert_eq(figures.process, (uint64_t)child);
        cr_assert_geq(figures.sequence, before);
        moved += figures.sequence > before;
        before = figures.sequence;
        expect_sums(&figures);
    }
    corral_report_detach(reader);
    end_writer(child);
}

/* Stopped at any point, then killed there: the last whole update is found both times, at once. */
Test(share, of_a_writer_that_is_stopped_and_killed, .timeout = 100) {
    int unfinished = 0;
    /* Where the machine is busy, many are stopped between two updates. */
    for (int i = 0; i < KILLS || (unfinished == 0 && i < 25 * KILLS); i++) {
        pid_t child = start_writer();
        int status;
        corral_report_reader *reader = attached();
        corral_shared_figures stopped, killed;
        kill(child, SIGSTOP);
        cr_assert_eq(waitpid(child, &status, WUNTRACED), child);
        cr_assert(WIFSTOPPED(status));
        cr_assert_eq(corral_report_read(reader, &stopped, sizeof stopped), CORRAL_SHARE_OK);
        expect_sums(&stopped);
        unfinished += stopped.unfinished != 0;
        end_writer(child);
        cr_assert_eq(corral_report_read(reader, &killed, sizeof killed), CORRAL_SHARE_OK);
        expect_sums(&killed);
        cr_assert_eq(killed.sequence, stopped.sequence);
        cr_assert_eq(killed.unfinished, stopped.unfinished);
        corral_report_detach(reader);
    }
    cr_assert_gt(unfinished, 0, "none was stopped in the middle");
}

Test(share, the_child_of_a_fork_writes_nothing) {
    cr_assert_eq(corral_report_share_open(path, ROOM), CORRAL_SHARE_OK);
    pid_t child = fork();
    if (child == 0) {
        _exit(corral_report_share_update() == CORRAL_SHARE_ECLOSED &&
                      corral_report_share_close() == CORRAL_SHARE_ECLOSED
                  ? 0
                  : 1);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_assert_eq(access(path, F_OK), 0, "it is the parent's");
    cr_assert_eq(corral_report_share_close(), CORRAL_SHARE_OK);
}

static void poke(uint64_t offset, const void *bytes, size_t size) {
    int file = open(path, O_RDWR);
    cr_assert(file >= 0 && pwrite(file, bytes, size, (off_t)offset) == (ssize_t)size);
    close(file);
}

static uint64_t peek(uint64_t offset) {
    uint64_t word = 0;
    int file = open(path, O_RDONLY);
    cr_assert(file >= 0 && pread(file, &word, sizeof word, (off_t)offset) == (ssize_t)sizeof word);
    close(file);
    return word;
}

static void expect_refused(corral_share_status expected) {
    corral_report_reader *reader = NULL;
    corral_share_status status = corral_report_attach(path, &reader);
    cr_assert(status == expected && reader == NULL, "%d, not %d", (int)status, (int)expected);
}

Test(share, damaged_headers_are_refused) {
    cr_assert_eq(corral_report_share_open(path, ROOM), CORRAL_SHARE_OK);
    cr_assert_eq(corral_report_share_update(), CORRAL_SHARE_OK);
    struct {
        uint64_t offset;
        uint32_t value;
        corral_share_status status;
    } const faults[] = {
        {0, 7, CORRAL_SHARE_EFORMAT},
        {VERSION_AT, CORRAL_SHARE_VERSION + 1, CORRAL_SHARE_EVERSION},
        {VERSION_AT + 4, 127, CORRAL_SHARE_EDAMAGED},
        {ENTRY_AT, 0, CORRAL_SHARE_EDAMAGED},
        {ENTRY_AT, 0xfffffff8, CORRAL_SHARE_EDAMAGED},
        {ENTRY_AT, 8, CORRAL_SHARE_EDAMAGED},
        {CAPACITY_AT, 0, CORRAL_SHARE_EDAMAGED},
        {CAPACITY_AT, 0xffffffff, CORRAL_SHARE_EDAMAGED},
        {CAPACITY_AT, ROOM + 1, CORRAL_SHARE_EDAMAGED},
        {BUFFER_BYTES_AT, 1, CORRAL_SHARE_EDAMAGED},
        {BUFFER_BYTES_AT + 4, 0x7fffffff, CORRAL_SHARE_EDAMAGED},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        uint64_t was = peek(faults[i].offset);
        poke(faults[i].offset, &faults[i].value, sizeof faults[i].value);
        expect_refused(faults[i].status);
        poke(faults[i].offset, &was, sizeof was);
    }
    corral_report_detach(attached());
    cr_assert_eq(corral_report_share_close(), CORRAL_SHARE_OK);
}

/* Cut off at every length, before a reader comes and while it is there. */
Test(share, files_that_are_cut_off) {
    cr_assert_eq(corral_report_share_open(path, 1), CORRAL_SHARE_OK);
    cr_assert_eq(corral_report_share_update(), CORRAL_SHARE_OK);
    cr_assert_eq(corral_report_share_update(), CORRAL_SHARE_OK);
    off_t whole = HEADER + (off_t)peek(BUFFER_BYTES_AT) + 16;
    char copy[sizeof path + 8];
    snprintf(copy, sizeof copy, "%s.old", path);
    cr_assert_eq(rename(path, copy), 0);
    int from = open(copy, O_RDONLY);
    struct stat status;
    cr_assert_eq(fstat(from, &status), 0);
    char *bytes = malloc((size_t)status.st_size);
    cr_assert_eq(read(from, bytes, (size_t)status.st_size), (ssize_t)status.st_size);
    corral_shared_figures figures;
    for (off_t length = 0; length < status.st_size; length++) {
        int to = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        cr_assert_eq(write(to, bytes, (size_t)status.st_size), (ssize_t)status.st_size);
        corral_report_reader *reader = attached();
        cr_assert_eq(ftruncate(to, length), 0);
        corral_share_status read = corral_report_read(reader, &figures, sizeof figures);
        /* Update 2 is in the first buffer; of the other one, two numbers are read. */
        cr_assert_eq(read, length < whole ? CORRAL_SHARE_EDAMAGED : CORRAL_SHARE_OK, "at %ld: %d", (long)length,
                     (int)read);
        corral_report_detach(reader);
        expect_refused(length < 8 ? CORRAL_SHARE_EFORMAT : CORRAL_SHARE_EDAMAGED);
        close(to);
    }
    free(bytes);
    close(from);
    unlink(copy);
}

/* What a stopped writer leaves, word by word. */
Test(share, buffers_that_are_not_whole) {
    cr_assert_eq(corral_report_share_open(path, ROOM), CORRAL_SHARE_OK);
    corral_report_reader *reader = attached();
    corral_shared_figures figures;
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(corral_report_share_update(), CORRAL_SHARE_OK);
    }
    uint64_t even = HEADER, odd = HEADER + peek(BUFFER_BYTES_AT), five = 5, huge = UINT64_MAX;
    poke(odd, &five, sizeof five);
    cr_assert_eq(corral_report_read(reader, &figures, sizeof figures), CORRAL_SHARE_OK);
    cr_assert(figures.sequence == 4 && figures.unfinished == 1);
    poke(even, &five, sizeof five);
    cr_assert_eq(corral_report_read(reader, &figures, sizeof figures), CORRAL_SHARE_EOLD);
    cr_assert_eq(figures.sequence, 4);
    corral_report_reader *second = attached();
    cr_assert_eq(corral_report_read(second, &figures, sizeof figures), CORRAL_SHARE_ENOTHING);
    corral_report_detach(second);
    uint64_t four = 4;
    poke(even, &four, sizeof four);
    poke(even + 24, &huge, sizeof huge);
    cr_assert_eq(corral_report_read(reader, &figures, sizeof figures), CORRAL_SHARE_EDAMAGED, "count");
    corral_report_detach(reader);
    cr_assert_eq(corral_report_share_close(), CORRAL_SHARE_OK);
}

Test(share, bad_arguments_and_what_is_in_the_way) {
    char longest[400];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    corral_report_reader *reader = NULL;
    cr_assert_eq(corral_report_share_open(NULL, 1), CORRAL_SHARE_EINVAL);
    cr_assert_eq(corral_report_share_open("", 1), CORRAL_SHARE_EINVAL);
    cr_assert_eq(corral_report_share_open("..", 1), CORRAL_SHARE_EINVAL);
    cr_assert_eq(corral_report_share_open(longest, 1), CORRAL_SHARE_EINVAL);
    cr_assert_eq(corral_report_share_open(path, 0), CORRAL_SHARE_EINVAL);
    cr_assert_eq(corral_report_share_open(path, CORRAL_SHARE_CATEGORIES + 1), CORRAL_SHARE_EINVAL);
    cr_assert_eq(corral_report_share_open("/nowhere/at all", 1), CORRAL_SHARE_EFILE);
    cr_assert_eq(corral_report_attach(path, NULL), CORRAL_SHARE_EINVAL);
    expect_refused(CORRAL_SHARE_EFILE);
    cr_assert_eq(errno, ENOENT);
    cr_assert_eq(corral_report_attach("/tmp/", &reader), CORRAL_SHARE_EFORMAT);
    cr_assert_eq(corral_report_read(NULL, NULL, 0), CORRAL_SHARE_EINVAL);
    int file = open(path, O_RDWR | O_CREAT, 0600);
    cr_assert_eq(write(file, "a diary, not figures", 20), 20);
    close(file);
    cr_assert_eq(corral_report_share_open(path, 1), CORRAL_SHARE_EFORMAT);
    expect_refused(CORRAL_SHARE_EFORMAT);
    cr_assert_eq(peek(0) & 0xff, 'a', "it is as it was");
}

/* A name is given to the next writer; the first one's end leaves it alone. */
Test(share, the_next_writer_takes_the_name) {
    pid_t child = start_writer();
    corral_report_reader *old = attached();
    cr_assert_eq(corral_report_share_open(path, ROOM), CORRAL_SHARE_OK);
    cr_assert_eq(corral_report_share_update(), CORRAL_SHARE_OK);
    end_writer(child);
    corral_report_reader *reader = attached();
    corral_shared_figures figures;
    cr_assert_eq(corral_report_read(reader, &figures, sizeof figures), CORRAL_SHARE_OK);
    cr_assert_eq(figures.process, (uint64_t)getpid());
    cr_assert_eq(corral_report_read(old, &figures, sizeof figures), CORRAL_SHARE_OK);
    cr_assert_eq(figures.process, (uint64_t)child);
    corral_report_detach(reader);
    corral_report_detach(old);
    cr_assert_eq(corral_report_share_close(), CORRAL_SHARE_OK);
}

/* SPDX-License-Identifier: MIT
 *
 * Tests of the traces: what is written reads back, and what is damaged is refused.
 *
 * Owns:     a file at the path that it is given.
 * Callers:  meson test.
 * Promises: exit code 0 and "0 failed" only when all expectations hold.
 * Does not: need a recorded trace.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { STEPS = 5000, LIVE = 64 };

static int passed;
static int failed;

static void expect(bool holds, const char *what) {
    if (holds) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "expected: %s\n", what);
    }
}

static uint32_t draw(uint64_t *state, uint32_t below) {
    *state = *state * UINT64_C(6364136223846793005) + 1;
    return (uint32_t)(*state >> 33) % below;
}

static void add(struct trace *self, enum trace_kind kind, uint32_t block, uint32_t thread,
                uint32_t id, uint32_t size) {
    self->steps[self->count++] =
        (struct trace_step){block, size, (uint16_t)thread, (uint8_t)id, (uint8_t)kind};
    self->blocks += trace_allocates(kind);
    self->largest = size > self->largest ? size : self->largest;
}

/* A lawful trace in which any thread allocates, resizes and frees any block. */
static void fill(struct trace *self, struct trace_step *steps, uint32_t threads, uint32_t ids) {
    struct trace_step live[LIVE];
    uint32_t alive = 0;
    uint64_t random = threads;
    *self = (struct trace){.threads = threads, .ids = ids, .steps = steps};
    for (uint32_t id = 0; id < ids; id++) {
        self->id[id] = draw(&random, UINT32_MAX);
    }
    while (self->count < STEPS - LIVE || alive != 0) {
        const uint32_t dice = self->count < STEPS - LIVE ? draw(&random, 8) : 7;
        const uint32_t thread = draw(&random, threads);
        const uint32_t size = draw(&random, 1u << draw(&random, 32));
        const uint32_t which = alive == 0 ? 0 : draw(&random, alive);
        if ((dice < 4 || alive == 0) && alive < LIVE) {
            add(self, dice % 2 == 0 ? TRACE_ALLOC : TRACE_ZEROED, self->blocks, thread,
                draw(&random, ids), size);
            live[alive++] = self->steps[self->count - 1];
        } else if (dice == 4) {
            add(self, TRACE_RESIZE, live[which].block, thread, live[which].id, size);
        } else {
            add(self, TRACE_FREE, live[which].block, thread, live[which].id, 0);
            live[which] = live[--alive];
        }
    }
}

/* Field by field: a step may have bytes between them. */
static bool same(const struct trace *one, const struct trace *other) {
    bool same = one->threads == other->threads && one->ids == other->ids &&
                one->largest == other->largest && one->count == other->count &&
                one->blocks == other->blocks &&
                memcmp(one->id, other->id, one->ids * sizeof *one->id) == 0;
    for (uint32_t i = 0; same && i < one->count; i++) {
        const struct trace_step *left = &one->steps[i];
        const struct trace_step *right = &other->steps[i];
        same = left->block == right->block && left->size == right->size &&
               left->thread == right->thread && left->id == right->id && left->kind == right->kind;
    }
    return same;
}

static void test_round_trip(struct trace_step *steps, uint32_t threads, uint32_t ids) {
    struct trace trace;
    struct trace back;
    char error[TRACE_ERROR];
    size_t size = 0;
    fill(&trace, steps, threads, ids);
    expect(trace_check(&trace, error), "a lawful trace");
    uint8_t *bytes = trace_encode(&trace, &size, error);
    const bool read = bytes != NULL && trace_decode(&back, bytes, size, error);
    expect(read && same(&trace, &back), "what was written");
    if (read) {
        trace_release(&back);
    }
    free(bytes);
}

static void test_nothing(void) {
    struct trace trace = {.threads = 1, .ids = 1, .id = {7}};
    struct trace back;
    char error[TRACE_ERROR];
    size_t size = 0;
    uint8_t *bytes = trace_encode(&trace, &size, error);
    expect(bytes != NULL && trace_decode(&back, bytes, size, error) && same(&trace, &back),
           "a trace without steps");
    free(bytes);
}

static void test_file(struct trace_step *steps, const char *path) {
    struct trace trace;
    struct trace back;
    char error[TRACE_ERROR];
    fill(&trace, steps, 5, 3);
    expect(trace_write(&trace, path, error), "a file");
    expect(trace_read_head(&back, path, error) && back.threads == 5 && back.steps == NULL &&
               back.count == trace.count,
           "its head");
    const bool read = trace_read(&back, path, error);
    expect(read && same(&trace, &back), "its steps");
    if (read) {
        trace_release(&back);
    }
    trace.steps[0].kind = TRACE_FREE;
    expect(!trace_write(&trace, path, error), "no file of an unlawful trace");
    expect(!trace_read(&back, "/nonexistent/trace", error) && strstr(error, "cannot be read"),
           "no trace where there is no file");
    expect(remove(path) == 0, "a file to remove");
}

static void expect_refused(const uint8_t *bytes, size_t size, const char *reason,
                           const char *what) {
    struct trace back;
    char error[TRACE_ERROR] = "";
    const bool read = trace_decode(&back, bytes, size, error);
    expect(!read && back.steps == NULL && strstr(error, reason) != NULL, what);
    if (read || strstr(error, reason) == NULL) {
        fprintf(stderr, "  found: %s\n", read ? "a trace" : error);
    }
}

/* Every shorter file, and every file with one bit changed. Of the zstd frame a decoder ignores a
 * few bits: then the trace must be the same. */
static void test_damage(struct trace_step *steps) {
    enum { SOME = 40, HEAD = 40 };
    struct trace trace;
    struct trace back;
    char error[TRACE_ERROR];
    size_t size = 0;
    bool refused = true;
    bool found = true;
    fill(&trace, steps, 3, 2);
    uint8_t *bytes = trace_encode(&trace, &size, error);
    for (size_t length = 0; length < size; length += length < HEAD ? 1 : SOME) {
        refused &= !trace_decode(&back, bytes, length, error);
    }
    expect(refused, "no trace in a file that was cut short");
    refused = true;
    for (size_t bit = 0; bit < size * 8; bit += bit < HEAD * 8 ? 1 : SOME + 1) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const bool read = trace_decode(&back, bytes, size, error);
        refused &= !read || bit >= HEAD * 8;
        found &= !read || same(&trace, &back);
        if (read) {
            trace_release(&back);
        }
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    expect(refused, "no trace with a damaged head");
    expect(found, "no other trace in a damaged file");
    bytes[0] ^= 1;
    expect_refused(bytes, size, "not a trace", "bad magic to be named");
    bytes[0] ^= 1;
    bytes[8] = 2;
    expect_refused(bytes, size, "version 2, where 1 can be read", "the version to be named");
    bytes[8] = 1;
    expect_refused(bytes, HEAD - 1, "truncated", "a short head to be named");
    expect_refused(bytes, size - 1, "truncated", "a short body to be named");
    free(bytes);
}

/* Where trace.h says that the number of blocks, the body's size and the body stand. */
enum { BLOCKS = 28, BODY_SIZE = 32, BODY = 40, ROOM = 1 << 18 };

/* Puts another body into a file; returns the size of the file. */
static size_t put_body(uint8_t file[ROOM], const uint8_t *body, size_t size) {
    for (int i = 0; i < 8; i++) {
        file[BODY_SIZE + i] = (uint8_t)(size >> (8 * i));
    }
    return BODY + ZSTD_compress(file + BODY, ROOM - BODY, body, size, 1);
}

/* How many of the bodies with one damaged byte are refused, or still are what a program can have
 * done. No checksum tells of the damage. */
static void try_bodies(uint8_t *file, uint8_t *body, size_t length, int tries) {
    struct trace back;
    char error[TRACE_ERROR];
    uint64_t random = 1;
    int refused = 0;
    int lawful = 0;
    for (int i = 0; i < tries; i++) {
        const size_t at = draw(&random, (uint32_t)length);
        const uint8_t bits = (uint8_t)(1 + draw(&random, 255));
        body[at] ^= bits;
        if (!trace_decode(&back, file, put_body(file, body, length), error)) {
            refused++;
        } else {
            lawful += trace_check(&back, error);
            trace_release(&back);
        }
        body[at] ^= bits;
    }
    expect(refused + lawful == tries && refused > lawful, "damaged bodies to be refused");
}

static void test_body(struct trace_step *steps) {
    static uint8_t file[ROOM];
    static uint8_t body[ROOM];
    struct trace trace;
    struct trace back;
    char error[TRACE_ERROR];
    size_t size = 0;
    fill(&trace, steps, 3, 2);
    uint8_t *bytes = trace_encode(&trace, &size, error);
    const size_t length = ZSTD_decompress(body, ROOM - 1, bytes + BODY, size - BODY);
    memcpy(file, bytes, BODY);
    free(bytes);
    try_bodies(file, body, length, 4000);
    expect(trace_decode(&back, file, put_body(file, body, length), error) && same(&trace, &back),
           "the whole body");
    trace_release(&back);
    expect_refused(file, put_body(file, body, length - 1), "damaged", "a body cut short");
    expect_refused(file, put_body(file, body, length + 1), "damaged", "a body with one more byte");
}

/* A file by hand, as trace.h says it is: thread 0 allocates 300 bytes and then 8, thread 1 resizes
 * the older one to 5 and frees both, the newer one first. The last of the body's bytes may be left
 * out or go on. */
static size_t put_by_hand(uint8_t file[ROOM], size_t left_out, bool goes_on) {
    static const uint8_t head[BODY] = {'c', 'o', 'r', 'r', 'a', 'l', 0, 'T', 1, 0,  0,
                                       0,   2,   0,   0,   0,   2,   0, 0,   0, 44, 1,
                                       0,   0,   5,   0,   0,   0,   2, 0,   0, 0};
    const uint8_t body[] = {4,
                            7,
                            0x80,
                            0x80,
                            1, /* ids: 7, 16384 */
                            4,
                            0,
                            2,
                            1,
                            3, /* turns: thread 0 twice, thread 1 three times */
                            2,
                            0,
                            5, /* kinds: alloc of id 0, zeroed alloc of id 1 */
                            3,
                            0xAC,
                            2,
                            8, /* sizes: 300, 8 */
                            0, /* blocks: none named */
                            3,
                            2,
                            3,
                            3, /* kinds: resize, free, free */
                            1,
                            5,                      /* sizes: 5 */
                            (uint8_t)(6 + goes_on), /* blocks of thread 0: */
                            1,
                            0,
                            1,
                            0,
                            1,
                            3,
                            0}; /* place 0, then 1, then two back from 2 */
    memcpy(file, head, sizeof head);
    return put_body(file, body, sizeof body - !goes_on - left_out);
}

static void test_by_hand(void) {
    static uint8_t file[ROOM];
    struct trace_step steps[] = {{0, 300, 0, 0, TRACE_ALLOC},
                                 {1, 8, 0, 1, TRACE_ZEROED},
                                 {0, 5, 1, 0, TRACE_RESIZE},
                                 {1, 0, 1, 1, TRACE_FREE},
                                 {0, 0, 1, 0, TRACE_FREE}};
    const struct trace wanted = {.threads = 2,
                                 .ids = 2,
                                 .id = {7, 16384},
                                 .largest = 300,
                                 .count = 5,
                                 .blocks = 2,
                                 .steps = steps};
    struct trace back;
    char error[TRACE_ERROR];
    const bool read = trace_decode(&back, file, put_by_hand(file, 0, false), error);
    expect(read && same(&back, &wanted), "the steps of a file made by hand");
    if (read) {
        trace_release(&back);
    }
    expect_refused(file, put_by_hand(file, 1, false), "damaged", "a body cut short");
    expect_refused(file, put_by_hand(file, 0, true), "there is more than the steps",
                   "a column that goes on");
    const size_t size = put_by_hand(file, 0, false);
    file[BLOCKS] = 1;
    expect_refused(file, size, "of more than 1 blocks", "blocks that the head does not count");
}

/* The steps, on two threads with one id of two, make a file that must be refused for the reason. */
static void expect_impossible(const struct trace_step *steps, uint32_t count, const char *reason) {
    struct trace trace = {.threads = 2, .ids = 2, .count = count};
    struct trace_step copy[8];
    char error[TRACE_ERROR];
    size_t size = 0;
    memcpy(copy, steps, count * sizeof *steps);
    trace.steps = copy;
    for (uint32_t i = 0; i < count; i++) {
        trace.blocks += trace_allocates((enum trace_kind)steps[i].kind);
        trace.largest = steps[i].size > trace.largest ? steps[i].size : trace.largest;
    }
    uint8_t *bytes = trace_encode(&trace, &size, error);
    expect_refused(bytes, size, reason, reason);
    free(bytes);
}

static void test_impossible(void) {
    const struct trace_step alloc = {0, 8, 0, 0, TRACE_ALLOC};
    const struct trace_step release = {0, 0, 1, 0, TRACE_FREE};
    const struct trace_step resize = {0, 9, 1, 0, TRACE_RESIZE};
    const struct trace_step no_id = {0, 8, 0, 2, TRACE_ALLOC};
    const struct trace_step own = {0, 0, 0, 0, TRACE_FREE};
    expect_impossible((const struct trace_step[]){alloc, release, release}, 3,
                      "impossible operation: step 2 is of a block that was freed before");
    expect_impossible((const struct trace_step[]){alloc, release, resize}, 3,
                      "impossible operation: step 2 is of a block that was freed before");
    expect_impossible((const struct trace_step[]){alloc, resize}, 2,
                      "impossible operation: 1 blocks are never freed");
    expect_impossible((const struct trace_step[]){no_id, release}, 2,
                      "impossible operation: step 0 is with no memory type id");
    expect_impossible((const struct trace_step[]){own, alloc}, 2,
                      "impossible operation: step 0 names nothing there is");
    expect_impossible((const struct trace_step[]){release, alloc}, 2,
                      "impossible operation: step 0 names nothing there is");
}

int main(int count, char **arguments) {
    static struct trace_step steps[STEPS + LIVE];
    if (count != 2) {
        fprintf(stderr, "usage: trace-test FILE\n");
        return 2;
    }
    test_round_trip(steps, 1, 1);
    test_round_trip(steps, 7, 5);
    test_round_trip(steps, TRACE_THREADS, TRACE_IDS);
    test_nothing();
    test_file(steps, arguments[1]);
    test_damage(steps);
    test_body(steps);
    test_by_hand();
    test_impossible();
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

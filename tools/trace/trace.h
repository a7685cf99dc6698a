/* SPDX-License-Identifier: MIT
 *
 * A trace: what programs asked of an allocator, in order, and the file that keeps it.
 *
 * Owns:     the steps in memory, and the format of the file, which is stated below.
 * Callers:  the recorder of the game server, the replay of the benchmarks, trace_info. Any thread,
 *           each trace by one thread at a time; a trace that nobody changes may be read by all.
 * Promises: what is written reads back equal. A file that is damaged, cut short, of another version
 *           or that says what no program can have done is refused with one line that says why.
 *           Reading takes its memory from the OS, never from malloc, which may be the allocator
 *           that is measured.
 * Does not: know addresses or contents of blocks, or times.
 *
 * The law of a trace: each block is allocated once, then resized any number of times, then freed
 * once, by whatever threads. Its steps stand in the order in which they happened, and so do those
 * of each thread. Blocks are numbered from 0 in the order of their allocation.
 *
 * The file. All numbers of fixed width are little-endian; a varint has 7 bits in each byte, the
 * lowest first, and the top bit is set in all bytes but the last. No varint is above 2^64 - 1.
 *
 *   offset  bytes  what
 *        0      8  "corral\0T"
 *        8      4  version, 1
 *       12      4  threads, 1 to TRACE_THREADS
 *       16      4  memory type ids, 1 to TRACE_IDS
 *       20      4  the largest size of a step
 *       24      4  steps, up to TRACE_STEPS
 *       28      4  blocks
 *       32      8  bytes of the body before compression
 *       40      -  the body as one zstd frame with its checksum, up to the end of the file
 *
 * The body is a sequence of columns. Each begins with its number of bytes as a varint.
 *
 *   ids                  one varint for each memory type id
 *   turns                varints in pairs: a thread, and how many steps in a row are its
 *   for each thread
 *     kinds              one byte for each of its steps: the kind, and above it in 6 bits the
 *                        number of the id where the step allocates, else 0
 *     sizes              one varint for each step that is not a free
 *     blocks             for each step that does not allocate, which block it is of, see below
 *
 * A block is named by who allocated it and by its place among the blocks of that thread. One of
 * the thread's own is a varint of twice its age: 1 for the last that it allocated, 2 for the one
 * before. Another thread's is two varints: twice that thread's number, plus 1; then the place as a
 * difference from the one after the last that was taken from that thread by this one, with the sign
 * in the lowest bit (0, -1, 1, -2 ... are 0, 1, 2, 3 ...).
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRACE_VERSION = 1,
    TRACE_THREADS = 64,
    TRACE_IDS = 64, /* what 6 bits tell apart */
    TRACE_STEPS = 1 << 28,
    TRACE_ERROR = 160 /* bytes of the longest reason, with its end */
};

/* 2 bits. */
enum trace_kind { TRACE_ALLOC, TRACE_ZEROED, TRACE_RESIZE, TRACE_FREE };

struct trace_step {
    uint32_t block;
    uint32_t size;   /* asked for; 0 for a free */
    uint16_t thread; /* below threads */
    uint8_t id;      /* that of the block, below ids */
    uint8_t kind;    /* enum trace_kind */
};

struct trace {
    uint32_t threads;
    uint32_t ids;
    uint32_t id[TRACE_IDS]; /* the memory type ids, in the order of their numbers */
    uint32_t largest;       /* size of all steps */
    uint32_t count;         /* of steps */
    uint32_t blocks;
    struct trace_step *steps;
};

/* What the head of a file says, before its body is read. `steps` stays NULL. */
bool trace_read_head(struct trace *self, const char *path, char error[TRACE_ERROR]);

/* Reads a file. False with the reason when it is not a whole and lawful trace. */
bool trace_read(struct trace *self, const char *path, char error[TRACE_ERROR]);

/* The same, of a file that is in memory. */
bool trace_decode(struct trace *self, const uint8_t *bytes, size_t size, char error[TRACE_ERROR]);

/* Gives the memory of a trace that was read back to the OS. */
void trace_release(struct trace *self);

/* Whether the law holds, and `largest`, `blocks` and all numbers are right; else the reason. */
bool trace_check(const struct trace *self, char error[TRACE_ERROR]);

/* Makes the bytes of a file, to be given back with free(). Of the law it needs only that blocks are
 * numbered in order and named by no step before the one that allocates them. NULL with the reason
 * when there is no memory. */
uint8_t *trace_encode(const struct trace *self, size_t *size, char error[TRACE_ERROR]);

/* Checks the trace and writes the file. */
bool trace_write(const struct trace *self, const char *path, char error[TRACE_ERROR]);

/* Whether a step makes a new block. */
static inline bool trace_allocates(enum trace_kind kind) {
    return kind == TRACE_ALLOC || kind == TRACE_ZEROED;
}

#endif

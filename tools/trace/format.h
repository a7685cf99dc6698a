/* SPDX-License-Identifier: MIT
 *
 * What writing and reading share: the head's layout, and the memory they work with.
 *
 * Owns:     the constants of the format in trace.h, by name.
 * Callers:  encode.c, decode.c, check.c.
 * Promises: memory comes zeroed from the OS and may be given back whole.
 * Does not: belong to what users of a trace include.
 */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include "trace.h"

#include <stdio.h>
#include <sys/mman.h>

enum { MAGIC_BYTES = 8, HEAD_BYTES = 40, KIND_BITS = 2, KIND_MASK = 3, VARINT_BYTES = 10 };
enum head_field {
    HEAD_VERSION = 8,
    HEAD_THREADS = 12,
    HEAD_IDS = 16,
    HEAD_LARGEST = 20,
    HEAD_STEPS = 24,
    HEAD_BLOCKS = 28,
    HEAD_BODY = 32
};

#define MAGIC "corral\0T"

/* The most bytes of a step in all columns: a turn, a kind, a size and another thread's block. Ten
 * more for each id and column hold their numbers. No honest body is longer. */
#define BODY_LIMIT(steps)                                                                          \
    ((uint64_t)(steps) * (2 * VARINT_BYTES + 1 + 3 * VARINT_BYTES) +                               \
     VARINT_BYTES * (TRACE_IDS + 3 * TRACE_THREADS + 2))

/* Puts the reason where the caller asked for it, and is false. */
#define REFUSE(error, ...) (snprintf((error), TRACE_ERROR, __VA_ARGS__), false)

/* NULL when there is none; one byte more than asked for, so that 0 bytes are some. */
static inline void *memory_take(size_t size) {
    void *memory = mmap(NULL, size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static inline void memory_give(void *memory, size_t size) {
    if (memory != NULL) {
        munmap(memory, size + 1);
    }
}

#endif

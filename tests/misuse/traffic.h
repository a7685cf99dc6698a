/* SPDX-License-Identifier: MIT
 *
 * traffic: allocations and frees around a fault, as a program makes them.
 *
 * Owns:     what is live, and where.
 * Callers:  shares.c, one thread at a time.
 * Promises: the same for the same number. A block that overlaps one that is live is counted.
 * Does not: look at the content of blocks.
 */
#ifndef CORRAL_TESTS_MISUSE_TRAFFIC_H
#define CORRAL_TESTS_MISUSE_TRAFFIC_H

#include <corral/corral.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The categories: two that the traffic is of, two that are others' ids, and a lone one. */
enum { TRAFFIC_ID = 5, TRAFFIC_LONE_ID = 11, SLOTS = 200, TRAFFIC = 1500, SIZES = 8 };

struct held {
    unsigned char *block; /* NULL: none */
    size_t size;
    uint32_t id;
};

struct traffic {
    struct held slots[SLOTS];
    size_t sizes[SIZES]; /* those that this traffic is of, now and then another */
    uint64_t random;
    size_t twice; /* blocks that overlapped another one */
};

/* A number below a bound, which is above 0. */
size_t traffic_random(struct traffic *traffic, size_t bound);
/* The first part, after which about half of the slots have a block. number: of the try. */
void traffic_begin(struct traffic *traffic, unsigned number);
/* So many steps, each an allocation or a free. */
void traffic_run(struct traffic *traffic, size_t steps);
/* Allocates and frees many blocks of a size in the lone category. */
void traffic_run_lone(struct traffic *traffic, size_t size);
/* The last part: at its end nothing is live, and what the thread has is home. */
void traffic_end(struct traffic *traffic);
/* A live block of at least so many bytes, which the caller may free; or only use. */
struct held traffic_take_out(struct traffic *traffic, size_t least);
struct held *traffic_any(struct traffic *traffic, size_t least);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What the stress mains share: options, the ids, and blocks that are held and watched.
 *
 * Owns:     the boxes through which threads hand blocks over.
 * Callers:  the mains. Who holds a struct held may use it; handing it over passes that on.
 * Promises: the first line of a main is its seed and its options, enough to run it again.
 *           A box orders what its sender did before what its receiver does, and nothing else; the
 *           shadow model orders nothing.
 * Does not: decide what a main does.
 */
#ifndef CORRAL_TESTS_STRESS_COMMON_H
#define CORRAL_TESTS_STRESS_COMMON_H

#include "curve.h"
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"
#include "support/prng.h"
#include "support/process.h"
#include "support/shadow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
    uint64_t seed;       /* --seed; of the clock where it is not given */
    unsigned threads;    /* --threads */
    uint64_t operations; /* --operations: what one is, each main says */
    unsigned seconds;    /* --seconds: go on so long, whatever the operations; 0 for once */
    unsigned categories; /* --categories */
    const char *kind;    /* --kind: a variant of the main */
    unsigned live;       /* --live: MiB that live at a time, where a main lets them be chosen */
    const char *curve;   /* --curve: the file for the points of resident memory, or NULL */
};

/* Reads the command line over the defaults in `options` and prints the first line. Ends the
 * process with status 2 where an option is unknown or no number. */
void options_read(int argc, char **argv, struct options *options);

/* Whether `seconds` are over since the first call; with 0, always. */
bool options_time_is_over(const struct options *options);

/* The memory type id of category `number`: even ones are dense as far as the build has dense ids,
 * odd ones are FourCC codes. */
uint32_t id_of(unsigned number);

/* A live block of the test. */
struct held {
    unsigned char *block;
    size_t size;       /* as asked for */
    size_t usable;     /* as corral says */
    uint64_t key;      /* of its pattern */
    unsigned category; /* number of its id */
    unsigned owner;    /* the thread that allocated it */
};

/* Watches a new block: takes it in the shadow model and fills it. NULL where `block` is NULL. */
struct held *held_new(void *block, size_t size, unsigned category, unsigned owner);

/* Checks the block and ends the watch; the block is the caller's to free. */
unsigned char *held_end(struct held *held);

/* Checks the block, frees it, and ends the watch. */
void held_free(struct held *held);

/* Checks content, size and category of the block. */
void held_check(const struct held *held);

/* Takes the block to another size. */
void held_resize(struct held *held, size_t size);

/* Puts `held` into box `number` and returns what was in it before, or NULL. */
struct held *box_swap(size_t number, struct held *held);

enum { BOXES = 1024 };

/* Frees what is in the boxes. */
void boxes_empty(void);

/* Checks the blocks at a moment when nothing moves: no two overlap, and the figures of every
 * category are exactly theirs. The array is sorted. */
void held_check_all(struct held **all, size_t count, unsigned categories);

/* The same for the blocks in the boxes, which are all that there are. */
void boxes_check(unsigned categories);

#endif

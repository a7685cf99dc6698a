/* SPDX-License-Identifier: MIT
 *
 * record: where a block was asked for, at the block's end.
 *
 * Owns:     the last RECORD_BYTES of a block that has one, and the numbers of records.
 * Callers:  block, origin, walk: who holds the block; misuse.
 * Promises: a record is read only under its seal, which the block's address is part of: what was written over or
 *           copied is none.
 * Does not: order anything between threads: the holder's edge does.
 */
#ifndef CORRAL_RECORD_H
#define CORRAL_RECORD_H

#include "base.h"

/* Law: seal = that over the block's address and the other fields, or its complement when the block was freed. */
struct record {
    const char *file; /* const: the pointer given; may be NULL */
    uint64_t number;  /* const: from 1 on, in the order of allocations */
    uint64_t size;    /* const: bytes asked for */
    uint32_t line;    /* const */
    uint32_t seal;    /* const */
};
#define RECORD_BYTES sizeof(struct record)

enum record_state { RECORD_NONE, RECORD_LIVE, RECORD_FREED };

/* Bytes of a block with a record; SIZE_MAX, which no block has, where there are none so many. */
CORRAL_FAST size_t record_total(size_t size) {
    return size <= SIZE_MAX - RECORD_BYTES ? size + RECORD_BYTES : SIZE_MAX;
}

/* A record with the next number, not sealed. Wait-free. */
struct record corral_record_make(size_t size, const char *file, uint32_t line);
/* Seals a record and puts it at the end of a block of `bytes`, which has room for it. */
void corral_record_put(void *block, size_t bytes, struct record *record);
/* Reads the record at the end of a block of `bytes`; all zero where there is none. */
enum record_state corral_record_read(const void *block, size_t bytes, struct record *record);
/* Notes in the record, if there is one, that the block is freed. */
void corral_record_end(void *block, size_t bytes);

/* Does it say where? */
CORRAL_FAST bool record_says_where(const struct record *record) {
    return record->file != NULL || record->line != 0;
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * A table beside the memory: for every live block, who allocated it and in which category.
 *
 * Owns:     one 4-byte entry per 16 bytes of address space, mapped as it is needed.
 * Callers:  any thread, for blocks that it holds; block_table_walk only while no other thread
 *           allocates or frees.
 * Promises: no lock, no allocation, no byte in front of or behind a block. The allocator under test
 *           sees exactly the sizes that the libraries ask for; what the measurement costs it is
 *           a few loads and one store per call, for both backends alike.
 * Does not: order anything between threads. An entry is written by who holds the block, so an
 *           allocator that hands blocks from thread to thread with the right edges brings the
 *           entry along; one that does not is found out by block_table_add.
 *
 *   address   | 16 top bits | group of addresses: 20 bits | place in the leaf: 24 | 4 |
 *                  all 0              tops[]                     entries[]         0
 *
 *   leaf      | touched[4096]: one byte per 4096 entries | entries[16 Mi] |
 */
#ifndef GAME_SERVER_BLOCK_TABLE_H
#define GAME_SERVER_BLOCK_TABLE_H

#include "category.h"

#include <stdbool.h>
#include <stdint.h>

struct block_entry {
    uint32_t thread; /* index of the thread that allocated */
    enum category category;
};

/* Notes a block that the caller was just given. False when the address is not aligned to 16, is
 * beyond the table, or is that of a block that is live already. */
bool block_table_add(const void *block, struct block_entry entry);

/* Forgets a block that the caller is about to give back; false when it is not a live block. */
bool block_table_remove(const void *block, struct block_entry *entry);

/* Reads the entry of a block that the caller holds; false when it is not a live block. */
bool block_table_find(const void *block, struct block_entry *entry);

/* Calls visit for every live block, in order of addresses. */
void block_table_walk(void (*visit)(const void *block, struct block_entry entry, void *context),
                      void *context);

#endif

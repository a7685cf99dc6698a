/* SPDX-License-Identifier: MIT
 *
 * The way of every block of every library: to corral or to the system's allocator, and back.
 *
 * Owns:     which backend serves, and for each the numbers of calls per thread and category.
 * Callers:  any thread, those that a library makes itself included; memory_use only the main
 *           thread while no block is live.
 * Promises: both backends are called through the same code, so that the difference of two runs is
 *           theirs. A block is given back with the memory type id it was allocated with.
 * Does not: keep blocks, change sizes, or add bytes to a block (see block_table.h).
 *
 * Conservation, per backend and category: allocations == frees + live blocks.
 */
#ifndef GAME_SERVER_MEMORY_H
#define GAME_SERVER_MEMORY_H

#include "category.h"

#include <stddef.h>
#include <stdint.h>

enum backend_index { BACKEND_CORRAL, BACKEND_SYSTEM, BACKENDS };

struct memory_tally {
    uint64_t allocations;
    uint64_t frees;
    uint64_t cross_frees; /* among frees: by another thread than the one that allocated */
    uint64_t resizes;     /* of live blocks; neither an allocation nor a free */
};

extern const char *const backend_names[BACKENDS];

/* Lets a backend serve from now on. */
void memory_use(enum backend_index backend);

/* The backend that serves. */
enum backend_index memory_backend(void);

/* As corral's functions, with a category for the id. Every NULL is a mismatch: there is memory. */
void *memory_alloc(size_t size, enum category category);
void *memory_zeroed(size_t count, size_t size, enum category category);
/* NULL for a block is an allocation; else the block keeps its own category. */
void *memory_resize(void *block, size_t size, enum category category);
/* NULL is passed over. */
void memory_free(void *block);
size_t memory_usable(const void *block);

/* The two callbacks of the PlayFab Party contract, on corral/party.h or the system. */
void *memory_party_allocate(size_t size, uint32_t memory_type_id);
void memory_party_free(void *block, uint32_t memory_type_id);

/* The sums over all threads. Exact when no other thread allocates or frees. */
struct memory_tally memory_tally_of(enum backend_index backend, enum category category);
struct memory_tally memory_tally_of_library(enum backend_index backend, enum library library);

#endif

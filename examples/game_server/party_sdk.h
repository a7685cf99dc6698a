/* SPDX-License-Identifier: MIT
 *
 * A stand-in for a voice and data library with PlayFab Party's memory contract.
 *
 * Owns:     its threads, its queues and its messages.
 * Callers:  party_part.c plays the title: one thread calls everything here.
 * Promises: as the contract: the two memory callbacks are set before any other call; size is never
 *           0; what is freed is never NULL, and is given back with its own memory type id. The
 *           callbacks are called from threads that the title did not make. Blocks are allocated on
 *           one thread and freed on another.
 * Does not: show how Party uses its memory: its ids and sizes are not public. Those here are of
 *           every kind that is known of such libraries.
 */
#ifndef GAME_SERVER_PARTY_SDK_H
#define GAME_SERVER_PARTY_SDK_H

#include <stddef.h>
#include <stdint.h>

typedef void *(*party_allocate_callback)(size_t size, uint32_t memory_type_id);
typedef void (*party_free_callback)(void *block, uint32_t memory_type_id);

struct party_change; /* something that happened, until the title has finished with it */

void party_sdk_set_memory_callbacks(party_allocate_callback allocate, party_free_callback free);

/* Starts the threads. */
void party_sdk_initialize(uint64_t seed);

/* What happened next, waiting a little for it, or NULL. */
struct party_change *party_sdk_next_change(unsigned milliseconds);

/* Gives a change back and sends a message in answer, on the title's own thread. */
void party_sdk_finish_change(struct party_change *change);

/* Stops and lets go on: while suspended, no thread of the SDK allocates or frees. */
void party_sdk_suspend(void);
void party_sdk_resume(void);

/* Ends the threads and frees everything. */
void party_sdk_cleanup(void);

#endif

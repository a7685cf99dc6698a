/* SPDX-License-Identifier: MIT
 *
 * arena: jemalloc's arenas by the ids of corral's categories.
 *
 * Owns:     the table of them, which only grows.
 * Callers:  any thread.
 * Promises: an id has one arena, always the same. Looking up is lock-free.
 * Does not: end an arena that came to be used.
 */
#ifndef CORRAL_JEMALLOC_ARENA_H
#define CORRAL_JEMALLOC_ARENA_H

#include <stdbool.h>
#include <stdint.h>

/* The arena of an id, made if need be; where jemalloc makes no more, its first one, which nothing else uses. */
void corral_jemalloc_arena_of(uint64_t id, unsigned *arena);
/* The arena of an id that has one. */
bool corral_jemalloc_arena_find(uint64_t id, unsigned *arena);

#endif

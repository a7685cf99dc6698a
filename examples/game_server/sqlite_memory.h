/* SPDX-License-Identifier: MIT
 *
 * SQLite's memory methods, which know no category, and the comparison of its own counters.
 *
 * Owns:     per thread, the category in which SQLite's next allocations land.
 * Callers:  sqlite_part.c.
 * Promises: every block that SQLite uses is a block of the backend: its lookaside and page cache,
 *           which would cut one big block themselves, are switched off.
 * Does not: work once SQLite is initialized: it is configured before, and again after a shutdown.
 */
#ifndef GAME_SERVER_SQLITE_MEMORY_H
#define GAME_SERVER_SQLITE_MEMORY_H

#include "category.h"

/* Configures and initializes SQLite. */
void sqlite_memory_start(void);

/* Chooses the category of the calling thread's next calls. */
void sqlite_memory_category(enum category category);

/* Compares what SQLite counts as allocated with what the backend holds for it. */
void sqlite_memory_check(void);

#endif

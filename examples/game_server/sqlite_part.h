/* SPDX-License-Identifier: MIT
 *
 * SQLite at work: a thread that writes saved games into a database and reads them back.
 *
 * Owns:     the database, in memory, and the queue of records to save.
 * Callers:  round.c through the part; sqlite_part_save any thread.
 * Promises: every row that is read back is the record that was saved; records are given back on
 *           the thread of the database, not on that of the worker that made them.
 * Does not: write a file.
 */
#ifndef GAME_SERVER_SQLITE_PART_H
#define GAME_SERVER_SQLITE_PART_H

#include "round.h"

#include <stdbool.h>
#include <stdint.h>

struct save {
    uint64_t sum; /* checksum of the state */
    uint32_t client;
    uint32_t sequence;
    uint32_t size;
    uint8_t state[];
};

extern const struct part sqlite_part;

/* Hands a record of category GAME_SAVES over; false when too many wait, and it is then still the
 * caller's. */
bool sqlite_part_save(struct save *record);

#endif

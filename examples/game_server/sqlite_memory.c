/* SPDX-License-Identifier: MIT
 *
 * The methods of sqlite_memory.h.
 *
 * Owns:     one word per thread.
 * Callers:  SQLite, on whichever thread calls it.
 * Promises: blocks are aligned to 8, as SQLite demands, since they are aligned to 16.
 * Does not: round sizes up beyond that: xSize tells SQLite what a block really holds.
 */
#define _GNU_SOURCE
#include "sqlite_memory.h"

#include "check.h"
#include "memory.h"

#include <corral/corral.h>
#include <sqlite3.h>

#include <inttypes.h>

static _Thread_local enum category own_category = SQL_STATEMENTS;

static void *sqlite_part_malloc(int size) {
    return memory_alloc((size_t)size, own_category);
}

static void *sqlite_part_realloc(void *block, int size) {
    return memory_resize(block, (size_t)size, own_category);
}

static int sqlite_part_size(void *block) {
    return (int)memory_usable(block);
}

static int sqlite_part_roundup(int size) {
    return (size + 7) & ~7;
}

static int sqlite_part_init(void *context) {
    (void)context;
    return SQLITE_OK;
}

static void sqlite_part_shutdown(void *context) {
    (void)context;
}

static sqlite3_mem_methods methods = {
    sqlite_part_malloc,  memory_free,      sqlite_part_realloc,  sqlite_part_size,
    sqlite_part_roundup, sqlite_part_init, sqlite_part_shutdown, NULL};

void sqlite_memory_start(void) {
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0) != SQLITE_OK ||
        sqlite3_initialize() != SQLITE_OK) {
        fatal("SQLite cannot be initialized");
    }
}

void sqlite_memory_category(enum category category) {
    own_category = category;
}

/* Both categories together, as corral itself counts them. */
static void held_by_corral(uint64_t *blocks, uint64_t *bytes) {
    *blocks = 0;
    *bytes = 0;
    for (unsigned index = SQL_STATEMENTS; index <= SQL_STORAGE; index++) {
        corral_stats stats;
        if (corral_category_stats(category_table[index].id, &stats, sizeof stats) == CORRAL_OK) {
            *blocks += stats.live_blocks;
            *bytes += stats.live_bytes;
        }
    }
}

void sqlite_memory_check(void) {
    sqlite3_int64 blocks = 0;
    sqlite3_int64 bytes = 0;
    sqlite3_int64 highest = 0;
    sqlite3_status64(SQLITE_STATUS_MALLOC_COUNT, &blocks, &highest, 0);
    sqlite3_status64(SQLITE_STATUS_MEMORY_USED, &bytes, &highest, 0);
    blocks += damage_once(DAMAGE_SQL_COUNT) ? 1 : 0;
    uint64_t held_blocks = 0;
    uint64_t held_bytes = 0;
    if (memory_backend() == BACKEND_CORRAL) {
        held_by_corral(&held_blocks, &held_bytes);
    } else {
        const struct memory_tally tally = memory_tally_of_library(BACKEND_SYSTEM, LIBRARY_SQLITE);
        held_blocks = tally.allocations - tally.frees;
        held_bytes = (uint64_t)bytes; /* only corral can be asked for the bytes of a category */
    }
    if ((uint64_t)blocks != held_blocks || (uint64_t)bytes != held_bytes) {
        mismatch("sql-count",
                 "SQLite counts %lld blocks, %lld bytes; %s %" PRIu64 " blocks, %" PRIu64 " bytes",
                 (long long)blocks, (long long)bytes, backend_names[memory_backend()], held_blocks,
                 held_bytes);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * The database of sqlite_part.h.
 *
 * Owns:     one connection, which only its thread touches.
 * Callers:  round.c; the workers through sqlite_part_save.
 * Promises: every row is read back after its commit, with the checksum it was saved with. When the
 *           round ends all rows are read, and are as many as were inserted and not deleted.
 * Does not: grow without bound: old rows are deleted.
 */
#define _GNU_SOURCE
#include "sqlite_part.h"

#include "check.h"
#include "queue.h"
#include "sqlite_memory.h"

#include <sqlite3.h>

enum { ROWS_PER_COMMIT = 64, COMMITS_PER_PRUNE = 4, ROWS_KEPT = 2000 };

struct database {
    sqlite3 *connection;
    sqlite3_stmt *insert;
    unsigned uncommitted;
    unsigned commits;
    int64_t rows; /* inserted less deleted */
};

static struct game_round *round_now;
static struct queue records;
static pthread_t thread;

bool sqlite_part_save(struct save *record) {
    return queue_push(&records, record);
}

static void expect(struct database *database, int result, int expected) {
    if (result != expected) {
        mismatch("sql-row", "SQLite says: %s", sqlite3_errmsg(database->connection));
    }
}

static void execute(struct database *database, const char *text) {
    expect(database, sqlite3_exec(database->connection, text, NULL, NULL, NULL), SQLITE_OK);
}

/* What SQLite allocates to compile a statement is of another category than what it stores. */
static sqlite3_stmt *prepare(struct database *database, const char *text) {
    sqlite3_stmt *statement = NULL;
    sqlite_memory_category(SQL_STATEMENTS);
    expect(database, sqlite3_prepare_v2(database->connection, text, -1, &statement, NULL),
           SQLITE_OK);
    sqlite_memory_category(SQL_STORAGE);
    return statement;
}

static void open_database(struct database *database) {
    sqlite_memory_category(SQL_STATEMENTS);
    if (sqlite3_open(":memory:", &database->connection) != SQLITE_OK) {
        fatal("SQLite cannot open a database in memory");
    }
    sqlite_memory_category(SQL_STORAGE);
    execute(database, "CREATE TABLE saves (id INTEGER PRIMARY KEY, client INTEGER,"
                      " sequence INTEGER, sum INTEGER, state BLOB);"
                      "CREATE INDEX saves_client ON saves (client, sequence)");
    database->insert =
        prepare(database, "INSERT INTO saves (client, sequence, sum, state) VALUES (?, ?, ?, ?)");
}

static void insert(struct database *database, struct save *record) {
    sqlite3_stmt *statement = database->insert;
    if (database->uncommitted == 0) {
        execute(database, "BEGIN");
    }
    if (damage_once(DAMAGE_SQL_ROW)) {
        record->state[record->size - 1] ^= 1;
    }
    sqlite3_bind_int64(statement, 1, record->client);
    sqlite3_bind_int64(statement, 2, record->sequence);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)record->sum);
    sqlite3_bind_blob(statement, 4, record->state, (int)record->size, SQLITE_STATIC);
    expect(database, sqlite3_step(statement), SQLITE_DONE);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    memory_free(record);
    database->rows++;
    database->uncommitted++;
    round_done(round_now, WORK_ROWS, 1);
}

/* Reads rows back; returns how many there were. */
static int64_t check_rows(struct database *database, const char *text) {
    sqlite3_stmt *statement = prepare(database, text);
    int64_t rows = 0;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const uint64_t sum = (uint64_t)sqlite3_column_int64(statement, 0);
        const void *state = sqlite3_column_blob(statement, 1);
        const size_t size = (size_t)sqlite3_column_bytes(statement, 1);
        if (checksum(state, size) != sum) {
            mismatch("sql-row", "a row of %zu bytes is not what was saved", size);
        }
        rows++;
    }
    sqlite3_finalize(statement);
    return rows;
}

static void prune(struct database *database) {
    sqlite3_stmt *statement =
        prepare(database, "DELETE FROM saves WHERE id <= (SELECT max(id) FROM saves) - ?");
    sqlite3_bind_int64(statement, 1, ROWS_KEPT);
    expect(database, sqlite3_step(statement), SQLITE_DONE);
    database->rows -= sqlite3_changes(database->connection);
    sqlite3_finalize(statement);
}

/* The first query reads every row of this commit. */
static void commit(struct database *database) {
    execute(database, "COMMIT");
    database->uncommitted = 0;
    database->commits++;
    check_rows(database, "SELECT sum, state FROM saves ORDER BY id DESC LIMIT 64");
    check_rows(database, "SELECT sum, state FROM saves WHERE client = 1"
                         " ORDER BY sequence DESC, length(state) LIMIT 16");
    if (database->commits % COMMITS_PER_PRUNE == 0) {
        prune(database);
    }
}

static void check_all(struct database *database) {
    if (database->uncommitted != 0) {
        commit(database);
    }
    database->rows += damage_once(DAMAGE_SQL_ROWS) ? 1 : 0;
    const int64_t rows = check_rows(database, "SELECT sum, state FROM saves");
    if (rows != database->rows) {
        mismatch("sql-rows", "%lld rows are read, and %lld were written", (long long)rows,
                 (long long)database->rows);
    }
}

static void *keep(void *unused) {
    (void)unused;
    struct database database = {0};
    open_database(&database);
    while (round_working(round_now)) {
        struct save *record = queue_pop(&records, 5);
        if (record != NULL) {
            insert(&database, record);
        }
        if (database.uncommitted == ROWS_PER_COMMIT) {
            commit(&database);
        }
    }
    check_all(&database);
    round_wait_for_inspection(round_now);
    sqlite3_finalize(database.insert);
    expect(&database, sqlite3_close(database.connection), SQLITE_OK);
    return NULL;
}

static void start(struct game_round *round) {
    round_now = round;
    queue_init(&records);
    sqlite_memory_start();
    round_thread(&thread, keep, NULL);
}

static void finish(void) {
    pthread_join(thread, NULL);
    for (struct save *record; (record = queue_pop(&records, 0)) != NULL;) {
        memory_free(record);
    }
    queue_destroy(&records);
    sqlite3_shutdown();
}

const struct part sqlite_part = {1, start, sqlite_memory_check, finish};

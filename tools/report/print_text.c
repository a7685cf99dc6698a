/* SPDX-License-Identifier: MIT
 *
 * print: as text.
 *
 * Owns:     the columns.
 * Callers:  through print.h.
 * Promises: a size below 10,000 bytes is exact.
 * Does not: keep to a width.
 */
#include "name.h"
#include "places.h"
#include "print.h"
#include "table.h"

#include <inttypes.h>
#include <string.h>

#define CELL  32
#define LABEL (NAME_ROOM + 16)

/* What stands in the cells of one row. */
struct row {
    char label[LABEL], cells[TABLE_COLUMNS][CELL];
};

static void put_number(char cell[CELL], uint64_t number) {
    snprintf(cell, CELL, "%" PRIu64, number);
}

static void put_bytes(char cell[CELL], uint64_t bytes) {
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 10000) {
        snprintf(cell, CELL, "%" PRIu64 " B", bytes);
        return;
    }
    double size = (double)bytes / 1024;
    unsigned unit = 0;
    for (; size >= 1024; unit++) {
        size /= 1024;
    }
    snprintf(cell, CELL, "%.2f %s", size, units[unit]);
}

/* Nothing where nothing was set. */
static void put_budget(char cell[CELL], uint64_t bytes) {
    if (bytes != 0) {
        put_bytes(cell, bytes);
    }
}

/* Which part of the slabs callers hold. Where others allocate meanwhile, the parts may not fit. */
static void put_use(char cell[CELL], const corral_stats *stats) {
    if (stats->slab_bytes != 0 && stats->live_bytes >= stats->large_bytes) {
        double bytes = (double)(stats->live_bytes - stats->large_bytes);
        snprintf(cell, CELL, "%.0f%%", 100 * bytes / (double)stats->slab_bytes);
    }
}

static void put_id(char *label, uint64_t id) {
    if (id > UINT32_MAX) {
        strcpy(label, "overflow");
    } else {
        snprintf(label, LABEL, id < 1024 ? "%" PRIu64 : "0x%" PRIX64, id);
    }
}

static void put_category(char *label, const struct census_category *category) {
    char name[NAME_ROOM] = "";
    put_id(label, category->id);
    if (category->options.name != NULL) {
        corral_report_name_for_text(category->options.name, name);
        strcat(strcat(label, " "), name);
    }
}

static void put_class(char *label, const corral_class_stats *stats) {
    if (stats->block_bytes == 0) {
        strcpy(label, "large");
    } else {
        put_bytes(label, stats->block_bytes);
    }
}

static void add_row(struct table *table, const struct row *row) {
    const char *cells[TABLE_COLUMNS] = {row->label};
    for (size_t i = 1; i < table->columns; i++) {
        cells[i] = row->cells[i];
    }
    corral_report_table_row(table, cells);
}

/* A table of what is gone through, measured and written. */
static void write_table(FILE *stream, size_t columns, const struct census *census,
                        void (*rows)(struct table *table, const struct census *census)) {
    struct table table = {.columns = columns};
    rows(&table, census);
    table.stream = stream;
    rows(&table, census);
}

static const char *const figures_head[TABLE_COLUMNS] = {
    "category", "blocks",  "live",    "peak",   "slabs",  "used",        "shelved",     "kept",
    "committed", "reserved", "refills", "remote", "failed", "soft budget", "hard budget", "",
};

static void put_stats(struct row *row, const corral_stats *stats, const corral_category_options *options) {
    put_number(row->cells[1], stats->live_blocks);
    put_bytes(row->cells[2], stats->live_bytes);
    put_bytes(row->cells[3], stats->peak_bytes);
    put_number(row->cells[4], stats->slabs);
    put_use(row->cells[5], stats);
    put_number(row->cells[6], stats->shelved_slabs);
    put_bytes(row->cells[7], stats->kept_bytes);
    put_bytes(row->cells[8], stats->committed_bytes);
    put_bytes(row->cells[9], stats->reserved_bytes);
    put_number(row->cells[10], stats->refills);
    put_number(row->cells[11], stats->remote_blocks);
    put_number(row->cells[12], stats->failed);
    put_budget(row->cells[13], options->soft_budget);
    put_budget(row->cells[14], options->hard_budget);
    strcpy(row->cells[15], stats->exact ? "" : "near");
}

static void add_class(struct table *table, const corral_class_stats *stats) {
    struct row row = {.label = "    "};
    put_class(row.label + strlen(row.label), stats);
    put_number(row.cells[1], stats->live_blocks);
    put_bytes(row.cells[2], stats->live_bytes);
    if (stats->block_bytes != 0) {
        put_number(row.cells[4], stats->slabs);
        put_number(row.cells[10], stats->refills);
        put_number(row.cells[11], stats->remote_blocks);
    }
    add_row(table, &row);
}

static void figures_rows(struct table *table, const struct census *census) {
    corral_report_table_row(table, figures_head);
    for (size_t i = 0; i < census->categories.count; i++) {
        const struct census_category *category = census_category(census, i);
        struct row row = {.label = ""};
        put_category(row.label, category);
        put_stats(&row, &category->stats, &category->options);
        add_row(table, &row);
        for (size_t at = 0; at < category->classes; at++) {
            add_class(table, census_class(census, category->first + at));
        }
    }
    struct row row = {.label = "all"};
    put_stats(&row, &census->total, &census->process);
    add_row(table, &row);
}

void corral_report_print_figures_text(FILE *stream, const struct census *census) {
    write_table(stream, TABLE_COLUMNS, census, figures_rows);
}

static const char *const leaks_head[TABLE_COLUMNS] = {"category", "block", "blocks", "bytes", "without origin"};

static void leaks_rows(struct table *table, const struct census *census) {
    corral_report_table_row(table, leaks_head);
    for (size_t i = 0; i < census->live.count; i++) {
        const struct census_live *live = census_live(census, i);
        const corral_class_stats *stats = census_class(census, live->class_index);
        struct row row = {.label = ""};
        put_category(row.label, census_category(census, live->category));
        put_class(row.cells[1], stats);
        put_number(row.cells[2], stats->live_blocks);
        put_number(row.cells[3], stats->live_bytes);
        if (census->places.count != 0) {
            put_number(row.cells[4], census_without_origin(census, live));
        }
        add_row(table, &row);
    }
}

/* Of a file's name, the last of it. */
#define FILE_MOST ((size_t)160)

static const char *const places_head[TABLE_COLUMNS] = {"allocated at", "blocks", "asked for", "bytes", "oldest",
                                                         "category"};

static void put_place(char *text, const struct place *place) {
    if (place->file == NULL) {
        strcpy(text, "(written over)");
        return;
    }
    size_t length = strlen(place->file);
    strcpy(text, length > FILE_MOST ? "..." : "");
    corral_report_name_for_text(place->file + (length > FILE_MOST ? length - FILE_MOST : 0), text + strlen(text));
    sprintf(text + strlen(text), ":%" PRIu32, place->line);
}

static void places_rows(struct table *table, const struct census *census) {
    char text[4 * FILE_MOST + CELL], numbers[4][CELL], category[LABEL];
    const char *cells[TABLE_COLUMNS] = {text, numbers[0], numbers[1], numbers[2], numbers[3], category};
    corral_report_table_row(table, places_head);
    for (size_t i = 0; i < census->places.count; i++) {
        const struct place *place = census_place(census, i);
        put_place(text, place);
        put_category(category, census_category(census, place->category));
        put_number(numbers[0], place->live_blocks);
        put_number(numbers[1], place->asked_bytes);
        put_number(numbers[2], place->live_bytes);
        put_number(numbers[3], place->oldest);
        if (place->file == NULL) {
            numbers[1][0] = numbers[3][0] = 0;
        }
        corral_report_table_row(table, cells);
    }
}

void corral_report_print_leaks_text(FILE *stream, const struct census *census) {
    if (census->live.count == 0) {
        fputs("nothing is live\n", stream);
        return;
    }
    fprintf(stream, "%" PRIu64 " block%s of %" PRIu64 " bytes %s live\n", census->live_blocks,
            census->live_blocks == 1 ? "" : "s", census->live_bytes, census->live_blocks == 1 ? "is" : "are");
    write_table(stream, census->places.count == 0 ? 4 : 5, census, leaks_rows);
    if (census->places.count != 0) {
        fputc('\n', stream);
        write_table(stream, 6, census, places_rows);
    }
}

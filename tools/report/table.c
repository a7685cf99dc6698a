/* SPDX-License-Identifier: MIT
 *
 * table: see table.h.
 *
 * Owns:     nothing.
 * Callers:  through table.h.
 * Promises: as table.h; no line ends in blanks.
 * Does not: look at whether the stream could be written.
 */
#include "table.h"

#include "name.h"

#define BETWEEN 2

static size_t width_of(const char *cell) {
    return cell == NULL ? 0 : corral_report_name_width(cell);
}

static void measure(struct table *table, const char *const cells[TABLE_COLUMNS]) {
    for (size_t i = 0; i < table->columns; i++) {
        size_t width = width_of(cells[i]);
        table->widths[i] = width > table->widths[i] ? width : table->widths[i];
    }
}

static void write_row(const struct table *table, const char *const cells[TABLE_COLUMNS]) {
    size_t blanks = 0; /* that are due, if something follows */
    for (size_t i = 0; i < table->columns; i++) {
        size_t width = width_of(cells[i]), rest = table->widths[i] - width;
        blanks += i == 0 ? 0 : BETWEEN + rest;
        if (width != 0) {
            fprintf(table->stream, "%*s%s", (int)blanks, "", cells[i]);
            blanks = 0;
        }
        blanks += i == 0 ? rest : 0;
    }
    fputc('\n', table->stream);
}

void corral_report_table_row(struct table *table, const char *const cells[TABLE_COLUMNS]) {
    if (table->stream == NULL) {
        measure(table, cells);
    } else {
        write_row(table, cells);
    }
}

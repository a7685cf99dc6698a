/* SPDX-License-Identifier: MIT
 *
 * table: aligned columns. The rows are gone through twice: first to be measured, then to be written.
 *
 * Owns:     the widths.
 * Callers:  one thread for each table.
 * Promises: the first column is flush left, the others are flush right, and each is as wide as its widest cell.
 * Does not: keep cells.
 */
#ifndef CORRAL_REPORT_TABLE_H
#define CORRAL_REPORT_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS 16

struct table {
    FILE *stream; /* NULL: the rows are measured */
    size_t columns;
    size_t widths[TABLE_COLUMNS]; /* in code points */
};

/* A row: its cells are UTF-8; NULL, which follows by itself, is an empty one. */
void corral_report_table_row(struct table *table, const char *const cells[TABLE_COLUMNS]);

#endif

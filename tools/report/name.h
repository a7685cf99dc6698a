/* SPDX-License-Identifier: MIT
 *
 * name: a category's name, which may have any bytes, as text that every reader can take.
 *
 * Owns:     nothing.
 * Callers:  any thread.
 * Promises: what is written is UTF-8.
 * Does not: know whether a code point has a letter, or how wide that is.
 */
#ifndef CORRAL_REPORT_NAME_H
#define CORRAL_REPORT_NAME_H

#include <corral/configure.h>

#include <stddef.h>

/* Room for a name in either form, ended by 0. */
#define NAME_ROOM (4 * CORRAL_NAME_MAX + 1)

/* Bytes of the code point that a text begins with: 1 to 4, or 0 when it begins with none. */
size_t corral_report_name_point(const char *text);
/* Code points of a text that is UTF-8. */
size_t corral_report_name_width(const char *text);

/* text has room for so many times the bytes of name, and its end. For people, 4: control characters, backslashes and
 * what is not UTF-8, as \xNN for each byte. */
void corral_report_name_for_text(const char *name, char *text);
/* For JSON, 3: in the place of each byte that is not UTF-8, U+FFFD. */
void corral_report_name_for_json(const char *name, char *text);

#endif

/* SPDX-License-Identifier: MIT
 *
 * A file in a temporary directory, and what libcorral-config says of it.
 *
 * Owns:     the directory between written_begin and written_end, which are a test's init and fini.
 * Callers:  a test's main thread.
 * Promises: written_says is the message without the directory, so that it can be compared to the letter.
 * Does not: set anything itself.
 */
#ifndef CORRAL_TESTS_CONFIG_WRITTEN_H
#define CORRAL_TESTS_CONFIG_WRITTEN_H

#include <corral/config.h>

#include <stdbool.h>

void written_begin(void);
void written_end(void);

/* Writes the file anew. */
void written_text(const char *text);
void written_bytes(const void *bytes, size_t size);
/* Its path, and that of another one that is not there. */
const char *written_path(void);
const char *written_missing(void);

/* Reads the file. */
corral_status written_read(void);
corral_status written_from_environment(void);
/* What the last of these two calls said. */
const char *written_says(void);
/* Writes the text and reads it, which succeeds. */
void written_set(const char *text);
/* The options of a category, and whether there are none. */
corral_category_options written_options(uint32_t id);
bool written_is_unset(uint32_t id);

#endif

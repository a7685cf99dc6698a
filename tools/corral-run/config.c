/* SPDX-License-Identifier: MIT
 *
 * options: the configuration file, in INI form, read by inih.
 *
 *     [category 7]            an id, in C's notation
 *     name = textures         its name in the figures
 *
 *     [objects]               whose calls of malloc are of which category
 *     main = 7                the program's own code
 *     libssl.so.3 = 0x544C53  a shared object, by its file name
 *     * = own                 all others: an id made of the name; without it, the default category
 *
 * Owns:     nothing.
 * Callers:  through options.h.
 * Promises: a key that its section does not have, a value that is none, and a line that is too long are errors,
 *           with the file and its line.
 * Does not: mind a section without keys.
 */
#define _GNU_SOURCE
#include "options.h"

#include <ini.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char category_prefix[] = "category ";

/* The number of a whole text. */
static bool read_id(const char *text, uint32_t *id) {
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 0);
    *id = (uint32_t)number;
    return *text >= '0' && *text <= '9' && *end == 0 && errno == 0 && number <= UINT32_MAX;
}

static bool add_name(struct options *options, uint32_t id, const char *name) {
    if (*name == 0 || options_name_of(options, id) != NULL) {
        return false;
    }
    size_t bytes = (options->name_count + 1) * sizeof *options->names;
    struct category_name *names = realloc(options->names, bytes);
    char *copy = strdup(name);
    if (names == NULL || copy == NULL) {
        fail("out of memory");
    }
    options->names = names;
    options->names[options->name_count++] = (struct category_name){id, copy};
    return true;
}

/* inih's handler: 0 is an error, in this line. */
static int take(void *argument, const char *section, const char *key, const char *value) {
    struct options *options = argument;
    uint32_t id;
    if (value == NULL) {
        return 0;
    }
    if (strcmp(section, "objects") == 0) {
        return (strcmp(value, "own") == 0 || read_id(value, &id)) &&
               options_add_rule(options, key, value);
    }
    size_t length = sizeof category_prefix - 1;
    return strncmp(section, category_prefix, length) == 0 && read_id(section + length, &id) &&
           strcmp(key, "name") == 0 && add_name(options, id, value);
}

/* The file, and the line that was read last: inih would take what is left of one that is too long for the next
 * line. */
struct source {
    FILE *file;
    int line;
    bool too_long;
};

static char *read_line(char *text, int size, void *stream) {
    struct source *source = stream;
    char *read = fgets(text, size, source->file);
    if (read != NULL) {
        source->line++;
        source->too_long = strchr(text, '\n') == NULL && !feof(source->file);
    }
    return source->too_long ? NULL : read;
}

void options_read_file(struct options *options, const char *path) {
    struct source source = {fopen(path, "re"), 0, false};
    if (source.file == NULL) {
        fail_errno("%s", path);
    }
    int line = ini_parse_stream(read_line, &source, take, options);
    if (ferror(source.file)) {
        fail_errno("%s", path);
    }
    line = line == 0 && source.too_long ? source.line : line;
    if (line != 0) {
        fail("%s: line %d is not legal", path, line < 0 ? source.line : line);
    }
    fclose(source.file);
}

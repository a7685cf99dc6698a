/* SPDX-License-Identifier: MIT
 *
 * file: see file.h.
 *
 * inih is given the lines that are no sections: it would tell of a section only with its first key, and
 * pass over what stands behind the bracket. It is given them without the blanks before them, with
 * which it would take them for more of the value above.
 *
 * Owns:     nothing of its own.
 * Callers:  through file.h.
 * Promises: as file.h.
 * Does not: depend on how inih's options were set, but that there are comments.
 */
#define _GNU_SOURCE
#include "file.h"

#include "heading.h"
#include "key.h"
#include "number.h"

#include <ini.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char byte_order_mark[] = "\xEF\xBB\xBF";

struct source {
    FILE *file;
    struct settings *settings;
    struct message *message; /* its line is that which was read last */
    struct setting *section; /* NULL: before the first one */
};

/* Reads a line's bytes, without its end. Returns their number; -1 at the end of the file or of what is legal. */
static int read_bytes(struct source *source, char *line, int room) {
    int letter, length = 0;
    while ((letter = getc(source->file)) != EOF && letter != '\n') {
        if (letter == 0) {
            corral_config_refuse(source->message, "the line has a byte that is 0");
            return -1;
        }
        if (length == room) {
            corral_config_refuse(source->message, "the line is longer than %d bytes", room);
            return -1;
        }
        line[length++] = (char)letter;
    }
    return letter == EOF && length == 0 ? -1 : length;
}

/* Takes off the blanks at both ends of a line, and what editors put before a file. */
static void trim(char *line, size_t length, bool first) {
    size_t begin = first && strncmp(line, byte_order_mark, 3) == 0 ? 3 : 0;
    begin += strspn(line + begin, BLANKS);
    while (length > begin && strchr(BLANKS, line[length - 1]) != NULL) {
        length--;
    }
    memmove(line, line + begin, length - begin);
    line[length - begin] = 0;
}

static bool begin_section(struct source *source, const char *line) {
    bool process;
    uint32_t id;
    if (!corral_config_read_heading(line, &process, &id, source->message)) {
        return false;
    }
    const struct setting *before = corral_config_find(source->settings, process, id);
    if (before != NULL) {
        return corral_config_refuse(source->message, "line %d has a section of the same already",
                                    before->line);
    }
    source->section = corral_config_add(source->settings, process, id, source->message);
    return source->section != NULL;
}

/* inih's reader, as fgets. */
static char *read_line(char *line, int size, void *stream) {
    struct source *source = stream;
    if (source->message->status != CORRAL_OK) {
        return NULL;
    }
    source->message->line++;
    int length = read_bytes(source, line, size - 2);
    if (length < 0) {
        return NULL;
    }
    line[length] = 0;
    trim(line, (size_t)length, source->message->line == 1);
    if (*line == '[') {
        if (!begin_section(source, line)) {
            return NULL;
        }
        *line = 0;
    }
    return strcat(line, "\n");
}

/* inih's handler: 0 is an error, in this line. */
static int take(void *argument, const char *section, const char *key, const char *value) {
    struct source *source = argument;
    (void)section; /* inih knows of none */
    if (source->section == NULL) {
        return corral_config_refuse(source->message, "a key stands before the first section");
    }
    return value != NULL && corral_config_take_key(source->section, key, value, source->message);
}

static bool refuse_stream(struct message *message) {
    message->line = 0;
    return corral_config_refuse(message, "%s", strerror(errno));
}

static bool parse(struct source *source) {
    struct message *message = source->message;
    errno = 0;
    int line = ini_parse_stream(read_line, source, take, source);
    if (ferror(source->file)) {
        return refuse_stream(message);
    }
    if (line < 0) {
        return corral_config_lack(message, "there is no memory");
    }
    /* inih goes on behind a line that it does not understand. */
    if (line > 0 && (message->status == CORRAL_OK || line < message->line)) {
        message->line = line;
        return corral_config_refuse(message, "the line is neither a section nor a key and its value");
    }
    return message->status == CORRAL_OK;
}

bool corral_config_read_file(const char *path, struct settings *settings, struct message *message) {
    message->where = path;
    message->line = 0;
    struct source source = {fopen(path, "re"), settings, message, NULL};
    if (source.file == NULL) {
        return refuse_stream(message);
    }
    bool read = parse(&source);
    fclose(source.file);
    return read;
}

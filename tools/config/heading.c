/* SPDX-License-Identifier: MIT
 *
 * heading: see heading.h.
 *
 * Owns:     nothing.
 * Callers:  through heading.h.
 * Promises: as heading.h.
 * Does not: allocate.
 */
#include "heading.h"

#include "number.h"

#include <string.h>

static const char *behind_blanks(const char *text) {
    return text + strspn(text, BLANKS);
}

/* Where a text goes on behind a word and the blanks around it; NULL when that is not its first word. */
static const char *behind_word(const char *text, const char *word) {
    size_t length = strlen(word);
    text = behind_blanks(text);
    return strncmp(text, word, length) == 0 && strchr(BLANKS "]", text[length]) != NULL
               ? behind_blanks(text + length)
               : NULL;
}

/* Where the line goes on behind what the section is of; NULL, and the message says why, when it is of nothing. */
static const char *read_subject(const char *line, bool *process, uint32_t *id, struct message *message) {
    const char *end = behind_word(line + 1, "process");
    *process = end != NULL;
    *id = 0;
    if (*process) {
        return end;
    }
    const char *text = behind_word(line + 1, "category");
    if (text == NULL) {
        corral_config_refuse(message, "%s is not a section: there are [category ID] and [process]", line);
        return NULL;
    }
    if (!corral_config_id(text, &end, id)) {
        corral_config_refuse(message,
                             "%s: an id is a number below 2^32, or four letters in single quotes", line);
        return NULL;
    }
    return behind_blanks(end);
}

bool corral_config_read_heading(const char *line, bool *process, uint32_t *id,
                                struct message *message) {
    const char *end = read_subject(line, process, id, message);
    if (end == NULL) {
        return false;
    }
    if (*end != ']') {
        return corral_config_refuse(message, "%s: a bracket is to stand before \"%s\"", line, end);
    }
    end = behind_blanks(end + 1);
    if (*end != 0 && *end != ';' && *end != '#') {
        return corral_config_refuse(message, "%s: nothing is to stand behind the section", line);
    }
    return true;
}

/* SPDX-License-Identifier: MIT
 *
 * name: see name.h.
 *
 * Owns:     nothing.
 * Callers:  through name.h.
 * Promises: as name.h.
 * Does not: allocate.
 */
#include "name.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The first code points that need so many bytes: what is below is written too long. */
static const uint32_t least_of[] = {0, 0, 0x80, 0x800, 0x10000};

size_t corral_report_name_point(const char *text) {
    unsigned char first = (unsigned char)*text;
    size_t bytes = first < 0x80 ? first != 0 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (bytes <= 1) {
        return bytes;
    }
    uint32_t point = first & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        unsigned char next = (unsigned char)text[i];
        if ((next & 0xC0) != 0x80) {
            return 0;
        }
        point = point << 6 | (next & 0x3Fu);
    }
    bool legal = first >= 0xC0 && first < 0xF8 && point >= least_of[bytes] && point <= 0x10FFFF &&
                 (point < 0xD800 || point > 0xDFFF);
    return legal ? bytes : 0;
}

size_t corral_report_name_width(const char *text) {
    size_t width = 0;
    for (; *text != 0; text++) {
        width += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return width;
}

/* Is it one that a terminal acts upon, or the one that marks them? */
static bool is_acted_upon(const char *text, size_t bytes) {
    unsigned char first = (unsigned char)*text, second = (unsigned char)text[bytes - 1];
    return first < 0x20 || first == 0x7F || first == '\\' || (bytes == 2 && first == 0xC2 && second < 0xA0);
}

void corral_report_name_for_text(const char *name, char *text) {
    while (*name != 0) {
        size_t bytes = corral_report_name_point(name);
        if (bytes != 0 && !is_acted_upon(name, bytes)) {
            memcpy(text, name, bytes);
            text += bytes;
            name += bytes;
        } else {
            for (bytes = bytes == 0 ? 1 : bytes; bytes > 0; bytes--) {
                text += sprintf(text, "\\x%02X", (unsigned char)*name++);
            }
        }
    }
    *text = 0;
}

void corral_report_name_for_json(const char *name, char *text) {
    static const char in_its_place[] = "\xEF\xBF\xBD";
    while (*name != 0) {
        size_t bytes = corral_report_name_point(name);
        size_t written = bytes == 0 ? sizeof in_its_place - 1 : bytes;
        memcpy(text, bytes == 0 ? in_its_place : name, written);
        text += written;
        name += bytes == 0 ? 1 : bytes;
    }
    *text = 0;
}

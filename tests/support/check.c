/* SPDX-License-Identifier: MIT
 *
 * The end of a failed check.
 *
 * Owns:     nothing.
 * Callers:  the CHECK macro.
 * Promises: the message is one write, so that threads that fail together stay readable.
 * Does not: return.
 */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Appends to a text of `capacity` bytes, of which `length` are in use; returns the new length. */
static size_t append(char *text, size_t length, size_t capacity, const char *format, va_list list) {
    int added = vsnprintf(text + length, capacity - length, format, list);
    size_t room = capacity - length - 1;
    size_t wanted = added < 0 ? 0 : (size_t)added;
    return length + (wanted < room ? wanted : room);
}

void check_failed(const char *file, int line, const char *condition, const char *format, ...) {
    char text[1024];
    int head = snprintf(text, sizeof text - 1, "%s:%d: %s does not hold: ", file, line, condition);
    size_t length = head < 0 ? 0 : (size_t)head;
    if (length > sizeof text - 2) {
        length = sizeof text - 2;
    }
    va_list list;
    va_start(list, format);
    length = append(text, length, sizeof text - 1, format, list);
    va_end(list);
    text[length] = '\n';
    if (write(STDERR_FILENO, text, length + 1) < 0) {
        abort();
    }
    abort();
}

/* SPDX-License-Identifier: MIT
 *
 * message: see message.h.
 *
 * Owns:     nothing.
 * Callers:  through message.h.
 * Promises: as message.h.
 * Does not: allocate.
 */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

void corral_config_message_begin(struct message *message, char *text, size_t size) {
    *message = (struct message){.text = text, .size = text == NULL ? 0 : size, .status = CORRAL_OK};
    if (message->size != 0) {
        *text = 0;
    }
}

/* Adds to the text from its byte `at` on, and returns where it ends then. */
__attribute__((format(printf, 3, 0))) static size_t add(struct message *message, size_t at,
                                                        const char *format, va_list arguments) {
    size_t room = at < message->size ? message->size - at : 0;
    int length = vsnprintf(room == 0 ? NULL : message->text + at, room, format, arguments);
    return length < 0 ? at : at + (size_t)length;
}

__attribute__((format(printf, 3, 4))) static size_t add_words(struct message *message, size_t at,
                                                              const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    at = add(message, at, format, arguments);
    va_end(arguments);
    return at;
}

static size_t add_place(struct message *message) {
    size_t at = add_words(message, 0, "%s:", message->where == NULL ? "corral" : message->where);
    at = message->line == 0 ? at : add_words(message, at, "%d:", message->line);
    return add_words(message, at, " ");
}

bool corral_config_refuse(struct message *message, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add(message, add_place(message), format, arguments);
    va_end(arguments);
    message->status = CORRAL_EINVAL;
    return false;
}

bool corral_config_lack(struct message *message, const char *what) {
    corral_config_refuse(message, "%s", what);
    message->status = CORRAL_ENOMEM;
    return false;
}

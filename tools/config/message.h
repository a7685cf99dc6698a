/* SPDX-License-Identifier: MIT
 *
 * message: what is wrong, and where.
 *
 * Owns:     nothing: the text is the caller's.
 * Callers:  every other part of libcorral-config.
 * Promises: always ended by 0; cut where it does not fit; empty where nothing was wrong.
 * Does not: print.
 */
#ifndef CORRAL_CONFIG_MESSAGE_H
#define CORRAL_CONFIG_MESSAGE_H

#include <corral/corral.h>

#include <stdbool.h>

struct message {
    char *text;
    size_t size;          /* 0: no text is wanted */
    const char *where;    /* a path, or a variable's name */
    int line;             /* or the entry's number; 0: none */
    corral_status status; /* CORRAL_OK: nothing was wrong so far */
};

void corral_config_message_begin(struct message *message, char *text, size_t size);
/* Says what is wrong there, in place of what was said before: CORRAL_EINVAL. Returns false. */
bool corral_config_refuse(struct message *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same of what there is not enough of: CORRAL_ENOMEM. */
bool corral_config_lack(struct message *message, const char *what);

#endif

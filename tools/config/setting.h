/* SPDX-License-Identifier: MIT
 *
 * setting: what is to be set, by category, before any of it is.
 *
 * Owns:     a list, which its user frees.
 * Callers:  one thread for a list.
 * Promises: one setting for each category, and one for the process.
 * Does not: set anything: see apply.h.
 */
#ifndef CORRAL_CONFIG_SETTING_H
#define CORRAL_CONFIG_SETTING_H

#include "backend.h"
#include "message.h"

#include <corral/configure.h>

struct setting {
    bool process;      /* of all categories together, and of no id */
    uint32_t id;
    const char *where; /* it came from; for messages */
    int line;
    uint32_t named;    /* a bit for each option that is to be set; see key.h */
    int faults;        /* the entry of CORRAL_FAIL that named it; 0: none */
    char name[CORRAL_NAME_MAX + 1];
    struct backend_choice backend;   /* of the process */
    const char *backend_where;       /* the variable that has it, in place of the section; NULL: none has */
    corral_category_options options; /* but for the name */
};

struct settings {
    struct setting *all;
    size_t count;
};

/* The setting of a category, or of the process, for which id does not matter; NULL: there is none. */
struct setting *corral_config_find(const struct settings *settings, bool process, uint32_t id);
/* Adds one that was not there, which names no option, and has its place from the message. NULL, and the message
 * says so, when there is no memory. Others move. */
struct setting *corral_config_add(struct settings *settings, bool process, uint32_t id,
                                  struct message *message);
void corral_config_free(struct settings *settings);

#endif

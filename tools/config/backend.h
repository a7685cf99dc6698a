/* SPDX-License-Identifier: MIT
 *
 * backend: where memory comes from, as a file or the environment says it.
 *
 * Owns:     nothing, until it is chosen: then the region that was mapped for it, as long as the process lives.
 * Callers:  one thread.
 * Promises: what is in use already and is not what is wanted is a fault, and nothing is mapped.
 * Does not: load libcorral-jemalloc.
 */
#ifndef CORRAL_CONFIG_BACKEND_H
#define CORRAL_CONFIG_BACKEND_H

#include "message.h"

#include <stdint.h>

enum backend_word { BACKEND_UNSAID, BACKEND_OS, BACKEND_REGION, BACKEND_JEMALLOC };

struct backend_choice {
    enum backend_word word;
    uint64_t region_bytes; /* with BACKEND_REGION */
};

/* Reads "os", "jemalloc", or "region" and a number of bytes. False, and the message says why, when it is none. */
bool corral_config_read_backend(const char *key, const char *value, struct backend_choice *choice,
                                struct message *message);
/* Chooses it. False, and the message says why, when that cannot be. */
bool corral_config_choose_backend(const struct backend_choice *choice, struct message *message);

#endif

/* SPDX-License-Identifier: MIT
 *
 * config: the public doors of libcorral-config.
 *
 * Owns:     the list of settings while it is read and set.
 * Callers:  any thread.
 * Promises: as corral/config.h.
 * Does not: parse: see file.h and faults.h.
 */
#define _GNU_SOURCE
#include <corral/config.h>

#include "apply.h"
#include "faults.h"
#include "file.h"

#include <stdlib.h>

/* What CORRAL_BACKEND says takes the place of what the file does. */
static bool read_backend(const char *backend, struct settings *settings, struct message *message) {
    struct setting *process = corral_config_find(settings, true, 0);
    message->where = "CORRAL_BACKEND";
    message->line = 0;
    if (process == NULL) {
        process = corral_config_add(settings, true, 0, message);
    }
    if (process == NULL) {
        return false;
    }
    process->backend_where = "CORRAL_BACKEND";
    return corral_config_read_backend("backend", backend, &process->backend, message);
}

/* Reads each unless it is NULL, and then sets what they say. */
static corral_status read_and_set(const char *path, const char *backend, const char *faults,
                                  struct message *message) {
    struct settings settings = {0};
    if ((path == NULL || corral_config_read_file(path, &settings, message)) &&
        (backend == NULL || read_backend(backend, &settings, message)) &&
        (faults == NULL || corral_config_read_faults(faults, &settings, message))) {
        corral_config_apply(&settings, message);
    }
    corral_config_free(&settings);
    return message->status;
}

corral_status corral_config_read(const char *path, char *message, size_t message_size) {
    struct message ours;
    corral_config_message_begin(&ours, message, message_size);
    if (path == NULL) {
        corral_config_refuse(&ours, "no file is named");
        return ours.status;
    }
    return read_and_set(path, NULL, NULL, &ours);
}

/* A variable's value; NULL where it is not set, or empty. */
static const char *value_of(const char *variable) {
    const char *value = secure_getenv(variable);
    return value == NULL || *value == 0 ? NULL : value;
}

corral_status corral_config_from_environment(char *message, size_t message_size) {
    struct message ours;
    corral_config_message_begin(&ours, message, message_size);
    return read_and_set(value_of("CORRAL_CONFIG"), value_of("CORRAL_BACKEND"), value_of("CORRAL_FAIL"), &ours);
}

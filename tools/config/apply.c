/* SPDX-License-Identifier: MIT
 *
 * apply: see apply.h.
 *
 *   0. The backend is chosen, since a name takes memory. That may fail, and nothing has changed then; it stays
 *      chosen when something else fails.
 *   1. Each id gets its category. That may fail, and changes no option.
 *   2. The options of each are read, changed and set. Where that fails, those before it are set back.
 *   3. Those of the process are set. They need no memory, so that it does not fail.
 *
 * Owns:     nothing of its own.
 * Callers:  through apply.h.
 * Promises: as apply.h.
 * Does not: wait for other threads that set options meanwhile.
 */
#include "apply.h"

#include "key.h"

#include <stdlib.h>

/* Is it of a category, and names something? */
static bool is_to_set(const struct setting *setting) {
    return !setting->process && setting->named != 0;
}

/* Reads the options of a category, which it gets where it had none. */
static bool read_before(const struct setting *setting, corral_category_options *before,
                        struct message *message) {
    if (corral_category_options_of(setting->id, before, sizeof *before) == CORRAL_OK ||
        corral_category_configure(setting->id, before, sizeof *before) == CORRAL_OK) {
        return true;
    }
    return corral_config_lack(message, "there is no category left for the id");
}

static bool set(const struct setting *setting, const corral_category_options *before,
                struct message *message) {
    corral_category_options options = *before;
    corral_config_overlay(&options, setting);
    corral_status status = corral_category_configure(setting->id, &options, sizeof options);
    if (status == CORRAL_EINVAL) {
        return corral_config_refuse(message, "origins: the category is used already");
    }
    return status == CORRAL_OK || corral_config_lack(message, "there is no memory");
}

static void set_back(const struct settings *settings, const corral_category_options *before,
                     size_t count) {
    while (count-- > 0) {
        if (is_to_set(&settings->all[count])) {
            corral_category_configure(settings->all[count].id, &before[count], sizeof *before);
        }
    }
}

/* For whom the message is, if one comes. */
static const struct setting *at(const struct settings *settings, size_t i, struct message *message) {
    message->where = settings->all[i].where;
    message->line = settings->all[i].line;
    return &settings->all[i];
}

static bool set_categories(const struct settings *settings, corral_category_options *before,
                           struct message *message) {
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = at(settings, i, message);
        if (is_to_set(setting) && !read_before(setting, &before[i], message)) {
            return false;
        }
    }
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = at(settings, i, message);
        if (is_to_set(setting) && !set(setting, &before[i], message)) {
            set_back(settings, before, i);
            return false;
        }
    }
    return true;
}

static bool choose_backend(const struct setting *process, struct message *message) {
    if (process == NULL) {
        return true;
    }
    message->where = process->backend_where == NULL ? process->where : process->backend_where;
    message->line = process->backend_where == NULL ? process->line : 0;
    return corral_config_choose_backend(&process->backend, message);
}

bool corral_config_apply(const struct settings *settings, struct message *message) {
    corral_category_options *before = calloc(settings->count + 1, sizeof *before);
    if (before == NULL) {
        return corral_config_lack(message, "there is no memory");
    }
    const struct setting *process = corral_config_find(settings, true, 0);
    bool done = choose_backend(process, message) && set_categories(settings, before, message);
    free(before);
    if (done && process != NULL && process->named != 0) {
        corral_category_options options;
        corral_process_options_of(&options, sizeof options);
        corral_config_overlay(&options, process);
        corral_process_configure(&options, sizeof options);
    }
    return done;
}

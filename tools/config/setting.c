/* SPDX-License-Identifier: MIT
 *
 * setting: see setting.h.
 *
 * Owns:     nothing of its own.
 * Callers:  through setting.h.
 * Promises: as setting.h.
 * Does not: sort them: there are as many as a person writes.
 */
#include "setting.h"

#include <stdlib.h>

struct setting *corral_config_find(const struct settings *settings, bool process, uint32_t id) {
    for (size_t i = 0; i < settings->count; i++) {
        struct setting *setting = &settings->all[i];
        if (setting->process == process && (process || setting->id == id)) {
            return setting;
        }
    }
    return NULL;
}

struct setting *corral_config_add(struct settings *settings, bool process, uint32_t id,
                                  struct message *message) {
    struct setting *all = realloc(settings->all, (settings->count + 1) * sizeof *all);
    if (all == NULL) {
        corral_config_lack(message, "there is no memory");
        return NULL;
    }
    settings->all = all;
    struct setting *setting = &all[settings->count++];
    *setting = (struct setting){
        .process = process, .id = id, .where = message->where, .line = message->line};
    return setting;
}

void corral_config_free(struct settings *settings) {
    free(settings->all);
    *settings = (struct settings){0};
}

/* SPDX-License-Identifier: MIT
 *
 * faults: see faults.h.
 *
 *     text:   entry ; entry ; ...          empty entries are passed over
 *     entry:  who : what = number , what = number , ...
 *
 * Owns:     the copy of the text that it takes apart.
 * Callers:  through faults.h.
 * Promises: as faults.h. What * stands for is found when all other entries have been read.
 * Does not: read options other than faults.
 */
#define _GNU_SOURCE
#include "faults.h"

#include "key.h"
#include "number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct settings *settings;
    struct message *message;
    struct setting others; /* what * is to have; its `faults` is 0 where there is none */
};

/* A piece of the text, without the blanks at its ends: what is before the first of `ends`, which is
 * overwritten. *text goes on behind that, and is NULL where the text ended. */
static char *cut(char **text, const char *ends) {
    char *begin = *text + strspn(*text, BLANKS);
    /* Letters in quotes may be any. */
    const char *behind = begin;
    uint32_t id;
    if (*begin != '\'' || !corral_config_id(begin, &behind, &id)) {
        behind = begin;
    }
    char *end = begin + (behind - begin);
    end += strcspn(end, ends);
    *text = *end == 0 ? NULL : end + 1;
    *end = 0;
    while (end > begin && strchr(BLANKS, end[-1]) != NULL) {
        *--end = 0;
    }
    return begin;
}

/* One of at, every, per_million and seed, and its number. */
static bool read_fault(char *text, struct setting *faults, struct message *message) {
    static const char *const all[] = {"at", "every", "per_million", "seed"};
    char *value = text, *what = cut(&value, "=");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(what, all[i]) == 0) {
            char key[sizeof "fail_per_million"];
            snprintf(key, sizeof key, "fail_%s", what);
            return value == NULL ? corral_config_refuse(message, "%s has no number", what)
                                 : corral_config_take_key(faults, key, cut(&value, ""), message);
        }
    }
    return corral_config_refuse(message, "\"%s\" is none of at, every, per_million and seed", what);
}

static bool give(struct reading *reading, struct setting *setting, const struct setting *faults) {
    if (setting->faults != 0) {
        return corral_config_refuse(reading->message, "entry %d is of the same category",
                                    setting->faults);
    }
    setting->faults = reading->message->line;
    corral_config_merge(setting, faults);
    return true;
}

static bool give_id(struct reading *reading, uint32_t id, const struct setting *faults) {
    struct setting *setting = corral_config_find(reading->settings, false, id);
    if (setting == NULL) {
        setting = corral_config_add(reading->settings, false, id, reading->message);
    }
    return setting != NULL && give(reading, setting, faults);
}

static bool give_named(struct reading *reading, const char *name, const struct setting *faults) {
    bool any = false;
    for (size_t i = 0; i < reading->settings->count; i++) {
        struct setting *setting = &reading->settings->all[i];
        const char *has = corral_config_name(setting);
        if (has != NULL && strcmp(has, name) == 0) {
            any = true;
            if (!give(reading, setting, faults)) {
                return false;
            }
        }
    }
    return any || corral_config_refuse(reading->message, "no category is named \"%s\"", name);
}

static bool give_who(struct reading *reading, const char *who, const struct setting *faults) {
    const char *end;
    uint32_t id;
    if (strcmp(who, "*") == 0) {
        if (reading->others.faults != 0) {
            return corral_config_refuse(reading->message, "entry %d has * already",
                                        reading->others.faults);
        }
        reading->others.faults = reading->message->line;
        corral_config_merge(&reading->others, faults);
        return true;
    }
    return corral_config_id(who, &end, &id) && *end == 0 ? give_id(reading, id, faults)
                                                         : give_named(reading, who, faults);
}

static bool read_entry(struct reading *reading, char *text) {
    struct setting faults = {0};
    char *who = cut(&text, ":");
    if (text == NULL && *who == 0) {
        return true;
    }
    if (*who == 0 || text == NULL) {
        return corral_config_refuse(reading->message,
                                    "an entry is a category, a colon, and what is to fail");
    }
    while (text != NULL) {
        if (!read_fault(cut(&text, ","), &faults, reading->message)) {
            return false;
        }
    }
    return give_who(reading, who, &faults);
}

/* Adds a category in which something was allocated, if the list does not have it. */
static void meet(uint64_t id, const corral_stats *stats, size_t stats_size, void *argument) {
    struct reading *reading = argument;
    (void)stats;
    (void)stats_size;
    if (id <= UINT32_MAX && reading->message->status == CORRAL_OK &&
        corral_config_find(reading->settings, false, (uint32_t)id) == NULL) {
        corral_config_add(reading->settings, false, (uint32_t)id, reading->message);
    }
}

static bool give_others(struct reading *reading) {
    bool any = false;
    reading->message->line = reading->others.faults;
    corral_visit_categories(meet, reading);
    if (reading->message->status != CORRAL_OK) {
        return false;
    }
    for (size_t i = 0; i < reading->settings->count; i++) {
        struct setting *setting = &reading->settings->all[i];
        any = any || !setting->process;
        if (!setting->process && setting->faults == 0) {
            corral_config_merge(setting, &reading->others);
        }
    }
    return any || corral_config_refuse(reading->message, "* is nobody: no file names a category, and "
                                                         "nothing was allocated in any");
}

static bool read_entries(struct reading *reading, char *text) {
    while (text != NULL) {
        reading->message->line++;
        if (!read_entry(reading, cut(&text, ";"))) {
            return false;
        }
    }
    return reading->others.faults == 0 || give_others(reading);
}

bool corral_config_read_faults(const char *text, struct settings *settings, struct message *message) {
    struct reading reading = {.settings = settings, .message = message};
    message->where = "CORRAL_FAIL";
    message->line = 0;
    char *copy = strdup(text);
    if (copy == NULL) {
        return corral_config_lack(message, "there is no memory");
    }
    bool read = read_entries(&reading, copy);
    free(copy);
    return read;
}

/* SPDX-License-Identifier: MIT
 *
 * key: see key.h.
 *
 * Owns:     the table.
 * Callers:  through key.h.
 * Promises: as key.h.
 * Does not: allocate.
 */
#include "key.h"

#include "number.h"

#include <stddef.h>
#include <string.h>

/* Reads a value of the option at that place. False when it is none, and the message says why. */
typedef bool reader(void *option, const char *key, const char *value, struct message *message);

static bool refuse_unless(enum number_found found, uint64_t number, uint64_t most, const char *key,
                          const char *value, const char *none, struct message *message) {
    if (found == NUMBER_NONE) {
        return corral_config_refuse(message, "%s: \"%s\" is not %s", key, value, none);
    }
    if (found == NUMBER_TOO_LARGE || number > most) {
        return corral_config_refuse(message, "%s: \"%s\" is too large", key, value);
    }
    return true;
}

static bool read_name(void *option, const char *key, const char *value, struct message *message) {
    if (*value == 0) {
        return corral_config_refuse(message, "%s: it is empty", key);
    }
    if (strlen(value) > CORRAL_NAME_MAX) {
        return corral_config_refuse(message, "%s: \"%s\" is longer than %d bytes", key, value,
                                    CORRAL_NAME_MAX);
    }
    memcpy(option, value, strlen(value) + 1);
    return true;
}

static bool read_bytes(void *option, const char *key, const char *value, struct message *message) {
    uint64_t *bytes = option;
    enum number_found found = corral_config_bytes(value, bytes);
    return refuse_unless(found, *bytes, PTRDIFF_MAX, key, value, "a number of bytes, KiB, MiB or GiB",
                         message);
}

static bool read_number(void *option, const char *key, const char *value, struct message *message) {
    uint64_t *number = option;
    enum number_found found = corral_config_whole_number(value, number);
    return refuse_unless(found, *number, UINT64_MAX, key, value, "a number", message);
}

/* One of 32 bits. */
static bool read_short(void *option, uint64_t most, const char *key, const char *value, struct message *message) {
    uint64_t number;
    enum number_found found = corral_config_whole_number(value, &number);
    uint32_t it = (uint32_t)number;
    memcpy(option, &it, sizeof it);
    return refuse_unless(found, number, most, key, value, "a number", message);
}

static bool read_per_million(void *option, const char *key, const char *value,
                             struct message *message) {
    return read_short(option, 1000000, key, value, message);
}

static bool read_every(void *option, const char *key, const char *value, struct message *message) {
    return read_short(option, UINT32_MAX, key, value, message);
}

/* Which of the words a value is; `count` when it is none. */
static uint32_t find_word(const char *const *words, uint32_t count, const char *value) {
    uint32_t i = 0;
    while (i < count && strcmp(words[i], value) != 0) {
        i++;
    }
    return i;
}

static bool read_switch(void *option, const char *key, const char *value, struct message *message) {
    static const char *const words[] = {"no", "yes", "0", "1"};
    uint32_t word = find_word(words, 4, value), on = word % 2;
    memcpy(option, &on, sizeof on);
    return word < 4 || corral_config_refuse(message, "%s: \"%s\" is neither yes nor no", key, value);
}

/* One of some words, in the order of the option's values. none: what else there is, for the message. */
static bool read_word(void *option, const char *const *words, uint32_t count, const char *none, const char *key,
                      const char *value, struct message *message) {
    uint32_t word = find_word(words, count, value);
    memcpy(option, &word, sizeof word);
    return word < count || corral_config_refuse(message, "%s: \"%s\" is none of %s", key, value, none);
}

static bool read_misuse(void *option, const char *key, const char *value, struct message *message) {
    static const char *const words[] = {
        [CORRAL_MISUSE_DEFAULT] = "default",
        [CORRAL_MISUSE_IGNORE] = "ignore",
        [CORRAL_MISUSE_REPORT] = "report",
        [CORRAL_MISUSE_ABORT] = "abort",
    };
    return read_word(option, words, 4, "ignore, report, abort and default", key, value, message);
}

/* A number of milliseconds, or a word. */
static bool read_decay(void *option, const char *key, const char *value, struct message *message) {
    static const char *const words[] = {"at once", "never"};
    static const uint32_t values[] = {CORRAL_DECAY_AT_ONCE, CORRAL_DECAY_NEVER};
    uint32_t word = find_word(words, 2, value);
    if (word < 2) {
        memcpy(option, &values[word], sizeof values[word]);
        return true;
    }
    return read_short(option, CORRAL_DECAY_AT_ONCE - 1, key, value, message);
}

static bool read_huge_pages(void *option, const char *key, const char *value, struct message *message) {
    static const char *const words[] = {
        [CORRAL_HUGE_PAGES_DEFAULT] = "default",
        [CORRAL_HUGE_PAGES_NEVER] = "never",
        [CORRAL_HUGE_PAGES_ADVISE] = "advise",
        [CORRAL_HUGE_PAGES_EXPLICIT] = "explicit",
    };
    return read_word(option, words, 4, "never, advise, explicit and default", key, value, message);
}

static bool read_backend(void *option, const char *key, const char *value, struct message *message) {
    return corral_config_read_backend(key, value, option, message);
}

/* Whose keys they are. */
enum section { OF_CATEGORY, OF_BOTH, OF_PROCESS };

struct key {
    const char *name;
    reader *read;
    size_t offset, size; /* of the option in a setting */
    enum section section;
};

#define OPTION(name) \
    offsetof(struct setting, options.name), sizeof(((corral_category_options *)0)->name)

enum { NAME, KEYS = 17 };
static const struct key keys[KEYS] = {
    [NAME] = {"name", read_name, offsetof(struct setting, name), CORRAL_NAME_MAX + 1, OF_CATEGORY},
    {"soft_budget", read_bytes, OPTION(soft_budget), OF_BOTH},
    {"hard_budget", read_bytes, OPTION(hard_budget), OF_BOTH},
    {"exact", read_switch, OPTION(exact), OF_CATEGORY},
    {"isolated", read_switch, OPTION(isolated), OF_CATEGORY},
    {"zero_on_free", read_switch, OPTION(zero_on_free), OF_CATEGORY},
    {"misuse", read_misuse, OPTION(misuse), OF_CATEGORY},
    {"fail_at", read_number, OPTION(fail_at), OF_CATEGORY},
    {"fail_every", read_number, OPTION(fail_every), OF_CATEGORY},
    {"fail_per_million", read_per_million, OPTION(fail_per_million), OF_CATEGORY},
    {"fail_seed", read_number, OPTION(fail_seed), OF_CATEGORY},
    {"origins", read_every, OPTION(origins), OF_CATEGORY},
    {"reserve", read_bytes, OPTION(reserve), OF_CATEGORY},
    {"keep", read_bytes, OPTION(keep), OF_BOTH},
    {"decay_ms", read_decay, OPTION(decay_ms), OF_BOTH},
    {"huge_pages", read_huge_pages, OPTION(huge_pages), OF_CATEGORY},
    {"backend", read_backend, offsetof(struct setting, backend), sizeof(struct backend_choice), OF_PROCESS},
};

bool corral_config_take_key(struct setting *setting, const char *key, const char *value,
                            struct message *message) {
    uint32_t i = 0;
    enum section not_here = setting->process ? OF_CATEGORY : OF_PROCESS;
    while (i < KEYS && (strcmp(keys[i].name, key) != 0 || keys[i].section == not_here)) {
        i++;
    }
    if (i == KEYS) {
        return corral_config_refuse(message, "%s has no key \"%s\"",
                                    setting->process ? "[process]" : "a category", key);
    }
    if ((setting->named & 1u << i) != 0) {
        return corral_config_refuse(message, "%s: it is set twice", key);
    }
    setting->named |= 1u << i;
    return keys[i].read((char *)setting + keys[i].offset, key, value, message);
}

void corral_config_merge(struct setting *into, const struct setting *from) {
    for (uint32_t i = 0; i < KEYS; i++) {
        if ((from->named & 1u << i) != 0) {
            memcpy((char *)into + keys[i].offset, (const char *)from + keys[i].offset, keys[i].size);
        }
    }
    into->named |= from->named;
}

void corral_config_overlay(corral_category_options *options, const struct setting *setting) {
    struct setting whole = {.options = *options};
    corral_config_merge(&whole, setting);
    *options = whole.options;
    if ((setting->named & 1u << NAME) != 0) {
        options->name = setting->name;
    }
}

const char *corral_config_name(const struct setting *setting) {
    return (setting->named & 1u << NAME) != 0 ? setting->name : NULL;
}

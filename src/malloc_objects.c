/* SPDX-License-Identifier: MIT
 *
 * malloc_objects: see malloc_objects.h.
 *
 * Owns:     the rules, the sites and the objects met.
 * Callers:  through malloc_objects.h.
 * Promises: a site is looked up once, unless another one takes its place.
 * Does not: allocate from corral: objects' names come from meta, and stay.
 */
#define _GNU_SOURCE
#include "malloc_objects.h"

#include "atomic.h"
#include "category.h"
#include "meta.h"
#include "report.h"
#include "thread.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#define NAME_OF_MAIN "main"
#define ALL_OTHERS   "*"
#define OWN_ID       "own"

/* Which id the calls of an object go to. */
struct rule {
    char name[OBJECT_NAME_MAX + 1];
    bool own; /* the id is made of the name */
    uint32_t id;
};

/* Sites: a return address and its category in one word. */
#define SITE_BITS     13u
#define CATEGORY_BITS 16u
static_assert(CATEGORY_LIMIT < 1u << CATEGORY_BITS, "a category fits a site's word");
static_assert(CORRAL_ADDRESS_BITS + CATEGORY_BITS <= 64, "and so does an address");

static struct rule rules[MALLOC_RULES_MAX]; /* const: set before calls are asked */
static unsigned rule_count;          /* const: likewise */
static _Atomic uint64_t sites[1u << SITE_BITS]; /* atomic, relaxed */
static _Atomic(struct malloc_object *) objects; /* atomic [E:object] */

/* FNV-1a, of 32 bits. It is above all dense ids: those are for who chooses. */
static uint32_t own_id(const char *name) {
    uint32_t hash = UINT32_C(2166136261);
    for (; *name != 0; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT32_C(16777619);
    }
    return hash >= DENSE_IDS ? hash : hash + DENSE_IDS;
}

/* The number that a text of a length is, in C's notation. False when it is none, or above 32 bits. */
static bool parse_id(const char *text, size_t length, uint32_t *id) {
    char *end;
    unsigned long number = strtoul(text, &end, 0);
    *id = (uint32_t)number;
    return *text >= '0' && *text <= '9' && end == text + length && number <= UINT32_MAX;
}

/* Of NAME=ID. */
static bool parse_rule(const char *text, size_t length, struct rule *rule) {
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals == NULL ? 0 : (size_t)(equals - text);
    if (name_length == 0 || name_length > OBJECT_NAME_MAX) {
        return false;
    }
    memcpy(rule->name, text, name_length);
    const char *value = equals + 1;
    size_t value_length = length - name_length - 1;
    rule->own = value_length == strlen(OWN_ID) && memcmp(value, OWN_ID, value_length) == 0;
    return rule->own || parse_id(value, value_length, &rule->id);
}

static void say_fault(const char *what) {
    struct report report;
    corral_report_begin(&report);
    corral_report_text(&report, MALLOC_OBJECTS_VARIABLE " is ignored: ");
    corral_report_text(&report, what);
    corral_report_end(&report);
}

static bool parse(const char *text) {
    for (rule_count = 0; *text != 0;) {
        size_t length = strcspn(text, ",");
        if (rule_count == MALLOC_RULES_MAX) {
            say_fault("it has more than 64 rules");
            return false;
        }
        if (!parse_rule(text, length, &rules[rule_count++])) {
            say_fault("a rule is NAME=ID, and ID a number of 32 bits or \"own\"");
            return false;
        }
        text += length + (text[length] == ',');
    }
    return rule_count > 0;
}

void corral_malloc_objects_begin(void) {
    int kept = errno;
    const char *text = secure_getenv(MALLOC_OBJECTS_VARIABLE);
    if (text != NULL && parse(text)) {
        store_release(&corral_thread_asks, true); /* [E:rules] Publishes the rules. */
        corral_thread_set_scope(corral_thread.scope);
    }
    errno = kept;
}

/* The first rule for a name, or NULL. */
static const struct rule *find_rule(const char *name) {
    for (unsigned i = 0; i < rule_count; i++) {
        if (strcmp(rules[i].name, name) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

static bool is_met(const struct malloc_object *first, const char *name, uint32_t id) {
    for (; first != NULL; first = first->next) {
        if (first->id == id && strncmp(first->name, name, OBJECT_NAME_MAX) == 0) {
            return true;
        }
    }
    return false;
}

/* Enters an object that is not entered yet. One that finds no memory stays without a name. */
static void meet(const char *name, uint32_t id) {
    struct malloc_object *first = load_acquire(&objects); /* [E:object] */
    size_t length = strnlen(name, OBJECT_NAME_MAX);
    struct malloc_object *object =
        is_met(first, name, id) ? NULL : corral_meta_take(sizeof *object + length + 1);
    if (object == NULL) {
        return;
    }
    object->id = id;
    memcpy(object->name, name, length);
    do {
        object->next = first;
        /* [E:object] Publishes the fields. Two threads that meet an object at once enter it twice. */
    } while (!cas_release(&objects, &first, object));
}

const struct malloc_object *corral_malloc_objects(void) {
    return load_acquire(&objects); /* [E:object] */
}

static uint32_t category_of_object(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = *path == 0 ? NAME_OF_MAIN : slash == NULL ? path : slash + 1;
    const struct rule *rule = find_rule(name);
    rule = rule != NULL ? rule : find_rule(ALL_OTHERS);
    if (rule == NULL) {
        return 0;
    }
    uint32_t id = rule->own ? own_id(name) : rule->id;
    meet(name, id);
    return corral_category_of_id(id);
}

/* Code that no object has was made at run time, and allocates as by default. */
static uint32_t category_of_code(const void *code) {
    struct dl_find_object found;
    return _dl_find_object((void *)(uintptr_t)code, &found) == 0
               ? category_of_object(found.dlfo_link_map->l_name)
               : 0;
}

uint32_t corral_malloc_pool_base_of_call(const void *caller) {
    uint64_t address = (uintptr_t)caller;
    _Atomic uint64_t *site = &sites[address * UINT64_C(0x9E3779B97F4A7C15) >> (64 - SITE_BITS)];
    uint64_t word = load_relaxed(site); /* [R:value-is-all] */
    if (unlikely(word >> CATEGORY_BITS != address)) {
        (void)load_acquire(&corral_thread_asks); /* [E:rules] It is set: see the rules. */
        word = address << CATEGORY_BITS | category_of_code(caller);
        store_relaxed(site, word); /* [R:value-is-all] */
    }
    return (uint32_t)(word & ((1u << CATEGORY_BITS) - 1)) << CLASS_STRIDE_LOG;
}

/* SPDX-License-Identifier: MIT
 *
 * control: see control.h.
 *
 * Owns:     the words; names and callbacks lie in meta's memory.
 * Callers:  through control.h.
 * Promises: what a name or callback was set to before is set again without memory.
 * Does not: check its arguments.
 */
#include "control.h"

#include "meta.h"

#include <string.h>

/* Before the first look: nothing may be taken without one. */
#define SPARE_UNKNOWN (INT64_MIN / 4)

struct control corral_controls[CATEGORY_LIMIT + 1];
_Atomic bool corral_control_any;
_Atomic int64_t corral_control_reserved;

bool corral_control_name_fits(const char *name) {
    size_t length = 0;
    while (length <= CORRAL_NAME_MAX && name[length] != '\0') {
        length++;
    }
    return length <= CORRAL_NAME_MAX;
}

/* A piece with the name, or the one that is there. False when there is no memory. */
static bool make_name(struct control *control, const char *name, const struct control_text **made) {
    const struct control_text *have = load_acquire(&control->name); /* [E:name] */
    struct control_text text = {{0}};
    *made = NULL;
    if (name == NULL) {
        return true;
    }
    for (size_t i = 0; name[i] != '\0'; i++) {
        text.text[i] = name[i];
    }
    if (have != NULL && memcmp(have, &text, sizeof text) == 0) {
        *made = have;
        return true;
    }
    struct control_text *piece = corral_meta_take(sizeof *piece);
    if (piece == NULL) {
        return false;
    }
    *piece = text;
    *made = piece;
    return true;
}

static bool make_callback(struct control *control, const corral_category_options *options,
                          const struct control_callback **made) {
    const struct control_callback *have = load_acquire(&control->callback); /* [E:callback] */
    *made = NULL;
    if (options->callback == NULL) {
        return true;
    }
    if (have != NULL && have->function == options->callback && have->argument == options->argument) {
        *made = have;
        return true;
    }
    struct control_callback *callback = corral_meta_take(sizeof *callback);
    if (callback == NULL) {
        return false;
    }
    callback->function = options->callback;
    callback->argument = options->argument;
    *made = callback;
    return true;
}

static uint32_t flags_of(const corral_category_options *options, uint32_t before) {
    uint32_t flags = before & (CONTROL_COUNTED | CONTROL_ORIGINS | CONTROL_USED);
    flags |= options->soft_budget != 0 || options->hard_budget != 0 ? CONTROL_COUNTED : 0;
    flags |= options->exact != 0 ? CONTROL_EXACT : 0;
    flags |= options->zero_on_free != 0 ? CONTROL_ZERO : 0;
    bool fails = options->fail_at != 0 || options->fail_every != 0 || options->fail_per_million != 0;
    return flags | (fails ? CONTROL_FAILS : 0);
}

static void set_faults(struct control *control, const corral_category_options *options) {
    store_relaxed(&control->fail_at, options->fail_at);       /* [R:value-is-all] */
    store_relaxed(&control->fail_every, options->fail_every); /* [R:value-is-all] */
    store_relaxed(&control->fail_seed, options->fail_seed);   /* [R:value-is-all] */
    /* [R:value-is-all] */
    store_relaxed(&control->fail_per_million, options->fail_per_million);
    store_relaxed(&control->fail_number, 0); /* [R:value-is-all] */
}

static void set_budgets(struct control *control, const corral_category_options *options) {
    store_relaxed(&control->hard, (int64_t)options->hard_budget); /* [R:value-is-all] */
    store_relaxed(&control->soft, (int64_t)options->soft_budget); /* [R:value-is-all] */
    store_relaxed(&control->soft_next, 0);                        /* [R:hint] */
    store_relaxed(&control->soft_told, false);                    /* [R:hint] */
}

static void set_memory(struct control *control, const corral_category_options *options) {
    store_relaxed(&control->keep, (int64_t)options->keep);    /* [R:value-is-all] */
    store_relaxed(&control->decay_ms, options->decay_ms);     /* [R:value-is-all] */
    /* [R:value-is-all] */
    store_relaxed(&control->huge_pages, (uint32_t)options->huge_pages);
}

/* Keeps origins from now on, where no thread has used the category. False when one has. */
static bool keep_origins(struct control *control) {
    uint32_t before = load_relaxed(&control->flags); /* [R:cas-reload] */
    while ((before & CONTROL_ORIGINS) == 0) {
        if ((before & CONTROL_USED) != 0) {
            return false;
        }
        store_relaxed(&corral_control_any, true); /* [R:same-value] */
        /* [E:origins] Publishes that something was set. [R:first-use] */
        if (cas_release(&control->flags, &before, before | CONTROL_ORIGINS)) {
            return true;
        }
    }
    return true;
}

/* Sets the flags. Who is the first to count sees to it that the first take looks. */
static void set_flags(struct control *control, const corral_category_options *options) {
    uint32_t before = load_relaxed(&control->flags); /* [R:cas-reload] */
    uint32_t after;
    do {
        after = flags_of(options, before);
        if ((after & ~(uint32_t)CONTROL_USED) != 0) {
            store_relaxed(&corral_control_any, true); /* [R:same-value] */
        }
        if ((after & ~before & CONTROL_COUNTED) != 0) {
            store_relaxed(&control->spare, SPARE_UNKNOWN); /* [R:before-edge] */
        }
        /* [E:counted] Publishes that nothing is known to be spare. [E:origins] likewise. */
    } while (!cas_release(&control->flags, &before, after));
}

corral_status corral_control_set(uint32_t category, const corral_category_options *options) {
    struct control *control = &corral_controls[category];
    const struct control_text *name;
    const struct control_callback *callback;
    if (!make_name(control, options->name, &name) || !make_callback(control, options, &callback)) {
        return CORRAL_ENOMEM;
    }
    if (options->origins != 0 && !keep_origins(control)) {
        return CORRAL_EINVAL;
    }
    store_release(&control->name, name);         /* [E:name] */
    store_release(&control->callback, callback); /* [E:callback] */
    /* [R:value-is-all] */
    store_relaxed(&control->misuse, (uint32_t)options->misuse);
    if (options->isolated != 0) {
        store_relaxed(&control->isolated, true); /* [R:value-is-all] */
    }
    store_relaxed(&control->origins, options->origins); /* [R:value-is-all] */
    store_relaxed(&control->origin_number, 0);          /* [R:value-is-all] */
    set_faults(control, options);
    set_budgets(control, options);
    set_memory(control, options);
    set_flags(control, options);
    return CORRAL_OK;
}

uint64_t corral_control_set_reserve(uint32_t category, uint64_t bytes) {
    _Atomic int64_t *reserve = &corral_controls[category].reserve;
    int64_t before = load_relaxed(reserve); /* [R:cas-reload] */
    /* [R:value-is-all] Each change counts what it changed. */
    while (!cas_relaxed(reserve, &before, (int64_t)bytes)) {
    }
    fetch_add_relaxed(&corral_control_reserved, (int64_t)bytes - before); /* [R:hint] */
    return (uint64_t)before;
}

void corral_control_reset_reserve(uint32_t category, uint64_t from, uint64_t to) {
    int64_t expected = (int64_t)from;
    /* [R:value-is-all] Likewise. */
    if (cas_relaxed(&corral_controls[category].reserve, &expected, (int64_t)to)) {
        fetch_add_relaxed(&corral_control_reserved, (int64_t)(to - from)); /* [R:hint] */
    }
}

void corral_control_get(uint32_t category, corral_category_options *options) {
    struct control *control = &corral_controls[category];
    /* [E:callback] */
    const struct control_callback *callback = load_acquire(&control->callback);
    uint32_t flags = control_flags(category);
    *options = (corral_category_options){
        .name = control_name(category),
        .soft_budget = (uint64_t)load_relaxed(&control->soft), /* [R:value-is-all] */
        .hard_budget = (uint64_t)load_relaxed(&control->hard), /* [R:value-is-all] */
        .callback = callback == NULL ? NULL : callback->function,
        .argument = callback == NULL ? NULL : callback->argument,
        .exact = (flags & CONTROL_EXACT) != 0,
        .zero_on_free = (flags & CONTROL_ZERO) != 0,
        .isolated = control_is_isolated(category),
        .misuse = (corral_misuse_policy)load_relaxed(&control->misuse), /* [R:value-is-all] */
        .fail_per_million = load_relaxed(&control->fail_per_million),   /* [R:value-is-all] */
        .fail_at = load_relaxed(&control->fail_at),                     /* [R:value-is-all] */
        .fail_every = load_relaxed(&control->fail_every),               /* [R:value-is-all] */
        .fail_seed = load_relaxed(&control->fail_seed),                 /* [R:value-is-all] */
        .origins = load_relaxed(&control->origins),                     /* [R:value-is-all] */
        .reserve = (uint64_t)load_relaxed(&control->reserve),           /* [R:value-is-all] */
        .keep = (uint64_t)load_relaxed(&control->keep),                 /* [R:value-is-all] */
        .decay_ms = load_relaxed(&control->decay_ms),                   /* [R:value-is-all] */
        /* [R:value-is-all] */
        .huge_pages = (corral_huge_pages)load_relaxed(&control->huge_pages),
    };
}

/* A number that looks random, of two others: what a generator of 64 bits steps through (splitmix). */
static uint64_t mixed(uint64_t seed, uint64_t number) {
    uint64_t value = seed + number * UINT64_C(0x9E3779B97F4A7C15);
    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

CORRAL_SLOW bool corral_control_fails_now(uint32_t category) {
    struct control *control = &corral_controls[category];
    uint64_t number = fetch_add_relaxed(&control->fail_number, 1) + 1;  /* [R:figure] */
    uint64_t every = load_relaxed(&control->fail_every);               /* [R:value-is-all] */
    uint64_t seed = load_relaxed(&control->fail_seed);                 /* [R:value-is-all] */
    uint32_t per_million = load_relaxed(&control->fail_per_million);   /* [R:value-is-all] */
    return number == load_relaxed(&control->fail_at) ||                /* [R:value-is-all] */
           (every != 0 && number % every == 0) ||
           mixed(seed, number) % 1000000 < per_million;
}

CORRAL_SLOW bool corral_control_keeps_next(uint32_t category, uint32_t every) {
    /* [R:figure] */
    return (fetch_add_relaxed(&corral_controls[category].origin_number, 1) + 1) % every == 0;
}

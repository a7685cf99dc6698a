/* SPDX-License-Identifier: MIT
 *
 * control: what was set for a category, and the counters that it needs.
 *
 * Owns:     options, names and callbacks of categories, and of the process as a whole.
 * Callers:  any thread. Who allocates reads one line of a category's when a front list and run are empty.
 * Promises: each option is one atomic word, or a pointer to what stays as it is. A category for which nothing
 *           was set has all zeros.
 * Does not: count blocks: see budget.h. Send anything home when an option asks for it.
 *
 * Synchronization (row beside column):
 *             set        read
 *   set       any        any        every option is a word; a name or callback is published by its pointer
 *   read      any        any        and never freed
 */
#ifndef CORRAL_CONTROL_H
#define CORRAL_CONTROL_H

#include "atomic.h"
#include "base.h"
#include "options.h"

#include <corral/configure.h>

/* A category is COUNTED from its first budget on, for ever: what was not counted for a while would be missed.
 * One is APART while blocks are taken and brought home one by one. It keeps ORIGINS from the first time on
 * that this is set, for ever, and that only before a thread has USED it: so no front list has a block of it, and no
 * free of one passes its mark by (mark.h). */
enum control_flag {
    CONTROL_COUNTED = 1,
    CONTROL_EXACT = 2,
    CONTROL_ZERO = 4,
    CONTROL_FAILS = 8,
    CONTROL_ORIGINS = 16,
    CONTROL_USED = 32, /* a thread has pools of it; nothing that is set */
    CONTROL_APART = CONTROL_EXACT | CONTROL_ZERO | CONTROL_FAILS | CONTROL_ORIGINS,
};

struct control_text {
    char text[CORRAL_NAME_MAX + 1];
};

struct control_callback {
    corral_budget_callback *function;
    void *argument;
};

struct control {
    _Alignas(CACHE_LINE) _Atomic uint32_t flags; /* atomic: enum control_flag */
    _Atomic uint32_t recalls;  /* atomic [E:recall]: times that caches were asked to send its blocks home */
    _Atomic int64_t charged;   /* atomic [E:charge]: bytes taken from slabs and the backend, cumulative */
    _Atomic int64_t spare;     /* atomic [E:spare]: what came back of them; see budget.h */
    _Atomic int64_t hard;      /* atomic: bytes; 0: none */
    _Atomic int64_t soft;      /* atomic: bytes; 0: none */
    _Atomic int64_t soft_next; /* atomic, relaxed: what is to be charged before soft is looked at again */
    _Atomic bool soft_told;      /* atomic, relaxed: of the soft budget, which was passed */
    _Atomic bool isolated;       /* atomic, relaxed: its addresses serve no other; never false again */
    _Atomic uint32_t misuse;     /* atomic: corral_misuse_policy */
    _Atomic(const struct control_text *) name;         /* atomic [E:name] */
    _Atomic(const struct control_callback *) callback; /* atomic [E:callback] */
    _Atomic uint64_t failed;      /* atomic: allocations that found no memory or were refused */
    _Atomic uint64_t fail_number; /* atomic: allocations since faults were set */
    _Atomic uint64_t fail_at, fail_every, fail_seed; /* atomic */
    _Atomic uint32_t fail_per_million;               /* atomic */
    _Atomic uint32_t origins;                        /* atomic: each so manieth is kept; 0: none */
    _Atomic uint32_t origin_number;                  /* atomic: those given, where not each is kept */
    _Atomic int64_t reserve, keep;                   /* atomic: bytes; 0: none is set */
    _Atomic uint32_t decay_ms;                       /* atomic: likewise */
    _Atomic uint32_t huge_pages;                     /* atomic: corral_huge_pages */
};

/* That of the process stands behind those of the categories. */
#define CONTROL_PROCESS CATEGORY_LIMIT

extern CORRAL_HIDDEN struct control corral_controls[CATEGORY_LIMIT + 1];
extern CORRAL_HIDDEN _Atomic int64_t corral_control_reserved; /* atomic, relaxed: all reserves, bytes */
extern CORRAL_HIDDEN _Atomic bool corral_control_any; /* atomic, relaxed: a flag was set, at some time, for
                                                         one of them */

/* Is a name short enough? */
bool corral_control_name_fits(const char *name);
/* Sets all options of a category, which are legal, but for its reserve. CORRAL_ENOMEM when there is none for a name or callback;
 * CORRAL_EINVAL when origins are to be kept and were not before the category was used. May call the OS. */
corral_status corral_control_set(uint32_t category, const corral_category_options *options);
/* Sets how much is to be a category's alone. Returns what was set before. */
uint64_t corral_control_set_reserve(uint32_t category, uint64_t bytes);
/* Sets it from one to another, if it is that still. */
void corral_control_reset_reserve(uint32_t category, uint64_t from, uint64_t to);
void corral_control_get(uint32_t category, corral_category_options *options);
/* Is the next allocation one that is to fail? For a category that FAILS. Wait-free. */
bool corral_control_fails_now(uint32_t category);
/* Is the next origin the `every`th since the last that was kept? Wait-free. */
bool corral_control_keeps_next(uint32_t category, uint32_t every);

CORRAL_FAST uint32_t control_flags(uint32_t category) {
    return load_relaxed(&corral_controls[category].flags); /* [R:poll] */
}

CORRAL_FAST bool control_is_apart(uint32_t category) {
    return unlikely((control_flags(category) & CONTROL_APART) != 0);
}

/* Has the category a budget, or all together? */
CORRAL_FAST bool control_is_counted(uint32_t category) {
    return unlikely(((control_flags(category) | control_flags(CONTROL_PROCESS)) & CONTROL_COUNTED) != 0);
}

/* Are the category's addresses to serve no other? */
CORRAL_FAST bool control_is_isolated(uint32_t category) {
    return unlikely(load_relaxed(&corral_controls[category].isolated)); /* [R:value-is-all] */
}

CORRAL_FAST corral_huge_pages control_huge_pages(uint32_t category) {
    return (corral_huge_pages)load_relaxed(&corral_controls[category].huge_pages); /* [R:value-is-all] */
}

/* Is nothing set that an allocation or free of the category has to look at? */
CORRAL_FAST bool control_is_plain(uint32_t category) {
    return likely(!load_relaxed(&corral_control_any)) || /* [R:poll] */
           ((control_flags(category) | control_flags(CONTROL_PROCESS)) & ~(uint32_t)CONTROL_USED) == 0;
}

/* Before a thread has pools of a category. */
CORRAL_FAST void control_use(uint32_t category) {
    if ((control_flags(category) & CONTROL_USED) == 0) {
        /* [R:first-use] */
        fetch_or_relaxed(&corral_controls[category].flags, CONTROL_USED);
    }
}

/* Are origins of the category kept: each so manieth of those that are given? 0: none. */
CORRAL_FAST uint32_t control_origins(uint32_t category) {
    const struct control *control = &corral_controls[category];
    /* [E:origins] Sees that something was set: so does, then, whoever gets and frees the block. */
    uint32_t flags = load_acquire(&control->flags);
    return likely((flags & CONTROL_ORIGINS) == 0) ? 0 : load_relaxed(&control->origins); /* [R:value-is-all] */
}

/* Asks all caches to send home what they have of the category when they next need blocks of it. */
CORRAL_FAST void control_recall(uint32_t category) {
    fetch_add_release(&corral_controls[category].recalls, 1); /* [E:recall] the flags set before */
}

CORRAL_FAST uint32_t control_recalls(uint32_t category) {
    return load_acquire(&corral_controls[category].recalls); /* [E:recall] */
}

CORRAL_FAST void control_count_failed(uint32_t category) {
    fetch_add_relaxed(&corral_controls[category].failed, 1); /* [R:figure] */
}

/* The category's name; NULL when it has none. */
CORRAL_FAST const char *control_name(uint32_t category) {
    /* [E:name] */
    const struct control_text *name = load_acquire(&corral_controls[category].name);
    return name == NULL ? NULL : name->text;
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * corral/configure.h: what a program sets for a category: its name, its budgets, what happens when it is
 * misused, and faults on purpose.
 *
 * Owns:     the public interface of a category's options, and no state.
 * Callers:  any thread, at any time, before or after the first allocation of the category.
 * Promises: what is not set costs nothing. A hard budget that was set before its category is used is never
 *           passed: neither by a byte, nor for a moment.
 * Does not: take memory away from who holds it, or has it at hand: a budget below that refuses what is to be
 *           taken besides, until enough is home.
 *
 * What a budget bounds are the bytes that left the category's slabs, and its large blocks: those that callers
 * hold, of size classes, and those that threads have at hand: in front lists, in a run and in a gathered
 * word of each size class (-Dfront_kib, 64 blocks, and 64 blocks of up to 16 KiB in all), and the large block
 * that each freed last before there was a budget. So
 *     live bytes <= budget,
 * and an allocation may be refused while live bytes are lower than the budget by what other threads have at
 * hand; the refused thread has sent home what it had, and has asked the others, who do so when they next
 * need blocks of the category, or look at the length of a front list of it: that is after at most as many frees past
 * it as it may hold, or never where it was given up, and a gathered word is what is left. (What a thread had that ended without its
 * exit hooks stays until another begins to use corral.) In the exact mode nobody has anything at hand: what is
 * refused would pass the budget, but for what other threads are about to be refused at that moment.
 *
 * A soft budget is told of when somebody looks, after an allocation: once more is taken than that, and again for
 * each sixteenth of it. So it is told late by that, and by what threads have at hand; not before it is passed; and
 * when less was live in between, again, as far as a look saw that. In the exact mode it is told at the block.
 *
 * The cost: a thread takes up to 64 blocks of a category with a budget by one atomic operation. Near the
 * budget each take looks at what all threads have, which takes time proportional to threads times size
 * classes. A hit, and every free, cost nothing. In the exact mode nothing is a hit.
 */
#ifndef CORRAL_CONFIGURE_H
#define CORRAL_CONFIGURE_H

#include <corral/corral.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longer names are refused. */
#define CORRAL_NAME_MAX 47

/* What becomes of a fault of a caller that concerns a block of the category. */
typedef enum corral_misuse_policy {
    CORRAL_MISUSE_DEFAULT = 0, /* the build's: -Dmisuse_policy */
    CORRAL_MISUSE_IGNORE = 1,  /* it is counted */
    CORRAL_MISUSE_REPORT = 2,  /* a line is written to the error stream, and the program goes on */
    CORRAL_MISUSE_ABORT = 3,   /* a line is written, and the program aborts */
} corral_misuse_policy;

/* What the category's arenas and large blocks are made of, from when this is set on. Where the kernel, or the backend,
 * which is to be the OS, has it not, of ordinary pages; so are the arenas of an isolated category. On which node of a
 * machine they lie, the OS decides. */
typedef enum corral_huge_pages {
    CORRAL_HUGE_PAGES_DEFAULT = 0,  /* as the kernel is set */
    CORRAL_HUGE_PAGES_NEVER = 1,    /* the kernel is told to use none */
    CORRAL_HUGE_PAGES_ADVISE = 2,   /* the kernel is asked for them */
    CORRAL_HUGE_PAGES_EXPLICIT = 3, /* out of those that the administrator reserved, for arenas, whose memory then
                                       goes back with the arena alone; else as ADVISE */
} corral_huge_pages;

/* For decay_ms. */
#define CORRAL_DECAY_AT_ONCE UINT32_C(0xFFFFFFFE)
#define CORRAL_DECAY_NEVER   UINT32_C(0xFFFFFFFF)

typedef enum corral_budget_kind {
    CORRAL_BUDGET_SOFT = 0, /* more is live than the soft budget: told once, until less is */
    CORRAL_BUDGET_HARD = 1, /* an allocation is about to be refused */
} corral_budget_kind;

/* What a callback is told. It is gone when the call returns, but for the name. */
typedef struct corral_budget_event {
    uint64_t id;            /* the category's; CORRAL_MEMORY_TYPE_OVERFLOW; or CORRAL_MEMORY_TYPE_NONE for
                               the process's budget */
    const char *name;       /* the category's; NULL: it has none */
    corral_budget_kind kind;
    uint32_t attempt;       /* hard: how often the callback asked for another try so far */
    uint64_t live_bytes;    /* bytes that callers hold; while others allocate, near it */
    uint64_t budget_bytes;
    size_t size;            /* bytes that are asked for: the block's; of one that grew in place, by how much */
} corral_budget_event;

/* Called on the thread that allocates, which holds nothing of corral's. It returns: it is not left by longjmp or
 * an exception. errno is kept. It may call any function of corral but corral_thread_detach and corral_trim_all, in any category (corral_category_reset of the one that is
 * allocated in answers CORRAL_EBUSY): what
 * passes a hard budget within a callback is refused without another call, and a soft one that is passed within it is
 * told of after it.
 *
 * Returns, of a hard event: whether to try again, since something was freed. It is called again when that does
 * not help: whoever frees nothing returns 0. Of a soft one: ignored. */
typedef int corral_budget_callback(const corral_budget_event *event, void *argument);

/* All zeros is what a category begins with. */
typedef struct corral_category_options {
    const char *name;          /* up to CORRAL_NAME_MAX bytes, copied; NULL: none */
    uint64_t soft_budget;      /* bytes; 0: none */
    uint64_t hard_budget;      /* bytes; 0: none */
    corral_budget_callback *callback; /* for both; NULL: none */
    void *argument;            /* given to it */
    uint32_t exact;            /* 1: the exact mode */
    uint32_t zero_on_free;     /* 1: a block's bytes are set to 0 when it is freed; nothing is a hit */
    corral_misuse_policy misuse;
    uint32_t fail_per_million; /* allocations that fail at random, of a million; nothing is a hit while this
                                  or the next two are set */
    uint64_t fail_at;          /* the number of an allocation that fails, from 1 on, counted since this was
                                  set; 0: none */
    uint64_t fail_every;       /* each so manieth allocation fails; 0: none */
    uint64_t fail_seed;        /* for fail_per_million: the same seed fails the same numbers */
    uint32_t isolated;         /* 1: from now on, and for good, no address at which the category has blocks serves
                                  another one, nor did those that it gets from now on ever */
    uint32_t origins;          /* 1: where blocks were asked for is kept so that a walk finds it
                                  (corral/origin.h); N: of each Nth that says so; nothing is a hit */
    uint64_t reserve;          /* bytes of slabs, as corral_stats counts them, that are the category's alone: addresses
                                  are had for them at once, and memory that once stood behind them is not given
                                  back; 0: none */
    uint64_t keep;             /* most bytes of free slabs whose memory is kept for the category, apart from its
                                  reserve; 0: what is kept for all together is all that bounds it */
    uint32_t decay_ms;         /* milliseconds that the memory of free slabs is kept; 0: the build's
                                  (-Ddecay_ms); CORRAL_DECAY_AT_ONCE; CORRAL_DECAY_NEVER */
    corral_huge_pages huge_pages;
} corral_category_options;

/* Sets the options of a category.
 *
 * memory_type_id  any id; it gets its category now if it has none. When the categories are used up, the call
 *                 fails: what all further ids share is not set by one of them.
 * options         read as far as options_size reaches; what lies beyond is 0, which is the default.
 * options_size    sizeof(corral_category_options) as the caller knows it.
 * Returns CORRAL_OK; CORRAL_EINVAL when options is NULL, options_size is 0, the name is too long, a budget, reserve
 * or keep is above PTRDIFF_MAX, a number is not of those named above, fail_per_million is above a million, or origins are to be
 * kept and were not before a thread allocated or freed small blocks of the category: they are to be set before
 * that, and from then on nothing in the category is a hit, also when they are set to 0 again;
 * CORRAL_ENOMEM when there is no memory for the name or the callback, no category, or not so many addresses as the
 * reserve is to have. Nothing was changed then.
 * A budget that is first set while other threads allocate in the category may be passed by what each of them
 * is taking at that moment: up to 256 blocks, or a large block. What makes that nothing is a hit (exact,
 * zero_on_free, fail_...) begins for another thread when it sends home what it has at hand, as above.
 * Two threads that set the same category at once: each option is of one of them.
 * Each different name and callback that is set takes 64 bytes, which stay taken.
 * Thread role: any. Progress: lock-free but for the OS. Calls the OS: for its own memory. */
CORRAL_API corral_status corral_category_configure(uint32_t memory_type_id,
                                                   const corral_category_options *options,
                                                   size_t options_size);

/* Reads the options of a category: all zeros when none were set.
 *
 * options  written whole, as far as options_size reaches. The name stays as it is as long as the process lives.
 * Returns CORRAL_OK, for a dense id always; CORRAL_EUNUSED when the id has no category, the options being 0;
 * CORRAL_EINVAL when options is NULL or options_size is 0.
 * Thread role: any. Progress: wait-free. Calls the OS: no. */
CORRAL_API corral_status corral_category_options_of(uint32_t memory_type_id,
                                                    corral_category_options *options,
                                                    size_t options_size);

/* Sets a budget for all categories together, and what is kept of all together. Of the options, only soft_budget,
 * hard_budget, callback, argument, keep (beside all reserves, whether used or not; 0: the build's, -Dretire_kib) and decay_ms, for categories that have none of
 * their own, count. As corral_category_configure; each allocation that takes blocks is counted twice then, once for its
 * category's budget, if that has one, and once for the process's. */
CORRAL_API corral_status corral_process_configure(const corral_category_options *options,
                                                  size_t options_size);

/* Reads what was set for all categories together. As corral_category_options_of; never CORRAL_EUNUSED. */
CORRAL_API corral_status corral_process_options_of(corral_category_options *options, size_t options_size);

/* The name of the category of an id; NULL when it has none. It stays as it is as long as the process lives.
 * Thread role: any. Progress: wait-free. Calls the OS: no. */
CORRAL_API const char *corral_category_name(uint32_t memory_type_id);

#ifdef __cplusplus
}
#endif

#endif

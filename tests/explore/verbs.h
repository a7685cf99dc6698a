/* SPDX-License-Identifier: MIT
 *
 * The verbs of src/atomic.h as operations of the explorer: each is a yield point, knows where it stands
 * in the source, and may be damaged.
 *
 * Owns:     one site for each use of a verb.
 * Callers:  src/atomic.h, in place of its own verbs, when it is compiled for the explorer.
 * Promises: the same verbs, for objects of up to 8 bytes.
 * Does not: know what a schedule is.
 */
#ifndef CORRAL_EXPLORE_VERBS_H
#define CORRAL_EXPLORE_VERBS_H

#include "sites.h"

#define EXPLORE_SITE(name, with_order, is_change)                                                  \
    static struct explore_site site_ __attribute__((section("explore_sites"), used)) = {           \
        .file = __FILE__, .verb = name, .line = __LINE__, .order = with_order, .changes = is_change}

/* The type of an atomic object's value. */
#define EXPLORE_VALUE(pointer) __typeof__((void)0, *(pointer))

/* A value as 64 bits, zero above its size, and back. Through a type of its own size, so that nothing
 * but registers is involved. */
#define EXPLORE_BITS(value)                                                                        \
    (sizeof(value) == 8   ? (uint64_t)(value)                                                      \
     : sizeof(value) == 4 ? (uint64_t)(uint32_t)(uint64_t)(value)                                  \
     : sizeof(value) == 2 ? (uint64_t)(uint16_t)(uint64_t)(value)                                  \
                          : (uint64_t)(uint8_t)(uint64_t)(value))

#define EXPLORE_LOAD(name, with_order, object)                                                     \
    ({                                                                                             \
        EXPLORE_SITE(name, with_order, false);                                                     \
        __auto_type at_ = (object);                                                                \
        (EXPLORE_VALUE(at_))explore_load(&site_, at_, sizeof *at_);                                \
    })
#define EXPLORE_STORE(name, with_order, object, value)                                             \
    ({                                                                                             \
        EXPLORE_SITE(name, with_order, false);                                                     \
        __auto_type at_ = (object);                                                                \
        EXPLORE_VALUE(at_) value_ = (value);                                                       \
        explore_store(&site_, at_, sizeof *at_, EXPLORE_BITS(value_));                             \
    })
#define EXPLORE_CHANGE(name, with_order, change, object, operand)                                  \
    ({                                                                                             \
        EXPLORE_SITE(name, with_order, true);                                                      \
        __auto_type at_ = (object);                                                                \
        EXPLORE_VALUE(at_) value_ = (EXPLORE_VALUE(at_))(operand);                                 \
        (EXPLORE_VALUE(at_))explore_change(&site_, at_, sizeof *at_, change, EXPLORE_BITS(value_)); \
    })
#define EXPLORE_CAS(name, with_order, object, expected, desired)                                   \
    ({                                                                                             \
        EXPLORE_SITE(name, with_order, true);                                                      \
        __auto_type at_ = (object);                                                                \
        EXPLORE_VALUE(at_) *expected_ = (expected);                                                \
        EXPLORE_VALUE(at_) desired_ = (EXPLORE_VALUE(at_))(desired);                               \
        uint64_t bits_ = EXPLORE_BITS(*expected_);                                                 \
        bool done_ = explore_cas(&site_, at_, sizeof *at_, &bits_, EXPLORE_BITS(desired_));        \
        if (!done_) {                                                                              \
            *expected_ = (EXPLORE_VALUE(at_))bits_;                                                \
        }                                                                                          \
        done_;                                                                                     \
    })

/* Stands in os_posix.c alone, in whose place world.c is. Anywhere else this does not link. */
#define fence_acquire() explore_has_no_fence()

#define load_relaxed(object)         EXPLORE_LOAD("load_relaxed", RELAXED, object)
#define load_acquire(object)         EXPLORE_LOAD("load_acquire", ACQUIRE, object)
#define store_relaxed(object, value) EXPLORE_STORE("store_relaxed", RELAXED, object, value)
#define store_release(object, value) EXPLORE_STORE("store_release", RELEASE, object, value)

#define exchange_acquire(object, value)                                                            \
    EXPLORE_CHANGE("exchange_acquire", ACQUIRE, EXCHANGE, object, value)
#define fetch_add_relaxed(object, value)                                                           \
    EXPLORE_CHANGE("fetch_add_relaxed", RELAXED, ADD, object, value)
#define fetch_add_release(object, value)                                                           \
    EXPLORE_CHANGE("fetch_add_release", RELEASE, ADD, object, value)
#define fetch_sub_relaxed(object, value)                                                           \
    EXPLORE_CHANGE("fetch_sub_relaxed", RELAXED, SUB, object, value)
#define fetch_sub_acquire(object, value)                                                           \
    EXPLORE_CHANGE("fetch_sub_acquire", ACQUIRE, SUB, object, value)
#define fetch_or_relaxed(object, value)                                                            \
    EXPLORE_CHANGE("fetch_or_relaxed", RELAXED, OR, object, value)
#define fetch_or_release(object, value)                                                            \
    EXPLORE_CHANGE("fetch_or_release", RELEASE, OR, object, value)
#define fetch_or_acq_rel(object, value)                                                            \
    EXPLORE_CHANGE("fetch_or_acq_rel", ACQ_REL, OR, object, value)
#define fetch_and_relaxed(object, value)                                                           \
    EXPLORE_CHANGE("fetch_and_relaxed", RELAXED, AND, object, value)
#define fetch_and_acquire(object, value)                                                           \
    EXPLORE_CHANGE("fetch_and_acquire", ACQUIRE, AND, object, value)
#define fetch_and_release(object, value)                                                           \
    EXPLORE_CHANGE("fetch_and_release", RELEASE, AND, object, value)
#define fetch_and_acq_rel(object, value)                                                           \
    EXPLORE_CHANGE("fetch_and_acq_rel", ACQ_REL, AND, object, value)

#define cas_relaxed(object, expected, desired)                                                     \
    EXPLORE_CAS("cas_relaxed", RELAXED, object, expected, desired)
#define cas_acquire(object, expected, desired)                                                     \
    EXPLORE_CAS("cas_acquire", ACQUIRE, object, expected, desired)
#define cas_release(object, expected, desired)                                                     \
    EXPLORE_CAS("cas_release", RELEASE, object, expected, desired)
#define cas_acq_rel(object, expected, desired)                                                     \
    EXPLORE_CAS("cas_acq_rel", ACQ_REL, object, expected, desired)

#endif

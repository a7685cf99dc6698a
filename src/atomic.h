/* SPDX-License-Identifier: MIT
 *
 * atomic: the verbs of shared memory. The memory order is in the verb.
 *
 * Owns:     every memory order of the project, with corral/atomic.h; no other file names one.
 * Callers:  every room. Any thread.
 * Promises: each verb is one atomic operation, of the order that its name says, and a failed
 *           compare-and-swap (cas) is relaxed: it only reloads `expected`.
 * Does not: fence between threads of corral. Each edge is carried by the operations at its two
 *           ends, which the ledger in src/README.md lists; an `_acquire`, `_release` or `_acq_rel`
 *           stands beside its edge's label [E:...], and a `_relaxed` beside its excuse [R:...]. The
 *           one fence, fence_acquire, stands where the OS is the other end: a call of the OS orders
 *           what it answers in the kernel, but not this thread's loads behind it; its label is an
 *           excuse.
 */
#ifndef CORRAL_ATOMIC_H
#define CORRAL_ATOMIC_H

#include <corral/atomic.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A test may put verbs of its own in their place. The inline form's two are public. */
#ifdef CORRAL_ATOMIC_HEADER
#include CORRAL_ATOMIC_HEADER
#else

#define fence_acquire() atomic_thread_fence(memory_order_acquire)

#define load_relaxed(object)         corral_load_relaxed(object)
#define load_acquire(object)         atomic_load_explicit((object), memory_order_acquire)
#define store_relaxed(object, value) corral_store_relaxed(object, value)
#define store_release(object, value) atomic_store_explicit((object), (value), memory_order_release)

#define exchange_acquire(object, value)                                                            \
    atomic_exchange_explicit((object), (value), memory_order_acquire)

#define fetch_add_relaxed(object, value)                                                           \
    atomic_fetch_add_explicit((object), (value), memory_order_relaxed)
#define fetch_add_release(object, value)                                                           \
    atomic_fetch_add_explicit((object), (value), memory_order_release)
#define fetch_sub_relaxed(object, value)                                                           \
    atomic_fetch_sub_explicit((object), (value), memory_order_relaxed)
#define fetch_sub_acquire(object, value)                                                           \
    atomic_fetch_sub_explicit((object), (value), memory_order_acquire)
#define fetch_or_relaxed(object, value)                                                            \
    atomic_fetch_or_explicit((object), (value), memory_order_relaxed)
#define fetch_or_release(object, value)                                                            \
    atomic_fetch_or_explicit((object), (value), memory_order_release)
#define fetch_or_acq_rel(object, value)                                                            \
    atomic_fetch_or_explicit((object), (value), memory_order_acq_rel)
#define fetch_and_relaxed(object, value)                                                           \
    atomic_fetch_and_explicit((object), (value), memory_order_relaxed)
#define fetch_and_acquire(object, value)                                                           \
    atomic_fetch_and_explicit((object), (value), memory_order_acquire)
#define fetch_and_release(object, value)                                                           \
    atomic_fetch_and_explicit((object), (value), memory_order_release)
#define fetch_and_acq_rel(object, value)                                                           \
    atomic_fetch_and_explicit((object), (value), memory_order_acq_rel)

#define cas_relaxed(object, expected, desired)                                                     \
    atomic_compare_exchange_strong_explicit((object), (expected), (desired), memory_order_relaxed, \
                                            memory_order_relaxed)
#define cas_acquire(object, expected, desired)                                                     \
    atomic_compare_exchange_strong_explicit((object), (expected), (desired), memory_order_acquire, \
                                            memory_order_relaxed)
#define cas_release(object, expected, desired)                                                     \
    atomic_compare_exchange_strong_explicit((object), (expected), (desired), memory_order_release, \
                                            memory_order_relaxed)
#define cas_acq_rel(object, expected, desired)                                                     \
    atomic_compare_exchange_strong_explicit((object), (expected), (desired), memory_order_acq_rel, \
                                            memory_order_relaxed)

#endif

#endif

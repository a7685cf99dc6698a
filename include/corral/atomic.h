/* SPDX-License-Identifier: MIT
 *
 * corral/atomic.h: the verbs of shared memory that the inline form needs, in C and in C++.
 *
 * Owns:     their memory orders, as src/atomic.h owns those of the library.
 * Callers:  corral/hit.h; src/atomic.h. Programs have no need of it.
 * Promises: an object has the same representation in both languages, and each verb is one atomic
 *           operation of the order that its name says.
 * Does not: order anything: a hit needs no edge (src/alloc.c).
 */
#ifndef CORRAL_PUBLIC_ATOMIC_H
#define CORRAL_PUBLIC_ATOMIC_H

#ifdef __cplusplus

#include <atomic>

#define CORRAL_ATOMIC(type)                 std::atomic<type>
#define corral_load_relaxed(object)         (object)->load(std::memory_order_relaxed)
#define corral_store_relaxed(object, value) (object)->store((value), std::memory_order_relaxed)

#else

#include <stdatomic.h>

#define CORRAL_ATOMIC(type) _Atomic(type)

/* A test of the library may put verbs of its own in their place (src/atomic.h). */
#ifdef CORRAL_ATOMIC_HEADER
#include CORRAL_ATOMIC_HEADER
#define corral_load_relaxed(object)         load_relaxed(object)
#define corral_store_relaxed(object, value) store_relaxed(object, value)
#else
#define corral_load_relaxed(object) atomic_load_explicit((object), memory_order_relaxed)
#define corral_store_relaxed(object, value)                                                        \
    atomic_store_explicit((object), (value), memory_order_relaxed)
#endif

#endif

#endif

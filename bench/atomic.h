/* SPDX-License-Identifier: MIT
 *
 * The few atomic operations of the benchmarks.
 *
 * Owns:     the memory orders: no other file of bench/ names one.
 * Callers:  the ring, the limit and the round trip tool, which each name the edge at the call.
 * Promises: the order is in the verb. Nothing is sequentially consistent.
 * Does not: wait.
 */
#ifndef BENCH_ATOMIC_H
#define BENCH_ATOMIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static inline size_t bench_load_acquire(const _Atomic(size_t) *self) {
    return atomic_load_explicit(self, memory_order_acquire);
}

static inline void bench_store_release(_Atomic(size_t) *self, size_t value) {
    atomic_store_explicit(self, value, memory_order_release);
}

static inline void *bench_pointer_load_relaxed(_Atomic(void *) *self) {
    return atomic_load_explicit(self, memory_order_relaxed);
}

static inline bool bench_pointer_cas_release(_Atomic(void *) *self, void **seen, void *value) {
    return atomic_compare_exchange_weak_explicit(self, seen, value, memory_order_release,
                                                 memory_order_relaxed);
}

static inline void *bench_pointer_swap_acquire(_Atomic(void *) *self, void *value) {
    return atomic_exchange_explicit(self, value, memory_order_acquire);
}

/* Tells the processor that the caller waits in a loop for another core. */
#if defined(__x86_64__) || defined(__i386__)
static inline void bench_relax(void) {
    __builtin_ia32_pause();
}
#elif defined(__aarch64__)
static inline void bench_relax(void) {
    __asm__ volatile("yield");
}
#else
static inline void bench_relax(void) {
}
#endif

#endif

/* SPDX-License-Identifier: MIT
 *
 * corral/guard.h: what a fault at an address means.
 *
 * Owns:     nothing.
 * Callers:  a program's own handler of faults, and any thread. C11 and C++17.
 * Promises: async-signal-safe: no lock, no call of the C library or the OS, no memory but the caller's, whatever was
 *           interrupted, an allocation or a free too.
 * Does not: handle a signal. Know of other blocks than those that a hardened build places between pages that trap
 *           (docs/misuse.md): in other builds, and of other memory than the OS's, of none.
 *
 *   traps ······ │ slack │ the block │ slack │ traps ···          live
 *   traps ··········································          freed
 *   └ BEFORE ────────────┴ WITHIN ───┴ BEHIND ─────┘
 *
 *     static void at_fault(int number, siginfo_t *info, void *context) {
 *         corral_guarded it;
 *         if (corral_guarded_at(info->si_addr, &it, sizeof it) && it.freed) {
 *             ... the block it.block of it.size bytes was used after it was freed ...
 */
#ifndef CORRAL_PUBLIC_GUARD_H
#define CORRAL_PUBLIC_GUARD_H

#include <corral/corral.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where an address lies, by the block that its pages are or were of. */
typedef enum corral_guarded_place {
    CORRAL_GUARDED_WITHIN = 1,
    CORRAL_GUARDED_BEFORE = 2,
    CORRAL_GUARDED_BEHIND = 3,
} corral_guarded_place;

/* A block between pages that trap: the live one, or the last one that was freed there. */
typedef struct corral_guarded {
    uint64_t id;       /* its category's, or CORRAL_MEMORY_TYPE_OVERFLOW */
    const void *block; /* its address */
    uint64_t size;     /* bytes that were asked for */
    const char *file;  /* where it was asked for (corral/origin.h); NULL: that is not known */
    uint32_t line;     /* likewise; 0 */
    uint32_t place;    /* of the address: a corral_guarded_place */
    uint32_t freed;    /* 1: the block was freed, and its addresses have no other yet */
} corral_guarded;

/* What block an address in memory that traps is of.
 *
 * address       any.
 * guarded       receives what is known of the block, of which guarded_size bytes are there: sizeof(corral_guarded) as
 *               the caller knows it.
 * Returns 1; or 0, and *guarded is as it was, where no block is known that the address is of, or guarded is NULL or
 * guarded_size 0; also where another block is just being placed there. Of one that another thread frees or resizes
 * meanwhile, it tells either. `file` is the pointer that was given: the caller sees to it that it can be read.
 * Thread role: any, signal handlers too. Progress: wait-free. Calls the OS: no. */
CORRAL_API int corral_guarded_at(const void *address, corral_guarded *guarded, size_t guarded_size);

#ifdef __cplusplus
}
#endif

#endif

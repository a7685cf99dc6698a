/* SPDX-License-Identifier: MIT
 *
 * options: what the build was told, as constants with their derivation.
 *
 * Owns:     the meaning of every build option (meson_options.txt gives types and ranges).
 * Callers:  every room.
 * Promises: a combination that cannot work does not compile.
 * Does not: hold anything that changes at run time.
 */
#ifndef CORRAL_OPTIONS_H
#define CORRAL_OPTIONS_H

#include "config.h"

#include <corral/layout.h>

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define KIB ((size_t)1024)

#define SLAB_SHIFT   CORRAL_SLAB_SHIFT
#define SLAB_BYTES   ((size_t)1 << SLAB_SHIFT)
#define ARENA_SLABS  CORRAL_ARENA_SLABS
#define ARENA_SHIFT  CORRAL_ARENA_SHIFT
#define ADDRESS_BITS CORRAL_ADDRESS_BITS
#define ARENA_BYTES  ((size_t)1 << ARENA_SHIFT)
#define ARENA_MASK   ((uintptr_t)ARENA_BYTES - 1)

/* Blocks up to this size lie in single slabs; above it, in units of neighbouring slabs. */
#define SMALL_MAX (SLAB_BYTES / CORRAL_SMALL_DIVISOR)
/* Blocks above this size come from the backend. */
#define MEDIUM_MAX CORRAL_MEDIUM_MAX

/* Ids below DENSE_IDS are their own category. The next category is the overflow category; those
 * after it are given to other ids as they appear. */
#define DENSE_IDS         ((uint32_t)CORRAL_DENSE_IDS)
#define CATEGORY_OVERFLOW DENSE_IDS
#define CATEGORY_LIMIT    ((uint32_t)CORRAL_CATEGORY_LIMIT)

/* A FULL slab wakes when this part of its blocks has come back. */
#define WAKE_DIVISOR CORRAL_WAKE_DIVISOR

#define FRONT_BLOCKS ((uint32_t)CORRAL_FRONT_BLOCKS)
#define FRONT_BYTES  (CORRAL_FRONT_KIB * KIB)
#define FRONT_BUDGET (CORRAL_FRONT_BUDGET_KIB * KIB)
#define QUEUE_BUDGET ((ptrdiff_t)(CORRAL_QUEUE_BUDGET_KIB * KIB))
#define QUEUE_SHARED ((ptrdiff_t)(CORRAL_QUEUE_SHARED_KIB * KIB))
#define HOLD_BUDGET  ((ptrdiff_t)(CORRAL_HOLD_BUDGET_KIB * KIB))
#define HOLD_LEAST   (HOLD_BUDGET / 16) /* what pools that were used once may hold of it */

#define RETIRE_BYTES     (CORRAL_RETIRE_KIB * KIB)
#define LARGE_KEEP_BYTES (CORRAL_LARGE_KEEP_KIB * KIB)

/* In a hardened build, free blocks and what lies behind live ones are looked at, and each block has a byte at
 * least behind what was asked for. */
#define HARDENED   (CORRAL_HARDENED != 0)
#define TAIL_LEAST ((size_t)HARDENED)

/* In a hardened build, one of so many blocks that come from slabs lies in pages of its own instead, between pages that
 * trap (guard.h). */
#define GUARD_EVERY ((uint32_t)CORRAL_GUARD_EVERY)
#define GUARDS      (CORRAL_GUARD_EVERY != 0)

static_assert(sizeof(void *) == 8, "corral needs 64-bit addresses");
static_assert(CORRAL_SLAB_KIB == 32 || CORRAL_SLAB_KIB == 64 || CORRAL_SLAB_KIB == 128 ||
                  CORRAL_SLAB_KIB == 256,
              "slab_kib is 32, 64, 128 or 256");
static_assert(CATEGORY_LIMIT >= DENSE_IDS + 2,
              "category_limit holds the dense ids, the overflow category and one more");
static_assert(CATEGORY_LIMIT <= 1u << 16, "a large block's word has 16 bits for its category");
static_assert(CORRAL_MEDIUM_SLABS >= 4 && CORRAL_MEDIUM_SLABS <= 28,
              "two of the largest medium blocks fit into an arena");
static_assert(HARDENED || !GUARDS, "what lies between guard pages is told by the checks of a hardened build");
static_assert(FRONT_BUDGET >= FRONT_BYTES, "one pool's front list fits the thread's budget");

#endif

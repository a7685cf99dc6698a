/* SPDX-License-Identifier: MIT
 *
 * meta: memory for corral's own tables that live as long as the process.
 *
 * Owns:     metadata mappings.
 * Callers:  registry, cache. Any thread.
 * Promises: zero, aligned to a cache line, never freed.
 * Does not: serve blocks.
 *
 * Synchronization: take beside take: CAS on the one word that says where the next piece lies.
 */
#ifndef CORRAL_META_H
#define CORRAL_META_H

#include <stddef.h>

/* `size` bytes, at most META_PIECE_MAX. NULL when the OS has none. Lock-free but for the OS. */
void *corral_meta_take(size_t size);

#define META_PIECE_MAX ((size_t)256 * 1024)

#endif

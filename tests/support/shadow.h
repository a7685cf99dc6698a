/* SPDX-License-Identifier: MIT
 *
 * The shadow model: a map of every 16 bytes of the address space that a live block covers.
 *
 * Owns:     the map, which it takes from the OS and never gives back.
 * Callers:  any thread: after it was given a block, and before it frees one.
 * Promises: shadow_take is false when any byte of the block belongs to a block that was taken and
 *           not given back, whatever its content. The map's atomics are relaxed, so it adds no
 *           order between threads: what ThreadSanitizer sees is the allocator's own order.
 * Does not: use corral or libc's allocator.
 */
#ifndef CORRAL_TESTS_SUPPORT_SHADOW_H
#define CORRAL_TESTS_SUPPORT_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Marks [block, block + size) live. */
bool shadow_take(const void *block, size_t size);

/* Marks it free; false when a part of it was not live. */
bool shadow_give(const void *block, size_t size);

/* How many 16-byte units are live. Exact only while no other thread takes or gives. */
uint64_t shadow_units(void);

#endif

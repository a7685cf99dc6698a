/* SPDX-License-Identifier: MIT
 *
 * The size classes of this build, found from outside.
 *
 * Owns:     nothing.
 * Callers:  one thread; hidden, any thread.
 * Promises: sizes[0..result) rise strictly; each is the usable size of a request for exactly that
 *           size, up to the first that is a large block, which is the last.
 * Does not: know an option of the build.
 */
#ifndef CORRAL_TESTS_SUPPORT_CLASSES_H
#define CORRAL_TESTS_SUPPORT_CLASSES_H

#include <stddef.h>
#include <stdint.h>

enum { CLASSES_MOST = 512 };

/* The size itself, unknown to the compiler, which else refuses to compile absurd requests. */
static inline size_t hidden(size_t size) {
    volatile size_t seen = size;
    return seen;
}

size_t classes_find(uint32_t memory_type_id, size_t sizes[CLASSES_MOST]);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Mappings for backends that tests bring along.
 *
 * Owns:     nothing.
 * Callers:  support_backend and the tests of backends.
 * Promises: memory of the OS, all zero, at a multiple of the alignment.
 * Does not: use corral.
 */
#ifndef CORRAL_TESTS_SUPPORT_MAP_H
#define CORRAL_TESTS_SUPPORT_MAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

/* NULL where the OS has none. */
static inline char *map_aligned(size_t size, size_t alignment) {
    size_t room = size + alignment;
    char *start = room < size ? MAP_FAILED
                              : mmap(NULL, room, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) {
        return NULL;
    }
    size_t before = -(uintptr_t)start & (alignment - 1);
    if (before != 0) {
        munmap(start, before);
    }
    munmap(start + before + size, alignment - before);
    return start + before;
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * poison: tells AddressSanitizer which bytes callers hold.
 *
 * Owns:     nothing.
 * Callers:  the rooms that hand blocks out and take them in. Any thread.
 * Promises: in a build with -fsanitize=address a free block is poisoned; elsewhere no-ops.
 * Does not: delay the re-use of a block.
 */
#ifndef CORRAL_POISON_H
#define CORRAL_POISON_H

#include "base.h"

#if defined(__SANITIZE_ADDRESS__)
#define CORRAL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CORRAL_ASAN 1
#endif
#endif

#ifdef CORRAL_ASAN

#include <sanitizer/asan_interface.h>

CORRAL_FAST void poison(const void *start, size_t size) {
    __asan_poison_memory_region(start, size);
}
CORRAL_FAST void unpoison(const void *start, size_t size) {
    __asan_unpoison_memory_region(start, size);
}
CORRAL_FAST bool is_poisoned(const void *start, size_t size) {
    return __asan_region_is_poisoned((void *)(uintptr_t)start, size) != NULL;
}

#else

CORRAL_FAST void poison(const void *start, size_t size) {
    (void)start, (void)size;
}
CORRAL_FAST void unpoison(const void *start, size_t size) {
    (void)start, (void)size;
}
CORRAL_FAST bool is_poisoned(const void *start, size_t size) {
    (void)start, (void)size;
    return false;
}

#endif

#endif

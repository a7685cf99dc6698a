/* SPDX-License-Identifier: MIT
 *
 * tsan: what the compiler calls for each plain access, in place of ThreadSanitizer's runtime.
 *
 * Owns:     nothing.
 * Callers:  compiled code of corral and of the scenarios.
 * Promises: every write is logged before it is made.
 * Does not: see what the C library does: meson.build sends memset, memcpy, strncpy and strcmp here.
 */
#include "engine.h"

#include <string.h>

static void plain(const void *start, size_t size, bool write) {
    if (write) {
        undo_log(start, size);
    }
    memory_access(start, (unsigned)size, write, PLAIN);
}

#define ACCESS(size)                                                                               \
    void __tsan_read##size(void *at);                                                              \
    void __tsan_write##size(void *at);                                                             \
    void __tsan_unaligned_read##size(void *at);                                                    \
    void __tsan_unaligned_write##size(void *at);                                                   \
    void __tsan_read##size(void *at) { plain(at, size, false); }                                   \
    void __tsan_write##size(void *at) { plain(at, size, true); }                                   \
    void __tsan_unaligned_read##size(void *at) { plain(at, size, false); }                         \
    void __tsan_unaligned_write##size(void *at) { plain(at, size, true); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(void *at, size_t size);
void __tsan_write_range(void *at, size_t size);
void *explore_memset(void *to, int byte, size_t size);
void *explore_memcpy(void *to, const void *from, size_t size);
int explore_memcmp(const void *one, const void *other, size_t size);

void __tsan_init(void) {
}
void __tsan_func_entry(void *caller) {
    (void)caller;
}
void __tsan_func_exit(void) {
}
void __tsan_read_range(void *at, size_t size) {
    plain(at, size, false);
}
void __tsan_write_range(void *at, size_t size) {
    plain(at, size, true);
}

void *explore_memset(void *to, int byte, size_t size) {
    plain(to, size, true);
    return memset(to, byte, size);
}

void *explore_memcpy(void *to, const void *from, size_t size) {
    plain(from, size, false);
    plain(to, size, true);
    return memcpy(to, from, size);
}

int explore_memcmp(const void *one, const void *other, size_t size) {
    plain(one, size, false);
    plain(other, size, false);
    return memcmp(one, other, size);
}

/* SPDX-License-Identifier: MIT
 *
 * share: the layout of shared figures, and the verbs of the words that two processes see.
 *
 * Owns:     nothing.
 * Callers:  share_write.c and share_read.c.
 * Promises: a file is a header and two buffers, which updates fill in turn. Update n begins by writing n to
 *           `begin` of buffer n % 2, and ends by writing n to `end` and then to `published`.
 *
 *   update         writes               a reader that sees it
 *   begins         begin = n            does not take the buffer for whole: begin != end [E:begun]
 *   ends           end = n              finds the contents of update n [E:whole]
 *   is published   published = n        finds end = n in the buffer [E:published]
 *
 *           The buffer of update n - 1 is whole meanwhile, so a writer stopped at any point leaves one that is.
 * Does not: keep a reader from reading while words change: it reads `begin` again behind the contents.
 */
#ifndef CORRAL_REPORT_SHARE_H
#define CORRAL_REPORT_SHARE_H

#include <corral/share.h>

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define SHARE_MAGIC UINT64_C(0x3165726168736c63) /* "clshare1" where the lowest byte comes first */

enum { SHARE_PATH = 256 };

struct share_header {
    uint64_t magic;
    uint32_t version, header_bytes, entry_bytes, capacity;
    uint64_t buffer_bytes, process, reserved[3];
    _Atomic uint64_t published; /* 0: nothing yet */
    uint64_t reserved_too[7];
};

struct share_buffer {
    _Atomic uint64_t begin, end;
    _Atomic uint64_t time_ns, count, omitted, reserved[3];
    _Atomic uint64_t words[]; /* the total, then `count` categories: struct corral_shared_category */
};

static_assert(sizeof(struct share_header) == 128, "two lines");
static_assert(sizeof(struct share_buffer) == 64, "a line");
static_assert(sizeof(corral_shared_category) % sizeof(uint64_t) == 0, "whole words");

/* What a file of so many categories takes. */
static inline uint64_t share_buffer_bytes(uint64_t entry_bytes, uint64_t capacity) {
    return sizeof(struct share_buffer) + (capacity + 1) * entry_bytes;
}

/* The path of a name. False when the name is not legal. */
static inline bool share_path(const char *name, char path[SHARE_PATH]) {
    static const char shared[] = "/dev/shm/";
    size_t length = 0, slashes = 0, at = 0;
    for (; name != NULL && name[length] != 0 && length < SHARE_PATH; length++) {
        slashes += name[length] == '/';
    }
    if (length == 0 || length > SHARE_PATH - 32 || (slashes == 0 && name[0] == '.')) {
        return false;
    }
    for (size_t i = 0; slashes == 0 && shared[i] != 0; i++) {
        path[at++] = shared[i];
    }
    for (size_t i = 0; i <= length; i++) {
        path[at++] = name[i];
    }
    return true;
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * meta: see meta.h.
 *
 * Owns:     the current metadata mapping.
 * Callers:  through meta.h.
 * Promises: a piece is given once: the word below is only ever raised within a mapping, and a
 *           mapping is never used again.
 * Does not: touch what it gives.
 */
#include "meta.h"

#include "atomic.h"
#include "backend.h"
#include "base.h"
#include "check.h"

#include <corral/corral.h>

#define MAP_BYTES ((size_t)1024 * 1024)

/* Where the next piece lies; a multiple of MAP_BYTES means that the mapping is used up, since
 * mappings are aligned to their size. */
static _Atomic uintptr_t next_piece;

static bool has_room(uintptr_t at, size_t size) {
    return at % MAP_BYTES != 0 && at % MAP_BYTES + size <= MAP_BYTES;
}

void *corral_meta_take(size_t size) {
    check_debug(size <= META_PIECE_MAX);
    size = round_up(size, CACHE_LINE);
    uintptr_t at = load_relaxed(&next_piece); /* [R:fresh-memory] */
    for (;;) {
        if (has_room(at, size)) {
            if (cas_relaxed(&next_piece, &at, at + size)) { /* [R:fresh-memory] */
                return (void *)at;
            }
            continue;
        }
        char *map = corral_backend_reserve(MAP_BYTES, MAP_BYTES, CORRAL_MEMORY_TYPE_NONE);
        if (map == NULL) {
            return NULL;
        }
        /* The first piece of the mapping is the caller's. */
        if (cas_relaxed(&next_piece, &at, (uintptr_t)map + size)) { /* [R:fresh-memory] */
            return map;
        }
        corral_backend_release(map, MAP_BYTES);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * sized: free for callers who know the size.
 *
 * Owns:     nothing.
 * Callers:  any thread.
 * Promises: as corral.h. Where the size is of the block's class, which one comparison of places tells together
 *           with the id, the free is a hit as that of corral_free: a load and a comparison more.
 * Does not: tell sizes of one class apart. Nor whether realloc left a block where it was, which it does down to
 *           half its size: so much is right for any block.
 */
#include <corral/corral.h>

#include "front.h"
#include "guard.h"
#include "misuse.h"
#include "slow_free.h"
#include "thread.h"

/* May a block that takes so many bytes be of an allocation of `size`, or have been made one in place? */
static bool may_have_shrunk(size_t size, size_t bytes) {
    return size <= bytes && size >= bytes / 2;
}

/* Is `size` one that the block may have been asked for with? */
static bool fits(const void *block, const struct block_info *info, size_t alignment, size_t size) {
    bool is_legal = is_power_of_two(alignment) && alignment > BLOCK_MIN;
    unsigned want = size_class_aligned(is_legal ? alignment : BLOCK_MIN, size);
    if (GUARDS && info->guarded) {
        return (size == 0 ? 1 : size) == info->size || !guard_is_live(corral_guard_find(block));
    }
    if (HARDENED && !info->large) {
        return (size == 0 ? 1 : size) == info->size ||
               corral_hardened_judge(block, registry_pool((uintptr_t)block)) != HARDENED_LIVE;
    }
    if (may_have_shrunk(size, info->size)) {
        return true;
    }
    return info->large ? size <= info->size && want == CLASS_COUNT
                       : want == (registry_pool((uintptr_t)block) & (CLASS_STRIDE - 1));
}

/* An address that is no block's is corral_free's to tell. */
CORRAL_NOINLINE static void free_looked_at(void *block, size_t alignment, size_t size, uint32_t id) {
    struct block_info info;
    if (block != NULL && corral_block_find(block, &info) &&
        !fits(block, &info, alignment, size)) {
        corral_misuse_wrong_size(block, block_pool_at(block, info.category), info.size, size);
    }
    corral_free(block, id);
}

void corral_free_sized(void *block, size_t size, uint32_t id) {
    uint32_t place = corral_hit_place((uintptr_t)block);
    if (HARDENED || unlikely(id >= DENSE_IDS || size > TABLE_MAX ||
                             place != (id << CORRAL_ROW_SHIFT) + corral_hit_class_place(size))) {
        free_looked_at(block, BLOCK_MIN, size, id);
        return;
    }
    struct corral_front *front = corral_hit_front(corral_thread.fronts, place);
    int32_t room = front_room(front);
    if (likely(room > 0)) {
        front_count_free(front);
        front_push(front, room, block, corral_classes[corral_hit_pool(place) & (CLASS_STRIDE - 1)].size);
    } else {
        corral_free_full(front, block);
    }
}

void corral_free_aligned_sized(void *block, size_t alignment, size_t size, uint32_t id) {
    free_looked_at(block, alignment, size, id);
}

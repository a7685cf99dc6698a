/* SPDX-License-Identifier: MIT
 *
 * slow_free_hardened: what a hardened build looks at before a block is freed.
 *
 * Owns:     nothing.
 * Callers:  through slow_free.h, in a hardened build, which alone has this file.
 * Promises: what is no live block is told and left alone.
 * Does not: look into large blocks.
 */
#include "slow_free.h"

#include "hardened.h"
#include "misuse.h"
#include "thread.h"

/* A block whose tail is damaged, or that was never handed out. Of a slab that is the thread's own or FULL its bits tell
 * which: one that is live may be used again. Another's may be about to be handed out: it is left alone. */
CORRAL_SLOW static bool may_free_damaged(void *block, uint32_t pool) {
    struct cache *cache = thread_cache();
    struct slab *slab = slab_of(block);
    struct pool *cold = cache_pool_if(cache, pool);
    uint32_t at;
    slab_find_block(slab, block, &at);
    bool own = thread_is_attached(cache) && slab_is_owned_by(slab, cache->identity);
    uint64_t free = slab_remote_bits(slab, at / 64) | (own ? *slab_free_word(slab, at / 64) : 0);
    if (own && slab == cold->current && at / 64 == cold->run_word) {
        free |= load_relaxed(&cold->run); /* [R:single-writer] */
    }
    bool is_free = (free >> at % 64 & 1) != 0;
    corral_misuse(is_free ? MISUSE_DOUBLE_FREE : MISUSE_OVERFLOW, block, pool);
    bool may = !is_free && (own || slab_is_full(slab));
    if (may) {
        corral_hardened_set_tail(block, pool, corral_hardened_asked(block, pool)); /* it is told once */
    }
    return may;
}

bool corral_hardened_may_free(void *block, uint32_t pool) {
    switch (corral_hardened_judge(block, pool)) {
    case HARDENED_LIVE:
        return true;
    case HARDENED_DAMAGED:
        return may_free_damaged(block, pool);
    case HARDENED_FREE:
        corral_misuse(MISUSE_DOUBLE_FREE, block, pool);
        return false;
    case HARDENED_NO_BLOCK:
        break;
    }
    corral_misuse(MISUSE_FOREIGN, block, pool);
    return false;
}

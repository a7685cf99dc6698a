/* SPDX-License-Identifier: MIT
 *
 * slab: see slab.h.
 *
 * Owns:     nothing of its own; the arena's header holds the bits.
 * Callers:  through slab.h.
 * Promises: every prefix of an owner's stores leaves each block in at most one place: a bit is
 *           cleared before the run that holds it is published (pool.c), so that a process that
 *           forks in the middle loses blocks at most.
 * Does not: touch a block, except to link a list.
 */
#include "slab.h"

#include "check.h"
#include "block_link.h"
#include "decay.h"
#include "misuse.h"
#include "os.h"
#include "poison.h"

/* Steps from one slab's colour to the next one's, and from one arena's to the next one's: odd, so
 * that they reach every page of a slab. */
#define COLOUR_OF_SLAB  7u
#define COLOUR_OF_ARENA 5u

_Atomic int32_t corral_slab_counts[(size_t)CATEGORY_LIMIT << CLASS_STRIDE_LOG];
_Atomic int64_t corral_slab_strays[(size_t)CATEGORY_LIMIT << CLASS_STRIDE_LOG];

static uint32_t words_of(const struct slab *slab) {
    return (slab->capacity + 63) / 64;
}

static void summary_set(struct slab *slab, unsigned word) {
    slab->summary[word / 64] |= UINT64_C(1) << (word % 64);
}

static void summary_clear(struct slab *slab, unsigned word) {
    slab->summary[word / 64] &= ~(UINT64_C(1) << (word % 64));
}

/* The block to begin with: at an OS page that depends on arena and slab, so that neighbours in
 * either begin at different pages. Slab starts lie a power of two apart; without this, the first
 * pages of all slabs would share few TLB sets. */
static uint16_t colour(const struct slab *slab, const struct size_class *size_class) {
    if (size_class->slabs > 1) {
        return 0;
    }
    size_t page = corral_os_page_size();
    size_t turn = slab_number(slab) * COLOUR_OF_SLAB +
                  ((uintptr_t)arena_of(slab) >> ARENA_SHIFT) * COLOUR_OF_ARENA;
    size_t offset = turn * page % SLAB_BYTES;
    uint32_t block = (uint32_t)((offset + size_class->size - 1) / size_class->size);
    return (uint16_t)(block < size_class->capacity ? block : 0);
}

static void fill_free(struct slab *slab) {
    uint32_t count = words_of(slab);
    for (uint32_t word = 0; word < count; word++) {
        uint32_t left = slab->capacity - word * 64;
        *slab_free_word(slab, word) = bits_below(left);
        summary_set(slab, word);
    }
    slab->free_count = slab->capacity;
}

struct slab *corral_slab_make(uint32_t pool, uint16_t cache) {
    unsigned class_index = pool & (CLASS_STRIDE - 1);
    const struct size_class *size_class = &corral_classes[class_index];
    struct slab *slab = corral_arena_claim(pool >> CLASS_STRIDE_LOG, size_class->slabs);
    if (slab == NULL) {
        return NULL;
    }
    *slab = (struct slab){
        .capacity = size_class->capacity,
        .pool = pool,
        .start = colour(slab, size_class),
        .slabs = (uint8_t)size_class->slabs,
        .fresh = true,
        .life = (uint16_t)(slab->life + TAIL_LEAST),
    };
    slab->word = (uint8_t)(slab->start / 64);
    fill_free(slab);
    poison(slab_start(slab), slab->slabs * SLAB_BYTES);
    corral_arena_set_pool(slab, slab->slabs, pool);
    slab_set_owner(slab, cache);
    fetch_add_relaxed(&corral_slab_counts[pool], 1); /* [R:hint] */
    check_slow(corral_slab_valid(slab));
    return slab;
}

/* The first word from slab->word on, round, that has a free block. There is one. */
static unsigned next_word(const struct slab *slab) {
    unsigned at = slab->word;
    unsigned shift = at % 64;
    uint64_t here = slab->summary[at / 64];
    uint64_t turned = here >> shift | here << (63 - shift) << 1;
    if (SUMMARY_WORDS == 1 || (here >> shift) != 0) {
        return (at / 64) * 64 + (shift + bits_lowest(turned)) % 64;
    }
    for (unsigned i = 1;; i++) {
        unsigned index = (at / 64 + i) % SUMMARY_WORDS;
        if (slab->summary[index] != 0) {
            return index * 64 + bits_lowest(slab->summary[index]);
        }
    }
}

uint64_t corral_slab_take_run_owner(struct slab *slab, unsigned *word) {
    if (slab->free_count == 0) {
        return 0;
    }
    unsigned at = next_word(slab);
    uint64_t *free = slab_free_word(slab, at);
    uint64_t bits = *free;
    if (slab->fresh) {
        /* The part before the colour is left for the end. */
        bits &= ~bits_below(slab->start % 64);
        slab->fresh = false;
    }
    *free &= ~bits;
    if (*free == 0) {
        summary_clear(slab, at);
    }
    slab->free_count -= bits_count(bits);
    slab->word = (uint8_t)at;
    *word = at;
    check_slow(corral_slab_valid(slab));
    return bits;
}

uint64_t corral_slab_put_owner(struct slab *slab, unsigned word, uint64_t bits) {
    uint64_t *free = slab_free_word(slab, word);
    uint64_t already = *free & bits;
    *free |= bits;
    summary_set(slab, word);
    slab->word = (uint8_t)word;
    slab->free_count += bits_count(bits & ~already);
    return already;
}

void corral_slab_report_twice(const struct slab *slab, unsigned word, uint64_t bits, bool owner) {
    slab_count_stray(slab, bits_count(bits));
    for (; bits != 0; bits &= bits - 1) {
        size_t index = word * 64 + bits_lowest(bits);
        const void *block = slab_start(slab) + index * slab_class(slab)->size;
        if (owner) {
            corral_misuse(MISUSE_DOUBLE_FREE, block, slab->pool);
        } else {
            corral_misuse_unread(MISUSE_DOUBLE_FREE, block, slab->pool);
        }
    }
}

/* Takes what was counted out of pending. The caller took the bits before. */
static void uncount(struct slab *slab, uint32_t blocks) {
    struct remote *remote = slab_remote(slab);
    uint64_t state = load_relaxed(&remote->state); /* [R:cas-reload] */
    /* [R:count-only] The bits were taken with an acquire; give_back acquires the count. */
    while (!cas_relaxed(&remote->state, &state, state_add(state, -(int32_t)blocks))) {
    }
}

void corral_slab_collect_owner(struct slab *slab) {
    corral_slab_collect_list_owner(slab, 0);
}

/* Puts the blocks of a word before the list, the highest first, while it is not too long. Returns
 * those left over. */
static uint64_t list_word(struct block_list *list, uint32_t most, const struct slab *slab,
                          unsigned word, uint64_t bits) {
    size_t size = slab_class(slab)->size;
    char *base = slab_start(slab) + word * 64 * size;
    while (bits != 0 && list->length < most) {
        unsigned highest = bits_highest(bits);
        block_list_push(list, base + highest * size);
        bits &= ~(UINT64_C(1) << highest);
    }
    return bits;
}

struct block_list corral_slab_collect_list_owner(struct slab *slab, uint32_t most) {
    struct block_list list = {.first = NULL, .length = 0};
    uint32_t total = 0;
    for (uint32_t word = words_of(slab); word-- > 0;) {
        _Atomic uint64_t *remote = slab_remote_word(slab, word);
        if (load_relaxed(remote) == 0) { /* [R:poll] */
            continue;
        }
        /* [E:bits] Sees the senders' last use of the blocks. */
        uint64_t bits = exchange_acquire(remote, 0);
        total += bits_count(bits);
        uint64_t twice = bits & *slab_free_word(slab, word);
        if (unlikely(twice != 0)) {
            corral_slab_report_twice(slab, word, twice, true);
        }
        uint64_t rest = list_word(&list, most, slab, word, bits & ~twice);
        if (rest != 0) {
            corral_slab_put_owner(slab, word, rest);
        }
    }
    if (total != 0) {
        uncount(slab, total);
    }
    check_slow(corral_slab_valid(slab));
    return list;
}

/* The pending count that wakes a slab: a part of its blocks, but never more than can still come. */
static uint32_t wake_count(const struct slab *slab) {
    uint32_t part = slab->capacity / WAKE_DIVISOR;
    uint32_t outside = slab->capacity - slab->free_count;
    part = part == 0 ? 1 : part;
    return part < outside ? part : outside;
}

/* Sets the bits and the name, when pending is below `wake`. */
static bool arm(struct slab *slab, int32_t wake, uint64_t bits, uint16_t cache) {
    struct remote *remote = slab_remote(slab);
    store_relaxed(&remote->wake, wake);            /* [R:before-edge] */
    uint64_t state = load_acquire(&remote->state); /* [E:state] what is pending can be collected */
    while (state_pending(state) < wake) {
        uint64_t next = (state & ~STATE_CACHE_MASK) | (uint64_t)cache << STATE_CACHE_SHIFT;
        /* [E:state] Publishes the descriptor, the free bitmap and wake to who wakes the slab. */
        if (cas_release(&remote->state, &state, (next | bits) + STATE_GENERATION)) {
            return true;
        }
    }
    return false;
}

bool corral_slab_shelve_holder(struct slab *slab) {
    slab_set_owner(slab, 0);
    return arm(slab, (int32_t)(slab->capacity - slab->free_count), STATE_SHELVED, 0);
}

void corral_slab_unshelve_holder(struct slab *slab, uint16_t cache) {
    slab_set_owner(slab, cache);
    /* [E:state] Sees the bits of the last block, if it came home. */
    fetch_and_acquire(&slab_remote(slab)->state, ~STATE_SHELVED);
}

bool corral_slab_let_go_owner(struct slab *slab, uint16_t cache) {
    uint32_t wake = wake_count(slab);
    check_debug(wake > 0 && !slab->queued);
    slab_set_owner(slab, 0);
    if (arm(slab, (int32_t)wake, STATE_FULL, cache)) {
        return true;
    }
    slab_set_owner(slab, cache);
    return false;
}

bool corral_slab_give_back_owner(struct slab *slab) {
    struct remote *remote = slab_remote(slab);
    check_debug(slab->free_count == slab->capacity && !slab->queued);
    uint64_t state = load_relaxed(&remote->state); /* [R:cas-reload] */
    while (state_pending(state) == 0) {
        /* [E:state] Sees every sender's last access: a sender that set bits and has not counted
         * them leaves pending below 0, since all bits are here. */
        if (cas_acquire(&remote->state, &state, state + STATE_GENERATION)) {
            slab_set_owner(slab, 0);
            fetch_sub_relaxed(&corral_slab_counts[slab->pool], 1); /* [R:hint] */
            decay_make_room(slab->slabs);
            corral_arena_give(slab, slab->slabs);
            return true;
        }
    }
    return false;
}

/* The state after `blocks` more came home, and what that leads to. */
static uint64_t state_after(uint64_t state, int32_t blocks, int32_t wake, enum sent *sent) {
    uint64_t next = state_add(state, blocks);
    uint64_t armed = state & (STATE_FULL | STATE_SHELVED);
    if (armed == 0 || state_pending(next) < wake) {
        *sent = SENT;
        return next;
    }
    *sent = armed == STATE_FULL ? SENT_WOKE : SENT_LAST;
    return next ^ armed;
}

enum sent corral_slab_send_remote(struct slab *slab, unsigned word, uint64_t bits,
                                  unsigned *cache) {
    struct remote *remote = slab_remote(slab);
    /* [E:bits] Publishes the sender's last use of the blocks. */
    uint64_t before = fetch_or_release(slab_remote_word(slab, word), bits);
    if (unlikely((before & bits) != 0)) {
        corral_slab_report_twice(slab, word, before & bits, false);
    }
    int32_t blocks = (int32_t)bits_count(bits & ~before);
    for (;;) {
        uint64_t state = load_acquire(&remote->state); /* [E:state] wake belongs to this state */
        int32_t wake = load_relaxed(&remote->wake);    /* [R:after-edge] */
        enum sent sent;
        uint64_t next = state_after(state, blocks, wake, &sent);
        *cache = state_cache(state);
        /* [E:state] Releases this access to who gives the slab back; who wakes the slab acquires
         * it. For anyone else it is the last access. */
        if (cas_acq_rel(&remote->state, &state, next)) {
            return sent;
        }
    }
}

bool corral_slab_take_back_remote(struct slab *slab, uint16_t cache) {
    struct remote *remote = slab_remote(slab);
    uint64_t state = load_relaxed(&remote->state); /* [R:cas-reload] */
    while ((state & STATE_FULL) != 0 && state_cache(state) == cache) {
        /* [R:own] The descriptor is as who had the cache let it go, and came with the cache. */
        if (cas_relaxed(&remote->state, &state, state & ~STATE_FULL)) {
            slab_set_owner(slab, cache);
            if (state_pending(state) != 0) {
                corral_slab_collect_owner(slab);
            }
            return true;
        }
    }
    return false;
}

bool corral_slab_grow_holder(struct slab *slab, unsigned class_index) {
    unsigned have = slab->slabs;
    unsigned want = corral_classes[class_index].slabs;
    if (!corral_arena_extend(slab, have, want - have)) {
        return false;
    }
    slab->slabs = (uint8_t)want;
    fetch_sub_relaxed(&corral_slab_counts[slab->pool], 1); /* [R:hint] */
    slab->pool = (slab->pool & ~(CLASS_STRIDE - 1)) | class_index;
    fetch_add_relaxed(&corral_slab_counts[slab->pool], 1); /* [R:hint] */
    corral_arena_set_pool(slab, want, slab->pool);
    unpoison(slab_start(slab), want * SLAB_BYTES);
    return true;
}

void corral_slab_clear_holder(struct slab *slab, uint32_t pool) {
    const struct size_class *size_class = &corral_classes[pool & (CLASS_STRIDE - 1)];
    struct remote *remote = slab_remote(slab);
    for (uint32_t word = 0; word < (size_class->capacity + 63) / 64; word++) {
        store_relaxed(slab_remote_word(slab, word), 0); /* [R:holder] */
    }
    uint64_t state = load_relaxed(&remote->state); /* [R:holder] */
    state &= ~(STATE_PENDING_MASK | STATE_FULL | STATE_SHELVED);
    store_relaxed(&remote->state, state + STATE_GENERATION); /* [R:holder] */
    slab_set_owner(slab, 0);
    fetch_sub_relaxed(&corral_slab_counts[pool], 1); /* [R:hint] */
    poison(slab_start(slab), size_class->slabs * SLAB_BYTES);
}

bool corral_slab_valid(const struct slab *slab) {
    uint32_t free = 0;
    for (uint32_t word = 0; word < words_of(slab); word++) {
        bool summarised = slab->summary[word / 64] >> (word % 64) & 1;
        uint64_t bits = *slab_free_word(slab, word);
        if (summarised != (bits != 0)) {
            return false;
        }
        free += bits_count(bits);
    }
    return free == slab->free_count && free <= slab->capacity;
}

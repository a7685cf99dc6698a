/* SPDX-License-Identifier: MIT
 *
 * large_kept: see large_kept.h.
 *
 * Owns:     the slots of kept blocks; how many bytes are kept, reserved, and behind live blocks.
 * Callers:  through large_kept.h.
 * Promises: as large_kept.h.
 * Does not: begin or end a block's life.
 */
#include "large_kept.h"

#include "keep.h"
#include "large_unmap.h"
#include "os.h"
#include "poison.h"

#define KEPT_SLOTS   64u
/* Kept blocks that make room for one more, at most, before it is unmapped instead. */
#define KEPT_TRIES   4u
#define BEHIND_MOST  (LARGE_KEEP_BYTES / 2)
#define RESERVE_MOST (LARGE_KEEP_BYTES / 4)

/* Addresses of kept blocks; 0 is an empty slot. Who takes an address out has the block. */
static _Atomic uintptr_t kept[KEPT_SLOTS];
static _Atomic uint32_t kept_at[KEPT_SLOTS]; /* ms; of a program that ticks */
static _Atomic size_t kept_bytes;
static _Atomic uint32_t next_victim;
/* Of kept_bytes, those that threads have for their own (large_own.h). */
static _Atomic size_t reserved_bytes;
/* Bytes mapped behind live blocks. */
static _Atomic size_t behind_bytes;

size_t corral_large_count_behind(size_t more) {
    return fetch_add_relaxed(&behind_bytes, more) + more; /* [R:hint] */
}

bool corral_large_may_stay(size_t behind) {
    if (behind == 0 || corral_large_count_behind(behind) <= BEHIND_MOST) {
        return true;
    }
    corral_large_count_behind(-behind);
    return false;
}

/* Takes the kept block out of a slot; NULL when there is none. */
static void *take_out(uint32_t slot, struct large_entry **entry) {
    void *block = (void *)exchange_acquire(&kept[slot], 0); /* [E:kept] */
    if (block != NULL) {
        *entry = large_map_find(block);
        /* [R:holder] [R:hint] */
        fetch_sub_relaxed(&kept_bytes, large_word_bytes(load_relaxed(&(*entry)->word)));
    }
    return block;
}

/* Lets the kept block of a slot go. */
static void evict(uint32_t slot) {
    struct large_entry *entry;
    void *block = take_out(slot, &entry);
    if (block != NULL) {
        corral_large_let_go(block, entry);
    }
}

bool corral_large_release_kept(void) {
    bool released = corral_large_unmap_due();
    for (uint32_t slot = 0; slot < KEPT_SLOTS; slot++) {
        struct large_entry *entry;
        void *block = take_out(slot, &entry);
        if (block != NULL) {
            corral_large_unmap(block, entry);
            released = true;
        }
    }
    return released;
}

/* Is there a block in a slot that was kept long enough? */
static bool is_old(uint32_t slot, uint32_t now) {
    void *block = (void *)load_acquire(&kept[slot]); /* [E:kept] its entry is there */
    if (block == NULL) {
        return false;
    }
    uint64_t word = load_relaxed(&large_map_find(block)->word); /* [R:hint] */
    uint32_t age = corral_keep_ms(large_word_category(word));
    if (load_relaxed(&kept_at[slot]) == 0) {          /* [R:hint] */
        store_relaxed(&kept_at[slot], now | 1); /* [R:hint] */
    }
    /* [R:hint] */
    return age != UINT32_MAX && corral_keep_has_passed(age, load_relaxed(&kept_at[slot]), now);
}

void corral_large_age(uint32_t now) {
    for (uint32_t slot = 0; slot < KEPT_SLOTS; slot++) {
        struct large_entry *entry;
        void *block = is_old(slot, now) ? take_out(slot, &entry) : NULL;
        if (block != NULL) {
            corral_large_due_put(block, entry, 0);
        }
    }
}

/* When a block was kept, odd; 0 while the program does not tick: a tick's look is then its first. */
static void note_time(_Atomic uint32_t *at) {
    bool ticked = corral_keep_is_ticked();
    store_relaxed(at, ticked ? (uint32_t)corral_os->milliseconds() | 1 : 0); /* [R:hint] */
}

static bool put_into_slot(void *block) {
    for (unsigned i = 0; i < KEPT_SLOTS; i++) {
        uintptr_t empty = 0;
        if (load_relaxed(&kept[i]) == 0 &&                     /* [R:cas-reload] */
            cas_release(&kept[i], &empty, (uintptr_t)block)) { /* [E:kept] */
            note_time(&kept_at[i]);
            return true;
        }
    }
    return false;
}

void corral_large_kept_put(void *block, struct large_entry *entry) {
    size_t bytes = large_word_bytes(load_relaxed(&entry->word)); /* [R:holder] */
    poison(block, bytes);
    /* [R:hint] What threads reserved, no block makes room for. */
    size_t most = LARGE_KEEP_BYTES - load_relaxed(&reserved_bytes);
    for (unsigned try = 0; try < KEPT_TRIES && bytes <= most; try++) {
        /* [R:hint] */
        if (fetch_add_relaxed(&kept_bytes, bytes) + bytes <= LARGE_KEEP_BYTES &&
            put_into_slot(block)) {
            return;
        }
        fetch_sub_relaxed(&kept_bytes, bytes); /* [R:hint] */
        evict(fetch_add_relaxed(&next_victim, 1) % KEPT_SLOTS); /* [R:hint] each in its turn */
    }
    corral_large_let_go(block, entry);
}

bool corral_large_reserve(size_t bytes) {
    /* [R:hint] A refusal is cheap. */
    if (load_relaxed(&reserved_bytes) + bytes > RESERVE_MOST) {
        return false;
    }
    /* [R:hint] */
    if (fetch_add_relaxed(&reserved_bytes, bytes) + bytes <= RESERVE_MOST) {
        /* [R:hint] */
        if (fetch_add_relaxed(&kept_bytes, bytes) + bytes <= LARGE_KEEP_BYTES) {
            return true;
        }
        fetch_sub_relaxed(&kept_bytes, bytes); /* [R:hint] */
    }
    fetch_sub_relaxed(&reserved_bytes, bytes); /* [R:hint] */
    return false;
}

void corral_large_unreserve(size_t bytes) {
    fetch_sub_relaxed(&kept_bytes, bytes);     /* [R:hint] */
    fetch_sub_relaxed(&reserved_bytes, bytes); /* [R:hint] */
}

/* A kept block that can serve, and where it was seen. */
struct found {
    _Atomic uintptr_t *slot; /* NULL: none */
    uintptr_t address;
    uint64_t word;
    size_t more; /* bytes beyond those wanted */
};

/* Looks at a slot for a block of a category that is so aligned, and of `bytes` to twice as many. */
static struct found look(_Atomic uintptr_t *slot, size_t bytes, size_t alignment,
                         uint32_t category) {
    struct found found = {.address = load_acquire(slot)}; /* [E:kept] its entry is there */
    if (found.address == 0 || (found.address & (alignment - 1)) != 0) {
        return found;
    }
    found.word = load_relaxed(&large_map_find((void *)found.address)->word); /* [R:cas-reload] */
    found.more = large_word_bytes(found.word) - bytes;
    if (large_word_category(found.word) == category && found.more <= bytes) {
        found.slot = slot;
    }
    return found;
}

/* Takes a block out of its slot, if it is there still. What it has beyond stays mapped behind it, for
 * the block itself when it grows, and for later ones; where too much does already, a little is the
 * block's, and a block with more is not taken. */
static bool take_found(const struct found *found, bool little, struct large_taken *taken) {
    size_t behind = found->more;
    if (!corral_large_may_stay(behind)) {
        if (!little) {
            return false;
        }
        behind = 0;
    }
    uintptr_t address = found->address;
    if (cas_acquire(found->slot, &address, 0)) { /* [E:kept] the right to the block */
        struct large_entry *entry = large_map_find((void *)address);
        uint64_t word = load_relaxed(&entry->word);             /* [R:holder] */
        fetch_sub_relaxed(&kept_bytes, large_word_bytes(word)); /* [R:hint] */
        if (word == found->word) {
            *taken = (struct large_taken){(void *)address, entry, word, behind};
            return true;
        }
        /* Another block came to stand there between the look and the taking. */
        corral_large_kept_put((void *)address, entry);
    }
    if (behind != 0) {
        corral_large_count_behind(-behind);
    }
    return false;
}

bool corral_large_kept_take(size_t bytes, size_t alignment, uint32_t category, struct large_taken *taken) {
    struct found other = {.slot = NULL};
    for (unsigned i = 0; i < KEPT_SLOTS; i++) {
        struct found found = look(&kept[i], bytes, alignment, category);
        bool little = found.more <= large_little(bytes);
        if (found.slot != NULL && little && take_found(&found, true, taken)) {
            return true;
        }
        if (found.slot != NULL && !little && other.slot == NULL) {
            other = found;
        }
    }
    return other.slot != NULL && take_found(&other, false, taken);
}

static bool has_empty_slot(void) {
    for (unsigned i = 0; i < KEPT_SLOTS; i++) {
        if (load_relaxed(&kept[i]) == 0) { /* [R:hint] */
            return true;
        }
    }
    return false;
}

bool corral_large_kept_has_room(size_t bytes) {
    /* [R:hint] */
    bool fits = bytes <= LARGE_KEEP_BYTES && load_relaxed(&kept_bytes) <= LARGE_KEEP_BYTES - bytes;
    return fits && has_empty_slot();
}

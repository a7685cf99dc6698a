/* SPDX-License-Identifier: MIT
 *
 * large: see large.h.
 *
 * Owns:     the slots of kept blocks; how many bytes are kept, and behind live blocks.
 * Callers:  through large.h.
 * Promises: as large.h.
 * Does not: copy.
 */
#include "large.h"

#include "backend.h"
#include "category.h"
#include "check.h"
#include "control.h"
#include "keep.h"
#include "large_due.h"
#include "large_parked.h"
#include "mark.h"
#include "os.h"
#include "poison.h"
#include "served.h"

#define KEPT_SLOTS   64u
/* Kept blocks that make room for one more, at most, before it is unmapped instead. */
#define KEPT_TRIES   4u
/* Bytes that wait for a tick, at most, and a block. */
#define DUE_MOST     ((size_t)(256 * 1024 * KIB))
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

/* Counts `more` bytes behind live blocks, or less of them. Returns how many there are then. */
static size_t count_behind(size_t more) {
    return fetch_add_relaxed(&behind_bytes, more) + more; /* [R:hint] */
}

/* May so many bytes stay behind a block that is about to live? They are counted then. */
static bool may_stay(size_t behind) {
    if (behind == 0 || count_behind(behind) <= BEHIND_MOST) {
        return true;
    }
    count_behind(-behind);
    return false;
}

static void count(uint32_t category, int64_t blocks, int64_t bytes) {
    struct category *figures = &corral_categories[category];
    fetch_add_relaxed(&figures->large_blocks, (uint64_t)blocks); /* [R:figure] */
    fetch_add_relaxed(&figures->large_bytes, (uint64_t)bytes);   /* [R:figure] */
}

void corral_large_unmap(void *block, struct large_entry *entry) {
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    check_debug(large_word_state(word) == LARGE_IS_KEPT);
    size_t bytes = large_word_bytes(word);
    if (control_is_isolated(large_word_category(word))) {
        corral_large_park(block, entry);
        return;
    }
    store_relaxed(&entry->word, 0);                              /* [R:holder] */
    unpoison(block, bytes);
    if (!corral_backend_release(block, bytes)) {
        corral_backend_purge(block, bytes);
    }
}

bool corral_large_cut(void *block, struct large_entry *entry, size_t less) {
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    size_t bytes = large_word_bytes(word);
    uint32_t category = large_word_category(word);
    if (control_is_isolated(category)) {
        return false;
    }
    unpoison((char *)block + bytes - less, less);
    if (!corral_backend_resize(block, bytes, bytes - less)) {
        return false;
    }
    store_relaxed(&entry->word, large_word(bytes - less, category, LARGE_IS_KEPT)); /* [R:holder] */
    return true;
}

/* Unmaps all blocks that waited for it. False when there was none. */
static bool unmap_due(void) {
    void *block = corral_large_due_take();
    bool any = block != NULL;
    while (block != NULL) {
        struct large_entry *entry = large_map_find(block);
        void *next = corral_large_due_next(entry);
        corral_large_unmap(block, entry);
        block = next;
    }
    return any;
}

/* Unmaps a block that nobody else has; or, where the program ticks, leaves it to a tick, unless so much is already that
 * none has had time for. */
static void let_go(void *block, struct large_entry *entry) {
    if (corral_keep_is_ticked() && corral_large_due_bytes() < DUE_MOST) {
        corral_large_due_put(block, entry);
        return;
    }
    corral_large_unmap(block, entry);
    corral_large_settle();
}

CORRAL_SLOW void corral_large_settle_now(void) {
    if (!corral_keep_is_ticked()) {
        unmap_due();
    }
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
        let_go(block, entry);
    }
}

bool corral_large_release_kept(void) {
    bool released = unmap_due();
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
            corral_large_due_put(block, entry);
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

/* Keeps a freed block that the caller has, or unmaps it. */
static void keep(void *block, struct large_entry *entry) {
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
    let_go(block, entry);
}

void corral_large_keep(void *block, struct large_entry *entry) {
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    size_t bytes = large_word_bytes(word);
    count(large_word_category(word), -1, -(int64_t)bytes);
    keep(block, entry);
    corral_large_settle();
}

/* Ends a live block of a category. */
static void end_if_of(void *block, struct large_entry *entry, void *category) {
    struct large_info info;
    if (large_find(entry, &info) && info.category == *(const uint32_t *)category &&
        large_end(entry) == LARGE_FREED) {
        uint64_t word = load_relaxed(&entry->word); /* [R:holder] with what was behind the block */
        count(info.category, -1, -(int64_t)large_word_bytes(word));
        corral_mark_clear(block);
        corral_large_unmap(block, entry);
    }
}

void corral_large_end_all(uint32_t category) {
    corral_large_map_visit(end_if_of, &category);
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

size_t corral_large_leave_behind(uint32_t category, size_t behind) {
    if (!may_stay(behind)) {
        return 0;
    }
    count(category, 0, -(int64_t)behind);
    return behind;
}

/* Gives a block that was taken out to a caller, but for what stays behind it. */
static void *begin_life(void *block, struct large_entry *entry, uint64_t word, size_t behind) {
    count(large_word_category(word), 1, (int64_t)(large_word_bytes(word) - behind));
    large_begin(block, entry, word, behind);
    return block;
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
static void *take_found(const struct found *found, bool little) {
    size_t behind = found->more;
    if (!may_stay(behind)) {
        if (!little) {
            return NULL;
        }
        behind = 0;
    }
    uintptr_t address = found->address;
    if (cas_acquire(found->slot, &address, 0)) { /* [E:kept] the right to the block */
        struct large_entry *entry = large_map_find((void *)address);
        uint64_t word = load_relaxed(&entry->word);             /* [R:holder] */
        fetch_sub_relaxed(&kept_bytes, large_word_bytes(word)); /* [R:hint] */
        if (word == found->word) {
            return begin_life((void *)address, entry, word, behind);
        }
        /* Another block came to stand there between the look and the taking. */
        keep((void *)address, entry);
    }
    if (behind != 0) {
        count_behind(-behind);
    }
    return NULL;
}

/* A block with up to a quarter more, else the first with up to twice as much, as one that grew again
 * and again left it. */
static void *take_kept(size_t bytes, size_t alignment, uint32_t category) {
    struct found other = {.slot = NULL};
    for (unsigned i = 0; i < KEPT_SLOTS; i++) {
        struct found found = look(&kept[i], bytes, alignment, category);
        bool little = found.more <= large_little(bytes);
        void *block = found.slot != NULL && little ? take_found(&found, true) : NULL;
        if (block != NULL) {
            return block;
        }
        if (found.slot != NULL && !little && other.slot == NULL) {
            other = found;
        }
    }
    return other.slot == NULL ? NULL : take_found(&other, false);
}

static void *take_parked(size_t bytes, size_t alignment, uint32_t category) {
    uint64_t word;
    void *block = corral_large_take_parked(bytes, alignment, category, &word);
    return block == NULL ? NULL : begin_life(block, large_map_find(block), word, 0);
}

static void *map_new(size_t bytes, size_t alignment, uint32_t category) {
    corral_large_settle();
    uint64_t id = corral_category_id(category);
    void *block = control_is_isolated(category) ? corral_served_reserve_new(bytes, alignment, id)
                                                : corral_backend_reserve(bytes, alignment, id);
    if (block == NULL) {
        return NULL;
    }
    if (unlikely(control_huge_pages(category) != CORRAL_HUGE_PAGES_DEFAULT)) {
        corral_backend_advise_huge(block, bytes, control_huge_pages(category) != CORRAL_HUGE_PAGES_NEVER);
    }
    corral_served_note(block, bytes);
    struct large_entry *entry = corral_large_map_make(block);
    if (entry == NULL) {
        corral_backend_release(block, bytes);
        return NULL;
    }
    large_set(entry, bytes, 0, category);
    count(category, 1, (int64_t)bytes);
    return block;
}

static bool has_empty_slot(void) {
    for (unsigned i = 0; i < KEPT_SLOTS; i++) {
        if (load_relaxed(&kept[i]) == 0) { /* [R:hint] */
            return true;
        }
    }
    return false;
}

void *corral_large_make(size_t size, uint32_t category) {
    size_t bytes = round_up(size, corral_os_page_size());
    /* [R:hint] */
    bool fits = bytes <= LARGE_KEEP_BYTES && load_relaxed(&kept_bytes) <= LARGE_KEEP_BYTES - bytes;
    return fits && has_empty_slot() ? map_new(bytes, ARENA_BYTES, category) : NULL;
}

void corral_large_keep_made(void *block, struct large_entry *entry) {
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    /* [R:holder] */
    store_relaxed(&entry->word, word ^ (LARGE_IS_LIVE ^ LARGE_IS_KEPT));
    corral_large_keep(block, entry);
}

CORRAL_NOINLINE void *corral_large_alloc(size_t size, size_t alignment, uint32_t category,
                                         bool *zero) {
    size_t bytes = round_up(size == 0 ? 1 : size, corral_os_page_size());
    alignment = alignment < ARENA_BYTES ? ARENA_BYTES : alignment;
    category_use(category);
    void *block = take_kept(bytes, alignment, category);
    if (block == NULL && control_is_isolated(category)) {
        block = take_parked(bytes, alignment, category);
    }
    *zero = block == NULL;
    block = block != NULL ? block : map_new(bytes, alignment, category);
    if (block != NULL) {
        category_count_allocation(category);
    }
    return block;
}

CORRAL_SLOW void corral_large_join_behind(struct large_entry *entry, uint64_t word) {
    size_t behind = load_relaxed(&entry->behind); /* [R:holder] */
    uint32_t category = large_word_category(word);
    count_behind(-behind);
    count(category, 0, (int64_t)behind);
    store_relaxed(&entry->behind, 0); /* [R:holder] */
    /* [R:holder] */
    store_relaxed(&entry->word, large_word(large_word_bytes(word) + behind, category, LARGE_IS_KEPT));
}

/* Where a live block of `have` bytes, with `behind` mapped there, is to end at `bytes`: what is behind
 * it then. SIZE_MAX when the OS does not have it so, or the addresses are to be nobody else's; then nothing has
 * changed. */
static size_t move_end(char *block, size_t have, size_t behind, size_t bytes, bool isolated) {
    size_t mapped = have + behind;
    if (isolated && (bytes < have || bytes > mapped)) {
        return SIZE_MAX;
    }
    if (bytes >= have) {
        if (bytes > mapped && !corral_backend_resize(block, mapped, bytes)) {
            return SIZE_MAX;
        }
        unpoison(block + have, bytes - have);
        return bytes > mapped ? 0 : mapped - bytes;
    }
    unpoison(block + have, behind);
    if (!corral_backend_resize(block, mapped, bytes)) {
        poison(block + have, behind);
        return SIZE_MAX;
    }
    return 0;
}

void corral_large_count(uint32_t category, int64_t bytes) {
    count(category, 0, bytes);
}

bool corral_large_resize(void *block, size_t size) {
    struct large_entry *entry = large_map_find(block);
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    size_t have = large_word_bytes(word);
    size_t bytes = round_up(size, corral_os_page_size());
    size_t behind = load_relaxed(&entry->behind); /* [R:holder] */
    bool isolated = control_is_isolated(large_word_category(word));
    size_t left = move_end(block, have, behind, bytes, isolated);
    if (left == SIZE_MAX) {
        return bytes < have; /* it serves as it is */
    }
    if (left != behind) {
        count_behind(left - behind);
    }
    corral_served_note(block, bytes);
    large_set(entry, bytes, left, large_word_category(word));
    count(large_word_category(word), 0, (int64_t)bytes - (int64_t)have);
    return true;
}

/* SPDX-License-Identifier: MIT
 *
 * large_parked: see large_parked.h.
 *
 * Owns:     nothing.
 * Callers:  through large_parked.h.
 * Promises: as large_parked.h.
 * Does not: count bytes as kept: what is parked has none.
 */
#include "large_parked.h"

#include "backend.h"
#include "control.h"
#include "poison.h"

#include <string.h>

void corral_large_park(void *block, struct large_entry *entry) {
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    size_t bytes = large_word_bytes(word);
    unpoison(block, bytes);
    if (!corral_backend_purge(block, bytes) && (control_flags(large_word_category(word)) & CONTROL_ZERO) != 0) {
        memset(block, 0, bytes);
    }
    poison(block, bytes);
    /* [E:parked] Publishes the last use of the block. */
    store_release(&entry->word, large_word(bytes, large_word_category(word), LARGE_IS_PARKED));
}

/* What is wanted, and the smallest that was seen. */
struct search {
    size_t bytes, alignment;
    uint32_t category;
    struct large_entry *entry; /* NULL: none was seen */
    uint64_t word;
    void *block;
};

static void look(void *block, struct large_entry *entry, void *argument) {
    struct search *search = argument;
    uint64_t word = load_relaxed(&entry->word); /* [R:cas-reload] */
    size_t most = search->entry == NULL ? 2 * search->bytes : large_word_bytes(search->word) - 1;
    if (large_word_state(word) == LARGE_IS_PARKED && large_word_category(word) == search->category &&
        large_word_bytes(word) >= search->bytes && large_word_bytes(word) <= most &&
        ((uintptr_t)block & (search->alignment - 1)) == 0) {
        search->entry = entry;
        search->word = word;
        search->block = block;
    }
}

void *corral_large_take_parked(size_t bytes, size_t alignment, uint32_t category, uint64_t *word) {
    struct search search = {.bytes = bytes, .alignment = alignment, .category = category};
    do {
        search.entry = NULL;
        corral_large_map_visit(look, &search);
        if (search.entry == NULL) {
            return NULL;
        }
        *word = large_word(large_word_bytes(search.word), category, LARGE_IS_KEPT);
        /* [E:parked] Sees the last use of the block. Where another took it, there is one less. */
    } while (!cas_acquire(&search.entry->word, &search.word, *word));
    return search.block;
}

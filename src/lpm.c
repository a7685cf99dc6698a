/* SPDX-License-Identifier: MIT
 *
 * lpm: PALLOCMEM and PFREEMEM, in both ABIs.
 *
 * Owns:     the chosen memory type id, and the origin at the end of each of its blocks.
 * Callers:  policy modules and their host. Any thread.
 * Promises: what corral_alloc and corral_free promise. A free touches no origin, so either free is
 *           right for the blocks of either allocating function.
 * Does not: trust an origin: it is read only under its seal.
 *
 *        block                                               block + usable size
 *          │ size asked for            │ slack │ file │ line │ seal │
 *          └───────────────────────────┴───────┴──────┴──────┴──────┘
 */
#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include <corral/lpm.h>

#include "atomic.h"

/* The last bytes of a block. Law: seal == seal_of(block, file, line). */
struct origin {
    const char *file; /* const: the pointer given at allocation; NULL in the plain form */
    uint32_t line;    /* const: 0 in the plain form */
    uint32_t seal;    /* const */
};
static_assert(sizeof(struct origin) <= 16, "corral/lpm.h says that an origin takes 16 bytes");

/* The memory type id, and above it whether a block was allocated with it, which fixes it. */
#define CHOICE_FIXED (UINT64_C(1) << 32)
static _Atomic uint64_t choice = CORRAL_LPM_MEMORY_TYPE;

corral_status corral_lpm_set_memory_type(uint32_t memory_type_id) {
    uint64_t seen = load_relaxed(&choice); /* [R:lpm-choice] the id stands alone. */
    while ((seen & CHOICE_FIXED) == 0) {
        /* [R:lpm-choice] the id stands alone. */
        if (cas_relaxed(&choice, &seen, (uint64_t)memory_type_id)) {
            return CORRAL_OK;
        }
    }
    return (uint32_t)seen == memory_type_id ? CORRAL_OK : CORRAL_EINVAL;
}

uint32_t corral_lpm_memory_type(void) {
    return (uint32_t)load_relaxed(&choice); /* [R:lpm-choice] the id stands alone. */
}

/* The id for an allocation, which fixes the choice. */
static uint32_t fixed_memory_type(void) {
    uint64_t seen = load_relaxed(&choice); /* [R:lpm-choice] the id stands alone. */
    if ((seen & CHOICE_FIXED) == 0) {
        /* [R:lpm-choice] the id stands alone; whoever fixes it last fixes the same. */
        seen = fetch_or_relaxed(&choice, CHOICE_FIXED);
    }
    return (uint32_t)seen;
}

/* Not a secret: it tells an origin from whatever else may be there. */
static uint32_t seal_of(const void *block, const char *file, uint32_t line) {
    uint64_t mixed = (uintptr_t)block * UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ (mixed >> 32) ^ (uintptr_t)file) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 32) ^ line) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(mixed >> 32);
}

static void *alloc_with_origin(size_t size, const char *file, uint32_t line) {
    struct origin origin = {.file = file, .line = line};
    size_t total = size + sizeof origin;
    /* Where size_t has 32 bits the sum may wrap round; SIZE_MAX is then refused in its place. */
    char *block = corral_alloc(total < size ? SIZE_MAX : total, fixed_memory_type());
    if (block != NULL) {
        origin.seal = seal_of(block, file, line);
        memcpy(block + corral_usable_size(block) - sizeof origin, &origin, sizeof origin);
    }
    return block;
}

void *CORRAL_LPM_CALL corral_lpm_alloc(CORRAL_LPM_DWORD size) {
    return alloc_with_origin(size, NULL, 0);
}

void CORRAL_LPM_CALL corral_lpm_free(void *block) {
    corral_free(block, corral_lpm_memory_type());
}

void *CORRAL_LPM_CALL corral_lpm_alloc_at(CORRAL_LPM_DWORD size, char *file,
                                          CORRAL_LPM_DWORD line) {
    return alloc_with_origin(size, file, (uint32_t)line);
}

void CORRAL_LPM_CALL corral_lpm_free_at(void *block, char *file, CORRAL_LPM_DWORD line) {
    (void)file;
    (void)line;
    corral_lpm_free(block);
}

/* Whether the block may carry an origin: in the overflow category, ids cannot be told apart. */
static int is_of_our_category(const void *block) {
    uint64_t type = corral_memory_type_of(block);
    return type == corral_lpm_memory_type() || type == CORRAL_MEMORY_TYPE_OVERFLOW;
}

int corral_lpm_origin(const void *block, const char **file, uint32_t *line) {
    struct origin origin = {.file = NULL, .line = 0};
    size_t usable = is_of_our_category(block) ? corral_usable_size(block) : 0;
    int known = 0;
    if (usable >= sizeof origin) {
        memcpy(&origin, (const char *)block + usable - sizeof origin, sizeof origin);
        known = origin.seal == seal_of(block, origin.file, origin.line) &&
                (origin.file != NULL || origin.line != 0);
    }
    if (file != NULL) {
        *file = known ? origin.file : NULL;
    }
    if (line != NULL) {
        *line = known ? origin.line : 0;
    }
    return known;
}

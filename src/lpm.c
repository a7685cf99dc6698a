/* SPDX-License-Identifier: MIT
 *
 * lpm: PALLOCMEM and PFREEMEM, in both ABIs.
 *
 * Owns:     the chosen memory type id.
 * Callers:  policy modules and their host. Any thread.
 * Promises: what corral_alloc and corral_free promise. A free touches no origin, so either free is
 *           right for the blocks of either allocating function.
 * Does not: keep origins itself (corral/origin.h).
 */
#include <corral/lpm.h>
#include <corral/origin.h>

#include "atomic.h"

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

void *CORRAL_LPM_CALL corral_lpm_alloc(CORRAL_LPM_DWORD size) {
    return corral_alloc_at(size, fixed_memory_type(), NULL, 0);
}

void CORRAL_LPM_CALL corral_lpm_free(void *block) {
    corral_free(block, corral_lpm_memory_type());
}

void *CORRAL_LPM_CALL corral_lpm_alloc_at(CORRAL_LPM_DWORD size, char *file,
                                          CORRAL_LPM_DWORD line) {
    return corral_alloc_at(size, fixed_memory_type(), file, (uint32_t)line);
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
    return corral_origin_of(is_of_our_category(block) ? block : NULL, file, line);
}

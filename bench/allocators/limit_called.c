/* SPDX-License-Identifier: MIT
 *
 * The limit behind two function calls.
 *
 * Owns:     the called form of limit.h.
 * Callers:  allocators/limit_called.h.
 * Promises: nothing stands between the call and the inlined form.
 * Does not: ignore the category where there are several.
 */
#include "allocator.h"

void *limit_called_alloc(size_t size, uint32_t category) {
    return limit_alloc(size, category);
}

void limit_called_free(void *block, uint32_t category) {
    (void)category;
    limit_free(block);
}

/* SPDX-License-Identifier: MIT
 *
 * Finds the size classes by asking for one byte more, again and again.
 *
 * Owns:     nothing.
 * Callers:  see classes.h.
 * Promises: leaves no block behind.
 * Does not: go beyond the first large block, where sizes step by the OS page.
 */
#include "classes.h"

#include "build.h"
#include "check.h"
#include "figures.h"

size_t classes_find(uint32_t memory_type_id, size_t sizes[CLASSES_MOST]) {
    size_t count = 0;
    uint64_t large = 0;
    for (size_t size = 1; large == 0; size = sizes[count - 1] + 1) {
        CHECK(count < CLASSES_MOST, "size classes do not end");
        void *block = corral_alloc(size, memory_type_id);
        CHECK(block != NULL, "no block of %zu bytes", size);
        large = figures_of(memory_type_id).large_blocks;
        sizes[count] = (size_t)figures_bytes(block) - (large == 0 ? BUILD_TAIL : 0);
        CHECK(sizes[count] >= size, "%zu bytes usable of %zu", sizes[count], size);
        corral_free(block, memory_type_id);
        count++;
    }
    return count;
}

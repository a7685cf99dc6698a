/* SPDX-License-Identifier: MIT
 *
 * malloc: the C library's functions, in corral.
 *
 * Owns:     the names that a C program allocates and frees by.
 * Callers:  every thread of a program that is linked to libcorral-malloc or was started with it; the
 *           loader; before main, in constructors, destructors and children of forks.
 * Promises: what C23, POSIX.1-2024 and, for the functions of its own, glibc 2.36 say of each, glibc's
 *           choice where they leave one:
 *             blocks are aligned to 16 bytes, also the smallest; a size of 0 is a block of its own;
 *             sizes above PTRDIFF_MAX fail with ENOMEM, and so do products and roundings that
 *             overflow; a call that fails leaves its block as it was;
 *             realloc(NULL, n) is malloc(n); realloc(p, 0) frees p and gives NULL;
 *             free keeps errno; so does every call that succeeds;
 *             posix_memalign tells its error and leaves errno and the pointer alone.
 * Does not: serve signal handlers, as the C library's does not.
 */
#define _GNU_SOURCE
#include "malloc_hit.h"

#include "block.h"
#include "misuse.h"
#include "os.h"
#include "trial.h"

#include <corral/corral.h>
#include <corral/upkeep.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

/* C23's, which older headers of the C library do not have. */
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t alignment, size_t size);

EXPORT void *malloc(size_t size) {
    return malloc_hit(size, CALLER);
}

EXPORT void free(void *block) {
    free_hit(block);
}

EXPORT void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (HARDENED || __builtin_mul_overflow(count, size, &bytes) || unlikely(bytes > TABLE_MAX)) {
        return corral_block_zeroed(count, size, malloc_pool_base(CALLER));
    }
    void *block = malloc_hit(bytes, CALLER);
    return likely(block != NULL) ? memset(block, 0, bytes) : NULL;
}

/* A block is resized in its own category, whichever the scope's is. */
static void *resize(void *block, size_t size, const void *caller) {
    if (block == NULL) {
        return malloc_hit(size, caller);
    }
    if (size == 0) {
        free_hit(block);
        return NULL;
    }
    if (likely(registry_covers((uintptr_t)block))) {
        void *hit = block_resize_hit(block, size, registry_pool((uintptr_t)block));
        if (likely(hit != NULL)) {
            return hit;
        }
    }
    struct block_info info;
    if (!corral_block_find(block, &info)) {
        corral_misuse(MISUSE_FOREIGN, block, MISUSE_NO_POOL);
        errno = EINVAL;
        return NULL;
    }
    return corral_block_resize(block, size, &info);
}

EXPORT void *realloc(void *block, size_t size) {
    return resize(block, size, CALLER);
}

EXPORT void *reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return resize(block, bytes, CALLER);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) {
    return corral_block_aligned(alignment, size, malloc_pool_base(CALLER));
}

EXPORT int posix_memalign(void **pointer, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || !is_power_of_two(alignment)) {
        return EINVAL;
    }
    int kept = errno;
    void *block = corral_block_aligned(alignment, size, malloc_pool_base(CALLER));
    errno = kept;
    if (block == NULL) {
        return ENOMEM;
    }
    *pointer = block;
    return 0;
}

/* The next power of two, as glibc's memalign takes it; 0 when there is none. */
static size_t power_of_two_above(size_t alignment) {
    if (is_power_of_two(alignment)) {
        return alignment;
    }
    if (alignment == 0) {
        return 1;
    }
    unsigned highest = bits_highest(alignment);
    return highest == 63 ? 0 : (size_t)2 << highest;
}

EXPORT void *memalign(size_t alignment, size_t size) {
    return corral_block_aligned(power_of_two_above(alignment), size, malloc_pool_base(CALLER));
}

EXPORT void *valloc(size_t size) {
    return corral_block_aligned(corral_os_page_size(), size, malloc_pool_base(CALLER));
}

/* Of whole pages, which a block that begins at one takes in any case. */
EXPORT void *pvalloc(size_t size) {
    size_t page = corral_os_page_size();
    size_t whole = size <= PTRDIFF_MAX ? round_up(size, page) : size;
    return corral_block_aligned(page, whole, malloc_pool_base(CALLER));
}

/* Some programs ask at every call of malloc and free: a block's place tells the class. */
EXPORT size_t malloc_usable_size(void *block) {
    uint32_t place = corral_hit_place((uintptr_t)block);
    uint32_t pool = corral_hit_pool(place);
    return likely(!HARDENED && place != 0 && place < CATEGORY_LIMIT << CORRAL_ROW_SHIFT)
               ? corral_classes[pool & (CLASS_STRIDE - 1)].size
               : corral_usable_size(block);
}

/* C23. The size, and the alignment, say nothing that the address does not. */
EXPORT void free_sized(void *block, size_t size) {
    (void)size;
    free_hit(block);
}

EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size) {
    (void)alignment;
    (void)size;
    free_hit(block);
}

/* Padding is what is kept free of each category. */
EXPORT int malloc_trim(size_t padding) {
    bool released = corral_release_kept();
    return corral_trim_all(padding) != 0 || released;
}

/* The blocks of slabs are "ordinary", large ones "mapped". */
EXPORT struct mallinfo2 mallinfo2(void) {
    corral_stats stats;
    corral_total_stats(&stats, sizeof stats);
    size_t slabs = (size_t)stats.slabs * SLAB_BYTES;
    size_t live = (size_t)(stats.live_bytes - stats.large_bytes);
    /* A figure that raced may be ahead of the other. */
    live = live < slabs ? live : slabs;
    return (struct mallinfo2){
        .arena = slabs,
        .uordblks = live,
        .fordblks = slabs - live,
        .hblks = (size_t)stats.large_blocks,
        .hblkhd = (size_t)stats.large_bytes,
    };
}

/* glibc's other names for the same, which some programs call. */
void *__libc_malloc(size_t size);
void __libc_free(void *block);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);
int __posix_memalign(void **pointer, size_t alignment, size_t size);

EXPORT void *__libc_malloc(size_t size) {
    return malloc(size);
}

EXPORT void __libc_free(void *block) {
    free(block);
}

EXPORT void *__libc_calloc(size_t count, size_t size) {
    return calloc(count, size);
}

EXPORT void *__libc_realloc(void *block, size_t size) {
    return realloc(block, size);
}

EXPORT void *__libc_memalign(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

EXPORT void *__libc_valloc(size_t size) {
    return valloc(size);
}

EXPORT void *__libc_pvalloc(size_t size) {
    return pvalloc(size);
}

EXPORT int __posix_memalign(void **pointer, size_t alignment, size_t size) {
    return posix_memalign(pointer, alignment, size);
}

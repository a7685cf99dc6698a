/* SPDX-License-Identifier: MIT
 *
 * The C library's functions on corral, and every corner that a standard names.
 *
 * Owns:     nothing; every test is a process of its own, whose malloc is corral's, Criterion's own too.
 * Callers:  Criterion. Compiled without knowledge of what malloc does (-fno-builtin).
 * Promises: each function that libcorral-malloc replaces is called here.
 * Does not: cover C++'s operators (operators.cc) or categories (scopes.c, objects.c).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/pattern.h"
#include "support/process.h"

#include <corral/corral.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MARK = 4711, KEY = 7 };

/* C23's, which this libc's header does not have yet. */
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t alignment, size_t size);
/* glibc's older names. */
void *__libc_malloc(size_t size);
void __libc_free(void *block);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);
int __posix_memalign(void **pointer, size_t alignment, size_t size);

static const size_t sizes[] = {0,    1,     2,     7,      8,      9,       15,        16,
                               17,   24,    100,   1000,   1024,   1025,    4096,      65536,
                               70000, 1 << 20, 2 << 20, 5 << 20, 9 << 20};
enum { SIZES = sizeof sizes / sizeof *sizes };
static const size_t too_large[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096, SIZE_MAX - 1, SIZE_MAX};
enum { TOO_LARGE = sizeof too_large / sizeof *too_large };

static unsigned long address(const void *block) {
    return (unsigned long)(uintptr_t)block;
}

/* An alignment that the compiler does not know: clang 14 ends by a fault of its own where it knows some. */
static size_t hidden(size_t value) {
    volatile size_t kept = value;
    return kept;
}

static uint64_t live(void) {
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    return stats.live_blocks;
}

/* A block of the default category, of that size at least, aligned, and writable. */
static void expect_block(void *block, size_t size, size_t alignment) {
    CHECK(block != NULL, "%zu bytes: errno %d", size, errno);
    CHECK(corral_memory_type_of(block) == 0, "%zu bytes: not corral's", size);
    CHECK(address(block) % alignment == 0, "%zu bytes: at %p", size, block);
    CHECK(address(block) % 16 == 0, "%zu bytes: at %p", size, block);
    CHECK(malloc_usable_size(block) >= size, "%zu bytes: %zu usable", size,
          malloc_usable_size(block));
    CHECK(malloc_usable_size(block) == corral_usable_size(block), "%zu bytes: %zu usable", size,
          malloc_usable_size(block));
    pattern_fill(block, size, KEY);
    CHECK(pattern_holds(block, size, KEY), "%zu bytes: content", size);
}

static void expect_failure(void *block, int error, const char *what, size_t argument) {
    CHECK(block == NULL, "%s(%zu): a block", what, argument);
    CHECK(errno == error, "%s(%zu): errno %d", what, argument, errno);
    errno = MARK;
}

Test(malloc, every_size_and_back) {
    uint64_t before = live();
    errno = MARK;
    for (size_t i = 0; i < SIZES; i++) {
        void *block = malloc(sizes[i]);
        expect_block(block, sizes[i], 16);
        CHECK(live() == before + 1, "%zu bytes: not counted", sizes[i]);
        free(block);
        CHECK(live() == before, "%zu bytes: not given back", sizes[i]);
    }
    CHECK(errno == MARK, "errno is %d", errno);
}

Test(malloc, size_0_is_a_block_of_its_own) {
    void *first = malloc(0);
    void *second = malloc(0);
    void *third = calloc(0, 8);
    void *fourth = calloc(8, 0);
    CHECK(first != NULL && second != NULL && third != NULL && fourth != NULL, "no block");
    CHECK(first != second && second != third && third != fourth, "not of its own");
    free(first), free(second), free(third), free(fourth);
}

Test(malloc, too_large) {
    errno = MARK;
    for (size_t i = 0; i < TOO_LARGE; i++) {
        size_t size = too_large[i];
        expect_failure(malloc(size), ENOMEM, "malloc", size);
        expect_failure(calloc(1, size), ENOMEM, "calloc", size);
        expect_failure(calloc(size, 1), ENOMEM, "calloc", size);
        expect_failure(realloc(NULL, size), ENOMEM, "realloc", size);
        expect_failure(reallocarray(NULL, size, 1), ENOMEM, "reallocarray", size);
        expect_failure(aligned_alloc(64, size), ENOMEM, "aligned_alloc", size);
        expect_failure(memalign(64, size), ENOMEM, "memalign", size);
        expect_failure(valloc(size), ENOMEM, "valloc", size);
        expect_failure(pvalloc(size), ENOMEM, "pvalloc", size);
        void *kept = &errno;
        CHECK(posix_memalign(&kept, 64, size) == ENOMEM, "%zu", size);
        CHECK(kept == (void *)&errno && errno == MARK, "%zu: errno %d", size, errno);
    }
}

Test(malloc, memory_that_the_os_does_not_have) {
    process_limit_mapped(64 * BUILD_MIB);
    errno = MARK;
    expect_failure(malloc(1 << 30), ENOMEM, "malloc", 1 << 30);
    expect_failure(calloc(1 << 10, 1 << 20), ENOMEM, "calloc", 1 << 30);
    char *block = malloc(1000);
    pattern_fill((unsigned char *)block, 1000, KEY);
    expect_failure(realloc(block, 1 << 30), ENOMEM, "realloc", 1 << 30);
    CHECK(pattern_holds((unsigned char *)block, 1000, KEY), "a failed realloc changed its block");
    void *pointer = NULL;
    CHECK(posix_memalign(&pointer, 4096, 1 << 30) == ENOMEM && errno == MARK, "errno %d", errno);
    free(block);
}

Test(free, null_and_errno) {
    errno = MARK;
    free(NULL);
    free_sized(NULL, 0);
    free_aligned_sized(NULL, 64, 0);
    for (size_t i = 0; i < SIZES; i++) {
        void *block = malloc(sizes[i]);
        errno = (int)i;
        free(block);
        CHECK(errno == (int)i, "%zu bytes: errno %d", sizes[i], errno);
    }
}

Test(free, sized_forms) {
    uint64_t before = live();
    for (size_t i = 0; i < SIZES; i++) {
        free_sized(malloc(sizes[i]), sizes[i]);
        free_sized(calloc(1, sizes[i]), sizes[i]);
        free_aligned_sized(aligned_alloc(256, sizes[i]), 256, sizes[i]);
    }
    CHECK(live() == before, "%u blocks stay", (unsigned)(live() - before));
}

Test(calloc, is_zero_where_memory_was_used) {
    for (size_t i = 0; i < SIZES; i++) {
        for (int turn = 0; turn < 3; turn++) {
            unsigned char *block = calloc(1, sizes[i]);
            CHECK(block != NULL, "%zu bytes", sizes[i]);
            for (size_t at = 0; at < sizes[i]; at++) {
                CHECK(block[at] == 0, "%zu bytes: %zu is not 0", sizes[i], at);
            }
            memset(block, 0xA5, malloc_usable_size(block));
            free(block);
        }
    }
}

Test(calloc, product_that_overflows) {
    errno = MARK;
    expect_failure(calloc(SIZE_MAX / 2, 3), ENOMEM, "calloc", SIZE_MAX / 2);
    expect_failure(calloc(3, SIZE_MAX / 2), ENOMEM, "calloc", SIZE_MAX / 2);
    expect_failure(calloc((size_t)1 << 32, (size_t)1 << 32), ENOMEM, "calloc", (size_t)1 << 32);
    expect_failure(calloc(((size_t)1 << 32) + 1, (size_t)1 << 32), ENOMEM, "calloc", (size_t)1 << 32);
}

Test(realloc, null_is_malloc) {
    void *block = realloc(NULL, 100);
    expect_block(block, 100, 16);
    free(block);
    block = realloc(NULL, 0);
    expect_block(block, 0, 16);
    free(block);
}

Test(realloc, size_0_frees_and_gives_null) {
    uint64_t before = live();
    errno = MARK;
    CHECK(realloc(malloc(100), 0) == NULL, "a block");
    CHECK(realloc(malloc(5 << 20), 0) == NULL, "a block");
    CHECK(reallocarray(malloc(100), 0, 8) == NULL, "a block");
    CHECK(reallocarray(malloc(100), 8, 0) == NULL, "a block");
    CHECK(errno == MARK, "errno is %d", errno);
    CHECK(live() == before, "%u blocks stay", (unsigned)(live() - before));
}

Test(realloc, from_every_size_to_every_size) {
    for (size_t from = 0; from < SIZES; from++) {
        for (size_t to = 1; to < SIZES; to++) {
            size_t kept = sizes[from] < sizes[to] ? sizes[from] : sizes[to];
            unsigned char *block = malloc(sizes[from]);
            pattern_fill(block, sizes[from], KEY);
            block = realloc(block, sizes[to]);
            CHECK(block != NULL && pattern_holds(block, kept, KEY), "%zu to %zu", sizes[from],
                  sizes[to]);
            expect_block(block, sizes[to], 16);
            free(block);
        }
    }
}

Test(realloc, failing_leaves_the_block) {
    for (size_t i = 1; i < SIZES; i++) {
        unsigned char *block = malloc(sizes[i]);
        pattern_fill(block, sizes[i], KEY);
        errno = MARK;
        expect_failure(realloc(block, (size_t)PTRDIFF_MAX + 1), ENOMEM, "realloc", sizes[i]);
        expect_failure(reallocarray(block, SIZE_MAX / 2, 3), ENOMEM, "reallocarray", sizes[i]);
        CHECK(pattern_holds(block, sizes[i], KEY), "%zu bytes: content", sizes[i]);
        free(block);
    }
}

Test(reallocarray, multiplies) {
    void *block = reallocarray(NULL, 10, 100);
    expect_block(block, 1000, 16);
    block = reallocarray(block, 100, 100);
    expect_block(block, 10000, 16);
    free(block);
}

Test(aligned_alloc, every_alignment) {
    errno = MARK;
    for (size_t alignment = 1; alignment <= (size_t)64 << 20; alignment *= 2) {
        for (size_t i = 0; i < SIZES; i++) {
            void *block = aligned_alloc(hidden(alignment), sizes[i]);
            expect_block(block, sizes[i], alignment);
            free(block);
        }
    }
    CHECK(errno == MARK, "errno is %d", errno);
}

Test(aligned_alloc, alignment_that_is_none) {
    static const size_t none[] = {0, 3, 48, SIZE_MAX, SIZE_MAX / 2};
    errno = MARK;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        expect_failure(aligned_alloc(hidden(none[i]), 96), EINVAL, "aligned_alloc", none[i]);
    }
    expect_failure(aligned_alloc(hidden(SIZE_MAX / 2 + 1), 96), ENOMEM, "aligned_alloc", SIZE_MAX / 2 + 1);
}

Test(posix_memalign, corners) {
    errno = MARK;
    for (size_t alignment = sizeof(void *); alignment <= (size_t)8 << 20; alignment *= 2) {
        void *block = NULL;
        CHECK(posix_memalign(&block, alignment, alignment / 2 + 1) == 0, "%zu", alignment);
        expect_block(block, alignment / 2 + 1, alignment);
        free(block);
    }
    static const size_t none[] = {0, 1, 2, 4, 7, 12, 24, 40, 100, SIZE_MAX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        void *kept = &errno;
        CHECK(posix_memalign(&kept, none[i], 64) == EINVAL, "%zu", none[i]);
        CHECK(kept == (void *)&errno, "%zu: the pointer was written", none[i]);
    }
    void *empty = NULL;
    CHECK(posix_memalign(&empty, 64, 0) == 0 && empty != NULL, "size 0");
    free(empty);
    CHECK(errno == MARK, "errno is %d", errno);
}

Test(memalign, rounds_alignments_up) {
    static const size_t pairs[][2] = {{0, 1}, {1, 1}, {3, 4}, {17, 32}, {48, 64}, {4097, 8192}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        void *block = memalign(hidden(pairs[i][0]), 100);
        expect_block(block, 100, pairs[i][1]);
        free(block);
    }
    errno = MARK;
    expect_failure(memalign(hidden(SIZE_MAX / 2 + 2), 100), EINVAL, "memalign", SIZE_MAX / 2 + 2);
}

Test(valloc, pages) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < SIZES; i++) {
        void *block = valloc(sizes[i]);
        expect_block(block, sizes[i], page);
        free(block);
        block = pvalloc(sizes[i]);
        expect_block(block, (sizes[i] + page - 1) / page * page, page);
        free(block);
    }
}

Test(malloc_usable_size, null_is_0) {
    CHECK(malloc_usable_size(NULL) == 0, "%zu", malloc_usable_size(NULL));
}

Test(libc, older_names_are_the_same) {
    uint64_t before = live();
    void *pointer = NULL;
    CHECK(__posix_memalign(&pointer, 64, 100) == 0, "no block");
    void *blocks[] = {__libc_malloc(100),       __libc_calloc(10, 10), __libc_realloc(NULL, 100),
                      __libc_memalign(64, 100), __libc_valloc(100),    __libc_pvalloc(100),
                      pointer};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        expect_block(blocks[i], 100, 16);
        __libc_free(blocks[i]);
    }
    CHECK(live() == before, "%u blocks stay", (unsigned)(live() - before));
}

/* What allocates for the caller is freed by him. */
Test(libc, blocks_that_it_gives) {
    char *text = strdup("text");
    CHECK(corral_memory_type_of(text) == 0, "strdup's block is not corral's");
    free(text);
    char *line = NULL;
    size_t length = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    CHECK(file != NULL && getline(&line, &length, file) > 0, "no line");
    CHECK(corral_memory_type_of(line) == 0, "getline's block is not corral's");
    free(line);
    fclose(file);
}

Test(malloc_trim, gives_memory_back) {
    enum { BLOCKS = 20000 };
    static void *blocks[BLOCKS];
    malloc_trim(0);
    size_t before = process_resident();
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(1000);
        memset(blocks[i], 1, 1000);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    void *large = malloc(5 << 20);
    memset(large, 1, 5 << 20);
    free(large);
    CHECK(process_resident() > before + 4 * BUILD_MIB, "nothing was kept that could go");
    CHECK(malloc_trim(0) == 1, "nothing went");
    size_t after = process_resident();
    CHECK(after < before + BUILD_MIB, "%zu KiB stay", (after - before) / 1024);
    malloc_trim(0);
    CHECK(malloc_trim(0) == 0, "there is always more");
    free(malloc(1000));
}

Test(mallinfo2, adds_up) {
    struct mallinfo2 before = mallinfo2();
    void *block = malloc(1000), *large = malloc(5 << 20);
    struct mallinfo2 after = mallinfo2();
    CHECK(after.uordblks >= before.uordblks + 1000, "%zu more", after.uordblks - before.uordblks);
    CHECK(after.uordblks + after.fordblks == after.arena, "%zu + %zu", after.uordblks,
          after.fordblks);
    CHECK(after.hblks == before.hblks + 1, "%zu large blocks", after.hblks);
    CHECK(after.hblkhd >= before.hblkhd + (5 << 20), "%zu bytes", after.hblkhd);
    free(block);
    free(large);
    after = mallinfo2();
    CHECK(after.uordblks == before.uordblks, "%zu more", after.uordblks - before.uordblks);
    CHECK(after.hblks == before.hblks && after.hblkhd == before.hblkhd, "%zu bytes", after.hblkhd);
}

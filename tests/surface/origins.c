/* SPDX-License-Identifier: MIT
 *
 * Where LPM blocks say that they come from, and what happens when the two ABIs mix.
 *
 * Owns:     nothing.
 * Callers:  tests/surface/meson.build.
 * Promises: exit status 0 when all holds; else a line for each of the first 20 failures.
 * Does not: run on Windows.
 */
#include <stdio.h>
#include <string.h>

#include <corral/lpm.h>

#define ENOUGH 2000

static int failures;

#define expect(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            failures++;                                                                            \
            if (failures <= 20) {                                                                  \
                printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                     \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static char here[] = "here.c";
static char there[] = "there.c";

static int has_origin(const void *block, const char *file, uint32_t line) {
    const char *found_file = there;
    uint32_t found_line = 99;
    int known = corral_lpm_origin(block, &found_file, &found_line);
    expect(known == corral_lpm_origin(block, NULL, NULL));
    return known == (file != NULL || line != 0) && found_file == file && found_line == line;
}

static void the_id_is_chosen_once(void) {
    expect(corral_lpm_memory_type() == CORRAL_LPM_MEMORY_TYPE);
    expect(corral_lpm_set_memory_type(5) == CORRAL_OK);
    expect(corral_lpm_set_memory_type(0xFFFFFFFFu) == CORRAL_OK);
    void *block = corral_lpm_alloc(1);
    expect(corral_memory_type_of(block) == 0xFFFFFFFFu);
    expect(corral_lpm_set_memory_type(5) == CORRAL_EINVAL);
    expect(corral_lpm_set_memory_type(0xFFFFFFFFu) == CORRAL_OK);
    expect(corral_lpm_memory_type() == 0xFFFFFFFFu);
    corral_lpm_free(block);
}

/* The module writes all that it asked for; the origin stays. */
static void origins_are_kept_beside_full_blocks(void) {
    for (uint32_t size = 0; size < ENOUGH; size++) {
        char *block = corral_lpm_alloc_at(size, here, size + 1);
        char *plain = corral_lpm_alloc(size);
        expect(block != NULL && plain != NULL && (uintptr_t)block % 16 == 0);
        memset(block, 0xFF, size);
        memset(plain, 0xFF, size);
        expect(has_origin(block, here, size + 1));
        expect(has_origin(plain, NULL, 0));
        corral_lpm_free_at(block, there, 1);
        corral_lpm_free(plain);
    }
}

static void either_free_is_right_for_either_form(void) {
    corral_stats stats;
    for (uint32_t size = 0; size < ENOUGH; size++) {
        corral_lpm_free(corral_lpm_alloc_at(size, here, 1));
        corral_lpm_free_at(corral_lpm_alloc(size), here, 1);
        void *block = corral_lpm_alloc_at(size, here, 1);
        corral_free(block, corral_lpm_memory_type());
    }
    corral_lpm_free(NULL);
    corral_lpm_free_at(NULL, here, 1);
    expect(corral_category_stats(corral_lpm_memory_type(), &stats, sizeof stats) == CORRAL_OK);
    expect(stats.live_blocks == 0 && stats.live_bytes == 0);
}

/* Memory that held an origin is handed out again by the other form, and by corral_alloc. */
static void an_old_origin_does_not_come_back(void) {
    for (uint32_t round = 0; round < ENOUGH; round++) {
        void *block = corral_lpm_alloc_at(100, here, round + 1);
        corral_lpm_free(block);
        block = corral_lpm_alloc(100);
        expect(has_origin(block, NULL, 0));
        corral_lpm_free(block);
    }
}

static void what_has_no_origin(void) {
    char local[64] = {0};
    void *other = corral_calloc(1, 200, 1);
    expect(has_origin(NULL, NULL, 0));
    expect(has_origin(local, NULL, 0));
    expect(has_origin(other, NULL, 0));
    corral_free(other, 1);
    char *block = corral_lpm_alloc_at(100, here, 3);
    size_t usable = corral_usable_size(block);
    block[usable - 1] ^= 1;
    expect(has_origin(block, NULL, 0));
    block[usable - 1] ^= 1;
    expect(has_origin(block, here, 3));
    void *copy = corral_alloc(usable, corral_lpm_memory_type());
    expect(corral_usable_size(copy) == usable);
    memcpy(copy, block, usable);
    expect(has_origin(copy, NULL, 0));
    corral_free(copy, corral_lpm_memory_type());
    block = corral_realloc(block, 50000, corral_lpm_memory_type());
    expect(has_origin(block, NULL, 0));
    corral_lpm_free(block);
    block = corral_lpm_alloc_at(100, NULL, 4);
    expect(has_origin(block, NULL, 4));
    corral_lpm_free(block);
}

int main(void) {
    the_id_is_chosen_once();
    origins_are_kept_beside_full_blocks();
    either_free_is_right_for_either_form();
    an_old_origin_does_not_come_back();
    what_has_no_origin();
    return failures != 0;
}

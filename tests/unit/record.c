/* SPDX-License-Identifier: MIT
 *
 * record: what is read of a block's end, and what is none.
 *
 * Owns:     memory in the place of blocks.
 * Callers:  Criterion.
 * Promises: each bit of a record counts; what is none is told as zeros, whatever the reader had.
 * Does not: allocate (../contract/origin.c).
 */
#include "record.h"

#include "support/pattern.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>

enum { BYTES = 128, SIZE = 50, LINE = 77, PAGE = 65536 };

static _Alignas(16) unsigned char block[BYTES], other[BYTES];
static const char file[] = "file.c";

static struct record put(size_t size) {
    struct record record = corral_record_make(size, file, LINE);
    memset(block, 0xEE, BYTES);
    corral_record_put(block, BYTES, &record);
    return record;
}

static void expect(enum record_state state, uint64_t number) {
    struct record record;
    cr_assert_eq(corral_record_read(block, BYTES, &record), state);
    cr_assert(record.file == file && record.line == LINE && record.size == SIZE);
    cr_assert_eq(record.number, number);
}

static void expect_none(const void *at, size_t bytes) {
    struct record record;
    memset(&record, 0x5A, sizeof record);
    cr_assert_eq(corral_record_read(at, bytes, &record), RECORD_NONE);
    cr_assert(pattern_is_byte(&record, sizeof record, 0));
}

Test(record, is_read_as_it_was_put) {
    uint64_t number = put(SIZE).number;
    expect(RECORD_LIVE, number);
    cr_assert(pattern_is_byte(block, BYTES - RECORD_BYTES, 0xEE));
    for (int i = 0; i < 2; i++) {
        corral_record_end(block, BYTES);
        expect(RECORD_FREED, number);
    }
}

Test(record, has_the_next_number) {
    for (uint64_t number = 1; number < 10; number++) {
        cr_assert_eq(corral_record_make(SIZE, file, LINE).number, number);
    }
}

static void expect_that_each_bit_counts(void) {
    for (size_t bit = 0; bit < 8 * RECORD_BYTES; bit++) {
        unsigned char *byte = &block[BYTES - RECORD_BYTES + bit / 8];
        *byte ^= (unsigned char)(1u << bit % 8);
        expect_none(block, BYTES);
        *byte ^= (unsigned char)(1u << bit % 8);
    }
}

Test(record, is_none_when_a_bit_differs) {
    uint64_t number = put(SIZE).number;
    expect_that_each_bit_counts();
    corral_record_end(block, BYTES);
    expect_that_each_bit_counts();
    expect(RECORD_FREED, number);
}

Test(record, is_none_of_a_copy) {
    put(SIZE);
    memcpy(other, block, BYTES);
    expect_none(other, BYTES);
    corral_record_end(other, BYTES);
    cr_assert_eq(memcmp(other, block, BYTES), 0, "what is none is ended");
}

/* Under the right seal too. */
Test(record, is_of_no_more_than_the_block_has) {
    struct record record;
    put(BYTES - RECORD_BYTES);
    cr_assert_eq(corral_record_read(block, BYTES, &record), RECORD_LIVE);
    put(BYTES - RECORD_BYTES + 1);
    expect_none(block, BYTES);
    put(SIZE_MAX);
    expect_none(block, BYTES);
}

/* Before the block lies what may not be read. */
Test(record, is_none_of_a_block_that_has_no_room) {
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(pages, MAP_FAILED);
    cr_assert_eq(mprotect(pages, PAGE, PROT_NONE), 0);
    expect_none(pages + PAGE, 16);
    corral_record_end(pages + PAGE, 16);
    expect_none(pages + PAGE, RECORD_BYTES);
    struct record record = corral_record_make(0, file, LINE);
    corral_record_put(pages + PAGE, RECORD_BYTES, &record);
    cr_assert_eq(corral_record_read(pages + PAGE, RECORD_BYTES, &record), RECORD_LIVE);
}

/* SPDX-License-Identifier: MIT
 *
 * The words of the pattern, and the walks over a block.
 *
 * Owns:     nothing.
 * Callers:  the thread that holds the block.
 * Promises: the word at offset i of a block depends on the key and on i alone.
 * Does not: read or write beyond the size given.
 */
#include "pattern.h"

#include <string.h>

enum { SPARSE_WHOLE = 4096, SPARSE_END = 1024, SPARSE_STEP = 1024 };

static uint64_t word_at(uint64_t key, size_t offset) {
    return (key ^ (offset * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xff51afd7ed558ccd);
}

uint64_t pattern_key(const void *block, size_t size, uint64_t owner, uint64_t sequence) {
    uint64_t key = word_at((uintptr_t)block, size);
    key = word_at(key ^ owner, 8) ^ (key >> 29);
    return word_at(key ^ sequence, 16) ^ (key >> 31);
}

static void fill_from(unsigned char *bytes, size_t begin, size_t end, uint64_t key) {
    for (size_t at = begin; at < end; at += sizeof(uint64_t)) {
        uint64_t word = word_at(key, at);
        memcpy(bytes + at, &word, end - at < sizeof word ? end - at : sizeof word);
    }
}

static bool holds_from(const unsigned char *bytes, size_t begin, size_t end, uint64_t key) {
    for (size_t at = begin; at < end; at += sizeof(uint64_t)) {
        uint64_t word = word_at(key, at);
        if (memcmp(bytes + at, &word, end - at < sizeof word ? end - at : sizeof word) != 0) {
            return false;
        }
    }
    return true;
}

void pattern_fill(void *block, size_t size, uint64_t key) {
    fill_from(block, 0, size, key);
}

bool pattern_holds(const void *block, size_t size, uint64_t key) {
    return holds_from(block, 0, size, key);
}

/* The last part of a sparse block begins on a word, so that both walks see the same words. */
static size_t sparse_tail(size_t size) {
    return (size - SPARSE_END) & ~(sizeof(uint64_t) - 1);
}

void pattern_fill_sparse(void *block, size_t size, uint64_t key) {
    if (size <= SPARSE_WHOLE) {
        fill_from(block, 0, size, key);
        return;
    }
    fill_from(block, 0, SPARSE_END, key);
    for (size_t at = SPARSE_STEP; at < sparse_tail(size); at += SPARSE_STEP) {
        fill_from(block, at, at + sizeof(uint64_t), key);
    }
    fill_from(block, sparse_tail(size), size, key);
}

bool pattern_holds_sparse(const void *block, size_t size, uint64_t key) {
    if (size <= SPARSE_WHOLE) {
        return holds_from(block, 0, size, key);
    }
    for (size_t at = SPARSE_STEP; at < sparse_tail(size); at += SPARSE_STEP) {
        if (!holds_from(block, at, at + sizeof(uint64_t), key)) {
            return false;
        }
    }
    return holds_from(block, 0, SPARSE_END, key) && holds_from(block, sparse_tail(size), size, key);
}

bool pattern_is_byte(const void *block, size_t size, unsigned char value) {
    const unsigned char *bytes = block;
    return size == 0 || (bytes[0] == value && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* SPDX-License-Identifier: MIT
 *
 * record: see record.h.
 *
 * Owns:     the next number.
 * Callers:  through record.h.
 * Promises: wait-free.
 * Does not: keep secrets: the seal is no protection from who wants to forge it.
 */
#include "record.h"

#include "atomic.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct record) == 32, "corral/origin.h says that a record takes 32 bytes");

static _Atomic uint64_t numbers;

static uint64_t mixed(uint64_t value, uint64_t more) {
    value = (value ^ more) * UINT64_C(0xBF58476D1CE4E5B9);
    return value ^ value >> 32;
}

static uint32_t seal_of(const void *block, const struct record *record) {
    uint64_t value = mixed((uintptr_t)block * UINT64_C(0x9E3779B97F4A7C15), (uintptr_t)record->file);
    value = mixed(mixed(value, record->number), record->size);
    return (uint32_t)(mixed(value, record->line) >> 8);
}

static char *place_of(const void *block, size_t bytes) {
    return (char *)(uintptr_t)block + bytes - RECORD_BYTES;
}

struct record corral_record_make(size_t size, const char *file, uint32_t line) {
    return (struct record){
        .file = file,
        .number = fetch_add_relaxed(&numbers, 1) + 1, /* [R:figure] */
        .size = size,
        .line = line,
    };
}

void corral_record_put(void *block, size_t bytes, struct record *record) {
    record->seal = seal_of(block, record);
    memcpy(place_of(block, bytes), record, sizeof *record);
}

enum record_state corral_record_read(const void *block, size_t bytes, struct record *record) {
    enum record_state state = RECORD_NONE;
    if (bytes >= RECORD_BYTES) {
        memcpy(record, place_of(block, bytes), sizeof *record);
        uint32_t seal = seal_of(block, record);
        state = record->seal == seal ? RECORD_LIVE : record->seal == ~seal ? RECORD_FREED : RECORD_NONE;
    }
    if (state == RECORD_NONE || record->size > bytes - RECORD_BYTES) {
        *record = (struct record){.file = NULL};
        state = RECORD_NONE;
    }
    return state;
}

void corral_record_end(void *block, size_t bytes) {
    struct record record;
    if (corral_record_read(block, bytes, &record) == RECORD_LIVE) {
        record.seal = ~record.seal;
        memcpy(place_of(block, bytes), &record, sizeof record);
    }
}

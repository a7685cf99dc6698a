/* SPDX-License-Identifier: MIT
 *
 * See origins.h.
 *
 * Owns:     nothing.
 * Callers:  through origins.h.
 * Promises: as origins.h.
 * Does not: allocate.
 */
#include "origins.h"

#include "check.h"

#include <corral/configure.h>

#include <string.h>

void origins_keep(uint32_t id, uint32_t every) {
    corral_category_options options = {.origins = every};
    CHECK(corral_category_configure(id, &options, sizeof options) == CORRAL_OK, "%u takes no origins", id);
}

void origins_ignore(const corral_origin *origin, size_t origin_size, void *argument) {
    (void)origin, (void)origin_size, (void)argument;
}

static void count(const corral_origin *origin, size_t origin_size, void *argument) {
    CHECK(origin_size == sizeof *origin && origin->block != NULL, "%zu", origin_size);
    ++*(unsigned *)argument;
}

unsigned origins_count(uint64_t id) {
    unsigned found = 0;
    corral_status status = corral_visit_origins(id, count, &found);
    CHECK(status == CORRAL_OK || status == CORRAL_EUNUSED, "%d", (int)status);
    return found;
}

struct wanted {
    uint64_t id;
    const void *block;
    const char *file;
    uint32_t line;
    size_t size;
    unsigned times;
};

static void compare(const corral_origin *origin, size_t origin_size, void *argument) {
    struct wanted *wanted = argument;
    if (origin->block != wanted->block) {
        return;
    }
    wanted->times++;
    CHECK(origin_size == sizeof *origin && origin->id == wanted->id, "%ju", (uintmax_t)origin->id);
    if (wanted->file == NULL) {
        CHECK(origin->file == NULL && origin->line == 0 && origin->size == 0 && origin->number == 0, "it has some");
        return;
    }
    CHECK(origin->file != NULL && strcmp(origin->file, wanted->file) == 0, "file");
    CHECK(wanted->line == 0 || origin->line == wanted->line, "line %u", origin->line);
    CHECK(origin->size == wanted->size && origin->number != 0, "%ju bytes", (uintmax_t)origin->size);
    CHECK(origin->block_bytes >= wanted->size + 32, "%ju bytes", (uintmax_t)origin->block_bytes);
}

struct sought {
    const void *block;
    uint64_t bytes;
};

static void note_bytes(const corral_origin *origin, size_t size, void *argument) {
    (void)size;
    struct sought *sought = argument;
    sought->bytes = origin->block == sought->block ? origin->block_bytes : sought->bytes;
}

size_t origins_block_bytes(uint64_t id, const void *block) {
    struct sought sought = {.block = block};
    corral_visit_origins(id, note_bytes, &sought);
    CHECK(sought.bytes != 0, "it is not found");
    return (size_t)sought.bytes;
}

void origins_expect(uint64_t id, const void *block, unsigned times, const char *file, uint32_t line, size_t size) {
    struct wanted wanted = {.id = id, .block = block, .file = file, .line = line, .size = size};
    corral_visit_origins(id, compare, &wanted);
    CHECK(wanted.times == times, "it is found %u times", wanted.times);
}

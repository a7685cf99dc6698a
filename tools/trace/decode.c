/* SPDX-License-Identifier: MIT
 *
 * From the bytes of a file to a trace.
 *
 * Owns:     the body while it is read.
 * Callers:  as trace.h says.
 * Promises: as trace.h says. No byte outside of a column is read and no step outside of the array
 *           is written, whatever the file holds.
 * Does not: use malloc, also not through zstd.
 */
#define _GNU_SOURCE
/* For a context in memory of the caller's, which Debian's static library has. */
#define ZSTD_STATIC_LINKING_ONLY
#include "format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { KINDS = 0, SIZES = 1, BLOCKS = 2, COLUMNS = 3 };

struct column {
    const uint8_t *at;
    const uint8_t *end;
};

/* Where the numbers of a thread's blocks stand in `numbers`. */
struct maker {
    uint32_t first;
    uint32_t made;
};

struct decoder {
    struct column columns[TRACE_THREADS][COLUMNS];
    struct maker makers[TRACE_THREADS];
    uint32_t taken[TRACE_THREADS][TRACE_THREADS]; /* as the encoder's */
    uint32_t *numbers;                            /* of blocks, by thread and place */
    uint32_t made;                                /* blocks so far */
};

static uint64_t fixed(const uint8_t *place, int bytes) {
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | place[i];
    }
    return value;
}

static bool read_varint(struct column *self, uint64_t *value) {
    *value = 0;
    for (int shift = 0; self->at < self->end && shift < 64; shift += 7) {
        const uint8_t byte = *self->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

/* Cuts a column off the rest of the body. */
static bool read_column(struct column *rest, struct column *column) {
    uint64_t size = 0;
    if (!read_varint(rest, &size) || size > (uint64_t)(rest->end - rest->at)) {
        return false;
    }
    column->at = rest->at;
    rest->at += size;
    column->end = rest->at;
    return true;
}

static bool decode_head(struct trace *self, const uint8_t *bytes, size_t size,
                        char error[TRACE_ERROR]) {
    *self = (struct trace){0};
    if (size < MAGIC_BYTES || memcmp(bytes, MAGIC, MAGIC_BYTES) != 0) {
        return REFUSE(error, "not a trace: it does not begin with the magic bytes");
    }
    if (size < HEAD_BYTES) {
        return REFUSE(error, "truncated: %zu bytes, and the head alone has %d", size, HEAD_BYTES);
    }
    const uint32_t version = (uint32_t)fixed(bytes + HEAD_VERSION, 4);
    if (version != TRACE_VERSION) {
        return REFUSE(error, "version %u, where %d can be read", version, TRACE_VERSION);
    }
    self->threads = (uint32_t)fixed(bytes + HEAD_THREADS, 4);
    self->ids = (uint32_t)fixed(bytes + HEAD_IDS, 4);
    self->largest = (uint32_t)fixed(bytes + HEAD_LARGEST, 4);
    self->count = (uint32_t)fixed(bytes + HEAD_STEPS, 4);
    self->blocks = (uint32_t)fixed(bytes + HEAD_BLOCKS, 4);
    if (self->threads == 0 || self->threads > TRACE_THREADS || self->ids == 0 ||
        self->ids > TRACE_IDS || self->count > TRACE_STEPS || self->blocks > self->count ||
        fixed(bytes + HEAD_BODY, 8) > BODY_LIMIT(self->count)) {
        return REFUSE(error, "damaged: the numbers in the head are impossible");
    }
    return true;
}

static bool read_ids(struct trace *self, struct column *column) {
    for (uint32_t i = 0; i < self->ids; i++) {
        uint64_t id = 0;
        if (!read_varint(column, &id) || id > UINT32_MAX) {
            return false;
        }
        self->id[i] = (uint32_t)id;
    }
    return column->at == column->end;
}

/* How many blocks each thread makes is known from the kinds of its steps. */
static bool lay_out_numbers(struct decoder *self, const struct trace *trace) {
    uint64_t first = 0;
    for (uint32_t thread = 0; thread < trace->threads; thread++) {
        const struct column *kinds = &self->columns[thread][KINDS];
        self->makers[thread].first = (uint32_t)first;
        for (const uint8_t *at = kinds->at; at < kinds->end; at++) {
            first += trace_allocates((enum trace_kind)(*at & KIND_MASK));
        }
    }
    return first <= trace->blocks;
}

/* The block that a step names, if its thread has allocated it by now. */
static bool read_block(struct decoder *self, struct trace_step *step) {
    struct column *column = &self->columns[step->thread][BLOCKS];
    uint64_t name = 0;
    uint64_t place = 0;
    uint64_t thread = step->thread;
    if (!read_varint(column, &name)) {
        return false;
    }
    if (name % 2 == 0) {
        place = self->makers[thread].made - name / 2;
    } else {
        uint64_t jump = 0;
        thread = name / 2;
        if (thread >= TRACE_THREADS || !read_varint(column, &jump)) {
            return false;
        }
        uint32_t *taken = &self->taken[step->thread][thread];
        place = *taken + (jump % 2 == 0 ? jump / 2 : ~(jump / 2));
        *taken = (uint32_t)place + 1;
    }
    const struct maker maker = self->makers[thread];
    if (place >= maker.made) {
        return false;
    }
    step->block = self->numbers[maker.first + place];
    return true;
}

/* The id of a block is that of the step which allocated it: `ids` has it, by block. */
static bool read_step(struct decoder *self, struct trace_step *step, uint8_t *ids) {
    struct column *columns = self->columns[step->thread];
    uint64_t size = 0;
    if (columns[KINDS].at == columns[KINDS].end) {
        return false;
    }
    const uint8_t byte = *columns[KINDS].at++;
    step->kind = byte & KIND_MASK;
    if (step->kind != TRACE_FREE && (!read_varint(&columns[SIZES], &size) || size > UINT32_MAX)) {
        return false;
    }
    step->size = (uint32_t)size;
    if (trace_allocates((enum trace_kind)step->kind)) {
        struct maker *maker = &self->makers[step->thread];
        step->block = self->made++;
        self->numbers[maker->first + maker->made++] = step->block;
        ids[step->block] = byte >> KIND_BITS;
    } else if (byte >> KIND_BITS != 0 || !read_block(self, step)) {
        return false;
    }
    step->id = ids[step->block];
    return true;
}

static bool read_turns(struct decoder *self, struct trace *trace, struct column *turns,
                       uint8_t *ids, char error[TRACE_ERROR]) {
    uint32_t next = 0;
    while (turns->at < turns->end) {
        uint64_t thread = 0;
        uint64_t steps = 0;
        if (!read_varint(turns, &thread) || !read_varint(turns, &steps) ||
            thread >= trace->threads || steps > trace->count - next) {
            return REFUSE(error, "damaged: no such turn at step %u", next);
        }
        for (uint64_t i = 0; i < steps; i++, next++) {
            trace->steps[next].thread = (uint16_t)thread;
            if (!read_step(self, &trace->steps[next], ids)) {
                return REFUSE(error, "impossible operation: step %u names nothing there is", next);
            }
        }
    }
    return next == trace->count || REFUSE(error, "truncated: %u steps of %u", next, trace->count);
}

static bool columns_are_read(const struct decoder *self, const struct trace *trace) {
    for (uint32_t thread = 0; thread < trace->threads; thread++) {
        for (int i = 0; i < COLUMNS; i++) {
            if (self->columns[thread][i].at != self->columns[thread][i].end) {
                return false;
            }
        }
    }
    return true;
}

/* With the memory it needs: `ids` has a byte for each block, and so have numbers four. */
static bool read_body(struct decoder *self, struct trace *trace, struct column body, uint8_t *ids,
                      char error[TRACE_ERROR]) {
    struct column column;
    struct column turns;
    if (!read_column(&body, &column) || !read_ids(trace, &column) || !read_column(&body, &turns)) {
        return REFUSE(error, "damaged: the first columns are not whole");
    }
    for (uint32_t thread = 0; thread < trace->threads; thread++) {
        for (int i = 0; i < COLUMNS; i++) {
            if (!read_column(&body, &self->columns[thread][i])) {
                return REFUSE(error, "damaged: the columns of thread %u are not whole", thread);
            }
        }
    }
    if (body.at != body.end || !lay_out_numbers(self, trace)) {
        return REFUSE(error, "damaged: the columns are of more than %u blocks", trace->blocks);
    }
    if (!read_turns(self, trace, &turns, ids, error)) {
        return false;
    }
    return columns_are_read(self, trace) || REFUSE(error, "damaged: there is more than the steps");
}

/* Decompresses into `body`, all of it and no more, with a context in memory of our own. */
static bool decompress(uint8_t *body, size_t size, const uint8_t *frame, size_t frame_size,
                       char error[TRACE_ERROR]) {
    const size_t context_size = ZSTD_estimateDCtxSize();
    void *memory = memory_take(context_size);
    ZSTD_DCtx *context = memory == NULL ? NULL : ZSTD_initStaticDCtx(memory, context_size);
    if (context == NULL) {
        memory_give(memory, context_size);
        return REFUSE(error, "no memory to decompress");
    }
    const size_t got = ZSTD_decompressDCtx(context, body, size, frame, frame_size);
    memory_give(memory, context_size);
    if (ZSTD_isError(got)) {
        return REFUSE(error, "truncated or damaged: zstd says: %s", ZSTD_getErrorName(got));
    }
    return got == size || REFUSE(error, "damaged: a body of %zu bytes, not %zu", got, size);
}

static bool decode_body(struct trace *self, const uint8_t *frame, size_t frame_size,
                        size_t body_size, char error[TRACE_ERROR]) {
    const size_t numbers_size = self->blocks * sizeof(uint32_t);
    uint8_t *body = memory_take(body_size);
    uint8_t *ids = memory_take(self->blocks);
    struct decoder *decoder = memory_take(sizeof *decoder);
    uint32_t *numbers = memory_take(numbers_size);
    self->steps = memory_take(self->count * sizeof *self->steps);
    bool read = false;
    if (body == NULL || ids == NULL || decoder == NULL || numbers == NULL || self->steps == NULL) {
        (void)REFUSE(error, "no memory for a trace of %u steps", self->count);
    } else if (decompress(body, body_size, frame, frame_size, error)) {
        decoder->numbers = numbers;
        const struct column columns = {body, body + body_size};
        read = read_body(decoder, self, columns, ids, error) && trace_check(self, error);
    }
    memory_give(numbers, numbers_size);
    memory_give(decoder, sizeof *decoder);
    memory_give(ids, self->blocks);
    memory_give(body, body_size);
    return read;
}

bool trace_decode(struct trace *self, const uint8_t *bytes, size_t size, char error[TRACE_ERROR]) {
    if (!decode_head(self, bytes, size, error)) {
        return false;
    }
    const size_t body_size = (size_t)fixed(bytes + HEAD_BODY, 8);
    if (!decode_body(self, bytes + HEAD_BYTES, size - HEAD_BYTES, body_size, error)) {
        trace_release(self);
        return false;
    }
    return true;
}

void trace_release(struct trace *self) {
    memory_give(self->steps, self->count * sizeof *self->steps);
    self->steps = NULL;
}

/* The whole file as it is mapped, or NULL with the reason. */
static const uint8_t *map_file(const char *path, size_t *size, char error[TRACE_ERROR]) {
    struct stat status;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes = MAP_FAILED;
    if (file >= 0 && fstat(file, &status) == 0) {
        *size = (size_t)status.st_size;
        bytes = *size == 0 ? memory_take(0) : mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
    }
    const int reason = errno;
    if (file >= 0) {
        close(file);
    }
    if (bytes == MAP_FAILED || bytes == NULL) {
        (void)REFUSE(error, "cannot be read: %s", strerror(reason));
        return NULL;
    }
    return bytes;
}

static bool read_with(bool (*decode)(struct trace *, const uint8_t *, size_t, char *),
                      struct trace *self, const char *path, char error[TRACE_ERROR]) {
    size_t size = 0;
    *self = (struct trace){0};
    const uint8_t *bytes = map_file(path, &size, error);
    if (bytes == NULL) {
        return false;
    }
    const bool read = decode(self, bytes, size, error);
    munmap((void *)(uintptr_t)bytes, size == 0 ? 1 : size);
    return read;
}

bool trace_read_head(struct trace *self, const char *path, char error[TRACE_ERROR]) {
    return read_with(decode_head, self, path, error);
}

bool trace_read(struct trace *self, const char *path, char error[TRACE_ERROR]) {
    return read_with(trace_decode, self, path, error);
}

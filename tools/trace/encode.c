/* SPDX-License-Identifier: MIT
 *
 * From a trace to the bytes of its file.
 *
 * Owns:     the columns while they grow.
 * Callers:  as trace.h says.
 * Promises: as trace.h says. The same trace gives the same bytes with the same version of zstd.
 * Does not: save time: it compresses as hard as zstd can.
 */
#define _GNU_SOURCE
#include "format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { LEVEL = 22, COLUMNS = 3, KINDS = 0, SIZES = 1, BLOCKS = 2 };

struct buffer {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    bool failed; /* there was no memory at some time: the bytes are not whole */
};

/* Who allocated a block, and its place among the blocks of that thread. */
struct origin {
    uint32_t thread;
    uint32_t place;
};

struct encoder {
    struct buffer ids;
    struct buffer turns;
    struct buffer columns[TRACE_THREADS][COLUMNS];
    uint32_t made[TRACE_THREADS];
    uint32_t taken[TRACE_THREADS][TRACE_THREADS]; /* by the first from the second: place + 1 */
    struct origin *origins;
};

static uint8_t *room_for(struct buffer *self, size_t more) {
    if (self->size + more > self->capacity) {
        const size_t capacity = (self->size + more) * 2;
        uint8_t *bytes = realloc(self->bytes, capacity);
        if (bytes == NULL) {
            self->failed = true;
            return NULL;
        }
        self->bytes = bytes;
        self->capacity = capacity;
    }
    return self->bytes + self->size;
}

static void put_byte(struct buffer *self, uint8_t byte) {
    uint8_t *place = room_for(self, 1);
    if (place != NULL) {
        *place = byte;
        self->size++;
    }
}

static void put_varint(struct buffer *self, uint64_t value) {
    while (value >= 0x80) {
        put_byte(self, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    put_byte(self, (uint8_t)value);
}

static void put_column(struct buffer *self, const struct buffer *column) {
    put_varint(self, column->size);
    uint8_t *place = room_for(self, column->size);
    if (place != NULL && column->size != 0) {
        memcpy(place, column->bytes, column->size);
        self->size += column->size;
    }
    self->failed |= column->failed;
}

static void put_block(struct encoder *self, uint32_t thread, struct origin origin) {
    struct buffer *column = &self->columns[thread][BLOCKS];
    if (origin.thread == thread) {
        put_varint(column, (uint64_t)(self->made[thread] - origin.place) * 2);
        return;
    }
    uint32_t *taken = &self->taken[thread][origin.thread];
    const int64_t step = (int64_t)origin.place - (int64_t)*taken;
    put_varint(column, (uint64_t)origin.thread * 2 + 1);
    put_varint(column, step < 0 ? (uint64_t)(-step) * 2 - 1 : (uint64_t)step * 2);
    *taken = origin.place + 1;
}

static void put_step(struct encoder *self, const struct trace_step *step) {
    struct buffer *columns = self->columns[step->thread];
    const bool allocates = trace_allocates((enum trace_kind)step->kind);
    put_byte(&columns[KINDS], (uint8_t)(step->kind | (allocates ? step->id << KIND_BITS : 0)));
    if (step->kind != TRACE_FREE) {
        put_varint(&columns[SIZES], step->size);
    }
    if (allocates) {
        self->origins[step->block] = (struct origin){step->thread, self->made[step->thread]++};
    } else {
        put_block(self, step->thread, self->origins[step->block]);
    }
}

static void put_steps(struct encoder *self, const struct trace *trace) {
    for (uint32_t first = 0, next; first < trace->count; first = next) {
        const uint16_t thread = trace->steps[first].thread;
        for (next = first; next < trace->count && trace->steps[next].thread == thread; next++) {
            put_step(self, &trace->steps[next]);
        }
        put_varint(&self->turns, thread);
        put_varint(&self->turns, next - first);
    }
}

static void put_body(struct encoder *self, const struct trace *trace, struct buffer *body) {
    for (uint32_t i = 0; i < trace->ids; i++) {
        put_varint(&self->ids, trace->id[i]);
    }
    put_steps(self, trace);
    put_column(body, &self->ids);
    put_column(body, &self->turns);
    for (uint32_t thread = 0; thread < trace->threads; thread++) {
        for (int i = 0; i < COLUMNS; i++) {
            put_column(body, &self->columns[thread][i]);
        }
    }
}

static void put_fixed(uint8_t *place, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) {
        place[i] = (uint8_t)(value >> (8 * i));
    }
}

static void put_head(uint8_t *head, const struct trace *trace, size_t body) {
    memcpy(head, MAGIC, MAGIC_BYTES);
    put_fixed(head + HEAD_VERSION, TRACE_VERSION, 4);
    put_fixed(head + HEAD_THREADS, trace->threads, 4);
    put_fixed(head + HEAD_IDS, trace->ids, 4);
    put_fixed(head + HEAD_LARGEST, trace->largest, 4);
    put_fixed(head + HEAD_STEPS, trace->count, 4);
    put_fixed(head + HEAD_BLOCKS, trace->blocks, 4);
    put_fixed(head + HEAD_BODY, body, 8);
}

/* The head and the compressed body, or NULL. */
static uint8_t *compress(const struct trace *trace, const struct buffer *body, size_t *size) {
    const size_t bound = ZSTD_compressBound(body->size);
    uint8_t *file = malloc(HEAD_BYTES + bound);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    bool done = false;
    if (file != NULL && context != NULL) {
        put_head(file, trace, body->size);
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
        const size_t bytes =
            ZSTD_compress2(context, file + HEAD_BYTES, bound, body->bytes, body->size);
        done = !ZSTD_isError(bytes);
        *size = HEAD_BYTES + bytes;
    }
    ZSTD_freeCCtx(context);
    if (!done) {
        free(file);
    }
    return done ? file : NULL;
}

static void release(struct encoder *self) {
    for (int thread = 0; thread < TRACE_THREADS; thread++) {
        for (int i = 0; i < COLUMNS; i++) {
            free(self->columns[thread][i].bytes);
        }
    }
    free(self->ids.bytes);
    free(self->turns.bytes);
    free(self->origins);
    free(self);
}

uint8_t *trace_encode(const struct trace *self, size_t *size, char error[TRACE_ERROR]) {
    struct buffer body = {0};
    uint8_t *file = NULL;
    struct encoder *encoder = calloc(1, sizeof *encoder);
    if (encoder != NULL) {
        encoder->origins = calloc((size_t)self->blocks + 1, sizeof *encoder->origins);
        if (encoder->origins != NULL) {
            put_body(encoder, self, &body);
            file = body.failed ? NULL : compress(self, &body, size);
        }
        release(encoder);
    }
    free(body.bytes);
    if (file == NULL) {
        (void)REFUSE(error, "no memory to encode the trace");
    }
    return file;
}

bool trace_write(const struct trace *self, const char *path, char error[TRACE_ERROR]) {
    if (!trace_check(self, error)) {
        return false;
    }
    size_t size = 0;
    uint8_t *bytes = trace_encode(self, &size, error);
    if (bytes == NULL) {
        return false;
    }
    errno = 0;
    FILE *file = fopen(path, "wb");
    bool written = file != NULL && fwrite(bytes, 1, size, file) == size;
    written &= file != NULL && fclose(file) == 0;
    free(bytes);
    return written || REFUSE(error, "cannot be written: %s", strerror(errno));
}

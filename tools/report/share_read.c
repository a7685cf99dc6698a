/* SPDX-License-Identifier: MIT
 *
 * share_read: the reader of shared figures.
 *
 * Owns:     for each reader its file, what was read last, and what is being read.
 * Callers:  one thread at a time for each reader, through corral/share.h.
 * Promises: nothing in the file is believed before it was compared with the file's size. The file is read, not
 *           mapped, so cutting it off is a short read.
 * Does not: write to the file.
 */
#define _GNU_SOURCE
#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A writer may lap a reader: then the other buffer is newer. */
enum { TRIES = 16, MOST_ENTRY = 4096 };

struct corral_report_reader {
    int file;
    struct share_header header;
    char *buffer; /* a struct share_buffer as it was read */
    corral_shared_category *fresh, *last;
    corral_shared_figures figures; /* the last that were consistent; sequence 0: none */
};

static corral_share_status read_at(const corral_report_reader *reader, void *to, size_t size, uint64_t offset) {
    ssize_t got = pread(reader->file, to, size, (off_t)offset);
    if (got < 0) {
        return CORRAL_SHARE_EFILE;
    }
    return (size_t)got == size ? CORRAL_SHARE_OK : CORRAL_SHARE_EDAMAGED;
}

static corral_share_status check(const struct share_header *header, uint64_t size) {
    if (header->magic != SHARE_MAGIC) {
        return CORRAL_SHARE_EFORMAT;
    }
    if (header->version != CORRAL_SHARE_VERSION) {
        return CORRAL_SHARE_EVERSION;
    }
    bool fits = header->header_bytes == sizeof *header && header->capacity != 0 &&
                header->capacity <= CORRAL_SHARE_CATEGORIES && header->entry_bytes <= MOST_ENTRY &&
                header->entry_bytes % sizeof(uint64_t) == 0 &&
                header->entry_bytes > offsetof(corral_shared_category, stats) &&
                header->buffer_bytes == share_buffer_bytes(header->entry_bytes, header->capacity) &&
                size == sizeof *header + 2 * header->buffer_bytes;
    return fits ? CORRAL_SHARE_OK : CORRAL_SHARE_EDAMAGED;
}

static corral_share_status attach(corral_report_reader *reader, const char *path) {
    struct stat status;
    reader->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reader->file < 0 || fstat(reader->file, &status) != 0) {
        return CORRAL_SHARE_EFILE;
    }
    if (!S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof(uint64_t)) {
        return CORRAL_SHARE_EFORMAT;
    }
    size_t known = (size_t)status.st_size < sizeof reader->header ? (size_t)status.st_size : sizeof reader->header;
    corral_share_status read = read_at(reader, &reader->header, known, 0);
    if (known < sizeof reader->header && reader->header.magic == SHARE_MAGIC) {
        return CORRAL_SHARE_EDAMAGED;
    }
    if (read == CORRAL_SHARE_OK) {
        read = check(&reader->header, (uint64_t)status.st_size);
    }
    if (read != CORRAL_SHARE_OK) {
        return read;
    }
    reader->buffer = malloc((size_t)reader->header.buffer_bytes);
    reader->fresh = calloc(reader->header.capacity, sizeof *reader->fresh);
    reader->last = calloc(reader->header.capacity, sizeof *reader->last);
    bool made = reader->buffer != NULL && reader->fresh != NULL && reader->last != NULL;
    return made ? CORRAL_SHARE_OK : CORRAL_SHARE_ENOMEM;
}

corral_share_status corral_report_attach(const char *name, corral_report_reader **reader) {
    char path[SHARE_PATH];
    if (reader == NULL || !share_path(name, path)) {
        return CORRAL_SHARE_EINVAL;
    }
    corral_report_reader *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return CORRAL_SHARE_ENOMEM;
    }
    made->file = -1;
    corral_share_status status = attach(made, path);
    if (status == CORRAL_SHARE_OK) {
        *reader = made;
    } else {
        int error = errno;
        corral_report_detach(made);
        errno = error;
    }
    return status;
}

void corral_report_detach(corral_report_reader *reader) {
    if (reader != NULL) {
        if (reader->file >= 0) {
            close(reader->file);
        }
        free(reader->buffer);
        free(reader->fresh);
        free(reader->last);
        free(reader);
    }
}

/* What the file has of an entry, as far as both know it. A name that does not end is cut off. */
static void take_entry(const corral_report_reader *reader, uint64_t at, corral_shared_category *to) {
    size_t size = reader->header.entry_bytes;
    *to = (corral_shared_category){.id = 0};
    memcpy(to, reader->buffer + sizeof(struct share_buffer) + at * size, size < sizeof *to ? size : sizeof *to);
    to->name[sizeof to->name - 1] = 0;
}

/* Whether the buffer holds this update whole, after the contents were read: `again` is its first two words. */
static bool is_whole(const corral_report_reader *reader, const uint64_t again[2], uint64_t number) {
    uint64_t before[2];
    memcpy(before, reader->buffer, sizeof before);
    return before[0] == number && before[1] == number && again[0] == number && again[1] == number;
}

static corral_share_status keep(corral_report_reader *reader, uint64_t number, const uint64_t other[2]) {
    uint64_t words[5]; /* begin, end, time_ns, count, omitted */
    memcpy(words, reader->buffer, sizeof words);
    if (words[3] > reader->header.capacity) {
        return CORRAL_SHARE_EDAMAGED;
    }
    corral_shared_figures *figures = &reader->figures;
    *figures = (corral_shared_figures){.sequence = number, .time_ns = words[2], .count = words[3],
                                       .omitted = words[4], .process = reader->header.process,
                                       .unfinished = other[0] != other[1]};
    take_entry(reader, 0, &figures->total);
    for (uint64_t i = 0; i < words[3]; i++) {
        take_entry(reader, i + 1, &reader->fresh[i]);
    }
    corral_shared_category *swapped = reader->last;
    reader->last = reader->fresh;
    reader->fresh = swapped;
    figures->categories = reader->last;
    return CORRAL_SHARE_OK;
}

/* One try: CORRAL_SHARE_EOLD when the buffer changed meanwhile. */
static corral_share_status try_read(corral_report_reader *reader) {
    uint64_t number, again[2], other[2];
    size_t size = (size_t)reader->header.buffer_bytes;
    corral_share_status status = read_at(reader, &number, sizeof number, offsetof(struct share_header, published));
    if (status != CORRAL_SHARE_OK || number == 0) {
        return status != CORRAL_SHARE_OK ? status : CORRAL_SHARE_ENOTHING;
    }
    atomic_thread_fence(memory_order_acquire); /* [E:published] */
    uint64_t offset = sizeof reader->header + number % 2 * size;
    uint64_t beside = sizeof reader->header + (number + 1) % 2 * size;
    enum { ENDS = 2 * sizeof(uint64_t) };
    if ((status = read_at(reader, reader->buffer, ENDS, offset)) != CORRAL_SHARE_OK) {
        return status;
    }
    atomic_thread_fence(memory_order_acquire); /* [E:whole] */
    status = read_at(reader, reader->buffer + ENDS, size - ENDS, offset + ENDS);
    atomic_thread_fence(memory_order_acquire); /* [E:begun] */
    if (status != CORRAL_SHARE_OK || (status = read_at(reader, again, sizeof again, offset)) != CORRAL_SHARE_OK ||
        (status = read_at(reader, other, sizeof other, beside)) != CORRAL_SHARE_OK) {
        return status;
    }
    return is_whole(reader, again, number) ? keep(reader, number, other) : CORRAL_SHARE_EOLD;
}

corral_share_status corral_report_read(corral_report_reader *reader, corral_shared_figures *figures,
                                       size_t figures_size) {
    if (reader == NULL || figures == NULL || figures_size != sizeof *figures) {
        return CORRAL_SHARE_EINVAL;
    }
    corral_share_status status = CORRAL_SHARE_EOLD;
    for (int i = 0; i < TRIES && status == CORRAL_SHARE_EOLD; i++) {
        status = try_read(reader);
    }
    if (status == CORRAL_SHARE_EOLD && reader->figures.sequence == 0) {
        return CORRAL_SHARE_ENOTHING;
    }
    if (status == CORRAL_SHARE_OK || status == CORRAL_SHARE_EOLD) {
        *figures = reader->figures;
    }
    return status;
}

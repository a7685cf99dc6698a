/* SPDX-License-Identifier: MIT
 *
 * share_write: the writer of shared figures.
 *
 * Owns:     the file that is open, one in a process.
 * Callers:  any thread, through corral/share.h.
 * Promises: `busy` is never waited for. Words of the file are written by who has it alone.
 *
 *   what                  by                     beside others
 *   busy                  exchange, store        who finds it set goes away [E:busy]
 *   share.*               who has set busy       nobody
 *   words of the file     who has set busy       readers in other processes: share.h
 *
 * Does not: allocate.
 */
#define _GNU_SOURCE
#include "share.h"

#include <corral/configure.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct {
    struct share_header *header; /* NULL: none is open */
    size_t mapped;
    pid_t process;
    dev_t device;
    ino_t inode;
    char path[SHARE_PATH];
} share;
static atomic_bool busy;

static bool take(void) {
    return !atomic_exchange_explicit(&busy, true, memory_order_acquire); /* [E:busy] */
}

static corral_share_status give(corral_share_status status) {
    atomic_store_explicit(&busy, false, memory_order_release); /* [E:busy] */
    return status;
}

/* An entry on its way into a buffer. */
struct filling {
    struct share_buffer *buffer;
    uint64_t capacity, count, omitted;
};

static void put_word(_Atomic uint64_t *word, uint64_t value) {
    atomic_store_explicit(word, value, memory_order_relaxed); /* share.h: [E:whole] */
}

static void put_entry(struct share_buffer *buffer, uint64_t at, const corral_shared_category *entry) {
    enum { WORDS = sizeof *entry / sizeof(uint64_t) };
    uint64_t words[WORDS];
    memcpy(words, entry, sizeof words);
    for (size_t i = 0; i < WORDS; i++) {
        put_word(&buffer->words[at * WORDS + i], words[i]);
    }
}

static void put_options(corral_shared_category *entry, const corral_category_options *options) {
    entry->soft_budget = options->soft_budget;
    entry->hard_budget = options->hard_budget;
    for (size_t i = 0; options->name != NULL && i + 1 < sizeof entry->name && options->name[i] != 0; i++) {
        entry->name[i] = options->name[i];
    }
}

static void put_category(uint64_t id, const corral_stats *stats, size_t stats_size, void *argument) {
    struct filling *filling = argument;
    if (filling->count == filling->capacity) {
        filling->omitted++;
        return;
    }
    corral_shared_category entry = {.id = id};
    corral_category_options options = {.name = NULL};
    memcpy(&entry.stats, stats, stats_size < sizeof entry.stats ? stats_size : sizeof entry.stats);
    if (id <= UINT32_MAX) {
        corral_category_options_of((uint32_t)id, &options, sizeof options);
    }
    put_options(&entry, &options);
    put_entry(filling->buffer, ++filling->count, &entry);
}

static void put_total(struct share_buffer *buffer) {
    corral_shared_category entry = {.id = 0};
    corral_category_options options = {.name = NULL};
    corral_total_stats(&entry.stats, sizeof entry.stats);
    corral_process_options_of(&options, sizeof options);
    put_options(&entry, &options);
    put_entry(buffer, 0, &entry);
}

corral_share_status corral_report_share_update(void) {
    if (!take()) {
        return CORRAL_SHARE_EBUSY;
    }
    struct share_header *header = share.header;
    if (header == NULL || share.process != getpid()) {
        return give(CORRAL_SHARE_ECLOSED);
    }
    uint64_t number = atomic_load_explicit(&header->published, memory_order_relaxed) + 1; /* its own: [E:busy] */
    char *buffers = (char *)(header + 1);
    struct share_buffer *buffer = (struct share_buffer *)(buffers + number % 2 * header->buffer_bytes);
    struct filling filling = {.buffer = buffer, .capacity = header->capacity};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    put_word(&buffer->begin, number);
    atomic_thread_fence(memory_order_release); /* [E:begun] */
    put_total(buffer);
    corral_visit_categories(put_category, &filling);
    put_word(&buffer->time_ns, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
    put_word(&buffer->count, filling.count);
    put_word(&buffer->omitted, filling.omitted);
    atomic_store_explicit(&buffer->end, number, memory_order_release);       /* [E:whole] */
    atomic_store_explicit(&header->published, number, memory_order_release); /* [E:published] */
    return give(CORRAL_SHARE_OK);
}

/* Whether the path may be given a new file: nothing is there, or shared figures are. */
static corral_share_status may_replace(const char *path) {
    uint64_t magic = 0;
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) {
        return errno == ENOENT ? CORRAL_SHARE_OK : CORRAL_SHARE_EFILE;
    }
    bool ours = fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
                pread(file, &magic, sizeof magic, 0) == (ssize_t)sizeof magic && magic == SHARE_MAGIC;
    close(file);
    return ours ? CORRAL_SHARE_OK : CORRAL_SHARE_EFORMAT;
}

/* Maps a new file with its header. The room is taken now, so that no update finds that there is none. */
static corral_share_status make(int file, size_t categories) {
    struct stat status;
    uint64_t buffer_bytes = share_buffer_bytes(sizeof(corral_shared_category), categories);
    size_t size = sizeof(struct share_header) + 2 * (size_t)buffer_bytes;
    int error = posix_fallocate(file, 0, (off_t)size);
    if (error != 0 || fstat(file, &status) != 0) {
        return error == ENOSPC ? CORRAL_SHARE_ENOMEM : CORRAL_SHARE_EFILE;
    }
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map == MAP_FAILED) {
        return CORRAL_SHARE_ENOMEM;
    }
    struct share_header *header = map;
    header->version = CORRAL_SHARE_VERSION;
    header->header_bytes = sizeof *header;
    header->entry_bytes = sizeof(corral_shared_category);
    header->capacity = (uint32_t)categories;
    header->buffer_bytes = buffer_bytes;
    header->process = (uint64_t)getpid();
    header->magic = SHARE_MAGIC;
    share.header = header;
    share.mapped = size;
    share.process = getpid();
    share.device = status.st_dev;
    share.inode = status.st_ino;
    return CORRAL_SHARE_OK;
}

static void unmap(void) {
    munmap(share.header, share.mapped);
    share.header = NULL;
}

/* Makes the file under a name that no reader looks for, and renames it. */
static corral_share_status make_at(const char *path, size_t categories) {
    char fresh[SHARE_PATH + 32];
    snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid());
    int file = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
        return CORRAL_SHARE_EFILE;
    }
    corral_share_status made = make(file, categories);
    if (made == CORRAL_SHARE_OK && rename(fresh, path) != 0) {
        unmap();
        made = CORRAL_SHARE_EFILE;
    }
    int error = errno;
    if (made != CORRAL_SHARE_OK) {
        unlink(fresh);
    }
    close(file);
    errno = error;
    return made;
}

corral_share_status corral_report_share_open(const char *name, size_t categories) {
    char path[SHARE_PATH];
    if (categories == 0 || categories > CORRAL_SHARE_CATEGORIES || !share_path(name, path)) {
        return CORRAL_SHARE_EINVAL;
    }
    if (!take()) {
        return CORRAL_SHARE_EBUSY;
    }
    if (share.header != NULL && share.process != getpid()) {
        unmap();
    }
    if (share.header != NULL) {
        return give(CORRAL_SHARE_EBUSY);
    }
    corral_share_status made = may_replace(path);
    if (made == CORRAL_SHARE_OK) {
        made = make_at(path, categories);
    }
    if (made == CORRAL_SHARE_OK) {
        memcpy(share.path, path, sizeof path);
    }
    return give(made);
}

corral_share_status corral_report_share_close(void) {
    struct stat status;
    if (!take()) {
        return CORRAL_SHARE_EBUSY;
    }
    if (share.header == NULL || share.process != getpid()) {
        return give(CORRAL_SHARE_ECLOSED);
    }
    if (lstat(share.path, &status) == 0 && status.st_dev == share.device && status.st_ino == share.inode) {
        unlink(share.path);
    }
    unmap();
    return give(CORRAL_SHARE_OK);
}

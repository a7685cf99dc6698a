/* SPDX-License-Identifier: MIT
 *
 * Options, held blocks and boxes.
 *
 * Owns:     the boxes; records of held blocks come from libc.
 * Callers:  see common.h.
 * Promises: a record is used by one thread at a time; a box is one atomic pointer.
 * Does not: keep a list of all held blocks: the mains gather them when nothing moves.
 */
#include "common.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct option names[] = {{"seed", required_argument, NULL, 's'},
                                      {"threads", required_argument, NULL, 't'},
                                      {"operations", required_argument, NULL, 'o'},
                                      {"seconds", required_argument, NULL, 'd'},
                                      {"categories", required_argument, NULL, 'c'},
                                      {"kind", required_argument, NULL, 'k'},
                                      {"live", required_argument, NULL, 'l'},
                                      {"curve", required_argument, NULL, 'f'},
                                      {NULL, 0, NULL, 0}};

static uint64_t number_of(const char *text) {
    char *end = NULL;
    errno = 0;
    uint64_t number = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0') {
        fprintf(stderr, "%s is no number\n", text);
        exit(2);
    }
    return number;
}

static void take_option(int letter, struct options *options) {
    switch (letter) {
    case 's':
        options->seed = number_of(optarg);
        break;
    case 't':
        options->threads = (unsigned)number_of(optarg);
        break;
    case 'o':
        options->operations = number_of(optarg);
        break;
    case 'd':
        options->seconds = (unsigned)number_of(optarg);
        break;
    case 'c':
        options->categories = (unsigned)number_of(optarg);
        break;
    case 'k':
        options->kind = optarg;
        break;
    case 'l':
        options->live = (unsigned)number_of(optarg);
        break;
    case 'f':
        options->curve = optarg;
        break;
    default:
        exit(2);
    }
}

void options_read(int argc, char **argv, struct options *options) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    options->seed = (uint64_t)now.tv_nsec ^ ((uint64_t)now.tv_sec << 20) ^ (uint64_t)getpid();
    int letter;
    while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
        take_option(letter, options);
    }
    if (optind != argc || options->threads == 0 || options->categories == 0) {
        fprintf(stderr,
                "usage: %s [--seed=N] [--threads=N] [--operations=N] [--seconds=N]"
                " [--categories=N] [--kind=NAME] [--live=MIB] [--curve=FILE]\n",
                argv[0]);
        exit(2);
    }
    printf("--seed=%" PRIu64 " --threads=%u --operations=%" PRIu64 " --seconds=%u --categories=%u"
           " --kind=%s --live=%u\n",
           options->seed, options->threads, options->operations, options->seconds,
           options->categories, options->kind, options->live);
    fflush(stdout);
}

bool options_time_is_over(const struct options *options) {
    static struct timespec begin;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (begin.tv_sec == 0) {
        begin = now;
    }
    return now.tv_sec - begin.tv_sec >= (time_t)options->seconds;
}

uint32_t id_of(unsigned number) {
    if (number % 2 == 0 && number / 2 < CORRAL_DENSE_IDS) {
        return number / 2;
    }
    return UINT32_C(0x53545200) + number * UINT32_C(0x01010101);
}

struct held *held_new(void *block, size_t size, unsigned category, unsigned owner) {
    static _Thread_local uint64_t sequence;
    CHECK(block != NULL, "no block of %zu bytes in category %u", size, category);
    struct held *held = malloc(sizeof *held);
    CHECK(held != NULL, "no record");
    size_t usable = corral_usable_size(block);
    CHECK(usable >= size, "%zu usable of %zu", usable, size);
    CHECK(shadow_take(block, figures_span(block)), "%p + %zu overlaps a live block", block, usable);
    *held = (struct held){.block = block,
                          .size = size,
                          .usable = usable,
                          .key = pattern_key(block, usable, owner, sequence++),
                          .category = category,
                          .owner = owner};
    pattern_fill_sparse(block, usable, held->key);
    return held;
}

void held_check(const struct held *held) {
    CHECK(pattern_holds_sparse(held->block, held->usable, held->key),
          "%p + %zu of thread %u lost its content", (void *)held->block, held->usable, held->owner);
    size_t usable = corral_usable_size(held->block);
    CHECK(usable == held->usable, "%p: %zu bytes became %zu", (void *)held->block, held->usable,
          usable);
    uint64_t type = corral_memory_type_of(held->block);
    CHECK(type == id_of(held->category) || type == CORRAL_MEMORY_TYPE_OVERFLOW,
          "%p of id %#x became %#" PRIx64, (void *)held->block, id_of(held->category), type);
}

unsigned char *held_end(struct held *held) {
    held_check(held);
    unsigned char *block = held->block;
    CHECK(shadow_give(block, figures_span(block)), "%p was freed twice", (void *)block);
    free(held);
    return block;
}

void held_free(struct held *held) {
    uint32_t id = id_of(held->category);
    corral_free(held_end(held), id);
}

/* The content is checked in the new block, as far as both reach. A block that is sparse in one of
 * its sizes has its pattern in other places, so both sizes are filled whole around the call. */
void held_resize(struct held *held, size_t size) {
    held_check(held);
    CHECK(shadow_give(held->block, figures_span(held->block)), "%p was freed twice", (void *)held->block);
    size_t common = held->usable < size ? held->usable : size;
    pattern_fill(held->block, held->usable, held->key);
    unsigned char *block = corral_realloc(held->block, size, id_of(held->category));
    CHECK(block != NULL, "no block of %zu bytes", size);
    CHECK(pattern_holds(block, common, held->key), "realloc to %zu lost content", size);
    held->block = block;
    held->size = size;
    held->usable = corral_usable_size(block);
    CHECK(held->usable >= size, "%zu usable of %zu", held->usable, size);
    CHECK(shadow_take(block, figures_span(block)), "%p + %zu overlaps a live block", (void *)block,
          held->usable);
    held->key = pattern_key(block, held->usable, held->owner, held->key);
    pattern_fill_sparse(block, held->usable, held->key);
}

struct held *box_swap(size_t number, struct held *held) {
    static _Atomic(struct held *) boxes[BOXES];
    return atomic_exchange_explicit(&boxes[number], held, memory_order_acq_rel);
}

void boxes_empty(void) {
    for (size_t i = 0; i < BOXES; i++) {
        struct held *held = box_swap(i, NULL);
        if (held != NULL) {
            held_free(held);
        }
    }
}

static int compare_held(const void *left, const void *right) {
    const struct held *first = *(struct held *const *)left;
    const struct held *second = *(struct held *const *)right;
    return ((uintptr_t)first->block > (uintptr_t)second->block) -
           ((uintptr_t)first->block < (uintptr_t)second->block);
}

/* Sums over the blocks of one id, or of all ids that share the overflow category. */
static void check_category(struct held *const *all, size_t count, unsigned category) {
    corral_stats stats = figures_of(id_of(category));
    uint64_t blocks = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bool shares = corral_memory_type_of(all[i]->block) == CORRAL_MEMORY_TYPE_OVERFLOW;
        bool same = stats.shares_overflow ? shares : all[i]->category == category;
        blocks += same;
        bytes += same ? figures_bytes(all[i]->block) : 0;
    }
    CHECK(stats.live_blocks == blocks && stats.live_bytes == bytes,
          "category %u has %" PRIu64 " blocks of %" PRIu64 " bytes, not %" PRIu64 " of %" PRIu64,
          category, stats.live_blocks, stats.live_bytes, blocks, bytes);
}

void held_check_all(struct held **all, size_t count, unsigned categories) {
    if (count > 0) {
        qsort(all, count, sizeof all[0], compare_held);
    }
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        held_check(all[i]);
        CHECK(i + 1 == count || all[i]->block + all[i]->usable <= all[i + 1]->block,
              "%p + %zu reaches into %p", (void *)all[i]->block, all[i]->usable,
              (void *)all[i + 1]->block);
        bytes += figures_bytes(all[i]->block);
    }
    corral_stats total = figures_total();
    CHECK(total.live_blocks == count && total.live_bytes == bytes,
          "%" PRIu64 " blocks of %" PRIu64 " bytes in all, not %zu of %" PRIu64, total.live_blocks,
          total.live_bytes, count, bytes);
    for (unsigned category = 0; category < categories; category++) {
        check_category(all, count, category);
    }
}

void boxes_check(unsigned categories) {
    static struct held *all[BOXES];
    size_t count = 0;
    for (size_t i = 0; i < BOXES; i++) {
        struct held *held = box_swap(i, NULL);
        if (held != NULL) {
            all[count++] = held;
            box_swap(i, held);
        }
    }
    held_check_all(all, count, categories);
}

/* SPDX-License-Identifier: MIT
 *
 * The limit: what happens when a list is empty or a block is another thread's.
 *
 * Owns:     the arenas, the caches of all threads, and the sizes of the classes.
 * Callers:  limit.h, from any thread.
 * Promises: a block freed by another thread goes onto one list for each pool of its owner, by one
 *           compare and swap, and the owner takes the whole list when it runs out. A cache whose
 *           thread has ended goes to the next thread that begins, so an owner never changes.
 * Does not: avoid locks where a slab or a cache is made: the hot path is what it stands for.
 */
#include "limit.h"

#include "atomic.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { LIMIT_PAGE = 4096, LIMIT_COLOURS = LIMIT_SLAB / LIMIT_PAGE };

/* Where a pool gets its next fresh blocks: [next, end) and then [wrapped, wrapped_end). */
typedef struct limit_fresh {
    char *next;
    char *end;
    char *wrapped;
    char *wrapped_end;
} limit_fresh;

/* A cache with its cold part. `hot` is first: a cache pointer is also a pointer to this. */
typedef struct limit_thread {
    limit_cache hot;                   /* owner */
    limit_fresh fresh[LIMIT_POOLS];    /* owner */
    _Atomic(void *) back[LIMIT_POOLS]; /* atomic: blocks that other threads freed */
    struct limit_thread *spare;        /* under lock */
} limit_thread;

static const uint16_t class_size[LIMIT_CLASSES] = {
    16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024};

static limit_cache none;
_Thread_local limit_cache *limit_self = &none;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static limit_thread *spares; /* under lock */
static limit_arena *arena;   /* under lock */
static size_t slabs_taken;   /* under lock */
static pthread_key_t exit_key;
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;

static void *map(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "the limit is out of memory\n");
        abort();
    }
    return memory;
}

static void at_exit(void *thread) {
    limit_thread *self = thread;
    limit_self = &none;
    pthread_mutex_lock(&lock);
    self->spare = spares;
    spares = self;
    pthread_mutex_unlock(&lock);
}

static void make_exit_key(void) {
    pthread_key_create(&exit_key, at_exit);
}

static limit_thread *attach(void) {
    pthread_once(&exit_once, make_exit_key);
    pthread_mutex_lock(&lock);
    limit_thread *self = spares;
    if (self != NULL) {
        spares = self->spare;
    }
    pthread_mutex_unlock(&lock);
    if (self == NULL) {
        self = map(sizeof *self);
    }
    pthread_setspecific(exit_key, self);
    limit_self = &self->hot;
    return self;
}

/* Claims a slab for a pool. Slabs begin to be handed out at a page that depends on the slab, so
 * that the first blocks of many slabs do not share cache sets. */
static void claim_slab(limit_thread *self, size_t pool) {
    pthread_mutex_lock(&lock);
    if (arena == NULL || slabs_taken == LIMIT_SLABS) {
        uintptr_t mapped = (uintptr_t)map(2 * (size_t)LIMIT_ARENA);
        arena = (limit_arena *)((mapped + LIMIT_ARENA - 1) & ~(uintptr_t)(LIMIT_ARENA - 1));
        slabs_taken = 1;
    }
    size_t index = slabs_taken++;
    arena->unit[index] = (limit_unit){&self->hot, (uint32_t)pool};
    char *slab = (char *)arena + index * LIMIT_SLAB;
    pthread_mutex_unlock(&lock);

    size_t size = class_size[pool % LIMIT_CLASSES];
    size_t first = index * 7 % LIMIT_COLOURS * LIMIT_PAGE / size * size;
    size_t end = LIMIT_SLAB / size * size;
    self->fresh[pool] = (limit_fresh){slab + first, slab + end, slab, slab + first};
}

/* Makes a list of the pool's next fresh blocks, of an OS page or of one block if that is more. */
static limit_block *carve(limit_thread *self, size_t pool) {
    limit_fresh *fresh = &self->fresh[pool];
    size_t size = class_size[pool % LIMIT_CLASSES];
    if (fresh->next == fresh->end) {
        *fresh = (limit_fresh){fresh->wrapped, fresh->wrapped_end, NULL, NULL};
    }
    if (fresh->next == fresh->end) {
        claim_slab(self, pool);
    }
    limit_block *first = (limit_block *)fresh->next;
    limit_block *last = first;
    size_t count = LIMIT_PAGE / size;
    for (size_t i = 1; i < count && fresh->next + (i + 1) * size <= fresh->end; i++) {
        last->next = (limit_block *)(fresh->next + i * size);
        last = last->next;
    }
    last->next = NULL;
    fresh->next = (char *)last + size;
    return first;
}

void *limit_alloc_slow(size_t pool) {
    limit_thread *self = limit_self == &none ? attach() : (limit_thread *)limit_self;
    limit_block *block = self->hot.free[pool];
    if (block == NULL && bench_pointer_load_relaxed(&self->back[pool]) != NULL) {
        /* The acquire sees what the freeing threads wrote into the blocks and their links. */
        block = bench_pointer_swap_acquire(&self->back[pool], NULL);
    }
    if (block == NULL) {
        block = carve(self, pool);
    }
    self->hot.free[pool] = block->next;
    return block;
}

void limit_free_slow(limit_block *block, const limit_unit *unit) {
    _Atomic(void *) *back = &((limit_thread *)unit->owner)->back[unit->pool];
    void *seen = bench_pointer_load_relaxed(back);
    do {
        block->next = seen;
        /* The release publishes the link; a value that has changed is only tried again. */
    } while (!bench_pointer_cas_release(back, &seen, block));
}

/* SPDX-License-Identifier: MIT
 *
 * The loop that carries out a replay against the allocator of the executable.
 *
 * Owns:     nothing beyond the replay.
 * Callers:  each thread of a run with its own index, below replay->threads: the same passes in
 *           every thread, after a replay_reset.
 * Promises: each thread carries out its own steps in order, and a block that another thread had
 *           last is waited for. Every block of a pass is freed in it. Nothing is locked; a thread
 *           that waits a while gives its processor away.
 * Does not: keep the order between threads where no block ties them, nor the time between steps.
 *
 * A step does what a client would: the first and the last byte of a new block are written, a zeroed
 * block is cleared by its client, a resize is an allocation, a copy and a free, and the first byte
 * of a block is read before it is freed. A size of 0 is replayed as 1.
 */
#ifndef BENCH_REPLAY_PASS_H
#define BENCH_REPLAY_PASS_H

#include "allocator.h"
#include "replay.h"
#include "timestamp.h"

#include <sched.h>
#include <string.h>

/* How often a wait looks before it gives the processor away: about as long as that takes. */
enum { REPLAY_PATIENCE = 16 };

/* Waits until the value is at least this; its acquire is the caller's. Most waits are long: the
 * thread that is waited for does not run, or comes to it only after many steps of its own. */
static __attribute__((noinline, cold)) void replay_wait(const _Atomic(size_t) *value, size_t least,
                                                        replay_thread *thread) {
    const uint64_t start = timestamp_cpu_ns();
    for (unsigned looks = 1; bench_load_acquire(value) < least; looks++) {
        if (looks % REPLAY_PATIENCE == 0) {
            sched_yield();
        }
        bench_relax();
    }
    thread->waits++;
    thread->waited += timestamp_cpu_ns() - start;
}

/* Waits until all threads have ended this many slices, over all passes. */
static inline void replay_wait_for_all(replay *self, replay_thread *thread, size_t slices) {
    for (int i = 0; i < self->threads; i++) {
        /* The acquire pairs with replay_pass: cells are NULL again when a pass begins. */
        if (bench_load_acquire(&self->thread[i].ended) < slices) {
            replay_wait(&self->thread[i].ended, slices, thread);
        }
    }
}

/* Takes a block out of a cell. */
static inline void *replay_receive(_Atomic(size_t) *cell, replay_thread *thread) {
    /* The acquire pairs with replay_put: the block is as its last user left it. */
    size_t block = bench_load_acquire(cell);
    if (block == 0) {
        replay_wait(cell, 1, thread);
        block = bench_load_acquire(cell);
    }
    /* Carried to the next giver by the end of the pass. */
    bench_store_release(cell, 0);
    return (void *)block;
}

static inline void *replay_take(replay *self, replay_thread *thread, uint32_t from) {
    if ((from & REPLAY_CELL) == 0) {
        return thread->slots[from];
    }
    return replay_receive(&self->cells[from & ~REPLAY_CELL], thread);
}

static inline void replay_put(replay *self, replay_thread *thread, uint32_t to, void *block) {
    if ((to & REPLAY_CELL) == 0) {
        thread->slots[to] = block;
    } else {
        /* The release publishes what was written to the block. */
        bench_store_release(&self->cells[to & ~REPLAY_CELL], (size_t)block);
    }
}

/* How much of a block of this size may be touched. */
static inline size_t replay_bytes(size_t size) {
    return size < BENCH_BLOCK_BYTES ? size : BENCH_BLOCK_BYTES;
}

static inline void replay_free(replay *self, replay_thread *thread, const replay_step *step) {
    unsigned char *block = replay_take(self, thread, step->from);
    const unsigned char first = *block;
    __asm__ volatile("" : : "r"(first));
    bench_free(block, step->category);
}

static inline void replay_alloc(replay *self, replay_thread *thread, const replay_step *step) {
    unsigned char *block = bench_alloc(step->size, step->category);
    if (step->kind == TRACE_ZEROED) {
        memset(block, 0, replay_bytes(step->size));
    } else if (step->kind == TRACE_RESIZE) {
        void *old = replay_take(self, thread, step->from);
        memmove(block, old, replay_bytes(step->kept));
        bench_free(old, step->category);
    }
    block[0] = (unsigned char)step->kind;
    block[replay_bytes(step->size) - 1] = (unsigned char)step->kind;
    bench_use(block);
    replay_put(self, thread, step->to, block);
}

/* One thread's part of a pass, the number `pass` of its run from 0. */
static inline void replay_pass(replay *self, int index, size_t pass) {
    replay_thread *thread = &self->thread[index];
    const replay_step *step = thread->steps;
    const size_t first = pass * self->slices;
    for (size_t slice = first; slice < first + self->slices; slice++) {
        replay_wait_for_all(self, thread, slice == first ? slice : slice - 1);
        for (const replay_step *end = thread->steps + thread->ends[slice - first]; step < end;
             step++) {
            if (step->kind == TRACE_FREE) {
                replay_free(self, thread, step);
            } else {
                replay_alloc(self, thread, step);
            }
        }
        /* The release lets others go on, and into the next pass. */
        bench_store_release(&thread->ended, slice + 1);
    }
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * A bounded queue of pointers between threads.
 *
 * Owns:     its ring of places; never what the pointers lead to.
 * Callers:  any number of threads push, any number pop.
 * Promises: first in, first out; what a thread wrote before it pushed is seen by who pops. No
 *           push waits, so that no two threads can wait for room in each other's queue.
 * Does not: allocate, and is not lock-free: a mutex and a condition are plain to read, and the
 *           demo shows corral and not queues.
 *
 * Conservation: pushed == popped + count, and count is at most QUEUE_PLACES.
 */
#ifndef GAME_SERVER_QUEUE_H
#define GAME_SERVER_QUEUE_H

#include <pthread.h>
#include <stdbool.h>

enum { QUEUE_PLACES = 1024 };

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    unsigned head;  /* under mutex: the place of the oldest item */
    unsigned count; /* under mutex */
    void *items[QUEUE_PLACES];
};

void queue_init(struct queue *q);
void queue_destroy(struct queue *q);

/* Adds an item; false when the queue is full, and the item is then still the caller's. */
bool queue_push(struct queue *q, void *item);

/* Takes the oldest item, waiting up to `milliseconds` for one; NULL when there is none. */
void *queue_pop(struct queue *q, unsigned milliseconds);

/* How many places are free: only other threads' pushes make it less. */
unsigned queue_room(struct queue *q);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The bounded queue of queue.h, on one mutex and one condition.
 *
 * Owns:     nothing beyond each queue.
 * Callers:  any thread.
 * Promises: a pop that finds an item takes the mutex once.
 * Does not: allocate.
 */
#define _GNU_SOURCE
#include "queue.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

void queue_init(struct queue *q) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&q->mutex, NULL);
    pthread_cond_init(&q->filled, &attributes);
    pthread_condattr_destroy(&attributes);
    q->head = 0;
    q->count = 0;
}

void queue_destroy(struct queue *q) {
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->mutex);
}

bool queue_push(struct queue *q, void *item) {
    pthread_mutex_lock(&q->mutex);
    const bool room = q->count < QUEUE_PLACES;
    if (room) {
        q->items[(q->head + q->count) % QUEUE_PLACES] = item;
        q->count++;
        pthread_cond_signal(&q->filled);
    }
    pthread_mutex_unlock(&q->mutex);
    return room;
}

static struct timespec deadline_in(unsigned milliseconds) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += (long)milliseconds * 1000000L;
    at.tv_sec += at.tv_nsec / 1000000000L;
    at.tv_nsec %= 1000000000L;
    return at;
}

void *queue_pop(struct queue *q, unsigned milliseconds) {
    void *item = NULL;
    pthread_mutex_lock(&q->mutex);
    if (q->count == 0 && milliseconds != 0) {
        const struct timespec deadline = deadline_in(milliseconds);
        int result = 0;
        while (q->count == 0 && result != ETIMEDOUT) {
            result = pthread_cond_timedwait(&q->filled, &q->mutex, &deadline);
        }
    }
    if (q->count != 0) {
        item = q->items[q->head];
        q->head = (q->head + 1) % QUEUE_PLACES;
        q->count--;
    }
    pthread_mutex_unlock(&q->mutex);
    return item;
}

unsigned queue_room(struct queue *q) {
    pthread_mutex_lock(&q->mutex);
    const unsigned room = QUEUE_PLACES - q->count;
    pthread_mutex_unlock(&q->mutex);
    return room;
}

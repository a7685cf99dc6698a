/* SPDX-License-Identifier: MIT
 *
 * The stand-in of party_sdk.h: messages that go round from thread to thread.
 *
 * Owns:     three threads, and a queue in front of each and of the title.
 * Callers:  the title's thread; below, the SDK's own threads.
 * Promises: each block is filled by who allocates it and checked whole by who frees it.
 * Does not: grow: a fixed number of messages is on its way.
 *
 *   network -> voice -> dispatch -> title -> network ...
 *
 * At each arrow the block that came is checked and freed, and another one of another size and id
 * allocated: every message's free is on another thread than its allocation. Each thread has also a
 * few blocks that it frees itself.
 */
#define _GNU_SOURCE
#include "party_sdk.h"

#include "category.h"
#include "check.h"
#include "queue.h"
#include "shared.h"

#include <sched.h>

enum { NETWORK, VOICE, DISPATCH, TITLE, STATIONS, SDK_THREADS = TITLE };
enum { MESSAGES = 256, BURST = 32, IDS = 3 };

struct party_change {
    uint64_t sum;  /* of the content */
    uint64_t size; /* of the content */
    uint32_t id;
    uint32_t unused;
    uint8_t content[];
};

struct station {
    struct queue incoming;
    pthread_t thread;       /* not for the title */
    uint64_t random;        /* owner: the station's thread */
    enum category ids[IDS]; /* const: what it allocates messages with */
};

static party_allocate_callback allocate;
static party_free_callback release;
static struct station stations[STATIONS] = {
    [NETWORK] = {.ids = {PARTY_ANY, PARTY_NETWORK, PARTY_PEERS}},
    [VOICE] = {.ids = {PARTY_AUDIO, PARTY_VOICE, PARTY_ANY}},
    [DISPATCH] = {.ids = {PARTY_DISPATCH, PARTY_EVENTS, PARTY_EVENTS}},
    [TITLE] = {.ids = {PARTY_NETWORK, PARTY_PEERS, PARTY_ANY}},
};
static _Atomic bool ending; /* relaxed: ends loops only; the join orders the rest */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool suspended;             /* under mutex */
static unsigned suspended_threads; /* under mutex */

/* Sizes as such libraries have them: nearly all are small, a few are not. */
static uint32_t next_size(uint64_t *random) {
    const uint32_t dice = random_between(random, 0, 4095);
    if (dice == 0) {
        return random_between(random, 100000, 3000000);
    }
    if (dice < 16) {
        return random_between(random, 8000, 100000);
    }
    return dice < 256 ? random_between(random, 512, 8000) : random_between(random, 1, 480);
}

static struct party_change *create(struct station *station, enum category category) {
    const uint32_t id = category_table[category].id;
    const uint32_t size = next_size(&station->random);
    struct party_change *message = allocate(sizeof *message + size, id);
    if (message == NULL) {
        return NULL;
    }
    message->size = size;
    message->id = id;
    random_fill(message->content, size, random_next(&station->random));
    message->sum = checksum(message->content, size);
    if (damage_once(DAMAGE_PARTY_BLOCK)) {
        message->content[size / 2] ^= 4;
    }
    return message;
}

static void destroy(struct party_change *message) {
    if (checksum(message->content, message->size) != message->sum) {
        mismatch("party-block", "a block of %llu bytes with id %#x has changed",
                 (unsigned long long)message->size, message->id);
    }
    release(message, message->id ^ (damage_once(DAMAGE_PARTY_ID) ? UINT32_C(0x40000000) : 0));
}

/* The message that came ends here, and another one goes on. */
static void pass_on(unsigned from, struct party_change *message) {
    struct station *station = &stations[from];
    destroy(message);
    const uint32_t which = random_between(&station->random, 0, IDS - 1);
    struct party_change *next = create(station, station->ids[which]);
    if (next != NULL && !queue_push(&stations[(from + 1) % STATIONS].incoming, next)) {
        destroy(next);
    }
    if (which == 0) {
        struct party_change *own = create(station, PARTY_SCRATCH);
        if (own != NULL) {
            destroy(own);
        }
    }
}

static void wait_while_suspended(void) {
    pthread_mutex_lock(&mutex);
    suspended_threads++;
    pthread_cond_broadcast(&changed);
    while (suspended) {
        pthread_cond_wait(&changed, &mutex);
    }
    suspended_threads--;
    pthread_mutex_unlock(&mutex);
}

static bool is_suspended(void) {
    pthread_mutex_lock(&mutex);
    const bool is = suspended;
    pthread_mutex_unlock(&mutex);
    return is;
}

static void *sdk_thread(void *argument) {
    const unsigned own = (unsigned)((struct station *)argument - stations);
    while (!load_relaxed(&ending)) {
        if (is_suspended()) {
            wait_while_suspended();
        }
        struct party_change *message = queue_pop(&stations[own].incoming, 2);
        for (unsigned number = 1; message != NULL; number++) {
            pass_on(own, message);
            message = number < BURST ? queue_pop(&stations[own].incoming, 0) : NULL;
        }
        sched_yield();
    }
    return NULL;
}

void party_sdk_set_memory_callbacks(party_allocate_callback allocate_callback,
                                    party_free_callback free_callback) {
    allocate = allocate_callback;
    release = free_callback;
}

void party_sdk_initialize(uint64_t seed) {
    store_relaxed(&ending, false);
    for (unsigned index = 0; index < STATIONS; index++) {
        queue_init(&stations[index].incoming);
        stations[index].random = seed * 7 + index + 1;
    }
    for (unsigned index = 0; index < MESSAGES; index++) {
        struct party_change *message = create(&stations[TITLE], PARTY_NETWORK);
        if (message != NULL) {
            queue_push(&stations[NETWORK].incoming, message);
        }
    }
    for (unsigned index = 0; index < SDK_THREADS; index++) {
        if (pthread_create(&stations[index].thread, NULL, sdk_thread, &stations[index]) != 0) {
            fatal("a thread of the Party stand-in cannot be started");
        }
    }
}

struct party_change *party_sdk_next_change(unsigned milliseconds) {
    return queue_pop(&stations[TITLE].incoming, milliseconds);
}

void party_sdk_finish_change(struct party_change *change) {
    pass_on(TITLE, change);
}

void party_sdk_suspend(void) {
    pthread_mutex_lock(&mutex);
    suspended = true;
    while (suspended_threads < SDK_THREADS) {
        pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
}

void party_sdk_resume(void) {
    pthread_mutex_lock(&mutex);
    suspended = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

void party_sdk_cleanup(void) {
    store_relaxed(&ending, true);
    for (unsigned index = 0; index < SDK_THREADS; index++) {
        pthread_join(stations[index].thread, NULL);
    }
    for (unsigned index = 0; index < STATIONS; index++) {
        for (struct party_change *message;
             (message = queue_pop(&stations[index].incoming, 0)) != NULL;) {
            destroy(message);
        }
        queue_destroy(&stations[index].incoming);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * The two threads of http_part.h, and the bytes between them.
 *
 * Owns:     a queue of pieces in each direction.
 * Callers:  round.c.
 * Promises: bytes arrive complete and in order; a session is asked for bytes only while the queue
 *           has room, so none are ever dropped.
 * Does not: look into the bytes.
 */
#define _GNU_SOURCE
#include "http_part.h"

#include "check.h"
#include "http_session.h"
#include "queue.h"

#include <string.h>

struct piece {
    size_t size;
    uint8_t bytes[];
};

struct end {
    pthread_t thread;
    struct http_session session; /* owner: the end's thread */
    struct queue incoming;
    struct end *other; /* const */
    uint64_t counted;  /* owner: of session.completed, how many were reported */
};

static struct game_round *round_now;
static struct end ends[2];

static void send_pieces(struct end *end) {
    while (queue_room(&end->other->incoming) != 0) {
        const uint8_t *bytes = NULL;
        const ssize_t size = nghttp2_session_mem_send(end->session.handle, &bytes);
        if (size <= 0) {
            return;
        }
        struct piece *piece = memory_alloc(sizeof *piece + (size_t)size, GAME_HTTP_WIRE);
        if (piece == NULL) {
            return;
        }
        piece->size = (size_t)size;
        memcpy(piece->bytes, bytes, piece->size);
        queue_push(&end->other->incoming, piece);
    }
}

/* The piece was allocated by the other end's thread. */
static void receive(struct end *end, struct piece *piece) {
    const ssize_t taken = nghttp2_session_mem_recv(end->session.handle, piece->bytes, piece->size);
    if (taken != (ssize_t)piece->size) {
        mismatch("http-body", "%zu bytes of the connection are answered with %zd", piece->size,
                 taken);
    }
    memory_free(piece);
}

static void *converse(void *argument) {
    struct end *end = argument;
    const bool server = end == &ends[1];
    http_session_open(&end->session, server, round_now->seed * 17 + 1);
    while (round_working(round_now)) {
        if (!server) {
            http_session_request(&end->session);
        }
        send_pieces(end);
        for (struct piece *piece = queue_pop(&end->incoming, 2); piece != NULL;
             piece = queue_pop(&end->incoming, 0)) {
            receive(end, piece);
        }
        if (!server) {
            round_done(round_now, WORK_REQUESTS, end->session.completed - end->counted);
            end->counted = end->session.completed;
        }
    }
    round_wait_for_inspection(round_now);
    http_session_close(&end->session);
    return NULL;
}

static void start(struct game_round *round) {
    round_now = round;
    for (unsigned index = 0; index < 2; index++) {
        queue_init(&ends[index].incoming);
        ends[index].other = &ends[1 - index];
        ends[index].counted = 0;
    }
    for (unsigned index = 0; index < 2; index++) {
        round_thread(&ends[index].thread, converse, &ends[index]);
    }
}

static void finish(void) {
    for (unsigned index = 0; index < 2; index++) {
        pthread_join(ends[index].thread, NULL);
    }
    for (unsigned index = 0; index < 2; index++) {
        for (struct piece *piece; (piece = queue_pop(&ends[index].incoming, 0)) != NULL;) {
            memory_free(piece);
        }
        queue_destroy(&ends[index].incoming);
    }
}

const struct part http_part = {2, start, NULL, finish};

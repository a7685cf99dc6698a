/* SPDX-License-Identifier: MIT
 *
 * One request with its response, as one end of the connection sees it.
 *
 * Owns:     the body, in the demo's own category for bodies.
 * Callers:  the one thread of the session that the exchange is of.
 * Promises: exchange_arrived finds a body that is not what its header says.
 * Does not: know nghttp2's sessions: http_session.c does.
 *
 * Conservation: at most size bytes of the body have come in, and at most size went out.
 */
#ifndef GAME_SERVER_HTTP_EXCHANGE_H
#define GAME_SERVER_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange {
    struct exchange *next; /* the other open exchanges of the session */
    struct exchange *previous;
    uint8_t *body;
    size_t size;    /* of the body */
    size_t filled;  /* bytes that came in */
    size_t sent;    /* bytes that went out */
    uint64_t sum;   /* checksum of the body, as computed here or as the header says */
    bool malformed; /* more came in than the header says */
};

/* The open exchanges of a session: a ring with this head. */
struct exchange_list {
    struct exchange head;
};

void exchange_list_init(struct exchange_list *list);
/* Ends all that are open. */
void exchange_list_clear(struct exchange_list *list);

/* A new exchange without a body, or NULL. */
struct exchange *exchange_begin(struct exchange_list *list);
void exchange_end(struct exchange *exchange);

/* Gives the exchange an empty body for `size` bytes to come, in place of the one it has. */
void exchange_expect(struct exchange *exchange, size_t size);

/* Gives it a body of `size` bytes at random, ready to be sent. */
void exchange_fill(struct exchange *exchange, size_t size, uint64_t seed);

/* Adds bytes that came in. */
void exchange_add(struct exchange *exchange, const uint8_t *bytes, size_t size);

/* Copies the next bytes to be sent; returns how many, and whether they were the last. */
size_t exchange_take(struct exchange *exchange, uint8_t *bytes, size_t room, bool *last);

/* Checks a body that came in whole; `whose` says of what in the report. */
void exchange_arrived(const struct exchange *exchange, const char *whose);

#endif

/* SPDX-License-Identifier: MIT
 *
 * One end of an HTTP/2 connection: an nghttp2 session with its memory and callbacks.
 *
 * Owns:     the session and its open exchanges.
 * Callers:  the thread of the session, for all of it.
 * Promises: all memory that the session lets the caller provide is of the end's own category. (The
 *           table of callbacks is the one thing that nghttp2 takes from malloc itself.)
 * Does not: move bytes: http_part.c carries them from end to end.
 */
#ifndef GAME_SERVER_HTTP_SESSION_H
#define GAME_SERVER_HTTP_SESSION_H

#include "category.h"
#include "http_exchange.h"

#include <nghttp2/nghttp2.h>

enum { HTTP_STREAMS = 16 };

struct http_session {
    bool server;             /* const */
    enum category category;  /* const: where nghttp2's memory is */
    nghttp2_session *handle; /* owner: the session's thread, this and all below */
    struct exchange_list open;
    unsigned streams;   /* requests of this client that are not answered yet */
    uint64_t completed; /* requests answered, and read back where this is the client */
    uint64_t random;
};

void http_session_open(struct http_session *session, bool server, uint64_t seed);
void http_session_close(struct http_session *session);

/* Has the client ask for as much as it may have under way. */
void http_session_request(struct http_session *session);

#endif

/* SPDX-License-Identifier: MIT
 *
 * nghttp2 at work: a client's and a server's session, each on a thread of its own.
 *
 * Owns:     both sessions and the two queues of bytes between them.
 * Callers:  round.c through the part.
 * Promises: every request and every response arrives with the body that its header names by
 *           checksum; what one session sends is given back on the thread of the other.
 * Does not: open a socket.
 */
#ifndef GAME_SERVER_HTTP_PART_H
#define GAME_SERVER_HTTP_PART_H

#include "round.h"

extern const struct part http_part;

#endif

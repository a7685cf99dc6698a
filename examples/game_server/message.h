/* SPDX-License-Identifier: MIT
 *
 * What travels in an ENet packet of the game: a head with a checksum, and a body.
 *
 * Owns:     nothing; a packet belongs to who has its pointer.
 * Callers:  the ENet part's threads and the workers.
 * Promises: message_read finds every changed byte of head or body, as far as 64 bits tell.
 * Does not: care for byte order: both ends are one process.
 */
#ifndef GAME_SERVER_MESSAGE_H
#define GAME_SERVER_MESSAGE_H

#include <enet/enet.h>

#include <stdbool.h>
#include <stdint.h>

/* The channels of every connection. */
enum channel { CHANNEL_ORDERS, CHANNEL_MOVES, CHANNEL_MAPS, CHANNELS };

enum message_kind { MESSAGE_REQUEST = 1, MESSAGE_REPLY = 2 };

enum { MESSAGE_BODY_MAX = 6000 };

struct message_head {
    uint32_t kind;
    uint32_t client;
    uint32_t channel;
    uint32_t sequence; /* counts a client's requests on this channel */
    uint64_t sum;      /* checksum of the body, mixed with the fields above */
};

/* A packet with this head and body, the sum filled in; NULL without memory. */
ENetPacket *message_make(struct message_head head, const void *body, size_t size);

/* The head and body of a packet; false, with a mismatch reported, when they were changed. */
bool message_read(const ENetPacket *packet, struct message_head *head, const uint8_t **body,
                  size_t *size);

/* Only moves may get lost. */
bool message_reliable(enum channel channel);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The clients of the ENet part.
 *
 * Owns:     a host and a thread per client.
 * Callers:  enet_part.c; enet_client_hand_over also the clients' threads.
 * Promises: a client has at most a window of requests on their way, so that no queue overflows.
 * Does not: read replies: the workers check and destroy them.
 */
#ifndef GAME_SERVER_ENET_CLIENT_H
#define GAME_SERVER_ENET_CLIENT_H

#include "round.h"

#include <enet/enet.h>

enum { ENET_CLIENTS = 3 };

/* Starts the client of this index, which connects to the address. */
void enet_client_start(struct game_round *round, uint32_t index, ENetAddress address);

/* Joins all clients. */
void enet_client_finish(void);

/* Gives a received packet to the workers; where they are behind, it is destroyed here. */
void enet_client_hand_over(ENetPacket *packet);

#endif

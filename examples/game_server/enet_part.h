/* SPDX-License-Identifier: MIT
 *
 * ENet at work: one server and several clients, each a host on a thread of its own.
 *
 * Owns:     the hosts, the connections, and the queue of packets that the server is to send.
 * Callers:  round.c through the part; enet_part_send any thread.
 * Promises: every packet that arrives is handed to the workers and destroyed there, so that its
 *           memory goes home from another thread than it came from.
 * Does not: talk to anything but 127.0.0.1, on a port that the system chooses.
 */
#ifndef GAME_SERVER_ENET_PART_H
#define GAME_SERVER_ENET_PART_H

#include "message.h"
#include "round.h"

extern const struct part enet_part;

/* Has the server send a packet to the client that its head names. False when too many wait; the
 * packet is then still the caller's. */
bool enet_part_send(ENetPacket *packet);

#endif

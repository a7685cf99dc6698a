/* SPDX-License-Identifier: MIT
 *
 * The workers: threads that take received packets, play them in Lua, answer and save.
 *
 * Owns:     the queue of received packets.
 * Callers:  round.c through the part; worker_offer any thread.
 * Promises: every packet is checked and then destroyed on the worker's thread.
 * Does not: know who sent a packet beyond what its head says.
 */
#ifndef GAME_SERVER_WORKER_PART_H
#define GAME_SERVER_WORKER_PART_H

#include "round.h"

#include <enet/enet.h>

#include <stdbool.h>

extern const struct part worker_part;

/* Hands a packet over; false when the workers are behind, and it is then still the caller's. */
bool worker_offer(ENetPacket *packet);

#endif

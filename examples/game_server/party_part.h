/* SPDX-License-Identifier: MIT
 *
 * The title that uses the Party stand-in, with corral behind its memory callbacks.
 *
 * Owns:     one thread, which takes what happened and answers it.
 * Callers:  round.c through the part.
 * Promises: the stand-in reaches corral through corral/party.h.
 * Does not: allocate: the stand-in does.
 */
#ifndef GAME_SERVER_PARTY_PART_H
#define GAME_SERVER_PARTY_PART_H

#include "round.h"

extern const struct part party_part;

#endif

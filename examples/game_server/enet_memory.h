/* SPDX-License-Identifier: MIT
 *
 * ENet's memory callbacks, which have neither a category nor user data.
 *
 * Owns:     per thread, the category in which ENet's next allocations land.
 * Callers:  any thread that calls ENet.
 * Promises: what ENet allocates during a call is of the category that the caller chose before it.
 * Does not: need the category at a free: memory_free knows it.
 */
#ifndef GAME_SERVER_ENET_MEMORY_H
#define GAME_SERVER_ENET_MEMORY_H

#include "category.h"

#include <stdbool.h>

/* Initializes ENet for a round; false when it cannot be. */
bool enet_memory_start(void);

/* Chooses the category of the calling thread's next calls, and returns the one before. */
enum category enet_memory_category(enum category category);

#endif

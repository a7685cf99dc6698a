/* SPDX-License-Identifier: MIT
 *
 * The two allocators that the demo runs on, as tables of functions of one shape.
 *
 * Owns:     two constant tables.
 * Callers:  memory.c, from any thread.
 * Promises: the system's functions take and ignore an id; nothing else is between the demo and
 *           either allocator.
 * Does not: count.
 */
#ifndef GAME_SERVER_BACKEND_H
#define GAME_SERVER_BACKEND_H

#include "memory.h"

struct backend {
    void *(*alloc)(size_t size, uint32_t id);
    void *(*zeroed)(size_t count, size_t size, uint32_t id);
    void *(*resize)(void *block, size_t size, uint32_t id);
    void (*release)(void *block, uint32_t id);
    size_t (*usable)(const void *block);
    void *(*party_allocate)(size_t size, uint32_t id);
    void (*party_free)(void *block, uint32_t id);
};

extern const struct backend backends[BACKENDS];

#endif

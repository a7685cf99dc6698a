/* SPDX-License-Identifier: MIT
 *
 * served: which addresses ever had blocks.
 *
 * Owns:     a bit for each range of an arena's size, for the process's life.
 * Callers:  arena, range and large, when they have new addresses. Any thread.
 * Promises: wait-free, but for the OS. Parts of the address space that were never used cost no memory.
 * Does not: know whose blocks they were: who isolates a category gives it addresses that nobody had, and does not
 *           give those back.
 *
 * Synchronization: a bit is set before a block lies there, and is read by who was given the same addresses by the
 * OS, or by an edge that carries the use before.
 */
#ifndef CORRAL_SERVED_H
#define CORRAL_SERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Notes that there will be blocks in [start, start + size). start: of an arena's alignment. */
void corral_served_note(const void *start, size_t size);
/* Maps addresses that never had any, as corral_backend_reserve does. NULL where there are none to be had, or others left
 * more free ones than 32,767 times the size, or, where the OS is not the backend, than 15 times. Calls the backend, for more than it keeps. */
void *corral_served_reserve_new(size_t size, size_t alignment, uint64_t id);

#endif

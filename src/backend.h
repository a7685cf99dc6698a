/* SPDX-License-Identifier: MIT
 *
 * backend: where all of corral's memory comes from, but for its static tables.
 *
 * Owns:     the choice of one backend for the process.
 * Callers:  the rooms that take memory and give it back. Any thread.
 * Promises: the first use of memory makes the choice, if corral_init did not before; it never changes.
 *           errno is kept. What a backend answers is aligned and within the addresses that corral knows.
 * Does not: count, or retry.
 *
 * Synchronization (row beside column):
 *                 choose      use
 *     choose      CAS         any         the pointer to the backend is set once
 *     use         any         any         a load; the first use chooses
 */
#ifndef CORRAL_BACKEND_ROOM_H
#define CORRAL_BACKEND_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As corral_backend's functions. id: as corral_category_id, or CORRAL_MEMORY_TYPE_NONE. */
void *corral_backend_reserve(size_t size, size_t alignment, uint64_t id);
bool corral_backend_release(void *start, size_t size);
bool corral_backend_purge(void *start, size_t size);
bool corral_backend_resize(void *start, size_t old_size, size_t new_size);
/* As reserve, of huge pages that were set apart; NULL where the backend is not the OS, or has none. */
void *corral_backend_reserve_huge(size_t size, size_t alignment);
/* Tells the OS, where it is the backend, whether a reservation is to have huge pages. */
void corral_backend_advise_huge(void *start, size_t size, bool huge);
/* Does the backend clean what it gives, so that what goes back to it is not worth a purge? */
bool corral_backend_cleans(void);
/* May arenas of several categories stand in one reservation? Where calls of the OS are saved by that. */
bool corral_backend_shares(void);

/* In a build with guard pages, which alone has these: may pages be made to trap? Only those that the OS gave. */
bool corral_backend_protects(void);
/* As corral_os's protect. False where pages may not. */
bool corral_backend_protect(void *start, size_t size, bool usable);

#endif

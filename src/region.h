/* SPDX-License-Identifier: MIT
 *
 * region: memory that the program handed over, handed out in runs of parts.
 *
 * Owns:     the list of regions, and who has which part of them.
 * Callers:  backend. Any thread.
 * Promises: as corral_backend. Calls nothing but memset. What is given back is used again, in any sizes;
 *           the lowest run that fits is taken. Work is proportional to the plots of all regions, and to the
 *           bytes that have to be set to 0.
 * Does not: let memory go: a purge sets bytes to 0. Refuse a run only when there is none: while another
 *           thread has taken a beginning of the same, which it may have to give back, it is not free. Give a run
 *           back that a thread which is stopped for ever was about to take.
 *
 *   region:  │ header, plots │ part │ part │ ...                     in the program's memory
 *   plots:   first plot      │ second plot     │ ...                 arena-sized, so aligned: 64 parts each
 *
 *   A part is a slab's size. Bits of the first and last plot that lie outside of the region, or under its
 *   header, are taken for ever.
 *
 * Synchronization (row beside column):
 *                add         take        give
 *     add        CAS         any         any         pushes a region on the list, which only grows
 *     take       any         CAS         any         of each plot's word in turn, upwards; what another has in
 *                                                    its way makes it give back what it took
 *     give       any         any         fetch_and   of each plot's word
 *
 * take and give are lock-free: of takes that are in each other's way, the uppermost one has only such in
 * its way that have come to their end, and looks further up.
 */
#ifndef CORRAL_REGION_H
#define CORRAL_REGION_H

#include <corral/backend.h>

#include <stdbool.h>

/* The backend. */
extern const corral_backend corral_region;

/* Adds a region, within the addresses that corral knows. False when it is too small. */
bool corral_region_push(void *start, size_t size, bool zero);

#endif

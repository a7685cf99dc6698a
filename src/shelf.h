/* SPDX-License-Identifier: MIT
 *
 * shelf: slabs that have free blocks and no owner, for whoever needs them next.
 *
 * Owns:     for each arena, which of its slabs are on a shelf; for each category and class, a stack
 *           of the arenas that may have such slabs.
 * Callers:  who sends blocks home; refill, before it makes a slab; thread exit. Any thread.
 * Promises: a slab of which enough blocks came home (slab.h: FULL wakes) is in a pool's hands or on
 *           its shelf, so it is found again without its former owner's help. One that becomes empty on its shelf goes back to its
 *           arena at once. Each function takes constant time, but for turns that others' success
 *           costs it.
 * Does not: touch a slab, or an arena, that another may have.
 *
 *   FULL ── enough came home ──► the sender's ──┬─► all came home: back to the arena
 *                                               ├─► the former owner's own queue
 *                                               └─► the shelf ── refill ──► a pool's queue
 *   a thread's slabs ── exit, or the queue is full ──► the shelf ── last block ──► the arena
 *
 *   shelf of (category, class)
 *   top: tag, number ─► arena 12 ─► arena 7 ─► none       next[class] of each arena's entry
 *                       spots: two bits a slab
 *                         ON     on its shelf: whoever clears it has the slab
 *                         LOOK   its last block came home
 *                       linked: one bit a class: the arena is on that class's stack
 *
 * The bits say where a slab is; the stacks only help to find them. An arena that has no slab of the
 * class any more stays on the stack until a refill meets it there. All of this lies in static tables
 * by the arena's number and is never unmapped, so it can be read when the arena is gone.
 *
 * Synchronization (row beside column):
 *               put      take       last block   link      drop
 *   put         –        any        any          any       any     one holder puts a slab
 *   take        any      CAS        CAS          any       any     who cleared ON has the slab
 *   last block  any      CAS        –            any       any     one sender brings the last block
 *   link        any      any        any          fetch_or  any     who set the bit pushes
 *   drop        any      any        any          any       CAS     who popped clears the bit, then
 *                                                                  looks at the spots again
 * put sets ON after the slab is armed; the last sender disarms the slab and sets LOOK. Both are
 * read-modify-writes of one word, so the later one sees the other's bit and takes the slab.
 * A spot belongs to whatever slab stands there: who takes it does not rely on what stood there before.
 * A thread that is stopped between winning a slab and placing it keeps that slab, and so its arena.
 * One that is stopped between popping an arena off a stack and clearing its bit, or between
 * setting the bit and pushing, hides that arena's slabs of one class from refills until it goes on;
 * they go back to their arena all the same when they become empty.
 */
#ifndef CORRAL_SHELF_H
#define CORRAL_SHELF_H

#include "cache.h"

/* Sends blocks home to a slab of another owner, or of none, and finds the slab its place when this
 * fills it with free blocks. cache: the caller's, or NULL for a thread that has none. */
void corral_shelf_send(struct cache *cache, struct slab *slab, unsigned word, uint64_t bits);
/* Finds a place for a slab that the caller has to itself: its arena when it is empty, else the
 * caller's queue if `queue` is set and has room, else the shelf. */
void corral_shelf_place(struct cache *cache, bool queue, struct slab *slab);
/* Takes all slabs of an arena off their shelves, which nobody but the caller looks at. */
void corral_shelf_clear(uint32_t number);
/* Which slabs of an arena, or the first ones of units, are on shelves. It may be gone meanwhile, or not be there yet. */
uint64_t corral_shelf_spots(uint32_t number);
/* Moves a slab from the shelf to the queue of the caller's pool, if one is found. */
void corral_shelf_take(struct cache *cache, uint32_t pool);

#endif

/* SPDX-License-Identifier: MIT
 *
 * shelf: slabs that have free blocks and no owner, for whoever needs them next.
 *
 * Owns:     a stack of slabs for each category and class.
 * Callers:  who sends blocks home; refill, before it makes a slab; thread exit. Any thread.
 * Promises: a slab with free blocks is in a pool's hands or on its shelf, so it is found again
 *           without its former owner's help. Of the slabs on a shelf, those that became empty there
 *           are given back when they are an eighth of it: at most eight are looked at for each one
 *           given back, but a single free may look at the whole shelf.
 * Does not: keep a shelf from being in one thread's hands for a moment. A thread that is stopped
 *           just then keeps the slabs that were on it, and stops no other: they make new slabs.
 *
 *   FULL ── enough came home ──► the sender's ──┬─► all came home: back to the arena
 *                                               ├─► the former owner's own queue
 *                                               └─► the shelf ── refill ──► a pool's queue
 *   a thread's slabs ── exit, or the queue is full ──► the shelf
 *
 * Synchronization (row beside column):
 *               push      take
 *   push        CAS       any        push fails only when another push or a take succeeded
 *   take        any       exchange   no pop of one, so no ABA
 * Between its arming (corral_slab_shelve_holder) and its push, and while a taker has it, a slab on
 * which the last block comes home is nobody's find. Its sender counts it in `emptied` all the same,
 * and whoever pushes looks at that count after the push: both are read-modify-writes of one word, so
 * one of the two sees the other. A thread that is stopped between taking a slab off and counting it
 * leaves the difference of the counts off by one.
 */
#ifndef CORRAL_SHELF_H
#define CORRAL_SHELF_H

#include "cache.h"

/* Sends blocks of a pool home to a slab of another owner, or of none, and finds the slab its place
 * when this fills it with free blocks. cache: the caller's, or NULL for a thread that has none. */
void corral_shelf_send(struct cache *cache, uint32_t pool, struct slab *slab, unsigned word,
                       uint64_t bits);
/* Finds a place for a slab that the caller has to itself: its arena when it is empty, else the
 * caller's queue if `queue` is set and has room, else the shelf. */
void corral_shelf_place(struct cache *cache, bool queue, struct slab *slab);
/* Moves a bounded number of slabs from the shelf to the queue of the caller's pool. */
void corral_shelf_take(struct cache *cache, uint32_t pool);

#endif

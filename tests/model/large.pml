/* SPDX-License-Identifier: MIT
 *
 * large: the slots of blocks that were freed lately, and the words of the map (large_kept.c, large.c).
 *
 * Two addresses and one slot. Thread 0 has a block of size 1 at address 1 and frees it. Thread 1
 * allocates a block of size 1 and frees it. Thread 2 has a block of size 2 at address 2, frees
 * it, allocates two of size 2, and frees them. Who finds no block that fits in the slot asks the
 * OS, which gives the lowest address that is not mapped. Who finds no room in the slot evicts
 * what is kept there. Or else threads 0 and 1 both free the block at address 1, and thread 2,
 * which has not seen the leaf of the map yet, allocates a block of size 2 and frees it.
 *
 * Safety:   a block is had once, and fits; what is evicted is nobody's; of two frees one is
 *           found; no race on blocks; at the end what is mapped is what is kept.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 2 addresses, 1 slot, 2 tries to keep a block.
 */
#define THREADS   3
#define ATOMICS   5
#define HISTORY   12
#define ALL_PLAIN 3

/* The faults. */
#define KEPT_RELEASE  1  /* put_into_slot: CAS without release [E:kept] */
#define TAKE_ACQUIRE  2  /* take_from_slot: CAS without acquire [E:kept] */
#define LOOK_ACQUIRE  3  /* take_from_slot: load without acquire [E:kept] */
#define EVICT_ACQUIRE 4  /* evict: exchange without acquire [E:kept] */
#define KEPT_TORN     5  /* put_into_slot: CAS as a load and a store */
#define TAKE_TORN     6  /* take_from_slot: CAS as a load and a store */
#define EVICT_TORN    7  /* evict: exchange as a load and a store */
#define FREE_TORN     8  /* large_end: CAS as a load and a store */
#define FITS_ONCE     9  /* take_from_slot: does not look again after the taking */
#define UNMAP_EARLY   10 /* unmap: the block is unmapped before its word is cleared */
#define LEAF_TORN     11 /* make_entry: stores the leaf whether there is one or not */
#define LEAF_ACQUIRE  12 /* leaf_of: load without acquire [E:leaf] */
#define LEAF_RELEASE  13 /* make_entry: CAS without release [E:leaf] */

/* The situations that runs come to. */
#define KEPT    1 /* a block is kept */
#define TOOK    2 /* a kept block is taken */
#define EVICTED 3 /* a kept block is evicted */
#define NO_ROOM 4 /* a block is unmapped for want of a slot */
#define MISFIT  5 /* another block came to stand there between the look and the taking */
#define TWICE   6 /* a second free is found */
#define HIDDEN  7 /* make_entry does not see the leaf yet */

#include "weak.h"

/* Atomic locations. */
#define SLOT    0   /* kept[0]: an address */
#define WORD(a) (a) /* the map's entry of address 1 and 2: size and state */
#define OS      3   /* what is mapped: its calls are ordered */
#define LEAF    4   /* the leaf of the map for both addresses: made by whom */

#define LIVE         4
#define FREED        8
#define size_of(w)   ((w) & 3)
#define is(w, state) ((w) & (state))

/* Plain data: the blocks, by address. */
#define BLOCK(a) (a)

byte had = 3; /* the blocks that threads have, by address */
bool misuse;  /* threads 0 and 1 free the same block */

inline unmap(unmapped) {
    atomic {
        touch(BLOCK(unmapped));
        assert((had & (unmapped)) == 0)
    };
    if
    :: fault != UNMAP_EARLY -> store(WORD(unmapped), 0, RELAXED)
    :: else
    fi;
    modify(OS, OP_AND, ~(unmapped), ACQ_REL, was);
    was = 0;
    if
    :: fault == UNMAP_EARLY -> store(WORD(unmapped), 0, RELAXED)
    :: else
    fi
}

inline evict() {
    if
    :: fault == EVICT_TORN ->
        look(SLOT, ACQUIRE, there);
        store(SLOT, 0, RELAXED)
    :: else -> modify(SLOT, OP_SET, 0, unless(EVICT_ACQUIRE, ACQUIRE), there)
    fi;
    if
    :: there != 0 ->
        reach(EVICTED);
        unmap(there);
        there = 0
    :: else
    fi
}

/* keep(): the block at address `one`, which the thread has no more. */
inline keep() {
    tries = 0;
    do
    :: tries < 2 && one != 0 ->
        load(SLOT, RELAXED, there);
        if
        :: there == 0 ->
            if
            :: fault == KEPT_TORN -> cas_torn(SLOT, there, one, RELEASE, done)
            :: else -> cas(SLOT, there, one, unless(KEPT_RELEASE, RELEASE), done)
            fi
        :: else
        fi;
        there = 0;
        if
        :: done ->
            reach(KEPT);
            done = false;
            one = 0
        :: else -> evict()
        fi;
        tries++
    :: else -> break
    od;
    tries = 0;
    if
    :: one != 0 ->
        reach(NO_ROOM);
        unmap(one);
        one = 0
    :: else
    fi
}

/* large_end, corral_large_keep */
inline free(freed) {
    one = freed;
    load(WORD(one), RELAXED, was);
    do
    :: !done && is(was, LIVE) ->
        if
        :: fault == FREE_TORN -> cas_torn(WORD(one), was, size_of(was) + FREED, RELAXED, done)
        :: else -> cas(WORD(one), was, size_of(was) + FREED, RELAXED, done)
        fi
    :: else -> break
    od;
    was = 0;
    if
    :: done ->
        done = false;
        atomic {
            assert(had & one);
            touch(BLOCK(one));
            had = had - one
        };
        keep()
    :: else ->
        assert(misuse);
        reach(TWICE);
        one = 0
    fi
}

inline have(block) {
    assert((had & (block)) == 0);
    had = had | (block);
    has = has | (block);
    touch(BLOCK(block))
}

/* take_from_slot(), with the block that was taken out. */
inline use_taken() {
    load(WORD(one), RELAXED, was);
    if
    :: size_of(was) != size && fault != FITS_ONCE ->
        reach(MISFIT);
        was = 0;
        keep()
    :: else -> atomic {
        reach(TOOK);
        assert(was == newest(WORD(one)) && was == size + FREED);
        was = 0;
        have(one);
        store(WORD(one), size + LIVE, RELAXED);
        got = true
    }
    fi
}

/* take_from_slot() */
inline take() {
    load(SLOT, unless(LOOK_ACQUIRE, ACQUIRE), one);
    if
    :: one != 0 ->
        load(LEAF, unless(LEAF_ACQUIRE, ACQUIRE), leaf);
        assert(leaf != 0);
        load(WORD(one), RELAXED, was)
    :: else
    fi;
    if
    :: size_of(was) == size ->
        there = one;
        if
        :: fault == TAKE_TORN -> cas_torn(SLOT, there, 0, ACQUIRE, done)
        :: else -> cas(SLOT, there, 0, unless(TAKE_ACQUIRE, ACQUIRE), done)
        fi;
        there = 0
    :: else
    fi;
    was = 0;
    if
    :: done ->
        done = false;
        use_taken()
    :: else
    fi;
    leaf = 0;
    one = 0
}

/* make_entry(): leaves are told apart by who made them. */
inline make_entry() {
    load(LEAF, unless(LEAF_ACQUIRE, ACQUIRE), leaf);
    if
    :: leaf == 0 ->
        reach(HIDDEN);
        if
        :: fault == LEAF_TORN -> store(LEAF, me + 1, RELEASE)
        :: else -> cas(LEAF, leaf, me + 1, unless(LEAF_RELEASE, RELEASE), done)
        fi;
        done = false;
        load(LEAF, unless(LEAF_ACQUIRE, ACQUIRE), leaf)
    :: else
    fi;
    assert(leaf == 1);
    leaf = 0
}

/* map_new(): nothing when both addresses are mapped. */
inline map() {
    atomic {
        there = (newest(OS) & 1) + 1;
        if
        :: newest(OS) == 3 -> there = 0
        :: else ->
            modify(OS, OP_OR, there, ACQ_REL, was);
            was = 0;
            fresh(BLOCK(there));
            have(there)
        fi
    };
    if
    :: there != 0 ->
        make_entry();
        store(WORD(there), size + LIVE, RELAXED)
    :: else
    fi;
    there = 0
}

/* has: blocks to free, by address; allocations: blocks to allocate then, of one size. */
proctype role(byte me; byte has; byte size; byte allocations) {
    SWITCHES;
    byte was, there, one, tries, leaf;
    bool done, got;
    do
    :: has != 0 && (tries == 0) ->
        tries = 2 - (has & 1);
        has = has - tries;
        free(tries)
    :: has == 0 && allocations != 0 ->
        do
        :: allocations != 0 ->
            allocations--;
            take();
            if
            :: !got -> map()
            :: else -> got = false
            fi
        :: else -> break
        od
    :: else -> break
    od;
    end_thread()
}

init {
    atomic {
        start_weak();
        newest(OS) = 3;
        location[LEAF].last = 1;
        location[LEAF].message[1].view.at[LEAF] = 1;
        newest(LEAF) = 1;
        view[0].at[LEAF] = 1;
        newest(WORD(1)) = 1 + LIVE;
        newest(WORD(2)) = 2 + LIVE;
        run role(0, 1, 1, 0);
        if
        :: misuse = true;
            view[1].at[LEAF] = 1;
            run role(1, 1, 1, 0);
            run role(2, 0, 2, 1);
            had = 1;
            newest(OS) = 1;
            newest(WORD(2)) = 0
        :: view[2].at[LEAF] = 1;
            run role(1, 0, 1, 1);
            run role(2, 2, 2, 2)
        fi;
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 ->
            assert(had == 0 && newest(OS) == newest(SLOT));
            assert(newest(WORD(1)) == (newest(SLOT) == 1 -> newest(WORD(1)) & (3 | FREED) : 0));
            assert(newest(WORD(2)) == (newest(SLOT) == 2 -> newest(WORD(2)) & (3 | FREED) : 0))
        :: else
        fi
    }
}

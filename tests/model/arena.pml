/* SPDX-License-Identifier: MIT
 *
 * arena: claiming and giving back slabs, an arena's end and birth, and the purge of free slabs
 * (arena.c, decay.c; registry.c for the reserving of an entry).
 *
 * An entry with an arena of 2 slabs beside the header, one of which thread 0 has. It gives it
 * back. Threads 1 and 2 claim a slab and give it back, thread 1 twice; thread 2 purges what is
 * free before. Who gives the last slab back may end the arena. Who finds no slab makes the entry
 * an arena, if it has none, in fresh memory, or finds that there is no memory. The range of
 * addresses is range.pml's.
 *
 * Safety:   no slab is claimed twice; an arena's header and slabs are used by who holds a slab of
 *           it; it is unmapped when nobody does; no race on slabs, header and the entry's plain
 *           fields.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 1 entry, 2 slabs, units of 1 slab, 3 claims.
 */
#define THREADS   3
#define ATOMICS   2
#define HISTORY   16
#define ALL_PLAIN 63

/* The faults. */
#define GIVE_RELEASE    1  /* corral_arena_return: fetch_and without release [E:slabs] */
#define CLAIM_ACQUIRE   2  /* claim_from: CAS without acquire [E:slabs] */
#define END_ACQUIRE     3  /* end: CAS of `taken` without acquire [E:slabs] */
#define BIRTH_RELEASE   4  /* begin: store of `taken` without release [E:slabs] */
#define PURGE_ACQUIRE   5  /* decay.c, purge: CAS without acquire [E:slabs] */
#define ENTRY_RELEASE   6  /* end: store of 0 to `arena` without release [E:entry] */
#define FAILED_RELEASE  7  /* claim_new: the same after a failed birth [E:entry] */
#define RESERVE_ACQUIRE 8  /* corral_registry_reserve_entry: CAS without acquire [E:entry] */
#define GIVE_TORN       9  /* corral_arena_return: fetch_and as a load and a store */
#define CLAIM_TORN      10 /* claim_from: CAS as a load and a store */
#define END_TORN        11 /* end: CAS as a load and a store */
#define PURGE_TORN      12 /* purge: CAS as a load and a store */
#define RESERVE_TORN    13 /* corral_registry_reserve_entry: CAS as a load and a store */
#define BIRTH_EARLY     14 /* begin: `taken` before `arena` */
#define END_ANY         15 /* end: whether or not others have slabs */
#define PURGE_UNHELD    16 /* purge: without taking the slabs */
#define ENTRY_EARLY     17 /* end: the entry is free before its range is given back */

/* The situations that runs come to. */
#define ENDED      1 /* an arena is ended */
#define NOT_ENDED  2 /* a slab is claimed before the arena can end */
#define BORN_AGAIN 3 /* an arena is made in a used entry */
#define FAILED     4 /* there is no memory for one */
#define PURGED     5 /* free slabs are purged */
#define BEHIND     6 /* a claim sees that another's was first */

#include "weak.h"

/* Atomic locations. */
#define TAKEN 0 /* entry->taken */
#define ARENA 1 /* entry->arena: 0, ENTRY_BUSY, or an arena */

#define SLAB_A     1
#define SLAB_B     2
#define SLABS      3
#define HEADER_BIT 4
#define ALL        7
#define BUSY       1

/* Plain data, besides the slabs: each thread's uses of the header; entry->range. */
#define HEADER  4 /* shifted by the thread's number */
#define HEADERS 28
#define RANGE   32

byte held = SLAB_A; /* slabs that threads have */

/* end() */
inline end_arena() {
    was = HEADER_BIT;
    if
    :: fault == END_TORN -> cas_torn(TAKEN, was, ALL, ACQUIRE, done)
    :: fault == END_ANY -> atomic {
        modify(TAKEN, OP_SET, ALL, ACQUIRE, was);
        done = (was != ALL)
    }
    :: else -> cas(TAKEN, was, ALL, unless(END_ACQUIRE, ACQUIRE), done)
    fi;
    was = 0;
    if
    :: done ->
        reach(ENDED);
        done = false;
        load(ARENA, RELAXED, was);
        atomic {
            assert(was > BUSY && was == newest(ARENA));
            was = 0
        };
        if
        :: fault == ENTRY_EARLY -> store(ARENA, 0, RELEASE)
        :: else
        fi;
        touch(SLABS | HEADERS | RANGE);
        if
        :: fault != ENTRY_EARLY -> store(ARENA, 0, unless(ENTRY_RELEASE, RELEASE))
        :: else
        fi
    :: else -> reach(NOT_ENDED)
    fi
}

/* corral_arena_return, end_if_spare */
inline return_slabs(unit) {
    if
    :: fault == GIVE_TORN ->
        look(TAKEN, RELAXED, was);
        store(TAKEN, was & ~(unit), RELEASE)
    :: else -> modify(TAKEN, OP_AND, ~(unit), unless(GIVE_RELEASE, RELEASE), was)
    fi;
    last = ((was & ~(unit)) == HEADER_BIT);
    was = 0;
    if
    :: last -> end_arena()
    :: true /* its memory is kept */
    fi;
    last = false
}

/* corral_arena_give, by who has the slab */
inline give() {
    atomic {
        touch(has | (HEADER << me));
        assert((held & has) == has);
        held = held - has
    };
    return_slabs(has);
    has = 0
}

inline have(slab) {
    assert((held & (slab)) == 0);
    has = slab;
    held = held | has
}

/* claim_from() */
inline claim() {
    load(TAKEN, RELAXED, was);
    do
    :: has == 0 && (was & SLABS) != SLABS ->
        mask = 1 + (was & SLAB_A); /* A if it is free, else B */
        if
        :: fault == CLAIM_TORN ->
            cas_torn(TAKEN, was, was | mask, ACQUIRE, done)
        :: else -> cas(TAKEN, was, was | mask, unless(CLAIM_ACQUIRE, ACQUIRE), done)
        fi;
        if
        :: done ->
            atomic {
                have(mask);
                load(ARENA, RELAXED, was);
                assert(was > BUSY && was == newest(ARENA));
                touch(has | (HEADER << me))
            };
            done = false
        :: else -> reach(BEHIND)
        fi;
        mask = 0
    :: else -> break
    od;
    was = 0
}

/* claim_new(), begin() */
inline make() {
    load(ARENA, RELAXED, was);
    if
    :: was == 0 ->
        if
        :: fault == RESERVE_TORN -> cas_torn(ARENA, was, BUSY, ACQUIRE, done)
        :: else -> cas(ARENA, was, BUSY, unless(RESERVE_ACQUIRE, ACQUIRE), done)
        fi
    :: else
    fi;
    was = 0;
    if
    :: done ->
        done = false;
        if
        :: reach(FAILED);
            store(ARENA, 0, unless(FAILED_RELEASE, RELEASE))
        :: atomic {
            touch(RANGE);
            fresh(SLABS | HEADERS)
        };
            reach(BORN_AGAIN);
            if
            :: fault == BIRTH_EARLY -> store(TAKEN, HEADER_BIT | SLAB_A, RELEASE)
            :: else
            fi;
            store(ARENA, BUSY + 2, RELAXED);
            if
            :: fault != BIRTH_EARLY -> atomic {
                have(SLAB_A);
                store(TAKEN, HEADER_BIT | SLAB_A, unless(BIRTH_RELEASE, RELEASE))
            }
            :: else -> atomic { have(SLAB_A) }
            fi
        fi
    :: else
    fi
}

/* decay.c, purge(): all that is free */
inline purge() {
    load(TAKEN, RELAXED, was);
    mask = SLABS & ~was;
    if
    :: mask != 0 ->
        if
        :: fault == PURGE_TORN -> cas_torn(TAKEN, was, was | mask, ACQUIRE, done)
        :: fault == PURGE_UNHELD -> done = true
        :: else -> cas(TAKEN, was, was | mask, unless(PURGE_ACQUIRE, ACQUIRE), done)
        fi
    :: else
    fi;
    was = 0;
    if
    :: done ->
        reach(PURGED);
        done = false;
        atomic {
            load(ARENA, RELAXED, was);
            assert(was > BUSY && was == newest(ARENA));
            was = 0;
            touch(mask)
        };
        if
        :: fault != PURGE_UNHELD ->
            return_slabs(mask)
        :: else
        fi
    :: else
    fi;
    mask = 0
}

/* has: the slab that the thread has; turns: its claims. */
proctype role(byte me; byte has; byte turns) {
    SWITCHES;
    byte was, mask;
    bool done, last; /* last: the arena has no slab any more */
    if
    :: me == 2 -> purge()
    :: else
    fi;
    do
    :: has != 0 -> give()
    :: has == 0 && turns != 0 ->
        turns--;
        claim();
        if
        :: has == 0 -> make()
        :: else
        fi
    :: else -> break
    od;
    end_thread()
}

init {
    atomic {
        start_weak();
        newest(TAKEN) = HEADER_BIT | SLAB_A;
        newest(ARENA) = BUSY + 1;
        run role(0, SLAB_A, 0);
        run role(1, 0, 2);
        run role(2, 0, 1);
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 ->
            assert(held == 0 && (newest(TAKEN) == HEADER_BIT || newest(TAKEN) == ALL));
            assert((newest(TAKEN) == ALL) == (newest(ARENA) == 0))
        :: else
        fi
    }
}

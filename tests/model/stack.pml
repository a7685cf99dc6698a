/* SPDX-License-Identifier: MIT
 *
 * stack: a shelf's stack of arenas, with the bit that says that an arena is on it (shelf.c).
 *
 * Arenas 1 and 2 are on the stack, 1 first, with no slab of the class. Thread 0 puts a slab of
 * arena 1 on its shelf, then one of arena 2. Threads 1 and 2 look for a slab, and drop the arenas
 * in which they see none.
 *
 * Safety:   no slab is taken twice, none is on its shelf while its arena is not on the stack; an
 *           arena is on the stack once when its bit is set, else not at all; no race on a slab.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 2 arenas, 2 puts, 2 takes with 2 drops each.
 */
#define THREADS   3
#define ATOMICS   7
#define HISTORY   12
#define ALL_PLAIN 7

/* The faults. */
#define SHELF_RELEASE  1  /* push: CAS of the top without release [E:shelf] */
#define SHELF_ACQUIRE  2  /* corral_shelf_take: load of the top without acquire [E:shelf] */
#define LINK_RELEASE   3  /* link_arena: fetch_or without release [E:linked] */
#define UNLINK_ACQUIRE 4  /* drop: fetch_and without acquire [E:linked] */
#define UNLINK_EARLY   5  /* drop: fetch_and without release: before the link is read [E:linked] */
#define SPOT_RELEASE   6  /* put: fetch_or of ON without release [E:spot] */
#define SPOT_ACQUIRE   7  /* take_spot: CAS without acquire [E:spot] */
#define LINK_TORN      8  /* link_arena: fetch_or as a load and a store */
#define UNLINK_TORN    9  /* drop: fetch_and as a load and a store */
#define PUSH_TORN      10 /* push: CAS as a load and a store */
#define DROP_TORN      11 /* drop: CAS as a load and a store */
#define NO_TAG         12 /* drop: the tag stays */
#define NO_LOOK        13 /* drop: no look at the spots after the bit is cleared */
#define LINK_BLIND     14 /* link_arena: pushes whether the bit was set or not */
#define LINK_FIRST     15 /* put: links the arena before ON is set */

/* The situations that runs come to. */
#define DROPPED    1 /* an arena is dropped */
#define LINKED_YET 2 /* the second look finds a slab */
#define FOUND_SET  3 /* link_arena finds the bit set */
#define CHANGED    4 /* drop finds that the stack changed */
#define SAME_FIRST 5 /* drop finds the same arena on top again, with another tag */
#define RACED      6 /* another takes the slab that was found */
#define NOTHING    7 /* the stack is empty */

#include "weak.h"

/* Atomic locations; of an arena, by its number. */
#define TOP       0             /* tops[pool]: tag, number */
#define LINKED(n) (1 + (n) - 1) /* stands[n].linked */
#define NEXT(n)   (3 + (n) - 1) /* stands[n].next[class] */
#define SPOTS(n)  (5 + (n) - 1) /* stands[n].spots: ON of slabs 1 and 2 */

#define TAG       4
#define number_of(top) ((top) & 3)

/* Plain data: slabs 1 and 2 of arena 1, slab 1 of arena 2. */
#define SLAB(n, slab) ((slab) << (2 * (n) - 2))

byte held = 7; /* the slabs that threads have, as in SLAB */

inline push(pushed) {
    load(TOP, RELAXED, top);
    done = false;
    do
    :: !done ->
        store(NEXT(pushed), number_of(top), RELAXED);
        if
        :: fault == PUSH_TORN -> cas_torn(TOP, top, top - number_of(top) + pushed, RELEASE, done)
        :: else ->
            cas(TOP, top, top - number_of(top) + pushed, unless(SHELF_RELEASE, RELEASE), done)
        fi
    :: else -> break
    od;
    top = 0;
    done = false
}

inline link_arena(linked) {
    if
    :: fault == LINK_TORN ->
        look(LINKED(linked), ACQUIRE, was);
        store(LINKED(linked), 1, RELEASE)
    :: else -> modify(LINKED(linked), OP_OR, 1, ACQUIRE + unless(LINK_RELEASE, RELEASE), was)
    fi;
    if
    :: was && fault != LINK_BLIND -> reach(FOUND_SET)
    :: else -> push(linked)
    fi;
    was = 0
}

/* put(), after the slab is armed. */
inline put(n, which) {
    if
    :: fault == LINK_FIRST -> link_arena(n)
    :: else
    fi;
    atomic {
        touch(SLAB(n, which));
        assert((held & SLAB(n, which)) != 0);
        held = held - SLAB(n, which);
        modify(SPOTS(n), OP_OR, which, unless(SPOT_RELEASE, RELEASE), was);
        was = 0
    };
    if
    :: fault != LINK_FIRST -> link_arena(n)
    :: else
    fi
}

/* take_spot(): any slab that was seen. */
inline take_spot(there) {
    do
    :: spots != 0 && mine == 0 -> atomic {
        slab = 2 - (spots & 1);
        cas(SPOTS(there), spots, spots & ~slab, unless(SPOT_ACQUIRE, ACQUIRE), done);
        if
        :: done ->
            mine = slab;
            arena = there;
            touch(SLAB(there, slab));
            assert((held & SLAB(there, slab)) == 0);
            held = held | SLAB(there, slab)
        :: else -> reach(RACED)
        fi;
        slab = 0;
        done = false
    }
    :: else -> break
    od;
    spots = 0
}

inline unlink(unlinked) {
    if
    :: fault == UNLINK_TORN ->
        look(LINKED(unlinked), ACQUIRE, was);
        store(LINKED(unlinked), 0, RELEASE)
    :: else -> modify(LINKED(unlinked), OP_AND, 0, unless(UNLINK_ACQUIRE, ACQUIRE) + RELEASE, was)
    fi;
    was = 0
}

/* drop(): the spots, after the bit is cleared. */
inline look_again(unseen) {
    if
    :: fault != NO_LOOK -> load(SPOTS(unseen), RELAXED, spots)
    :: else
    fi;
    if
    :: spots != 0 ->
        spots = 0;
        reach(LINKED_YET);
        link_arena(unseen)
    :: else
    fi
}

/* drop(): of the arena whose number is in `first`. */
inline drop(dropped) {
    if
    :: fault == UNLINK_EARLY -> unlink(dropped)
    :: else
    fi;
    load(NEXT(dropped), RELAXED, next);
    seen = first;
    if
    :: fault == DROP_TORN ->
        cas_torn(TOP, first, first - number_of(first) + TAG + next, RELAXED, done)
    :: fault == NO_TAG ->
        cas(TOP, first, first - number_of(first) + next, RELAXED, done)
    :: else ->
        cas(TOP, first, first - number_of(first) + TAG + next, RELAXED, done)
    fi;
    next = 0;
    if
    :: done ->
        reach(DROPPED);
        drops++;
        done = false;
        if
        :: fault != UNLINK_EARLY -> unlink(dropped)
        :: else
        fi;
        look_again(dropped)
    :: else ->
        if
        :: number_of(first) == number_of(seen) -> reach(SAME_FIRST)
        :: else -> reach(CHANGED)
        fi
    fi;
    seen = 0
}

/* corral_shelf_take */
inline take() {
    drops = 0;
    do
    :: mine == 0 && drops < 2 ->
        load(TOP, unless(SHELF_ACQUIRE, ACQUIRE), first);
        if
        :: number_of(first) == 0 ->
            reach(NOTHING);
            break
        :: else
        fi;
        load(SPOTS(number_of(first)), RELAXED, spots);
        if
        :: spots != 0 -> take_spot(number_of(first))
        :: else -> drop(number_of(first))
        fi;
        first = 0
    :: else -> break
    od;
    first = 0;
    drops = 0
}

/* arena, mine: a slab that the thread has; more: one that it has besides. turns: its takes. */
proctype role(byte me; byte arena; byte mine; bool more; byte turns) {
    SWITCHES;
    short top, first, seen;
    byte was, spots, slab, next, drops;
    bool done;
    do
    :: turns != 0 && mine == 0 ->
        turns--;
        take();
        mine = 0
    :: mine != 0 ->
        put(arena, mine);
        mine = 0;
        if
        :: more ->
            more = false;
            arena = 2;
            mine = 1
        :: else
        fi
    :: else -> break
    od;
    end_thread()
}

/* At the end each arena is on the stack once when its bit is set, and when it has slabs. */
inline check_stack() {
    byte n, at, times, hops;
    for (n : 1 .. 2) {
        at = number_of(newest(TOP));
        times = 0;
        for (hops : 1 .. 4) {
            if
            :: at != 0 ->
                times = times + (at == n);
                at = newest(NEXT(at))
            :: else
            fi
        }
        assert(at == 0);
        assert(times == newest(LINKED(n)));
        assert(times == 1 || newest(SPOTS(n)) == 0)
    }
}

init {
    atomic {
        start_weak();
        newest(TOP) = 1;
        newest(NEXT(1)) = 2;
        newest(LINKED(1)) = 1;
        newest(LINKED(2)) = 1;
        run role(0, 1, 1, true, 0);
        run role(1, 0, 0, false, 1);
        run role(2, 0, 0, false, 1);
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 -> check_stack()
        :: else
        fi
    }
}

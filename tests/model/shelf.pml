/* SPDX-License-Identifier: MIT
 *
 * shelf: putting a slab on its shelf, taking it off, and its last block coming home (shelf.c).
 *
 * A slab of 3 blocks. Thread 0 has it, with block 0 free, and puts it on its shelf. Thread 1
 * sends block 1 home. Thread 2 has block 2 and looks once for a slab: if it gets this one, the
 * block comes home as its own, else it sends it. Who brings the last block sets LOOK. Thread 0
 * then claims the slab anew, if it finds it there, in an arena made anew, puts it on its shelf
 * with a block out, and sends that one. Thread 2 may also send its block first, and look for a
 * slab then.
 *
 * Safety:   one thread at a time has the slab, also when the spot is another slab's by now; no
 *           sender touches it once it is given back; no race on blocks, descriptor, and what a
 *           sender did last; when all blocks came home the slab is given back.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 3 blocks, two lives of the slab, one spot of the word.
 */
#define THREADS   3
#define ATOMICS   5
#define HISTORY   12
#define ALL_PLAIN 255

/* The faults. */
#define SPOT_RELEASE     30 /* put: fetch_or of ON without release [E:spot] */
#define NO_GENERATION    31 /* let_go, shelve: the generation stays [E:state] */
#define SPOT_ACQUIRE     32 /* take_spot: CAS without acquire [E:spot] */
#define UNSHELVE_ACQUIRE 33 /* unshelve: fetch_and without acquire [E:state] */
#define ON_TORN          34 /* put: fetch_or as a load and a store */
#define TAKE_TORN        35 /* take_spot: CAS as a load and a store */
#define LOOK_TORN        36 /* corral_shelf_send: fetch_or as a load and a store */
#define UNSHELVE_TORN    37 /* unshelve: fetch_and as a load and a store */
#define ON_FIRST         38 /* put: ON before the slab is armed */
#define PUT_BLIND        39 /* put: does not look for LOOK */
#define LOOK_BLIND       40 /* corral_shelf_send: does not look for ON */
#define UNSHELVE_NOT     41 /* take: the slab stays SHELVED */
#define TAKE_SURE        42 /* corral_shelf_send: has the slab whether it cleared ON or not */

/* The situations that runs come to. */
#define AHEAD      1 /* pending is below 0: the collector is ahead of a sender */
#define REFUSED    2 /* give_back finds a sender between its steps */
#define SECOND     3 /* the slab is claimed anew */
#define STALE      4 /* a sender reads a `wake` that is not the newest */
#define TAKEN_OFF  5 /* thread 2 takes the slab off the shelf */
#define LOOKED     6 /* put finds LOOK, and takes the slab back */
#define LOST       7 /* put finds LOOK, and another was faster */
#define CAME_LAST  8 /* the last sender takes the slab off the shelf */
#define ANOTHER    9 /* the last sender takes another slab off the shelf */

#include "state.h"

/* The word of spots: one spot of it. */
#define SPOT 4
#define ON   1
#define LOOK 2

/* Plain data: where the arena's header lies, which who takes the slab reads of the entry. */
#define PLACE 128

/* take_spot(): the caller has the slab when it clears ON. */
inline take_spot() {
    load(SPOT, RELAXED, spot);
    done = false;
    do
    :: !done && (spot & ON) != 0 ->
        if
        :: fault == TAKE_TORN ->
            cas_torn(SPOT, spot, spot & ~(ON | LOOK), ACQUIRE, done);
            atomic { gain(done) }
        :: else -> atomic {
            cas(SPOT, spot, spot & ~(ON | LOOK), unless(SPOT_ACQUIRE, ACQUIRE), done);
            gain(done || fault == TAKE_SURE && spot == 0)
        }
        fi
    :: else -> break
    od;
    spot = 0
}

inline gain(now_or_not) {
    if
    :: now_or_not ->
        assert(holder == 0);
        holder = me + 1;
        has = true;
        touch(PLACE)
    :: else
    fi
}

/* corral_slab_unshelve_holder */
inline unshelve() {
    if
    :: fault == UNSHELVE_TORN ->
        look(STATE, ACQUIRE, state);
        store(STATE, state & ~SHELVED, RELAXED)
    :: fault == UNSHELVE_NOT -> skip
    :: else -> modify(STATE, OP_AND, ~SHELVED, unless(UNSHELVE_ACQUIRE, ACQUIRE), state)
    fi;
    state = 0
}

inline set_on() {
    if
    :: fault == ON_TORN ->
        look(SPOT, RELAXED, spot);
        store(SPOT, spot | ON, RELEASE)
    :: else -> atomic {
        modify(SPOT, OP_OR, ON, unless(SPOT_RELEASE, RELEASE), spot);
        assert((spot & ON) == 0)
    }
    fi
}

/* put(): arms the slab, sets ON, and takes it again when its last block came home meanwhile. */
inline put() {
    wake = 3 - ones(free);
    if
    :: fault == ON_FIRST -> set_on()
    :: else
    fi;
    arm(wake, SHELVED);
    wake = 0;
    if
    :: done ->
        if
        :: fault != ON_FIRST -> set_on()
        :: else
        fi;
        if
        :: (spot & LOOK) != 0 && fault != PUT_BLIND ->
            take_spot();
            if
            :: has ->
                reach(LOOKED);
                unshelve()
            :: else -> reach(LOST)
            fi
        :: else -> spot = 0
        fi
    :: else
    fi;
    done = false
}

/* A turn of corral_shelf_place. */
inline place() {
    collect();
    atomic {
        touch(DESCRIPTOR);
        wake = 3 - ones(free)
    };
    if
    :: wake == 0 -> give_back()
    :: else
    fi;
    wake = 0;
    if
    :: has -> put()
    :: else
    fi;
    done = false
}

/* corral_shelf_send: LOOK, after the last block. */
inline send(blocks) {
    send_bits(blocks);
    atomic {
        next = wakes;
        state = 0; wake = 0; bits = 0; wakes = false; done = false
    };
    if
    :: next ->
        next = 0;
        if
        :: fault == LOOK_TORN ->
            look(SPOT, RELAXED, spot);
            store(SPOT, spot | LOOK, RELAXED)
        :: else -> modify(SPOT, OP_OR, LOOK, RELAXED, spot)
        fi;
        if
        :: (spot & ON) != 0 && fault != LOOK_BLIND ->
            take_spot();
            if
            :: has ->
                reach(CAME_LAST);
                assert(situation != ANOTHER || born == life);
                unshelve()
            :: else
            fi
        :: else -> spot = 0
        fi
    :: else
    fi;
    taken = 0;
    done = false
}

/* corral_shelf_take, settle: the thread's own block comes home to the slab that it took. */
inline take() {
    take_spot();
    if
    :: has ->
        reach(TAKEN_OFF);
        unshelve();
        collect();
        atomic {
            touch(DESCRIPTOR | mine);
            free = free | mine;
            mine = 0
        }
    :: else
    fi;
    done = false
}

inline live_again() {
    claim();
    if
    :: done ->
        reach(SECOND);
        touch(PLACE);
        free = 3;
        mine = 4
    :: else
    fi;
    done = false
}

/* mine: blocks that the thread will send home. */
proctype role(byte me; byte mine) {
    SWITCHES;
    short state, next;
    byte taken, before, bits, born, wake, spot;
    bool done, wakes;
    bool has = (me == 0), again = (me == 0), looks = (me == 2);
    do
    :: has -> place()
    :: !has && looks ->
        looks = false;
        take()
    :: !has && mine != 0 -> send(mine)
    :: !has && mine == 0 && again ->
        again = false;
        live_again()
    :: else -> break
    od;
    end_thread()
}

init {
    atomic {
        start_weak();
        newest(STATE) = ZERO;
        newest(TAKEN) = 1;
        free = 1;
        run role(0, 0);
        run role(1, 2);
        run role(2, 4);
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 ->
            assert(holder == 0 && life >= 1 && newest(TAKEN) == 0 && newest(BITS) == 0);
            assert(newest(STATE) % GENERATION == ZERO && (newest(SPOT) & ON) == 0)
        :: else
        fi
    }
}

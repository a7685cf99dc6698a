/* SPDX-License-Identifier: MIT
 *
 * state: the remote bitmap and the state word of a slab (slab.c), and the place of a slab that
 * wakes (shelf.c, corral_shelf_place), with the shelf reduced to the right that SHELVED stands
 * for.
 *
 * A slab of 3 blocks in one word, all handed out. Thread 0 owns it and lets it go; thread 1 sends
 * block 0 home, thread 2 blocks 1 and 2 at once. Who wakes the slab collects, and gives the slab
 * back or shelves it. Thread 0 then claims it anew, if it finds it there, lets it go with all
 * blocks out, and sends them home itself.
 *
 * Safety:   one thread at a time has the slab; no sender touches it once it is given back; who
 *           wakes it used the `wake` of that state; no race on blocks, on the descriptor, and on
 *           what a sender did last; at the end all blocks are home and the slab is given back.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 3 blocks, two lives of the slab, a FULL slab wakes at 2.
 */
#define THREADS   3
#define ATOMICS   4
#define HISTORY   12
#define ALL_PLAIN 127

/* The situations that runs come to. */
#define WOKEN      1 /* a sender wakes the slab */
#define LAST       2 /* a sender brings the last block of a shelved slab */
#define AHEAD      3 /* pending is below 0: the collector is ahead of a sender */
#define KEPT       4 /* let_go finds pending at wake */
#define REFUSED    5 /* give_back finds a sender between its steps */
#define SECOND     6 /* the slab is claimed anew */
#define STALE      7 /* a sender reads a `wake` that is not the newest */

#include "state.h"

/* A turn of corral_shelf_place, by the holder; an owner with nothing to hand out does the same. */
inline place() {
    collect();
    atomic {
        touch(DESCRIPTOR);
        flag = SHELVED;
        wake = 3 - ones(free);
        if
        :: free == 0 ->
            flag = FULL;
            wake = WAKE
        :: else
        fi
    };
    if
    :: wake == 0 -> give_back()
    :: else
    fi;
    if
    :: has ->
        arm(wake, flag);
        if
        :: !done -> reach(KEPT)
        :: else
        fi
    :: else
    fi;
    flag = 0;
    wake = 0;
    done = false
}

/* corral_shelf_send: who wakes the slab has it; who brings the last block has it off the shelf. */
inline send(blocks) {
    send_bits(blocks);
    atomic {
        if
        :: wakes ->
            if
            :: state & FULL -> reach(WOKEN)
            :: else -> reach(LAST)
            fi;
            assert(holder == 0);
            holder = me + 1;
            has = true
        :: else
        fi;
        state = 0; next = 0; wake = 0; bits = 0; wakes = false; done = false
    }
}

/* The slab's second life, which one thread has to itself. */
inline live_again() {
    claim();
    if
    :: done ->
        reach(SECOND);
        mine = 7
    :: else
    fi;
    done = false
}

/* mine: blocks that the thread will send home. */
proctype role(byte me; byte mine) {
    SWITCHES;
    short state, next;
    byte taken, before, bits, born, wake, flag;
    bool done, wakes;
    bool has = (me == 0), again = (me == 0); /* has the slab; will claim it anew */
    do
    :: has -> place()
    :: !has && mine != 0 ->
        if
        :: mine & 1 -> send(1)
        :: else -> send(6)
        fi
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
        run role(0, 0);
        run role(1, 1);
        run role(2, 6);
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 ->
            assert(holder == 0 && life >= 1 && newest(TAKEN) == 0 && newest(BITS) == 0);
            assert(newest(STATE) % GENERATION == ZERO)
        :: else
        fi
    }
}

/* SPDX-License-Identifier: MIT
 *
 * state: the remote bitmap and the state word of a slab (slab.c), and the place of a slab that
 * wakes (shelf.c, corral_shelf_place), with the shelf reduced to the right that SHELVED stands
 * for.
 *
 * A slab of 3 blocks in one word, all handed out. Thread 0 owns it and lets it go; thread 1 sends
 * block 0 home, thread 2 blocks 1 and 2 at once. Who wakes the slab collects, and gives the slab
 * back or shelves it. Thread 0 then claims it anew, if it finds it there, lets it go with all
 * blocks out, and sends them home itself. Or thread 0 has block 0 itself, and sends it, or takes the
 * slab back to put it home, while 1 and 2 send a block each.
 *
 * Safety:   one thread at a time has the slab; no sender touches it once it is given back; who
 *           wakes it used the `wake` of that state; no race on blocks, on the descriptor, and on
 *           what a sender did last; at the end all blocks are home and the slab is given back.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 3 blocks, two lives of the slab, a FULL slab wakes at 2.
 */
#define THREADS   3
#define ATOMICS   4
#define HISTORY   14
#define ALL_PLAIN 127

/* The situations that runs come to. */
#define WOKEN      1 /* a sender wakes the slab */
#define LAST       2 /* a sender brings the last block of a shelved slab */
#define AHEAD      3 /* pending is below 0: the collector is ahead of a sender */
#define KEPT       4 /* let_go finds pending at wake */
#define REFUSED    5 /* give_back finds a sender between its steps */
#define SECOND     6 /* the slab is claimed anew */
#define STALE      7 /* a sender reads a `wake` that is not the newest */
#define TAKEN_BACK 8 /* who let the slab go takes it back */
#define TOO_LATE   9 /* who takes the slab back finds that another changed its state */

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

/* A FULL slab of which the thread has blocks: it takes it back and puts them home. */
inline put_home() {
    take_back();
    if
    :: done -> atomic {
        reach(TAKEN_BACK);
        touch(DESCRIPTOR | mine);
        assert((free & mine) == 0);
        free = free | mine;
        mine = 0
    }
    :: else -> send_some()
    fi;
    done = false
}

inline send_some() {
    if
    :: mine & 1 -> send(1)
    :: else -> send(mine & 6)
    fi
}

/* mine: blocks that the thread will send home. back: it let the slab go and may take it back. */
proctype role(byte me; byte mine; bool back) {
    SWITCHES;
    short state, next;
    byte taken, before, bits, born, wake, flag;
    bool done, wakes;
    bool has = (me == 0), again = (me == 0 && !back); /* has the slab; will claim it anew */
    do
    :: has -> place()
    :: !has && mine != 0 -> send_some()
    :: !has && mine != 0 && back -> put_home()
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
        if
        :: run role(0, 0, false);
           run role(1, 1, false);
           run role(2, 6, false)
        :: run role(0, 1, true);
           run role(1, 2, false);
           run role(2, 4, false)
        fi;
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

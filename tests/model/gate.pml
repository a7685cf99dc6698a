/* SPDX-License-Identifier: MIT
 *
 * gate: who touches the pools of a category that is reset (gate.h, home.c, pool.c, reset.c).
 *
 * Two caches have pools of the category. Thread 0, whose the first one is, looks at its idle pools, within another
 * look too, and ends. Threads 1 and 2 reset the category.
 *
 * Safety:   no race on the pools; of two resets one touches them at a time; a reset that touches nothing has left
 *           each gate as it was.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 2 caches, one look, one end, two resets.
 */
#define THREADS   3
#define ATOMICS   2
#define HISTORY   8
#define ALL_PLAIN 3

/* The faults. */
#define TAKE_ACQUIRE 1 /* gate_take: CAS without acquire [E:gate] */
#define OPEN_RELEASE 2 /* gate_open: store without release [E:gate] */
#define TAKE_TORN    3 /* gate_take: CAS as a load and a store */
#define SHUT_WITHIN  4 /* gate_enter: takes any gate that is not open for one that it is within */
#define LEAVE_WITHIN 5 /* gate_leave: opens a gate that it is to be within still */
#define END_UNASKED  6 /* corral_pool_send_all_home: not through the gates */
#define CLOSE_PART   7 /* corral_gate_close: goes on where one could not be closed */
#define REOPEN_MORE  8 /* corral_gate_close: opens also the one that it could not close */
#define REOPEN_NONE  9 /* corral_gate_close: leaves shut what it closed before that */

/* The situations that runs come to. */
#define BUSY  1 /* a reset finds a gate taken */
#define SHUT  2 /* the hand finds a gate shut */
#define LEFT  3 /* a thread that ends leaves its cache */
#define RESET 4 /* a category is reset */
#define AGAIN 5 /* it is so twice */

#include "weak.h"

/* Atomic locations: the gate of a cache's row. Plain data: its pools. */
#define GATE(c)  (c)
#define POOLS(c) (1 << (c))

/* enum gate */
#define OPEN     0
#define OWNER    1
#define RESETTER 2

byte resets; /* that were done */
byte within[2];

inline gate_take(c, by) {
    seen = OPEN;
    if
    :: fault == TAKE_TORN -> cas_torn(GATE(c), seen, by, ACQUIRE, done)
    :: else -> cas(GATE(c), seen, by, unless(TAKE_ACQUIRE, ACQUIRE), done)
    fi;
    seen = 0
}

inline gate_open(c) {
    store(GATE(c), OPEN, unless(OPEN_RELEASE, RELEASE))
}

/* Within: of the calling thread, whose own gate is no other's to open. */
inline use_pools(c) {
    atomic {
        assert(within[c] == 0 || within[c] == me + 1);
        within[c] = me + 1
    };
    touch(POOLS(c));
    within[c] = 0
}

/* look(), and within it a block that comes home makes the hand move on again. */
inline look_at_pools() {
    gate_take(0, OWNER);
    if
    :: done ->
        use_pools(0);
        load(GATE(0), RELAXED, seen);
        assert(seen == OWNER);
        if
        :: fault == LEAVE_WITHIN -> gate_open(0)
        :: else
        fi;
        seen = 0;
        use_pools(0);
        gate_open(0)
    :: else ->
        reach(SHUT);
        if
        :: fault == SHUT_WITHIN -> use_pools(0)
        :: else
        fi
    fi;
    done = false
}

/* corral_pool_send_all_home */
inline end_of_owner() {
    if
    :: fault == END_UNASKED -> use_pools(0)
    :: else ->
        gate_take(0, OWNER);
        if
        :: done ->
            use_pools(0);
            gate_open(0)
        :: else -> reach(LEFT)
        fi
    fi;
    done = false
}

inline reset() {
    closed = 0;
    gate_take(0, RESETTER);
    closed = closed + done;
    if
    :: done || fault == CLOSE_PART ->
        done = false;
        gate_take(1, RESETTER);
        closed = closed + done;
        if
        :: !done && fault != REOPEN_NONE && fault != CLOSE_PART -> gate_open(0)
        :: else
        fi;
        if
        :: !done && fault == REOPEN_MORE -> gate_open(1)
        :: else
        fi
    :: else ->
        if
        :: fault == REOPEN_MORE -> gate_open(0)
        :: else
        fi
    fi;
    done = false;
    if
    :: closed == 2 || fault == CLOSE_PART ->
        use_pools(0);
        use_pools(1);
        atomic {
            resets++;
            reach(RESET);
            assert(situation != AGAIN || resets < 2)
        };
        gate_open(0);
        gate_open(1)
    :: else -> reach(BUSY)
    fi;
    closed = 0
}

proctype role(byte me) {
    SWITCHES;
    byte seen, closed;
    bool done;
    if
    :: me == 0 ->
        look_at_pools();
        end_of_owner()
    :: else -> reset()
    fi;
    end_thread()
}

init {
    atomic {
        start_weak();
        run role(0);
        run role(1);
        run role(2);
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 -> assert(newest(GATE(0)) == OPEN && newest(GATE(1)) == OPEN)
        :: else
        fi
    }
}

/* SPDX-License-Identifier: MIT
 *
 * region: runs of a region's parts, taken word by word (region.c).
 *
 * Two plots of two parts each. Thread 0 has a run across both, of the upper part of the first and the lower
 * one of the second, and gives it back. Threads 1 and 2 take runs and give them back: all four parts, then
 * the second plot; and two of a single part that thread 0 has not. A run is taken upwards; what is in its way makes the taker give
 * back what it has.
 *
 * Safety:   no part is had twice; no race on what is in a part; a part that is found dirty is made clean before it
 *           is used; all parts are free in the end.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 2 plots of 2 parts, 5 runs.
 */
#define THREADS   3
#define ATOMICS   4
#define HISTORY   20
#define ALL_PLAIN 15

/* The faults. */
#define GIVE_RELEASE 1 /* give: fetch_and without release [E:plot] */
#define TAKE_ACQUIRE 2 /* take_bits: CAS without acquire [E:plot] */
#define GIVE_TORN    3 /* give: fetch_and as a load and a store */
#define TAKE_TORN    4 /* take_bits: CAS as a load and a store */
#define WAY_KEPT     5 /* take: what was taken is not given back when something is in the way */
#define WAY_ALL      6 /* take: more than was taken is given back */
#define DIRTY_LATE   7 /* give_used: dirty bits are set after the parts are free */
#define TAKE_BLIND   8 /* take_bits: another's bits do not matter */

/* The situations that runs come to. */
#define IN_WAY  1 /* something is in the way of a run that was begun */
#define ACROSS  2 /* a run across both plots is taken */
#define CLEANED 3 /* a dirty part is cleaned */
#define NONE    4 /* nothing is to be had */
#define RAISED  5 /* a CAS is tried again, since another part of the plot changed hands */

#include "weak.h"

/* Atomic locations. */
#define TAKEN 0 /* of plot 0; of plot 1 behind it */
#define DIRTY 2

#define PLOT_BITS 3

byte held;         /* parts that threads have */
byte used;         /* parts whose content is not zero */

/* The bits of a run in a plot. */
#define mask_at(parts, plot) (((parts) >> (2 * (plot))) & PLOT_BITS)

/* give(): the parts of a run in one plot */
inline give_plot(plot, bits) {
    if
    :: fault == GIVE_TORN ->
        look(TAKEN + (plot), RELAXED, was);
        store(TAKEN + (plot), was & ~(bits), RELEASE)
    :: else -> modify(TAKEN + (plot), OP_AND, ~(bits), unless(GIVE_RELEASE, RELEASE), was)
    fi;
    was = 0
}

/* take_bits() */
inline take_plot(plot, bits) {
    load(TAKEN + (plot), RELAXED, was);
    done = false;
    do
    :: !done && ((was & (bits)) == 0 || fault == TAKE_BLIND) ->
        mask = was;
        if
        :: fault == TAKE_TORN -> cas_torn(TAKEN + (plot), was, was | (bits), ACQUIRE, done)
        :: else -> cas(TAKEN + (plot), was, was | (bits), unless(TAKE_ACQUIRE, ACQUIRE), done)
        fi;
        if
        :: !done && (was & (bits)) == 0 -> reach(RAISED)
        :: else
        fi;
        mask = 0
    :: else -> break
    od;
    was = 0
}

/* take(): all parts of a run, or none. has: the run, or 0. */
inline take(want) {
    done = true;
    if
    :: mask_at(want, 0) != 0 -> take_plot(0, mask_at(want, 0))
    :: else
    fi;
    if
    :: done && mask_at(want, 1) != 0 ->
        take_plot(1, mask_at(want, 1));
        if
        :: !done && mask_at(want, 0) != 0 ->
            reach(IN_WAY);
            if
            :: fault == WAY_KEPT
            :: fault == WAY_ALL ->
                give_plot(0, mask_at(want, 0));
                give_plot(1, mask_at(want, 1))
            :: else -> give_plot(0, mask_at(want, 0))
            fi
        :: else
        fi
    :: else
    fi;
    if
    :: done ->
        atomic {
            has = want;
            assert((held & has) == 0);
            held = held | has;
            done = false
        }
    :: else -> reach(NONE)
    fi
}

/* clean() of one plot */
inline clean_plot(plot) {
    if
    :: mask_at(has, plot) != 0 ->
        modify(DIRTY + (plot), OP_AND, ~mask_at(has, plot), RELAXED, was);
        atomic {
            mask = (was & mask_at(has, plot)) << (2 * (plot));
            if
            :: mask != 0 ->
                touch(mask);
                used = used & ~mask;
                reach(CLEANED)
            :: else
            fi;
            mask = 0;
            was = 0
        }
    :: else
    fi
}

inline dirty_plot(plot) {
    if
    :: mask_at(has, plot) != 0 -> modify(DIRTY + (plot), OP_OR, mask_at(has, plot), RELAXED, was)
    :: else
    fi;
    was = 0
}

/* The use of a run, and give_used() */
inline leave() {
    atomic {
        touch(has);
        used = used | has
    };
    if
    :: fault != DIRTY_LATE -> dirty_plot(0); dirty_plot(1)
    :: else
    fi;
    atomic {
        running(me) -> held = held & ~has
    };
    if
    :: mask_at(has, 0) != 0 -> give_plot(0, mask_at(has, 0))
    :: else
    fi;
    if
    :: mask_at(has, 1) != 0 -> give_plot(1, mask_at(has, 1))
    :: else
    fi;
    if
    :: fault == DIRTY_LATE -> dirty_plot(0); dirty_plot(1)
    :: else
    fi;
    has = 0
}

/* has: the run that the thread has; first, second: those that it takes then, 0 for none. */
proctype role(byte me; byte has; byte first; byte second) {
    SWITCHES;
    byte was, mask;
    bool done;
    do
    :: has != 0 -> leave()
    :: has == 0 && first != 0 ->
        take(first);
        first = second;
        second = 0;
        done = false;
        if
        :: has != 0 ->
            clean_plot(0);
            clean_plot(1);
            atomic {
                running(me) -> assert((used & has) == 0);
                if
                :: mask_at(has, 0) != 0 && mask_at(has, 1) != 0 -> reach(ACROSS)
                :: else
                fi
            }
        :: else
        fi
    :: else -> break
    od;
    end_thread()
}

init {
    atomic {
        start_weak();
        held = 6;
        newest(TAKEN) = 2;
        newest(TAKEN + 1) = 1;
        run role(0, 6, 0, 0);
        run role(1, 0, 15, 12);
        run role(2, 0, 8, 1);
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 ->
            assert(held == 0 && newest(TAKEN) == 0 && newest(TAKEN + 1) == 0);
            assert((used & ~(newest(DIRTY) | (newest(DIRTY + 1) << 2))) == 0)
        :: else
        fi
    }
}

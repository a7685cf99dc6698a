/* SPDX-License-Identifier: MIT
 *
 * litmus: what weak.h allows and forbids, in well-known small programs.
 *
 * Thread 0 writes data, then Y, then X with a release, and reads Z. Thread 1 writes Z, reads Y, and
 * adds to X without an order. Thread 2 reads X with an acquire, and what it may then know of.
 *
 * Safety:   who acquires a release, or a later message of its release sequence, knows all that was
 *           done before it; a location is never seen to go back; no addition is lost.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 3 locations, one operation of each kind.
 */
#define THREADS   3
#define ATOMICS   3
#define HISTORY   4
#define ALL_PLAIN 1

/* The faults. */
#define NO_RELEASE 1 /* message passing: the writer does not release */
#define NO_ACQUIRE 2 /* message passing: the reader does not acquire */
#define BROKEN     3 /* release sequence: a store, not a read-modify-write, comes between */
#define TORN       4 /* an addition as a load and a store */
#define UNORDERED  5 /* two uses of plain data, ordered by nothing */
#define SPINS      6 /* a thread looks again and again until another has come so far */
#define WAITS      7 /* a thread waits for another as for a lock */

/* The situations that runs come to. */
#define BOTH_STALE 1 /* store buffering: neither thread sees the other's store */
#define REORDERED  2 /* two stores seen in the other order */
#define PASSED     3 /* message passing: the message is seen, and data with it */
#define SEQUENCE   4 /* the same by a message of the release sequence */
#define TOO_SOON   5 /* the message is not seen yet */

#include "weak.h"

#define X 0
#define Y 1
#define Z 2

#define DATA  1
#define FIRST 1 /* what thread 0 adds to X */
#define THEN  2 /* what thread 1 adds to X */

byte saw_y = 9, saw_z = 9;

inline write() {
    touch(DATA);
    store(Y, 1, RELAXED);
    modify(X, OP_ADD, FIRST, unless(NO_RELEASE, RELEASE), was);
    load(Z, RELAXED, was);
    atomic {
        saw_z = was;
        was = 0
    }
}

inline add() {
    store(Z, 1, RELAXED);
    load(Y, RELAXED, was);
    atomic {
        saw_y = was;
        was = 0
    };
    if
    :: fault == BROKEN -> atomic {
        look(X, RELAXED, was);
        store(X, was + THEN, RELAXED)
    }
    :: fault == TORN ->
        look(X, RELAXED, was);
        store(X, was + THEN, RELAXED)
    :: else -> modify(X, OP_ADD, THEN, RELAXED, was)
    fi;
    was = 0
}

inline read() {
    if
    :: fault == WAITS -> newest(X) & FIRST
    :: else
    fi;
    load(X, unless(NO_ACQUIRE, ACQUIRE), was);
    do
    :: fault == SPINS && (was & FIRST) == 0 -> load(X, ACQUIRE, was)
    :: else -> break
    od;
    if
    :: (was & FIRST) || fault == UNORDERED ->
        if
        :: was == FIRST -> reach(PASSED)
        :: was == FIRST + THEN -> reach(SEQUENCE)
        :: else
        fi;
        touch(DATA);
        load(Y, RELAXED, then);
        assert(then == 1 || fault == UNORDERED)
    :: was == THEN ->
        load(Z, RELAXED, then);
        if
        :: then == 0 -> reach(REORDERED)
        :: else
        fi
    :: else -> reach(TOO_SOON)
    fi;
    load(Y, RELAXED, was);
    load(Y, RELAXED, then);
    assert(was <= then)
}

proctype role(byte me) {
    SWITCHES;
    byte was, then;
    if
    :: me == 0 -> write()
    :: me == 1 -> add()
    :: me == 2 -> read()
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
        assert(set_situation != BOTH_STALE || saw_y + saw_z != 0);
        assert(stopped != 0 || newest(X) == FIRST + THEN)
    }
}

/* SPDX-License-Identifier: MIT
 *
 * mark: the mark of a block whose record walks read (mark.h, mark.c), and who brings the block home
 * (slow_free.c, walk.c), with home reduced to a bit.
 *
 * Thread 0 has a block: it writes its record, sets the mark, may resize it in place, and frees it.
 * Threads 1 and 2 walk. Thread 0, or 1 when it has walked, then allocates the block, if it is home
 * by now, sets its mark again, may resize it, and frees it. Or threads 0 and 1 both free the block, of which the mark
 * is set, while thread 2 walks twice. The count of readers has room for one, or for two.
 *
 * Safety:   who is counted in reads what is not home and not being resized, and sees the record as it
 *           was set; the block comes home once in a life, by one who sees everybody's last use of
 *           it; a second free is told while the block is read, if the count has room, and the
 *           block is not home then; at the end it is home, and its mark 0.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 2 walks; two lives of the block, or one and two frees of it; one resize a life.
 */
#define THREADS   3
#define ATOMICS   2
#define HISTORY   12
#define ALL_PLAIN 15

/* The faults. */
#define SET_RELEASE    1  /* mark_set: store without release [E:mark] */
#define PAUSE_ACQUIRE  2  /* mark_pause: CAS without acquire [E:mark] */
#define END_ACQUIRE    3  /* mark_end: CAS without acquire [E:mark] */
#define END_RELEASE    4  /* mark_end: CAS without release [E:mark] */
#define HOLD_ACQUIRE   5  /* mark_hold: CAS without acquire [E:mark] */
#define LET_GO_ACQUIRE 6  /* mark_let_go: CAS without acquire [E:mark] */
#define LET_GO_RELEASE 7  /* mark_let_go: CAS without release [E:mark] */
#define PAUSE_TORN     8  /* mark_pause: CAS as a load and a store */
#define END_TORN       9  /* mark_end: CAS as a load and a store */
#define TWICE_TORN     10 /* mark_end: the CAS of a second free as a load and a store */
#define HOLD_TORN      11 /* mark_hold: CAS as a load and a store */
#define LET_GO_TORN    12 /* mark_let_go: CAS as a load and a store */
#define SET_EARLY      13 /* corral_block_place: the mark is set before the record is there */
#define PAUSE_READ     14 /* mark_pause: whoever reads */
#define RESIZE_READ    15 /* resize: in place also when a walk reads the block */
#define RESIZE_UNSET   16 /* resize: the mark is not set again */
#define END_READ       17 /* mark_end: the block is the freer's, whoever reads */
#define END_COUNT      18 /* mark_end: clears the count of readers too */
#define TWICE_NONE     19 /* mark_end: where LIVE is gone there is no mark, whoever reads */
#define TWICE_LEFT     20 /* mark_end: a second free is taken for a first one, and is not told */
#define TWICE_NO_COUNT 21 /* mark_end: does not count in who is told */
#define TWICE_HOME     22 /* mark_end: also where nobody reads the block */
#define TWICE_MANY     23 /* mark_end: counts in more than there is room for */
#define TWICE_STAYS    24 /* end_origin: who was told leaves the block to walks that are gone */
#define HOLD_ENDED     25 /* mark_hold: also where LIVE is gone */
#define HOLD_MANY      26 /* mark_hold: counts in more than there is room for */
#define LET_GO_FIRST   27 /* mark_let_go: a freed block is the first reader's, not the last one's */
#define LET_GO_LIVE    28 /* mark_let_go: the block is the last reader's though nobody freed it */

/* The situations that runs come to. */
#define READ_AWAY  1  /* a freed block is left to who reads it */
#define BY_READER  2  /* a reader brings it home */
#define PAUSED     3  /* a block is resized in place */
#define MOVED      4  /* it is not, since a walk reads it */
#define TOLD       5  /* a second free is told */
#define BY_TOLD    6  /* who was told brings the block home: the walk has gone meanwhile */
#define TOO_LATE   7  /* a second free finds no mark: to find it is home's part */
#define NO_ROOM    8  /* a second free is not told: there is no room in the count */
#define REFUSED    9  /* a walk leaves out a block that too many read */
#define GONE       10 /* a block is freed between a walk's look and its CAS */
#define NEXT_LIFE  11 /* a walk looked in one life, and is counted in in the next */
#define READ_AGAIN 12 /* a walk reads the record of the second life */
#define OTHER_LAST 13 /* of two who read a freed block the first one lets go of it */

#include "weak.h"

/* Atomic locations. */
#define MARK 0
#define HOME 1 /* the block's bit: E:bits, of the model `state` */

/* The mark: | readers | LIVE |. A count that there is no room for wraps. */
#define LIVE        1
#define READER      2
#define readers(w)  ((w) / READER)
#define word_of(w)  ((w) % (READER * (most + 1)))

/* Plain data: the record, a bit for each who may read it, and what else is in the block. */
#define RECORD(t) (1 << (t))
#define CONTENT   8

/* enum mark_ended */
#define NONE  1
#define ENDED 2
#define LEFT  3
#define TWICE 4

byte most;     /* READERS_MOST */
byte life;     /* of the block, from 1 */
bool home;     /* or on its way there */
bool resizing; /* who has it changes where the record is */
bool misuse;   /* threads 0 and 1 free the same block */

inline mark_set() {
    store(MARK, LIVE, unless(SET_RELEASE, RELEASE))
}

inline mark_pause() {
    seen = LIVE;
    if
    :: fault == PAUSE_READ -> modify(MARK, OP_AND, ~LIVE, ACQUIRE, seen);
        done = true
    :: fault == PAUSE_TORN -> cas_torn(MARK, seen, 0, ACQUIRE, done)
    :: else -> cas(MARK, seen, 0, unless(PAUSE_ACQUIRE, ACQUIRE), done)
    fi;
    seen = 0
}

/* The second loop of corral_mark_end. */
inline end_twice() {
    do
    :: !done && (seen != 0 || fault == TWICE_HOME) && (readers(seen) < most || fault == TWICE_MANY) &&
       fault != TWICE_NONE && fault != TWICE_LEFT && fault != TWICE_NO_COUNT ->
        if
        :: fault == TWICE_TORN -> cas_torn(MARK, seen, word_of(seen + READER), RELAXED, done)
        :: else -> cas(MARK, seen, word_of(seen + READER), RELAXED, done)
        fi
    :: else -> break
    od;
    if
    :: done || (seen != 0 && fault == TWICE_NO_COUNT) -> ended_as = TWICE
    :: !done && seen != 0 && fault != TWICE_NONE && fault != TWICE_NO_COUNT ->
        reach(NO_ROOM);
        assert(readers(seen) == most);
        ended_as = LEFT
    :: else -> ended_as = NONE
    fi
}

inline mark_end() {
    load(MARK, RELAXED, seen);
    do
    :: !done && (seen & LIVE) ->
        if
        :: fault == END_TORN -> cas_torn(MARK, seen, seen & ~LIVE, ACQ_REL, done)
        :: fault == END_COUNT -> cas(MARK, seen, 0, ACQ_REL, done)
        :: else ->
            cas(MARK, seen, seen & ~LIVE, unless(END_ACQUIRE, ACQUIRE) | unless(END_RELEASE, RELEASE), done)
        fi
    :: else -> break
    od;
    if
    :: done -> ended_as = (seen == LIVE || fault == END_READ -> ENDED : LEFT)
    :: else -> end_twice()
    fi;
    atomic {
        done = false;
        seen = 0
    }
}

inline mark_hold() {
    atomic {
        load(MARK, RELAXED, seen);
        born = life
    };
    do
    :: !done && ((seen & LIVE) || fault == HOLD_ENDED) && (readers(seen) < most || fault == HOLD_MANY) ->
        if
        :: fault == HOLD_TORN -> cas_torn(MARK, seen, word_of(seen + READER), ACQUIRE, done)
        :: else -> cas(MARK, seen, word_of(seen + READER), unless(HOLD_ACQUIRE, ACQUIRE), done)
        fi;
        atomic {
            if
            :: done && born != life -> reach(NEXT_LIFE)
            :: !done && !(seen & LIVE) -> reach(GONE)
            :: else
            fi
        }
    :: else -> break
    od;
    atomic {
        if
        :: !done && (seen & LIVE) -> reach(REFUSED)
        :: else
        fi;
        born = 0;
        seen = 0
    }
}

/* done: the block is the caller's. */
inline mark_let_go() {
    load(MARK, RELAXED, seen);
    do
    :: !done ->
        if
        :: fault == LET_GO_TORN -> cas_torn(MARK, seen, seen - READER, ACQ_REL, done)
        :: else ->
            cas(MARK, seen, seen - READER,
                unless(LET_GO_ACQUIRE, ACQUIRE) | unless(LET_GO_RELEASE, RELEASE), done)
        fi
    :: else -> break
    od;
    atomic {
        assert(seen >= READER);
        if
        :: seen == 2 * READER && !misuse -> reach(OTHER_LAST)
        :: else
        fi;
        done = (seen == READER || (fault == LET_GO_FIRST && !(seen & LIVE)) ||
                (fault == LET_GO_LIVE && readers(seen) == 1));
        seen = 0
    }
}

/* Its record is ended, and it goes home. */
inline bring_home() {
    atomic {
        assert(!home);
        home = true;
        touch(ALL_PLAIN)
    };
    modify(HOME, OP_OR, 1, RELEASE, seen);
    assert(seen == 0)
}

/* end_origin(), and home. */
inline free() {
    mark_end();
    if
    :: ended_as == TWICE ->
        atomic {
            reach(TOLD);
            assert(misuse && !home)
        };
        mark_let_go();
        if
        :: done && fault != TWICE_STAYS ->
            reach(BY_TOLD);
            bring_home()
        :: else
        fi;
        done = false
    :: ended_as == ENDED -> bring_home()
    :: ended_as == LEFT -> reach(READ_AWAY)
    :: else -> atomic {
        reach(TOO_LATE);
        assert(misuse && newest(MARK) == 0)
    }
    fi;
    ended_as = 0
}

/* resize(): in place, where no walk reads the block. */
inline resize() {
    mark_pause();
    if
    :: done || fault == RESIZE_READ ->
        atomic {
            reach(PAUSED);
            resizing = true;
            touch(ALL_PLAIN)
        };
        resizing = false;
        if
        :: fault != RESIZE_UNSET -> mark_set()
        :: else
        fi
    :: else -> reach(MOVED)
    fi;
    done = false
}

/* A life of a block that the thread has, from corral_block_place on. */
inline live() {
    if
    :: fault == SET_EARLY ->
        mark_set();
        touch(ALL_PLAIN)
    :: else ->
        touch(ALL_PLAIN);
        mark_set()
    fi;
    if
    :: resize()
    :: skip
    fi;
    touch(CONTENT);
    free()
}

/* visit_block() */
inline walk() {
    mark_hold();
    if
    :: done ->
        done = false;
        atomic {
            if
            :: life == 2 -> reach(READ_AGAIN)
            :: else
            fi;
            assert(!home && !resizing);
            touch(RECORD(me))
        };
        mark_let_go();
        if
        :: done ->
            reach(BY_READER);
            bring_home()
        :: else
        fi;
        done = false
    :: else
    fi
}

/* Takes the block, if it is home. */
inline allocate() {
    seen = 1;
    cas(HOME, seen, 0, ACQUIRE, done);
    seen = 0;
    if
    :: done -> atomic {
        done = false;
        has = true;
        assert(home);
        home = false;
        life++
    }
    :: else
    fi
}

/* has: has a new block; walks: how often it looks at the block; again: it allocates then. */
proctype role(byte me; bool has; byte walks; bool again) {
    SWITCHES;
    short seen;
    byte ended_as, born;
    bool done;
    do
    :: has ->
        has = false;
        if
        :: misuse -> free()
        :: else -> live()
        fi
    :: !has && walks != 0 ->
        walks--;
        walk()
    :: !has && walks == 0 && again ->
        again = false;
        allocate()
    :: else -> break
    od;
    end_thread()
}

init {
    atomic {
        start_weak();
        life = 1;
        if
        :: most = 1
        :: most = 2
        fi;
        if
        :: misuse = true;
            newest(MARK) = LIVE;
            run role(0, true, 0, false);
            run role(1, true, 0, false);
            run role(2, false, 2, false)
        :: run role(0, true, 0, true);
            run role(1, false, 1, false);
            run role(2, false, 1, false)
        :: run role(0, true, 0, false);
            run role(1, false, 1, true);
            run role(2, false, 1, false)
        fi;
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 -> assert(home && newest(HOME) == 1 && newest(MARK) == 0)
        :: else
        fi
    }
}

/* SPDX-License-Identifier: MIT
 *
 * budget: takes that are charged to a hard budget, looks at what all caches took, and what comes
 * home (budget.c; set_flags of control.c; counted_run and put_back of pool.c).
 *
 * Thread 0 took a block of a category that had no budget, and sets one of two blocks. Then it takes
 * one more, while thread 1 takes two at once, or one where two are too many, and does so again. Or
 * thread 1 does so once while thread 2 takes one with a cache and, having got another cache, frees
 * one with that: who sums up in between may see that a block came home, and not that it was taken.
 * Or so, but thread 1 takes one, and thread 0 frees one. Who frees a block need not have taken it.
 *
 * Safety:   what callers and caches hold is never more than the budget; at the end the counters of
 *           all caches say what is held.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 4 caches, a budget of 2 blocks, 3 takes, 2 frees.
 */
#define THREADS   3
#define ATOMICS   7
#define HISTORY   12
#define ALL_PLAIN 0

/* The faults. */
#define CHARGE_RELEASE  1  /* charge: fetch_add without release [E:charge] */
#define LOOK_ACQUIRE    2  /* look: load of charged without acquire [E:charge] */
#define SPARE_RELEASE   3  /* look: store of spare without release [E:spare] */
#define SPARE_ACQUIRE   4  /* charge: load of spare without acquire [E:spare] */
#define COUNTED_RELEASE 5  /* set_flags: CAS without release [E:counted] */
#define COUNTED_ACQUIRE 6  /* charge: load of the flags without acquire [E:counted] */
#define CHARGE_TORN     7  /* charge: fetch_add as a load and a store */
#define SPARE_LATE      8  /* charge: reads spare after it charged */
#define CHARGE_EARLY    9  /* counted_run: charges before it counts in its pool */
#define LOOK_LATE       10 /* look: publishes spare of a charged that it read after the sum */
#define SPARE_KNOWN     11 /* set_flags: leaves spare as it was */
#define PAID_BACK       12 /* charge: what is refused is taken off charged again */
#define NOT_PUT_BACK    13 /* counted_run: what is refused stays counted in the pool */
#define OTHERS_COUNTER  14 /* a block that comes home is counted off the cache that it was taken with */

/* The situations that runs come to. */
#define KEPT       1 /* a take is kept without a look */
#define LOOKED     2 /* a take is kept after a look */
#define REFUSED    3 /* a take is refused */
#define ONE_ONLY   4 /* of two blocks one is kept */
#define TOO_LITTLE 5 /* a sum is less than what is held and asked for */
#define GONE_BACK  6 /* a look publishes less spare than another did before */
#define PUBLISHED  7 /* what a look published as spare lets a take be kept */

#include "weak.h"

/* Atomic locations. */
#define CHARGED 0
#define SPARE   1
#define COUNTED 2
#define NET(c)  (3 + (c)) /* of four caches */

#define CACHES  4
#define HARD    2
#define UNKNOWN (-20)

short held; /* blocks that callers and caches hold */

/* pool_net_add: each cache's counter has one writer. */
inline count(number, blocks) {
    atomic {
        running(me) -> net = newest(NET(number)) + (blocks);
        store(NET(number), net, RELAXED);
        net = 0
    }
}

inline keep(number) {
    held = held + number;
    assert(held <= HARD)
}

inline read_charged() {
    load(CHARGED, unless(LOOK_ACQUIRE, ACQUIRE), charged)
}

/* look() */
inline look_at_all(number) {
    if
    :: fault != LOOK_LATE -> read_charged()
    :: else
    fi;
    at = 0;
    do
    :: at < CACHES -> atomic {
        load(NET(at), RELAXED, there);
        sum = sum + there;
        there = 0;
        at++
    }
    :: else -> break
    od;
    at = 0;
    if
    :: fault == LOOK_LATE -> read_charged()
    :: else
    fi;
    atomic {
        if
        :: charged - sum < newest(SPARE) -> reach(GONE_BACK)
        :: else
        fi;
        if
        :: sum < held + number -> reach(TOO_LITTLE)
        :: else
        fi;
        store(SPARE, charged - sum, unless(SPARE_RELEASE, RELEASE))
    }
}

inline read_spare() {
    load(SPARE, unless(SPARE_ACQUIRE, ACQUIRE), spare)
}

/* charge() */
inline charge(number) {
    if
    :: fault != SPARE_LATE -> read_spare()
    :: else
    fi;
    if
    :: fault == CHARGE_TORN ->
        look(CHARGED, RELAXED, charged);
        store(CHARGED, charged + number, RELEASE)
    :: else -> modify(CHARGED, OP_ADD, number, unless(CHARGE_RELEASE, RELEASE), charged)
    fi;
    charged = charged + number;
    if
    :: fault == CHARGE_EARLY -> count(cache, number)
    :: else
    fi;
    if
    :: fault == SPARE_LATE -> read_spare()
    :: else
    fi;
    if
    :: charged <= HARD + spare -> atomic {
        reach(KEPT);
        if
        :: spare != 0 -> reach(PUBLISHED)
        :: else
        fi;
        keep(number);
        fits = true
    }
    :: else ->
        look_at_all(number);
        atomic {
            if
            :: sum <= HARD ->
                reach(LOOKED);
                keep(number);
                fits = true
            :: else -> reach(REFUSED)
            fi;
            sum = 0
        };
        if
        :: !fits && fault == PAID_BACK ->
            modify(CHARGED, OP_ADD, -number, RELEASE, charged)
        :: else
        fi
    fi;
    spare = 0;
    charged = 0
}

inline put_back(number) {
    if
    :: fault != NOT_PUT_BACK -> count(cache, -(number))
    :: else
    fi
}

/* counted_run() */
inline take() {
    if
    :: fault != CHARGE_EARLY -> count(cache, span)
    :: else
    fi;
    charge(span);
    if
    :: !fits && span == 1 -> put_back(1)
    :: !fits && span == 2 ->
        put_back(1);
        if
        :: fault == CHARGE_EARLY -> count(cache, -1)
        :: else
        fi;
        charge(1);
        if
        :: fits -> reach(ONE_ONLY)
        :: else -> put_back(1)
        fi
    :: else
    fi;
    fits = false
}

/* A block that anyone holds comes home. */
inline free() {
    atomic {
        running(me) -> if
        :: held > 0 && fault == OTHERS_COUNTER -> there = newest(NET(0))
        :: held > 0 && fault != OTHERS_COUNTER ->
            count(home, -1);
            held--
        :: else
        fi
    };
    if
    :: fault == OTHERS_COUNTER -> atomic {
        store(NET(0), there - 1, RELAXED);
        held--;
        there = 0
    }
    :: else
    fi
}

/* set_budgets, set_flags: of a category of which a block was taken before. */
inline set_budget() {
    atomic {
        held = 1;
        count(0, 1)
    };
    if
    :: fault != SPARE_KNOWN -> store(SPARE, UNKNOWN, RELAXED)
    :: else
    fi;
    modify(COUNTED, OP_OR, 1, unless(COUNTED_RELEASE, RELEASE), there)
}

/* cache, home: where takes and frees are counted. span: blocks that a take begins with. */
proctype role(byte me; byte cache; byte home; byte span; byte takes; byte frees) {
    SWITCHES;
    short spare, charged, sum, there, net;
    byte at;
    bool fits;
    if
    :: me == 0 ->
        set_budget();
        there = 1
    :: else -> load(COUNTED, unless(COUNTED_ACQUIRE, ACQUIRE), there)
    fi;
    /* Who does not see the budget yet begins later. */
    do
    :: there == 0 -> break
    :: there != 0 && takes != 0 ->
        takes--;
        there = 0;
        take();
        there = 1
    :: there != 0 && frees != 0 && held != 0 ->
        frees--;
        there = 0;
        free();
        there = 1
    :: there != 0 && takes == 0 && (frees == 0 || held == 0) -> break
    od;
    end_thread()
}

init {
    atomic {
        start_weak();
        if
        :: ended[2] = true;
            run role(0, 0, 0, 1, 1, 0);
            run role(1, 1, 1, 2, 2, 0)
        :: run role(0, 0, 0, 1, 0, 0);
            run role(1, 1, 1, 2, 1, 0);
            run role(2, 2, 3, 1, 1, 1)
        :: run role(0, 0, 0, 1, 0, 1);
            run role(1, 1, 1, 1, 1, 0);
            run role(2, 2, 3, 1, 1, 1)
        fi;
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 ->
            assert(newest(NET(0)) + newest(NET(1)) + newest(NET(2)) + newest(NET(3)) == held)
        :: else
        fi
    }
}

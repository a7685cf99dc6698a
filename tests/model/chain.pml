/* SPDX-License-Identifier: MIT
 *
 * chain: publishing entries of the registry on a category's chain (registry.c), and a row of a
 * cache to readers of figures (cache.c).
 *
 * Threads 0 and 1 each take an entry that was never used and push it; thread 0 then makes a row.
 * Thread 2 walks the chain twice, and reads the row.
 *
 * Safety:   an entry is one thread's; who meets an entry or a row sees what it was published
 *           with; a walk ends; no entry is lost from the chain.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 2 entries, 1 row.
 */
#define THREADS   3
#define ATOMICS   3
#define HISTORY   6
#define ALL_PLAIN 7

/* The faults. */
#define CHAIN_RELEASE 1 /* push_entry: CAS without release [E:chain] */
#define CHAIN_ACQUIRE 2 /* corral_registry_first: load without acquire [E:chain] */
#define ROW_RELEASE   3 /* corral_cache_row_slow: store without release [E:row] */
#define ROW_ACQUIRE   4 /* cache_row_of: load without acquire [E:row] */
#define CHAIN_TORN    5 /* push_entry: CAS as a load and a store */
#define NUMBER_TORN   6 /* take_entry: CAS as a load and a store */
#define NEXT_KEPT     7 /* push_entry: does not link to the head that the CAS met */
#define FILL_LATE     8 /* push_entry: fills the entry after the push */

/* The situations that runs come to. */
#define BOTH   1 /* a walk meets both entries */
#define NONE   2 /* a walk meets none */
#define OUTRUN 3 /* another pushes first */
#define ROW_IN 4 /* the row is seen */

#include "weak.h"

/* Atomic locations. */
#define NUMBER 0 /* next_number, less 1 */
#define CHAIN  1 /* chains[category]: an entry's number, or 0 */
#define ROWS   2 /* rows[category] */

/* Plain data. */
#define ENTRY(n) (n)
#define ROW      4

byte next[3]; /* by number: entry->next, plain */

/* registry.c, take_entry */
inline take_entry() {
    load(NUMBER, RELAXED, was);
    do
    :: !done ->
        if
        :: fault == NUMBER_TORN -> cas_torn(NUMBER, was, was + 1, RELAXED, done)
        :: else -> cas(NUMBER, was, was + 1, RELAXED, done)
        fi
    :: else -> break
    od;
    done = false;
    number = was + 1
}

/* registry.c, push_entry */
inline push_entry() {
    take_entry();
    if
    :: fault != FILL_LATE -> touch(ENTRY(number))
    :: else
    fi;
    load(CHAIN, RELAXED, was);
    next[number] = was;
    do
    :: !done ->
        if
        :: fault == CHAIN_TORN -> cas_torn(CHAIN, was, number, RELEASE, done)
        :: else -> cas(CHAIN, was, number, unless(CHAIN_RELEASE, RELEASE), done)
        fi;
        if
        :: !done -> reach(OUTRUN)
        :: else
        fi;
        if
        :: !done && fault != NEXT_KEPT -> atomic {
            touch(ENTRY(number));
            next[number] = was
        }
        :: else
        fi
    :: else -> break
    od;
    if
    :: fault == FILL_LATE -> touch(ENTRY(number))
    :: else
    fi;
    done = false;
    number = 0;
    was = 0
}

inline walk() {
    load(CHAIN, unless(CHAIN_ACQUIRE, ACQUIRE), was);
    number = 0;
    do
    :: was != 0 -> atomic {
        peek(ENTRY(was));
        was = next[was];
        number++;
        assert(number <= 2)
    }
    :: else -> break
    od;
    if
    :: number == 2 -> reach(BOTH)
    :: number == 0 -> reach(NONE)
    :: else
    fi;
    number = 0
}

inline make_row() {
    touch(ROW);
    store(ROWS, 1, unless(ROW_RELEASE, RELEASE))
}

inline read_row() {
    load(ROWS, unless(ROW_ACQUIRE, ACQUIRE), was);
    if
    :: was ->
        reach(ROW_IN);
        peek(ROW);
        was = 0
    :: else
    fi
}

proctype role(byte me) {
    SWITCHES;
    byte was, number;
    bool done;
    if
    :: me == 0 ->
        push_entry();
        make_row()
    :: me == 1 -> push_entry()
    :: me == 2 ->
        walk();
        walk();
        read_row()
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
        :: stopped == 0 ->
            assert(newest(CHAIN) != 0 && next[newest(CHAIN)] == 3 - newest(CHAIN));
            assert(next[3 - newest(CHAIN)] == 0)
        :: else
        fi
    }
}

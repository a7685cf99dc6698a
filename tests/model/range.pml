/* SPDX-License-Identifier: MIT
 *
 * range: the ranges of a reservation, its end, and its entry used again (range.c).
 *
 * An entry with a mapping of one range, which thread 0 has and gives back. Threads 1 and 2 take a
 * range and give it back, each twice. Who gives the last one back unmaps the reservation. Who
 * finds no range fills the entry with a mapping of two. The OS may refuse to unmap, or to map,
 * once.
 *
 * Safety:   no range is taken twice; a mapping is unmapped when nobody has a range of it; who
 *           takes a range reads the base of its mapping; no race on ranges and on `count`.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 1 entry, mappings of 1 and 2 ranges, 5 gives, one refusal.
 */
#define THREADS   3
#define ATOMICS   2
#define HISTORY   16
#define ALL_PLAIN 31

/* The faults. */
#define GIVE_RELEASE    1  /* corral_range_give: fetch_or without release [E:range] */
#define GROW_RELEASE    2  /* grow: fetch_or without release [E:range] */
#define TAKE_ACQUIRE    3  /* take_from: CAS without acquire [E:range] */
#define ALL_ACQUIRE     4  /* release_if_empty: CAS without acquire [E:range] */
#define BACK_RELEASE    5  /* release_if_empty: another's are put back without release [E:range] */
#define REFUSED_RELEASE 6  /* release_if_empty: the same when the OS refuses [E:range] */
#define ENTRY_RELEASE   7  /* release_if_empty: store to `base` without release [E:range-entry] */
#define FAILED_RELEASE  8  /* grow: the same when there is no memory [E:range-entry] */
#define ENTRY_ACQUIRE   9  /* claim_entry: CAS without acquire [E:range-entry] */
#define GIVE_TORN       10 /* corral_range_give: fetch_or as a load and a store */
#define TAKE_TORN       11 /* take_from: CAS as a load and a store */
#define ALL_TORN        12 /* release_if_empty: CAS as a load and a store */
#define BACK_TORN       13 /* release_if_empty: fetch_or as a load and a store */
#define ENTRY_TORN      14 /* claim_entry: CAS as a load and a store */
#define ALL_UNCHECKED   15 /* release_if_empty: does not look whether the entry serves another */
#define BACK_BLIND      16 /* release_if_empty: puts back, and does not look whether all are free */
#define BASE_LATE       17 /* grow: the word of free ranges before the base */
#define COUNT_BEFORE    18 /* release_if_empty: looks at `count` before it takes all ranges */

/* The situations that runs come to. */
#define UNMAPPED  1 /* a mapping is unmapped */
#define ANOTHER   2 /* the entry serves another reservation by now */
#define ALL_AGAIN 3 /* and all of that one's are free when they were put back */
#define REFUSED   4 /* the OS does not unmap */
#define FAILED    5 /* the OS does not map */
#define GROWN     6 /* the entry is filled again */
#define TOOK      7 /* a range is taken that was given back */

#include "weak.h"

/* Atomic locations. */
#define FREE 0 /* it->free: one bit a range */
#define BASE 1 /* it->base: 0, being filled, or the mapping */

#define FILLING       1
#define bits_below(n) ((1 << (n)) - 1)

/* Plain data, besides the two ranges: each thread's readings of `count`. */
#define RANGES 3
#define COUNT  4 /* shifted by the thread's number */
#define COUNTS 28

byte held = 1;       /* ranges that threads have */
byte mapping = 1;    /* ranges that are mapped */
byte count = 1;      /* it->count: plain */
bool refusal = true; /* the OS may refuse */
bool kept;           /* it refused to unmap */

inline read_count(result) {
    atomic {
        touch(COUNT << me);
        result = count
    }
}

inline put_back(torn, how) {
    if
    :: torn ->
        look(FREE, RELAXED, was);
        store(FREE, was | bits_below(all), how)
    :: else -> modify(FREE, OP_OR, bits_below(all), how, was)
    fi
}

/* What was taken is another reservation's: `all` is its ranges when they are all free. */
inline leave_to_another() {
    reach(ANOTHER);
    put_back(fault == BACK_TORN, unless(BACK_RELEASE, RELEASE));
    if
    :: (was | bits_below(all)) == bits_below(now) && fault != BACK_BLIND ->
        reach(ALL_AGAIN);
        all = now
    :: else -> all = 0
    fi;
    was = 0
}

/* The end of release_if_empty: to the OS. */
inline unmap() {
    if
    :: refusal ->
        refusal = false;
        kept = true;
        reach(REFUSED);
        put_back(false, unless(REFUSED_RELEASE, RELEASE));
        was = 0
    :: true ->
        atomic {
            reach(UNMAPPED);
            assert(held == 0 && mapping == bits_below(all));
            mapping = 0;
            touch(bits_below(all))
        };
        store(BASE, 0, unless(ENTRY_RELEASE, RELEASE))
    fi
}

/* release_if_empty(all), which calls itself for another reservation */
inline release_if_empty() {
    do
    :: all != 0 ->
        if
        :: fault == COUNT_BEFORE -> read_count(now)
        :: else
        fi;
        was = bits_below(all);
        if
        :: fault == ALL_TORN -> cas_torn(FREE, was, 0, ACQUIRE, done)
        :: else -> cas(FREE, was, 0, unless(ALL_ACQUIRE, ACQUIRE), done)
        fi;
        was = 0;
        if
        :: !done -> break
        :: else -> done = false
        fi;
        if
        :: fault != COUNT_BEFORE -> read_count(now)
        :: else
        fi;
        if
        :: now != all && fault != ALL_UNCHECKED ->
            leave_to_another()
        :: else ->
            unmap();
            all = 0
        fi
    :: else -> break
    od;
    now = 0;
    all = 0
}

/* corral_range_give: its purge touches the range. */
inline give() {
    atomic {
        load(BASE, RELAXED, was);
        assert(was > FILLING && was == newest(BASE));
        touch(has | (COUNT << me));
        all = count;
        assert((mapping & has) != 0);
        held = held - has
    };
    if
    :: fault == GIVE_TORN ->
        look(FREE, RELAXED, was);
        store(FREE, was | has, RELEASE)
    :: else -> modify(FREE, OP_OR, has, unless(GIVE_RELEASE, RELEASE), was)
    fi;
    was = was | has;
    has = 0;
    if
    :: was == bits_below(all) ->
        was = 0;
        release_if_empty()
    :: else
    fi;
    all = 0;
    was = 0
}

inline have(range) {
    assert((held & (range)) == 0 && (mapping & (range)) != 0);
    has = range;
    held = held | has
}

/* take_from() */
inline take() {
    load(FREE, RELAXED, was);
    do
    :: has == 0 && was != 0 ->
        mask = 2 - (was & 1); /* the lowest */
        if
        :: fault == TAKE_TORN -> cas_torn(FREE, was, was & ~mask, ACQUIRE, done)
        :: else -> cas(FREE, was, was & ~mask, unless(TAKE_ACQUIRE, ACQUIRE), done)
        fi;
        if
        :: done ->
            done = false;
            atomic {
                have(mask);
                touch(mask);
                load(BASE, RELAXED, was);
                assert(was > FILLING && was == newest(BASE))
            };
            reach(TOOK)
        :: else
        fi;
        mask = 0
    :: else -> break
    od;
    was = 0
}

/* The end of grow(): the entry has a mapping. */
inline fill() {
    atomic {
        assert(mapping == 0);
        mapping = RANGES;
        fresh(RANGES);
        touch(COUNTS);
        count = 2;
        have(1)
    };
    if
    :: fault == BASE_LATE -> modify(FREE, OP_OR, 2, RELEASE, was)
    :: else
    fi;
    store(BASE, FILLING + 2, RELAXED);
    if
    :: fault != BASE_LATE -> modify(FREE, OP_OR, 2, unless(GROW_RELEASE, RELEASE), was)
    :: else
    fi;
    was = 0
}

/* grow(), claim_entry() */
inline grow() {
    load(BASE, RELAXED, was);
    if
    :: was == 0 ->
        if
        :: fault == ENTRY_TORN -> cas_torn(BASE, was, FILLING, ACQUIRE, done)
        :: else -> cas(BASE, was, FILLING, unless(ENTRY_ACQUIRE, ACQUIRE), done)
        fi
    :: else
    fi;
    was = 0;
    if
    :: done ->
        done = false;
        if
        :: refusal ->
            refusal = false;
            reach(FAILED);
            store(BASE, 0, unless(FAILED_RELEASE, RELEASE))
        :: true ->
            reach(GROWN);
            fill()
        fi
    :: else
    fi
}

/* has: the range that the thread has; turns: its takes. */
proctype role(byte me; byte has; byte turns) {
    SWITCHES;
    byte was, mask, all, now;
    bool done;
    do
    :: has != 0 -> give()
    :: has == 0 && turns != 0 ->
        turns--;
        take();
        if
        :: has == 0 -> grow()
        :: else
        fi
    :: else -> break
    od;
    end_thread()
}

init {
    atomic {
        start_weak();
        newest(BASE) = FILLING + 1;
        run role(0, 1, 0);
        run role(1, 0, 2);
        run role(2, 0, 2);
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 ->
            assert(held == 0 && newest(FREE) == mapping);
            assert((mapping == 0) == (newest(BASE) == 0) && (mapping == 0 || kept))
        :: else
        fi
    }
}

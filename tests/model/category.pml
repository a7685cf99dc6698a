/* SPDX-License-Identifier: MIT
 *
 * category: entering ids into the list and the index, and when a miss in the index is final
 * (category.c).
 *
 * Two categories can be given, and three ids ask for them; all three hash to the same slot.
 * Thread 0 looks up ids 1 and 3, thread 1 ids 2 and 1; thread 2 finds id 2 without entering it.
 *
 * Safety:   an id's category never changes, also not from the overflow category; two ids never
 *           share one; an id that is said to be known is answered as it always will be.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 3 ids, 2 categories besides overflow, 2 slots of the index and the empty
 *           one.
 */
#define THREADS   3
#define ATOMICS   5
#define HISTORY   6
#define ALL_PLAIN 1

/* The faults. */
#define SLOT_RELEASE    1  /* enter_index: CAS without release [E:category] */
#define SLOT_ACQUIRE    2  /* probe: load without acquire [E:category] */
#define INDEXED_RELEASE 3  /* enter_index: fetch_add without release [E:indexed] */
#define INDEXED_ACQUIRE 4  /* index_is_complete: load without acquire [E:indexed] */
#define LIST_TORN       5  /* walk: CAS as a load and a store */
#define SLOT_TORN       6  /* enter_index: CAS as a load and a store */
#define INDEXED_TORN    7  /* enter_index: fetch_add as a load and a store */
#define COMPLETE_LATE   8  /* of_id: looks whether the index is complete after the look-up */
#define COUNT_EARLY     9  /* enter_index: counts the entry before the index has it */
#define COUNT_AGAIN     10 /* enter_index: counts although another entered it */
#define WALK_NEVER      11 /* of_id: a miss in the index is final when the list is full */
#define KNOWN_LATE      12 /* find: looks again, after the walk, whether the list is full */

/* The situations that runs come to. */
#define HIT         1 /* the index has an id */
#define ENTERED     2 /* an id is entered into the list */
#define MET         3 /* another enters the same id into the list first */
#define OUTRUN      4 /* another enters its id into the same place of the list first */
#define INDEXED_YET 5 /* another enters the id into the index first */
#define COMPLETE    6 /* a miss in a complete index */
#define OVERFLOWED  7 /* a walk finds the list full */
#define KNOWN       8 /* find says that an id shares the overflow category */
#define UNKNOWN     9 /* find says that an id may yet get a category */

#include "weak.h"

/* Atomic locations. */
#define INDEXED 0
#define IDS(c)   (c)     /* ids[c], of 1 and 2 */
#define SLOTS(i) (3 + i) /* slots[i], of 0 and 1; the next one is always empty */

#define CATEGORIES 2
#define OVERFLOW   3

byte answer[4]; /* by id: what it was told */

/* probe(): `category` is 0 when the id is not in the index. */
inline probe() {
    slot = 0;
    category = 0;
    do
    :: slot < 2 ->
        load(SLOTS(slot), unless(SLOT_ACQUIRE, ACQUIRE), category);
        if
        :: category == 0 -> break
        :: else
        fi;
        load(IDS(category), RELAXED, there);
        if
        :: there == id ->
            reach(HIT);
            break
        :: else
        fi;
        category = 0;
        slot++
    :: else -> break
    od;
    there = 0
}

inline count_entry() {
    if
    :: fault == INDEXED_TORN ->
        look(INDEXED, RELAXED, there);
        store(INDEXED, there + 1, RELEASE)
    :: else -> modify(INDEXED, OP_ADD, 1, unless(INDEXED_RELEASE, RELEASE), there)
    fi;
    there = 0
}

/* enter_index(): of the id, which has the category `found`. */
inline enter_index() {
    if
    :: fault == COUNT_EARLY -> count_entry()
    :: else
    fi;
    do
    :: !done ->
        probe();
        if
        :: category != 0 ->
            reach(INDEXED_YET);
            if
            :: fault == COUNT_AGAIN -> count_entry()
            :: else
            fi;
            break
        :: else
        fi;
        assert(slot < 2);
        if
        :: fault == SLOT_TORN -> cas_torn(SLOTS(slot), there, found, RELEASE, done)
        :: else -> cas(SLOTS(slot), there, found, unless(SLOT_RELEASE, RELEASE), done)
        fi;
        if
        :: done && fault != COUNT_EARLY -> count_entry()
        :: else
        fi;
        there = 0
    :: else -> break
    od;
    done = false;
    slot = 0;
    category = found;
    found = 0
}

/* walk(): `found` is 0 when the id is not in the list and not entered. */
inline walk(enter) {
    at = 1;
    do
    :: at <= CATEGORIES ->
        load(IDS(at), RELAXED, there);
        if
        :: there == 0 && enter ->
            if
            :: fault == LIST_TORN -> cas_torn(IDS(at), there, id, RELAXED, done)
            :: else -> cas(IDS(at), there, id, RELAXED, done)
            fi;
            if
            :: done ->
                reach(ENTERED);
                there = id
            :: !done && there == id -> reach(MET)
            :: else -> reach(OUTRUN)
            fi;
            done = false
        :: else
        fi;
        if
        :: there == id ->
            found = at;
            break
        :: there == 0 ->
            room = true;
            break
        :: else
        fi;
        at++
    :: else ->
        reach(OVERFLOWED);
        break
    od;
    there = 0;
    at = 0
}

/* index_is_complete() */
inline look_complete() {
    load(INDEXED, unless(INDEXED_ACQUIRE, ACQUIRE), there);
    complete = (there == CATEGORIES);
    there = 0
}

inline look_up(enter_it) {
    if
    :: fault != COMPLETE_LATE -> look_complete()
    :: else
    fi;
    probe();
    if
    :: fault == COMPLETE_LATE -> look_complete()
    :: else
    fi;
    slot = 0;
    if
    :: fault == WALK_NEVER && category == 0 ->
        load(IDS(CATEGORIES), RELAXED, there);
        complete = (there != 0);
        there = 0
    :: else
    fi;
    if
    :: category == 0 && !complete ->
        walk(enter_it);
        if
        :: found != 0 && enter_it -> enter_index()
        :: else ->
            category = found;
            found = 0
        fi
    :: category == 0 && complete -> reach(COMPLETE)
    :: else
    fi;
    complete = false
}

/* corral_category_of_id */
inline of_id(which) {
    id = which;
    look_up(true);
    atomic {
        category = (category == 0 -> OVERFLOW : category);
        assert(answer[id] == 0 || answer[id] == category);
        answer[id] = category;
        category = 0;
        id = 0
    }
}

/* corral_category_find */
inline find(wanted) {
    id = wanted;
    look_up(false);
    if
    :: category != 0 -> atomic {
        assert(newest(IDS(category)) == id);
        category = 0
    }
    :: else -> atomic {
        if
        :: fault == KNOWN_LATE ->
            load(IDS(CATEGORIES), RELAXED, there);
            room = (there == 0);
            there = 0
        :: else
        fi;
        if
        :: room -> reach(UNKNOWN)
        :: else ->
            reach(KNOWN);
            assert(newest(IDS(1)) != id && newest(IDS(2)) != id)
        fi
    }
    fi;
    room = false;
    id = 0
}

/* first, second: ids to look up. */
proctype role(byte me; byte first; byte second) {
    SWITCHES;
    byte id, category, found, there, slot, at;
    bool done, complete, room;
    if
    :: me == 2 -> find(2)
    :: else
    fi;
    do
    :: first != 0 ->
        of_id(first);
        first = second;
        second = 0
    :: else -> break
    od;
    end_thread()
}

init {
    atomic {
        start_weak();
        run role(0, 1, 3);
        run role(1, 2, 1);
        run role(2, 0, 0);
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 ->
            assert(newest(IDS(1)) != newest(IDS(2)) && newest(IDS(2)) != 0);
            assert(newest(INDEXED) == 2 && newest(SLOTS(0)) + newest(SLOTS(1)) == 3)
        :: else
        fi
    }
}

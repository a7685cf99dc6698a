/* SPDX-License-Identifier: MIT
 *
 * state.h: the operations of slab.c on a slab's remote bits and state word, for state.pml and
 * shelf.pml.
 *
 * Owns:     what a slab of 3 blocks is in a model. 3 threads.
 * Callers:  who has the slab (`has`), but for send_bits(): anyone who holds the blocks. The
 *           process has the variables that are named here.
 * Promises: each operation on shared memory is one of the C code's, in its order, with its memory
 *           order. `holder` and `life` are the model's own, to check by.
 * Does not: say what becomes of a slab that wakes.
 */
#include "weak.h"

/* Atomic locations. */
#define BITS  0 /* remote->bits[0] */
#define STATE 1 /* remote->state */
#define LIMIT 2 /* remote->wake */
#define TAKEN 3 /* the slab's bit in registry_entry.taken */

/* Plain data. */
#define BLOCKS     7  /* blocks 0, 1, 2 */
#define DESCRIPTOR 8  /* the descriptor and the free bitmap */
#define HEADER     16 /* shifted by the thread's number: its other uses of the slab's lines */
#define HEADERS    112

/* The faults. */
#define BITS_RELEASE     1  /* send_remote: fetch_or without release [E:bits] */
#define BITS_ACQUIRE     2  /* collect: exchange without acquire [E:bits] */
#define SEND_RELEASE     3  /* send_remote: CAS without release [E:state] */
#define SEND_ACQUIRE     4  /* send_remote: CAS without acquire [E:state] */
#define WAKE_ACQUIRE     5  /* send_remote: load of the state without acquire [E:state] */
#define ARM_RELEASE      6  /* let_go, shelve: CAS without release [E:state] */
#define ARM_ACQUIRE      7  /* let_go, shelve: load without acquire [E:state] */
#define BACK_ACQUIRE     8  /* give_back: CAS without acquire [E:state] */
#define TAKEN_RELEASE    9  /* corral_arena_return: fetch_and without release [E:slabs] */
#define TAKEN_ACQUIRE    10 /* claim_from: CAS without acquire [E:slabs] */
#define BITS_TORN        11 /* send_remote: fetch_or as a load and a store */
#define COLLECT_TORN     12 /* collect: exchange as a load and a store */
#define SEND_TORN        13 /* send_remote: CAS as a load and a store */
#define UNCOUNT_TORN     14 /* uncount: CAS as a load and a store */
#define ARM_TORN         15 /* let_go, shelve: CAS as a load and a store */
#define BACK_TORN        16 /* give_back: CAS as a load and a store */
#define BACK_UNCHECKED   17 /* give_back: whatever is pending */
#define ARM_UNCHECKED    18 /* let_go, shelve: although pending has reached wake */
#define WAKE_EXACT       19 /* send_remote: wakes when pending is wake, not when it is past it */
#define WAKE_AGAIN       20 /* send_remote: FULL stays set */
#define COUNT_FIRST      21 /* send_remote: the count before the bits */
#define UNCOUNT_ANY      22 /* collect: pending becomes 0, whatever was taken */
#define TAKE_BACK_TORN   23 /* take_back: CAS as a load and a store */
#define TAKE_BACK_WOKEN  24 /* take_back: also when the slab is not FULL any more */

/* The state word: pending + 8, FULL, SHELVED, generation. */
#define ZERO           8
#define FULL           16
#define SHELVED        32
#define GENERATION     64
#define pending(state) (((state) & 15) - 8)
#define ones(bits)     (((bits) & 1) + ((bits) >> 1 & 1) + ((bits) >> 2 & 1))
#define WAKE           2

#define NO_GENERATION 31 /* let_go, shelve: the generation stays [E:state] */
#define RAISE         (GENERATION * (fault != NO_GENERATION))

byte holder = 1; /* who has the slab: its number plus 1, or 0 */
byte life;       /* how often the slab was given back */
byte free;       /* the free bitmap: plain, of the DESCRIPTOR */

/* The holder's right ends. */
inline lose(now_or_not) {
    if
    :: now_or_not ->
        assert(holder == me + 1);
        holder = 0;
        has = false
    :: else
    fi
}

/* arm(): the end of the caller's right to the slab when it succeeds. */
inline arm(wake, flag) {
    store(LIMIT, wake, RELAXED);
    load(STATE, unless(ARM_ACQUIRE, ACQUIRE), state);
    done = false;
    do
    :: !done && (pending(state) < wake || fault == ARM_UNCHECKED) ->
        if
        :: fault == ARM_TORN ->
            cas_torn(STATE, state, (state | flag) + RAISE, RELEASE, done);
            lose(done)
        :: else -> atomic {
            cas(STATE, state, (state | flag) + RAISE, unless(ARM_RELEASE, RELEASE), done);
            lose(done)
        }
        fi
    :: else -> break
    od;
    state = 0
}

/* corral_slab_take_back_remote, by the thread that let the slab go and holds blocks of it. */
inline take_back() {
    load(STATE, RELAXED, state);
    done = false;
    do
    :: !done && ((state & FULL) != 0 || fault == TAKE_BACK_WOKEN) ->
        if
        :: fault == TAKE_BACK_TORN -> cas_torn(STATE, state, state & ~FULL, RELAXED, done)
        :: else -> cas(STATE, state, state & ~FULL, RELAXED, done)
        fi;
        if
        :: done -> atomic {
            assert(holder == 0);
            holder = me + 1;
            has = true
        }
        :: else -> reach(TOO_LATE)
        fi
    :: else -> break
    od;
    state = 0
}

/* corral_slab_collect_owner, uncount */
inline collect() {
    load(BITS, RELAXED, taken);
    if
    :: taken != 0 ->
        if
        :: fault == COLLECT_TORN ->
            look(BITS, ACQUIRE, taken);
            store(BITS, 0, RELAXED)
        :: else -> modify(BITS, OP_SET, 0, unless(BITS_ACQUIRE, ACQUIRE), taken)
        fi;
        atomic {
            touch(DESCRIPTOR | taken);
            assert((free & taken) == 0);
            free = free | taken;
            load(STATE, RELAXED, state)
        };
        done = false;
        do
        :: !done ->
            if
            :: fault == UNCOUNT_TORN ->
                cas_torn(STATE, state, state - ones(taken), RELAXED, done)
            :: fault == UNCOUNT_ANY ->
                cas(STATE, state, state - pending(state), RELAXED, done)
            :: else -> atomic {
                cas(STATE, state, state - ones(taken), RELAXED, done);
                assert(situation != AHEAD || pending(newest(STATE)) >= 0)
            }
            fi
        :: else -> break
        od;
        state = 0
    :: else
    fi;
    taken = 0
}

/* corral_slab_give_back_owner, corral_arena_give */
inline give_back() {
    load(STATE, RELAXED, state);
    done = false;
    do
    :: !done && (pending(state) == 0 || fault == BACK_UNCHECKED) ->
        if
        :: fault == BACK_TORN ->
            cas_torn(STATE, state, state + GENERATION, ACQUIRE, done);
            life = life + done
        :: else -> atomic {
            cas(STATE, state, state + GENERATION, unless(BACK_ACQUIRE, ACQUIRE), done);
            life = life + done
        }
        fi
    :: else -> break
    od;
    if
    :: done ->
        /* From here on the arena may be unmapped. */
        atomic {
            touch(DESCRIPTOR | HEADERS | BLOCKS);
            free = 0;
            modify(TAKEN, OP_SET, 0, unless(TAKEN_RELEASE, RELEASE), state);
            assert(state == 1);
            lose(true)
        }
    :: else -> reach(REFUSED)
    fi;
    state = 0
}

/* claim_from: a new slab, if this one is there, of which all blocks are handed out. */
inline claim() {
    load(TAKEN, RELAXED, taken);
    done = (taken == 0);
    if
    :: done -> atomic {
        cas(TAKEN, taken, 1, unless(TAKEN_ACQUIRE, ACQUIRE), done);
        if
        :: done ->
            assert(holder == 0);
            holder = me + 1;
            has = true;
            born = life;
            touch(DESCRIPTOR | HEADERS | BLOCKS);
            assert(newest(BITS) == 0 && newest(STATE) % GENERATION == ZERO)
        :: else
        fi
    }
    :: else
    fi;
    taken = 0
}

/* state_after() */
inline state_after() {
    next = state + ones(bits);
    wakes = (state & (FULL | SHELVED)) != 0 && pending(next) >= wake;
    if
    :: fault == WAKE_EXACT -> wakes = wakes && pending(next) == wake
    :: else
    fi;
    if
    :: wakes && fault != WAKE_AGAIN -> next = next & ~(FULL | SHELVED)
    :: else
    fi
}

/* The state's CAS in send_remote. */
inline count_blocks() {
    done = false;
    do
    :: !done ->
        atomic {
            assert(life == born);
            load(STATE, unless(WAKE_ACQUIRE, ACQUIRE), state)
        };
        atomic {
            assert(life == born);
            load(LIMIT, RELAXED, wake);
            assert(situation != STALE || wake == newest(LIMIT));
            touch(HEADER << me);
            state_after()
        };
        if
        :: fault == SEND_TORN -> cas_torn(STATE, state, next, ACQ_REL, done)
        :: else -> atomic {
            assert(life == born);
            cas(STATE, state, next, unless(SEND_ACQUIRE, ACQUIRE) + unless(SEND_RELEASE, RELEASE),
                done);
            if
            :: done && (state & (FULL | SHELVED)) != 0 ->
                assert(wakes == (pending(next) >= newest(LIMIT)))
            :: else
            fi
        }
        fi
    :: else -> break
    od
}

/* corral_slab_send_remote. */
inline send_bits(blocks) {
    bits = blocks;
    mine = mine - bits;
    if
    :: fault == COUNT_FIRST -> count_blocks()
    :: else
    fi;
    if
    :: fault == BITS_TORN ->
        touch(bits);
        look(BITS, RELAXED, before);
        store(BITS, before | bits, RELEASE)
    :: else -> atomic {
        assert(life == born);
        touch(bits);
        modify(BITS, OP_OR, bits, unless(BITS_RELEASE, RELEASE), before);
        assert((before & bits) == 0)
    }
    fi;
    before = 0;
    if
    :: fault != COUNT_FIRST -> count_blocks()
    :: else
    fi
}

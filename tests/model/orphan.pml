/* SPDX-License-Identifier: MIT
 *
 * orphan: caches that change hands: exit, adoption, the reaping of one whose thread is gone,
 * identities, and the owner of a slab that names one (cache.c, thread.c, reap.c, slab_is_owned_by
 * of slab.h).
 *
 * Thread 0 has cache 1, which owns a slab. It ends: by its exit hook, or it vanishes. Then thread
 * 2 begins, with the same identity in the OS or another one. Threads 1 and 2 attach, free a block
 * of the slab, take it off its shelf if it is there, free another block, and thread 1 ends by its
 * exit hook.
 *
 * Safety:   a cache is one thread's; who finds his identity in owner[] has the slab; no race on
 *           caches, their constants, and the slab's plain fields.
 * Progress: no cycle; with a thread stopped, the others come to their end.
 * Bound:    3 threads, 3 identities, 1 slab; one look at each cache.
 */
#define THREADS   3
#define ATOMICS   8
#define HISTORY   8
#define ALL_PLAIN 127

/* The faults. */
#define ORPHAN_RELEASE  1  /* corral_cache_orphan: fetch_or without release [E:orphan] */
#define ORPHAN_ACQUIRE  2  /* take_bit: fetch_and without acquire [E:orphan] */
#define CACHE_RELEASE   3  /* corral_cache_make: store without release [E:cache] */
#define CACHE_ACQUIRE   4  /* corral_cache_named: load without acquire [E:cache] */
#define ORPHAN_TORN     5  /* corral_cache_orphan: fetch_or as a load and a store */
#define ADOPT_TORN      6  /* take_bit: fetch_and as a load and a store */
#define IDENTITY_TORN   7  /* take_identity: CAS as a load and a store */
#define REAP_TORN       8  /* reap.c, take: CAS as a load and a store */
#define NO_HOLDS        9  /* corral_reap_hold: the mark without the count of holds */
#define MARK_KEPT       10 /* leave: the mark stays */
#define MARK_LATE       11 /* leave: the mark is taken away after the cache is given up */
#define GONE_UNASKED    12 /* reap.c, take: does not ask whether the thread is gone */
#define OWNER_KEPT      13 /* shelve: owner[] stays */
#define OWNER_LATE      14 /* shelve: owner[] is cleared after the slab is on its shelf */
#define IDENTITY_REUSED 15 /* take_identity: gives one that owner[] may name */

/* The situations that runs come to. */
#define ADOPTED   1 /* an orphan is adopted */
#define REAPED    2 /* a cache is taken whose thread vanished */
#define MADE      3 /* a cache is made */
#define OUTRUN    4 /* a cache whose thread is gone is another's by now */
#define OWN       5 /* a block comes home to one's own slab */
#define OWN_TAKEN 6 /* the same after the slab was taken off the shelf */
#define STALE     7 /* owner[] names a cache that is not the owner any more */
#define NAMED_BY  8 /* the table has another thread's new cache */

#include "weak.h"

/* Atomic locations. */
#define ORPHANS    0       /* orphans[0]: a bit for each identity */
#define OWNER      1       /* owner[] of the slab */
#define SPOT       2       /* 1: the slab is on its shelf */
#define MARK       3       /* mark of cache 1: holds, thread */
#define GONE       4       /* what the OS says of the thread that thread 0 and 2 are */
#define IDENTITIES 5       /* the next identity */
#define CACHES(i)  (4 + i) /* caches[i], of 2 and 3 */

#define bit(i)     (1 << (i))
#define HOLD       4
#define FIRST_NAME 2 /* of thread 0 in the OS */

/* Plain data: caches 1 to 3, the constants of 2 and 3, and the slab. */
#define CACHE(i)    (1 << ((i) - 1))
#define CONSTANT(i) (2 << (i))
#define SLAB        64

byte had[4];         /* by identity: the number of the cache's thread plus 1 */
byte owner = 1;      /* the identity of the slab's owner */
byte holds = 1;      /* of cache 1: plain */

inline have(which) {
    assert(had[which] == 0);
    had[which] = me + 1;
    cache = which;
    identity = which;
    touch(CACHE(which))
}

/* corral_cache_take_orphan, take_bit */
inline adopt() {
    load(ORPHANS, RELAXED, seen);
    at = 1;
    do
    :: cache == 0 && at < 4 ->
        if
        :: seen & bit(at) ->
            if
            :: fault == ADOPT_TORN ->
                look(ORPHANS, ACQUIRE, was);
                store(ORPHANS, was & ~bit(at), RELAXED);
                atomic {
                    if
                    :: was & bit(at) -> have(at)
                    :: else
                    fi
                }
            :: else -> atomic {
                modify(ORPHANS, OP_AND, ~bit(at), unless(ORPHAN_ACQUIRE, ACQUIRE), was);
                if
                :: was & bit(at) ->
                    reach(ADOPTED);
                    have(at)
                :: else
                fi
            }
            fi
        :: else
        fi;
        was = 0;
        at++
    :: else -> break
    od;
    seen = 0;
    at = 0
}

/* corral_os_thread_is_gone, of the thread in the mark. */
inline ask_gone() {
    if
    :: was % HOLD == name -> seen = 0
    :: was % HOLD != name && fault == GONE_UNASKED -> seen = 1
    :: else ->
        /* [R:gone] The OS orders, and its answer is not stale. */
        if
        :: was % HOLD == FIRST_NAME -> look(GONE, ACQUIRE, seen)
        :: else -> seen = 0
        fi
    fi
}

/* corral_reap_take: cache 1 may be one whose thread is gone; 2 and 3 are looked at. */
inline reap() {
    load(MARK, RELAXED, was);
    if
    :: was != 0 ->
        ask_gone();
        if
        :: seen && fault == REAP_TORN ->
            cas_torn(MARK, was, 0, RELAXED, done);
            atomic {
                if
                :: done -> have(1)
                :: else
                fi
            }
        :: seen && fault != REAP_TORN -> atomic {
            cas(MARK, was, 0, RELAXED, done);
            if
            :: done ->
                reach(REAPED);
                have(1)
            :: else -> reach(OUTRUN)
            fi
        }
        :: else
        fi
    :: else
    fi;
    done = false;
    was = 0;
    load(CACHES(2), unless(CACHE_ACQUIRE, ACQUIRE), seen);
    if
    :: seen ->
        reach(NAMED_BY);
        peek(CONSTANT(2))
    :: else
    fi;
    seen = 0
}

/* corral_cache_make, take_identity */
inline make() {
    load(IDENTITIES, RELAXED, was);
    do
    :: !done ->
        if
        :: fault == IDENTITY_TORN -> cas_torn(IDENTITIES, was, was + 1, RELAXED, done)
        :: else -> cas(IDENTITIES, was, was + 1, RELAXED, done)
        fi
    :: else -> break
    od;
    done = false;
    reach(MADE);
    atomic {
        touch(CONSTANT(was));
        have(was)
    };
    store(CACHES(was), 1, unless(CACHE_RELEASE, RELEASE));
    if
    :: fault == IDENTITY_REUSED -> identity = 1
    :: else
    fi;
    was = 0
}

/* corral_thread_attach */
inline attach() {
    adopt();
    if
    :: cache == 0 -> reap()
    :: else
    fi;
    if
    :: cache == 0 -> make()
    :: else
    fi;
    if
    :: cache == 1 -> atomic {
        holds = holds + (fault != NO_HOLDS);
        store(MARK, holds * HOLD + name, RELAXED)
    }
    :: else
    fi
}

/* corral_home_send_open: to the slab, if it is one's own. */
inline free_block() {
    atomic {
        load(OWNER, RELAXED, was);
        assert(situation != STALE || was == 0 || was == owner);
        assert((was == identity) == (owner == cache));
        assert(cache != 1 || newest(MARK) % HOLD == name);
        if
        :: was == identity ->
            reach(OWN);
            touch(SLAB)
        :: else
        fi;
        was = 0
    }
}

/* corral_shelf_take */
inline take_slab() {
    load(SPOT, RELAXED, was);
    if
    :: was -> atomic {
        cas(SPOT, was, 0, ACQUIRE, done);
        if
        :: done ->
            assert(owner == 0);
            owner = cache;
            store(OWNER, identity, RELAXED)
        :: else
        fi
    }
    :: else
    fi;
    was = 0;
    if
    :: done ->
        done = false;
        reach(OWN_TAKEN);
        free_block()
    :: else
    fi
}

inline shelve() {
    if
    :: fault != OWNER_KEPT && fault != OWNER_LATE -> store(OWNER, 0, RELAXED)
    :: else
    fi;
    atomic {
        touch(SLAB);
        owner = 0;
        modify(SPOT, OP_OR, 1, RELEASE, was);
        was = 0
    };
    if
    :: fault == OWNER_LATE -> store(OWNER, 0, RELAXED)
    :: else
    fi
}

/* leave() */
inline leave() {
    if
    :: owner == cache -> shelve()
    :: else
    fi;
    if
    :: cache == 1 && fault != MARK_KEPT && fault != MARK_LATE -> store(MARK, 0, RELAXED)
    :: else
    fi;
    if
    :: fault == ORPHAN_TORN ->
        look(ORPHANS, RELAXED, was);
        atomic {
            touch(CACHE(cache));
            had[cache] = 0;
            store(ORPHANS, was | bit(cache), RELEASE)
        }
    :: else -> atomic {
        touch(CACHE(cache));
        had[cache] = 0;
        modify(ORPHANS, OP_OR, bit(cache), unless(ORPHAN_RELEASE, RELEASE), was)
    }
    fi;
    was = 0;
    if
    :: cache == 1 && fault == MARK_LATE -> store(MARK, 0, RELAXED)
    :: else
    fi;
    cache = 0
}

/* name: the thread's identity in the OS. */
proctype role(byte me; byte name) {
    SWITCHES;
    byte cache, identity, was, seen, at;
    bool done;
    if
    :: me == 2 && name == FIRST_NAME -> store(GONE, 0, RELEASE)
    :: else
    fi;
    if
    :: me == 0 ->
        cache = 1;
        identity = 1;
        free_block();
        if
        :: leave()
        :: true -> had[1] = 0 /* it vanishes */
        fi;
        cache = 0;
        atomic {
            store(GONE, 1, RELEASE);
            ended[2] = false;
            view[2].known = 0;
            if
            :: run role(2, FIRST_NAME)
            :: run role(2, 3)
            fi
        }
    :: else ->
        attach();
        free_block();
        take_slab();
        if
        :: me == 1 -> leave()
        :: else
        fi
    fi;
    end_thread()
}

init {
    atomic {
        start_weak();
        newest(OWNER) = 1;
        newest(MARK) = HOLD + FIRST_NAME;
        newest(IDENTITIES) = 2;
        had[1] = 1;
        ended[2] = true;
        run role(0, FIRST_NAME);
        run role(1, 1);
        run_stopper()
    };
    atomic {
        timeout ->
        assert_ended();
        if
        :: stopped == 0 -> assert(owner != 0 || newest(SPOT) == 1)
        :: else
        fi
    }
}

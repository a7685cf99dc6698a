/* SPDX-License-Identifier: MIT
 *
 * weak: the fragment of C11's memory model that corral uses, for the models.
 *
 * Owns:     shared locations, what each thread knows of them, and the switches of a run.
 * Callers:  each model defines THREADS, ATOMICS, HISTORY and ALL_PLAIN, then includes this. A
 *           thread's process has its number as `me`. A number of a location is an ATOMIC or a bit
 *           of PLAIN.
 * Promises: an atomic location has a history of messages (value, view). A thread has a view: of
 *           each location the oldest message that it may still read. A load reads any message
 *           from there on, so stores appear delayed, and those to different locations in any
 *           order. A release puts the thread's view into its message; an acquire takes over the
 *           view of the message that it reads. A read-modify-write reads the newest message and
 *           hands that one's view on (the release sequence). A compare-and-swap that fails has
 *           read the newest message. Plain data is a bit: whoever touches it must know of the
 *           last touch, or it is a race. Messages that nobody can read any more are forgotten, so
 *           that equal situations are equal states, and a loop that makes no progress is a cycle.
 * Does not: let a load see a store that is made later, or a store take effect before an earlier
 *           load; put a store elsewhere than at the end of the modification order; know of
 *           fences.
 *
 * Each run reads from the environment: MODEL_FAULT, the number of the fault to put in;
 * MODEL_REACH, the number of the situation that is to be shown reachable; MODEL_STOP, whether one
 * thread stops for ever.
 */
#define RELAXED 0
#define ACQUIRE 1
#define RELEASE 2
#define ACQ_REL 3

/* Of each process, so that looking at them is no step that others see. */
#define SWITCHES byte fault = set_fault, situation = set_situation

/* An order, but for the part that the fault of this run takes away. */
#define unless(name, order) ((order) * (fault != name))
/* A situation that some run has to come to. */
#define reach(number)       assert(situation != number)

typedef View {
    byte at[ATOMICS]; /* the oldest message that may still be read */
    short known;      /* plain data whose last touch is known */
};

typedef Message {
    short value;
    View view;
};

typedef Location {
    byte last; /* the newest message */
    Message message[HISTORY];
};

/* The arguments and results of the operation that is being done; zero between operations. */
typedef Call {
    byte thread, order, target, operation;
    short pick, operand, expected, got;
    bool done;
};

Location location[ATOMICS];
View view[THREADS];
bool ended[THREADS];
Call call;
byte set_fault, set_situation;
bool one_stops;
byte stopped; /* a thread's number plus 1 */

#define newest(l)  location[l].message[location[l].last].value
#define running(t) (stopped != (t) + 1)

#define OP_SET 0
#define OP_OR  1
#define OP_AND 2
#define OP_ADD 3
#define OP_CAS 4
#define OP_LOOK 5

c_decl {
    \#include <stdlib.h>
    \#include <string.h>
    extern void (*uerror)(char *);
};

c_code {
    static void weak_join(struct View *into, const struct View *from) {
        for (int l = 0; l < ATOMICS; l++) {
            if (from->at[l] > into->at[l]) {
                into->at[l] = from->at[l];
            }
        }
        into->known |= from->known;
    }

    /* Forgets the first `low` messages of a location. */
    static void weak_forget(int l, int low) {
        int kept = now.location[l].last + 1 - low;
        struct Message *messages = now.location[l].message;
        memmove(messages, messages + low, (size_t)kept * sizeof *messages);
        memset(messages + kept, 0, (size_t)low * sizeof *messages);
        now.location[l].last -= low;
        for (int t = 0; t < THREADS; t++) {
            now.view[t].at[l] -= now.ended[t] ? now.view[t].at[l] : low;
        }
        for (int other = 0; other < ATOMICS; other++) {
            for (int i = 0; i <= now.location[other].last; i++) {
                unsigned char *at = &now.location[other].message[i].view.at[l];
                *at = *at < low ? 0 : *at - low;
            }
        }
    }

    /* Do two neighbours in a history say the same? */
    static int weak_same(int l, int first) {
        struct Message *it = &now.location[l].message[first];
        struct View view = it[1].view;
        view.at[l] = it->view.at[l];
        return it->value == it[1].value && memcmp(&it->view, &view, sizeof view) == 0;
    }

    /* Makes one of a message and the next one. */
    static void weak_merge(int l, int first) {
        struct Message *messages = now.location[l].message;
        int behind = now.location[l].last - first - 1;
        memmove(messages + first + 1, messages + first + 2, (size_t)behind * sizeof *messages);
        memset(messages + now.location[l].last--, 0, sizeof *messages);
        for (int t = 0; t < THREADS; t++) {
            now.view[t].at[l] -= now.view[t].at[l] > first;
        }
        for (int other = 0; other < ATOMICS; other++) {
            for (int i = 0; i <= now.location[other].last; i++) {
                unsigned char *at = &now.location[other].message[i].view.at[l];
                *at -= *at > first;
            }
        }
    }

    static void weak_settle(void) {
        for (int l = 0; l < ATOMICS; l++) {
            int low = now.location[l].last;
            for (int t = 0; t < THREADS; t++) {
                low = !now.ended[t] && now.view[t].at[l] < low ? now.view[t].at[l] : low;
            }
            if (low > 0) {
                weak_forget(l, low);
            }
            for (int i = now.location[l].last; i-- > 0;) {
                if (weak_same(l, i)) {
                    weak_merge(l, i);
                }
            }
        }
        now.call.thread = now.call.order = now.call.target = now.call.operation = now.call.pick = 0;
        now.call.operand = now.call.expected = 0;
    }

    static void weak_read(struct View *mine, int l, int message) {
        const struct Message *it = &now.location[l].message[message];
        mine->at[l] = message;
        if (now.call.order & ACQUIRE) {
            weak_join(mine, &it->view);
        }
        now.call.got = it->value;
    }

    /* continued: the message whose release sequence the new one belongs to, or NULL. */
    static void weak_write(struct View *mine, int l, int value, const struct Message *continued) {
        if (now.location[l].last + 1 == HISTORY) {
            uerror("the history is too short");
        }
        struct Message *it = &now.location[l].message[++now.location[l].last];
        mine->at[l] = now.location[l].last;
        it->value = value;
        if (now.call.order & RELEASE) {
            it->view = *mine;
        } else {
            memset(&it->view, 0, sizeof it->view);
        }
        if (continued != NULL) {
            weak_join(&it->view, &continued->view);
        }
        it->view.at[l] = now.location[l].last;
    }

    static void weak_load(void) {
        weak_read(&now.view[now.call.thread], now.call.target, now.call.pick);
        weak_settle();
    }

    static void weak_store(void) {
        weak_write(&now.view[now.call.thread], now.call.target, now.call.operand, NULL);
        weak_settle();
    }

    static void weak_modify(void) {
        int l = now.call.target;
        struct View *mine = &now.view[now.call.thread];
        const struct Message *before = &now.location[l].message[now.location[l].last];
        int operand = now.call.operand;
        int value = before->value;
        if (now.call.operation == OP_CAS && value != now.call.expected) {
            now.call.operation = OP_LOOK;
            now.call.order = RELAXED;
        }
        now.call.done = now.call.operation != OP_LOOK;
        weak_read(mine, l, now.location[l].last);
        switch (now.call.operation) {
        case OP_OR: value |= operand; break;
        case OP_AND: value &= operand; break;
        case OP_ADD: value += operand; break;
        default: value = operand;
        }
        if (now.call.done) {
            weak_write(mine, l, value, before);
        }
        weak_settle();
    }

    static void weak_touch(void) {
        int bits = now.call.operand;
        struct View *mine = &now.view[now.call.thread];
        if ((mine->known & bits) != bits) {
            uerror("a race on plain data");
        }
        for (int l = 0; l < ATOMICS; l++) {
            for (int i = 0; i <= now.location[l].last; i++) {
                now.location[l].message[i].view.known &= ~bits;
            }
        }
        for (int t = 0; t < THREADS; t++) {
            now.view[t].known &= ~bits;
        }
        mine->known |= bits;
        now.call.operand = 0;
    }

    static void weak_end(void) {
        memset(&now.view[now.call.thread], 0, sizeof(struct View));
        weak_settle();
    }

    static int weak_switch(const char *name) {
        const char *value = getenv(name);
        return value == NULL ? 0 : atoi(value);
    }

    static void weak_start(void) {
        now.set_fault = weak_switch("MODEL_FAULT");
        now.set_situation = weak_switch("MODEL_REACH");
        now.one_stops = weak_switch("MODEL_STOP");
        for (int t = 0; t < THREADS; t++) {
            now.view[t].known = ALL_PLAIN;
        }
        for (int l = 0; l < ATOMICS; l++) {
            now.location[l].message[0].view.known = ALL_PLAIN;
        }
    }
};

inline load(l, how, result) {
    atomic {
        running(me) -> call.thread = me;
        call.target = l;
        call.order = how;
        call.pick = view[me].at[l];
        do
        :: call.pick < location[l].last -> call.pick++
        :: break
        od;
        c_code { weak_load(); };
        result = call.got;
        call.got = 0
    }
}

inline store(l, value, how) {
    atomic {
        running(me) -> call.thread = me;
        call.target = l;
        call.order = how;
        call.operand = value;
        c_code { weak_store(); }
    }
}

inline modify(l, what, value, how, result) {
    atomic {
        running(me) -> call.thread = me;
        call.target = l;
        call.order = how;
        call.operation = what;
        call.operand = value;
        c_code { weak_modify(); };
        result = call.got;
        call.got = 0;
        call.done = 0
    }
}

/* expected: a variable, which becomes the value that was there. */
inline cas(l, expected_value, desired, how, success) {
    atomic {
        running(me) -> call.thread = me;
        call.target = l;
        call.order = how;
        call.operation = OP_CAS;
        call.expected = expected_value;
        call.operand = desired;
        c_code { weak_modify(); };
        expected_value = call.got;
        success = call.done;
        call.got = 0;
        call.done = 0
    }
}

/* The first half of a read-modify-write that another may come into; then store(). */
inline look(l, how, result) {
    modify(l, OP_LOOK, 0, how, result)
}

inline cas_torn(l, expected_value, desired, how, success) {
    atomic {
        modify(l, OP_LOOK, 0, (how) & ACQUIRE, call.pick);
        success = (call.pick == expected_value);
        expected_value = call.pick;
        call.pick = 0
    };
    if
    :: success -> store(l, desired, (how) & RELEASE)
    :: else
    fi
}

/* An exclusive use of plain data: one or more bits. */
inline touch(bits) {
    atomic {
        running(me) -> call.thread = me;
        call.operand = bits;
        c_code { weak_touch(); };
        call.thread = 0
    }
}

/* A use of plain data that others may make at the same time: what was written must be known. */
inline peek(bits) {
    atomic {
        running(me) -> assert((view[me].known & (bits)) == (bits))
    }
}

/* New memory: nobody has used it before, and others know nothing of it. */
inline fresh(bits) {
    atomic {
        running(me) -> view[me].known = view[me].known | (bits);
        touch(bits)
    }
}

/* The end of a thread. */
inline end_thread() {
    atomic {
        running(me) -> ended[me] = true;
        call.thread = me;
        c_code { weak_end(); }
    }
}

/* When nothing goes on: all threads but a stopped one came to their end. */
inline assert_ended() {
    byte one;
    for (one : 0 .. THREADS - 1) {
        assert(ended[one] || !running(one))
    }
}

inline start_weak() {
    c_code { weak_start(); }
}

/* Stops one thread for ever, at any time. */
proctype stopper() {
    byte victim = 1;
    atomic {
        do
        :: victim < THREADS -> victim++
        :: break
        od;
        stopped = victim
    }
}

inline run_stopper() {
    if
    :: one_stops -> run stopper()
    :: else
    fi
}

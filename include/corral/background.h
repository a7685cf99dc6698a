/* SPDX-License-Identifier: MIT
 *
 * corral/background.h: a thread that does the upkeep, for programs none of whose threads ticks. It belongs to
 * libcorral-background.
 *
 * Owns:     one thread in a process, from its start until its stop, or the end of the process.
 * Callers:  each function says. C11 and C++17.
 * Promises: nothing runs before corral_background_start is called. While the thread runs, alloc and free do no upkeep
 *           (corral/upkeep.h); where it is stopped for ever, by a debugger say, they do it again after a second. It has
 *           all signals blocked, calls nothing of the program's but a backend's hooks, and allocates nothing.
 * Does not: reach what other threads have at hand: that is for their own ticks, as corral_trim says.
 */
#ifndef CORRAL_BACKGROUND_H
#define CORRAL_BACKGROUND_H

#include <corral/corral.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The thread must tick more often than alloc and free wait for one. */
#define CORRAL_BACKGROUND_MOST_MS 500

/* Starts the thread, or gives the one that runs another interval, from its next tick on.
 *
 * interval_ms  milliseconds between two ticks, 1 to CORRAL_BACKGROUND_MOST_MS. A tick takes up to a tenth of it.
 * Returns CORRAL_OK; CORRAL_EINVAL when the interval is none of these; CORRAL_ENOMEM when the system has no thread to give:
 * there is none then.
 * The child of a fork has no such thread until it starts one. The large blocks that waited when its parent's thread began the
 * tick that it was in stay mapped in the child.
 * Thread role: any; not in a signal handler, nor in a backend's hooks. Progress: may block, for another call of these.
 * Calls the OS: yes. errno is kept. */
CORRAL_API corral_status corral_background_start(uint32_t interval_ms);

/* Ends the thread, and returns when it has ended: after its tick. Without one, or where another thread ends it already, it
 * does nothing. The end of the process, and the unloading of libcorral-background, stop it first.
 * Thread role: any; not in a signal handler, nor in a backend's hooks. Progress: may block. Calls the OS: yes. errno is kept. */
CORRAL_API void corral_background_stop(void);

#ifdef __cplusplus
}
#endif

#endif

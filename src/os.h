/* SPDX-License-Identifier: MIT
 *
 * os: the entire outside world.
 *
 * Owns:     the system calls, the OS page size, the hook on thread exit.
 * Callers:  the rooms that map and purge memory; attach; the misuse reports.
 * Promises: a failing operation changes nothing and says so; errno is kept.
 * Does not: keep any memory.
 *
 * corral_os is a table so that a test can put operations that fail in the place of the real ones.
 */
#ifndef CORRAL_OS_H
#define CORRAL_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct corral_os {
    /* Maps `size` bytes (a multiple of the OS page), zero, readable and writable, at a multiple of
     * `alignment` (a power of two). Nothing is resident yet. NULL on failure. */
    void *(*reserve)(size_t size, size_t alignment);
    /* Unmaps [start, start + size), all of it mapped by reserve. */
    bool (*release)(void *start, size_t size);
    /* Makes [start, start + size) zero and not resident; the range stays mapped. */
    bool (*purge)(void *start, size_t size);
    /* Grows the mapping at `start` in place. The new bytes are zero. */
    bool (*grow)(void *start, size_t old_size, size_t new_size);
    /* As reserve, but out of the huge pages that the administrator reserved, on which whole pages of that size alone
     * can be purged. NULL where there are none. */
    void *(*reserve_huge)(size_t size, size_t alignment);
    /* Tells the kernel whether a mapping is to have huge pages. It may not know them. */
    void (*advise_huge)(void *start, size_t size, bool huge);
    /* Milliseconds since some time in the past, a few of them wrong. No system call. */
    uint64_t (*milliseconds)(void);
    /* Nanoseconds since some time in the past. No system call where the kernel has a clock that needs none. */
    uint64_t (*nanoseconds)(void);
    /* Calls `function(argument)` when the calling thread exits; replaces what it set before. */
    bool (*on_thread_exit)(void (*function)(void *), void *argument);
    /* Makes [start, start + size), pages that reserve mapped, readable and writable, or neither. NULL in a build
     * without guard pages. */
    bool (*protect)(void *start, size_t size, bool usable);
};

/* The operations in force. Set before the first allocation, if at all. */
extern const struct corral_os *corral_os;
extern const struct corral_os corral_os_real;

/* Bytes of an OS page, read from the OS at run time. Wait-free. */
size_t corral_os_page_size(void);
/* The calling thread, as the OS names it: 44 bits, which no two threads share that live at the same
 * time. 0 where the OS has no such name. */
uint64_t corral_os_thread(void);
/* True when a thread of this process has ended: it runs no more, and all that it wrote is seen. False
 * for threads of other processes. */
bool corral_os_thread_is_gone(uint64_t thread);
/* True when a thread is, or was, of this process: in the child of a fork, none of its parent's. */
bool corral_os_thread_is_ours(uint64_t thread);
/* Writes to the standard error stream, unbuffered, without allocating. */
void corral_os_write_error(const char *text, size_t length);
/* protect of the real operations. Only in a build with guard pages. */
bool corral_os_protect(void *start, size_t size, bool usable);
/* A number that nobody can guess, where the OS has one. Only in a hardened build. */
uint64_t corral_os_random(void);
/* Ends the process as abort does. */
_Noreturn void corral_os_abort(void);

#endif

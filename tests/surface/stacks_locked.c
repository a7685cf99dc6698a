/* SPDX-License-Identifier: MIT
 *
 * Functions of libc that corral calls, each of which gives way to other threads first, as a lock does.
 *
 * Owns:     nothing.
 * Callers:  the dynamic linker: stacks.py puts this library before libc to see itself fail.
 * Promises: the calls do what libc's do.
 * Does not: take a lock.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int madvise(void *start, size_t size, int advice) {
    sched_yield();
    return (int)syscall(SYS_madvise, start, size, advice);
}

int munmap(void *start, size_t size) {
    sched_yield();
    return (int)syscall(SYS_munmap, start, size);
}

/* SPDX-License-Identifier: MIT
 *
 * os_random: what nobody can guess, from Linux.
 *
 * Owns:     nothing.
 * Callers:  hardened, in a hardened build, which alone has this file.
 * Promises: errno is kept.
 * Does not: wait for the kernel to have gathered enough: early in a machine's life the time and where the stack
 *           lies are all there is.
 */
#define _GNU_SOURCE
#include "os.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's flag: do not wait. */
#define NO_WAITING 1u

uint64_t corral_os_random(void) {
    uint64_t random = 0;
    int kept = errno;
    long got = syscall(SYS_getrandom, &random, sizeof random, NO_WAITING);
    errno = kept;
    if (got != (long)sizeof random) {
        random = (uintptr_t)&random * UINT64_C(0x9E3779B97F4A7C15) ^ corral_os->milliseconds();
    }
    return random;
}

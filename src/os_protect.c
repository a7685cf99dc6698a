/* SPDX-License-Identifier: MIT
 *
 * os_protect: pages that trap, from Linux and its like.
 *
 * Owns:     nothing.
 * Callers:  through corral_os, in a build with guard pages, which alone has this file.
 * Promises: as os.h. It fails where the process has as many mappings as the kernel allows.
 * Does not: retry.
 */
#define _GNU_SOURCE
#include "os.h"

#include <errno.h>
#include <sys/mman.h>

bool corral_os_protect(void *start, size_t size, bool usable) {
    int kept = errno;
    bool done = mprotect(start, size, usable ? PROT_READ | PROT_WRITE : PROT_NONE) == 0;
    errno = kept;
    return done;
}

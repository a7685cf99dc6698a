/* SPDX-License-Identifier: MIT
 *
 * backend_protect: pages that trap, where the OS is the backend.
 *
 * Owns:     nothing.
 * Callers:  through backend.h, in a build with guard pages, which alone has this file.
 * Promises: memory that the program handed over, or that its hooks gave, is never touched so: what it is made of, and who
 *           else has a view of it, is the program's.
 * Does not: count, or retry.
 */
#include "backend.h"

#include "os.h"

bool corral_backend_protects(void) {
    return corral_backend_shares() && corral_os->protect != NULL;
}

bool corral_backend_protect(void *start, size_t size, bool usable) {
    return corral_backend_protects() && corral_os->protect(start, size, usable);
}

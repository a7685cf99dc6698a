/* SPDX-License-Identifier: MIT
 *
 * A library that uses corral before main and after it, by each means that C and C++ have.
 *
 * Owns:     blocks that live as long as the library is loaded.
 * Callers:  statics.cc is linked to it in a form with corral inside, and loads it in one without.
 * Promises: where it is linked, its first function runs before any of the program's, and its last
 *           one after them. Where corral is inside, these run on both sides of all that corral
 *           could have the loader run for itself.
 * Does not: end the process.
 */
#include "statics.h"

static Holder first(100);
static Holder second(70000);
static unsigned char *early;

static void __attribute__((constructor(101))) before_all(void) {
    early = static_cast<unsigned char *>(corral_alloc(3000, Holder::id));
    CHECK(early != nullptr, "no block");
    pattern_fill(early, 3000, 1);
}

static void __attribute__((destructor(101))) after_all(void) {
    CHECK(pattern_holds(early, 3000, 1), "content");
    corral_free(early, Holder::id);
    statics_ended(statics_live_blocks());
}

unsigned statics_held(void) {
    return statics_live_blocks();
}

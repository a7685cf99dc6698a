/* SPDX-License-Identifier: MIT
 *
 * What the library of static objects and its program tell each other.
 *
 * Owns:     nothing.
 * Callers:  statics_library.cc and statics.cc.
 * Promises: the program exports what it defines to its libraries.
 * Does not: return from the last call of statics_ended.
 */
#ifndef CORRAL_TESTS_STATICS_H
#define CORRAL_TESTS_STATICS_H

#include "holder.h"

/* The program's: called when a copy of the library has ended its last block. `live_blocks` is how
 * many its corral has then. */
extern "C" __attribute__((visibility("default"))) void statics_ended(unsigned live_blocks);

/* The library's: how many blocks its corral has, which are its own where it has one inside. */
extern "C" __attribute__((visibility("default"))) unsigned statics_held(void);

static inline unsigned statics_live_blocks() {
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    return static_cast<unsigned>(stats.live_blocks);
}

enum { STATICS_BLOCKS = 3 }; /* of each copy of the library */

#endif

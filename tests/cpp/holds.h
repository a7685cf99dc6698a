/* SPDX-License-Identifier: MIT
 *
 * What the tests in C++ look at: blocks that a category's callers hold.
 *
 * Owns:     nothing.
 * Callers:  the tests of this directory.
 * Promises: 0 for an id that was never used.
 * Does not: use corral/corral.hpp.
 */
#ifndef CORRAL_TESTS_CPP_HOLDS_H
#define CORRAL_TESTS_CPP_HOLDS_H

#include <corral/corral.h>
#include <cstdint>

extern "C" {
#include "support/check.h"
}

inline unsigned live_of(std::uint32_t id) {
    corral_stats stats;
    CHECK(corral_category_stats(id, &stats, sizeof stats) != CORRAL_EINVAL, "no figures");
    return static_cast<unsigned>(stats.live_blocks);
}

#endif

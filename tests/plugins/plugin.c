/* SPDX-License-Identifier: MIT
 *
 * The plugin: corral's functions in a table.
 *
 * Owns:     nothing.
 * Callers:  the program, through plugin.h.
 * Promises: nothing of it runs but what the program calls.
 * Does not: keep its corral loaded. That is for corral's own build to see to.
 */
#include "plugin.h"

#include <corral/corral.h>

static uint64_t live_blocks(void) {
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    return stats.live_blocks;
}

extern const struct plugin plugin;
__attribute__((visibility("default"))) const struct plugin plugin = {
    .alloc = corral_alloc,
    .free = corral_free,
    .live_blocks = live_blocks,
};

/* SPDX-License-Identifier: MIT
 *
 * A plugin that uses corral, as the program sees it that loads it.
 *
 * Owns:     nothing.
 * Callers:  the mains of this directory, which have no corral of their own.
 * Promises: plugin_open fails the test, with the loader's words, where a plugin does not load.
 * Does not: say where the plugin has its corral from.
 */
#ifndef CORRAL_TESTS_PLUGIN_H
#define CORRAL_TESTS_PLUGIN_H

#include "support/check.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

/* What a plugin exports, by the name "plugin". */
struct plugin {
    void *(*alloc)(size_t size, uint32_t memory_type_id);
    void (*free)(void *block, uint32_t memory_type_id);
    uint64_t (*live_blocks)(void);
};

static inline const struct plugin *plugin_open(const char *path, void **library) {
    *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(*library != NULL, "%s", dlerror());
    const struct plugin *plugin = dlsym(*library, "plugin");
    CHECK(plugin != NULL, "%s", dlerror());
    return plugin;
}

#endif

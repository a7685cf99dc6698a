/* SPDX-License-Identifier: MIT
 *
 * Loads a plugin when the libraries before it have used up the static thread-local block.
 *
 * Owns:     the threads.
 * Callers:  meson, as static_tls PLUGIN LIBRARY..., where the last library is the smallest.
 * Promises: the last library did not load for want of room, so a plugin that needs any does not
 *           either. Threads that are older than the plugin use it, and so do younger ones.
 * Does not: unload anything before the end.
 */
#include "plugin.h"
#include "support/pattern.h"
#include "support/process.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum { ID = 5, OLDER = 4, BLOCKS = 100 };

static const struct plugin *plugin;
static pthread_barrier_t loaded;

static void use_plugin(void *unused) {
    (void)unused;
    unsigned char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = plugin->alloc(i * i, ID);
        CHECK(blocks[i] != NULL, "no block");
        pattern_fill(blocks[i], i * i, i);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        CHECK(pattern_holds(blocks[i], i * i, i), "content");
        plugin->free(blocks[i], ID);
    }
}

static void *wait_and_use(void *unused) {
    pthread_barrier_wait(&loaded);
    use_plugin(unused);
    return NULL;
}

/* Whether the static block has no room for the library. */
static bool is_refused(const char *path) {
    if (dlopen(path, RTLD_NOW | RTLD_LOCAL) != NULL) {
        return false;
    }
    const char *reason = dlerror();
    CHECK(strstr(reason, "static TLS block") != NULL, "%s", reason);
    return true;
}

int main(int argc, char **argv) {
    CHECK(argc > 2, "no libraries");
    pthread_t older[OLDER];
    pthread_barrier_init(&loaded, NULL, OLDER + 1);
    for (size_t i = 0; i < OLDER; i++) {
        CHECK(pthread_create(&older[i], NULL, wait_and_use, NULL) == 0, "no thread");
    }
    bool refused = false;
    for (int i = 2; i < argc; i++) {
        refused = is_refused(argv[i]);
    }
    CHECK(refused, "%d libraries do not use up the static block", argc - 2);
    void *library;
    plugin = plugin_open(argv[1], &library);
    pthread_barrier_wait(&loaded);
    use_plugin(NULL);
    for (size_t i = 0; i < OLDER; i++) {
        thread_call(use_plugin, NULL);
        pthread_join(older[i], NULL);
    }
    CHECK(plugin->live_blocks() == 0, "blocks are left");
    CHECK(dlclose(library) == 0, "%s", dlerror());
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Loads a plugin when the libraries before it have used up the static thread-local block.
 *
 * Owns:     the threads, and copies of the two libraries, which the loader takes for as many libraries.
 * Callers:  meson, as static_tls PLUGIN LARGE SMALL.
 * Promises: the last small library did not load for want of room, so a plugin that needs any does not
 *           either. Threads that are older than the plugin use it, and so do younger ones.
 * Does not: unload anything before the end.
 */
#include "plugin.h"
#include "support/pattern.h"
#include "support/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many large libraries take more than glibc sets aside, and the small ones what the last of those left. */
enum { ID = 5, OLDER = 4, BLOCKS = 100, LARGE = 40, SMALL = 10 };

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

/* Writes to `path` the name of a copy, which stays open: the loader tells libraries apart by their files. */
static void copy(const char *library, char *path, size_t size) {
    int from = open(library, O_RDONLY | O_CLOEXEC), to = memfd_create("library", MFD_CLOEXEC);
    struct stat status;
    CHECK(from >= 0 && to >= 0 && fstat(from, &status) == 0, "%s", library);
    for (off_t left = status.st_size; left > 0;) {
        ssize_t copied = sendfile(to, from, NULL, (size_t)left);
        CHECK(copied > 0, "%s", library);
        left -= copied;
    }
    close(from);
    snprintf(path, size, "/proc/self/fd/%d", to);
}

/* Whether the static block has no room for a copy of the library. */
static bool is_refused(const char *library) {
    char path[64];
    copy(library, path, sizeof path);
    if (dlopen(path, RTLD_NOW | RTLD_LOCAL) != NULL) {
        return false;
    }
    const char *reason = dlerror();
    CHECK(strstr(reason, "static TLS block") != NULL, "%s", reason);
    return true;
}

int main(int argc, char **argv) {
    CHECK(argc == 4, "no libraries");
    pthread_t older[OLDER];
    pthread_barrier_init(&loaded, NULL, OLDER + 1);
    for (size_t i = 0; i < OLDER; i++) {
        CHECK(pthread_create(&older[i], NULL, wait_and_use, NULL) == 0, "no thread");
    }
    bool refused = false;
    for (int i = 0; i < LARGE + SMALL; i++) {
        refused = is_refused(argv[i < LARGE ? 2 : 3]);
    }
    CHECK(refused, "%d libraries do not use up the static block", LARGE + SMALL);
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

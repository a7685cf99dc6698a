/* SPDX-License-Identifier: MIT
 *
 * libcorral-background is loaded, ticks, and is unloaded while its thread runs.
 *
 * Owns:     nothing.
 * Callers:  meson, with the path of the library.
 * Promises: the thread is gone when the library is, each time; the blocks of the program live on.
 * Does not: look at what the thread does.
 */
#include <corral/background.h>

#include "support/check.h"
#include "tasks.h"

#include <dlfcn.h>
#include <string.h>
#include <time.h>

enum { TIMES = 20 };

typedef corral_status starter(uint32_t interval_ms);

static void load_and_unload(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL, "%s", dlerror());
    void *symbol = dlsym(library, "corral_background_start");
    starter *start;
    memcpy(&start, &symbol, sizeof start);
    CHECK(symbol != NULL && start(1) == CORRAL_OK, "it does not start");
    CHECK(tasks_become(2), "there is no thread");
    nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
    CHECK(dlclose(library) == 0, "%s", dlerror());
    CHECK(tasks_become(1), "the thread is still there");
}

int main(int argc, char **argv) {
    CHECK(argc == 2, "the library is missing");
    char *block = corral_alloc(100, 7);
    memset(block, 1, 100);
    for (int i = 0; i < TIMES; i++) {
        load_and_unload(argv[1]);
    }
    CHECK(block[99] == 1, "a block was lost");
    corral_free(block, 7);
    return 0;
}

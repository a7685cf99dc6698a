/* SPDX-License-Identifier: MIT
 *
 * Static objects of a program, of a library that it is linked to, and of one that it loads.
 *
 * Owns:     blocks that live from before main until after it.
 * Callers:  meson, as statics MODULE.
 * Promises: main returns a failure, which the library's last function alone turns into success,
 *           when all blocks are freed.
 * Does not: rely on an order beyond the one that C++ and the loader give.
 */
#include "statics.h"

#include <cstdlib>
#include <dlfcn.h>
#include <unistd.h>

enum { LOADS = 50 };

static bool main_is_over;
static unsigned ended;

static Holder own(500);

static Holder &on_first_use() {
    static Holder holder(20000);
    return holder;
}

void statics_ended(unsigned live_blocks) {
    ended++;
    if (main_is_over) {
        CHECK(live_blocks == 0, "%u blocks of the library are left", live_blocks);
        CHECK(statics_live_blocks() == 0, "%u blocks are left", statics_live_blocks());
        _exit(EXIT_SUCCESS);
    }
}

static void expect(unsigned live_blocks) {
    CHECK(statics_live_blocks() == live_blocks, "%u blocks, not %u", statics_live_blocks(),
          live_blocks);
    CHECK(statics_held() == STATICS_BLOCKS, "the library has %u blocks", statics_held());
}

int main(int argc, char **argv) {
    CHECK(argc == 2, "statics MODULE");
    expect(1);
    on_first_use();
    for (unsigned i = 0; i < LOADS; i++) {
        void *module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        CHECK(module != nullptr, "%s", dlerror());
        expect(2 + STATICS_BLOCKS);
        CHECK(dlclose(module) == 0, "%s", dlerror());
        CHECK(ended == i + 1, "the module stays");
        expect(2);
    }
    main_is_over = true;
    return EXIT_FAILURE;
}

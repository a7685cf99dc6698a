/* SPDX-License-Identifier: MIT
 *
 * A program in C, which has no C++ library until it loads a module that does, out of sight of all others; and
 * libcorral-malloc itself cannot be loaded late.
 *
 * Owns:     nothing.
 * Callers:  meson, as a plain main: late MODULE LIBCORRAL_MALLOC.
 * Promises: the module's new throws what it would throw otherwise.
 * Does not: use C++ itself. Linked to no corral when built with LATE_PLAIN, to load it late.
 */
#include "support/check.h"

#include <corral/corral.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#ifdef LATE_PLAIN
static void expect(char **arguments) {
    CHECK(dlopen(arguments[2], RTLD_NOW | RTLD_LOCAL) == NULL, "it was loaded");
    CHECK(strstr(dlerror(), "dlopen") != NULL, "for another reason");
}
#else
static void expect(char **arguments) {
    void *volatile block = malloc(1);
    CHECK(corral_memory_type_of(block) == 0, "malloc is not corral's");
    free(block);
    CHECK(dlsym(RTLD_DEFAULT, "_ZSt9terminatev") == NULL, "the C++ library is in sight");
    void *module = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(module != NULL, "%s", dlerror());
    int (*throws_and_catches)(void);
    void *symbol = dlsym(module, "throws_and_catches");
    CHECK(symbol != NULL, "%s", dlerror());
    memcpy(&throws_and_catches, &symbol, sizeof symbol);
    CHECK(throws_and_catches() == 2, "an exception is missing");
}
#endif

int main(int count, char **arguments) {
    CHECK(count == 3, "usage: late MODULE LIBRARY");
    expect(arguments);
    return EXIT_SUCCESS;
}

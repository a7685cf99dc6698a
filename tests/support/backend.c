/* SPDX-License-Identifier: MIT
 *
 * The backend that a test's program runs on, from its environment.
 *
 * Owns:     the regions, and hooks that map.
 * Callers:  the loader, before any other constructor of the program; every program of the tests has it.
 * Promises: nothing where corral is not linked. CORRAL_TEST_BACKEND names region, hooks or jemalloc, of which the last is
 *           the companion library, preloaded. Where it is not set, nothing is done. What cannot be had ends the program.
 * Does not: use more of corral than corral_init and corral_region_add.
 *
 * The regions: a small one that is neither aligned nor zero, and a large one, fresh.
 */
#include "map.h"

#include <corral/backend.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A program may have nothing of corral. */
#pragma weak corral_init
#pragma weak corral_region_add

#define MIB ((size_t)1 << 20)

enum { PAGE = 4096, SMALL_MIB = 24, LARGE_MIB = 40960, ODD = 4096 + 48 };

static void *reserve(size_t size, size_t alignment, uint64_t id, void *argument) {
    (void)id, (void)argument;
    return map_aligned(size, alignment);
}

static int release(void *start, size_t size, void *argument) {
    (void)argument;
    return munmap(start, size) == 0;
}

static int purge(void *start, size_t size, void *argument) {
    (void)argument;
    return madvise(start, size, MADV_DONTNEED) == 0;
}

static int resize(void *start, size_t old_size, size_t new_size, void *argument) {
    (void)argument;
    return mremap(start, old_size, new_size, 0) != MAP_FAILED;
}

static void end(const char *what) {
    fprintf(stderr, "CORRAL_TEST_BACKEND: %s\n", what);
    _exit(2);
}

static void init(corral_backend_kind kind, const corral_backend *hooks) {
    corral_init_options options = {kind, hooks};
    if (corral_init(&options, sizeof options) != CORRAL_OK) {
        end("corral_init fails");
    }
}

static void init_region(void) {
    char *small = map_aligned(SMALL_MIB * MIB, PAGE);
    void *large = map_aligned(LARGE_MIB * MIB, PAGE);
    if (small == NULL || large == NULL) {
        end("there is no region");
    }
    memset(small, 0xA5, SMALL_MIB * MIB);
    if (corral_region_add(small + ODD, SMALL_MIB * MIB - 2 * ODD, 0) != CORRAL_OK ||
        corral_region_add(large, LARGE_MIB * MIB, 1) != CORRAL_OK) {
        end("corral_region_add fails");
    }
    init(CORRAL_BACKEND_REGION, NULL);
}

static void init_jemalloc(void) {
    union {
        void *found;
        const corral_backend *(*function)(void);
    } door = {dlsym(RTLD_DEFAULT, "corral_jemalloc_backend")};
    if (door.found == NULL) {
        end("libcorral-jemalloc is not loaded");
    }
    init(CORRAL_BACKEND_HOOKS, door.function());
}

/* What the environment says; getenv knows of none so early. */
static const char *value_of(const char *variable, char **environment) {
    size_t length = strlen(variable);
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, variable, length) == 0 && (*environment)[length] == '=') {
            return *environment + length + 1;
        }
    }
    return NULL;
}

static void choose_backend(int count, char **arguments, char **environment) {
    static const corral_backend hooks = {reserve, release, purge, resize, NULL};
    const char *name = value_of("CORRAL_TEST_BACKEND", environment);
    (void)count, (void)arguments;
    if (name == NULL || strcmp(name, "os") == 0 || corral_init == NULL) {
        return;
    }
    if (strcmp(name, "region") == 0) {
        init_region();
    } else if (strcmp(name, "hooks") == 0) {
        init(CORRAL_BACKEND_HOOKS, &hooks);
    } else if (strcmp(name, "jemalloc") == 0) {
        init_jemalloc();
    } else {
        end("it is none of os, region, hooks and jemalloc");
    }
}

/* Before all constructors, some of which allocate. */
__attribute__((section(".preinit_array"), used)) static void (*const at_begin)(int, char **, char **) = choose_backend;

/* SPDX-License-Identifier: MIT
 *
 * The library slot: loads the library that the command line names.
 *
 * Owns:     the three function pointers and the name in the reports.
 * Callers:  main, once, through allocators/library.h.
 * Promises: all functions are the named library's own, not the system's: a library that does not
 *           define them is refused.
 * Does not: replace malloc for the rest of the program, or unload.
 */
#include "allocator.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *(*bench_library_malloc)(size_t size);
void (*bench_library_free)(void *block);
void *(*bench_library_realloc)(void *block, size_t size);
const char *bench_library_name = "library";

static const char tunables[] = "GLIBC_TUNABLES";
static const char static_tls[] = "glibc.rtld.optional_static_tls=65536";

static void refuse(const char *path, const char *reason) {
    fprintf(stderr, "--library %s: %s\n", path, reason);
    exit(EXIT_FAILURE);
}

/* Most allocators keep their thread data in static TLS, of which glibc leaves little for libraries
 * that are loaded late. It takes the wish for more only from the environment at the start. */
static void start_again_with_static_tls(char **argv) {
    const char *set = getenv(tunables);
    if (set != NULL && strstr(set, static_tls) != NULL) {
        return;
    }
    char value[4096];
    int length = snprintf(value, sizeof value, "%s%s%s", set == NULL ? "" : set,
                          set == NULL ? "" : ":", static_tls);
    if (length > 0 && (size_t)length < sizeof value && setenv(tunables, value, 1) == 0) {
        execv("/proc/self/exe", argv);
    }
    fprintf(stderr, "cannot start again with more static TLS: %s\n", strerror(errno));
}

static void *own_symbol(void *library, const char *path, const char *name) {
    void *symbol = dlsym(library, name);
    struct link_map *map = NULL;
    Dl_info where;
    if (symbol == NULL) {
        refuse(path, dlerror());
    }
    if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0 || dladdr(symbol, &where) == 0 ||
        where.dli_fbase != (void *)map->l_addr) {
        refuse(path, "malloc, free or realloc is not its own; name them: PATH:MALLOC:FREE:REALLOC");
    }
    return symbol;
}

/* Cuts PATH or PATH:MALLOC:FREE:REALLOC into its parts. */
static void cut_names(char *path, const char **names) {
    char *at = strchr(path, ':');
    for (int i = 0; at != NULL && i < 3; i++) {
        *at++ = '\0';
        names[i] = at;
        at = strchr(at, ':');
        if ((at == NULL) != (i == 2)) {
            refuse(path, "expected PATH or PATH:MALLOC:FREE:REALLOC");
        }
    }
}

/* C has no cast from an object pointer to a function pointer; POSIX says the bits are the same. */
static void load(char *path) {
    const char *names[] = {"malloc", "free", "realloc"};
    cut_names(path, names);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (library == NULL) {
        refuse(path, dlerror());
    }
    void *symbol = own_symbol(library, path, names[0]);
    memcpy(&bench_library_malloc, &symbol, sizeof symbol);
    symbol = own_symbol(library, path, names[1]);
    memcpy(&bench_library_free, &symbol, sizeof symbol);
    symbol = own_symbol(library, path, names[2]);
    memcpy(&bench_library_realloc, &symbol, sizeof symbol);
    const char *base = strrchr(path, '/');
    bench_library_name = base == NULL ? path : base + 1;
}

static void remove_arguments(int *argc, char **argv, int at, int count) {
    for (int i = at; i + count <= *argc; i++) {
        argv[i] = argv[i + count];
    }
    *argc -= count;
}

void bench_take_arguments(int *argc, char **argv) {
    for (int i = 1; i + 1 < *argc; i++) {
        if (strcmp(argv[i], "--library") == 0) {
            start_again_with_static_tls(argv);
            load(argv[i + 1]);
            remove_arguments(argc, argv, i, 2);
            return;
        }
    }
    refuse("PATH", "needed: the library to measure");
}

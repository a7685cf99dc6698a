/* SPDX-License-Identifier: MIT
 *
 * Any malloc-compatible library, loaded when the program begins.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. A call goes through a pointer in memory, which is what a call of
 *           a linked shared library costs too.
 * Does not: know categories.
 */
#define BENCH_ALLOCATOR bench_library_name
#define BENCH_LARGEST   SIZE_MAX
#define BENCH_REALLOC
#define BENCH_ARGUMENT_HOOK

extern void *(*bench_library_malloc)(size_t size);
extern void (*bench_library_free)(void *block);
extern void *(*bench_library_realloc)(void *block, size_t size);
extern const char *bench_library_name;

/* Takes --library PATH[:MALLOC:FREE:REALLOC] and loads it. Ends the program when that fails. */
void bench_take_arguments(int *argc, char **argv);

static inline void *bench_alloc(size_t size, uint32_t category) {
    (void)category;
    return bench_library_malloc(size);
}

static inline void bench_free(void *block, uint32_t category) {
    (void)category;
    bench_library_free(block);
}

static inline void *bench_realloc(void *block, size_t old, size_t size, uint32_t category) {
    (void)old;
    (void)category;
    return bench_library_realloc(block, size);
}

static inline const char *bench_version(void) {
    return "-";
}

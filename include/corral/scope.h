/* SPDX-License-Identifier: MIT
 *
 * corral/scope.h: the category of code that calls malloc and new.
 *
 * Owns:     one number of each thread's: the id that its malloc allocates with.
 * Callers:  any thread, for itself. C11 and C++17; in C++ corral/corral.hpp has corral::scope.
 * Promises: in a program that runs on libcorral-malloc, linked to it or started with it in
 *           LD_PRELOAD, what the calling thread allocates by malloc, calloc, aligned_alloc, new and
 *           the like between a push and its pop is of the category of the id. What malloc costs is
 *           the same inside, outside, and where scopes are never used.
 * Does not: matter to corral_alloc and the other functions that are given an id; nor to a block that
 *           exists: free sends it home, and realloc keeps it in its own category. Nor to other threads,
 *           those begun inside included. Does nothing in a program whose malloc is not corral's, and
 *           none to malloc where corral is linked in statically, which then is another corral.
 *
 *     corral_scope before = corral_scope_push(SOUNDS);
 *     sound *it = sound_library_load(path);   // its mallocs are counted as sounds
 *     corral_scope_pop(before);
 *
 *     CORRAL_SCOPE(SOUNDS);                   // until the end of the block of code
 *
 * Code that moves to another thread within a scope (a fiber, a coroutine) pops on the thread where it
 * pushed, before it moves.
 */
#ifndef CORRAL_SCOPE_H
#define CORRAL_SCOPE_H

#include <corral/corral.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The scope that a push replaced, for the pop. Copied as any number; not to be made otherwise. */
typedef struct corral_scope {
    uint32_t before;
} corral_scope;

/* Begins a scope on the calling thread, until its pop. Scopes may be nested to any depth: each push gives
 * the one before, and pops come in the reverse order.
 *
 * memory_type_id  any 32-bit value.
 * Returns what corral_scope_pop is to be given.
 * Thread role: any, for itself. Progress: wait-free. Calls the OS: no. Errors: none; an id for
 * which there is no category any more shares the overflow category, as everywhere. errno is kept. */
CORRAL_API corral_scope corral_scope_push(uint32_t memory_type_id) CORRAL_CHECK_RESULT;

/* Ends the scope of a push, and all that were begun in it and not ended.
 * before: of that push, by the same thread. Thread role: any, for itself. Progress: wait-free. Calls the
 * OS: no. Errors: none. errno is kept. */
CORRAL_API void corral_scope_pop(corral_scope before);

/* The id of the calling thread's scope, below 2^32; CORRAL_MEMORY_TYPE_OVERFLOW where its id shares the
 * overflow category; CORRAL_MEMORY_TYPE_NONE outside of scopes.
 * Thread role: any, for itself. Progress: wait-free. Calls the OS: no. Errors: none. */
CORRAL_API uint64_t corral_scope_id(void);

#if defined(__GNUC__)
static inline void corral_scope_end_(corral_scope *before) {
    corral_scope_pop(*before);
}

#define CORRAL_SCOPE_NAME_(line)  corral_scope_before_##line
#define CORRAL_SCOPE_NAMED_(line) CORRAL_SCOPE_NAME_(line)
/* A scope from here to the end of the enclosing block of code, however that is left but by longjmp. */
#define CORRAL_SCOPE(memory_type_id)                                                               \
    __attribute__((cleanup(corral_scope_end_), unused)) corral_scope CORRAL_SCOPE_NAMED_(          \
        __LINE__) = corral_scope_push(memory_type_id)
#endif

#ifdef __cplusplus
}
#endif

#endif

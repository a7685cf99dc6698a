/* SPDX-License-Identifier: MIT
 *
 * malloc_objects: a category for each shared object that calls malloc, on request.
 *
 * Owns:     which object's calls go to which id, and what was found of call sites.
 * Callers:  malloc, new and the others that allocate, once calls are asked (thread.h). Any thread.
 * Promises: a call is of the object that its return address lies in. Lock-free: the loader is asked by
 *           _dl_find_object, which takes no lock.
 * Does not: notice that an object was unloaded and another took its addresses: a call site that was met
 *           before stays the former's. Nor tell who called a library that calls malloc for others, such as
 *           the C library in strdup: that is libc's call.
 *
 * Synchronization (row beside column): a site is one word, written whole; objects are a list that only
 * grows, as the chains of registry entries are (E:chain).
 *              look      note      list      meet
 *     look     any       any       any       any
 *     note     any       any       any       any     two notes of a call write the same; sites that share
 *                                                    a place replace each other
 *     list     any       any       any       any     what is read does not change any more
 *     meet     any       any       any       CAS     an object met by two threads at once is entered twice
 */
#ifndef CORRAL_MALLOC_OBJECTS_H
#define CORRAL_MALLOC_OBJECTS_H

#include "base.h"

/* The request: rules NAME=ID with commas between them. NAME is an object's file name without its directory,
 * "main" for the program's own, or "*" for all that are not named; ID is a number in C's notation, or "own"
 * for one that is made of the name. What no rule is for allocates as by default. */
#define MALLOC_OBJECTS_VARIABLE "CORRAL_MALLOC_OBJECTS"
/* Letters of a name that count. */
#define OBJECT_NAME_MAX 127u
#define MALLOC_RULES_MAX 64u

/* Takes up the request in the environment, if there is one and the program was not given rights that its
 * caller lacks. One that is not legal is ignored, with a line that says so. At the library's start. */
void corral_malloc_objects_begin(void);
/* The first pool of the category of a call, by its return address. */
uint32_t corral_malloc_pool_base_of_call(const void *caller);

/* An object that was met, and its id. */
struct malloc_object {
    struct malloc_object *next; /* const: the one met before */
    uint32_t id;                /* const */
    char name[];                /* const: ended by 0 */
};

/* The objects met so far, the last first. */
const struct malloc_object *corral_malloc_objects(void);

#endif

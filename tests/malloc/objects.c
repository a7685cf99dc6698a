/* SPDX-License-Identifier: MIT
 *
 * A category for each shared object that calls malloc.
 *
 * Owns:     nothing.
 * Callers:  meson, as a plain main: objects FIRST SECOND, two libraries of caller.c. It starts itself again
 *           with a request in the environment, and tells in its arguments what to expect.
 * Promises: each kind of rule is looked at from several threads, and so are requests that are not legal.
 * Does not: know how an object's own id is made, but that it is above the dense ones and always the same.
 */
#include "caller.h"
#include "support/build.h"
#include "support/check.h"
#include "support/process.h"

#include <corral/scope.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAIN = 7, FIRST = 0xF1, SCOPED = 12, THREADS = 4, TURNS = 2000 };

static const char variable[] = "CORRAL_MALLOC_OBJECTS";

/* Ids that are expected of the program and of the two libraries. */
static uint64_t of_main, of_first, of_second;
static void *first, *second;

static void expect_id(void *block, uint64_t id, const char *what) {
    uint64_t have = corral_memory_type_of(block);
    CHECK(have == id, "%s: of %" PRIx64 ", not %" PRIx64, what, have, id);
    free(block);
}

static caller_sized *function(void *library, const char *name) {
    caller_sized *found;
    void *symbol = dlsym(library, name);
    CHECK(symbol != NULL, "%s", dlerror());
    memcpy(&found, &symbol, sizeof found);
    return found;
}

static void expect_of_library(void *library, uint64_t id) {
    static const size_t sizes[] = {1, 100, 3000, 100000, 5 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        expect_id(function(library, "caller_malloc")(sizes[i]), id, "malloc");
        expect_id(function(library, "caller_calloc")(sizes[i]), id, "calloc");
        expect_id(function(library, "caller_aligned")(sizes[i]), id, "aligned_alloc");
    }
}

static void *expect_ids(void *argument) {
    for (int i = 0; i < TURNS; i++) {
        expect_id(malloc(40), of_main, "malloc");
        expect_id(function(first, "caller_malloc")(40), of_first, "malloc");
        expect_id(function(second, "caller_malloc")(40), of_second, "malloc");
        corral_scope before = corral_scope_push(SCOPED);
        expect_id(function(second, "caller_malloc")(40), SCOPED, "malloc in a scope");
        corral_scope_pop(before);
    }
    return argument;
}

/* realloc keeps a block in its category, whose call it may be. */
static void expect_realloc(void) {
    void *(*resize)(void *block, size_t size);
    void *symbol = dlsym(second, "caller_realloc");
    memcpy(&resize, &symbol, sizeof resize);
    void *block = function(first, "caller_malloc")(100);
    expect_id(resize(block, 100000), of_first, "realloc");
    expect_id(resize(NULL, 100), of_second, "realloc of NULL");
}

/* The child: objects FIRST SECOND OF_MAIN OF_FIRST OF_SECOND, "own" for an id that is made of a name. */
static void child(char **arguments) {
    uint64_t *expected[] = {&of_main, &of_first, &of_second};
    first = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    second = dlopen(arguments[2], RTLD_NOW | RTLD_LOCAL);
    CHECK(first != NULL && second != NULL, "%s", dlerror());
    for (int i = 0; i < 3; i++) {
        *expected[i] = strtoull(arguments[3 + i], NULL, 0);
    }
    if (strcmp(arguments[5], "own") == 0) {
        void *block = function(second, "caller_malloc")(1);
        of_second = corral_memory_type_of(block);
        free(block);
        CHECK(of_second >= CORRAL_DENSE_IDS && of_second != of_first && of_second <= UINT32_MAX,
              "%" PRIx64, of_second);
        printf("own %" PRIu64 "\n", of_second);
    }
    expect_of_library(first, of_first);
    expect_of_library(second, of_second);
    expect_realloc();
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, expect_ids, NULL) == 0, "no thread");
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0, "not joined");
    }
}

/* Runs the program again with a request. Its output is in `result`. */
static void run(char **arguments, const char *request, const char *ids[3], struct child *result) {
    CHECK(setenv(variable, request, 1) == 0, "no environment");
    const char *const again[] = {arguments[0], arguments[1], arguments[2],
                                 ids[0],       ids[1],       ids[2],       NULL};
    child_program(again, result);
    CHECK(child_succeeded(result), "with %s", request);
}

static void expect_request(char **arguments, const char *request, const char *of_main_,
                           const char *of_first_, const char *of_second_) {
    static struct child result;
    run(arguments, request, (const char *[]){of_main_, of_first_, of_second_}, &result);
    CHECK(strstr(result.output, "ignored") == NULL, "%s: %s", request, result.output);
}

static void expect_refused(char **arguments, const char *request) {
    static struct child result;
    run(arguments, request, (const char *[]){"0", "0", "0"}, &result);
    CHECK(strstr(result.output, "CORRAL_MALLOC_OBJECTS is ignored") != NULL, "%s: %s", request,
          result.output);
}

/* The id that a name has of its own is the same in each process. */
static void expect_stable(char **arguments) {
    static struct child once, again;
    const char *ids[] = {"7", "0xF1", "own"};
    run(arguments, "main=7,libcaller_first.so=0xF1,*=own", ids, &once);
    run(arguments, "*=own,libcaller_first.so=0xF1,main=7", ids, &again);
    CHECK(strcmp(once.output, again.output) == 0, "%s and %s", once.output, again.output);
}

int main(int count, char **arguments) {
    if (count == 6) {
        child(arguments);
        return EXIT_SUCCESS;
    }
    CHECK(count == 3, "usage: objects FIRST SECOND");
    static char long_request[80 * 9 + 1];
    expect_request(arguments, "", "0", "0", "0");
    expect_request(arguments, "main=7", "7", "0", "0");
    expect_request(arguments, "libcaller_first.so=241", "0", "0xF1", "0");
    expect_request(arguments, "main=7,libcaller_first.so=0xF1,libcaller_second.so=5", "7", "241", "5");
    expect_request(arguments, "*=3,libcaller_first.so=0xFFFFFFFF", "3", "0xFFFFFFFF", "3");
    expect_request(arguments, "main=3,*=own,libcaller_first.so=3", "3", "3", "own");
    expect_stable(arguments);
    expect_refused(arguments, "main");
    expect_refused(arguments, "=7");
    expect_refused(arguments, "main=");
    expect_refused(arguments, "main=7x");
    expect_refused(arguments, "main=-1");
    expect_refused(arguments, "main=0x100000000");
    expect_refused(arguments, "main=7,,*=own");
    for (int i = 0; i < 80; i++) {
        strcat(long_request, "object=1");
        strcat(long_request, i < 79 ? "," : "");
    }
    expect_refused(arguments, long_request);
    return EXIT_SUCCESS;
}

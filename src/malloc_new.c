/* SPDX-License-Identifier: MIT
 *
 * malloc_new: C++'s global operators new and delete, in corral.
 *
 * Owns:     the names of the four forms that the others are made of, as the C++ ABI of LP64 platforms spells
 *           them: new and delete, plain and aligned.
 * Callers:  any thread of a C++ program, through its compiler; the C++ library's other forms (of many, sized,
 *           nothrow), which by the standard call these.
 * Promises: so all forms are corral's; and where a program replaces one of these itself, as most do that
 *           replace any, those that are made of it are the program's. Where memory is exhausted, what happens is the C++
 *           library's own: its form of the same name runs the new handler and throws. So this file is C, and a C
 *           program that runs on corral loads no C++ library.
 * Does not: matter to classes with operators of their own. Throw in a program that has the C++ library inside
 *           (-static-libstdc++) and is linked to this one: it ends there.
 *
 * An exception passes through new on its way out; the file is compiled for that (-fexceptions).
 */
#define _GNU_SOURCE
#include "malloc_hit.h"

#include "block.h"
#include "os.h"

#include <dlfcn.h>
#include <stddef.h>

typedef void *new_form(size_t size);
typedef void *new_aligned_form(size_t size, size_t alignment);
typedef void delete_form(void *block);
typedef void delete_aligned_form(void *block, size_t alignment);

#define NAMED(name) __asm__(name) __attribute__((visibility("default")))
new_form corral_new NAMED("_Znwm");
new_aligned_form corral_new_aligned NAMED("_ZnwmSt11align_val_t");
delete_form corral_delete NAMED("_ZdlPv");
delete_aligned_form corral_delete_aligned NAMED("_ZdlPvSt11align_val_t");

/* A form of the C++ library's. */
union form {
    void *found;
    new_form *plain;
    new_aligned_form *aligned;
};

_Noreturn CORRAL_SLOW static void give_up(void) {
    static const char text[] = "corral: operator new: out of memory, and no C++ library to throw\n";
    corral_os_write_error(text, sizeof text - 1);
    corral_os_abort();
}

/* Of a C++ library that is loaded, whoever else has a form of that name; it may not be in sight of the
 * program, but of a library that came later. own: this library's form. */
CORRAL_SLOW static union form form_of_library(const char *name, const void *own) {
    static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"};
    union form form = {NULL};
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries && form.found == NULL; i++) {
        void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        form.found = library == NULL ? NULL : dlsym(library, name);
        if (library != NULL) {
            dlclose(library); /* which stays: it was loaded before */
        }
    }
    if (form.found == NULL) {
        form.found = dlsym(RTLD_NEXT, name);
    }
    if (form.found == NULL || form.found == own) {
        give_up();
    }
    return form;
}

CORRAL_SLOW static void *new_failed(size_t size) {
    union form own = {.plain = corral_new};
    return form_of_library("_Znwm", own.found).plain(size);
}

CORRAL_SLOW static void *new_aligned_failed(size_t size, size_t alignment) {
    union form own = {.aligned = corral_new_aligned};
    return form_of_library("_ZnwmSt11align_val_t", own.found).aligned(size, alignment);
}

void *corral_new(size_t size) {
    void *block = malloc_hit(size, CALLER);
    return likely(block != NULL) ? block : new_failed(size);
}

void *corral_new_aligned(size_t size, size_t alignment) {
    void *block = corral_block_aligned(alignment, size, malloc_pool_base(CALLER));
    return likely(block != NULL) ? block : new_aligned_failed(size, alignment);
}

void corral_delete(void *block) {
    free_hit(block);
}

void corral_delete_aligned(void *block, size_t alignment) {
    (void)alignment;
    free_hit(block);
}

/* SPDX-License-Identifier: MIT
 *
 * interpose.h on glibc: the program's own malloc, which counts and passes the call on.
 *
 * Owns:     the counts, and the names malloc, calloc, realloc, aligned_alloc, memalign and
 *           posix_memalign of the whole process.
 * Callers:  all code of the process.
 * Promises: the block comes from glibc's allocator, so glibc's own free takes it back. A call costs
 *           a comparison per library more; before interpose_start all calls are others'.
 * Does not: replace free, as only allocations are counted.
 */
#define _GNU_SOURCE
#include "interpose.h"

#include "shared.h"

#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

struct code {
    uintptr_t begin; /* const once interpose_start is done, before other threads start */
    uintptr_t end;
};

static struct code codes[LIBRARIES];
static _Atomic uint64_t calls[LIBRARIES + 1]; /* relaxed: only the numbers matter */

static const char *const file_names[LIBRARIES] = {
    [LIBRARY_ENET] = "/libenet.so",
    [LIBRARY_LUA] = "/liblua5.4.so",
    [LIBRARY_SQLITE] = "/libsqlite3.so",
    [LIBRARY_NGHTTP2] = "/libnghttp2.so",
};

static void note_code(const struct dl_phdr_info *object, struct code *code) {
    for (unsigned index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0) {
            code->begin = object->dlpi_addr + segment->p_vaddr;
            code->end = code->begin + segment->p_memsz;
        }
    }
}

static int look_at_object(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size;
    (void)context;
    for (unsigned library = 0; library < LIBRARIES; library++) {
        if (file_names[library] != NULL && strstr(object->dlpi_name, file_names[library])) {
            note_code(object, &codes[library]);
        }
    }
    return 0;
}

void interpose_start(void) {
    dl_iterate_phdr(look_at_object, NULL);
}

bool interpose_counts(void) {
    return true;
}

bool interpose_found(enum library library) {
    return codes[library].end != 0;
}

uint64_t interpose_calls(enum library library) {
    return load_relaxed(&calls[library]);
}

static void count(const void *return_address) {
    const uintptr_t address = (uintptr_t)return_address;
    unsigned library = 0;
    while (library < LIBRARIES &&
           (address < codes[library].begin || address >= codes[library].end)) {
        library++;
    }
    add_relaxed(&calls[library], 1);
}

void *malloc(size_t size) {
    count(__builtin_return_address(0));
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(__builtin_return_address(0));
    return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
    count(__builtin_return_address(0));
    return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **place, size_t alignment, size_t size) {
    count(__builtin_return_address(0));
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) {
        return EINVAL;
    }
    void *block = __libc_memalign(alignment, size);
    if (block == NULL) {
        return ENOMEM;
    }
    *place = block;
    return 0;
}

void *system_malloc(size_t size) {
    return __libc_malloc(size);
}

void *system_calloc(size_t count_of, size_t size) {
    return __libc_calloc(count_of, size);
}

void *system_realloc(void *block, size_t size) {
    return __libc_realloc(block, size);
}

void system_free(void *block) {
    __libc_free(block);
}

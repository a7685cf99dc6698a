/* SPDX-License-Identifier: MIT
 *
 * corral/backend.h: where corral's memory comes from: the OS, regions that the program hands over, or
 * functions of its own.
 *
 * Owns:     the choice of the backend, made once for a process, and no state beside.
 * Callers:  the program, before anything is allocated; regions are added by any thread, at any time.
 * Promises: all memory that corral takes after the choice is the backend's, its own tables included, but for
 *           its static ones. With regions, no call of corral maps, unmaps, purges or protects memory: the OS
 *           is asked for none.
 * Does not: mix backends, or change one that is in use.
 *
 *   os       mmap, munmap, madvise and mremap; the build's default, unless -Dmemory_backend= says otherwise
 *   region   memory of the program's. What corral gives back is used again. Nothing of it is ever given
 *            back to the program or the OS
 *   hooks    the program's functions
 */
#ifndef CORRAL_BACKEND_H
#define CORRAL_BACKEND_H

#include <corral/corral.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Functions that memory comes from, each called with `argument`.
 *
 * Thread role: any thread of the program that calls corral, several at once. They return: they are not left
 * by longjmp or an exception. They call nothing of corral, nor malloc where that is corral. errno is kept by
 * corral. What they promise of progress, corral's calls that need memory promise, and no more. */
typedef struct corral_backend {
    /* A reservation: `size` bytes, a multiple of the OS page, all zero, readable and writable, at a multiple
     * of `alignment`, a power of two that is at least the OS page. Most of it may never be touched.
     * id: of whose blocks it is to be, as corral_memory_type_of says it; CORRAL_MEMORY_TYPE_NONE: corral's
     * own tables. Each arena is a reservation of its own, of one category; so is each large block.
     * NULL: there is none. What is not so aligned, or lies above the addresses that corral knows (2^47), is
     * released at once and counts as NULL. */
    void *(*reserve)(size_t size, size_t alignment, uint64_t id, void *argument);
    /* Takes back a reservation, always as a whole: from where it began, of the size that it has by now. 0:
     * refused. It is not used any more then, nor given back again; it may be purged. */
    int (*release)(void *start, size_t size, void *argument);
    /* Makes whole OS pages within a reservation zero and lets their memory go, if it can; they stay
     * reserved. 0: refused, and nothing has changed. NULL: always refused. */
    int (*purge)(void *start, size_t size, void *argument);
    /* Changes a reservation's size where it is; new bytes are zero. 0: refused, and nothing has changed.
     * NULL: always refused. */
    int (*resize)(void *start, size_t old_size, size_t new_size, void *argument);
    void *argument;
} corral_backend;

typedef enum corral_backend_kind {
    CORRAL_BACKEND_DEFAULT = 0, /* the build's: -Dmemory_backend */
    CORRAL_BACKEND_OS = 1,
    CORRAL_BACKEND_REGION = 2,
    CORRAL_BACKEND_HOOKS = 3,
} corral_backend_kind;

/* All zeros is what a process begins with. */
typedef struct corral_init_options {
    corral_backend_kind backend;
    const corral_backend *hooks; /* with CORRAL_BACKEND_HOOKS; it stays as it is while the process lives */
} corral_init_options;

/* Chooses the backend. Who does not call it has the build's default from the first use on; where that is
 * hooks, there is no memory before the call.
 *
 * options       read as far as options_size reaches; what lies beyond is 0, which is the default.
 * options_size  sizeof(corral_init_options) as the caller knows it.
 * Returns CORRAL_OK; CORRAL_EINVAL when options is NULL, options_size is 0, the backend is none of those named
 * above, there are no hooks where they are to be or the other way, or hooks lack reserve or release;
 * CORRAL_EBUSY when the choice was made: by a call before, or since something needed memory: an allocation,
 * also one that failed, or a name or callback that was set. Nothing was changed then.
 * Thread role: any. Of several calls, one has its way. Progress: wait-free. Calls the OS: no. */
CORRAL_API corral_status corral_init(const corral_init_options *options, size_t options_size);

/* The backend that was chosen; CORRAL_BACKEND_DEFAULT: none yet.
 * Thread role: any. Progress: wait-free. Calls the OS: no. Errors: none. */
CORRAL_API corral_backend_kind corral_backend_in_use(void);

/* Hands over memory for the backend of regions, whether that is chosen yet or not.
 *
 * start, size  the region: readable, writable, and corral's from now on, as long as the process lives. Any
 *              alignment; corral hands it out in parts of a slab (64 KiB, -Dslab_kib), arenas and large blocks
 *              from multiples of an arena on (4 MiB): a region of whole arenas that is so aligned loses some 16
 *              bytes and a part. A thread's tables take 2 MiB, corral's own 1 MiB, a category 4 MiB: one of
 *              less than 16 MiB serves little.
 * zero         1: all its bytes are 0 now, as those of a new mapping. 0: corral sets them to 0 when it first
 *              uses them.
 * Returns CORRAL_OK; CORRAL_EINVAL when start is NULL, zero is neither 0 nor 1, the region reaches beyond the
 * addresses that corral knows, or is too small for a slab beside what describes it. It is untouched then.
 * Two regions that overlap are not noticed.
 * Thread role: any. Progress: lock-free. Calls the OS: no. */
CORRAL_API corral_status corral_region_add(void *start, size_t size, int zero);

#ifdef __cplusplus
}
#endif

#endif

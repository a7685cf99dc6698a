/* SPDX-License-Identifier: MIT
 *
 * corral/jemalloc.h: a backend that takes corral's memory from jemalloc. It belongs to libcorral-jemalloc, a
 * library beside corral, which has a jemalloc of its own inside.
 *
 * Owns:     one arena of jemalloc's for each category, and one for corral's own tables.
 * Callers:  the program, before anything is allocated.
 * Promises: the process's malloc stays what it is: nothing of the jemalloc inside is visible, and nobody but
 *           corral gets memory of it. What a category has, jemalloc's figures of its arena say. What corral
 *           gives back goes on to the OS at once (dirty_decay_ms and muzzy_decay_ms are 0), as corral keeps
 *           memory for later itself.
 * Does not: work when it is loaded by dlopen: jemalloc needs more static thread-local storage than the loader
 *           keeps for that. A program is linked to it, or has it preloaded.
 *
 *     corral_init_options options = {CORRAL_BACKEND_HOOKS, corral_jemalloc_backend()};
 *     corral_init(&options, sizeof options);
 *
 * jemalloc reads MALLOC_CONF, as ever. Its calls take locks: what corral's calls promise of progress is promised
 * only as far as they need no memory.
 */
#ifndef CORRAL_LIBCORRAL_JEMALLOC_H
#define CORRAL_LIBCORRAL_JEMALLOC_H

#include <corral/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What jemalloc says of an arena. */
typedef struct corral_jemalloc_stats {
    uint64_t arena;           /* its number in jemalloc */
    uint64_t allocated_bytes; /* reserved by corral */
    uint64_t resident_bytes;  /* as jemalloc counts them: what corral purged is among them */
} corral_jemalloc_stats;

/* The backend, for corral_init. The same at each call, constant as long as the process lives.
 * Thread role: any. Progress: wait-free. Calls the OS: no. Errors: none. */
CORRAL_API const corral_backend *corral_jemalloc_backend(void);

/* Figures of the arena of a category.
 *
 * id          as corral_memory_type_of says it; CORRAL_MEMORY_TYPE_NONE: that of corral's own tables.
 * stats       written whole, as far as stats_size reaches.
 * stats_size  sizeof(corral_jemalloc_stats) as the caller knows it.
 * Returns CORRAL_OK; CORRAL_EUNUSED when nothing was reserved for the id, stats being 0 then; CORRAL_EINVAL when
 * stats is NULL or stats_size is 0. Where jemalloc has no arenas left (some 4,000), further ids share the first.
 * Thread role: any. Progress: it takes jemalloc's locks. Calls the OS: no. */
CORRAL_API corral_status corral_jemalloc_stats_of(uint64_t id, corral_jemalloc_stats *stats, size_t stats_size);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT
 *
 * corral/origin.h: allocations that remember where they were asked for, and a walk over those that are live.
 *
 * Owns:     the record at the end of such blocks. The option `origins` of a category (corral/configure.h)
 *           says whether a walk finds them.
 * Callers:  any thread, at any time. C11 and C++17.
 * Promises: blocks of these functions are blocks like others: corral_free frees them, and so does whatever else
 *           may free the category's. A walk never reads a block's memory after the block went home, and nobody
 *           waits for a walk.
 * Does not: know where a block of corral_alloc was asked for. Keep the text of a file's name: that must last as
 *           long as the block, and as long as somebody may ask for it, or a misuse of it be reported; a string
 *           literal does while its module is loaded.
 *
 *        block                                                       block + what its size class has
 *          │ size asked for            │ slack │ file │ number │ size │ line │ seal │
 *          └───────────────────────────┴───────┴──────┴────────┴──────┴──────┴──────┘
 *
 * A record takes 32 bytes of its block, whether or not the option is set: a size of up to 32 bytes less than
 * a class's is of that class. It lies behind what was asked for, so that only who writes beyond that reaches it.
 * A seal over the block's address and all of the record tells it from other bytes: one that was written over is no
 * record rather than a wrong one. Of a block that a walk finds, corral_usable_size tells the bytes before the record; of
 * others, all: who writes so far has no origin any more.
 *
 *   in a category   corral_origin_of, misuse messages   a walk, and the leak report
 *   without option  by the record                       no: blocks that a hit freed have theirs still
 *   with it         by the record                       each block of a function of this header that is live
 *
 * With the option each such block has a mark beside its arena, of one byte: LIVE, and how many walks read it.
 * Nothing in the category is a hit, so that each free comes by the mark. Who comes by (row beside column):
 *
 *              allocate    free              resize in place     read
 *   allocate   –           –                 –                   sets LIVE (release) behind the record
 *   free       –           finds it twice    –                   clears LIVE: whose last reader has left goes home;
 *                                                                else the last reader brings it home
 *   resize     –           –                 –                   clears LIVE where nobody reads; else it moves
 *   read       sees it     as above          as above            any: it counts
 *
 * Each change of a mark is one atomic operation, so every step is lock-free. While LIVE was set when a walk counted
 * itself in, the block is not home until the walk has left: its slab is not given back, its arena is not unmapped.
 * A walk that is stopped for ever while it reads a block keeps this block, and nothing else; so does one that a
 * fork caught, in the child.
 */
#ifndef CORRAL_PUBLIC_ORIGIN_H
#define CORRAL_PUBLIC_ORIGIN_H

#include <corral/corral.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As corral_alloc, and the block remembers where it was asked for.
 *
 * file, line  where; file may be NULL. NULL and 0: nowhere, and no walk finds the block.
 * Thread role: any. Progress, OS and errors: as corral_alloc; in a category with the option it may call the OS besides,
 * for the marks of an arena. Where there is no memory for those, the block is served, and no walk finds it. */
CORRAL_API void *corral_alloc_at(size_t size, uint32_t memory_type_id, const char *file, uint32_t line)
    CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE(1);

/* As corral_calloc, likewise. */
CORRAL_API void *corral_calloc_at(size_t count, size_t size, uint32_t memory_type_id, const char *file,
                                  uint32_t line) CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE2(1, 2);

/* As corral_realloc, likewise: the block's origin is this call's, wherever the block was and is. Where it fails,
 * the block is as it was. corral_realloc itself lets a block that a walk finds keep its origin, with the new
 * size, also when it moves; another block that it moves has none. */
CORRAL_API void *corral_realloc_at(void *block, size_t size, uint32_t memory_type_id, const char *file,
                                   uint32_t line) CORRAL_CHECK_RESULT CORRAL_BLOCK_SIZE(2);

/* As corral_aligned_alloc, likewise. */
CORRAL_API void *corral_aligned_alloc_at(size_t alignment, size_t size, uint32_t memory_type_id,
                                         const char *file, uint32_t line)
    CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE(2);

/* The same with the file and line of the caller; where CORRAL_WITHOUT_ORIGINS is defined, the plain forms. */
#ifdef CORRAL_WITHOUT_ORIGINS
#define CORRAL_ALLOC_HERE(size, id)                    corral_alloc((size), (id))
#define CORRAL_CALLOC_HERE(count, size, id)            corral_calloc((count), (size), (id))
#define CORRAL_REALLOC_HERE(block, size, id)           corral_realloc((block), (size), (id))
#define CORRAL_ALIGNED_ALLOC_HERE(alignment, size, id) corral_aligned_alloc((alignment), (size), (id))
#else
#define CORRAL_ALLOC_HERE(size, id)          corral_alloc_at((size), (id), __FILE__, __LINE__)
#define CORRAL_CALLOC_HERE(count, size, id)  corral_calloc_at((count), (size), (id), __FILE__, __LINE__)
#define CORRAL_REALLOC_HERE(block, size, id) corral_realloc_at((block), (size), (id), __FILE__, __LINE__)
#define CORRAL_ALIGNED_ALLOC_HERE(alignment, size, id)                                             \
    corral_aligned_alloc_at((alignment), (size), (id), __FILE__, __LINE__)
#endif

/* Where a block was asked for.
 *
 * block  a live block of corral, or NULL.
 * file   receives the pointer that was given; NULL where there is no origin.
 * line   receives the line; 0 where there is no origin.
 * Either may be NULL for a caller who does not want it. Returns 1 when the block has an origin, else 0: for NULL,
 * for an address that is not corral's, and for a block that was asked for otherwise. In a category without the
 * option, a block of corral_alloc may show the origin of one that lay there before.
 * Thread role: any that may read the block. Progress: wait-free. Calls the OS: no. */
CORRAL_API int corral_origin_of(const void *block, const char **file, uint32_t *line);

/* A live block, as a walk finds it. */
typedef struct corral_origin {
    uint64_t id;          /* the category's, or CORRAL_MEMORY_TYPE_OVERFLOW */
    const void *block;    /* its address; it may be free when the visitor is told */
    const char *file;     /* as it was given; NULL: the record was written over */
    uint64_t number;      /* lower than those of blocks that were asked for later; 0 with file NULL */
    uint64_t size;        /* bytes asked for; 0 with file NULL */
    uint64_t block_bytes; /* bytes that the block takes: of its size class; a large block's own */
    uint32_t line;
    uint32_t large;       /* 1: the block is a large one */
} corral_origin;

/* Is told of one block. origin: of which origin_size bytes are there: sizeof(corral_origin) as the library knows it.
 * It is gone when the call returns. */
typedef void corral_origin_visitor(const corral_origin *origin, size_t origin_size, void *argument);

/* Calls visit(origin, origin_size, argument) for each live block with an origin, of a category with the option
 * `origins`: each that is live from the beginning to the end, once; of those that come or go meanwhile, some. Not in
 * the order of their numbers. It may call any function of corral, and allocate and free in any category. Whoever
 * frees or resizes a block does not wait: the walk frees what is freed while it reads it.
 *
 * id  a memory type id, CORRAL_MEMORY_TYPE_OVERFLOW, or CORRAL_MEMORY_TYPE_NONE for all categories. For an id that
 *     has no category of its own, the overflow category's blocks.
 * Returns CORRAL_OK; CORRAL_EUNUSED when the id has no category; CORRAL_EINVAL when visit is NULL or id is none of
 * those.
 * Thread role: any; of more than 126 walks at the same block, some pass it over. Progress: lock-free, in time
 * proportional to the arenas and large blocks that had origins. Calls the OS: it may purge, for what it frees. */
CORRAL_API corral_status corral_visit_origins(uint64_t id, corral_origin_visitor *visit, void *argument);

#ifdef __cplusplus
}
#endif

#endif

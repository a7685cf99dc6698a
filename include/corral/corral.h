/* SPDX-License-Identifier: MIT
 *
 * corral: a lock-free allocator that keeps every category of memory in its own pools.
 *
 * Owns:     the public C interface, and no state.
 * Callers:  any thread, at any time, in any category; also before main, in static constructors
 *           and destructors, and in destructors of thread-specific data.
 * Promises: every function says below which threads may call it, what progress it makes, whether
 *           it may call the OS, and how it fails.
 * Does not: serve signal handlers. No function here is async-signal-safe.
 *
 * Words used below:
 *   memory type id  the caller's opaque 32-bit number. Every value is legal and none is refused.
 *   category        what an id maps to. Ids below the build's dense bound, and the first ids seen
 *                   beyond it, get a category each; when the build's categories are used up,
 *                   further ids share the overflow category.
 *   block           what the caller gets: contiguous, aligned to 16 bytes, valid until it is freed.
 *   wait-free       the call ends within a bounded number of the caller's own steps.
 *   lock-free       a thread that is stopped inside the call, for ever, stops no other thread.
 *   "the OS"        the system calls that map, unmap and purge memory. They are not lock-free:
 *                   the kernel may make a caller of them wait.
 */
#ifndef CORRAL_CORRAL_H
#define CORRAL_CORRAL_H

#include <stddef.h>
#include <stdint.h>

#if defined(CORRAL_STATIC) || !(defined(_WIN32) || defined(__GNUC__))
#define CORRAL_API
#elif defined(_WIN32) && defined(CORRAL_BUILDING)
#define CORRAL_API __declspec(dllexport)
#elif defined(_WIN32)
#define CORRAL_API __declspec(dllimport)
#else
#define CORRAL_API __attribute__((visibility("default")))
#endif

#if defined(__GNUC__)
#define CORRAL_RETURNS_BLOCK __attribute__((malloc, warn_unused_result))
#define CORRAL_BLOCK_SIZE(argument) __attribute__((alloc_size(argument)))
#define CORRAL_BLOCK_SIZE2(count, size) __attribute__((alloc_size(count, size)))
#define CORRAL_CHECK_RESULT __attribute__((warn_unused_result))
#else
#define CORRAL_RETURNS_BLOCK
#define CORRAL_BLOCK_SIZE(argument)
#define CORRAL_BLOCK_SIZE2(count, size)
#define CORRAL_CHECK_RESULT
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define CORRAL_VERSION_MAJOR 0
#define CORRAL_VERSION_MINOR 1
#define CORRAL_VERSION_PATCH 0

/* What corral_memory_type_of answers where there is no 32-bit id to give. */
#define CORRAL_MEMORY_TYPE_OVERFLOW ((uint64_t)1 << 32) /* the block is of the overflow category */
#define CORRAL_MEMORY_TYPE_NONE ((uint64_t)2 << 32)     /* the address is not corral's */

/* How a call that returns a status ended. */
typedef enum corral_status {
    CORRAL_OK = 0,      /* done */
    CORRAL_EINVAL = 1,  /* an argument is not legal; nothing was changed */
    CORRAL_EUNUSED = 2, /* the id has no category: nothing was ever allocated with it, or set for it */
    CORRAL_ENOMEM = 3,  /* memory is exhausted; nothing was changed */
    CORRAL_EBUSY = 4,   /* it is in use, or another thread is in the middle of something; nothing was changed */
} corral_status;

/* The version of the library that runs, as MAJOR * 10000 + MINOR * 100 + PATCH.
 * Thread role: any. Progress: wait-free. Calls the OS: no. Errors: none. */
CORRAL_API uint32_t corral_version(void);

/* A block of at least `size` bytes, of the category of `memory_type_id`.
 *
 * size            bytes; 0 gives a block of its own, of the smallest size.
 * memory_type_id  any 32-bit value.
 * Returns the block, aligned to 16 bytes, its content undefined; or NULL.
 * Thread role: any. Progress: wait-free when the calling thread's pool holds a block, else
 * lock-free but for the OS. Calls the OS: only when the category needs another arena or the block
 * is large. Errors: NULL with errno ENOMEM: memory is exhausted, or size is above PTRDIFF_MAX.
 * Nothing else is disturbed. errno is kept on success.
 * Contract: fits PartyAllocateMemoryCallback of PlayFab Party (see corral/party.h). */
CORRAL_API void *corral_alloc(size_t size, uint32_t memory_type_id)
    CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE(1);

/* Returns a block to the pool that owns it.
 *
 * block           a block of any corral allocation function that was not freed yet, or NULL, for
 *                 which nothing is done.
 * memory_type_id  the id that the block was allocated with. It is a check only: the category of a
 *                 block is a fact of the block. With a wrong id the misuse policy runs, and the
 *                 block goes home to its own category.
 * Thread role: any; not only the thread that allocated. Progress: wait-free into the calling
 * thread's pool, else lock-free but for the OS. Calls the OS: when memory that became empty goes
 * beyond what is kept, and at a thread's first call. Errors: an address that is not a live block runs the misuse policy as
 * far as it is found. errno is kept.
 * Contract: fits PartyFreeMemoryCallback of PlayFab Party. */
CORRAL_API void corral_free(void *block, uint32_t memory_type_id);

/* As corral_free, for a caller who knows the block's size: C23's free_sized.
 *
 * block           as for corral_free: of corral_alloc, corral_calloc, corral_realloc or corral_alloc_batch.
 * size            bytes that the block was asked for with last. It is a check only: where it can be none of the
 *                 block's, the misuse policy runs, and the block is freed all the same. What can be the
 *                 block's are the sizes of its class, and those that corral_realloc keeps in place: down to half of what it
 *                 takes. After a corral_realloc that found no memory for a smaller block, and kept
 *                 the old one, that one's size is the right one. In a hardened build the size is known to the
 *                 byte, but of large blocks.
 * memory_type_id  as for corral_free.
 * Thread role, progress, OS, errors: as corral_free. */
CORRAL_API void corral_free_sized(void *block, size_t size, uint32_t memory_type_id);

/* The same for a block of corral_aligned_alloc: C23's free_aligned_sized.
 *
 * alignment       that of the allocation. Another is right too where the block would be of the same class; one
 *                 that is no power of two is taken for 16.
 * size            as for corral_free_sized. */
CORRAL_API void corral_free_aligned_sized(void *block, size_t alignment, size_t size,
                                          uint32_t memory_type_id);

/* A block of `count` times `size` bytes, all zero.
 *
 * As corral_alloc. Errors: also NULL with errno ENOMEM when the product overflows. */
CORRAL_API void *corral_calloc(size_t count, size_t size, uint32_t memory_type_id)
    CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE2(1, 2);

/* A block of at least `size` bytes that begins with the content of `block`, as far as both reach.
 *
 * block           a live block, which the call frees or grows in place; or NULL, for which the
 *                 call is corral_alloc(size, memory_type_id).
 * size            bytes; 0 gives a block of the smallest size (it never frees).
 * memory_type_id  checked against the block as in corral_free. The result is of the block's own
 *                 category also where the id is wrong.
 * In place where the block's slack or free slabs behind it allow; it shrinks in place while the
 * new size is at least half of the old. Thread role, progress, OS: as corral_alloc and corral_free.
 * Errors: NULL with errno ENOMEM, or EINVAL for an address that is not corral's; `block` is then
 * untouched. */
CORRAL_API void *corral_realloc(void *block, size_t size, uint32_t memory_type_id)
    CORRAL_CHECK_RESULT CORRAL_BLOCK_SIZE(2);

/* A block of at least `size` bytes whose address is a multiple of `alignment`.
 *
 * alignment       a power of two; any, as far as the address space reaches. Below 16 it is 16.
 * size            bytes; it need not be a multiple of the alignment.
 * As corral_alloc. Errors: NULL with errno EINVAL when alignment is no power of two, ENOMEM as
 * corral_alloc. corral_realloc keeps an alignment above 16 only where it stays in place. */
CORRAL_API void *corral_aligned_alloc(size_t alignment, size_t size, uint32_t memory_type_id)
    CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE(2);

/* The bytes of `block` that the caller may use: at least what was asked for; in a hardened build just that, but of large
 * blocks, and 1 where it was 0. 0 for NULL.
 * block: live. Thread role: any. Progress: wait-free. Calls the OS: no.
 * Errors: 0 for an address that is not corral's. */
CORRAL_API size_t corral_usable_size(const void *block);

/* The id of the block's category, below 2^32; or CORRAL_MEMORY_TYPE_OVERFLOW for a block of the
 * overflow category; or CORRAL_MEMORY_TYPE_NONE for NULL and for an address that is not corral's.
 * block: live, or any address. Thread role: any. Progress: wait-free. Calls the OS: no. */
CORRAL_API uint64_t corral_memory_type_of(const void *block);

/* Allocates up to `count` blocks of `size` bytes into blocks[0..count).
 *
 * Returns how many there are; fewer than `count` only where memory is exhausted, with errno ENOMEM,
 * and then blocks[result..count) are not written. Each is freed as any other block.
 * Thread role, progress, OS: as corral_alloc, for each block. */
CORRAL_API size_t corral_alloc_batch(size_t size, uint32_t memory_type_id, size_t count,
                                     void **blocks) CORRAL_CHECK_RESULT;

/* Frees blocks[0..count), all of the same memory type id; NULL among them is passed over.
 * As corral_free, for each block. The array is not written. */
CORRAL_API void corral_free_batch(void *const *blocks, size_t count, uint32_t memory_type_id);

/* Sends home everything that the calling thread's pools hold, and gives the thread's cache to
 * whoever comes next, as at thread exit: for threads that a runtime keeps idle. The thread may
 * allocate and free again afterwards, and then attaches anew.
 * Thread role: any. Progress: lock-free but for the OS. Calls the OS: it may purge. Errors: none. */
CORRAL_API void corral_thread_detach(void);

/* Frees all blocks of a category at once, and gives their memory back: for the end of a level, or of a session.
 *
 * memory_type_id  one whose category no thread uses during the call: none allocates, frees, or walks over origins in
 *                 it, or has such a call going on; and what other threads did in it happened before, as by a join or
 *                 a lock. Other categories are used all the while, figures are read, and threads begin and end.
 * No block of the category is live afterwards; what is read or written in one is anything, or a fault. The budgets
 * have room for as much as is gone, and figures and options stay but for that. A block that is freed although it is
 * gone is found, as a fault of the caller, until slabs of its arena, or its addresses, are used again; these are there
 * for anyone when they are needed.
 * Returns CORRAL_OK; CORRAL_EUNUSED when nothing was allocated with the id, or it has no category of its own;
 * CORRAL_EBUSY, and nothing was changed, when another thread, which uses other categories or ends, was just bringing
 * home what it had left of this one, or another call resets it, or in a budget's callback that is run for an allocation
 * in this category. A thread that is stopped for ever in the middle of such a thing, or in the child of a fork one of the
 * parent's, makes that the answer from then on.
 * Thread role: one thread, while no other uses the category. Progress: lock-free but for the OS, in time
 * proportional to threads times size classes, and to the category's slabs and large blocks. A thread that is stopped
 * in the middle stops no other. Calls the OS: yes. */
CORRAL_API corral_status corral_category_reset(uint32_t memory_type_id);

/* The figures of a category, or of all together. Bytes are of size classes (what the blocks take),
 * not of requests. */
typedef struct corral_stats {
    uint64_t live_blocks;    /* blocks that callers hold */
    uint64_t live_bytes;     /* their bytes */
    uint64_t peak_bytes;     /* the highest live_bytes that was looked at: by a reader, and whenever
                                the category's slabs or large blocks had grown by a sixteenth. The
                                true peak may be higher by what was allocated in between: at most a
                                sixteenth, and what threads took from slabs they had. A look while
                                others allocate is the least of three sums, and may still be high
                                by blocks that moved meanwhile. In the total: what readers of the
                                total saw */
    uint64_t remote_blocks;  /* blocks sent home to slabs of other threads, cumulative */
    uint64_t refills;        /* times that a pool was given blocks, cumulative */
    uint64_t slabs;          /* slabs that hold the category's blocks */
    uint64_t arenas;         /* arenas of the category */
    uint64_t large_blocks;   /* blocks among live_blocks that come straight from the backend */
    uint64_t large_bytes;    /* their bytes, among live_bytes */
    uint64_t allocations;    /* cumulative; 0 unless built with figures level 2 */
    uint64_t frees;          /* cumulative; 0 unless built with figures level 2. A free of what is no live block is
                                among them where that is found only when the block comes home */
    uint64_t categories;     /* categories in use; in a category's own figures, 1 */
    uint64_t overflow_ids;   /* times that a thread met an id that has no category of its own: at
                                least the number of such ids. In the total and the overflow
                                category; else 0 */
    uint32_t exact;          /* 1: two readings of all counters agreed, which at rest they do. 0:
                                others were allocating; the figures are near, and never negative */
    uint32_t shares_overflow; /* 1: the id has no category of its own, and these are the overflow
                                 category's figures */
    uint64_t failed;         /* allocations that found no memory, were refused by a budget, or failed on
                                purpose (corral/configure.h), cumulative */
    uint64_t reserved_bytes; /* addresses of the category's arenas and live large blocks: not memory, which
                                the OS gives page by page, nor what is kept of freed large blocks */
    uint64_t slab_bytes;     /* bytes of the slabs that hold the category's blocks. Of them, callers hold
                                live_bytes - large_bytes: that share is what is not lost to
                                fragmentation, but for what threads have at hand */
    /* The next four are counted by a walk over the category's arenas, after the others and once: exact at
     * rest; else near, also where exact is 1, and by whole arenas where some were made or ended. */
    uint64_t shelved_slabs;   /* slabs that have free blocks and no owner, which any thread may take next */
    uint64_t held_slabs;      /* the others that hold blocks: a thread's own, or of callers' blocks alone. At rest,
                                 shelved_slabs + held_slabs = slabs */
    uint64_t kept_bytes;      /* of free slabs whose memory the OS was not told to take back: at most the build
                                 option retire_kib in all categories, unless the OS or the backend refuses to take
                                 it */
    uint64_t committed_bytes; /* what memory may stand behind: the slabs above, those of kept_bytes, the headers of
                                 arenas as whole slabs, and live large blocks. Not what is kept of freed large
                                 blocks and behind live ones (large_keep_kib). 1 - live_bytes / committed_bytes is
                                 the share that callers cannot use now: free blocks, rests, what is kept, headers */
    uint64_t requested_bytes; /* what was asked for in allocations, cumulative, with the records of those that say
                                 where they are; a resize that leaves a block in its place asks for nothing. 0
                                 unless built with figures level 2 */
} corral_stats;

/* The figures of the category of `memory_type_id`.
 *
 * stats       written whole, as far as stats_size reaches.
 * stats_size  sizeof(corral_stats) as the caller knows it.
 * Returns CORRAL_OK; CORRAL_EUNUSED when nothing was allocated with the id, the figures being 0;
 * CORRAL_EINVAL when stats is NULL or stats_size is 0.
 * Thread role: any. Progress: lock-free, in time proportional to threads times size classes, and to the slabs
 * of the most arenas that the category had at once. Calls the OS: no. */
CORRAL_API corral_status corral_category_stats(uint32_t memory_type_id, corral_stats *stats,
                                               size_t stats_size);

/* The sums over all categories. As corral_category_stats; never CORRAL_EUNUSED. */
CORRAL_API corral_status corral_total_stats(corral_stats *stats, size_t stats_size);

/* Is told of one category. id: below 2^32, or CORRAL_MEMORY_TYPE_OVERFLOW. stats: its figures, of which
 * stats_size bytes are there: sizeof(corral_stats) as the library knows it. They are gone when the call
 * returns. */
typedef void corral_category_visitor(uint64_t id, const corral_stats *stats, size_t stats_size,
                                     void *argument);

/* Calls visit(id, stats, stats_size, argument) for each category that something was allocated in, each
 * once; for one that comes into use meanwhile, perhaps. It may allocate and free, in any category.
 *
 * Returns CORRAL_OK; CORRAL_EINVAL when visit is NULL.
 * Thread role: any. Progress: as corral_category_stats, for each category. Calls the OS: no. */
CORRAL_API corral_status corral_visit_categories(corral_category_visitor *visit, void *argument);

/* The figures of a size class in a category. */
typedef struct corral_class_stats {
    uint64_t block_bytes;   /* bytes of a block; 0: these are the large blocks, each of a size of its own */
    uint64_t live_blocks;   /* blocks that callers hold */
    uint64_t live_bytes;    /* their bytes */
    uint64_t refills;       /* times that a pool was given blocks, cumulative; of large blocks 0 */
    uint64_t remote_blocks; /* blocks sent home to slabs of other threads, cumulative; of large blocks 0 */
    uint64_t slabs;         /* slabs that hold the class's blocks; of large blocks 0 */
} corral_class_stats;

/* Is told of one size class. stats: its figures, of which stats_size bytes are there:
 * sizeof(corral_class_stats) as the library knows it. They are gone when the call returns. */
typedef void corral_class_visitor(const corral_class_stats *stats, size_t stats_size, void *argument);

/* Calls visit(stats, stats_size, argument) for each size class of a category that something was allocated
 * in, or was to be, the smallest first; and at the end for its large blocks, if there are any that callers
 * hold. It may allocate and free, in any category. At rest, their sums are the category's figures.
 *
 * id  any memory type id, or CORRAL_MEMORY_TYPE_OVERFLOW, as a visitor of categories is told it. For an id
 *     that has no category of its own, the overflow category's classes.
 * Returns CORRAL_OK; CORRAL_EUNUSED when nothing was allocated with the id; CORRAL_EINVAL when visit is NULL
 * or id is neither. Each class's figures are exact while nothing of it moves, else near and never negative.
 * Thread role: any. Progress: lock-free, in time proportional to threads times size classes. Calls the OS:
 * no. */
CORRAL_API corral_status corral_visit_classes(uint64_t id, corral_class_visitor *visit, void *argument);

#ifdef __cplusplus
}
#endif

#endif

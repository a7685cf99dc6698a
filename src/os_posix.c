/* SPDX-License-Identifier: MIT
 *
 * os_posix: the outside world on Linux and its like.
 *
 * Owns:     the key of the thread-exit hook.
 * Callers:  through os.h.
 * Promises: as os.h. Reservations ask for no memory (MAP_NORESERVE) and are never advised to use
 *           huge pages.
 * Does not: retry.
 */
#define _GNU_SOURCE
#include "os.h"

#include "atomic.h"
#include "base.h"
#include "options.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

size_t corral_os_page_size(void) {
    static _Atomic size_t size;
    size_t known = load_relaxed(&size); /* [R:same-value] */
    if (unlikely(known == 0)) {
        known = (size_t)getpagesize();
        store_relaxed(&size, known); /* [R:same-value] */
    }
    return known;
}

/* Runs a call that may set errno, and keeps it: what a failure means to the caller of corral is for
 * the public functions to say. */
#define KEEPING_ERRNO(type, call)                                                                  \
    int saved = errno;                                                                             \
    type result = (call);                                                                          \
    errno = saved;                                                                                 \
    return result

#define HUGE_PAGE_LOG 21
#define HUGE_PAGE     ((size_t)1 << HUGE_PAGE_LOG)
/* How the kernel is told the size of huge pages, which not every C library's header has. */
#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

static void *map(size_t size) {
    void *start = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

static bool posix_release(void *start, size_t size) {
    KEEPING_ERRNO(bool, munmap(start, size) == 0);
}

/* Maps more than asked and gives the ends back. */
static void *map_aligned_slow(size_t size, size_t alignment) {
    size_t room = size + alignment; /* however large the kernel's pages are */
    if (room < size) {
        return NULL;
    }
    char *start = map(room);
    if (start == NULL) {
        return NULL;
    }
    char *block = (char *)round_up((uintptr_t)start, alignment);
    size_t before = (size_t)(block - start);
    size_t behind = room - before - size;
    if (before != 0) {
        munmap(start, before);
    }
    if (behind != 0) {
        munmap(block + size, behind);
    }
    return block;
}

/* The kernel places a mapping beside the last one, so after the first of a size the next ones are
 * aligned without help. */
static void *reserve(size_t size, size_t alignment) {
    char *start = map(size);
    if (start == NULL || ((uintptr_t)start & (alignment - 1)) == 0) {
        return start;
    }
    munmap(start, size);
    return map_aligned_slow(size, alignment);
}

static void *posix_reserve(size_t size, size_t alignment) {
    KEEPING_ERRNO(void *, reserve(size, alignment));
}

/* The kernel would round to whole pages, and so purge what lies beside. */
static bool posix_purge(void *start, size_t size) {
    if ((((uintptr_t)start | size) & (corral_os_page_size() - 1)) != 0) {
        return false;
    }
    KEEPING_ERRNO(bool, madvise(start, size, MADV_DONTNEED) == 0);
}

/* Of 2 MiB, in the place of ordinary pages, which have the alignment. The kernel would round to whole huge pages, and so
 * map over what lies beside. */
static void *reserve_huge(size_t size, size_t alignment) {
    bool whole = ((size | alignment) & (HUGE_PAGE - 1)) == 0;
    void *start = whole ? reserve(size, alignment) : NULL;
    int kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_HUGETLB | HUGE_PAGE_LOG << MAP_HUGE_SHIFT;
    if (start != NULL && mmap(start, size, PROT_READ | PROT_WRITE, kind, -1, 0) == MAP_FAILED) {
        munmap(start, size);
        return NULL;
    }
    return start;
}

static void *posix_reserve_huge(size_t size, size_t alignment) {
    KEEPING_ERRNO(void *, reserve_huge(size, alignment));
}

static void posix_advise_huge(void *start, size_t size, bool huge) {
    int saved = errno;
    madvise(start, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    errno = saved;
}

static bool posix_grow(void *start, size_t old_size, size_t new_size) {
    KEEPING_ERRNO(bool, mremap(start, old_size, new_size, 0) != MAP_FAILED);
}


static uint64_t posix_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t posix_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static _Atomic(void (*)(void *)) exit_function;

static void run_exit_function(void *argument) {
    void (*function)(void *) = load_acquire(&exit_function); /* [E:exit-hook] */
    function(argument);
}

/* The key plus one, or 0 before there is one. Of several threads that make a key, one wins and the
 * others delete theirs. */
static unsigned exit_key(void) {
    static _Atomic unsigned key_plus_one;
    unsigned have = load_relaxed(&key_plus_one); /* [R:own-key] */
    if (likely(have != 0)) {
        return have;
    }
    pthread_key_t key;
    if (pthread_key_create(&key, run_exit_function) != 0) {
        return 0;
    }
    unsigned made = (unsigned)key + 1;
    if (cas_relaxed(&key_plus_one, &have, made)) { /* [R:own-key] */
        return made;
    }
    pthread_key_delete(key);
    return have;
}

/* The C library may allocate for it, and fail. */
static bool posix_on_thread_exit(void (*function)(void *), void *argument) {
    store_release(&exit_function, function); /* [E:exit-hook] */
    unsigned key = exit_key();
    KEEPING_ERRNO(bool, key != 0 && pthread_setspecific((pthread_key_t)(key - 1), argument) == 0);
}

/* Linux numbers threads and processes in 22 bits. */
#define PID_BITS 22u

/* By syscall, which lies beside mmap in the C library, as getpagesize does: getpid, gettid and sysconf lie
 * elsewhere, and would be 180 KiB more of it in the memory of a process that allocates one block. */
static pid_t process_number(void) {
    return (pid_t)syscall(SYS_getpid);
}

static pid_t thread_number(void) {
    return (pid_t)syscall(SYS_gettid);
}

uint64_t corral_os_thread(void) {
    return (uint64_t)process_number() << PID_BITS | (uint64_t)thread_number();
}

static bool has_no_thread(pid_t process, pid_t number) {
    KEEPING_ERRNO(bool, tgkill(process, number, 0) != 0 && errno == ESRCH);
}

bool corral_os_thread_is_ours(uint64_t thread) {
    return (pid_t)(thread >> PID_BITS) == process_number();
}

bool corral_os_thread_is_gone(uint64_t thread) {
    pid_t process = (pid_t)(thread >> PID_BITS);
    pid_t number = (pid_t)(thread & ((1u << PID_BITS) - 1));
    if (number == 0 || !corral_os_thread_is_ours(thread)) {
        return false;
    }
    if (!has_no_thread(process, number)) {
        return false;
    }
    /* [R:gone] The kernel found the thread's number free by plain reads, which order no load of
     * this thread that comes after them. */
    fence_acquire();
    return true;
}

void corral_os_write_error(const char *text, size_t length) {
    int saved = errno;
    ssize_t written = 0;
    for (; length > 0 && written >= 0; length -= (size_t)written, text += written) {
        written = write(STDERR_FILENO, text, length);
        if (written < 0) {
            break;
        }
    }
    errno = saved;
}

_Noreturn void corral_os_abort(void) {
    abort();
}

const struct corral_os corral_os_real = {
    .reserve = posix_reserve,
    .release = posix_release,
    .purge = posix_purge,
    .grow = posix_grow,
    .reserve_huge = posix_reserve_huge,
    .advise_huge = posix_advise_huge,
    .milliseconds = posix_milliseconds,
    .nanoseconds = posix_nanoseconds,
    .on_thread_exit = posix_on_thread_exit,
    .protect = GUARDS ? corral_os_protect : NULL,
};

const struct corral_os *corral_os = &corral_os_real;

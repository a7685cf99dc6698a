/* SPDX-License-Identifier: MIT
 *
 * backend: see backend.h and corral/backend.h.
 *
 * Owns:     the pointer to the backend in use.
 * Callers:  through backend.h; the program, through corral/backend.h.
 * Promises: as they say.
 * Does not: copy hooks: they are the program's, and constant.
 */
#include "backend.h"

#include <corral/backend.h>

#include "atomic.h"
#include "base.h"
#include "options.h"
#include "os.h"
#include "region.h"

#include <errno.h>
#include <string.h>

#define ADDRESS_END ((uintptr_t)1 << ADDRESS_BITS)

/* What corral calls must not change errno: what a failure means is for the public functions to say. */
#define KEEPING_ERRNO(type, call)                                                                  \
    int saved = errno;                                                                             \
    type result = (call);                                                                          \
    errno = saved;                                                                                 \
    return result

static void *os_reserve(size_t size, size_t alignment, uint64_t id, void *argument) {
    (void)id, (void)argument;
    return corral_os->reserve(size, alignment);
}

static int os_release(void *start, size_t size, void *argument) {
    (void)argument;
    return corral_os->release(start, size);
}

static int os_purge(void *start, size_t size, void *argument) {
    (void)argument;
    return corral_os->purge(start, size);
}

static int os_resize(void *start, size_t old_size, size_t new_size, void *argument) {
    (void)argument;
    return new_size > old_size ? corral_os->grow(start, old_size, new_size)
                               : corral_os->release((char *)start + new_size, old_size - new_size);
}

static void *reserve_nothing(size_t size, size_t alignment, uint64_t id, void *argument) {
    (void)size, (void)alignment, (void)id, (void)argument;
    return NULL;
}

static int release_nothing(void *start, size_t size, void *argument) {
    (void)start, (void)size, (void)argument;
    return 0;
}

static const corral_backend of_os = {os_reserve, os_release, os_purge, os_resize, NULL};
/* Until corral_init says which hooks there are, where the build's default is hooks. */
static const corral_backend of_nobody = {reserve_nothing, release_nothing, NULL, NULL, NULL};

/* NULL: none is chosen yet. */
static _Atomic(const corral_backend *) chosen;

/* The backend of a kind. */
static const corral_backend *backend_of(corral_backend_kind kind, const corral_backend *hooks) {
    return kind == CORRAL_BACKEND_OS ? &of_os : kind == CORRAL_BACKEND_REGION ? &corral_region : hooks;
}

static bool choose(const corral_backend *it) {
    const corral_backend *none = NULL;
    return cas_release(&chosen, &none, it); /* [E:backend] Publishes the hooks. */
}

CORRAL_SLOW static const corral_backend *choose_default(void) {
    const corral_backend *it = backend_of((corral_backend_kind)CORRAL_BACKEND, NULL);
    if (it == NULL) {
        return &of_nobody;
    }
    choose(it);
    return load_acquire(&chosen); /* [E:backend] Sees the hooks of who was first. */
}

static const corral_backend *in_use(void) {
    const corral_backend *it = load_acquire(&chosen); /* [E:backend] Sees the hooks. */
    return likely(it != NULL) ? it : choose_default();
}

static bool is_usable(const void *start, size_t size, size_t alignment) {
    return ((uintptr_t)start & (alignment - 1)) == 0 && size <= ADDRESS_END &&
           (uintptr_t)start <= ADDRESS_END - size;
}

static void *reserve(size_t size, size_t alignment, uint64_t id) {
    const corral_backend *it = in_use();
    void *start = it->reserve(size, alignment, id, it->argument);
    if (start == NULL || likely(is_usable(start, size, alignment))) {
        return start;
    }
    it->release(start, size, it->argument);
    return NULL;
}

void *corral_backend_reserve(size_t size, size_t alignment, uint64_t id) {
    KEEPING_ERRNO(void *, reserve(size, alignment, id));
}

bool corral_backend_release(void *start, size_t size) {
    const corral_backend *it = in_use();
    KEEPING_ERRNO(bool, it->release(start, size, it->argument) != 0);
}

bool corral_backend_purge(void *start, size_t size) {
    const corral_backend *it = in_use();
    KEEPING_ERRNO(bool, it->purge != NULL && it->purge(start, size, it->argument) != 0);
}

bool corral_backend_resize(void *start, size_t old_size, size_t new_size) {
    const corral_backend *it = in_use();
    KEEPING_ERRNO(bool, it->resize != NULL &&
                            it->resize(start, old_size, new_size, it->argument) != 0);
}

void *corral_backend_reserve_huge(size_t size, size_t alignment) {
    return in_use() == &of_os ? corral_os->reserve_huge(size, alignment) : NULL;
}

void corral_backend_advise_huge(void *start, size_t size, bool huge) {
    if (in_use() == &of_os) {
        corral_os->advise_huge(start, size, huge);
    }
}

bool corral_backend_cleans(void) {
    return in_use() == &corral_region;
}

bool corral_backend_shares(void) {
    return in_use() == &of_os;
}

static bool are_legal(const corral_init_options *options) {
    bool hooks = options->backend == CORRAL_BACKEND_HOOKS;
    return (uint32_t)options->backend <= CORRAL_BACKEND_HOOKS && hooks == (options->hooks != NULL) &&
           (!hooks || (options->hooks->reserve != NULL && options->hooks->release != NULL));
}

corral_status corral_init(const corral_init_options *options, size_t options_size) {
    corral_init_options ours = {CORRAL_BACKEND_DEFAULT, NULL};
    if (options == NULL || options_size == 0) {
        return CORRAL_EINVAL;
    }
    memcpy(&ours, options, options_size < sizeof ours ? options_size : sizeof ours);
    if (!are_legal(&ours)) {
        return CORRAL_EINVAL;
    }
    if (ours.backend == CORRAL_BACKEND_DEFAULT) {
        ours.backend = (corral_backend_kind)CORRAL_BACKEND;
    }
    const corral_backend *it = backend_of(ours.backend, ours.hooks);
    /* The default, where that is hooks, chooses none. */
    return it == NULL ? CORRAL_EINVAL : choose(it) ? CORRAL_OK : CORRAL_EBUSY;
}

corral_backend_kind corral_backend_in_use(void) {
    const corral_backend *it = load_relaxed(&chosen); /* [R:value-is-all] */
    return it == NULL             ? CORRAL_BACKEND_DEFAULT
           : it == &of_os         ? CORRAL_BACKEND_OS
           : it == &corral_region ? CORRAL_BACKEND_REGION
                                  : CORRAL_BACKEND_HOOKS;
}

corral_status corral_region_add(void *start, size_t size, int zero) {
    bool legal = start != NULL && (zero == 0 || zero == 1) && size <= ADDRESS_END &&
                 (uintptr_t)start <= ADDRESS_END - size;
    return legal && corral_region_push(start, size, zero != 0) ? CORRAL_OK : CORRAL_EINVAL;
}

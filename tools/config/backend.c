/* SPDX-License-Identifier: MIT
 *
 * backend: see backend.h.
 *
 * Owns:     nothing of its own.
 * Callers:  through backend.h.
 * Promises: as backend.h.
 * Does not: unmap a region that was handed over.
 */
#define _GNU_SOURCE
#include "backend.h"

#include "number.h"

#include <corral/backend.h>

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

bool corral_config_read_backend(const char *key, const char *value, struct backend_choice *choice,
                                struct message *message) {
    size_t length = strcspn(value, BLANKS);
    const char *behind = value + length + strspn(value + length, BLANKS);
    *choice = (struct backend_choice){BACKEND_UNSAID, 0};
    if (strcmp(value, "os") == 0) {
        choice->word = BACKEND_OS;
    } else if (strcmp(value, "jemalloc") == 0) {
        choice->word = BACKEND_JEMALLOC;
    } else if (length == strlen("region") && strncmp(value, "region", length) == 0) {
        enum number_found found = corral_config_bytes(behind, &choice->region_bytes);
        if (found == NUMBER_NONE || choice->region_bytes == 0) {
            return corral_config_refuse(message, "%s: \"%s\" is not a region's number of bytes, KiB, MiB or GiB",
                                        key, behind);
        }
        if (found == NUMBER_TOO_LARGE || choice->region_bytes > PTRDIFF_MAX) {
            return corral_config_refuse(message, "%s: \"%s\" is too large", key, behind);
        }
        choice->word = BACKEND_REGION;
    } else {
        return corral_config_refuse(message, "%s: \"%s\" is none of os, region and jemalloc", key, value);
    }
    return true;
}

static bool refuse_late(struct message *message) {
    return corral_config_refuse(message, "backend: memory is in use already");
}

static bool init(corral_backend_kind kind, const corral_backend *hooks, struct message *message) {
    corral_init_options options = {kind, hooks};
    return corral_init(&options, sizeof options) == CORRAL_OK || refuse_late(message);
}

static bool choose_region(size_t size, struct message *message) {
    void *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) {
        return corral_config_lack(message, "there is no memory for the region");
    }
    if (corral_region_add(start, size, 1) != CORRAL_OK) {
        munmap(start, size);
        return corral_config_refuse(message, "backend: the region is too small");
    }
    return init(CORRAL_BACKEND_REGION, NULL, message);
}

static bool choose_jemalloc(struct message *message) {
    union {
        void *found;
        const corral_backend *(*function)(void);
    } door = {dlsym(RTLD_DEFAULT, "corral_jemalloc_backend")};
    if (door.found == NULL) {
        return corral_config_refuse(message, "backend: libcorral-jemalloc is not loaded");
    }
    return init(CORRAL_BACKEND_HOOKS, door.function(), message);
}

bool corral_config_choose_backend(const struct backend_choice *choice, struct message *message) {
    corral_backend_kind in_use = corral_backend_in_use();
    if (choice->word == BACKEND_UNSAID || (choice->word == BACKEND_OS && in_use == CORRAL_BACKEND_OS)) {
        return true;
    }
    if (in_use != CORRAL_BACKEND_DEFAULT) {
        return refuse_late(message);
    }
    return choice->word == BACKEND_OS       ? init(CORRAL_BACKEND_OS, NULL, message)
           : choice->word == BACKEND_REGION ? choose_region((size_t)choice->region_bytes, message)
                                            : choose_jemalloc(message);
}

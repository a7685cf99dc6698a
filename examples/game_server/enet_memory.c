/* SPDX-License-Identifier: MIT
 *
 * The callbacks of enet_memory.h.
 *
 * Owns:     one word per thread.
 * Callers:  ENet, on whichever thread calls it.
 * Promises: ENet never calls malloc itself (the report's count of direct calls shows it).
 * Does not: survive the end of memory: ENet's own answer to that is abort.
 */
#define _GNU_SOURCE
#include "enet_memory.h"

#include "check.h"
#include "memory.h"

#include <enet/enet.h>

static _Thread_local enum category own_category = ENET_HOSTS;

static void *ENET_CALLBACK enet_part_malloc(size_t size) {
    return memory_alloc(size, own_category);
}

static void ENET_CALLBACK enet_part_free(void *block) {
    memory_free(block);
}

enum category enet_memory_category(enum category category) {
    const enum category before = own_category;
    own_category = category;
    return before;
}

bool enet_memory_start(void) {
    const ENetCallbacks callbacks = {enet_part_malloc, enet_part_free, NULL};
    if (damage_chosen(DAMAGE_SEEN)) {
        return enet_initialize() == 0;
    }
    return enet_initialize_with_callbacks(ENET_VERSION, &callbacks) == 0;
}

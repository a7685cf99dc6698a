/* SPDX-License-Identifier: MIT
 *
 * scope: which category the calling thread's malloc takes from.
 *
 * Owns:     nothing: the scope is a field of the thread's (thread.h).
 * Callers:  any thread, for itself.
 * Promises: as corral/scope.h.
 * Does not: allocate blocks.
 */
#include <corral/scope.h>

#include "category.h"
#include "slow.h"
#include "thread.h"

corral_scope corral_scope_push(uint32_t memory_type_id) {
    uint32_t place = corral_pool_base(memory_type_id) << CORRAL_PLACE_SHIFT;
    return (corral_scope){corral_thread_set_scope(place)};
}

void corral_scope_pop(corral_scope before) {
    corral_thread_set_scope(before.before);
}

uint64_t corral_scope_id(void) {
    uint32_t place = corral_thread.scope;
    return place == CORRAL_SCOPE_NONE ? CORRAL_MEMORY_TYPE_NONE
                                      : corral_category_id(place >> CORRAL_ROW_SHIFT);
}

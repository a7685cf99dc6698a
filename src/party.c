/* SPDX-License-Identifier: MIT
 *
 * party: the memory callbacks of PlayFab Party and libHttpClient.
 *
 * Owns:     nothing.
 * Callers:  those libraries. Any thread.
 * Promises: what corral_alloc and corral_free promise.
 * Does not: judge ids: the contracts call them opaque.
 */
#include <corral/party.h>

void *CORRAL_STDCALL corral_party_allocate(size_t size, uint32_t memory_type_id) {
    return corral_alloc(size, memory_type_id);
}

void CORRAL_STDCALL corral_party_free(void *block, uint32_t memory_type_id) {
    corral_free(block, memory_type_id);
}

void *CORRAL_CDECL corral_hc_allocate(size_t size, uint32_t memory_type_id) {
    return corral_alloc(size, memory_type_id);
}

void CORRAL_CDECL corral_hc_free(void *block, uint32_t memory_type_id) {
    corral_free(block, memory_type_id);
}

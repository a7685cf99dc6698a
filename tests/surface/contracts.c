/* SPDX-License-Identifier: MIT
 *
 * Gives corral's adapters to the pointer types of the SDKs and calls them through these.
 *
 * Owns:     nothing. CORRAL_FIRST puts corral's headers before the SDKs', else they come after;
 *           DBG and REAL_LPMAPI choose as sdk_lpm.h says.
 * Callers:  tests/surface/meson.build: runs it on this machine, as C and as C++, and compiles it
 *           for Windows with 64 and with 32 bits.
 * Promises: to compile without a warning only when every signature and convention is exact.
 * Does not: test the allocator beyond what the contracts say.
 */
#ifdef CORRAL_FIRST
#include <corral/lpm.h>
#include <corral/party.h>

#include "sdk_lpm.h"
#include "sdk_party.h"
#else
#include "sdk_lpm.h"
#include "sdk_party.h"

#include <corral/lpm.h>
#include <corral/party.h>
#endif

#include <stdint.h>
#include <string.h>

PartyAllocateMemoryCallback party_allocate = corral_party_allocate;
PartyFreeMemoryCallback party_free = corral_party_free;
PFMultiplayerAllocateMemoryCallback multiplayer_allocate = corral_party_allocate;
PFMultiplayerFreeMemoryCallback multiplayer_free = corral_party_free;
HCMemAllocFunction hc_allocate = corral_hc_allocate;
HCMemFreeFunction hc_free = corral_hc_free;
XblMemAllocFunction xbl_allocate = corral_hc_allocate;
XblMemFreeFunction xbl_free = corral_hc_free;
#ifdef DBG
PALLOCMEM lpm_alloc = corral_lpm_alloc_at;
PFREEMEM lpm_free = corral_lpm_free_at;
#else
PALLOCMEM lpm_alloc = corral_lpm_alloc;
PFREEMEM lpm_free = corral_lpm_free;
#endif

/* What every contract expects of a block: not NULL, placed for any C++ object, writable whole. */
static int good(void *block, size_t size) {
    if (block == NULL || (uintptr_t)block % 16 != 0) {
        return 0;
    }
    memset(block, 0xA5, size);
    return 1;
}

int main(void) {
    static char file[] = "policy.c";
    int bad = 0;
    for (size_t size = 1; size <= 100000; size = size * 3 + 1) {
        void *of_party = party_allocate(size, 0x80000001u);
        void *of_hc = hc_allocate(size, 0);
#ifdef DBG
        void *of_lpm = lpm_alloc((DWORD)size, file, 7);
#else
        void *of_lpm = lpm_alloc((DWORD)size);
#endif
        bad += !good(of_party, size) + !good(of_hc, size) + !good(of_lpm, size);
        multiplayer_free(of_party, 0x80000001u);
        xbl_free(of_hc, 0);
#ifdef DBG
        lpm_free(of_lpm, file, 8);
#else
        lpm_free(of_lpm);
#endif
    }
    party_free(multiplayer_allocate(1, 1), 1);
    hc_free(xbl_allocate(1, 1), 1);
    return bad != 0 || file[0] == 0;
}

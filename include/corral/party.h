/* SPDX-License-Identifier: MIT
 *
 * corral/party.h: corral behind the memory callbacks of PlayFab Party and its relatives.
 *
 * Owns:     no state and no type. A block of these functions is a block of corral_alloc.
 * Callers:  the libraries below, from any thread of theirs or of the program's.
 * Promises: the exact signatures and calling conventions of the contracts below, with or without
 *           their headers, which may stand before or after this one.
 * Does not: install itself: each library has its own call for that, which comes before any other.
 *
 *   contract                            installed by            here
 *   PartyAllocateMemoryCallback         SetMemoryCallbacks      corral_party_allocate
 *   PartyFreeMemoryCallback             (PlayFab Party)         corral_party_free
 *   the same two of PlayFab Multiplayer and of Game Chat 2      the same two
 *   HCMemAllocFunction                  HCMemSetFunctions       corral_hc_allocate
 *   HCMemFreeFunction                   (libHttpClient)         corral_hc_free
 *   XblMemAllocFunction                 XblMemSetFunctions      corral_hc_allocate
 *   XblMemFreeFunction                  (XSAPI)                 corral_hc_free
 *
 * The two pairs do the same. They differ in who pops the arguments, and only on 32-bit x86 Windows:
 * there the contracts of Party are __stdcall and those of libHttpClient are __cdecl, whatever
 * convention the including file is compiled with.
 *
 * In all of these contracts the memory type id is opaque: it is the id of corral_alloc. They do not
 * say that free is given the id that the block was allocated with. Where a library gives another
 * one, the block still goes home to its own category, and the misuse policy says so.
 */
#ifndef CORRAL_PARTY_H
#define CORRAL_PARTY_H

#include <corral/corral.h>

#if defined(_WIN32) && (defined(__i386__) || defined(_M_IX86))
#define CORRAL_STDCALL __stdcall
#define CORRAL_CDECL   __cdecl
#else
#define CORRAL_STDCALL
#define CORRAL_CDECL
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A block of at least `size` bytes, aligned to 16 bytes, of the category of `memory_type_id`.
 *
 * size            bytes. Party never asks for 0; here 0 gives a block of its own.
 * memory_type_id  any 32-bit value.
 * Returns the block, contiguous and valid until corral_party_free; or NULL on failure, as the
 * contract says, with errno ENOMEM.
 * Thread role: any. Progress and OS: as corral_alloc: wait-free when the thread's pool holds a
 * block, else lock-free but for the OS. */
CORRAL_API void *CORRAL_STDCALL corral_party_allocate(size_t size, uint32_t memory_type_id)
    CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE(1);

/* Frees a block of corral_party_allocate, or of any other function of corral that allocates.
 *
 * block           the contract never gives NULL; here NULL does nothing.
 * memory_type_id  the id that the block was allocated with; a check only, as in corral_free.
 * Thread role: any. Progress and OS: as corral_free. Errors: as corral_free. */
CORRAL_API void CORRAL_STDCALL corral_party_free(void *block, uint32_t memory_type_id);

/* As corral_party_allocate, __cdecl. */
CORRAL_API void *CORRAL_CDECL corral_hc_allocate(size_t size, uint32_t memory_type_id)
    CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE(1);

/* As corral_party_free, __cdecl. */
CORRAL_API void CORRAL_CDECL corral_hc_free(void *block, uint32_t memory_type_id);

#ifdef __cplusplus
}
#endif

#endif

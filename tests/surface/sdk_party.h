/* SPDX-License-Identifier: MIT
 *
 * The memory contracts of PlayFab Party, PlayFab Multiplayer, libHttpClient and XSAPI, transcribed.
 *
 * Owns:     nothing.
 * Callers:  contracts.c, in the place of the SDKs' own headers.
 * Promises: the same names, types and calling conventions.
 * Does not: declare anything else of those SDKs.
 */
#ifndef SDK_PARTY_H
#define SDK_PARTY_H

#include <stddef.h>
#include <stdint.h>

/* Away from Windows, platform layers of such SDKs define the words away. */
#ifndef _WIN32
#define __stdcall
#define __cdecl
#endif

#define PARTY_CALLBACK          __stdcall
#define PF_MULTIPLAYER_CALLBACK __stdcall
#define STDAPIVCALLTYPE         __cdecl

typedef uint32_t HCMemoryType;

#ifdef __cplusplus
extern "C" {
#endif

typedef void *(PARTY_CALLBACK *PartyAllocateMemoryCallback)(size_t size, uint32_t memoryTypeId);
typedef void(PARTY_CALLBACK *PartyFreeMemoryCallback)(void *pointer, uint32_t memoryTypeId);

typedef void *(PF_MULTIPLAYER_CALLBACK *PFMultiplayerAllocateMemoryCallback)(size_t size,
                                                                             uint32_t memoryTypeId);
typedef void(PF_MULTIPLAYER_CALLBACK *PFMultiplayerFreeMemoryCallback)(void *pointer,
                                                                       uint32_t memoryTypeId);

typedef void *(STDAPIVCALLTYPE *HCMemAllocFunction)(size_t size, HCMemoryType memoryType);
typedef void(STDAPIVCALLTYPE *HCMemFreeFunction)(void *pointer, HCMemoryType memoryType);

typedef void *(STDAPIVCALLTYPE *XblMemAllocFunction)(size_t size, HCMemoryType memoryType);
typedef void(STDAPIVCALLTYPE *XblMemFreeFunction)(void *pointer, HCMemoryType memoryType);

#ifdef __cplusplus
}
#endif

#endif

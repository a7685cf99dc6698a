/* SPDX-License-Identifier: MIT
 *
 * The memory contract of local policy modules, transcribed, in the ABI that DBG chooses.
 *
 * Owns:     nothing.
 * Callers:  contracts.c, in the place of lpmapi.h, or with it where REAL_LPMAPI says that the
 *           platform has one (of the ABI without DBG).
 * Promises: the same names, types and calling conventions.
 * Does not: declare anything else of lpmapi.h.
 */
#ifndef SDK_LPM_H
#define SDK_LPM_H

#ifdef REAL_LPMAPI
#include <winsock2.h>

#include <windows.h>

#include <lpmapi.h>
#else

#ifdef _WIN32
typedef unsigned long DWORD;
#define WINAPI __stdcall
#else
#include <stdint.h>
typedef uint32_t DWORD;
#define WINAPI
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifdef DBG
typedef void *(WINAPI *PALLOCMEM)(DWORD Size, char *szFileName, DWORD nLine);
typedef void(WINAPI *PFREEMEM)(void *pv, char *szFileName, DWORD nLine);
#else
typedef void *(WINAPI *PALLOCMEM)(DWORD Size);
typedef void(WINAPI *PFREEMEM)(void *pv);
#endif

#ifdef __cplusplus
}
#endif

#endif

#endif

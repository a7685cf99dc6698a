/* SPDX-License-Identifier: MIT
 *
 * corral/lpm.h: corral behind PALLOCMEM and PFREEMEM, which a host of local policy modules gives
 * them in LPM_INIT_INFO (lpmapi.h).
 *
 * Owns:     the memory type id of these blocks, and the origin that each of them carries.
 * Callers:  a policy module, through the two pointers; the host. Any thread.
 * Promises: both ABIs of the contract. Each function fits its pointer type exactly, with or without
 *           lpmapi.h, which may stand before or after this header.
 * Does not: keep file and line of a free: the block that could carry them is gone.
 *
 *   ABI                            PALLOCMEM               PFREEMEM
 *   without file and line          corral_lpm_alloc        corral_lpm_free
 *   with them (modules of DBG)     corral_lpm_alloc_at     corral_lpm_free_at
 *
 * All four are __stdcall on 32-bit x86 Windows, where the callee pops the arguments: there the two
 * ABIs cannot stand in for each other, and a host gives each module the pair that it was built for.
 *
 * Blocks of both allocating functions are the same kind of block, so each is freed right by either
 * free, by corral_free with corral_lpm_memory_type(), and in any module. Free has no id to check in
 * this contract; these frees pass the one of this header, so a block of another category is found
 * by the misuse policy.
 *
 * The origin is that of corral/origin.h, of corral_alloc_at: 32 bytes at the end of each block, behind what the
 * module asked for. Where the category keeps origins (corral/configure.h), leak reports name file and line.
 */
#ifndef CORRAL_LPM_H
#define CORRAL_LPM_H

#include <corral/corral.h>

#if defined(_WIN32) && (defined(__i386__) || defined(_M_IX86))
#define CORRAL_LPM_CALL __stdcall
#else
#define CORRAL_LPM_CALL
#endif

/* The contract's DWORD, which is 32 bits wide: unsigned long with Windows, where long has 32 bits
 * and the pointer types have to match; uint32_t elsewhere, where long may have 64. */
#ifdef _WIN32
#define CORRAL_LPM_DWORD unsigned long
#else
#define CORRAL_LPM_DWORD uint32_t
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The memory type id of these blocks unless another is set: "LPM " as four characters, so that it
 * meets no small number that a host uses itself. */
#define CORRAL_LPM_MEMORY_TYPE UINT32_C(0x4C504D20)

/* Chooses the memory type id of these blocks, once, before the first of them is allocated.
 *
 * memory_type_id  any 32-bit value.
 * Returns CORRAL_OK; CORRAL_EINVAL when a block was allocated already and the id is another one:
 * then nothing changes.
 * Thread role: any. Progress: lock-free. Calls the OS: no. */
CORRAL_API corral_status corral_lpm_set_memory_type(uint32_t memory_type_id);

/* The memory type id of these blocks.
 * Thread role: any. Progress: wait-free. Calls the OS: no. Errors: none. */
CORRAL_API uint32_t corral_lpm_memory_type(void);

/* A block of at least `size` bytes, aligned to 16 bytes. Its origin is empty.
 *
 * size  bytes; 0 gives a block of its own.
 * Returns the block, or NULL with errno ENOMEM.
 * Thread role: any. Progress and OS: as corral_alloc. */
CORRAL_API void *CORRAL_LPM_CALL corral_lpm_alloc(CORRAL_LPM_DWORD size)
    CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE(1);

/* Frees a block of corral_lpm_alloc or corral_lpm_alloc_at.
 *
 * block  NULL does nothing.
 * Thread role: any. Progress, OS and errors: as corral_free. */
CORRAL_API void CORRAL_LPM_CALL corral_lpm_free(void *block);

/* As corral_lpm_alloc, and the block remembers where it was asked for.
 *
 * file  the caller's file name. The pointer is kept, not the text: the text must last as long as
 *       someone may ask for the origin, as a string literal does while its module is loaded. NULL
 *       is legal.
 * line  the line in it. */
CORRAL_API void *CORRAL_LPM_CALL corral_lpm_alloc_at(CORRAL_LPM_DWORD size, char *file,
                                                     CORRAL_LPM_DWORD line)
    CORRAL_RETURNS_BLOCK CORRAL_BLOCK_SIZE(1);

/* As corral_lpm_free. file, line: the caller's, not read and not kept. */
CORRAL_API void CORRAL_LPM_CALL corral_lpm_free_at(void *block, char *file, CORRAL_LPM_DWORD line);

/* Where a block was asked for.
 *
 * block  a live block of corral, or NULL.
 * file   receives the pointer given to corral_lpm_alloc_at; NULL where there is no origin.
 * line   receives the line given to it; 0 where there is no origin.
 * Either may be NULL for a caller who does not want it. Returns 1 when the block has an origin,
 * else 0: for NULL, for an address that is not corral's, for blocks of corral_lpm_alloc, and for
 * blocks of other categories. A block that corral_alloc gave in this category may show the origin
 * of one that lay there before.
 * Thread role: any that may read the block. Progress: wait-free. Calls the OS: no. */
CORRAL_API int corral_lpm_origin(const void *block, const char **file, uint32_t *line);

#ifdef __cplusplus
}
#endif

#endif

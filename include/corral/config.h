/* SPDX-License-Identifier: MIT
 *
 * corral/config.h: categories' options from a file and from the environment. It belongs to
 * libcorral-config, a library beside corral, which needs inih.
 *
 * Owns:     the form of the file and of the three variables below, and no state.
 * Callers:  any thread, at any time: most often main, before it allocates. C11 and C++17.
 * Promises: all that a file says is set, or nothing when anything in it is wrong; a message then says
 *           where and what. What a file does not name stays as it is: a callback, say, or a budget that
 *           the program has set.
 * Does not: set callbacks, which are functions: see corral/configure.h. Read anything unless it is
 *           called, or look at a file again.
 *
 *     [category 7]             an id: a number, in decimal or hexadecimal (0x7)
 *     name = textures          the options of corral_category_options, by their names
 *     soft_budget = 48 MiB     bytes; KiB, MiB and GiB are 2^10, 2^20 and 2^30 of them; 0: none
 *     hard_budget = 64 MiB
 *
 *     [category 'PSCP']        four letters, the first of which is the highest byte: 0x50534350
 *     exact = yes              or no; also 1 and 0
 *     isolated = yes
 *     zero_on_free = yes
 *     misuse = abort           or report, ignore, default
 *     fail_every = 1000        also fail_at, fail_per_million and fail_seed: numbers
 *     origins = 1              a number; refused when the category is used already
 *     reserve = 32 MiB         bytes; also keep
 *     decay_ms = 200           a number, or: at once, never
 *     huge_pages = advise      or explicit, never, default
 *
 *     [process]                all categories together
 *     hard_budget = 1 GiB      it has the two budgets, keep, decay_ms, and
 *     backend = region 64 MiB  where memory comes from (corral/backend.h): os; jemalloc, where
 *                              libcorral-jemalloc is loaded; or a region of so many bytes, mapped for it
 *
 * A line is a section, a key with its value, empty, or a comment, which begins with ; or #. Behind a
 * value a comment begins with a blank and a ;. Lines have 198 bytes at most. Blanks around them,
 * around values and before KiB do not matter. Each section and each of its keys is there once; a
 * section without keys changes nothing.
 *
 * CORRAL_CONFIG in the environment is a file's path. CORRAL_BACKEND is a backend, in place of the file's. CORRAL_FAIL has faults on purpose: entries, parted
 * by semicolons, of who and what:
 *
 *     CORRAL_FAIL="textures:every=100; 0x50534350:at=3; 'PSCP':per_million=50,seed=7; *:every=9999"
 *
 * Who: an id as in a section; or a name that the file gives, which is all categories that it gives it to;
 * or *, which is all others that the file has a section of, or in which anything was allocated by then. (A name
 * that is an id too, or has a colon or semicolon in it, cannot be used.) What: at, every, per_million and seed,
 * which are the options fail_at and so on. What is not named stays as the file, or the program, has set it.
 *
 * Faults are counted anew in each category that is set, whatever is set for it.
 */
#ifndef CORRAL_LIBCORRAL_CONFIG_H
#define CORRAL_LIBCORRAL_CONFIG_H

#include <corral/configure.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets the options that a file names.
 *
 * path          of the file.
 * message       what is wrong, in one line without an end of line, ended by 0 and cut where it does not fit:
 *                   options.ini:12: exact: "perhaps" is neither yes nor no
 *               Empty when nothing is. NULL: it is not wanted.
 * message_size  bytes that message has room for; 600 are enough for any but a long path. 0: as NULL.
 * Returns CORRAL_OK; CORRAL_EINVAL when path is NULL, the file cannot be read, or something in it is wrong;
 * CORRAL_ENOMEM when there is no memory, or no category is left for an id: what further ids share is not
 * set by one of them; or a backend when memory is in use already (CORRAL_EINVAL). Nothing was set then, but a
 * backend may be chosen, and ids may have got their category; and where memory
 * ends between two categories, what was set is set back only as far as it suffices.
 * Thread role: any. Two threads that set the same category at once: each option is of one of them.
 * Progress: as the C library's streams and malloc, which may wait. Calls the OS: to read the file. */
CORRAL_API corral_status corral_config_read(const char *path, char *message, size_t message_size);

/* Sets the options that the file named by CORRAL_CONFIG names, if that is set and not empty, with the backend of
 * CORRAL_BACKEND, and then the faults in CORRAL_FAIL, likewise: all of them, or nothing but the backend. Ignores them in programs that were given
 * rights which their caller lacks (secure_getenv).
 *
 * message, message_size  as corral_config_read; of a fault, with the entry's number in place of the line's:
 *                            CORRAL_FAIL:2: no category is named "texture"
 * Returns as corral_config_read; CORRAL_OK when no variable is set.
 * Thread role: any, while no other thread changes the environment. Progress and the OS: as
 * corral_config_read. */
CORRAL_API corral_status corral_config_from_environment(char *message, size_t message_size);

#ifdef __cplusplus
}
#endif

#endif

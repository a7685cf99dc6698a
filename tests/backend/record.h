/* SPDX-License-Identifier: MIT
 *
 * Hooks that write down what is reserved, and that fail when told.
 *
 * Owns:     the record of reservations.
 * Callers:  any thread: they take a lock, so no thread forks meanwhile.
 * Promises: a release of what is no whole reservation, a purge beyond one, a size or alignment that is none, and
 *           a resize of what is none end the test.
 * Does not: use corral.
 */
#ifndef CORRAL_TESTS_BACKEND_RECORD_H
#define CORRAL_TESTS_BACKEND_RECORD_H

#include <corral/backend.h>

#include <stdbool.h>

enum record_kind { RECORD_RESERVE, RECORD_RELEASE, RECORD_PURGE, RECORD_RESIZE, RECORD_KINDS };

extern const corral_backend record_hooks;

/* Lets `after` more calls of a kind succeed and the next one fail, and with `on` all later ones too. Counts of
 * calls and failures begin anew. */
void record_fail(enum record_kind kind, long after, bool on);
/* Nothing fails any more. Returns how many calls did since record_fail. */
long record_fail_no_more(void);
/* Calls of a kind since the begin, or since record_fail. */
long record_calls(enum record_kind kind);
/* Bytes that are reserved. Those that were to be released, which failed, are not. */
size_t record_reserved(void);
size_t record_reserved_of(uint64_t id);
/* The id of the reservation that an address lies in; UINT64_MAX: of none. */
uint64_t record_id_of(const void *address);
/* From now on reserve answers addresses so many bytes behind those that it should. */
void record_misplace(size_t bytes);

#endif

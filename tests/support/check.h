/* SPDX-License-Identifier: MIT
 *
 * A check that works in any thread, in any child process and under every sanitizer.
 *
 * Owns:     nothing.
 * Callers:  any thread of a test. A Criterion test may use it beside Criterion's own assertions,
 *           which leave a test by longjmp and so serve its main thread only.
 * Promises: a failed check prints its place, its condition and its message, and aborts.
 * Does not: allocate.
 */
#ifndef CORRAL_TESTS_SUPPORT_CHECK_H
#define CORRAL_TESTS_SUPPORT_CHECK_H

#define CHECK(condition, ...)                                                                      \
    ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition, __VA_ARGS__))

void check_failed(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((noreturn, format(printf, 4, 5)));

#endif

/* SPDX-License-Identifier: MIT
 *
 * What a test knows of the build that it runs in.
 *
 * Owns:     the names of sanitizers and the bounds that follow from the build's options.
 * Callers:  every test.
 * Promises: a test that adapts to the build asks here and nowhere else.
 * Does not: name an option that no test needs.
 */
#ifndef CORRAL_TESTS_SUPPORT_BUILD_H
#define CORRAL_TESTS_SUPPORT_BUILD_H

#include "config.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BUILD_HAS_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define BUILD_HAS_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define BUILD_HAS_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define BUILD_HAS_TSAN 1
#endif
#ifdef CORRAL_TEST_EMULATED
#define BUILD_IS_EMULATED 1
#else
#define BUILD_IS_EMULATED 0
#endif
#ifndef BUILD_HAS_ASAN
#define BUILD_HAS_ASAN 0
#endif
#ifndef BUILD_HAS_TSAN
#define BUILD_HAS_TSAN 0
#endif

/* Blocks between guard pages take a page each, at least. Where they are not one of very many, figures of the process say
 * little of the rest. */
#define BUILD_HAS_MANY_GUARDS (CORRAL_GUARD_EVERY != 0 && CORRAL_GUARD_EVERY < 1000)

/* Sanitizers and emulators keep memory of their own, so figures of the process mean nothing beside
 * them. */
#define BUILD_MEASURES_MEMORY (!BUILD_HAS_ASAN && !BUILD_HAS_TSAN && !BUILD_IS_EMULATED && !BUILD_HAS_MANY_GUARDS)

/* Bytes at least that a block takes besides what it was asked for. */
#define BUILD_TAIL ((size_t)CORRAL_HARDENED)

#define BUILD_KIB ((size_t)1024)
#define BUILD_MIB ((size_t)1024 * 1024)

#endif

/* SPDX-License-Identifier: MIT
 *
 * Compiles two public headers, one after the other.
 *
 * Owns:     nothing. FIRST and SECOND name the headers.
 * Callers:  tests/surface/meson.build, as C and as C++, for every ordered pair.
 * Promises: to compile without a warning when neither header spoils the other.
 * Does not: run.
 */
#include FIRST
#include SECOND

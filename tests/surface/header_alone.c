/* SPDX-License-Identifier: MIT
 *
 * Compiles a public header with nothing before it, and once more after itself.
 *
 * Owns:     nothing. HEADER names the header.
 * Callers:  tests/surface/meson.build, as C and as C++.
 * Promises: to compile without a warning when the header needs nothing but itself.
 * Does not: run.
 */
#include HEADER
#include HEADER

/* SPDX-License-Identifier: MIT
 *
 * Resident memory over time, beside the bytes that live.
 *
 * Owns:     the points of one curve, and the thread that takes them.
 * Callers:  a main's first thread. begin, then settled, then the checks, then end.
 * Promises: ends with one line "rss NAME start=… peak=… end=… live=…", in KiB, live being the
 *           highest. The checks look at the points since `settled`, and hold nothing against a
 *           build that cannot be measured.
 * Does not: use corral's blocks.
 */
#ifndef CORRAL_TESTS_STRESS_CURVE_H
#define CORRAL_TESTS_STRESS_CURVE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether resident memory of this process means anything: sanitizers and emulators keep their own
 * in it. */
bool curve_measures(void);

/* Begins to take points. file: where they are written at the end, as CSV; NULL for nowhere. */
void curve_begin(const char *name, const char *file);

/* Takes a point now. The thread takes few where many others run: who checks takes some where nothing
 * moves. */
void curve_point(void);

/* From here on, as much lives at any time. Takes a point. */
void curve_settled(void);

/* Checks that memory beyond what lives was as high in the first half of the time since it settled as
 * in the second, but for a fourth and `slack` bytes; and, where the build keeps as much as all arenas
 * hold, but for their bytes. */
void curve_expect_flat(size_t slack);

/* Checks that resident memory, over what it was at the begin, was never above `percent` of what
 * lived at the time, and `slack` bytes. */
void curve_expect_near_live(unsigned percent, size_t slack);

/* Takes the last point, prints the line and writes the file. */
void curve_end(void);

#endif

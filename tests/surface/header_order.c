/* SPDX-License-Identifier: MIT
 *
 * Compiles a public header, and all others after it.
 *
 * Owns:     nothing. FIRST names the header.
 * Callers:  tests/surface/meson.build, as C and as C++, for each in turn.
 * Promises: to compile without a warning when the first spoils none of the others.
 * Does not: run.
 */
#include FIRST

#include <corral/backend.h>
#include <corral/background.h>
#include <corral/config.h>
#include <corral/configure.h>
#include <corral/corral.h>
#include <corral/guard.h>
#include <corral/inline.h>
#include <corral/jemalloc.h>
#include <corral/lpm.h>
#include <corral/origin.h>
#include <corral/party.h>
#include <corral/report.h>
#include <corral/scope.h>
#include <corral/share.h>
#include <corral/upkeep.h>

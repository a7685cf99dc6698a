/* SPDX-License-Identifier: MIT
 *
 * apply: sets what a list of settings says.
 *
 * Owns:     the options from before, until all is set.
 * Callers:  any thread.
 * Promises: all of it or, where corral refuses one, nothing, as far as memory suffices. An option that no
 *           setting names stays.
 * Does not: know what all categories together had before: corral does not say.
 */
#ifndef CORRAL_CONFIG_APPLY_H
#define CORRAL_CONFIG_APPLY_H

#include "setting.h"

/* False when it is not set, and the message says why. */
bool corral_config_apply(const struct settings *settings, struct message *message);

#endif

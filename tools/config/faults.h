/* SPDX-License-Identifier: MIT
 *
 * faults: what CORRAL_FAIL says.
 *
 * Owns:     nothing.
 * Callers:  one thread for a list of settings.
 * Promises: the first fault of the text is said, with the number of its entry.
 * Does not: set anything.
 */
#ifndef CORRAL_CONFIG_FAULTS_H
#define CORRAL_CONFIG_FAULTS_H

#include "setting.h"

/* Adds faults to the settings of a file. False when the text is not legal, and the message says why. */
bool corral_config_read_faults(const char *text, struct settings *settings, struct message *message);

#endif

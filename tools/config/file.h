/* SPDX-License-Identifier: MIT
 *
 * file: a file of options, read by inih.
 *
 * Owns:     the file while it is read.
 * Callers:  one thread for a list of settings.
 * Promises: the first fault of the file is said, with its line.
 * Does not: set anything.
 */
#ifndef CORRAL_CONFIG_FILE_H
#define CORRAL_CONFIG_FILE_H

#include "setting.h"

/* Adds what a file says. False when it is not legal, and the message says why. */
bool corral_config_read_file(const char *path, struct settings *settings, struct message *message);

#endif

/* SPDX-License-Identifier: MIT
 *
 * heading: the line that a section begins with.
 *
 * Owns:     nothing.
 * Callers:  any thread.
 * Promises: it is legal as a whole, up to a comment behind it.
 * Does not: know which sections there were.
 */
#ifndef CORRAL_CONFIG_HEADING_H
#define CORRAL_CONFIG_HEADING_H

#include "message.h"

/* Reads a line that begins with a bracket and has no blanks at its ends. False when it is no section, and the
 * message says why. */
bool corral_config_read_heading(const char *line, bool *process, uint32_t *id, struct message *message);

#endif

/* SPDX-License-Identifier: MIT
 *
 * key: the names of options, and how their values are written.
 *
 * Owns:     one table.
 * Callers:  one thread for a setting.
 * Promises: an option of a setting is legal for corral_category_configure.
 * Does not: know callbacks.
 */
#ifndef CORRAL_CONFIG_KEY_H
#define CORRAL_CONFIG_KEY_H

#include "setting.h"

/* Reads a value, and notes that the setting names that option. False, and the message says why, when there is
 * no such key there, it is named already, or the value is none. */
bool corral_config_take_key(struct setting *setting, const char *key, const char *value,
                            struct message *message);
/* Writes what a setting names over options. The name is the setting's text. */
void corral_config_overlay(corral_category_options *options, const struct setting *setting);
/* Writes what a setting names over another setting. */
void corral_config_merge(struct setting *into, const struct setting *from);
/* The name that a setting gives; NULL: none. */
const char *corral_config_name(const struct setting *setting);

#endif

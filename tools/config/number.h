/* SPDX-License-Identifier: MIT
 *
 * number: numbers and ids as they are written in files and variables.
 *
 * Owns:     nothing.
 * Callers:  any thread.
 * Promises: a number that does not fit is told from what is no number. No locale matters.
 * Does not: read signs, octal numbers, or blanks.
 */
#ifndef CORRAL_CONFIG_NUMBER_H
#define CORRAL_CONFIG_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum number_found { NUMBER_FOUND, NUMBER_NONE, NUMBER_TOO_LARGE };

/* What is blank in a line. */
#define BLANKS " \t\r\n\v\f"

/* The number that a text begins with: decimal, without a zero before it, or hexadecimal behind 0x.
 * end: where it ends; where the text begins when there is none. */
enum number_found corral_config_number(const char *text, const char **end, uint64_t *number);
/* The number that is the whole text. */
enum number_found corral_config_whole_number(const char *text, uint64_t *number);
/* A number of bytes that is the whole text, with or without KiB, MiB or GiB. */
enum number_found corral_config_bytes(const char *text, uint64_t *bytes);
/* The id that a text begins with: a number below 2^32, or four letters of ASCII in single quotes, the first
 * of which is the highest byte, as in C's multi-character constants. False when there is none. */
bool corral_config_id(const char *text, const char **end, uint32_t *id);

#endif

/* SPDX-License-Identifier: MIT
 *
 * number: see number.h.
 *
 * Owns:     nothing.
 * Callers:  through number.h.
 * Promises: as number.h.
 * Does not: say what is wrong.
 */
#include "number.h"

#include <string.h>

enum { LETTERS = 4 };

/* The digit's value, or 16 and more. */
static unsigned digit(char letter) {
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = letter == 0 ? NULL : strchr(digits, letter);
    return found == NULL ? 16 : (unsigned)(found - digits) % 16;
}

enum number_found corral_config_number(const char *text, const char **end, uint64_t *number) {
    unsigned base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    const char *at = base == 16 ? text + 2 : text;
    *end = text;
    *number = 0;
    if (digit(*at) >= base || (base == 10 && at[0] == '0' && digit(at[1]) < 10)) {
        return NUMBER_NONE;
    }
    bool fits = true;
    for (; digit(*at) < base; at++) {
        fits = fits && *number <= (UINT64_MAX - digit(*at)) / base;
        *number = *number * base + digit(*at);
    }
    *end = at;
    return fits ? NUMBER_FOUND : NUMBER_TOO_LARGE;
}

enum number_found corral_config_whole_number(const char *text, uint64_t *number) {
    const char *end;
    enum number_found found = corral_config_number(text, &end, number);
    return *end == 0 ? found : NUMBER_NONE;
}

/* Bits to shift by for what stands behind a number; 64 when that is none of the three. */
static unsigned shift_of(const char *suffix) {
    static const char *const suffixes[] = {"", "KiB", "MiB", "GiB"};
    for (unsigned i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (strcmp(suffix, suffixes[i]) == 0) {
            return i * 10;
        }
    }
    return 64;
}

enum number_found corral_config_bytes(const char *text, uint64_t *bytes) {
    const char *end;
    enum number_found found = corral_config_number(text, &end, bytes);
    unsigned shift = shift_of(end + strspn(end, BLANKS));
    if (found == NUMBER_NONE || shift == 64) {
        return NUMBER_NONE;
    }
    if (found == NUMBER_TOO_LARGE || *bytes > UINT64_MAX >> shift) {
        return NUMBER_TOO_LARGE;
    }
    *bytes <<= shift;
    return NUMBER_FOUND;
}

static bool read_letters(const char *text, const char **end, uint32_t *id) {
    *id = 0;
    for (unsigned i = 1; i <= LETTERS; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            return false;
        }
        *id = *id << 8 | (uint8_t)text[i];
    }
    *end = text + LETTERS + 2;
    return text[LETTERS + 1] == '\'';
}

bool corral_config_id(const char *text, const char **end, uint32_t *id) {
    if (*text == '\'') {
        return read_letters(text, end, id);
    }
    uint64_t number;
    enum number_found found = corral_config_number(text, end, &number);
    *id = (uint32_t)number;
    return found == NUMBER_FOUND && number <= UINT32_MAX;
}

/* SPDX-License-Identifier: MIT
 *
 * See captured.h.
 *
 * Owns:     the file, and the text that was read last.
 * Callers:  through captured.h.
 * Promises: as captured.h.
 * Does not: keep a text longer than there is room for: that ends the test.
 */
#include "captured.h"

#include "support/check.h"

#include <unistd.h>

static FILE *file;
static char text[1 << 22];

void captured_begin(void) {
    file = tmpfile();
    CHECK(file != NULL, "no file");
    fputs("the C library allocates now what it needs", file);
    fflush(file);
}

void captured_end(void) {
    fclose(file);
}

FILE *captured_stream(void) {
    rewind(file);
    CHECK(ftruncate(fileno(file), 0) == 0, "it does not empty");
    return file;
}

const char *captured_text(void) {
    rewind(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    CHECK(length < sizeof text - 1, "it is too long");
    text[length] = 0;
    return text;
}

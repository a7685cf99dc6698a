/* SPDX-License-Identifier: MIT
 *
 * How much of the process is in memory.
 *
 * Owns:     nothing.
 * Callers:  as resident.h says.
 * Promises: as resident.h says.
 * Does not: use stdio for reading, whose buffers come from malloc.
 */
#include "resident.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t resident_bytes(void) {
    static const char path[] = "/proc/self/smaps_rollup";
    char text[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) {
        close(file);
    }
    text[length < 0 ? 0 : length] = '\0';
    const char *line = strstr(text, "\nRss:");
    if (line == NULL) {
        fprintf(stderr, "%s does not tell what is resident\n", path);
        abort();
    }
    return strtoull(line + strlen("\nRss:"), NULL, 10) * 1024;
}

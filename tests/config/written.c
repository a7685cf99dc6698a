/* SPDX-License-Identifier: MIT
 *
 * See written.h.
 *
 * Owns:     the directory and the last message.
 * Callers:  through written.h.
 * Promises: as written.h.
 * Does not: leave anything behind, unless the test ends before its fini.
 */
#include "written.h"

#include "support/check.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[PATH_MAX], path[PATH_MAX + 16], missing[PATH_MAX + 16], said[1024];

void written_begin(void) {
    const char *parent = getenv("TMPDIR");
    unsetenv("CORRAL_CONFIG");
    unsetenv("CORRAL_FAIL");
    snprintf(directory, sizeof directory, "%s/corral-config-XXXXXX", parent == NULL ? "/tmp" : parent);
    CHECK(mkdtemp(directory) != NULL, "%s", directory);
    snprintf(path, sizeof path, "%s/a.ini", directory);
    snprintf(missing, sizeof missing, "%s/missing.ini", directory);
}

void written_end(void) {
    unlink(path);
    CHECK(rmdir(directory) == 0, "%s", directory);
}

void written_bytes(const void *bytes, size_t size) {
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, "%s", path);
}

void written_text(const char *text) {
    written_bytes(text, strlen(text));
}

const char *written_path(void) {
    return path;
}

const char *written_missing(void) {
    return missing;
}

corral_status written_read(void) {
    memset(said, 'x', sizeof said);
    return corral_config_read(path, said, sizeof said);
}

corral_status written_from_environment(void) {
    memset(said, 'x', sizeof said);
    return corral_config_from_environment(said, sizeof said);
}

const char *written_says(void) {
    size_t length = strlen(directory);
    return strncmp(said, directory, length) == 0 ? said + length + 1 : said;
}

void written_set(const char *text) {
    written_text(text);
    CHECK(written_read() == CORRAL_OK && *said == 0, "%s", said);
}

corral_category_options written_options(uint32_t id) {
    corral_category_options options;
    corral_category_options_of(id, &options, sizeof options);
    return options;
}

bool written_is_unset(uint32_t id) {
    corral_category_options has = written_options(id);
    return has.name == NULL && has.soft_budget == 0 && has.hard_budget == 0 && has.exact == 0 &&
           has.zero_on_free == 0 && has.misuse == CORRAL_MISUSE_DEFAULT && has.fail_at == 0 &&
           has.fail_every == 0 && has.fail_per_million == 0 && has.fail_seed == 0 &&
           has.origins == 0;
}

/* SPDX-License-Identifier: MIT
 *
 * What is written at a process's end, by a program that is run for it.
 *
 * Owns:     a file in a temporary directory, and CORRAL_LEAKS; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: text is compared to the letter.
 * Does not: look at what corral_report_leaks writes besides (leaks.c).
 */
#include "support/check.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[PATH_MAX], path[PATH_MAX + 16];
static struct child child;

static void begin(void) {
    const char *parent = getenv("TMPDIR");
    unsetenv("CORRAL_LEAKS");
    snprintf(directory, sizeof directory, "%s/corral-report-XXXXXX", parent == NULL ? "/tmp" : parent);
    CHECK(mkdtemp(directory) != NULL, "%s", directory);
    snprintf(path, sizeof path, "%s/leaks", directory);
}

static void end(void) {
    unlink(path);
    CHECK(rmdir(directory) == 0, "%s", directory);
}

TestSuite(at_exit, .init = begin, .fini = end);

static const char live[] = "3 blocks of 16777344 bytes are live\n"
                           "category  block  blocks     bytes\n"
                           "9         large       1  16777216\n"
                           "7 net      64 B       2       128\n";

/* Runs the program, and returns what it wrote to its streams. */
static const char *run(const char *format, const char *how) {
    const char *program = getenv("CORRAL_TEST_ENDING");
    CHECK(program != NULL, "CORRAL_TEST_ENDING names no program");
    const char *const arguments[] = {program, format, how, NULL};
    child_program(arguments, &child);
    CHECK(child_succeeded(&child), "%s", how);
    return child.output;
}

Test(at_exit, with_origins) {
    cr_assert_str_eq(run("text", "origins"), "2 blocks of 128 bytes are live\n"
                                             "category  block  blocks  bytes  without origin\n"
                                             "8          64 B       2    128               0\n"
                                             "\n"
                                             "allocated at  blocks  asked for  bytes  oldest  category\n"
                                             "ending.c:12        2         64    128       1         8\n");
}

/* The file's text; NULL when it is not there. */
static const char *file_text(void) {
    static char text[4096];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return NULL;
    }
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

Test(at_exit, to_the_error_stream) {
    cr_assert_str_eq(run("text", "live"), live);
    setenv("CORRAL_LEAKS", "", 1);
    cr_assert_str_eq(run("text", "live"), live);
}

Test(at_exit, to_a_file) {
    setenv("CORRAL_LEAKS", path, 1);
    cr_assert_str_eq(run("text", "live"), "");
    cr_assert_str_eq(file_text(), live);
    cr_assert_str_eq(run("text", "live"), "");
    cr_assert_str_eq(file_text(), live, "it is not written anew");
}

Test(at_exit, as_json) {
    json_error_t error;
    json_t *root = json_loads(run("json", "live"), 0, &error);
    cr_assert_not_null(root, "%s", error.text);
    cr_assert_eq(json_integer_value(json_object_get(root, "live_blocks")), 3);
    cr_assert_eq(json_array_size(json_object_get(root, "live")), 2);
    json_decref(root);
}

Test(at_exit, nothing_where_nothing_is_live) {
    static const char *const clean[] = {"freed", "freed late", "forked"};
    setenv("CORRAL_LEAKS", path, 1);
    for (size_t i = 0; i < sizeof clean / sizeof *clean; i++) {
        cr_assert_str_eq(run("text", clean[i]), "");
        cr_assert_null(file_text(), "%s: there is a file", clean[i]);
    }
}

Test(at_exit, nothing_where_it_does_not_come_to_that) {
    cr_assert_str_eq(run("text", "unasked"), "");
    cr_assert_str_eq(run("text", "_exit"), "");
}

Test(at_exit, a_file_that_cannot_be_written) {
    char missing[PATH_MAX + 32], says[2 * PATH_MAX];
    snprintf(missing, sizeof missing, "%s/no/leaks", directory);
    setenv("CORRAL_LEAKS", missing, 1);
    snprintf(says, sizeof says, "corral: %s: what is live could not be written: No such file or directory\n",
             missing);
    cr_assert_str_eq(run("text", "live"), says);
    setenv("CORRAL_LEAKS", "/dev/full", 1);
    for (int json = 0; json <= 1; json++) {
        cr_assert_str_eq(run(json ? "json" : "text", "live"),
                         "corral: /dev/full: what is live could not be written: No space left on device\n");
    }
}

/* SPDX-License-Identifier: MIT
 *
 * options: the command line.
 *
 * Owns:     nothing.
 * Callers:  through options.h.
 * Promises: the program's own options are left alone: what follows its name is its.
 * Does not: read the configuration (config.c).
 */
#define _GNU_SOURCE
#include "options.h"

#include "malloc_objects.h"

#include <corral/corral.h>

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: corral-run [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
    "Runs PROGRAM with its malloc and new in corral.\n"
    "\n"
    "  -s, --stats          print what its categories held, when it has ended\n"
    "  -j, --json           the same as JSON\n"
    "  -a, --all-processes  the same of every process that PROGRAM started and that ended by then\n"
    "  -o, --output=FILE    print to FILE instead of the standard error stream\n"
    "  -O, --objects        give each shared object that allocates a category of its own\n"
    "  -c, --config=FILE    read categories' names, and rules for objects, from FILE\n"
    "  -l, --library=FILE   use this libcorral-malloc\n"
    "  -h, --help           print this, and end\n"
    "  -V, --version        print the version, and end\n"
    "\n"
    "Ends as PROGRAM does: with its status, or 128 and the signal's number; with 127 when it is not\n"
    "found, 126 when it cannot be started, 125 when corral-run itself fails.\n";

static const struct option long_options[] = {
    {"stats", no_argument, NULL, 's'},          {"json", no_argument, NULL, 'j'},
    {"all-processes", no_argument, NULL, 'a'},  {"output", required_argument, NULL, 'o'},
    {"objects", no_argument, NULL, 'O'},        {"config", required_argument, NULL, 'c'},
    {"library", required_argument, NULL, 'l'},  {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},        {NULL, 0, NULL, 0},
};

static void say(const char *format, va_list arguments) {
    fputs("corral-run: ", stderr);
    vfprintf(stderr, format, arguments);
}

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(EXIT_OWN_FAULT);
}

void fail_errno(const char *format, ...) {
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    fprintf(stderr, ": %s\n", strerror(error));
    exit(EXIT_OWN_FAULT);
}

_Noreturn static void say_and_end(const char *text) {
    exit(fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_OWN_FAULT : EXIT_SUCCESS);
}

_Noreturn static void say_version(void) {
    char text[64];
    snprintf(text, sizeof text, "corral-run %d.%d.%d\n", CORRAL_VERSION_MAJOR, CORRAL_VERSION_MINOR,
             CORRAL_VERSION_PATCH);
    say_and_end(text);
}

/* --objects, which is a rule for those that the configuration has none for. */
static bool objects;

static void take(struct options *options, int letter) {
    switch (letter) {
    case 's': options->stats = true; break;
    case 'j': options->stats = options->json = true; break;
    case 'a': options->stats = options->all_processes = true; break;
    case 'o': options->stats = true, options->output = optarg; break;
    case 'O': objects = true; break;
    case 'c': options_read_file(options, optarg); break;
    case 'l': options->library = optarg; break;
    case 'h': say_and_end(usage);
    case 'V': say_version();
    default:
        fputs("Try \"corral-run --help\".\n", stderr);
        exit(EXIT_OWN_FAULT);
    }
}

void options_read(struct options *options, int count, char **arguments) {
    int letter;
    *options = (struct options){0};
    /* "+": the first argument that is no option is the program. */
    while ((letter = getopt_long(count, arguments, "+sjao:Oc:l:hV", long_options, NULL)) != -1) {
        take(options, letter);
    }
    if (objects) {
        options_add_rule(options, "*", "own"); /* fails where the configuration has another rule for them */
    }
    options->program = arguments + optind;
    if (*options->program == NULL) {
        fail("no program is named. Try \"corral-run --help\".");
    }
}

/* Is there one for that name among the rules, which are parted by commas? */
static bool has_rule(const char *rules, const char *name) {
    size_t length = strlen(name);
    while (*rules != 0) {
        if (strncmp(rules, name, length) == 0 && rules[length] == '=') {
            return true;
        }
        rules += strcspn(rules, ",");
        rules += *rules == ',';
    }
    return false;
}

bool options_add_rule(struct options *options, const char *name, const char *id) {
    char *longer;
    const char *before = options->rules == NULL ? "" : options->rules;
    if (*name == 0 || strlen(name) > OBJECT_NAME_MAX || strpbrk(name, ",=") != NULL ||
        strpbrk(id, ",=") != NULL || has_rule(before, name) || options->rule_count == MALLOC_RULES_MAX) {
        return false;
    }
    options->rule_count++;
    if (asprintf(&longer, "%s%s%s=%s", before, *before == 0 ? "" : ",", name, id) < 0) {
        fail("out of memory");
    }
    free(options->rules);
    options->rules = longer;
    return true;
}

const char *options_name_of(const struct options *options, uint64_t id) {
    for (size_t i = 0; i < options->name_count; i++) {
        if (options->names[i].id == id) {
            return options->names[i].name;
        }
    }
    return NULL;
}

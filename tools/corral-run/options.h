/* SPDX-License-Identifier: MIT
 *
 * What corral-run was asked for, on its command line and in a configuration file.
 *
 * Owns:     the names of categories and the rules for objects, as read.
 * Callers:  main.
 * Promises: what is not legal is said on the error stream, with its place, and ends the program.
 * Does not: change the environment.
 */
#ifndef CORRAL_RUN_OPTIONS_H
#define CORRAL_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As other programs that start programs: these, or the program's own. */
enum { EXIT_OWN_FAULT = 125, EXIT_NOT_STARTED = 126, EXIT_NOT_FOUND = 127 };

struct category_name {
    uint32_t id;
    char *name;
};

struct options {
    bool stats, json, all_processes;
    const char *output;  /* NULL: the error stream */
    const char *library; /* NULL: the one that belongs to this program */
    char **program;      /* its arguments, ended by NULL */
    char *rules;         /* for CORRAL_MALLOC_OBJECTS; NULL: none */
    size_t rule_count;
    struct category_name *names;
    size_t name_count;
};

/* Reads the command line. Does not return where help or the version is asked for, or it is not legal. */
void options_read(struct options *options, int count, char **arguments);
/* Reads a configuration file. Does not return where it is not legal. */
void options_read_file(struct options *options, const char *path);
/* Adds a rule NAME=ID. False when it is not legal, when there is one for that name, or too many. */
bool options_add_rule(struct options *options, const char *name, const char *id);
/* The name that a category has in the configuration, or NULL. */
const char *options_name_of(const struct options *options, uint64_t id);

/* Says what is wrong, after the program's name, and ends it with EXIT_OWN_FAULT. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with errno's text at the end. */
_Noreturn void fail_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

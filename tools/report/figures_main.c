/* SPDX-License-Identifier: MIT
 *
 * corral-figures: prints the figures that another process shares (corral/share.h).
 *
 * Owns:     the command line.
 * Callers:  a person, a script. See corral-figures.1.
 * Promises: whatever the file is, the program ends with one of the statuses of figures_tool.h. It waits for no
 *           writer: one that is stopped has left its last whole update.
 * Does not: write to the file, or look whether the process lives.
 */
#define _GNU_SOURCE
#include "figures_tool.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Looks at a file in which no reading was whole, before that is said: a writer may have lapped the reader. */
enum { LOOKS = 10, LOOK_NS = 10000000, WATCH_MOST = 86400 };

struct options {
    const char *name;
    bool json, watch;
    double seconds; /* between readings */
};

static void print_version(FILE *stream, struct argp_state *state) {
    (void)state;
    fprintf(stream, "corral-figures %d.%d.%d\n", CORRAL_VERSION_MAJOR, CORRAL_VERSION_MINOR, CORRAL_VERSION_PATCH);
}

static const struct argp_option known[] = {
    {"json", 'j', NULL, 0, "Print a JSON object instead of text", 0},
    {"watch", 'w', "SECONDS", 0, "Go on, with a new reading every SECONDS, which may have a fraction", 0},
    {0},
};

static double seconds_of(const char *text, struct argp_state *state) {
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != 0 || !isfinite(seconds) || seconds < 0.001 || seconds > WATCH_MOST) {
        argp_error(state, "--watch=%s: a number from 0.001 to %d is wanted", text, WATCH_MOST);
    }
    return seconds;
}

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct options *options = state->input;
    switch (key) {
    case 'j': options->json = true; return 0;
    case 'w': options->watch = true, options->seconds = seconds_of(argument, state); return 0;
    case ARGP_KEY_ARG:
        if (options->name != NULL) {
            argp_error(state, "more than one name is given");
        }
        options->name = argument;
        return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "no name is given"); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    known, take_option, "NAME",
    "Prints the figures that another process shares.\v"
    "NAME is what the program gave to corral_report_share_open: a path when there is a '/' in it, else a name in "
    "/dev/shm.\n\n"
    "Ends with 0; 1 when the file cannot be opened or read, or the figures cannot be printed; 2 when it is not one "
    "of shared figures, or is damaged; 3 when its layout has another version; 4 when no update of it has ended "
    "yet; 64 when the command line is wrong.",
    NULL, NULL, NULL};

static int say(const char *name, const char *what, int status) {
    fprintf(stderr, "corral-figures: %s: %s\n", name, what);
    return status;
}

/* Says what is wrong with the file, and gives the exit status. */
static int say_fault(const char *name, corral_share_status status) {
    switch (status) {
    case CORRAL_SHARE_EINVAL: return say(name, "not a legal name", EXIT_FILE);
    case CORRAL_SHARE_EFILE: return say(name, strerror(errno), EXIT_FILE);
    case CORRAL_SHARE_EFORMAT: return say(name, "not a file of shared figures", EXIT_FORMAT);
    case CORRAL_SHARE_EDAMAGED: return say(name, "damaged or cut off", EXIT_FORMAT);
    case CORRAL_SHARE_EVERSION: return say(name, "its layout has another version", EXIT_VERSION);
    case CORRAL_SHARE_ENOTHING: return say(name, "no update has ended yet", EXIT_NOTHING);
    default: return say(name, "out of memory", EXIT_FILE);
    }
}

static void wait_for(double seconds) {
    struct timespec left = {.tv_sec = (time_t)seconds};
    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* Reads what is whole by now. A first reading may meet a writer that laps it, or one that has just begun. */
static corral_share_status read_whole(corral_report_reader *reader, corral_shared_figures *figures) {
    corral_share_status status = corral_report_read(reader, figures, sizeof *figures);
    for (int i = 0; i < LOOKS && status == CORRAL_SHARE_ENOTHING; i++) {
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
        status = corral_report_read(reader, figures, sizeof *figures);
    }
    return status == CORRAL_SHARE_EOLD ? CORRAL_SHARE_OK : status;
}

static int print(const struct options *options, const corral_shared_figures *figures) {
    corral_report_format format = options->json ? CORRAL_REPORT_JSON : CORRAL_REPORT_TEXT;
    errno = 0;
    if (figures_print(stdout, format, figures) != CORRAL_OK) {
        return say(options->name, "out of memory", EXIT_FILE);
    }
    return ferror(stdout) ? say("standard output", strerror(errno), EXIT_FILE) : EXIT_SUCCESS;
}

/* One reading. The file is opened anew for each: the program may have begun again, with a file of the same name. */
static int show(const struct options *options) {
    corral_report_reader *reader;
    corral_shared_figures figures;
    corral_share_status status = corral_report_attach(options->name, &reader);
    if (status != CORRAL_SHARE_OK) {
        return say_fault(options->name, status);
    }
    status = read_whole(reader, &figures);
    int end = status == CORRAL_SHARE_OK ? print(options, &figures) : say_fault(options->name, status);
    corral_report_detach(reader);
    return end;
}

int main(int count, char **arguments) {
    struct options options = {.name = NULL};
    argp_program_version_hook = print_version;
    argp_parse(&parser, count, arguments, 0, NULL, &options);
    int end = show(&options);
    /* A program that has just begun is waited for: its first update comes. */
    while (options.watch && (end == EXIT_SUCCESS || end == EXIT_NOTHING)) {
        wait_for(options.seconds);
        if (!options.json) {
            putchar('\n');
        }
        end = show(&options);
    }
    return end;
}

/* SPDX-License-Identifier: MIT
 *
 * corral-run: runs a program with its malloc and new in corral.
 *
 * Owns:     the program's environment, and waiting for its end.
 * Callers:  a person, a script. See corral-run.1.
 * Promises: the program is loaded in this process's place where nothing is to be printed at its end. Else
 *           it has this process's input, output and signals: those of the terminal come to both, SIGTERM
 *           and SIGHUP are passed on.
 * Does not: run on corral itself.
 */
#define _GNU_SOURCE
#include "options.h"
#include "print.h"
#include "reports.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t child; /* for the handler: the process that signals go on to */

/* Where the library is, from this program's directory: installed, and in a build. */
static const char *const library_places[] = {CORRAL_RUN_LIBRARY_INSTALLED, CORRAL_RUN_LIBRARY_BUILT};

static bool resolve(const char *path, char result[PATH_MAX]) {
    struct stat status;
    return realpath(path, result) != NULL && access(result, R_OK) == 0 && stat(result, &status) == 0 &&
           S_ISREG(status.st_mode);
}

static void find_library(const struct options *options, char result[PATH_MAX]) {
    char self[PATH_MAX] = "", path[PATH_MAX * 2];
    if (options->library != NULL) {
        if (!resolve(options->library, result)) {
            fail_errno("%s", options->library);
        }
        return;
    }
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) {
        fail_errno("/proc/self/exe");
    }
    const char *directory = dirname(self);
    for (size_t i = 0; i < sizeof library_places / sizeof *library_places; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, library_places[i]);
        if (resolve(path, result)) {
            return;
        }
    }
    fail("libcorral-malloc is neither in %s/%s nor in %s; see --library", directory,
         library_places[0], library_places[1]);
}

static void set_variable(const char *name, const char *value) {
    if (setenv(name, value, 1) != 0) {
        fail_errno("%s", name);
    }
}

/* What the loader parts names by cannot be in one. */
static void preload(const char *library) {
    const char *before = getenv("LD_PRELOAD");
    char *all;
    if (strpbrk(library, " :") != NULL) {
        fail("%s: a path with a space or a colon cannot be preloaded", library);
    }
    if (asprintf(&all, "%s%s%s", library, before == NULL ? "" : ":", before == NULL ? "" : before) < 0) {
        fail("out of memory");
    }
    set_variable("LD_PRELOAD", all);
    free(all);
}

_Noreturn static void load(char **program) {
    execvp(*program, program);
    int error = errno;
    fprintf(stderr, "corral-run: %s: %s\n", *program, strerror(error));
    _exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_STARTED);
}

static void pass_on(int number) {
    int kept = errno;
    if (child > 0) {
        kill(child, number);
    }
    errno = kept;
}

static void handle(int number, void (*handler)(int), struct sigaction *before) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, before);
}

/* What a program that waits for another does at signals; the program has what was before. */
static const struct {
    int number;
    void (*handler)(int);
} signals[] = {
    {SIGTERM, pass_on}, {SIGHUP, pass_on}, {SIGINT, SIG_IGN}, {SIGQUIT, SIG_IGN}, {SIGCHLD, SIG_DFL},
};
enum { SIGNALS = sizeof signals / sizeof *signals };
static struct sigaction signals_before[SIGNALS];

static void take_signals(void) {
    for (size_t i = 0; i < SIGNALS; i++) {
        handle(signals[i].number, signals[i].handler, &signals_before[i]);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Signals that are passed on wait until it is known to whom. */
static void block_passed(sigset_t *before) {
    sigset_t passed;
    sigemptyset(&passed);
    sigaddset(&passed, SIGTERM);
    sigaddset(&passed, SIGHUP);
    sigprocmask(SIG_BLOCK, &passed, before);
}

static pid_t start(char **program) {
    sigset_t before;
    block_passed(&before);
    pid_t process = fork();
    if (process < 0) {
        fail_errno("fork");
    }
    if (process == 0) {
        for (size_t i = 0; i < SIGNALS; i++) {
            sigaction(signals[i].number, &signals_before[i], NULL);
        }
        sigprocmask(SIG_SETMASK, &before, NULL);
        load(program);
    }
    child = process;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return process;
}

static struct ending run(char **program) {
    double began = now();
    pid_t process = start(program);
    siginfo_t ended;
    /* The number is the child's until it is waited for. */
    while (waitid(P_PID, (id_t)process, &ended, WEXITED | WNOWAIT) < 0) {
        if (errno != EINTR) {
            fail_errno("waitid");
        }
    }
    child = 0;
    int status;
    struct rusage usage;
    if (wait4(process, &status, 0, &usage) != process) {
        fail_errno("wait4");
    }
    return (struct ending){
        .process = process,
        .status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .seconds = now() - began,
        .peak_rss = (uint64_t)usage.ru_maxrss * 1024,
    };
}

/* Opened before the program runs: a file that cannot be written is said then. */
static FILE *open_output(const struct options *options) {
    FILE *file = options->output == NULL ? stderr : fopen(options->output, "we");
    if (file == NULL) {
        fail_errno("%s", options->output);
    }
    return file;
}

static void print(FILE *file, const struct options *options, struct reports *reports,
                  const struct ending *ending) {
    reports_read(reports, options->all_processes ? 0 : ending->process);
    if (options->json) {
        print_json(file, options, reports, ending);
    } else {
        print_text(file, options, reports, ending);
    }
    if (fflush(file) != 0 || ferror(file)) {
        fail_errno("%s", options->output == NULL ? "standard error" : options->output);
    }
}

int main(int count, char **arguments) {
    struct options options;
    char library[PATH_MAX];
    options_read(&options, count, arguments);
    find_library(&options, library);
    FILE *file = open_output(&options);
    preload(library);
    if (options.rules != NULL) {
        set_variable(MALLOC_OBJECTS_VARIABLE, options.rules);
    }
    if (!options.stats) {
        load(options.program);
    }
    struct reports reports;
    take_signals();
    reports_begin(&reports);
    set_variable(MALLOC_REPORT_VARIABLE, reports.directory);
    struct ending ending = run(options.program);
    print(file, &options, &reports, &ending);
    return ending.signal != 0 ? 128 + ending.signal : ending.status;
}

/* SPDX-License-Identifier: MIT
 *
 * Children, threads and figures of the process.
 *
 * Owns:     nothing that outlives a call, but for one thread that is kept.
 * Callers:  see process.h.
 * Promises: figures come from /proc by plain reads, so that taking them allocates nothing.
 * Does not: use corral.
 */
#include "process.h"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads until the other end closes; what does not fit is read and dropped. */
static void read_output(int end, struct child *child) {
    char spare[512];
    child->length = 0;
    for (;;) {
        size_t room = sizeof child->output - 1 - child->length;
        ssize_t got = room > 0 ? read(end, child->output + child->length, room)
                               : read(end, spare, sizeof spare);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        child->length += room > 0 ? (size_t)got : 0;
    }
    child->output[child->length] = '\0';
}

/* Forks; in the child, both output streams are the pipe and the alarm is set. */
static pid_t fork_child(int *reader) {
    int ends[2];
    CHECK(pipe(ends) == 0, "no pipe");
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0, "no child");
    if (pid == 0) {
        close(ends[0]);
        CHECK(dup2(ends[1], STDOUT_FILENO) >= 0 && dup2(ends[1], STDERR_FILENO) >= 0, "no output");
        close(ends[1]);
        alarm(CHILD_SECONDS);
    }
    close(ends[1]);
    *reader = ends[0];
    return pid;
}

static void await_child(pid_t pid, int reader, struct child *child) {
    read_output(reader, child);
    close(reader);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        CHECK(errno == EINTR, "the child is lost");
    }
    child->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    child->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void child_call(void (*body)(void *argument), void *argument, struct child *child) {
    int reader;
    pid_t pid = fork_child(&reader);
    if (pid == 0) {
        body(argument);
        fflush(NULL);
        _exit(0);
    }
    await_child(pid, reader, child);
}

void child_program(const char *const *arguments, struct child *child) {
    int reader;
    pid_t pid = fork_child(&reader);
    if (pid == 0) {
        /* execv takes pointers to char for historical reasons and writes to none of them. */
        union {
            const char *const *given;
            char *const *taken;
        } list = {arguments};
        execv(arguments[0], list.taken);
        fprintf(stderr, "%s: %s\n", arguments[0], strerror(errno));
        _exit(127);
    }
    await_child(pid, reader, child);
}

bool child_succeeded(const struct child *child) {
    if (child->status == 0) {
        return true;
    }
    fprintf(stderr, "child ended with status %d, signal %d; it said:\n%s\n", child->status,
            child->signal, child->output);
    return false;
}

struct thread_body {
    void (*body)(void *argument);
    void *argument;
};

static void *thread_main(void *context) {
    const struct thread_body *thread = context;
    thread->body(thread->argument);
    return NULL;
}

void thread_call(void (*body)(void *argument), void *argument) {
    struct thread_body context = {body, argument};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, thread_main, &context) == 0, "no thread");
    CHECK(pthread_join(thread, NULL) == 0, "the thread is lost");
}

static struct {
    pthread_t thread;
    bool runs;
    sem_t begin, end;
    struct thread_body body;
} kept;

static void *kept_main(void *argument) {
    (void)argument;
    for (;;) {
        sem_wait(&kept.begin);
        thread_main(&kept.body);
        sem_post(&kept.end);
    }
    return NULL;
}

void thread_call_kept(void (*body)(void *argument), void *argument) {
    if (!kept.runs) {
        CHECK(sem_init(&kept.begin, 0, 0) == 0 && sem_init(&kept.end, 0, 0) == 0 &&
                  pthread_create(&kept.thread, NULL, kept_main, NULL) == 0, "no thread");
        kept.runs = true;
    }
    kept.body = (struct thread_body){body, argument};
    sem_post(&kept.begin);
    while (sem_wait(&kept.end) != 0) {
    }
}

static void read_file(const char *path, char *text, size_t capacity) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0, "%s does not open", path);
    size_t length = 0;
    ssize_t got;
    while ((got = read(file, text + length, capacity - 1 - length)) > 0) {
        length += (size_t)got;
    }
    close(file);
    CHECK(got == 0, "%s does not read", path);
    text[length] = '\0';
}

size_t process_resident(void) {
    char text[4096];
    read_file("/proc/self/smaps_rollup", text, sizeof text);
    const char *line = strstr(text, "\nAnonymous:");
    CHECK(line != NULL, "smaps_rollup does not tell anonymous memory");
    return (size_t)strtoull(line + strlen("\nAnonymous:"), NULL, 10) * 1024;
}

size_t process_mapped(void) {
    char text[256];
    read_file("/proc/self/statm", text, sizeof text);
    return (size_t)strtoull(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

enum { STACK_ROOM = 256 * 1024 };

/* The stack grows as it is used, which the limit would forbid. */
static void grow_stack(void) {
    volatile char room[STACK_ROOM];
    for (size_t i = 0; i < sizeof room; i += 1024) {
        room[i] = 1;
    }
}

void process_limit_mapped(size_t bytes) {
    grow_stack();
    struct rlimit limit = {process_mapped() + bytes, RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "the address space takes no limit");
}

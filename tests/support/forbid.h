/* SPDX-License-Identifier: MIT
 *
 * Calls of the OS that a process is not to make from now on.
 *
 * Owns:     nothing.
 * Callers:  children of tests.
 * Promises: the process ends by SIGSYS at the first such call of any of its threads.
 * Does not: undo that.
 */
#ifndef CORRAL_TESTS_SUPPORT_FORBID_H
#define CORRAL_TESTS_SUPPORT_FORBID_H

#include "check.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FORBID_MOST = 16 };

/* numbers: of calls, up to FORBID_MOST of them. */
static inline void forbid_calls(const int *numbers, size_t count) {
    struct sock_filter steps[2 * FORBID_MOST + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    unsigned short length = 1;
    CHECK(count <= FORBID_MOST, "too many calls");
    for (size_t i = 0; i < count; i++) {
        steps[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)numbers[i], 0, 1);
        steps[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    }
    steps[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog filter = {length, steps};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no filter");
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0, "no filter");
}

/* All calls that the calling thread would make, from now on. The clock's is one where the kernel's page has none. */
static inline void forbid_all_of_thread(void) {
    struct sock_filter steps[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
    struct sock_fprog filter = {1, steps};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no filter");
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0, "no filter");
}

#endif

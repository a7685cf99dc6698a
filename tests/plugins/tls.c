/* SPDX-License-Identifier: MIT
 *
 * A library whose thread-local data needs a place in the static block of every thread.
 *
 * Owns:     BYTES of each thread.
 * Callers:  static_tls.c loads it.
 * Promises: it does not load where the block has no room left.
 * Does not: do anything.
 */
static _Thread_local char room[BYTES] __attribute__((tls_model("initial-exec")));

extern char *room_of_thread(void);
__attribute__((visibility("default"))) char *room_of_thread(void) {
    return room;
}

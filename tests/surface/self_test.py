#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds faults into small inputs and checks that the surface scripts find each, and no other.

Owns:     the inputs.
Callers:  tests/surface/meson.build; a person, as python3 self_test.py.
Promises: every rule of rooms.py, edges.py, symbols.py, no_locks.py and
          stacks.py is seen to fail, and sound input to pass.
Does not: read the project's sources.
"""
import sys
import unittest

import edges
import no_locks
import rooms
import stacks
import symbols

ATOMIC = """
#define load_relaxed(object) atomic_load_explicit((object), memory_order_relaxed)
#define load_acquire(object) atomic_load_explicit((object), memory_order_acquire)
#define store_release(object, value) atomic_store_explicit((object), (value), memory_order_release)
#define cas_acq_rel(object, expected, desired) atomic_compare_exchange_strong_explicit(0)
#define fence_acquire() atomic_thread_fence(memory_order_acquire)
"""
LEDGER = "| label | who |\n|---|---|\n| [E:gift] | a to b |\n| `[R:alone]` | a |\n"
SOUND = """
void give(struct gift *gift) {
    store_release(&gift->ready, 1); /* [E:gift] the gift is whole. */
}
bool take(struct gift *gift) {
    /* [E:gift] what the giver wrote is seen. */
    return check(gift) ||
           load_acquire(&gift->ready) == 1;
}
unsigned look(struct gift *gift) {
    return load_relaxed(&gift->ready); /* a hint only, and
                                        * [R:alone] no more. */
}
"""


class Edges(unittest.TestCase):
    """The label rules of edges.py."""

    def faults(self, text, ledger=LEDGER):
        return list(edges.faults({"atomic.h": ATOMIC, "room.c": text}, ledger))

    def finds(self, text, words, ledger=LEDGER):
        found = self.faults(text, ledger)
        self.assertTrue(any(words in fault for fault in found), found)

    def test_sound(self):
        self.assertEqual(self.faults(SOUND), [])

    def test_acquire_without_label(self):
        self.finds(SOUND.replace("[E:gift] what", "what"), "room.c:8: load_acquire carries no")

    def test_release_without_label(self):
        self.finds(SOUND.replace("[E:gift] the", "the"), "store_release carries no label [E:")

    def test_relaxed_without_label(self):
        self.finds(SOUND.replace("[R:alone]", ""), "load_relaxed carries no label [R:")

    def test_label_of_the_other_kind(self):
        self.finds(SOUND.replace("[R:alone]", "[E:gift]"), "load_relaxed carries no label [R:")

    def test_label_of_the_neighbour(self):
        bad = SOUND + "void f(void) {\n    load_relaxed(&a); /* [R:alone] */\n" \
                      "    load_relaxed(&b);\n}"
        self.assertEqual(len(self.faults(bad)), 1)
        self.finds(bad, "load_relaxed carries no label [R:")

    def test_label_beyond_a_blank_line(self):
        self.finds(SOUND.replace("is seen. */", "is seen. */\n"), "load_acquire carries no label")

    def test_label_in_a_string(self):
        self.finds(SOUND + 'int g = load_relaxed("[R:alone]");', "carries no label [R:")

    def test_label_that_the_ledger_lacks(self):
        self.finds(SOUND.replace("R:alone", "R:other"), "no R:other, which the code names")

    def test_row_that_no_code_uses(self):
        self.finds(SOUND, "R:idle is in the ledger", LEDGER + "| [R:idle] | |\n")

    def test_edge_without_acquire_side(self):
        self.finds(SOUND.replace("load_acquire", "plain"), "no operation is its acquire side")

    def test_edge_without_release_side(self):
        self.finds(SOUND.replace("store_release", "plain"), "no operation is its release side")

    def test_acq_rel_is_both_sides(self):
        text = "void f(void) {\n    cas_acq_rel(a, b, c); /* [E:gift] [R:alone] */\n" \
               "    load_relaxed(a); /* [R:alone] */\n}"
        self.assertEqual(self.faults(text), [])

    def test_row_twice(self):
        self.finds(SOUND, "E:gift twice", LEDGER + "| [E:gift] | |\n")

    def test_fence(self):
        fence = "void f(void) {\n    fence_acquire(); /* [R:alone] */\n}\n"
        self.assertEqual(self.faults(SOUND + fence), [])
        self.finds(SOUND + fence.replace("R:alone", "E:gift"), "fence_acquire carries no label [R:")

    def test_raw_order(self):
        self.finds(SOUND + "int o = memory_order_relaxed;", "memory_order_relaxed is for atomic.h")
        self.finds(SOUND + "int o = __ATOMIC_SEQ_CST;", "__ATOMIC_SEQ_CST is for atomic.h")

    def test_public_headers(self):
        files = {"atomic.h": ATOMIC + "#define x(o) corral_load_relaxed(o)", "room.c": SOUND,
                 "corral/atomic.h": "#define corral_load_relaxed(o) (memory_order_relaxed)"}
        self.assertEqual(list(edges.faults(files, LEDGER)), [])
        for fault in ("y = corral_load_relaxed(&x);", "y = memory_order_relaxed;"):
            found = list(edges.faults({**files, "corral/hit.h": fault}, LEDGER))
            self.assertEqual(len(found), 1, found)

    def test_raw_operation(self):
        self.finds(SOUND + "int o = atomic_load(&x);", "atomic_load is for atomic.h")

    def test_raw_order_in_a_comment(self):
        self.assertEqual(self.faults(SOUND + "/* not memory_order_relaxed */"), [])

    def test_no_verbs(self):
        self.assertIn("atomic.h: has no verbs", edges.faults({"room.c": ""}, ""))


class Rooms(unittest.TestCase):
    """The order of rooms.py."""

    README = "# Rooms\n```rooms\nbase   bits\nos\nalloc  the hot path\n```\n"
    FILES = {"base.h": "", "os.h": '#include "base.h"\n', "os_posix.c": '#include "os.h"\n',
             "alloc.c": '#include <stdio.h>\n#include "config.h"\n#include "os.h"\n'}

    def finds(self, words, files, readme=README):
        found = list(rooms.faults({**self.FILES, **files}, readme))
        self.assertEqual([fault for fault in found if words in fault], found)
        self.assertTrue(found)

    def test_sound(self):
        self.assertEqual(list(rooms.faults(self.FILES, self.README)), [])

    def test_looks_up(self):
        self.finds("os_posix.c: includes alloc.h, which is a room above",
                   {"os_posix.c": '  #  include "alloc.h"\n'})

    def test_memory_of_the_os(self):
        self.finds("alloc.c: calls purge of the OS, which is for backend.c alone",
                   {"alloc.c": "bool done = corral_os->purge(start, size);"})
        self.finds("alloc.c: calls protect of the OS, which is for backend.c alone",
                   {"alloc.c": "corral_os->protect(start, size, false);"})

    def test_memory_of_the_os_by_the_backend(self):
        files = {**self.FILES, "backend.c": '#include "os.h"\ncorral_os->release(start, size);'}
        readme = self.README.replace("os\n", "os\nbackend\n")
        self.assertEqual(list(rooms.faults(files, readme)), [])

    def test_file_without_room(self):
        self.finds("attic.c: README.md names no room", {"attic.c": ""})

    def test_include_without_room(self):
        self.finds("for which README.md names no room", {"alloc.c": '#include "attic.h"\n'})

    def test_room_without_file(self):
        self.finds("names the room attic", {}, self.README.replace("os\n", "os\nattic\n"))

    def test_room_twice(self):
        self.finds("names the room os twice", {}, self.README.replace("os\n", "os\nos\n"))

    def test_no_block(self):
        self.finds("has no block of rooms", {}, "# Rooms\n")


class Symbols(unittest.TestCase):
    """The names of symbols.py."""

    HEADER = """
#define CORRAL_API __attribute__((visibility("default")))
/* CORRAL_API void corral_only_in_a_comment(void); */
CORRAL_API void *CORRAL_STDCALL corral_a(size_t size,
                                         uint32_t id) CORRAL_BLOCK_SIZE(1);
CORRAL_API corral_status corral_b(void);
#define corral_e CORRAL_OF_LAYOUT(corral_e)
CORRAL_API void corral_e(void);
extern CORRAL_DATA __thread struct state CORRAL_OF_LAYOUT(corral_d);
static inline int corral_c(void) { return 0; }
"""
    EXPORTS = [("A", "CORRAL_0.1"), ("B", "corral_d_1_64_28_4_64_1_0@@CORRAL_0.1"),
               ("T", "corral_a@@CORRAL_0.1"), ("T", "corral_b@@CORRAL_0.1"),
               ("T", "corral_e_1_64_28_4_64_1_0@@CORRAL_0.1")]

    def exports(self, symbol=None):
        promised = symbols.declared(self.HEADER)
        exported = self.EXPORTS + ([symbol] if symbol else [])
        return list(symbols.faults_of_exports(exported, promised))

    def test_declared(self):
        self.assertEqual(symbols.declared(self.HEADER),
                         {"corral_a", "corral_b", "corral_d of a layout", "corral_e of a layout"})

    def test_exports(self):
        self.assertEqual(self.exports(), [])
        self.assertEqual(len(self.exports(("T", "corral_c@@CORRAL_0.1"))), 1)
        self.assertEqual(len(self.exports(("T", "corral_b"))), 1)
        self.assertEqual(len(self.exports(("B", "corral_d@@CORRAL_0.1"))), 1)
        self.assertEqual(len(self.exports(("B", "corral_f_1_64_28_4_64_1_0@@CORRAL_0.1"))), 1)
        self.assertEqual(len(self.exports(("T", "stray@@CORRAL_0.1"))), 2)
        self.EXPORTS, kept = self.EXPORTS[:1] + self.EXPORTS[2:3] + self.EXPORTS[4:], self.EXPORTS
        self.assertEqual(len(self.exports()), 2)
        self.EXPORTS = kept

    def test_needs(self):
        sound = [("U", "mmap@GLIBC_2.2.5"), ("w", "__gmon_start__")]
        self.assertEqual(list(symbols.faults_of_needs(sound, ["libc.so.6"])), [])
        self.assertEqual(len(list(symbols.faults_of_needs(sound, ["libm.so.6"]))), 1)
        self.assertEqual(len(list(symbols.faults_of_needs([("U", "other")], []))), 1)

    def test_companion(self):
        sound = [("T", "corral_config_read"), ("T", "corral_config_bytes")]
        needed = ["libcorral.so.0", "libinih.so.1", "libc.so.6"]

        def faults(defined, libraries):
            return list(symbols.faults_of_companion(defined, libraries, "corral_config_", "libinih.so"))

        self.assertEqual(faults(sound, needed), [])
        self.assertEqual(len(faults([*sound, ("T", "read_file")], needed)), 1)
        self.assertEqual(len(faults(sound, [*needed, "libm.so.6"])), 1)

    def test_malloc(self):
        sound = [("T", name) for name in symbols.OF_MALLOC] + [("T", "corral_a@@CORRAL_0.1")]
        promised = {"corral_a"}
        self.assertEqual(list(symbols.faults_of_malloc(sound, promised)), [])
        self.assertEqual(len(symbols.OF_MALLOC), 23 + 4)
        for more in "mallinfo", "corral_b", "_Znwj":
            self.assertNotEqual(list(symbols.faults_of_malloc([*sound, ("T", more)], promised)), [], more)
        for i, (kind, name) in enumerate(sound):
            less = sound[:i] + sound[i + 1:]
            self.assertNotEqual(list(symbols.faults_of_malloc(less, promised)), [], name)
            versioned = [*less, (kind, f"{name.partition('@')[0]}@@OTHER")]
            self.assertNotEqual(list(symbols.faults_of_malloc(versioned, promised)), [], name)

    def test_archive(self):
        sound = [("T", "corral_a"), ("U", "corral_a"), ("U", "mmap"), ("b", "corral_state")]
        self.assertEqual(list(symbols.faults_of_archive(sound, {"mmap"})), [])
        self.assertEqual(len(list(symbols.faults_of_archive(sound, set()))), 1)
        self.assertEqual(len(list(symbols.faults_of_archive([("D", "table")], set()))), 1)
        dynamic = [("U", "__tls_get_addr")]
        self.assertEqual(len(list(symbols.faults_of_archive(dynamic, set()))), 1)


class NoLocks(unittest.TestCase):
    """The list of no_locks.py."""

    SOUND = [("U", name) for name in no_locks.ALLOWED] + [("U", "memset"), ("T", "corral_a"),
                                                          ("U", "corral_a"), ("w", "_ITM_x")]

    def test_sound(self):
        self.assertEqual(list(no_locks.faults(self.SOUND)), [])
        versions = [(kind, name + "@GLIBC_2.2.5") for kind, name in self.SOUND]
        self.assertEqual(list(no_locks.faults(versions[:-3])), [])
        offsets = [(kind, "mmap64" if name == "mmap" else name) for kind, name in self.SOUND]
        self.assertEqual(list(no_locks.faults(offsets)), [])

    def test_calls(self):
        for name in ["pthread_mutex_lock", "malloc", "mprotect", "snprintf", "pthread_cond_wait",
                     "sched_yield", "nanosleep", "__cxa_guard_acquire"]:
            found = list(no_locks.faults(self.SOUND + [("U", name)]))
            self.assertEqual(found, [f"{name}: is called, and corral may not call it"])

    def test_system_calls(self):
        sound = "/* By syscall, which */\n#include <sys/syscall.h>\nsyscall(SYS_gettid);"
        self.assertEqual(list(no_locks.faults_of_source(sound)), [])
        for text in ["syscall(SYS_futex, &word)", "syscall( number)", "call = syscall;"]:
            self.assertEqual(len(list(no_locks.faults_of_source(text))), 1, text)

    def test_list(self):
        found = list(no_locks.faults(self.SOUND[1:]))
        self.assertEqual(found, ["mmap: is listed, and is not called"])


class Stacks(unittest.TestCase):
    """The reading of traces, and the list of calls, of stacks.py."""

    CORRAL = " > /b/src/libcorral.so.0.1.0(corral_alloc+0x12) [0x34]"
    LIBC = " > /usr/lib/libc.so.6(mmap64+0x26) [0x101]"
    MAIN = " > /b/stress_mix(main+0x12) [0x34]"

    def test_reading(self):
        lines = ["12 mmap(NULL, 4096) = 0x7f", self.LIBC, self.CORRAL, self.CORRAL, self.MAIN,
                 "12 futex(0x55, FUTEX_WAIT <unfinished ...>", "13 brk(NULL) = 0x55", self.MAIN,
                 "12 <... futex resumed>) = 0", self.LIBC, self.CORRAL,
                 "13 +++ exited with 0 +++"]
        counts, total = stacks.calls_inside(lines)
        self.assertEqual((dict(counts), total), ({"mmap": 1, "futex": 1}, 4))

    def test_calls(self):
        self.assertEqual(list(stacks.faults({"mmap": 2, "tgkill": 1})), [])
        self.assertIn("and waits", "".join(stacks.faults({"mmap": 2, "futex": 1})))
        self.assertEqual(len(list(stacks.faults({"mmap": 2, "brk": 1}))), 1)
        self.assertEqual(len(list(stacks.faults({}))), 1)


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False, verbosity=0).result.wasSuccessful() else 1)

/* SPDX-License-Identifier: MIT
 *
 * Thread-local C++ objects whose destructors use corral, some for the first time on their thread.
 *
 * Owns:     nothing that outlives its thread.
 * Callers:  meson, as a plain main.
 * Promises: main returns a failure, which a destructor of the main thread's alone turns into
 *           success.
 * Does not: rely on the order of these destructors and those of thread-specific data.
 */
#include "holder.h"

#include <atomic>
#include <cstdlib>
#include <thread>
#include <unistd.h>

enum { LIVES = 200 };

static std::atomic<unsigned> late_calls;

static void use() {
    Holder early(300);
    Holder large(40000);
}

/* Its destructor makes an object that is thread-local too. */
struct Late {
    bool detach = false;

    ~Late() {
        use();
        thread_local Holder later(700);
        if (detach) {
            corral_thread_detach();
        }
        late_calls++;
    }
};

struct Conclude {
    ~Conclude() {
        use();
        corral_stats stats;
        CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
        CHECK(stats.live_blocks == 0, "%u blocks", static_cast<unsigned>(stats.live_blocks));
        _exit(EXIT_SUCCESS);
    }
};

static void live(unsigned number) {
    thread_local Late late;
    late.detach = number % 2 == 0;
    if (number / 2 % 2 == 0) {
        use();
    }
    if (number / 4 % 2 == 0) {
        thread_local Holder holder(number);
    }
}

int main() {
    for (unsigned i = 0; i < LIVES; i++) {
        std::thread first(live, i);
        std::thread second(live, i + 1);
        first.join();
        second.join();
    }
    CHECK(late_calls == 2 * LIVES, "%u destructors ran", late_calls.load());
    thread_local Conclude conclude;
    live(0);
    return EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT
 *
 * C++'s operators new and delete on corral: every form, and what happens where memory is exhausted.
 *
 * Owns:     nothing.
 * Callers:  meson, as a plain main.
 * Promises: each of the 20 replaceable forms is called by name, with blocks of its own kind.
 * Does not: replace any form itself.
 */
extern "C" {
#include "support/check.h"
}

#include <corral/corral.h>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>

namespace {

constexpr std::size_t too_large = SIZE_MAX / 2 + 1;
constexpr std::size_t sizes[] = {0, 1, 16, 17, 100, 1024, 4096, 70000, 3 << 20};
constexpr std::size_t alignments[] = {1, 8, 16, 32, 64, 4096, 1 << 17};

std::uint64_t live() {
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    return stats.live_blocks;
}

void *expect_block(void *block, std::size_t size, std::size_t alignment) {
    CHECK(block != nullptr, "%zu bytes", size);
    CHECK(corral_memory_type_of(block) == 0, "%zu bytes: not corral's", size);
    CHECK(reinterpret_cast<std::uintptr_t>(block) % alignment == 0, "%zu bytes: at %p", size, block);
    CHECK(reinterpret_cast<std::uintptr_t>(block) % 16 == 0, "%zu bytes: at %p", size, block);
    std::memset(block, 1, size);
    return block;
}

void plain_forms(std::size_t size) {
    ::operator delete(expect_block(::operator new(size), size, 1));
    ::operator delete(expect_block(::operator new(size), size, 1), size);
    ::operator delete[](expect_block(::operator new[](size), size, 1));
    ::operator delete[](expect_block(::operator new[](size), size, 1), size);
    ::operator delete(expect_block(::operator new(size, std::nothrow), size, 1), std::nothrow);
    ::operator delete[](expect_block(::operator new[](size, std::nothrow), size, 1), std::nothrow);
}

void aligned_forms(std::size_t size, std::size_t alignment) {
    auto to = std::align_val_t{alignment};
    ::operator delete(expect_block(::operator new(size, to), size, alignment), to);
    ::operator delete(expect_block(::operator new(size, to), size, alignment), size, to);
    ::operator delete[](expect_block(::operator new[](size, to), size, alignment), to);
    ::operator delete[](expect_block(::operator new[](size, to), size, alignment), size, to);
    ::operator delete(expect_block(::operator new(size, to, std::nothrow), size, alignment), to,
                      std::nothrow);
    ::operator delete[](expect_block(::operator new[](size, to, std::nothrow), size, alignment), to,
                        std::nothrow);
}

void null_is_nothing() {
    auto to = std::align_val_t{64};
    void *null = nullptr;
    ::operator delete(null);
    ::operator delete(null, 1);
    ::operator delete[](null);
    ::operator delete[](null, 1);
    ::operator delete(null, std::nothrow);
    ::operator delete[](null, std::nothrow);
    ::operator delete(null, to);
    ::operator delete(null, 1, to);
    ::operator delete[](null, to);
    ::operator delete[](null, 1, to);
    ::operator delete(null, to, std::nothrow);
    ::operator delete[](null, to, std::nothrow);
}

template <class Call> bool throws_bad_alloc(Call call) {
    try {
        call();
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

int handled;

/* Gives up at its third call, as a handler does that has nothing left to free. */
void handler() {
    if (++handled == 3) {
        std::set_new_handler(nullptr);
    }
}

struct handler_gave_up {};

void throwing_handler() {
    throw handler_gave_up();
}

/* Each throwing form, with each handler. The size is volatile: a compiler may know that it is too large. */
void exhausted_throwing() {
    volatile std::size_t size = too_large;
    auto to = std::align_val_t{64};
    void (*forms[])(std::size_t, std::align_val_t) = {
        [](std::size_t bytes, std::align_val_t) { ::operator delete(::operator new(bytes)); },
        [](std::size_t bytes, std::align_val_t) { ::operator delete[](::operator new[](bytes)); },
        [](std::size_t bytes, std::align_val_t align) {
            ::operator delete(::operator new(bytes, align), align);
        },
        [](std::size_t bytes, std::align_val_t align) {
            ::operator delete[](::operator new[](bytes, align), align);
        },
    };
    for (auto form : forms) {
        std::set_new_handler(nullptr);
        CHECK(throws_bad_alloc([&] { form(size, to); }), "no exception");
        handled = 0;
        std::set_new_handler(handler);
        CHECK(throws_bad_alloc([&] { form(size, to); }), "no exception");
        CHECK(handled == 3, "the handler was called %d times", handled);
        std::set_new_handler(throwing_handler);
        bool passed = false;
        try {
            form(size, to);
        } catch (const handler_gave_up &) {
            passed = true;
        }
        CHECK(passed, "the handler's exception does not come through");
    }
    std::set_new_handler(nullptr);
}

void exhausted_nothrow() {
    volatile std::size_t size = too_large;
    auto to = std::align_val_t{64};
    for (auto *set : {static_cast<std::new_handler>(nullptr), handler, throwing_handler}) {
        for (int form = 0; form < 4; form++) {
            handled = 0;
            std::set_new_handler(set);
            void *block = form == 0   ? ::operator new(size, std::nothrow)
                          : form == 1 ? ::operator new[](size, std::nothrow)
                          : form == 2 ? ::operator new(size, to, std::nothrow)
                                      : ::operator new[](size, to, std::nothrow);
            CHECK(block == nullptr, "form %d gives a block", form);
            CHECK(set != handler || handled == 3, "form %d: handled %d times", form, handled);
        }
    }
    std::set_new_handler(nullptr);
}

struct alignas(256) over_aligned {
    char bytes[300];
};

void expressions() {
    auto *one = new over_aligned;
    auto *many = new over_aligned[3];
    expect_block(one, sizeof *one, 256);
    expect_block(many, 3 * sizeof *many, 256);
    delete one;
    delete[] many;
    volatile std::size_t count = SIZE_MAX / 2;
    CHECK(throws_bad_alloc([&] { delete[] new std::uint64_t[count]; }), "no exception");
}

} // namespace

int main() {
    exhausted_throwing(); /* for the first time, in which the loader and exceptions take memory that stays */
    std::uint64_t before = live();
    for (std::size_t size : sizes) {
        plain_forms(size);
        for (std::size_t alignment : alignments) {
            aligned_forms(size, alignment);
        }
    }
    null_is_nothing();
    exhausted_throwing();
    exhausted_nothrow();
    expressions();
    CHECK(live() == before, "%u blocks stay", static_cast<unsigned>(live() - before));
    return EXIT_SUCCESS;
}

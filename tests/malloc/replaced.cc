/* SPDX-License-Identifier: MIT
 *
 * A program that replaces the plain operators new and delete, as most do that replace any: all forms are its
 * own then, though malloc is corral's.
 *
 * Owns:     the operators, which put a mark before each block.
 * Callers:  meson, as a plain main.
 * Promises: a block that reaches another delete than the program's, or was made by another new, is found.
 * Does not: replace the aligned forms: these stay corral's; nor the sized ones, though gcc advises it.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wsized-deallocation"
#endif
extern "C" {
#include "support/check.h"
}

#include <corral/corral.h>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

namespace {

constexpr std::uint64_t MARK = 0x4D41524B4D41524B;
constexpr std::size_t ROOM = 32;
long made, ended;

struct counted {
    long number = 1;
    ~counted() { number = 2; }
};

} // namespace

void *operator new(std::size_t size) {
    auto *block = static_cast<char *>(std::malloc(size + ROOM));
    if (block == nullptr) {
        throw std::bad_alloc();
    }
    CHECK(corral_memory_type_of(block) == 0, "malloc is not corral's");
    *reinterpret_cast<std::uint64_t *>(block) = MARK;
    made++;
    return block + ROOM;
}

void operator delete(void *block) noexcept {
    if (block != nullptr) {
        char *begin = static_cast<char *>(block) - ROOM;
        CHECK(*reinterpret_cast<std::uint64_t *>(begin) == MARK, "a block of another new");
        ended++;
        std::free(begin);
    }
}

int main() {
    long before = made - ended;
    delete new counted;
    delete[] new counted[10];
    delete new (std::nothrow) counted;
    delete[] new (std::nothrow) counted[10];
    ::operator delete(::operator new(100), std::size_t{100});
    ::operator delete[](::operator new[](100), std::size_t{100});
    ::operator delete(::operator new(100), std::nothrow);
    CHECK(made - ended == before && ended >= 7, "%ld made, %ld ended", made, ended);
    std::vector<std::string> texts(100, std::string(100, 'x'));
    CHECK(made - ended == before + 101, "%ld made, %ld ended", made, ended);
    auto to = std::align_val_t{128};
    void *aligned = ::operator new(100, to);
    CHECK(corral_memory_type_of(aligned) == 0, "not corral's");
    ::operator delete(aligned, 100, to);
    return EXIT_SUCCESS;
}

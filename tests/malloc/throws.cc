/* SPDX-License-Identifier: MIT
 *
 * A module in C++ that a program in C loads: its new fails, and it catches that.
 *
 * Owns:     nothing.
 * Callers:  late.c, by dlopen.
 * Promises: throws_and_catches gives how many exceptions it caught of two.
 * Does not: let one out.
 */
#include <cstddef>
#include <cstdint>
#include <new>

extern "C" __attribute__((visibility("default"))) int throws_and_catches(void);

extern "C" int throws_and_catches(void) {
    volatile std::size_t too_large = SIZE_MAX / 2 + 1;
    int caught = 0;
    try {
        ::operator delete(::operator new(too_large));
    } catch (const std::bad_alloc &) {
        caught++;
    }
    try {
        ::operator delete(::operator new(too_large, std::align_val_t{64}), std::align_val_t{64});
    } catch (const std::bad_alloc &) {
        caught++;
    }
    return caught;
}

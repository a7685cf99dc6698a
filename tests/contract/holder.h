/* SPDX-License-Identifier: MIT
 *
 * A C++ object that holds a block from its constructor to its destructor.
 *
 * Owns:     one block, watched by its content.
 * Callers:  the C++ tests of this directory, from any thread.
 * Promises: the destructor also allocates anew and frees that.
 * Does not: copy.
 */
#ifndef CORRAL_TESTS_HOLDER_H
#define CORRAL_TESTS_HOLDER_H

#include <corral/corral.h>
#include <cstddef>
#include <cstdint>

extern "C" {
#include "support/check.h"
#include "support/pattern.h"
}

class Holder {
public:
    explicit Holder(std::size_t bytes) : size(bytes), block(taken(bytes)) {
    }

    ~Holder() {
        give(block, size);
        give(taken(2 * size), 2 * size);
    }

    Holder(const Holder &) = delete;
    Holder &operator=(const Holder &) = delete;

    static constexpr std::uint32_t id = 13;

private:
    static void *taken(std::size_t size) {
        void *block = corral_alloc(size, id);
        CHECK(block != nullptr, "no block");
        pattern_fill(block, size, size);
        return block;
    }

    static void give(void *block, std::size_t size) {
        CHECK(pattern_holds(block, size, size), "content");
        corral_free(block, id);
    }

    std::size_t size;
    void *block;
};

#endif

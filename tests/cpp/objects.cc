/* SPDX-License-Identifier: MIT
 *
 * Objects in a category without a container: corral::in_category, corral::make_unique, corral::scope, and
 * what happens where memory is exhausted.
 *
 * Owns:     nothing.
 * Callers:  meson, as a plain main, with libstdc++; tools/test-builds with libc++.
 * Promises: as containers.cc.
 * Does not: need that malloc is corral's: of scopes only the bounds are looked at (../malloc/scopes.c).
 */
#include "holds.h"

#include <corral/corral.hpp>

#include <cstring>
#include <stdexcept>

namespace {

constexpr std::uint32_t ID = 6, OTHER = 0x4F544852;
/* A compiler that knew the size would warn. */
volatile std::size_t largest = SIZE_MAX / 2;

int alive;

struct counted {
    int value;
    explicit counted(int number = 0) : value(number) { alive++; }
    counted(const counted &) = delete;
    ~counted() { alive--; }
};

struct sound : corral::in_category<ID>, counted {
    using counted::counted;
};

struct plain : corral::in_category<ID> {
    int value;
};

struct alignas(256) wide_sound : corral::in_category<ID> {
    char bytes[256];
};

struct fails : corral::in_category<ID> {
    fails() { throw std::runtime_error("on purpose"); }
};

struct alignas(128) wide_fails : corral::in_category<ID> {
    wide_fails() { throw std::runtime_error("on purpose"); }
};

template <class Exception, class Call> bool throws(Call call) {
    try {
        call();
    } catch (const Exception &) {
        return true;
    }
    return false;
}

void mix_in() {
    sound *one = new sound(7);
    sound *many = new sound[3];
    CHECK(live_of(ID) == 2 && alive == 4 && one->value == 7, "%u", live_of(ID));
    delete one;
    delete[] many;

    plain here{{}, 3};
    auto *there = new plain{{}, 4};
    CHECK(here.value + there->value == 7 && live_of(ID) == 1, "%u", live_of(ID));
    delete there;

    auto *wide = new wide_sound, *wides = new wide_sound[2];
    CHECK(reinterpret_cast<std::uintptr_t>(wide) % 256 == 0, "at %p", static_cast<void *>(wide));
    CHECK(reinterpret_cast<std::uintptr_t>(wides) % 256 == 0, "at %p", static_cast<void *>(wides));
    delete wide;
    delete[] wides;

    sound *quiet = new (std::nothrow) sound;
    delete quiet;
    wide_sound *quiet_wide = new (std::nothrow) wide_sound;
    delete quiet_wide;

    alignas(sound) char place[sizeof(sound)];
    sound *placed = new (place) sound(8);
    CHECK(static_cast<void *>(placed) == place && live_of(ID) == 0, "%u", live_of(ID));
    placed->~sound();

    CHECK(throws<std::runtime_error>([] { delete new fails; }), "no exception");
    CHECK(throws<std::runtime_error>([] { delete[] new fails[3]; }), "no exception");
    CHECK(throws<std::runtime_error>([] { delete new wide_fails; }), "no exception");
    CHECK(throws<std::runtime_error>([] { delete new (std::nothrow) fails; }), "no exception");
    CHECK(sizeof(sound) == sizeof(counted), "the base costs bytes");
}

struct base {
    virtual ~base() = default;
    int number = 1;
};
struct other_base {
    virtual ~other_base() = default;
    int number = 2;
};
struct derived : base, other_base, counted {
    char bytes[100];
};

void unique() {
    {
        auto one = corral::make_unique<counted>(ID, 7);
        CHECK(one->value == 7 && live_of(ID) == 1 && one.get_deleter().id() == ID, "%u", live_of(ID));
        CHECK(sizeof one <= 2 * sizeof(void *), "%zu bytes", sizeof one);
        auto moved = std::move(one);
        CHECK(one == nullptr && live_of(ID) == 1, "%u", live_of(ID));
        moved = corral::make_unique<counted>(OTHER, 8);
        CHECK(live_of(ID) == 0 && live_of(OTHER) == 1, "%u", live_of(ID));
    }
    {
        auto many = corral::make_unique<counted[]>(ID, 10);
        CHECK(alive == 10 && live_of(ID) == 1 && many.get_deleter().count() == 10, "%d", alive);
        auto none = corral::make_unique<counted[]>(ID, 0);
        CHECK(none != nullptr, "an array of nothing is a block");
    }
    {
        auto constant = corral::make_unique<const counted>(ID, 3);
        auto zeros = corral::make_unique<int[]>(ID, 100);
        CHECK(constant->value == 3 && zeros[0] == 0 && zeros[99] == 0, "not zero");
    }
    {
        /* A base that is not where the object begins. */
        corral::unique_ptr<other_base> part = corral::make_unique<derived>(ID);
        CHECK(part->number == 2 && alive == 1 && live_of(ID) == 1, "%d", alive);
    }
    static_assert(!std::is_convertible<corral::unique_ptr<derived>, corral::unique_ptr<counted>>::value,
                  "without a virtual destructor, the rest of the object would stay");
    static_assert(std::is_convertible<corral::unique_ptr<int>, corral::unique_ptr<const int>>::value, "");
    CHECK(throws<std::runtime_error>([] { corral::make_unique<fails>(ID); }), "no exception");
}

struct opaque;
struct handle {
    corral::unique_ptr<opaque> inside;
    explicit handle(corral::unique_ptr<opaque> made) : inside(std::move(made)) {}
    handle(handle &&other) noexcept;
    ~handle();
};
struct opaque {
    counted part;
};
handle::handle(handle &&other) noexcept = default;
handle::~handle() = default;

void incomplete() {
    handle first(corral::make_unique<opaque>(ID));
    handle second(std::move(first));
    CHECK(first.inside == nullptr && alive == 1, "%d", alive);
    corral::unique_ptr<opaque> empty(nullptr, corral::deleter<opaque>(ID));
    empty = std::move(second.inside);
}

struct third_fails {
    counted part;
    third_fails() {
        if (alive == 3) {
            throw std::runtime_error("on purpose");
        }
    }
};

void unfinished() {
    CHECK(throws<std::runtime_error>([] { corral::make_unique<third_fails[]>(ID, 10); }), "no exception");
    CHECK(throws<std::bad_array_new_length>([] { corral::make_unique<long[]>(ID, SIZE_MAX / 2); }), "no exception");
}

int handled;

void handler() {
    if (++handled == 3) {
        std::set_new_handler(nullptr);
    }
}

void exhausted() {
    handled = 0;
    std::set_new_handler(handler);
    CHECK(throws<std::bad_alloc>([] { (void)corral::allocator<char>(ID).allocate(largest); }), "no exception");
    CHECK(handled == 3, "the handler was called %d times", handled);
    CHECK(throws<std::bad_alloc>([] { sound::operator delete(sound::operator new(largest + 1)); }), "no exception");
    CHECK(sound::operator new(largest + 1, std::nothrow) == nullptr, "a block");
    CHECK(sound::operator new[](largest + 1, std::align_val_t{64}, std::nothrow) == nullptr, "a block");
}

void scopes() {
    CHECK(corral_scope_id() == CORRAL_MEMORY_TYPE_NONE, "a scope");
    {
        corral::scope outer(ID);
        CHECK(throws<std::runtime_error>([] {
                  corral::scope inner(OTHER);
                  CHECK(corral_scope_id() == OTHER, "no scope");
                  throw std::runtime_error("on purpose");
              }),
              "no exception");
        CHECK(corral_scope_id() == ID, "no scope");
        CORRAL_SCOPE(OTHER);
        CHECK(corral_scope_id() == OTHER, "no scope");
    }
    CHECK(corral_scope_id() == CORRAL_MEMORY_TYPE_NONE, "a scope");
}

} // namespace

int main() {
    for (auto test : {mix_in, unique, incomplete, unfinished, exhausted, scopes}) {
        test();
        CHECK(alive == 0, "%d objects stay", alive);
        for (std::uint32_t id : {ID, OTHER}) {
            CHECK(live_of(id) == 0, "%u blocks of %x stay", live_of(id), id);
        }
    }
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * The standard's containers on corral::allocator, corral::static_allocator and, where the library has them,
 * polymorphic resources.
 *
 * Owns:     nothing.
 * Callers:  meson, as a plain main, with libstdc++; tools/test-builds with libc++.
 * Promises: what the standard demands of allocators (C++17, [allocator.requirements]) is looked at: types,
 *           rebinding, comparison, propagation on copy, move and swap; after each test nothing is live.
 * Does not: cover what lies in a category without a container (objects.cc).
 */
#include "holds.h"

#include <corral/corral.hpp>

#include <algorithm>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <scoped_allocator>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace {

constexpr std::uint32_t LEFT = 5, RIGHT = 0x52494748, STATIC = 9;
constexpr int COUNT = 1000;

template <class T> using vector = std::vector<T, corral::allocator<T>>;
using string = std::basic_string<char, std::char_traits<char>, corral::allocator<char>>;

/* Types and constants. */
using traits = std::allocator_traits<corral::allocator<int>>;
static_assert(std::is_same<traits::rebind_alloc<long>, corral::allocator<long>>::value, "rebinds");
static_assert(!traits::is_always_equal::value, "ids differ");
static_assert(traits::propagate_on_container_move_assignment::value, "a move copies nothing");
static_assert(traits::propagate_on_container_swap::value, "a swap copies nothing");
static_assert(!traits::propagate_on_container_copy_assignment::value, "a copy keeps its own");
static_assert(std::is_nothrow_copy_constructible<corral::allocator<int>>::value, "demanded");
static_assert(std::is_nothrow_move_assignable<corral::allocator<int>>::value, "demanded");
static_assert(std::is_nothrow_move_assignable<vector<int>>::value, "follows from it");

using static_traits = std::allocator_traits<corral::static_allocator<int, STATIC>>;
static_assert(std::is_same<static_traits::rebind_alloc<long>, corral::static_allocator<long, STATIC>>::value,
              "rebinds");
static_assert(static_traits::is_always_equal::value, "one id");
static_assert(std::is_empty<corral::static_allocator<int, STATIC>>::value, "costs no bytes");
static_assert(sizeof(std::vector<int, corral::static_allocator<int, STATIC>>) == sizeof(std::vector<int>),
              "costs no bytes in a container");

void compare() {
    corral::allocator<int> left(LEFT), right(RIGHT);
    corral::allocator<long> rebound(left);
    CHECK(left == left && !(left != left) && left != right && !(left == right), "by id");
    CHECK(left == rebound && rebound != right, "of other types");
    CHECK(corral::allocator<int>(rebound) == left, "there and back");
    CHECK((corral::static_allocator<int, STATIC>() == corral::static_allocator<long, STATIC>()), "one id");
}

void alignment_and_length() {
    struct alignas(512) wide {
        char bytes[512];
    };
    std::vector<wide, corral::allocator<wide>> wides(3, corral::allocator<wide>(LEFT));
    CHECK(reinterpret_cast<std::uintptr_t>(wides.data()) % 512 == 0, "at %p", (void *)wides.data());
    for (std::size_t count : {SIZE_MAX / 4, SIZE_MAX / 2, SIZE_MAX}) {
        bool thrown = false;
        try {
            (void)corral::allocator<std::uint64_t>(LEFT).allocate(count);
        } catch (const std::bad_array_new_length &) {
            thrown = true;
        }
        CHECK(thrown, "%zu", count);
    }
}

/* Every container does its work, and all of its memory is of the category. */
template <class Container> void churn(Container &container) {
    for (int i = 0; i < COUNT; i++) {
        container.insert(container.end(), typename Container::value_type(i));
    }
    CHECK(std::distance(container.begin(), container.end()) == COUNT, "elements are missing");
    CHECK(live_of(LEFT) > 0, "nothing is of the category");
}

template <class Map> void churn_map(Map &map) {
    for (int i = 0; i < COUNT; i++) {
        map.emplace(i, i * i);
    }
    for (int i = 0; i < COUNT; i += 2) {
        map.erase(i);
    }
    CHECK(map.size() == COUNT / 2 && map.find(31)->second == 31 * 31, "elements are missing");
    CHECK(live_of(LEFT) > 0, "nothing is of the category");
}

void every_container() {
    corral::allocator<int> ints(LEFT);
    corral::allocator<std::pair<const int, int>> pairs(LEFT);
    {
        vector<int> container(ints);
        churn(container);
    }
    {
        std::deque<int, corral::allocator<int>> container(ints);
        churn(container);
    }
    {
        std::list<int, corral::allocator<int>> container(ints);
        churn(container);
        container.sort(std::greater<int>());
    }
    {
        std::set<int, std::less<int>, corral::allocator<int>> container(ints);
        churn(container);
    }
    {
        std::unordered_set<int, std::hash<int>, std::equal_to<int>, corral::allocator<int>> container(ints);
        churn(container);
    }
    {
        std::map<int, int, std::less<int>, corral::allocator<std::pair<const int, int>>> container(pairs);
        churn_map(container);
    }
    {
        std::unordered_map<int, int, std::hash<int>, std::equal_to<int>,
                           corral::allocator<std::pair<const int, int>>>
            container(pairs);
        churn_map(container);
    }
    {
        std::forward_list<int, corral::allocator<int>> container(ints);
        container.assign(COUNT, 7);
        CHECK(live_of(LEFT) == COUNT, "%u", live_of(LEFT));
    }
    {
        string text("a text that is too long for a string to hold inside of itself", corral::allocator<char>(LEFT));
        CHECK(live_of(LEFT) == 1 && text.size() > 30, "%u", live_of(LEFT));
    }
    {
        std::shared_ptr<int> shared = std::allocate_shared<int>(ints, 7);
        std::weak_ptr<int> weak = shared;
        CHECK(*shared == 7 && live_of(LEFT) == 1, "%u", live_of(LEFT));
    }
    CHECK(live_of(LEFT) == 0, "%u blocks stay", live_of(LEFT));
}

vector<int> numbers(std::uint32_t id, int count) {
    vector<int> made{corral::allocator<int>(id)};
    for (int i = 0; i < count; i++) {
        made.push_back(i);
    }
    return made;
}

void propagation() {
    const vector<int> from = numbers(LEFT, 100);
    vector<int> copy(from);
    CHECK(copy == from && copy.get_allocator().id() == LEFT, "a copy is of the original's id");

    vector<int> assigned = numbers(RIGHT, 3);
    assigned = from;
    CHECK(assigned == from && assigned.get_allocator().id() == RIGHT, "who is assigned to keeps its id");
    CHECK(live_of(RIGHT) == 1, "%u", live_of(RIGHT));

    vector<int> moved = numbers(RIGHT, 3);
    const int *data = copy.data();
    moved = std::move(copy);
    CHECK(moved.data() == data && moved.get_allocator().id() == LEFT, "a move takes the block and the id");

    vector<int> other = numbers(RIGHT, 5);
    const int *others = other.data();
    std::swap(moved, other);
    CHECK(other.data() == data && moved.data() == others, "a swap takes the blocks");
    CHECK(other.get_allocator().id() == LEFT && moved.get_allocator().id() == RIGHT, "and the ids");

    vector<int> elsewhere(std::move(other), corral::allocator<int>(RIGHT));
    CHECK(elsewhere == from && elsewhere.get_allocator().id() == RIGHT, "a move to another id copies");

    std::list<int, corral::allocator<int>> left(corral::allocator<int>{LEFT}), right(corral::allocator<int>{LEFT});
    left.assign(10, 1);
    right.splice(right.end(), left);
    CHECK(right.size() == 10 && left.empty(), "lists of one id are spliced");
}

/* Strings in a vector, in the vector's category. */
void nested() {
    using inner = corral::allocator<string>;
    std::vector<string, std::scoped_allocator_adaptor<inner>> texts{inner(LEFT)};
    for (int i = 0; i < 100; i++) {
        texts.emplace_back("a text that is too long for a string to hold inside of itself");
    }
    CHECK(live_of(LEFT) == 101, "%u", live_of(LEFT));
}

void at_compile_time() {
    std::map<int, int, std::less<int>, corral::static_allocator<std::pair<const int, int>, STATIC>> map;
    for (int i = 0; i < COUNT; i++) {
        map[i] = i;
    }
    CHECK(live_of(STATIC) == COUNT, "%u", live_of(STATIC));
    auto other = std::move(map);
    auto copy = other;
    CHECK(live_of(STATIC) == 2 * COUNT && copy == other, "%u", live_of(STATIC));
}

#if CORRAL_HAS_MEMORY_RESOURCE
void polymorphic() {
    corral::memory_resource left(LEFT), same(LEFT), right(RIGHT);
    CHECK(left.is_equal(left) && left == same && left != right, "by id");
    CHECK(left != *std::pmr::new_delete_resource(), "and by kind");
    CHECK(*std::pmr::new_delete_resource() != left, "from either side");
    for (std::size_t alignment = 1; alignment <= 1 << 17; alignment *= 2) {
        void *block = left.allocate(100, alignment);
        CHECK(reinterpret_cast<std::uintptr_t>(block) % alignment == 0, "at %p", block);
        same.deallocate(block, 100, alignment);
    }
    void *empty = left.allocate(0);
    CHECK(empty != nullptr, "size 0");
    left.deallocate(empty, 0);
    {
        std::pmr::vector<std::pmr::string> texts(&left);
        for (int i = 0; i < 100; i++) {
            texts.emplace_back("a text that is too long for a string to hold inside of itself");
        }
        CHECK(live_of(LEFT) == 101, "%u", live_of(LEFT));
        std::pmr::vector<std::pmr::string> elsewhere(&right);
        elsewhere = std::move(texts); /* unequal resources: elements move one by one */
        CHECK(elsewhere.size() == 100 && live_of(RIGHT) == 101, "%u", live_of(RIGHT));
        std::pmr::vector<std::pmr::string> equal(std::move(elsewhere), &right);
        CHECK(equal.size() == 100 && live_of(RIGHT) == 101, "%u", live_of(RIGHT));
    }
    {
        std::pmr::monotonic_buffer_resource buffer(&left);
        std::pmr::unsynchronized_pool_resource pool(&buffer);
        std::pmr::map<int, std::pmr::string> map(&pool);
        for (int i = 0; i < COUNT; i++) {
            map[i] = "a text that is too long for a string to hold inside of itself";
        }
        CHECK(live_of(LEFT) > 0, "nothing is of the category");
    }
    bool thrown = false;
    try {
        volatile std::size_t too_large = SIZE_MAX / 2 + 1;
        (void)left.allocate(too_large);
    } catch (const std::bad_alloc &) {
        thrown = true;
    }
    CHECK(thrown, "no exception");
}
#else
void polymorphic() {}
#endif

} // namespace

int main() {
    for (auto test : {compare, alignment_and_length, every_container, propagation, nested, at_compile_time,
                      polymorphic}) {
        test();
        for (std::uint32_t id : {LEFT, RIGHT, STATIC}) {
            CHECK(live_of(id) == 0, "%u blocks of %x stay", live_of(id), id);
        }
    }
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * corral/corral.hpp: corral for C++17.
 *
 * Owns:     nothing; the blocks are those of corral.h.
 * Callers:  any thread, in any category.
 * Promises: what the standard demands of allocators, memory resources and deleters. Where memory is
 *           exhausted the new handler is called, as by operator new, and then std::bad_alloc is thrown;
 *           in code without exceptions, the program ends.
 * Does not: mix categories: what is allocated with an id is freed with it, and two allocators or resources
 *           are equal when their ids are.
 *
 *   corral::scope                   malloc and new of this thread, in a category, until the end of the block
 *   corral::allocator<T>            for containers, the id chosen at run time
 *   corral::static_allocator<T, Id> the same, at compile time: no bytes in the container, always equal
 *   corral::memory_resource         for std::pmr (where the library has it)
 *   corral::in_category<Id>         a base whose classes are allocated by new in a category
 *   corral::make_unique<T>(id, …)   a std::unique_ptr whose object lies in a category
 */
#ifndef CORRAL_CORRAL_HPP
#define CORRAL_CORRAL_HPP

#include <corral/corral.h>
#include <corral/scope.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#if defined(__has_include)
#if __has_include(<memory_resource>)
#include <memory_resource>
#endif
#endif
/* The header alone may say only that the library has none yet. */
#if defined(__cpp_lib_memory_resource)
#define CORRAL_HAS_MEMORY_RESOURCE 1
#else
#define CORRAL_HAS_MEMORY_RESOURCE 0
#endif
#if defined(__cpp_exceptions)
#define CORRAL_HAS_EXCEPTIONS 1
#else
#define CORRAL_HAS_EXCEPTIONS 0
#endif

namespace corral {

namespace detail {

/* Every block is aligned to so many bytes. */
inline constexpr std::size_t block_alignment = 16;

inline void *allocate_or_null(std::size_t size, std::size_t alignment, std::uint32_t id) noexcept {
    return alignment <= block_alignment ? corral_alloc(size, id)
                                        : corral_aligned_alloc(alignment, size, id);
}

template <class Exception> [[noreturn]] void fail() {
#if CORRAL_HAS_EXCEPTIONS
    throw Exception();
#else
    std::abort();
#endif
}

/* As operator new: the handler may free memory, throw, or not return. */
inline void *allocate_again(std::size_t size, std::size_t alignment, std::uint32_t id) {
    for (;;) {
        std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) {
            fail<std::bad_alloc>();
        }
        handler();
        if (void *block = allocate_or_null(size, alignment, id)) {
            return block;
        }
    }
}

inline void *allocate(std::size_t size, std::size_t alignment, std::uint32_t id) {
    void *block = allocate_or_null(size, alignment, id);
    return block != nullptr ? block : allocate_again(size, alignment, id);
}

/* The bytes of an array. */
template <class T> std::size_t bytes_of(std::size_t count) {
    if (count > static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(T)) {
        fail<std::bad_array_new_length>();
    }
    return count * sizeof(T);
}

} // namespace detail

/* A scope of corral/scope.h, from here to the end of the enclosing block of code, also where an exception
 * leaves it. */
class scope {
public:
    explicit scope(std::uint32_t id) noexcept : before_(corral_scope_push(id)) {}
    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;
    ~scope() { corral_scope_pop(before_); }

private:
    corral_scope before_;
};

/* An allocator for containers. A container keeps its id for life, but for one whose memory becomes
 * another's: a move or a swap takes the id along, so that it costs no copy; a copy of a container is of the
 * id of the original, and one that is assigned to keeps its own. */
template <class T> class allocator {
public:
    using value_type = T;
    using propagate_on_container_copy_assignment = std::false_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;
    using is_always_equal = std::false_type;

    explicit allocator(std::uint32_t id) noexcept : id_(id) {}
    template <class U> allocator(const allocator<U> &other) noexcept : id_(other.id()) {}

    [[nodiscard]] T *allocate(std::size_t count) {
        return static_cast<T *>(detail::allocate(detail::bytes_of<T>(count), alignof(T), id_));
    }
    void deallocate(T *block, std::size_t) noexcept { corral_free(block, id_); }

    std::uint32_t id() const noexcept { return id_; }

private:
    std::uint32_t id_;
};

template <class T, class U>
bool operator==(const allocator<T> &left, const allocator<U> &right) noexcept {
    return left.id() == right.id();
}
template <class T, class U>
bool operator!=(const allocator<T> &left, const allocator<U> &right) noexcept {
    return left.id() != right.id();
}

/* The same with the id in the type. */
template <class T, std::uint32_t Id> class static_allocator {
public:
    using value_type = T;
    using propagate_on_container_move_assignment = std::true_type;
    using is_always_equal = std::true_type;
    template <class U> struct rebind {
        using other = static_allocator<U, Id>;
    };

    static_allocator() noexcept = default;
    template <class U> static_allocator(const static_allocator<U, Id> &) noexcept {}

    [[nodiscard]] T *allocate(std::size_t count) {
        return static_cast<T *>(detail::allocate(detail::bytes_of<T>(count), alignof(T), Id));
    }
    void deallocate(T *block, std::size_t) noexcept { corral_free(block, Id); }
};

template <class T, class U, std::uint32_t Id>
bool operator==(const static_allocator<T, Id> &, const static_allocator<U, Id> &) noexcept {
    return true;
}
template <class T, class U, std::uint32_t Id>
bool operator!=(const static_allocator<T, Id> &, const static_allocator<U, Id> &) noexcept {
    return false;
}

#if CORRAL_HAS_MEMORY_RESOURCE
/* A memory resource of a category. Any number of them may be made, for any ids; those of one id are equal,
 * as is_equal says where the program has run-time types; without them, each is equal to itself alone. */
class memory_resource : public std::pmr::memory_resource {
public:
    explicit memory_resource(std::uint32_t id) noexcept : id_(id) {}

    std::uint32_t id() const noexcept { return id_; }

private:
    void *do_allocate(std::size_t size, std::size_t alignment) override {
        return detail::allocate(size, alignment, id_);
    }
    void do_deallocate(void *block, std::size_t, std::size_t) override { corral_free(block, id_); }
    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
#if defined(__cpp_rtti)
        const auto *same = dynamic_cast<const memory_resource *>(&other);
        return same != nullptr && same->id_ == id_;
#else
        return this == &other;
#endif
    }

    std::uint32_t id_;
};
#endif

/* A base for classes: `struct sound : corral::in_category<SOUNDS>`. Objects that are made by new, and of
 * classes derived from it, lie in the category; those on the stack or within others lie there. */
template <std::uint32_t Id> struct in_category {
    static void *operator new(std::size_t size) { return detail::allocate(size, 1, Id); }
    static void *operator new[](std::size_t size) { return detail::allocate(size, 1, Id); }
    static void *operator new(std::size_t size, std::align_val_t alignment) {
        return detail::allocate(size, static_cast<std::size_t>(alignment), Id);
    }
    static void *operator new[](std::size_t size, std::align_val_t alignment) {
        return detail::allocate(size, static_cast<std::size_t>(alignment), Id);
    }
    static void *operator new(std::size_t size, const std::nothrow_t &) noexcept {
        return detail::allocate_or_null(size, 1, Id);
    }
    static void *operator new[](std::size_t size, const std::nothrow_t &) noexcept {
        return detail::allocate_or_null(size, 1, Id);
    }
    static void *operator new(std::size_t size, std::align_val_t alignment,
                              const std::nothrow_t &) noexcept {
        return detail::allocate_or_null(size, static_cast<std::size_t>(alignment), Id);
    }
    static void *operator new[](std::size_t size, std::align_val_t alignment,
                                const std::nothrow_t &) noexcept {
        return detail::allocate_or_null(size, static_cast<std::size_t>(alignment), Id);
    }
    /* The forms in a place that the caller has, which those above hide. */
    static void *operator new(std::size_t, void *place) noexcept { return place; }
    static void *operator new[](std::size_t, void *place) noexcept { return place; }

    static void operator delete(void *block) noexcept { corral_free(block, Id); }
    static void operator delete[](void *block) noexcept { corral_free(block, Id); }
    static void operator delete(void *block, std::align_val_t) noexcept { corral_free(block, Id); }
    static void operator delete[](void *block, std::align_val_t) noexcept {
        corral_free(block, Id);
    }
    static void operator delete(void *block, const std::nothrow_t &) noexcept {
        corral_free(block, Id);
    }
    static void operator delete[](void *block, const std::nothrow_t &) noexcept {
        corral_free(block, Id);
    }
    static void operator delete(void *block, std::align_val_t, const std::nothrow_t &) noexcept {
        corral_free(block, Id);
    }
    static void operator delete[](void *block, std::align_val_t, const std::nothrow_t &) noexcept {
        corral_free(block, Id);
    }
    static void operator delete(void *, void *) noexcept {}
    static void operator delete[](void *, void *) noexcept {}
};

/* Ends an object that lies in a block of its own. */
template <class T> class deleter {
public:
    explicit deleter(std::uint32_t id) noexcept : id_(id) {}
    /* Of a class to one that it is derived from, which is to have a virtual destructor: so the whole object
     * ends, and where its block begins is known. */
    template <class U, class = std::enable_if_t<std::conjunction<
                           std::negation<std::is_same<U, T>>, std::is_convertible<U *, T *>,
                           std::disjunction<std::is_same<std::remove_cv_t<U>, std::remove_cv_t<T>>,
                                            std::has_virtual_destructor<T>>>::value>>
    deleter(const deleter<U> &other) noexcept : id_(other.id()) {}

    void operator()(T *object) const noexcept {
        void *block = const_cast<void *>(static_cast<const volatile void *>(whole(object)));
        object->~T();
        corral_free(block, id_);
    }

    std::uint32_t id() const noexcept { return id_; }

private:
    /* Where the object begins that this one may be a part of. */
    static auto whole(T *object) noexcept {
        if constexpr (std::has_virtual_destructor<T>::value) {
            return dynamic_cast<const volatile void *>(object);
        } else {
            return object;
        }
    }

    std::uint32_t id_;
};

/* The same of an array. */
template <class T> class deleter<T[]> {
public:
    deleter(std::uint32_t id, std::size_t count) noexcept : id_(id), count_(count) {}

    void operator()(T *objects) const noexcept {
        for (std::size_t i = count_; i > 0; i--) {
            objects[i - 1].~T();
        }
        corral_free(const_cast<std::remove_cv_t<T> *>(objects), id_);
    }

    std::uint32_t id() const noexcept { return id_; }
    std::size_t count() const noexcept { return count_; }

private:
    std::uint32_t id_;
    std::size_t count_;
};

/* Never without a deleter's id: an empty one is made as corral::unique_ptr<T>(nullptr, corral::deleter<T>(id)). */
template <class T> using unique_ptr = std::unique_ptr<T, deleter<T>>;

namespace detail {

/* Frees the block of an object, and ends the objects that were made, when making one throws. */
template <class T> struct unfinished {
    T *objects;
    std::uint32_t id;
    std::size_t made;

    ~unfinished() {
        if (objects != nullptr) {
            deleter<T[]>(id, made)(objects);
        }
    }
    T *finish() { return std::exchange(objects, nullptr); }
};

template <class T> unfinished<T> begin(std::uint32_t id, std::size_t count) {
    return {static_cast<T *>(allocate(bytes_of<T>(count), alignof(T), id)), id, 0};
}

} // namespace detail

/* An object in a category, made of the arguments. */
template <class T, class... Arguments>
std::enable_if_t<!std::is_array<T>::value, unique_ptr<T>> make_unique(std::uint32_t id,
                                                                      Arguments &&...arguments) {
    auto block = detail::begin<std::remove_cv_t<T>>(id, 1);
    ::new (static_cast<void *>(block.objects)) T(std::forward<Arguments>(arguments)...);
    return unique_ptr<T>(block.finish(), deleter<T>(id));
}

/* An array of `count` objects, each made of nothing: corral::make_unique<T[]>(id, count). */
template <class T>
std::enable_if_t<std::is_array<T>::value && std::extent<T>::value == 0, unique_ptr<T>>
make_unique(std::uint32_t id, std::size_t count) {
    using element = std::remove_extent_t<T>;
    auto block = detail::begin<std::remove_cv_t<element>>(id, count);
    for (; block.made < count; block.made++) {
        ::new (static_cast<void *>(block.objects + block.made)) element();
    }
    return unique_ptr<T>(block.finish(), deleter<T>(id, count));
}

} // namespace corral

#endif

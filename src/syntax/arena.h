// A bump allocator that owns one syntax tree: nodes are never freed one by one, and the whole tree goes with the arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hiss::syntax {

/// A sequence in the arena: a pointer and a length, without ownership.
template <class T>
struct Seq {
  T* data = nullptr;
  int32_t size = 0;

  T* begin() const { return data; }
  T* end() const { return data + size; }
  T& operator[](int32_t index) const { return data[index]; }
  T& front() const { return data[0]; }
  T& back() const { return data[size - 1]; }
  bool empty() const { return size == 0; }
};

class Arena {
 public:
  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t bytes, size_t alignment = 8) {
    uintptr_t at = (cursor_ + alignment - 1) & ~(uintptr_t{alignment} - 1);
    if (at + bytes > limit_) return allocate_slow(bytes, alignment);
    cursor_ = at + bytes;
    return reinterpret_cast<void*>(at);
  }

  /// A value-initialised object. Destructors never run, so only trivially destructible types fit.
  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    T* object = new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
    if constexpr (requires { T::kKind; }) object->kind = T::kKind;
    return object;
  }

  template <class T>
  Seq<T> make_seq(const T* items, size_t count) {
    if (count == 0) return {};
    T* copy = static_cast<T*>(allocate(sizeof(T) * count, alignof(T)));
    std::memcpy(static_cast<void*>(copy), items, sizeof(T) * count);
    return {copy, static_cast<int32_t>(count)};
  }

  template <class T>
  Seq<T> make_seq(std::initializer_list<T> items) {
    return make_seq(items.begin(), items.size());
  }

  template <class T>
  Seq<T> make_seq(const std::vector<T>& items) {
    return make_seq(items.data(), items.size());
  }

  std::string_view copy_text(std::string_view text);

  /// The one copy of this identifier: equal names share data(), so names of one tree compare by pointer.
  std::string_view intern(std::string_view name);

  size_t bytes_used() const { return bytes_in_full_blocks_; }

 private:
  void* allocate_slow(size_t bytes, size_t alignment);
  void grow_names();

  uintptr_t cursor_ = 0;
  uintptr_t limit_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  size_t bytes_in_full_blocks_ = 0;

  struct NameSlot {
    const char* data;
    uint32_t size;
    uint32_t hash;
  };
  std::vector<NameSlot> names_;
  size_t name_count_ = 0;
};

}  // namespace hiss::syntax

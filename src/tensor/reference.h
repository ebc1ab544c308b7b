// Intrusive references and the free lists behind small, often-made objects.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace hiss::engine {

/// Base of counted objects. The last release calls destroy(), which a class may replace (nodes avoid recursion there).
template <typename Self>
class Counted {
 public:
  void retain() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      const_cast<Self*>(static_cast<const Self*>(this))->destroy();
    }
  }
  /// False when the object is already dying on another thread.
  bool try_retain() const {
    uint32_t count = references_.load(std::memory_order_relaxed);
    while (count != 0) {
      if (references_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  uint32_t use_count() const { return references_.load(std::memory_order_relaxed); }

 protected:
  void destroy() { delete static_cast<Self*>(this); }

 private:
  mutable std::atomic<uint32_t> references_{0};
};

template <typename T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  explicit Ref(T* object) : object_(object) {
    if (object_) object_->retain();
  }
  Ref(const Ref& other) : object_(other.object_) {
    if (object_) object_->retain();
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <typename U>
  requires std::is_convertible_v<U*, T*> Ref(const Ref<U>& other) : Ref(other.get()) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_) object_->release();
  }
  /// Takes over a reference that the caller already counts.
  static Ref adopt(T* object) {
    Ref result;
    result.object_ = object;
    return result;
  }
  T* detach() { return std::exchange(object_, nullptr); }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool operator==(const Ref& other) const { return object_ == other.object_; }

 private:
  T* object_ = nullptr;
};

/// Gives a class operator new/delete backed by a per-thread free list.
template <typename Self, size_t Keep = 256>
class Pooled {
 public:
  static void* operator new(size_t size) {
    List& list = list_;
    if (size == sizeof(Self) && list.head) {
      Entry* entry = list.head;
      list.head = entry->next;
      --list.count;
      return entry;
    }
    return ::operator new(size);
  }
  static void operator delete(void* memory, size_t size) {
    List& list = list_;
    if (size != sizeof(Self) || !list.alive || list.count >= Keep) {
      ::operator delete(memory);
      return;
    }
    auto* entry = static_cast<Entry*>(memory);
    entry->next = list.head;
    list.head = entry;
    ++list.count;
  }

 private:
  struct Entry {
    Entry* next;
  };
  struct List {
    Entry* head = nullptr;
    size_t count = 0;
    bool alive = true;
    ~List() {
      alive = false;
      while (head) {
        Entry* next = head->next;
        ::operator delete(head);
        head = next;
      }
    }
  };
  static inline thread_local List list_;
};

}  // namespace hiss::engine

// The bytes behind tensors. Views share one Storage; its version counts in-place writes.
#pragma once

#include "tensor/reference.h"

namespace hiss::engine {

class Storage : public Counted<Storage>, public Pooled<Storage> {
 public:
  using Deleter = void (*)(void* context);

  /// Uninitialised memory from the buffer cache.
  static Ref<Storage> allocate(int64_t bytes);
  /// Memory owned by someone else (an array, a mapped file); `deleter(context)` runs when the last tensor lets go.
  static Ref<Storage> wrap(void* data, int64_t bytes, Deleter deleter, void* context);

  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }
  uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  void bump_version() { version_.fetch_add(1, std::memory_order_relaxed); }
  /// Grows or shrinks, keeping the common prefix.
  void resize(int64_t bytes);

  ~Storage();

 private:
  Storage(void* data, int64_t bytes, Deleter deleter, void* context)
      : data_(data), bytes_(bytes), deleter_(deleter), context_(context) {}
  std::atomic<uint32_t> version_{0};
  void* data_;
  int64_t bytes_;
  Deleter deleter_;
  void* context_;
};

/// The version counter of a tensor that does not share its storage's (x.data, results of detach in another history).
class VersionCounter : public Counted<VersionCounter> {
 public:
  std::atomic<uint32_t> value{0};
};

}  // namespace hiss::engine

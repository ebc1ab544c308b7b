// malloc for what objects own outside themselves (items, tables, bytes). Big buffers are reported to the collector:
// garbage in a cycle that holds one costs far more than the count of objects tells.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "memory/small_objects.h"

namespace hiss {

inline constexpr size_t kBigBuffer = 16 << 10;
void report_pressure(int64_t bytes);

namespace block_detail {
inline void report(void* block, int sign) {
  const size_t size = malloc_usable_size(block);
  if (size >= kBigBuffer) [[unlikely]]
    report_pressure(sign * static_cast<int64_t>(size));
}
}  // namespace block_detail

/// Null when there is no memory, as malloc.
inline void* allocate_block(size_t size) {
  void* block = std::malloc(size);
  if (size >= kBigBuffer) block_detail::report(block, 1);
  return block;
}
inline void* allocate_zeroed_block(size_t count, size_t size) {
  void* block = std::calloc(count, size);
  if (count * size >= kBigBuffer) block_detail::report(block, 1);
  return block;
}
inline void free_block(void* block) {
  block_detail::report(block, -1);
  std::free(block);
}
/// Null when there is no memory; then the old buffer is still there.
inline void* resize_block(void* block, size_t size) {
  const size_t before = malloc_usable_size(block);
  void* resized = std::realloc(block, size);
  if (!resized) return nullptr;
  if (before >= kBigBuffer) report_pressure(-static_cast<int64_t>(before));
  block_detail::report(resized, 1);
  return resized;
}

// The same for owners that remember how large their block is: items and tables are mostly small, and small blocks come
// from the lists of small_objects.h. A block made by one of these functions is freed and resized by these alone. They
// throw std::bad_alloc when there is no memory.

namespace block_detail {
inline bool is_small(size_t size) { return size - 1 < kSmallLimit; }  // no bytes at all: malloc's business
inline void* required(void* block) {
  if (!block) [[unlikely]]
    throw std::bad_alloc();
  return block;
}
}  // namespace block_detail

inline void* allocate_sized(size_t size) {
  return block_detail::is_small(size) ? allocate_of_class(buffer_class(size))
                                      : block_detail::required(allocate_block(size));
}
inline void* allocate_zeroed_sized(size_t size) {
  if (!block_detail::is_small(size)) return block_detail::required(allocate_zeroed_block(1, size));
  void* block = allocate_sized(size);
  std::memset(block, 0, size);
  return block;
}
inline void free_sized(void* block, size_t size) {
  if (block_detail::is_small(size)) {
    free_of_class(block, buffer_class(size));
  } else if (block) {
    free_block(block);
  }
}
/// When there is no memory, the old buffer is still there.
inline void* resize_sized(void* block, size_t before, size_t size) {
  if (!block_detail::is_small(before) && !block_detail::is_small(size))
    return block_detail::required(resize_block(block, size));
  if (block_detail::is_small(before) && buffer_class(before) == buffer_class(size)) return block;
  void* resized = allocate_sized(size);
  if (block) std::memcpy(resized, block, std::min(before, size));
  free_sized(block, before);
  return resized;
}

}  // namespace hiss

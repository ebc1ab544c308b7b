// malloc for what objects own outside themselves (items, tables, bytes). Big buffers are reported to the collector:
// garbage in a cycle that holds one costs far more than the count of objects tells.
#pragma once

#include <malloc.h>

#include <cstdint>
#include <cstdlib>

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

}  // namespace hiss

// A cache of freed buffers by size class. Allocation of training-step temporaries repeats the same few sizes, so most
// requests are answered without the system allocator.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hiss {

struct BufferPoolStatistics {
  int64_t bytes_in_use = 0;
  int64_t peak_bytes_in_use = 0;
  int64_t bytes_cached = 0;
  int64_t allocations = 0;
  int64_t cache_hits = 0;
};

/// Returns 64-byte aligned memory for at least `bytes`, or throws Error(Memory).
void* allocate_buffer(size_t bytes);
/// `bytes` must be what was asked for.
void free_buffer(void* buffer, size_t bytes) noexcept;

/// Gives cached memory back to the system.
void trim_buffers() noexcept;
/// Bytes the cache may hold on to (default 512 MiB).
void set_buffer_cache_limit(int64_t bytes);
BufferPoolStatistics buffer_statistics();
void reset_peak_buffer_statistics();

/// Called after each big allocation with the bytes just handed out; the language's collector listens here.
using AllocationListener = void (*)(int64_t bytes);
void set_allocation_listener(AllocationListener listener);

}  // namespace hiss

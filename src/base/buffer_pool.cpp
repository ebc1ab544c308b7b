#include "base/buffer_pool.h"

#include <sys/sysinfo.h>

#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "base/error.h"

namespace hiss {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kSmallLimit = 32 * 1024;
constexpr int kSmallClasses = 40;
constexpr int kLargeClasses = 160;
constexpr size_t kSmallKeep = 64;  // Buffers kept per small class and thread.

// Four classes per power of two: at most a quarter is wasted.
int size_class(size_t bytes) {
  if (bytes <= 64) return 0;
  const size_t top = bytes - 1;
  const int log = std::bit_width(top) - 1;
  const int quarter = static_cast<int>((top >> (log - 2)) & 3);
  return (log - 6) * 4 + quarter + 1;
}
size_t class_bytes(int index) {
  if (index == 0) return 64;
  const int log = (index - 1) / 4 + 6;
  const size_t quarter = static_cast<size_t>((index - 1) % 4) + 1;
  const size_t bytes = (size_t{1} << log) + (quarter << (log - 2));
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::atomic<int64_t> bytes_in_use{0};
std::atomic<int64_t> peak_bytes{0};
std::atomic<int64_t> bytes_cached{0};
std::atomic<int64_t> cache_limit{int64_t{512} << 20};
std::atomic<int64_t> allocation_count{0};
std::atomic<int64_t> hit_count{0};
std::atomic<AllocationListener> listener{nullptr};

struct FreeBuffer {
  FreeBuffer* next;
};

struct LargeCache {
  std::mutex mutex;
  std::vector<void*> buffers[kLargeClasses];
};
// Never destroyed: tensors in static storage may be freed after any destructor of ours has run.
LargeCache& large_cache() {
  static auto* cache = new LargeCache;
  return *cache;
}

struct SmallCache {
  FreeBuffer* heads[kSmallClasses] = {};
  uint32_t counts[kSmallClasses] = {};
  bool alive = true;
  ~SmallCache() {
    alive = false;
    clear();
  }
  void clear() {
    for (int i = 0; i < kSmallClasses; ++i) {
      while (heads[i]) {
        FreeBuffer* next = heads[i]->next;
        std::free(heads[i]);
        heads[i] = next;
      }
      counts[i] = 0;
    }
  }
};
thread_local SmallCache small_cache;

size_t physical_memory() {
  static const size_t total = [] {
    struct sysinfo info;
    if (sysinfo(&info) != 0) return ~size_t{0};
    return (static_cast<size_t>(info.totalram) + info.totalswap) * info.mem_unit;
  }();
  return total;
}

[[noreturn]] void out_of_memory(size_t bytes) {
  throw_error(
      ErrorKind::Memory,
      "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate {} bytes. "
      "Error code 12 (Cannot allocate memory)",
      bytes);
}

void* system_allocate(size_t bytes) {
  // The kernel promises memory it does not have; touching it later would kill the process, so refuse here.
  if (bytes > physical_memory()) out_of_memory(bytes);
  void* buffer = std::aligned_alloc(kAlignment, bytes);
  if (!buffer) {
    trim_buffers();
    buffer = std::aligned_alloc(kAlignment, bytes);
    if (!buffer) out_of_memory(bytes);
  }
  return buffer;
}

}  // namespace

void* allocate_buffer(size_t bytes) {
  const int index = size_class(bytes);
  if (bytes <= kSmallLimit) {
    SmallCache& cache = small_cache;
    if (FreeBuffer* buffer = cache.heads[index]) {
      cache.heads[index] = buffer->next;
      --cache.counts[index];
      return buffer;
    }
    return system_allocate(class_bytes(index));
  }
  if (bytes > physical_memory() || index >= kLargeClasses) out_of_memory(bytes);
  const size_t rounded = class_bytes(index);
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  void* buffer = nullptr;
  {
    LargeCache& cache = large_cache();
    std::lock_guard lock(cache.mutex);
    auto& list = cache.buffers[index];
    if (!list.empty()) {
      buffer = list.back();
      list.pop_back();
    }
  }
  if (buffer) {
    hit_count.fetch_add(1, std::memory_order_relaxed);
    bytes_cached.fetch_sub(static_cast<int64_t>(rounded), std::memory_order_relaxed);
  } else {
    buffer = system_allocate(rounded);
  }
  const int64_t now =
      bytes_in_use.fetch_add(static_cast<int64_t>(rounded), std::memory_order_relaxed) + static_cast<int64_t>(rounded);
  if (now > peak_bytes.load(std::memory_order_relaxed)) peak_bytes.store(now, std::memory_order_relaxed);
  if (const auto notify = listener.load(std::memory_order_relaxed)) notify(static_cast<int64_t>(rounded));
  return buffer;
}

void free_buffer(void* buffer, size_t bytes) noexcept {
  if (!buffer) return;
  const int index = size_class(bytes);
  if (bytes <= kSmallLimit) {
    SmallCache& cache = small_cache;
    if (!cache.alive || cache.counts[index] >= kSmallKeep) {
      std::free(buffer);
      return;
    }
    auto* entry = static_cast<FreeBuffer*>(buffer);
    entry->next = cache.heads[index];
    cache.heads[index] = entry;
    ++cache.counts[index];
    return;
  }
  const auto rounded = static_cast<int64_t>(class_bytes(index));
  bytes_in_use.fetch_sub(rounded, std::memory_order_relaxed);
  if (bytes_cached.load(std::memory_order_relaxed) + rounded > cache_limit.load(std::memory_order_relaxed)) {
    std::free(buffer);
    return;
  }
  bytes_cached.fetch_add(rounded, std::memory_order_relaxed);
  LargeCache& cache = large_cache();
  std::lock_guard lock(cache.mutex);
  cache.buffers[index].push_back(buffer);
}

void trim_buffers() noexcept {
  if (small_cache.alive) small_cache.clear();
  LargeCache& cache = large_cache();
  std::lock_guard lock(cache.mutex);
  for (int i = 0; i < kLargeClasses; ++i) {
    for (void* buffer : cache.buffers[i]) {
      std::free(buffer);
      bytes_cached.fetch_sub(static_cast<int64_t>(class_bytes(i)), std::memory_order_relaxed);
    }
    cache.buffers[i].clear();
  }
}

void set_buffer_cache_limit(int64_t bytes) {
  cache_limit = bytes;
  if (bytes_cached > bytes) trim_buffers();
}

BufferPoolStatistics buffer_statistics() {
  return {bytes_in_use, peak_bytes, bytes_cached, allocation_count, hit_count};
}
void reset_peak_buffer_statistics() { peak_bytes = bytes_in_use.load(); }
void set_allocation_listener(AllocationListener callback) { listener = callback; }

}  // namespace hiss

#include "memory/small_objects.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace hiss {

FreeBlock* small_free_lists[2 * kSizeClasses];
int64_t large_blocks = 0;

namespace {

int64_t small_blocks = 0;  // cut from chunks, free ones included

constexpr size_t kArenaSize = 16 * kChunkSize;
constexpr size_t kCut = 2048;  // bytes made into blocks at a time, so that memory nobody uses is not touched

struct Range {
  char* next = nullptr;
  char* end = nullptr;
};
Range arena;                     // not yet cut into chunks
Range chunks[2 * kSizeClasses];  // by size class: not yet cut into blocks

// Chunks are aligned to their size, so that a block's address leads to the header of its chunk.
void open_arena() {
  void* memory = mmap(nullptr, kArenaSize + kChunkSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  const auto begin = (reinterpret_cast<uintptr_t>(memory) + kChunkSize - 1) & ~(kChunkSize - 1);
  arena.next = reinterpret_cast<char*>(begin);
  arena.end = arena.next + kArenaSize;
}

void open_chunk(size_t size_class) {
  if (arena.next == arena.end) open_arena();
  char* memory = arena.next;
  arena.next += kChunkSize;
  reinterpret_cast<Chunk*>(memory)->size_class = size_class;
  chunks[size_class] = {memory + 16, memory + kChunkSize};
}

}  // namespace

void* allocate_small_slow(size_t size_class) {
  const size_t block_size = size_class % kSizeClasses * 16;
  Range& range = chunks[size_class];
  if (!range.next || range.next + block_size > range.end) open_chunk(size_class);
  const size_t room = static_cast<size_t>(range.end - range.next) / block_size;
  const size_t count = std::clamp(kCut / block_size, size_t{1}, room);
  // Linked back to front, so that consecutive allocations lie side by side.
  FreeBlock* list = nullptr;
  for (size_t i = count; i-- > 1;) {
    auto* block = reinterpret_cast<FreeBlock*>(range.next + i * block_size);
    block->next = list;
    list = block;
  }
  void* first = range.next;
  range.next += count * block_size;
  small_free_lists[size_class] = list;
  small_blocks += static_cast<int64_t>(count);
  return first;
}

int64_t allocated_blocks() {
  int64_t free = 0;
  for (const FreeBlock* list : small_free_lists) {
    for (; list; list = list->next) ++free;
  }
  return small_blocks - free + large_blocks;
}

}  // namespace hiss

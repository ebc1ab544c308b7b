#include "memory/small_objects.h"

#include <cstdlib>
#include <new>

namespace hiss {

FreeBlock* small_free_lists[kSmallLimit / 16 + 1];
int64_t large_blocks = 0;

namespace {
int64_t small_blocks = 0;  // of all chunks, free ones included
}

void* allocate_small_slow(size_t size_class) {
  void* memory = std::aligned_alloc(kChunkSize, kChunkSize);
  if (!memory) throw std::bad_alloc();
  auto* chunk = static_cast<Chunk*>(memory);
  chunk->size_class = size_class;
  const size_t block_size = size_class * 16;
  char* begin = static_cast<char*>(memory) + 16;
  char* end = static_cast<char*>(memory) + kChunkSize;
  FreeBlock* list = nullptr;
  // Linked back to front, so that consecutive allocations lie side by side.
  const size_t count = static_cast<size_t>(end - begin) / block_size;
  for (size_t i = count; i-- > 1;) {
    auto* block = reinterpret_cast<FreeBlock*>(begin + i * block_size);
    block->next = list;
    list = block;
  }
  small_free_lists[size_class] = list;
  small_blocks += static_cast<int64_t>(count);
  return begin;
}

int64_t allocated_blocks() {
  int64_t free = 0;
  for (const FreeBlock* list : small_free_lists) {
    for (; list; list = list->next) ++free;
  }
  return small_blocks - free + large_blocks;
}

}  // namespace hiss

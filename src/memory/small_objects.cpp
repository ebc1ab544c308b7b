#include "memory/small_objects.h"

#include <cstdlib>
#include <new>

namespace hiss {

FreeBlock* small_free_lists[kSmallLimit / 16 + 1];

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
  return begin;
}

}  // namespace hiss

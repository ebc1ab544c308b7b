// Memory of objects: size classes of 16 bytes up to 512, carved from 64 KiB chunks; larger blocks come from malloc.
// The interpreter lock protects the free lists.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hiss {

inline constexpr size_t kSmallLimit = 512;

struct FreeBlock {
  FreeBlock* next;
};
inline constexpr size_t kSizeClasses = kSmallLimit / 16 + 1;
/// Of objects, then of the buffers that objects own: a new object takes the place of the last one of its size, as in
/// CPython, whatever a list has let go of meanwhile.
extern FreeBlock* small_free_lists[2 * kSizeClasses];

void* allocate_small_slow(size_t size_class);

/// The class of objects of this size, and that of buffers.
inline size_t object_class(size_t size) { return (size + 15) / 16; }
inline size_t buffer_class(size_t size) { return kSizeClasses + (size + 15) / 16; }

inline void* allocate_of_class(size_t size_class) {
  FreeBlock* block = small_free_lists[size_class];
  if (!block) [[unlikely]]
    return allocate_small_slow(size_class);
  small_free_lists[size_class] = block->next;
  return block;
}

/// Uninitialised memory for `size` <= kSmallLimit bytes.
inline void* allocate_small(size_t size) { return allocate_of_class(object_class(size)); }

/// The header of a chunk says which size its blocks have, so that freeing needs no size.
struct Chunk {
  size_t size_class;
};
inline constexpr uintptr_t kChunkSize = 64 * 1024;

/// For callers that know the class: the chunk is not asked.
inline void free_of_class(void* memory, size_t size_class) {
  auto* block = static_cast<FreeBlock*>(memory);
  block->next = small_free_lists[size_class];
  small_free_lists[size_class] = block;
}

inline void free_small(void* memory) {
  const auto* chunk = reinterpret_cast<const Chunk*>(reinterpret_cast<uintptr_t>(memory) & ~(kChunkSize - 1));
  free_of_class(memory, chunk->size_class);
}

inline constexpr uint8_t kLarge = 16;  // in Object::flags: the memory came from malloc
/// Blocks that come from malloc because they are large.
extern int64_t large_blocks;
/// How many blocks are in use, small and large. Counted when asked, so that allocating costs nothing more.
int64_t allocated_blocks();

}  // namespace hiss

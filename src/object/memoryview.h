// memoryview: a window on another object's memory.
#pragma once

#include "object/buffer.h"

namespace hiss {

struct MemoryView : Object {
  static constexpr Layout kLayout = Layout::MemoryView;
  Buffer* buffer;  // null: released
  int64_t exports;
  int64_t hash;  // -1: not computed
};
Ref make_memoryview(Value object);

}  // namespace hiss

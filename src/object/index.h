// Indices, clamped bounds and sizes of sequences, shared by every sequence type.
#pragma once

#include <optional>

#include "object/containers.h"
#include "object/protocol.h"

namespace hiss {

/// True when `v` has __index__.
inline bool has_index(Value v) { return v.is_integer() || type_of(v)->slots.index != nullptr; }

/// An int clamped into 64 bits; `v` is anything with __index__ (TypeError otherwise).
Result<int64_t> clamped_index(Value v);
/// start/end arguments of find, index, count ...: None and absent mean the default.
Result<int64_t> bound_argument(Value v, int64_t absent);
/// Negative bounds count from the end; both end up in 0..length (start may exceed end).
inline void adjust_bounds(int64_t& start, int64_t& end, int64_t length) {
  if (end > length) {
    end = length;
  } else if (end < 0) {
    end = end + length < 0 ? 0 : end + length;
  }
  if (start < 0) start = start + length < 0 ? 0 : start + length;
}
/// i + step, which may wrap behind the last item of a slice with a huge step (the result is not used then).
inline int64_t stepped(int64_t i, int64_t step) {
  return static_cast<int64_t>(static_cast<uint64_t>(i) + static_cast<uint64_t>(step));
}
/// Reads a slice's fields once (calling __index__), then bounds for any length (the length may change meanwhile).
struct SliceFields {
  int64_t start, stop, step;
  SliceBounds bounds(int64_t length) const;
};
Result<SliceFields> slice_fields(Slice* slice);
/// count * size, or MemoryError when no such block can exist.
Result<int64_t> repeated_size(int64_t size, int64_t count, int64_t item_bytes);

}  // namespace hiss

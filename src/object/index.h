// Indices, clamped bounds and sizes of sequences, shared by every sequence type.
#pragma once

#include <optional>

#include "object/containers.h"
#include "object/protocol.h"

namespace hiss {

/// True when `v` has __index__.
inline bool has_index(Value v) { return v.is_integer() || type_of(v)->slots.index != nullptr; }

/// to_index(), in line for small ints.
inline Result<int64_t> quick_index(Value v) {
  if (v.is_integer()) return v.integer();
  return to_index(v);
}

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
inline SliceBounds SliceFields::bounds(int64_t length) const {
  const bool backwards = step < 0;
  auto fit = [&](int64_t i) {
    if (i < 0) {
      i += length;
      if (i < 0) i = backwards ? -1 : 0;
    } else if (i >= length) {
      i = backwards ? length - 1 : length;
    }
    return i;
  };
  SliceBounds b{fit(start), fit(stop), step, 0};
  const int64_t span = backwards ? b.start - b.stop : b.stop - b.start;
  if (span <= 0) return b;
  // A division takes longer than all the rest.
  const int64_t stride = backwards ? -step : step;
  b.length = stride == 1 ? span : (span - 1) / stride + 1;
  return b;
}
Result<SliceFields> slice_fields(Slice* slice);
/// Bounds of container[bounds[0]:bounds[1]:bounds[2]] that are small ints or None, as nearly all are: no slice object
/// is needed. False when they are something else, or the step is 0.
inline bool plain_bounds(const Value* bounds, int64_t length, SliceBounds& out) {
  if (bounds[2].is_none()) {
    auto place = [length](Value bound, int64_t absent, int64_t& at) {
      if (bound.is_none()) {
        at = absent;
        return true;
      }
      if (!bound.is_integer()) return false;
      at = bound.integer();
      if (at < 0) at = at + length < 0 ? 0 : at + length;
      if (at > length) at = length;
      return true;
    };
    out.step = 1;
    if (!place(bounds[0], 0, out.start) || !place(bounds[1], length, out.stop)) return false;
    out.length = out.stop > out.start ? out.stop - out.start : 0;
    return true;
  }
  if (!bounds[2].is_integer() || bounds[2].integer() == 0) return false;
  SliceFields f{0, INT64_MAX, bounds[2].integer()};
  if (f.step < 0) f.start = INT64_MAX, f.stop = INT64_MIN;
  if (!bounds[0].is_none()) {
    if (!bounds[0].is_integer()) return false;
    f.start = bounds[0].integer();
  }
  if (!bounds[1].is_none()) {
    if (!bounds[1].is_integer()) return false;
    f.stop = bounds[1].integer();
  }
  out = f.bounds(length);
  return true;
}
/// count * size, or MemoryError when no such block can exist.
Result<int64_t> repeated_size(int64_t size, int64_t count, int64_t item_bytes);

}  // namespace hiss

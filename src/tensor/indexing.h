// Python's x[...]: the items between the brackets, resolved into views and one advanced index.
#pragma once

#include "tensor/tensor.h"

namespace hiss::engine {

struct IndexItem {
  enum class Kind : uint8_t { Int, Slice, None, Ellipsis, Bool, Tensor };
  Kind kind = Kind::Ellipsis;
  int64_t integer = 0;                       // Int; Bool as 0 or 1
  std::optional<int64_t> start, stop, step;  // Slice
  engine::Tensor tensor;                     // Tensor: integers or booleans

  static IndexItem of(int64_t value) { return {Kind::Int, value, {}, {}, {}, {}}; }
  static IndexItem slice(std::optional<int64_t> start, std::optional<int64_t> stop, std::optional<int64_t> step = {}) {
    return {Kind::Slice, 0, start, stop, step, {}};
  }
  static IndexItem none() { return {Kind::None, 0, {}, {}, {}, {}}; }
  static IndexItem ellipsis() { return {Kind::Ellipsis, 0, {}, {}, {}, {}}; }
  static IndexItem boolean(bool value) { return {Kind::Bool, value, {}, {}, {}, {}}; }
  static IndexItem of(engine::Tensor tensor) { return {Kind::Tensor, 0, {}, {}, {}, std::move(tensor)}; }
};

/// x[items]: a view where only ints, slices, None and Ellipsis occur, else a copy.
Tensor get_item(const Tensor& self, std::span<const IndexItem> items);
/// x[items] = value.
void set_item(const Tensor& self, std::span<const IndexItem> items, const Operand& value);

}  // namespace hiss::engine

// Which type and which shape the result of an operation on several operands has.
#pragma once

#include <optional>

#include "tensor/tensor.h"

namespace hiss::engine {

class Promotion {
 public:
  void add(const Tensor& tensor);
  void add(const Scalar& scalar);
  void add(const Operand& operand) { operand.is_tensor() ? add(operand.tensor()) : add(operand.scalar()); }
  DType result() const;

 private:
  std::optional<DType> dimensioned_, zero_dim_, number_;
};

Sizes broadcast_shapes(IntList a, IntList b);
bool is_expandable_to(IntList from, IntList to);

}  // namespace hiss::engine

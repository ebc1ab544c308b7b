// Reductions as building blocks for other kernels.
#pragma once

#include "tensor/tensor.h"

namespace hiss::engine {

enum class Reduction : uint8_t { Sum, Prod, Max, Min, Any, All, SumSquares };

/// Reduces `dims` (wrapped) in the compute type (Float32, Float64, Int64 or Bool), which is also the result's type.
Tensor reduce(const Tensor& self, Reduction op, IntList dims, bool keepdim, DType compute);

/// The tensor itself when dense, else a dense copy.
Tensor dense(const Tensor& tensor);
/// Dense and of the given type.
Tensor as_dense(const Tensor& tensor, DType dtype);
/// Dense, with `dims` moved to the end.
Tensor reduced_last(const Tensor& tensor, IntList dims);

}  // namespace hiss::engine

// Shape arithmetic shared by views, reductions and joins.
#pragma once

#include "tensor/tensor.h"

namespace hiss::engine {

/// Replaces one -1 by what makes the product `numel`.
Sizes infer_size(IntList shape, int64_t numel);
/// Strides with which the tensor's memory has another shape; none when that needs a copy.
std::optional<Sizes> view_strides(const Tensor& tensor, IntList shape);
/// Wrapped dimensions without repetition; absent or empty means all of them.
Sizes wrap_dims(OptionalIntList dims, int64_t rank);
/// The shape after reducing `dims` (already wrapped).
Sizes reduced_shape(IntList shape, IntList dims, bool keepdim);

}  // namespace hiss::engine

// Tables of vectorised loops; the best one for this machine is chosen once.
#pragma once

#include "tensor/kernels/elementwise.h"

namespace hiss::engine::simd {

/// Indexed by operation; null where there is no vector form.
const Loop* unary_float32();
const Loop* unary_float64();
const Loop* binary_float32();
const Loop* binary_float64();
const Loop* ternary_float32();
const Loop* ternary_float64();

}  // namespace hiss::engine::simd

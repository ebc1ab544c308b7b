// Arithmetic on tensors as C++ operators.
#pragma once

#include "generated/engine/ops.h"

namespace hiss::engine {

inline Tensor operator+(const Tensor& a, const Operand& b) { return ops::add(a, b); }
inline Tensor operator-(const Tensor& a, const Operand& b) { return ops::sub(a, b); }
inline Tensor operator*(const Tensor& a, const Operand& b) { return ops::mul(a, b); }
inline Tensor operator/(const Tensor& a, const Operand& b) { return ops::div(a, b); }
inline Tensor operator-(const Tensor& a) { return ops::neg(a); }
inline Tensor operator+(double a, const Tensor& b) { return ops::add(b, a); }
inline Tensor operator-(double a, const Tensor& b) { return ops::rsub(b, a); }
inline Tensor operator*(double a, const Tensor& b) { return ops::mul(b, a); }
inline Tensor operator/(double a, const Tensor& b) { return ops::mul(ops::reciprocal(b), a); }

}  // namespace hiss::engine

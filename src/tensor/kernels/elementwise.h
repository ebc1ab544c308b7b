// Elementwise operations: what generated code calls, and the plan that runs any of them over any layout.
#pragma once

#include "tensor/tensor.h"

namespace hiss::engine {

enum class Unary : uint8_t {
  // Vectorised for float and double.
  Neg,
  Abs,
  Square,
  Relu,
  Sqrt,
  Rsqrt,
  Reciprocal,
  Exp,
  Exp2,
  Expm1,
  Log,
  Log2,
  Log10,
  Log1p,
  Sin,
  Cos,
  Tanh,
  Sigmoid,
  Silu,
  Floor,
  Ceil,
  Trunc,
  Round,
  Frac,
  Sign,
  Sinh,
  Atan,
  Asinh,
  Acosh,
  Atanh,
  Asin,
  Acos,
  Erf,
  GeluErf,
  GeluTanh,
  LastVector = GeluTanh,
  // One element at a time.
  Tan,
  Cosh,
  Erfc,
  Erfinv,
  Lgamma,
  Digamma,
  BitwiseNot,
  // Boolean result.
  LogicalNot,
  IsNan,
  IsInf,
  IsFinite,
  Count
};

enum class Binary : uint8_t {
  Add,
  Sub,
  Mul,
  Div,
  Maximum,
  Minimum,
  AddScaled,
  Rsub,
  TanhBackward,
  SigmoidBackward,
  SiluBackward,
  ThresholdBackward,
  GeluErfBackward,
  GeluTanhBackward,
  LeakyRelu,
  LastVector = LeakyRelu,
  FloorDiv,
  TruncDiv,
  Remainder,
  Fmod,
  Pow,
  Atan2,
  Fmax,
  Fmin,
  Hypot,
  Copysign,
  Logaddexp,
  Xlogy,
  And,
  Or,
  Xor,
  ShiftLeft,
  ShiftRight,
  // Boolean result.
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  LogicalAnd,
  LogicalOr,
  LogicalXor,
  Count
};

enum class Ternary : uint8_t { Lerp, Addcmul, Addcdiv, Clamp, Softplus, SoftplusBackward, Count };

/// One pass over contiguous arrays of the compute type; `in` has as many entries as the operation has operands.
using Loop = void (*)(void* out, const void* const* in, size_t count, const double* parameters);

/// Null when the operation is not defined for the type (Float32, Float64, Int64, Bool are the compute types).
Loop unary_loop(Unary op, DType compute);
Loop binary_loop(Binary op, DType compute);
Loop ternary_loop(Ternary op, DType compute);
/// condition (bytes) ? a : b for elements of the given size.
Loop select_loop(size_t item_size);

/// The type in which values of `dtype` are computed: reduced floats in float, all integers in int64.
DType compute_type(DType dtype);

struct ElementwisePlan {
  const Operand* inputs = nullptr;
  int count = 0;
  Loop loop = nullptr;
  DType compute = DType::Float32;  // Of inputs ...
  DType first = DType::Float32;    // ... except the first, when first_differs.
  bool first_differs = false;
  DType loop_result = DType::Float32;  // What the loop writes.
  DType result = DType::Float32;       // Of a newly made output.
  double parameters[4] = {};
};
/// Broadcasts, converts, splits over cores. Makes `out` when undefined.
void run_elementwise(Tensor& out, const ElementwisePlan& plan);

/// Converts `count` elements, each side with its own stride in elements.
void convert(const void* source, DType from, int64_t source_stride, void* target, DType to, int64_t target_stride,
             int64_t count);

/// Numbers for the whole of `out`, like fill_.
void fill_value(const Tensor& out, const Scalar& value);
/// out[...] = source[...], broadcasting and converting; no autograd, no version change.
void copy_values(const Tensor& out, const Tensor& source);

namespace kernels {

void unary(Tensor& out, Unary op, const Tensor& self);
void unary_float(Tensor& out, Unary op, const Tensor& self);
void unary_bool(Tensor& out, Unary op, const Tensor& self);
void binary(Tensor& out, Binary op, const Operand& a, const Operand& b);
void binary_float(Tensor& out, Binary op, const Operand& a, const Operand& b);
void binary_integer(Tensor& out, Binary op, const Operand& a, const Operand& b);
void binary_pow(Tensor& out, Binary op, const Operand& a, const Operand& b);
void compare(Tensor& out, Binary op, const Operand& a, const Operand& b);
/// In-place form of an operation whose kernel only returns a new tensor.
void write_back(const Tensor& self, const Tensor& result);
inline Tensor unary_new(Unary op, const Tensor& self) {
  Tensor out;
  unary_float(out, op, self);
  return out;
}
inline Tensor binary_new(Binary op, const Operand& a, const Operand& b) {
  Tensor out;
  binary(out, op, a, b);
  return out;
}

}  // namespace kernels
}  // namespace hiss::engine

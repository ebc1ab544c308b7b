#include <cmath>
#include <limits>

#include "tensor/kernels/simd_loops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/simd_unary.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hiss::engine::HWY_NAMESPACE {

template <typename T, class Op>
HWY_INLINE void Map(void* out_pointer, const void* const* in, size_t count, Op op) {
  const hn::ScalableTag<T> d;
  T* out = static_cast<T*>(out_pointer);
  const T* a = static_cast<const T*>(in[0]);
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(op(d, hn::LoadU(d, a + i)), d, out + i);
  if (i < count) {
    HWY_ALIGN T tail[HWY_MAX_BYTES / sizeof(T)] = {};
    for (size_t j = i; j < count; ++j) tail[j - i] = a[j];
    hn::Store(op(d, hn::Load(d, tail)), d, tail);
    for (size_t j = i; j < count; ++j) out[j] = tail[j - i];
  }
}

#define HISS_UNARY(NAME, EXPRESSION)                                               \
  template <typename T>                                                            \
  void NAME##Loop(void* out, const void* const* in, size_t count, const double*) { \
    Map<T>(out, in, count, [](auto d, auto x) HWY_ATTR {                           \
      static_cast<void>(d);                                                        \
      return EXPRESSION;                                                           \
    });                                                                            \
  }

HISS_UNARY(Neg, hn::Neg(x))
HISS_UNARY(Abs, hn::Abs(x))
HISS_UNARY(Square, hn::Mul(x, x))
HISS_UNARY(Relu, hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x))
HISS_UNARY(Sqrt, hn::Sqrt(x))
HISS_UNARY(Rsqrt, hn::Div(hn::Set(d, T(1)), hn::Sqrt(x)))
HISS_UNARY(Reciprocal, hn::Div(hn::Set(d, T(1)), x))
HISS_UNARY(Exp, SafeExp(d, x))
HISS_UNARY(Log, SafeLog(d, x))
HISS_UNARY(Sigmoid, SigmoidOf(d, x))
HISS_UNARY(Silu, hn::Div(x, hn::Add(hn::Set(d, T(1)), SafeExp(d, hn::Neg(x)))))
HISS_UNARY(Tanh, TanhOf(d, x))
HISS_UNARY(Sin, hn::Sin(d, x))
HISS_UNARY(Cos, hn::Cos(d, x))
HISS_UNARY(Floor, hn::Floor(x))
HISS_UNARY(Ceil, hn::Ceil(x))
HISS_UNARY(Trunc, hn::Trunc(x))
HISS_UNARY(Round, hn::Round(x))
HISS_UNARY(Frac, hn::Sub(x, hn::Trunc(x)))
HISS_UNARY(Sign, hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Set(d, T(1)),
                                hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Set(d, T(-1)), hn::Zero(d))))
HISS_UNARY(GeluErf, hn::Mul(hn::Mul(x, hn::Set(d, T(0.5))),
                            hn::Add(hn::Set(d, T(1)), ErfOf(d, hn::Mul(x, hn::Set(d, T(0.70710678118654752440)))))))
HISS_UNARY(GeluTanh,
           hn::Mul(hn::Mul(x, hn::Set(d, T(0.5))),
                   hn::Add(hn::Set(d, T(1)),
                           TanhOf(d, hn::Mul(hn::Set(d, T(0.79788456080286535588)),
                                             hn::MulAdd(hn::Mul(hn::Set(d, T(0.044715)), hn::Mul(x, x)), x, x))))))
#undef HISS_UNARY

template <typename T>
const Loop* Table() {
  static Loop table[static_cast<size_t>(Unary::Count)] = {};
  static const bool filled = [] {
    const auto set = [](Unary op, Loop loop) { table[static_cast<size_t>(op)] = loop; };
    set(Unary::Neg, NegLoop<T>);
    set(Unary::Abs, AbsLoop<T>);
    set(Unary::Square, SquareLoop<T>);
    set(Unary::Relu, ReluLoop<T>);
    set(Unary::Sqrt, SqrtLoop<T>);
    set(Unary::Rsqrt, RsqrtLoop<T>);
    set(Unary::Reciprocal, ReciprocalLoop<T>);
    set(Unary::Exp, ExpLoop<T>);
    set(Unary::Log, LogLoop<T>);
    set(Unary::Sigmoid, SigmoidLoop<T>);
    set(Unary::Silu, SiluLoop<T>);
    set(Unary::Tanh, TanhLoop<T>);
    if constexpr (sizeof(T) == 4) {
      // In double the library's sine loses digits for large arguments, and time embeddings reach thousands.
      set(Unary::Sin, SinLoop<T>);
      set(Unary::Cos, CosLoop<T>);
    }
    set(Unary::Floor, FloorLoop<T>);
    set(Unary::Ceil, CeilLoop<T>);
    set(Unary::Trunc, TruncLoop<T>);
    set(Unary::Round, RoundLoop<T>);
    set(Unary::Frac, FracLoop<T>);
    set(Unary::Sign, SignLoop<T>);
    set(Unary::GeluErf, GeluErfLoop<T>);
    set(Unary::GeluTanh, GeluTanhLoop<T>);
    return true;
  }();
  static_cast<void>(filled);
  return table;
}

const Loop* UnaryFloat32() { return Table<float>(); }
const Loop* UnaryFloat64() { return Table<double>(); }

}  // namespace hiss::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hiss::engine {
HWY_EXPORT(UnaryFloat32);
HWY_EXPORT(UnaryFloat64);
namespace simd {
const Loop* unary_float32() {
  static const Loop* const table = HWY_DYNAMIC_DISPATCH(UnaryFloat32)();
  return table;
}
const Loop* unary_float64() {
  static const Loop* const table = HWY_DYNAMIC_DISPATCH(UnaryFloat64)();
  return table;
}
}  // namespace simd
}  // namespace hiss::engine
#endif

#include <cmath>
#include <limits>

#include "tensor/kernels/simd_loops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/kernels/simd_binary.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tensor/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hiss::engine::HWY_NAMESPACE {

template <typename T, int Inputs, class Op>
HWY_INLINE void Map(void* out_pointer, const void* const* in, size_t count, Op op) {
  const hn::ScalableTag<T> d;
  T* out = static_cast<T*>(out_pointer);
  const T* a = static_cast<const T*>(in[0]);
  const T* b = static_cast<const T*>(in[1]);
  const T* c = Inputs > 2 ? static_cast<const T*>(in[2]) : b;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    if constexpr (Inputs == 2) {
      hn::StoreU(op(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, out + i);
    } else {
      hn::StoreU(op(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i), hn::LoadU(d, c + i)), d, out + i);
    }
  }
  if (i < count) {
    HWY_ALIGN T ta[HWY_MAX_BYTES / sizeof(T)] = {};
    HWY_ALIGN T tb[HWY_MAX_BYTES / sizeof(T)] = {};
    HWY_ALIGN T tc[HWY_MAX_BYTES / sizeof(T)] = {};
    for (size_t j = i; j < count; ++j) {
      ta[j - i] = a[j];
      tb[j - i] = b[j];
      tc[j - i] = c[j];
    }
    if constexpr (Inputs == 2) {
      hn::Store(op(d, hn::Load(d, ta), hn::Load(d, tb)), d, ta);
    } else {
      hn::Store(op(d, hn::Load(d, ta), hn::Load(d, tb), hn::Load(d, tc)), d, ta);
    }
    for (size_t j = i; j < count; ++j) out[j] = ta[j - i];
  }
}

#define HISS_BINARY(NAME, ...)                                                                \
  template <typename T>                                                                       \
  void NAME##Loop(void* out, const void* const* in, size_t count, const double* parameters) { \
    static_cast<void>(parameters);                                                            \
    Map<T, 2>(out, in, count, [=](auto d, auto a, auto b) HWY_ATTR {                          \
      static_cast<void>(d);                                                                   \
      __VA_ARGS__                                                                             \
    });                                                                                       \
  }
#define HISS_TERNARY(NAME, ...)                                                               \
  template <typename T>                                                                       \
  void NAME##Loop(void* out, const void* const* in, size_t count, const double* parameters) { \
    static_cast<void>(parameters);                                                            \
    Map<T, 3>(out, in, count, [=](auto d, auto a, auto b, auto c) HWY_ATTR {                  \
      static_cast<void>(d);                                                                   \
      __VA_ARGS__                                                                             \
    });                                                                                       \
  }

HISS_BINARY(Add, return hn::Add(a, b);)
HISS_BINARY(Sub, return hn::Sub(a, b);)
HISS_BINARY(Rsub, return hn::Sub(b, hn::Mul(a, hn::Set(d, T(parameters[0]))));)
HISS_BINARY(Mul, return hn::Mul(a, b);)
HISS_BINARY(Div, return hn::Div(a, b);)
HISS_BINARY(Maximum, return hn::IfThenElse(hn::Or(hn::Gt(a, b), NotANumber(a)), a, b);)
HISS_BINARY(Minimum, return hn::IfThenElse(hn::Or(hn::Lt(a, b), NotANumber(a)), a, b);)
HISS_BINARY(AddScaled, return hn::MulAdd(b, hn::Set(d, T(parameters[0])), a);)
HISS_BINARY(TanhBackward, return hn::Mul(a, hn::Sub(hn::Set(d, T(1)), hn::Mul(b, b)));)
HISS_BINARY(SigmoidBackward, return hn::Mul(a, hn::Mul(b, hn::Sub(hn::Set(d, T(1)), b)));)
HISS_BINARY(SiluBackward, {
  const auto one = hn::Set(d, T(1));
  const auto s = SigmoidOf(d, b);
  return hn::Mul(hn::Mul(a, s), hn::MulAdd(b, hn::Sub(one, s), one));
})
HISS_BINARY(ThresholdBackward, return hn::IfThenElseZero(hn::Gt(b, hn::Set(d, T(parameters[0]))), a);)
HISS_BINARY(GeluErfBackward, {
  // Phi(x) + x phi(x)
  const auto cdf = hn::Mul(hn::Set(d, T(0.5)),
                           hn::Add(hn::Set(d, T(1)), ErfOf(d, hn::Mul(b, hn::Set(d, T(0.70710678118654752440))))));
  const auto pdf =
      hn::Mul(hn::Set(d, T(0.39894228040143267794)), SafeExp(d, hn::Mul(hn::Set(d, T(-0.5)), hn::Mul(b, b))));
  return hn::Mul(a, hn::MulAdd(b, pdf, cdf));
})
HISS_BINARY(GeluTanhBackward, {
  const auto one = hn::Set(d, T(1));
  const auto half = hn::Set(d, T(0.5));
  const auto beta = hn::Set(d, T(0.79788456080286535588));
  const auto kappa = hn::Set(d, T(0.044715));
  const auto square = hn::Mul(b, b);
  const auto t = TanhOf(d, hn::Mul(beta, hn::MulAdd(hn::Mul(kappa, square), b, b)));
  const auto inner = hn::Mul(beta, hn::MulAdd(hn::Mul(hn::Set(d, T(3)), kappa), square, one));
  const auto slope = hn::Mul(hn::Sub(one, hn::Mul(t, t)), inner);
  return hn::Mul(a, hn::MulAdd(hn::Mul(half, b), slope, hn::Mul(half, hn::Add(one, t))));
})
HISS_BINARY(LeakyRelu, return hn::IfThenElse(hn::Gt(a, hn::Zero(d)), a, hn::Mul(a, b));)

// The two forms agree at 0.5 and keep the ends exact.
HISS_TERNARY(Lerp, {
  const auto difference = hn::Sub(b, a);
  return hn::IfThenElse(hn::Lt(hn::Abs(c), hn::Set(d, T(0.5))), hn::MulAdd(c, difference, a),
                        hn::NegMulAdd(difference, hn::Sub(hn::Set(d, T(1)), c), b));
})
HISS_TERNARY(Addcmul, return hn::MulAdd(hn::Mul(hn::Set(d, T(parameters[0])), b), c, a);)
HISS_TERNARY(Addcdiv, return hn::MulAdd(hn::Set(d, T(parameters[0])), hn::Div(b, c), a);)
HISS_TERNARY(Clamp, {
  const auto low = hn::IfThenElse(hn::Lt(a, b), b, a);
  const auto both = hn::IfThenElse(hn::Gt(low, c), c, low);
  return both;
})

template <typename T>
const Loop* BinaryTable() {
  static Loop table[static_cast<size_t>(Binary::Count)] = {};
  static const bool filled = [] {
    const auto set = [](Binary op, Loop loop) { table[static_cast<size_t>(op)] = loop; };
    set(Binary::Add, AddLoop<T>);
    set(Binary::Sub, SubLoop<T>);
    set(Binary::Rsub, RsubLoop<T>);
    set(Binary::Mul, MulLoop<T>);
    set(Binary::Div, DivLoop<T>);
    set(Binary::Maximum, MaximumLoop<T>);
    set(Binary::Minimum, MinimumLoop<T>);
    set(Binary::AddScaled, AddScaledLoop<T>);
    set(Binary::TanhBackward, TanhBackwardLoop<T>);
    set(Binary::SigmoidBackward, SigmoidBackwardLoop<T>);
    set(Binary::SiluBackward, SiluBackwardLoop<T>);
    set(Binary::ThresholdBackward, ThresholdBackwardLoop<T>);
    set(Binary::GeluErfBackward, GeluErfBackwardLoop<T>);
    set(Binary::GeluTanhBackward, GeluTanhBackwardLoop<T>);
    set(Binary::LeakyRelu, LeakyReluLoop<T>);
    return true;
  }();
  static_cast<void>(filled);
  return table;
}

template <typename T>
const Loop* TernaryTable() {
  static Loop table[static_cast<size_t>(Ternary::Count)] = {};
  static const bool filled = [] {
    const auto set = [](Ternary op, Loop loop) { table[static_cast<size_t>(op)] = loop; };
    set(Ternary::Lerp, LerpLoop<T>);
    set(Ternary::Addcmul, AddcmulLoop<T>);
    set(Ternary::Addcdiv, AddcdivLoop<T>);
    set(Ternary::Clamp, ClampLoop<T>);
    return true;
  }();
  static_cast<void>(filled);
  return table;
}

const Loop* BinaryFloat32() { return BinaryTable<float>(); }
const Loop* BinaryFloat64() { return BinaryTable<double>(); }
const Loop* TernaryFloat32() { return TernaryTable<float>(); }
const Loop* TernaryFloat64() { return TernaryTable<double>(); }

}  // namespace hiss::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hiss::engine {
HWY_EXPORT(BinaryFloat32);
HWY_EXPORT(BinaryFloat64);
HWY_EXPORT(TernaryFloat32);
HWY_EXPORT(TernaryFloat64);
namespace simd {
const Loop* binary_float32() {
  static const Loop* const table = HWY_DYNAMIC_DISPATCH(BinaryFloat32)();
  return table;
}
const Loop* binary_float64() {
  static const Loop* const table = HWY_DYNAMIC_DISPATCH(BinaryFloat64)();
  return table;
}
const Loop* ternary_float32() {
  static const Loop* const table = HWY_DYNAMIC_DISPATCH(TernaryFloat32)();
  return table;
}
const Loop* ternary_float64() {
  static const Loop* const table = HWY_DYNAMIC_DISPATCH(TernaryFloat64)();
  return table;
}
}  // namespace simd
}  // namespace hiss::engine
#endif

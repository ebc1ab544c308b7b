#include "nn/kernels/simd_optimizers.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/kernels/simd_optimizers.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace hiss::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One vector at a time through the whole update, in the order of operations that PyTorch's separate kernels have.
template <typename T, class D>
HWY_INLINE void AdamVector(D d, T* p, const T* g, T* m, T* v, T* top, const AdamConstants& c) {
  const auto set = [d](double value) HWY_ATTR { return hn::Set(d, static_cast<T>(value)); };
  auto parameter = hn::LoadU(d, p);
  auto gradient = hn::Mul(hn::LoadU(d, g), set(c.sign));
  if (c.decay_factor != 1) parameter = hn::Mul(parameter, set(c.decay_factor));
  if (c.weight_decay != 0) gradient = hn::MulAdd(parameter, set(c.weight_decay), gradient);
  auto average = hn::LoadU(d, m);
  average = hn::MulAdd(set(1 - c.beta1), hn::Sub(gradient, average), average);
  auto square = hn::Mul(hn::LoadU(d, v), set(c.beta2));
  square = hn::MulAdd(hn::Mul(set(1 - c.beta2), gradient), gradient, square);
  hn::StoreU(average, d, m);
  hn::StoreU(square, d, v);
  if (top) {
    square = hn::Max(square, hn::LoadU(d, top));
    hn::StoreU(square, d, top);
  }
  const auto denominator = hn::Add(hn::Div(hn::Sqrt(square), set(c.correction_sqrt)), set(c.eps));
  hn::StoreU(hn::NegMulAdd(set(c.step_size), hn::Div(average, denominator), parameter), d, p);
}

template <typename T>
void Adam(T* p, const T* g, T* m, T* v, T* top, size_t n, const AdamConstants& c) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) AdamVector(d, p + i, g + i, m + i, v + i, top ? top + i : nullptr, c);
  if (i == n) return;
  HWY_ALIGN T tail[5][HWY_MAX_BYTES / sizeof(T)] = {};
  const size_t rest = n - i;
  for (size_t j = 0; j < rest; ++j) {
    tail[0][j] = p[i + j];
    tail[1][j] = g[i + j];
    tail[2][j] = m[i + j];
    tail[3][j] = v[i + j];
    tail[4][j] = top ? top[i + j] : T(0);
  }
  AdamVector(d, tail[0], tail[1], tail[2], tail[3], top ? tail[4] : nullptr, c);
  for (size_t j = 0; j < rest; ++j) {
    p[i + j] = tail[0][j];
    m[i + j] = tail[2][j];
    v[i + j] = tail[3][j];
    if (top) top[i + j] = tail[4][j];
  }
}

template <typename T>
void Sgd(T* p, const T* g, T* buffer, size_t n, T lr, T momentum, T keep, T decay, bool nesterov, bool first, T sign) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    auto parameter = hn::LoadU(d, p + i);
    auto gradient = hn::Mul(hn::LoadU(d, g + i), hn::Set(d, sign));
    if (decay != 0) gradient = hn::MulAdd(parameter, hn::Set(d, decay), gradient);
    if (buffer) {
      const auto velocity =
          first ? gradient
                : hn::MulAdd(gradient, hn::Set(d, keep), hn::Mul(hn::LoadU(d, buffer + i), hn::Set(d, momentum)));
      hn::StoreU(velocity, d, buffer + i);
      gradient = nesterov ? hn::MulAdd(velocity, hn::Set(d, momentum), gradient) : velocity;
    }
    hn::StoreU(hn::NegMulAdd(hn::Set(d, lr), gradient, parameter), d, p + i);
  }
  for (; i < n; ++i) {
    T gradient = g[i] * sign;
    if (decay != 0) gradient += p[i] * decay;
    if (buffer) {
      buffer[i] = first ? gradient : buffer[i] * momentum + gradient * keep;
      gradient = nesterov ? gradient + buffer[i] * momentum : buffer[i];
    }
    p[i] -= lr * gradient;
  }
}

OptimizerKernels<float> OptimizersFloat32() { return {Adam<float>, Sgd<float>}; }
OptimizerKernels<double> OptimizersFloat64() { return {Adam<double>, Sgd<double>}; }

}  // namespace hiss::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hiss::engine {
HWY_EXPORT(OptimizersFloat32);
HWY_EXPORT(OptimizersFloat64);
template <>
const OptimizerKernels<float>& optimizer_kernels<float>() {
  static const OptimizerKernels<float> table = HWY_DYNAMIC_DISPATCH(OptimizersFloat32)();
  return table;
}
template <>
const OptimizerKernels<double>& optimizer_kernels<double>() {
  static const OptimizerKernels<double> table = HWY_DYNAMIC_DISPATCH(OptimizersFloat64)();
  return table;
}
}  // namespace hiss::engine
#endif

// The inner loops of optimizers.
#pragma once

#include <cstddef>

namespace hiss::engine {

struct AdamConstants {
  double beta1, beta2, eps, weight_decay, decay_factor, step_size, correction_sqrt, sign;
};

template <typename T>
struct OptimizerKernels {
  void (*adam)(T* parameter, const T* gradient, T* average, T* square, T* max_square, size_t n,
               const AdamConstants& constants);
  void (*sgd)(T* parameter, const T* gradient, T* buffer, size_t n, T lr, T momentum, T one_minus_dampening,
              T weight_decay, bool nesterov, bool first, T sign);
};
template <typename T>
const OptimizerKernels<T>& optimizer_kernels();
template <>
const OptimizerKernels<float>& optimizer_kernels<float>();
template <>
const OptimizerKernels<double>& optimizer_kernels<double>();

}  // namespace hiss::engine

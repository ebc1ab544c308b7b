// Vectorised work on contiguous rows: sums, extremes, softmax, normalization. One table per type, best target chosen
// once.
#pragma once

#include <cstddef>

namespace hiss::engine {

template <typename T>
struct RowKernels {
  T (*sum)(const T* x, size_t n);
  T (*sum_squares)(const T* x, size_t n);
  T (*dot)(const T* x, const T* y, size_t n);
  T (*maximum)(const T* x, size_t n);  // NaN wins; n > 0
  T (*minimum)(const T* x, size_t n);
  void (*add_into)(T* total, const T* x, size_t n);
  void (*maximum_into)(T* total, const T* x, size_t n);
  void (*minimum_into)(T* total, const T* x, size_t n);
  void (*softmax)(T* out, const T* x, size_t n);
  void (*log_softmax)(T* out, const T* x, size_t n);
  /// out = y * (g - sum(g * y))
  void (*softmax_backward)(T* out, const T* gradient, const T* y, size_t n);
  /// out = g - exp(y) * sum(g)
  void (*log_softmax_backward)(T* out, const T* gradient, const T* y, size_t n);
  /// Mean and sum of squared distances from it.
  void (*moments)(const T* x, size_t n, double* mean, double* m2);
  /// out = x * scale + shift
  void (*scale_shift)(T* out, const T* x, size_t n, T scale, T shift);
  /// out = a * x + b * y + c
  void (*combine)(T* out, const T* x, const T* y, size_t n, T a, T b, T c);
  /// out = (x - mean) * rstd * weight + bias; weight and bias may be null
  void (*normalize)(T* out, const T* x, size_t n, T mean, T rstd, const T* weight, const T* bias);
  /// sums[0] = sum(g * w), sums[1] = sum(g * w * xhat); weight may be null
  void (*normalize_sums)(const T* gradient, const T* x, size_t n, T mean, T rstd, const T* weight, T* sums);
  /// out = rstd * (g * w - first - xhat * second)
  void (*normalize_backward)(T* out, const T* gradient, const T* x, size_t n, T mean, T rstd, const T* weight, T first,
                             T second);
  /// weight_total += g * xhat; bias_total += g
  void (*normalize_parameters)(T* weight_total, T* bias_total, const T* gradient, const T* x, size_t n, T mean, T rstd);
  /// total += alpha * x
  void (*axpy)(T* total, const T* x, size_t n, T alpha);
  /// sum((x - y)^2)
  T (*squared_distance)(const T* x, const T* y, size_t n);
};

template <typename T>
const RowKernels<T>& row_kernels();
template <>
const RowKernels<float>& row_kernels<float>();
template <>
const RowKernels<double>& row_kernels<double>();

}  // namespace hiss::engine

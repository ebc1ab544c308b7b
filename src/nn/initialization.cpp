#include "nn/initialization.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "tensor/operators.h"

namespace hiss::engine::init {

double calculate_gain(std::string_view nonlinearity, std::optional<double> parameter) {
  for (const std::string_view name : {"linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
                                      "conv_transpose3d", "sigmoid"}) {
    if (nonlinearity == name) return 1;
  }
  if (nonlinearity == "tanh") return 5.0 / 3;
  if (nonlinearity == "relu") return std::sqrt(2.0);
  if (nonlinearity == "leaky_relu") {
    const double slope = parameter.value_or(0.01);
    return std::sqrt(2.0 / (1 + slope * slope));
  }
  if (nonlinearity == "selu") return 0.75;
  throw_error(ErrorKind::Value, "Unsupported nonlinearity {}", nonlinearity);
}

std::pair<int64_t, int64_t> fan_in_and_fan_out(const Tensor& tensor) {
  if (tensor.dim() < 2) {
    throw Error(ErrorKind::Value, "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
  }
  const int64_t field = tensor.size(0) * tensor.size(1) == 0 ? 0 : tensor.numel() / (tensor.size(0) * tensor.size(1));
  return {tensor.size(1) * field, tensor.size(0) * field};
}

namespace {
int64_t fan(const Tensor& tensor, std::string_view mode) {
  const auto [in, out] = fan_in_and_fan_out(tensor);
  if (mode == "fan_in") return in;
  if (mode == "fan_out") return out;
  throw_error(ErrorKind::Value, "Mode {} not supported, please use one of ['fan_in', 'fan_out']", mode);
}
}  // namespace

Tensor uniform_(const Tensor& tensor, double a, double b, RandomGenerator* generator) {
  NoGrad no_grad;
  return ops::uniform_(tensor, a, b, generator);
}
Tensor normal_(const Tensor& tensor, double mean, double std, RandomGenerator* generator) {
  NoGrad no_grad;
  return ops::normal_(tensor, mean, std, generator);
}
Tensor constant_(const Tensor& tensor, double value) {
  NoGrad no_grad;
  return ops::fill_(tensor, value);
}
Tensor trunc_normal_(const Tensor& tensor, double mean, double std, double a, double b, RandomGenerator* generator) {
  NoGrad no_grad;
  const auto cdf = [](double x) { return (1 + std::erf(x / std::sqrt(2.0))) / 2; };
  const double inside = cdf((b - mean) / std) - cdf((a - mean) / std);
  // Every round draws for all elements and keeps what is still missing, so that the stream is PyTorch's.
  if (inside > 0.3) {
    ops::normal_(tensor, mean, std, generator);
    const double low = scalar_tensor(a, tensor.dtype()).item().to_double(),
                 high = scalar_tensor(b, tensor.dtype()).item().to_double();
    for (;;) {
      const Tensor outside = ops::logical_or(ops::lt(tensor, low), ops::gt(tensor, high));
      if (!ops::any(outside).item().to_bool()) return tensor;
      ops::copy_(tensor, ops::where(outside, ops::normal_(ops::empty_like(tensor), mean, std, generator), tensor));
    }
  }
  // Far in a tail: uniform candidates, accepted with the density relative to its peak between the limits.
  const double mode = std::max(a, std::min(mean, b)), peak = -0.5 * ((mode - mean) / std) * ((mode - mean) / std);
  Tensor pending;
  for (;;) {
    const Tensor candidates = ops::uniform_(ops::empty_like(tensor), a, b, generator);
    ops::copy_(tensor, pending.defined() ? ops::where(pending, candidates, tensor) : candidates);
    const Tensor density = ops::sub(ops::mul(ops::square(ops::div(ops::sub(candidates, mean), std)), -0.5), peak);
    const Tensor refused = ops::gt(ops::log(ops::uniform_(ops::empty_like(tensor), 0, 1, generator)), density);
    pending = pending.defined() ? ops::logical_and(pending, refused) : refused;
    if (!ops::any(pending).item().to_bool()) return tensor;
  }
}
Tensor xavier_uniform_(const Tensor& tensor, double gain, RandomGenerator* generator) {
  const auto [in, out] = fan_in_and_fan_out(tensor);
  const double bound = std::sqrt(3.0) * gain * std::sqrt(2.0 / static_cast<double>(in + out));
  return uniform_(tensor, -bound, bound, generator);
}
Tensor xavier_normal_(const Tensor& tensor, double gain, RandomGenerator* generator) {
  const auto [in, out] = fan_in_and_fan_out(tensor);
  return normal_(tensor, 0, gain * std::sqrt(2.0 / static_cast<double>(in + out)), generator);
}
Tensor kaiming_uniform_(const Tensor& tensor, double a, std::string_view mode, std::string_view nonlinearity,
                        RandomGenerator* generator) {
  if (tensor.numel() == 0) return tensor;
  const double std = calculate_gain(nonlinearity, a) / std::sqrt(static_cast<double>(fan(tensor, mode)));
  const double bound = std::sqrt(3.0) * std;
  return uniform_(tensor, -bound, bound, generator);
}
Tensor kaiming_normal_(const Tensor& tensor, double a, std::string_view mode, std::string_view nonlinearity,
                       RandomGenerator* generator) {
  if (tensor.numel() == 0) return tensor;
  return normal_(tensor, 0, calculate_gain(nonlinearity, a) / std::sqrt(static_cast<double>(fan(tensor, mode))),
                 generator);
}

Tensor orthogonal_(const Tensor& tensor, double gain, RandomGenerator* generator) {
  if (tensor.dim() < 2) throw Error(ErrorKind::Value, "Only tensors with 2 or more dimensions are supported");
  if (tensor.numel() == 0) return tensor;
  NoGrad no_grad;
  const int64_t rows = tensor.size(0), columns = tensor.numel() / rows;
  const Tensor flat = ops::normal_(ops::empty({rows, columns}, tensor.dtype()), 0, 1, generator);
  const Tensor source = ops::to(rows < columns ? ops::contiguous(ops::t(flat)) : flat, DType::Float64, true);
  // Householder reflections, as LAPACK's QR takes them; the signs of R's diagonal are then made positive.
  const int64_t m = source.size(0), n = source.size(1);
  double* a = source.data<double>();
  std::vector<double> tau(static_cast<size_t>(n)), sign(static_cast<size_t>(n));
  for (int64_t k = 0; k < n; ++k) {
    double norm = 0;
    for (int64_t i = k + 1; i < m; ++i) norm += a[i * n + k] * a[i * n + k];
    const double alpha = a[k * n + k];
    double beta = alpha;
    if (norm != 0) {
      beta = -std::copysign(std::sqrt(alpha * alpha + norm), alpha);
      tau[static_cast<size_t>(k)] = (beta - alpha) / beta;
      for (int64_t i = k + 1; i < m; ++i) a[i * n + k] /= alpha - beta;
    }
    sign[static_cast<size_t>(k)] = beta < 0 ? -1 : beta > 0 ? 1 : 0;
    a[k * n + k] = beta;
    for (int64_t j = k + 1; j < n; ++j) {
      double dot = a[k * n + j];
      for (int64_t i = k + 1; i < m; ++i) dot += a[i * n + k] * a[i * n + j];
      dot *= tau[static_cast<size_t>(k)];
      a[k * n + j] -= dot;
      for (int64_t i = k + 1; i < m; ++i) a[i * n + j] -= dot * a[i * n + k];
    }
  }
  Tensor q = ops::zeros({m, n}, DType::Float64);
  double* out = q.data<double>();
  for (int64_t j = 0; j < n; ++j) out[j * n + j] = 1;
  for (int64_t k = n; k-- > 0;) {
    for (int64_t j = k; j < n; ++j) {
      double dot = out[k * n + j];
      for (int64_t i = k + 1; i < m; ++i) dot += a[i * n + k] * out[i * n + j];
      dot *= tau[static_cast<size_t>(k)];
      out[k * n + j] -= dot;
      for (int64_t i = k + 1; i < m; ++i) out[i * n + j] -= dot * a[i * n + k];
    }
  }
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) out[i * n + j] *= sign[static_cast<size_t>(j)];
  }
  if (rows < columns) q = ops::t(q);
  ops::copy_(tensor, ops::reshape(q, tensor.sizes()));
  return ops::mul_(tensor, gain);
}

}  // namespace hiss::engine::init

#include "nn/optimizers.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "nn/kernels/simd_optimizers.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/reduce.h"
#include "tensor/operators.h"
#include "tensor/parallel.h"

namespace hiss::engine {
namespace {

bool fusable(const Tensor& parameter, std::initializer_list<const Tensor*> others) {
  if (!parameter.is_contiguous() || (parameter.dtype() != DType::Float32 && parameter.dtype() != DType::Float64))
    return false;
  for (const Tensor* other : others) {
    if (!other || !other->defined()) continue;
    if (!other->is_contiguous() || other->dtype() != parameter.dtype() || other->sizes() != parameter.sizes())
      return false;
  }
  return true;
}

/// Small parameters are many: they are handled one per thread; a big one is split.
template <typename Body>
void for_each_tensor(TensorList parameters, Body&& body) {
  int64_t total = 0;
  for (const Tensor& parameter : parameters) total += parameter.numel();
  const auto count = static_cast<int64_t>(parameters.size());
  // Work is cut by elements over all parameters together, so that both cores finish at the same time.
  parallel_for(0, total, kGrain, [&](int64_t begin, int64_t end) {
    int64_t start = 0;
    for (int64_t i = 0; i < count && start < end; ++i) {
      const int64_t size = parameters[static_cast<size_t>(i)].numel();
      const int64_t from = std::max(begin, start) - start, to = std::min(end, start + size) - start;
      if (from < to) body(static_cast<size_t>(i), from, to);
      start += size;
    }
  });
}

}  // namespace

void adam_step(TensorList parameters, TensorList gradients, TensorList averages, TensorList squares,
               TensorList max_squares, std::span<const double> steps, const AdamOptions& o) {
  NoGrad no_grad;
  std::vector<AdamConstants> constants;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const double correction1 = 1 - std::pow(o.beta1, steps[i]), correction2 = 1 - std::pow(o.beta2, steps[i]);
    constants.push_back({o.beta1, o.beta2, o.eps, o.decoupled ? 0 : o.weight_decay,
                         o.decoupled ? 1 - o.lr * o.weight_decay : 1, o.lr / correction1, std::sqrt(correction2),
                         o.maximize ? -1.0 : 1.0});
  }
  std::vector<bool> fused(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    fused[i] =
        fusable(parameters[i], {&gradients[i], &averages[i], &squares[i], o.amsgrad ? &max_squares[i] : nullptr});
  }
  for_each_tensor(parameters, [&](size_t i, int64_t from, int64_t to) {
    if (!fused[i]) return;
    const auto run = [&](auto* tag) {
      using T = std::remove_pointer_t<decltype(tag)>;
      optimizer_kernels<T>().adam(parameters[i].data<T>() + from, gradients[i].data<T>() + from,
                                  averages[i].data<T>() + from, squares[i].data<T>() + from,
                                  o.amsgrad ? max_squares[i].data<T>() + from : nullptr, static_cast<size_t>(to - from),
                                  constants[i]);
    };
    parameters[i].dtype() == DType::Float64 ? run(static_cast<double*>(nullptr)) : run(static_cast<float*>(nullptr));
  });
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (fused[i]) {
      for (const Tensor& tensor : {parameters[i], averages[i], squares[i]}) tensor->bump_version();
      continue;
    }
    const AdamConstants& c = constants[i];
    Tensor gradient = o.maximize ? -gradients[i] : gradients[i];
    if (c.decay_factor != 1) ops::mul_(parameters[i], c.decay_factor);
    if (c.weight_decay != 0) gradient = ops::add(gradient, parameters[i], c.weight_decay);
    ops::lerp_(averages[i], gradient, 1 - c.beta1);
    ops::addcmul_(ops::mul_(squares[i], c.beta2), gradient, gradient, 1 - c.beta2);
    Tensor square = squares[i];
    if (o.amsgrad) {
      ops::copy_(max_squares[i], ops::maximum(max_squares[i], square));
      square = max_squares[i];
    }
    ops::addcdiv_(parameters[i], averages[i], ops::sqrt(square) / c.correction_sqrt + c.eps, -c.step_size);
  }
}

void sgd_step(TensorList parameters, TensorList gradients, std::vector<Tensor>& buffers, const SgdOptions& o) {
  NoGrad no_grad;
  buffers.resize(parameters.size());
  std::vector<bool> fused(parameters.size()), first(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    first[i] = o.momentum != 0 && !buffers[i].defined();
    if (first[i]) buffers[i] = new_like(parameters[i], parameters[i].dtype());
    fused[i] = fusable(parameters[i], {&gradients[i], &buffers[i]});
  }
  for_each_tensor(parameters, [&](size_t i, int64_t from, int64_t to) {
    if (!fused[i]) return;
    const auto run = [&](auto* tag) {
      using T = std::remove_pointer_t<decltype(tag)>;
      optimizer_kernels<T>().sgd(parameters[i].data<T>() + from, gradients[i].data<T>() + from,
                                 o.momentum != 0 ? buffers[i].data<T>() + from : nullptr,
                                 static_cast<size_t>(to - from), static_cast<T>(o.lr), static_cast<T>(o.momentum),
                                 static_cast<T>(1 - o.dampening), static_cast<T>(o.weight_decay), o.nesterov, first[i],
                                 o.maximize ? T(-1) : T(1));
    };
    parameters[i].dtype() == DType::Float64 ? run(static_cast<double*>(nullptr)) : run(static_cast<float*>(nullptr));
  });
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (fused[i]) {
      parameters[i]->bump_version();
      if (buffers[i].defined()) buffers[i]->bump_version();
      continue;
    }
    Tensor gradient = o.maximize ? -gradients[i] : gradients[i];
    if (o.weight_decay != 0) gradient = ops::add(gradient, parameters[i], o.weight_decay);
    if (o.momentum != 0) {
      if (first[i]) {
        ops::copy_(buffers[i], gradient);
      } else {
        ops::add_(ops::mul_(buffers[i], o.momentum), gradient, 1 - o.dampening);
      }
      gradient = o.nesterov ? ops::add(gradient, buffers[i], o.momentum) : buffers[i];
    }
    ops::add_(parameters[i], gradient, -o.lr);
  }
}

void rmsprop_step(TensorList parameters, TensorList gradients, TensorList squares, TensorList momenta, TensorList means,
                  const RmspropOptions& o) {
  NoGrad no_grad;
  for (size_t i = 0; i < parameters.size(); ++i) {
    Tensor gradient = o.maximize ? -gradients[i] : gradients[i];
    if (o.weight_decay != 0) gradient = ops::add(gradient, parameters[i], o.weight_decay);
    ops::addcmul_(ops::mul_(squares[i], o.alpha), gradient, gradient, 1 - o.alpha);
    Tensor average = squares[i];
    if (o.centered) {
      ops::lerp_(means[i], gradient, 1 - o.alpha);
      average = ops::addcmul(squares[i], means[i], means[i], -1);
    }
    const Tensor denominator = ops::sqrt(average) + o.eps;
    if (o.momentum > 0) {
      ops::addcdiv_(ops::mul_(momenta[i], o.momentum), gradient, denominator);
      ops::add_(parameters[i], momenta[i], -o.lr);
    } else {
      ops::addcdiv_(parameters[i], gradient, denominator, -o.lr);
    }
  }
}

void lerp_all(TensorList targets, TensorList sources, double weight) {
  NoGrad no_grad;
  for (size_t i = 0; i < targets.size(); ++i) ops::lerp_(targets[i], sources[i], weight);
}

Tensor clip_grad_norm(TensorList parameters, double max_norm, double norm_type, bool error_if_nonfinite) {
  NoGrad no_grad;
  std::vector<Tensor> norms, gradients;
  for (const Tensor& parameter : parameters) {
    if (!parameter.grad().defined()) continue;
    gradients.push_back(parameter.grad());
    norms.push_back(ops::vector_norm(parameter.grad(), norm_type));
  }
  if (norms.empty()) return ops::zeros({}, default_dtype());
  const Tensor total = ops::vector_norm(ops::stack(norms), norm_type);
  const double value = total.item().to_double();
  if (error_if_nonfinite && !std::isfinite(value)) {
    throw_error(ErrorKind::Runtime,
                "The total norm of order {} for gradients from `parameters` is non-finite, so it cannot be clipped. To "
                "disable this error and "
                "scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`",
                norm_type);
  }
  // PyTorch multiplies even by 1 where NaN decides; below the limit that changes nothing.
  const Tensor coefficient =
      ops::clamp(ops::mul(ops::reciprocal(total + 1e-6), max_norm), OptionalScalar(), OptionalScalar(1.0));
  if (!(coefficient.item().to_double() == 1.0)) {
    for (const Tensor& gradient : gradients) ops::mul_(gradient, coefficient);
  }
  return total;
}

void clip_grad_value(TensorList parameters, double clip_value) {
  NoGrad no_grad;
  for (const Tensor& parameter : parameters) {
    if (parameter.grad().defined()) ops::clamp_(parameter.grad(), -clip_value, clip_value);
  }
}

}  // namespace hiss::engine

// Optimizer steps as single passes over lists of tensors; torch.optim and the C++ optimizers both call these.
#pragma once

#include "tensor/tensor.h"

namespace hiss::engine {

struct AdamOptions {
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  bool amsgrad = false, maximize = false;
  bool decoupled = false;  // AdamW
};
/// One step for every parameter, in place. `steps` counts this step; `max_squares` only with amsgrad.
void adam_step(TensorList parameters, TensorList gradients, TensorList averages, TensorList squares,
               TensorList max_squares, std::span<const double> steps, const AdamOptions& options);

struct SgdOptions {
  double lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0;
  bool nesterov = false, maximize = false;
};
/// `buffers` entries that are undefined are made on the first step with momentum.
void sgd_step(TensorList parameters, TensorList gradients, std::vector<Tensor>& buffers, const SgdOptions& options);

struct RmspropOptions {
  double lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0, momentum = 0;
  bool centered = false, maximize = false;
};
void rmsprop_step(TensorList parameters, TensorList gradients, TensorList squares, TensorList momenta, TensorList means,
                  const RmspropOptions& options);

/// target = target + weight * (source - target) for every pair: the moving average of weights.
void lerp_all(TensorList targets, TensorList sources, double weight);

/// Norm over all gradients together; they are scaled down when it exceeds max_norm. Returns the norm before scaling.
Tensor clip_grad_norm(TensorList parameters, double max_norm, double norm_type = 2.0, bool error_if_nonfinite = false);
void clip_grad_value(TensorList parameters, double clip_value);

}  // namespace hiss::engine

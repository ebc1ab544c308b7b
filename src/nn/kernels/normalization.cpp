// Group, layer and batch normalization, forward and backward.
#include <cmath>

#include "autograd/grad_mode.h"
#include "generated/engine/kernels.h"
#include "generated/engine/ops.h"
#include "nn/functional.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/reduce.h"
#include "tensor/kernels/rows.h"
#include "tensor/operators.h"
#include "tensor/parallel.h"

namespace hiss::engine {
namespace {

/// Runs body with a null float* or double*, by the type.
template <typename Body>
void dispatch_real(DType compute, Body&& body) {
  if (compute == DType::Float64) {
    body(static_cast<double*>(nullptr));
  } else {
    body(static_cast<float*>(nullptr));
  }
}

template <typename T>
const T* data_or_null(const Tensor& tensor) {
  return tensor.defined() ? tensor.data<T>() : nullptr;
}

Tensor in_type(const Tensor& tensor, DType dtype) { return tensor.defined() ? as_dense(tensor, dtype) : tensor; }
Tensor back_to(Tensor tensor, DType dtype) {
  return !tensor.defined() || tensor.dtype() == dtype ? tensor : kernels::cast(tensor, dtype);
}

int64_t grain(int64_t row) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(row, 1)); }

template <typename T>
T inverse_deviation(double m2, int64_t count, double eps) {
  return static_cast<T>(1 / std::sqrt(std::max(m2, 0.0) / static_cast<double>(std::max<int64_t>(count, 1)) + eps));
}

}  // namespace

namespace kernels {
std::tuple<Tensor, Tensor, Tensor> group_norm_gradients(const Tensor& grad, const Tensor& input, const Tensor& weight,
                                                        const Tensor& mean, const Tensor& rstd, int64_t groups,
                                                        bool want_input, bool want_parameters);
std::tuple<Tensor, Tensor, Tensor> layer_norm_gradients(const Tensor& grad, const Tensor& input, int64_t count,
                                                        const Tensor& weight, const Tensor& mean, const Tensor& rstd,
                                                        bool want_input, bool want_parameters);

std::tuple<Tensor, Tensor, Tensor> native_group_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                                                     int64_t num_groups, double eps) {
  if (input.dim() < 2)
    throw_error(ErrorKind::Runtime, "Expected at least 2 dimensions for input tensor but received {}", input.dim());
  const int64_t batch = input.size(0), channels = input.size(1);
  if (num_groups <= 0 || channels % num_groups != 0) {
    throw_error(ErrorKind::Runtime,
                "Expected number of channels in input to be divisible by num_groups, but got input of shape {} and "
                "num_groups={}",
                to_string(input.sizes()), num_groups);
  }
  for (const Tensor* parameter : {&weight, &bias}) {
    if (parameter->defined() && parameter->numel() != channels) {
      throw_error(ErrorKind::Runtime,
                  "Expected {} to be a vector of size equal to the number of channels in input, but got {} of shape {} "
                  "and input of shape {}",
                  parameter == &weight ? "weight" : "bias", parameter == &weight ? "weight" : "bias",
                  to_string(parameter->sizes()), to_string(input.sizes()));
    }
  }
  const DType compute = compute_type(input.dtype());
  const Tensor x = as_dense(input, compute), w = in_type(weight, compute), b = in_type(bias, compute);
  Tensor out = new_tensor(input.sizes(), compute), mean = new_tensor({batch, num_groups}, compute),
         rstd = new_tensor({batch, num_groups}, compute);
  const int64_t per_group = channels / num_groups;
  const int64_t spatial = batch * channels == 0 ? 0 : input.numel() / (batch * channels);
  const int64_t count = per_group * spatial;
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const auto& rows = row_kernels<T>();
    const T *source = x.data<T>(), *scale = data_or_null<T>(w), *shift = data_or_null<T>(b);
    T* target = out.data<T>();
    parallel_for(0, batch * num_groups, grain(count), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        double m = 0, m2 = 0;
        rows.moments(source + i * count, static_cast<size_t>(count), &m, &m2);
        const T center = static_cast<T>(m), inverse = inverse_deviation<T>(m2, count, eps);
        mean.data<T>()[i] = center;
        rstd.data<T>()[i] = inverse;
        for (int64_t j = 0; j < per_group; ++j) {
          const int64_t channel = i % num_groups * per_group + j;
          const T a = inverse * (scale ? scale[channel] : T(1));
          rows.scale_shift(target + i * count + j * spatial, source + i * count + j * spatial,
                           static_cast<size_t>(spatial), a, (shift ? shift[channel] : T(0)) - center * a);
        }
      }
    });
  });
  return {back_to(out, input.dtype()), mean, rstd};
}

std::tuple<Tensor, Tensor, Tensor> group_norm_gradients(const Tensor& grad, const Tensor& input, const Tensor& weight,
                                                        const Tensor& mean, const Tensor& rstd, int64_t groups,
                                                        bool want_input, bool want_parameters) {
  const int64_t batch = input.size(0), channels = input.size(1), per_group = channels / groups;
  const int64_t spatial = batch * channels == 0 ? 0 : input.numel() / (batch * channels), count = per_group * spatial;
  const DType compute = compute_type(input.dtype());
  const Tensor g = as_dense(grad, compute), x = as_dense(input, compute), w = in_type(weight, compute);
  Tensor dx = want_input ? new_tensor(input.sizes(), compute) : Tensor();
  // Per sample and channel: sum(g * x) and sum(g).
  Tensor products = new_tensor({batch, channels}, compute), sums = new_tensor({batch, channels}, compute);
  Tensor dw = want_parameters ? new_tensor({channels}, compute) : Tensor(),
         db = want_parameters ? new_tensor({channels}, compute) : Tensor();
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const auto& rows = row_kernels<T>();
    const T *gradient = g.data<T>(), *source = x.data<T>(), *scale = data_or_null<T>(w);
    T *product_data = products.data<T>(), *sum_data = sums.data<T>();
    parallel_for(0, batch * groups, grain(count), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T center = mean.data<T>()[i], inverse = rstd.data<T>()[i];
        double weighted_products = 0, weighted_sums = 0;
        for (int64_t j = 0; j < per_group; ++j) {
          const int64_t channel = i % groups * per_group + j, at = i * count + j * spatial;
          const int64_t slot = i / groups * channels + channel;
          product_data[slot] = rows.dot(gradient + at, source + at, static_cast<size_t>(spatial));
          sum_data[slot] = rows.sum(gradient + at, static_cast<size_t>(spatial));
          const double factor = scale ? static_cast<double>(scale[channel]) : 1.0;
          weighted_products += factor * static_cast<double>(product_data[slot]);
          weighted_sums += factor * static_cast<double>(sum_data[slot]);
        }
        if (!want_input) continue;
        const double r = static_cast<double>(inverse), m = static_cast<double>(center), n = static_cast<double>(count);
        // dx = r w g + b x + c, from the chain through the mean and the deviation.
        const double b = (weighted_sums * m - weighted_products) * r * r * r / n;
        const double c = -b * m - weighted_sums * r / n;
        for (int64_t j = 0; j < per_group; ++j) {
          const int64_t channel = i % groups * per_group + j, at = i * count + j * spatial;
          rows.combine(dx.data<T>() + at, gradient + at, source + at, static_cast<size_t>(spatial),
                       inverse * (scale ? scale[channel] : T(1)), static_cast<T>(b), static_cast<T>(c));
        }
      }
    });
    if (want_parameters) {
      for (int64_t c = 0; c < channels; ++c) {
        double weight_total = 0, bias_total = 0;
        for (int64_t n = 0; n < batch; ++n) {
          const int64_t slot = n * channels + c, group = n * groups + c / per_group;
          weight_total += (static_cast<double>(product_data[slot]) -
                           static_cast<double>(sum_data[slot]) * static_cast<double>(mean.data<T>()[group])) *
                          static_cast<double>(rstd.data<T>()[group]);
          bias_total += static_cast<double>(sum_data[slot]);
        }
        dw.data<T>()[c] = static_cast<T>(weight_total);
        db.data<T>()[c] = static_cast<T>(bias_total);
      }
    }
  });
  return {back_to(dx, input.dtype()), back_to(dw, input.dtype()), back_to(db, input.dtype())};
}

std::tuple<Tensor, Tensor, Tensor> native_layer_norm(const Tensor& input, IntList normalized_shape,
                                                     const Tensor& weight, const Tensor& bias, double eps) {
  const size_t lead = input.sizes().size() - normalized_shape.size();
  if (normalized_shape.empty())
    throw Error(ErrorKind::Runtime,
                "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but "
                "got normalized_shape = []");
  if (input.sizes().size() < normalized_shape.size() ||
      !std::equal(normalized_shape.begin(), normalized_shape.end(), input.sizes().begin() + lead)) {
    const std::string wanted = to_string(normalized_shape);
    throw_error(ErrorKind::Runtime,
                "Given normalized_shape={}, expected input with shape [*, {}, but got input of size{}", wanted,
                wanted.substr(1), to_string(input.sizes()));
  }
  const DType compute = compute_type(input.dtype());
  const Tensor x = as_dense(input, compute), w = in_type(weight, compute), b = in_type(bias, compute);
  const int64_t count = product(normalized_shape), outer = count == 0 ? 0 : input.numel() / count;
  Sizes statistics(IntList(input.sizes().data(), lead));
  for (size_t i = 0; i < normalized_shape.size(); ++i) statistics.push_back(1);
  Tensor out = new_tensor(input.sizes(), compute), mean = new_tensor(statistics, compute),
         rstd = new_tensor(statistics, compute);
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const auto& rows = row_kernels<T>();
    parallel_for(0, outer, grain(count), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        double m = 0, m2 = 0;
        const T* row = x.data<T>() + i * count;
        rows.moments(row, static_cast<size_t>(count), &m, &m2);
        mean.data<T>()[i] = static_cast<T>(m);
        rstd.data<T>()[i] = inverse_deviation<T>(m2, count, eps);
        rows.normalize(out.data<T>() + i * count, row, static_cast<size_t>(count), mean.data<T>()[i], rstd.data<T>()[i],
                       data_or_null<T>(w), data_or_null<T>(b));
      }
    });
  });
  return {back_to(out, input.dtype()), mean, rstd};
}

std::tuple<Tensor, Tensor, Tensor> layer_norm_gradients(const Tensor& grad, const Tensor& input, int64_t count,
                                                        const Tensor& weight, const Tensor& mean, const Tensor& rstd,
                                                        bool want_input, bool want_parameters) {
  const DType compute = compute_type(input.dtype());
  const Tensor g = as_dense(grad, compute), x = as_dense(input, compute), w = in_type(weight, compute);
  const int64_t outer = count == 0 ? 0 : input.numel() / count;
  Tensor dx = want_input ? new_tensor(input.sizes(), compute) : Tensor();
  Tensor dw = want_parameters ? zeros({count}, compute) : Tensor(),
         db = want_parameters ? zeros({count}, compute) : Tensor();
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const auto& rows = row_kernels<T>();
    const auto n = static_cast<size_t>(count);
    if (want_input) {
      parallel_for(0, outer, grain(count), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const T *gradient = g.data<T>() + i * count, *row = x.data<T>() + i * count;
          const T m = mean.data<T>()[i], r = rstd.data<T>()[i];
          T sums[2];
          rows.normalize_sums(gradient, row, n, m, r, data_or_null<T>(w), sums);
          rows.normalize_backward(dx.data<T>() + i * count, gradient, row, n, m, r, data_or_null<T>(w),
                                  sums[0] / static_cast<T>(count), sums[1] / static_cast<T>(count));
        }
      });
    }
    if (want_parameters) {
      for (int64_t i = 0; i < outer; ++i) {
        rows.normalize_parameters(dw.data<T>(), db.data<T>(), g.data<T>() + i * count, x.data<T>() + i * count, n,
                                  mean.data<T>()[i], rstd.data<T>()[i]);
      }
    }
  });
  return {back_to(dx, input.dtype()), back_to(dw, input.dtype()), back_to(db, input.dtype())};
}

std::tuple<Tensor, Tensor, Tensor> native_batch_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                                                     const Tensor& running_mean, const Tensor& running_var,
                                                     bool training, double momentum, double eps) {
  if (input.dim() < 2) throw_error(ErrorKind::Value, "expected at least 2D input (got {}D input)", input.dim());
  const int64_t batch = input.size(0), channels = input.size(1);
  for (const auto& [name, parameter] :
       {std::pair{"weight", &weight}, std::pair{"bias", &bias}, std::pair{"running_mean", &running_mean},
        std::pair{"running_var", &running_var}}) {
    if (parameter->defined() && parameter->numel() != channels) {
      throw_error(ErrorKind::Runtime, "{} should contain {} elements not {}", name, channels, parameter->numel());
    }
  }
  const DType compute = compute_type(input.dtype());
  const Tensor x = as_dense(input, compute), w = in_type(weight, compute), b = in_type(bias, compute);
  const int64_t spatial = batch * channels == 0 ? 0 : input.numel() / (batch * channels), count = batch * spatial;
  Tensor out = new_tensor(input.sizes(), compute), mean = new_tensor({channels}, compute),
         rstd = new_tensor({channels}, compute);
  const Tensor rm = in_type(running_mean, DType::Float64), rv = in_type(running_var, DType::Float64);
  Tensor new_mean = rm.defined() ? clone(rm) : rm, new_var = rv.defined() ? clone(rv) : rv;
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const auto& rows = row_kernels<T>();
    parallel_for(0, channels, grain(count), [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) {
        double center = 0, inverse = 0;
        if (training) {
          double total = 0, m2 = 0;
          for (int64_t n = 0; n < batch; ++n) {
            total +=
                static_cast<double>(rows.sum(x.data<T>() + (n * channels + c) * spatial, static_cast<size_t>(spatial)));
          }
          center = total / static_cast<double>(count);
          for (int64_t n = 0; n < batch; ++n) {
            double part_mean = 0, part_m2 = 0;
            rows.moments(x.data<T>() + (n * channels + c) * spatial, static_cast<size_t>(spatial), &part_mean,
                         &part_m2);
            m2 += part_m2 + static_cast<double>(spatial) * (part_mean - center) * (part_mean - center);
          }
          inverse = 1 / std::sqrt(m2 / static_cast<double>(count) + eps);
          if (new_mean.defined()) {
            double& value = new_mean.data<double>()[c];
            value = (1 - momentum) * value + momentum * center;
          }
          if (new_var.defined()) {
            double& value = new_var.data<double>()[c];
            value = (1 - momentum) * value + momentum * m2 / static_cast<double>(std::max<int64_t>(count - 1, 1));
          }
        } else {
          center = rm.data<double>()[c];
          inverse = 1 / std::sqrt(rv.data<double>()[c] + eps);
        }
        mean.data<T>()[c] = static_cast<T>(center);
        rstd.data<T>()[c] = static_cast<T>(inverse);
        const T scale = static_cast<T>(inverse) * (w.defined() ? w.data<T>()[c] : T(1));
        const T shift = (b.defined() ? b.data<T>()[c] : T(0)) - static_cast<T>(center) * scale;
        for (int64_t n = 0; n < batch; ++n) {
          const int64_t at = (n * channels + c) * spatial;
          rows.scale_shift(out.data<T>() + at, x.data<T>() + at, static_cast<size_t>(spatial), scale, shift);
        }
      }
    });
  });
  if (training && running_mean.defined()) {
    copy_values(running_mean, new_mean);
    running_mean->bump_version();
  }
  if (training && running_var.defined()) {
    copy_values(running_var, new_var);
    running_var->bump_version();
  }
  return {back_to(out, input.dtype()), mean, rstd};
}

std::tuple<Tensor, Tensor, Tensor> batch_norm_gradients(const Tensor& grad, const Tensor& input, const Tensor& weight,
                                                        const Tensor& mean, const Tensor& rstd, bool training,
                                                        bool want_input) {
  const int64_t batch = input.size(0), channels = input.size(1);
  const DType compute = compute_type(input.dtype());
  const Tensor g = as_dense(grad, compute), x = as_dense(input, compute), w = in_type(weight, compute);
  const int64_t spatial = batch * channels == 0 ? 0 : input.numel() / (batch * channels), count = batch * spatial;
  Tensor dx = want_input ? new_tensor(input.sizes(), compute) : Tensor();
  Tensor dw = new_tensor({channels}, compute), db = new_tensor({channels}, compute);
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const auto& rows = row_kernels<T>();
    parallel_for(0, channels, grain(count), [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) {
        const double m = static_cast<double>(mean.data<T>()[c]), r = static_cast<double>(rstd.data<T>()[c]);
        double products = 0, sums = 0;
        for (int64_t n = 0; n < batch; ++n) {
          const int64_t at = (n * channels + c) * spatial;
          products += static_cast<double>(rows.dot(g.data<T>() + at, x.data<T>() + at, static_cast<size_t>(spatial)));
          sums += static_cast<double>(rows.sum(g.data<T>() + at, static_cast<size_t>(spatial)));
        }
        const double centered = (products - m * sums) * r;  // sum(g * xhat)
        dw.data<T>()[c] = static_cast<T>(centered);
        db.data<T>()[c] = static_cast<T>(sums);
        if (!want_input) continue;
        const double scale = r * (w.defined() ? static_cast<double>(w.data<T>()[c]) : 1.0),
                     n_inverse = 1.0 / static_cast<double>(count);
        const double b = training ? -scale * r * centered * n_inverse : 0.0;
        const double shift = training ? -scale * sums * n_inverse - b * m : 0.0;
        for (int64_t n = 0; n < batch; ++n) {
          const int64_t at = (n * channels + c) * spatial;
          rows.combine(dx.data<T>() + at, g.data<T>() + at, x.data<T>() + at, static_cast<size_t>(spatial),
                       static_cast<T>(scale), static_cast<T>(b), static_cast<T>(shift));
        }
      }
    });
  });
  return {back_to(dx, input.dtype()), back_to(dw, input.dtype()), back_to(db, input.dtype())};
}

}  // namespace kernels

namespace formulas {
namespace {

/// The same gradients from differentiable operations, for create_graph.
Triple composed_norm_backward(const Tensor& grad, const Tensor& input, const Tensor& weight, const Tensor& rstd,
                              IntList dims, IntList grouped, IntList parameter_shape, const Mask3& mask) {
  // Statistics are recomputed from the input, so that their own dependence on it is differentiated too. eps follows
  // from the saved rstd: 1 / rstd^2 - variance, a constant.
  const Tensor x = ops::reshape(input, grouped);
  const Tensor center = ops::mean(x, dims, true);
  const Tensor deviation = x - center;
  const Tensor variance = ops::mean(deviation * deviation, dims, true);
  const Tensor old_rstd = ops::reshape(ops::detach(rstd), variance.sizes());
  const Tensor eps = ops::reciprocal(old_rstd * old_rstd) - ops::detach(variance);
  const Tensor inverse = ops::rsqrt(variance + eps);
  const Tensor normalized = deviation * inverse;
  Triple result;
  if (mask[0]) {
    const Tensor weighted =
        ops::reshape(weight.defined() ? grad * ops::reshape(weight, parameter_shape) : grad, grouped);
    const Tensor dx = inverse * (weighted - ops::mean(weighted, dims, true) -
                                 normalized * ops::mean(weighted * normalized, dims, true));
    std::get<0>(result) = ops::reshape(dx, input.sizes());
  }
  if (mask[1]) {
    std::get<1>(result) =
        ops::reshape(ops::sum_to_size(grad * ops::reshape(normalized, input.sizes()), parameter_shape), weight.sizes());
  }
  if (mask[2]) std::get<2>(result) = ops::reshape(ops::sum_to_size(grad, parameter_shape), {product(parameter_shape)});
  return result;
}

}  // namespace

Triple group_norm_backward(const Tensor& grad, const Tensor& input, const Tensor& weight, const Tensor& mean,
                           const Tensor& rstd, int64_t groups, const Mask3& mask) {
  if (GradMode::enabled()) {
    Sizes parameter(input.sizes().size(), 1);
    parameter[1] = input.size(1);
    return composed_norm_backward(grad, input, weight, rstd, {2}, {input.size(0), groups, -1}, parameter, mask);
  }
  return kernels::group_norm_gradients(grad, input, weight, mean, rstd, groups, mask[0], mask[1] || mask[2]);
}

Triple layer_norm_backward(const Tensor& grad, const Tensor& input, IntList normalized_shape, const Tensor& weight,
                           const Tensor& mean, const Tensor& rstd, const Mask3& mask) {
  const int64_t count = product(normalized_shape);
  Triple result;
  if (GradMode::enabled()) {
    result = composed_norm_backward(grad, input, weight, rstd, {1}, {-1, count}, normalized_shape, mask);
  } else {
    result = kernels::layer_norm_gradients(grad, input, count, weight, mean, rstd, mask[0], mask[1] || mask[2]);
  }
  if (std::get<1>(result).defined()) std::get<1>(result) = ops::reshape(std::get<1>(result), normalized_shape);
  if (std::get<2>(result).defined()) std::get<2>(result) = ops::reshape(std::get<2>(result), normalized_shape);
  return result;
}

Triple batch_norm_backward(const Tensor& grad, const Tensor& input, const Tensor& weight, const Tensor& mean,
                           const Tensor& rstd, bool training, const Mask3& mask) {
  if (GradMode::enabled()) {
    Sizes parameter(input.sizes().size(), 1);
    parameter[1] = input.size(1);
    if (!training) {
      Triple result;
      const Tensor scale = ops::reshape(weight.defined() ? weight * rstd : rstd, parameter);
      if (mask[0]) std::get<0>(result) = grad * scale;
      if (mask[1]) {
        const Tensor normalized = (input - ops::reshape(mean, parameter)) * ops::reshape(rstd, parameter);
        std::get<1>(result) = ops::reshape(ops::sum_to_size(grad * normalized, parameter), {input.size(1)});
      }
      if (mask[2]) std::get<2>(result) = ops::reshape(ops::sum_to_size(grad, parameter), {input.size(1)});
      return result;
    }
    Sizes dims;
    for (int64_t d = 0; d < input.dim(); ++d) {
      if (d != 1) dims.push_back(d);
    }
    return composed_norm_backward(grad, input, weight, rstd, dims, input.sizes(), parameter, mask);
  }
  return kernels::batch_norm_gradients(grad, input, weight, mean, rstd, training, mask[0]);
}

}  // namespace formulas
}  // namespace hiss::engine

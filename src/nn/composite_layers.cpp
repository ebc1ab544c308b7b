// Layers and losses made of other operations.
#include <cmath>

#include "autograd/generated_node.h"
#include "generated/engine/kernels.h"
#include "generated/engine/ops.h"
#include "tensor/operators.h"
#include "tensor/promotion.h"

namespace hiss::engine::composite {
using namespace ops;

namespace {

Sizes spread(IntList values, size_t count) {
  Sizes result(values);
  if (result.size() == 1) result.resize(count, values[0]);
  if (result.size() != count) {
    throw_error(ErrorKind::Runtime,
                "expected a single value or a list of {} values to match the convolution dimensions, but got {}", count,
                to_string(values));
  }
  return result;
}

/// A sample without batch dimension gets one for the time of the call.
Tensor convolve(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride, IntList padding,
                IntList dilation, bool transposed, IntList output_padding, int64_t groups, int64_t spatial) {
  const auto count = static_cast<size_t>(spatial);
  if (weight.dim() != spatial + 2) {
    throw_error(
        ErrorKind::Runtime,
        "expected {}-dimensional weight for {}-dimensional input {}, but got {}-dimensional input of size {} instead",
        spatial + 2, spatial + 2, to_string(weight.sizes()), weight.dim(), to_string(input.sizes()));
  }
  if (input.dim() != spatial + 2 && input.dim() != spatial + 1) {
    throw_error(ErrorKind::Runtime,
                "Expected {}D (unbatched) or {}D (batched) input to conv{}{}d, but got input of size: {}", spatial + 1,
                spatial + 2, transposed ? "_transpose" : "", spatial, to_string(input.sizes()));
  }
  const bool unbatched = input.dim() == spatial + 1;
  const Tensor x = unbatched ? unsqueeze(input, 0) : input;
  const Tensor result = convolution(x, weight, bias, spread(stride, count), spread(padding, count),
                                    spread(dilation, count), transposed, spread(output_padding, count), groups);
  return unbatched ? squeeze(result, IntList({0})) : result;
}

Tensor convolve_named(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride,
                      std::string_view padding, IntList dilation, int64_t groups, int64_t spatial) {
  if (padding == "valid") return convolve(input, weight, bias, stride, {0}, dilation, false, {0}, groups, spatial);
  if (padding != "same") throw_error(ErrorKind::Runtime, "Invalid padding string: '{}'", padding);
  const Sizes steps = spread(stride, static_cast<size_t>(spatial)),
              spacing = spread(dilation, static_cast<size_t>(spatial));
  Sizes symmetric, extra;
  bool uneven = false;
  for (int64_t d = spatial - 1; d >= 0; --d) {
    if (steps[static_cast<size_t>(d)] != 1)
      throw Error(ErrorKind::Runtime, "padding='same' is not supported for strided convolutions");
    const int64_t total = spacing[static_cast<size_t>(d)] * (weight.size(d + 2) - 1);
    symmetric.insert(0, total / 2);
    extra.push_back(0);
    extra.push_back(total % 2);
    uneven |= total % 2 != 0;
  }
  return convolve(uneven ? constant_pad_nd(input, extra, 0) : input, weight, bias, stride, symmetric, dilation, false,
                  {0}, groups, spatial);
}

}  // namespace

Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride, IntList padding,
              IntList dilation, int64_t groups) {
  return convolve(input, weight, bias, stride, padding, dilation, false, {0}, groups, 1);
}
Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride, IntList padding,
              IntList dilation, int64_t groups) {
  return convolve(input, weight, bias, stride, padding, dilation, false, {0}, groups, 2);
}
Tensor conv3d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride, IntList padding,
              IntList dilation, int64_t groups) {
  return convolve(input, weight, bias, stride, padding, dilation, false, {0}, groups, 3);
}
Tensor conv1d_padding(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride,
                      std::string_view padding, IntList dilation, int64_t groups) {
  return convolve_named(input, weight, bias, stride, padding, dilation, groups, 1);
}
Tensor conv2d_padding(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride,
                      std::string_view padding, IntList dilation, int64_t groups) {
  return convolve_named(input, weight, bias, stride, padding, dilation, groups, 2);
}
Tensor conv_transpose1d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride, IntList padding,
                        IntList output_padding, int64_t groups, IntList dilation) {
  return convolve(input, weight, bias, stride, padding, dilation, true, output_padding, groups, 1);
}
Tensor conv_transpose2d(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride, IntList padding,
                        IntList output_padding, int64_t groups, IntList dilation) {
  return convolve(input, weight, bias, stride, padding, dilation, true, output_padding, groups, 2);
}

Tensor avg_pool1d(const Tensor& self, IntList kernel_size, IntList stride, IntList padding, bool ceil_mode,
                  bool count_include_pad) {
  const IntList steps = stride.empty() ? kernel_size : stride;
  return squeeze(avg_pool2d(unsqueeze(self, -2), {1, kernel_size[0]}, {1, steps[0]}, {0, padding[0]}, ceil_mode,
                            count_include_pad),
                 IntList({-2}));
}
Tensor max_pool2d(const Tensor& self, IntList kernel_size, IntList stride, IntList padding, IntList dilation,
                  bool ceil_mode) {
  return std::get<0>(max_pool2d_with_indices(self, kernel_size, stride, padding, dilation, ceil_mode));
}
Tensor max_pool1d(const Tensor& self, IntList kernel_size, IntList stride, IntList padding, IntList dilation,
                  bool ceil_mode) {
  const IntList steps = stride.empty() ? kernel_size : stride;
  return squeeze(
      max_pool2d(unsqueeze(self, -2), {1, kernel_size[0]}, {1, steps[0]}, {0, padding[0]}, {1, dilation[0]}, ceil_mode),
      IntList({-2}));
}
Tensor adaptive_avg_pool2d(const Tensor& self, IntList output_size) {
  const int64_t h = self.size(-2), w = self.size(-1);
  const int64_t oh = output_size[0] < 0 ? h : output_size[0], ow = output_size.back() < 0 ? w : output_size.back();
  if (oh == 1 && ow == 1) return mean(self, IntList({-2, -1}), true);
  if (oh > 0 && ow > 0 && h % oh == 0 && w % ow == 0) return avg_pool2d(self, {h / oh, w / ow}, {h / oh, w / ow});
  // Windows of unequal size: average each row band, then each column band.
  const auto bands = [](const Tensor& tensor, int64_t dim, int64_t count) {
    std::vector<Tensor> parts;
    const int64_t size = tensor.size(dim);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t from = i * size / count, to = ((i + 1) * size + count - 1) / count;
      parts.push_back(mean(narrow(tensor, dim, from, to - from), IntList({dim}), true));
    }
    return cat(parts, dim);
  };
  return bands(bands(self, -2, oh), -1, ow);
}
Tensor adaptive_avg_pool1d(const Tensor& self, IntList output_size) {
  return squeeze(adaptive_avg_pool2d(unsqueeze(self, -2), {1, output_size[0]}), IntList({-2}));
}

namespace {
/// Interpolation along one dimension as a weighted sum of two gathered slices.
Tensor resize_linear(const Tensor& self, int64_t dim, int64_t out, bool align_corners, std::optional<double> scale) {
  const int64_t in = self.size(dim);
  if (in == out && !scale) return self;
  std::vector<int64_t> low, high;
  std::vector<double> weight;
  const double ratio = align_corners ? (out > 1 ? static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0.0)
                       : scale && *scale > 0 ? 1.0 / *scale
                                             : static_cast<double>(in) / static_cast<double>(out);
  for (int64_t i = 0; i < out; ++i) {
    const double at =
        align_corners ? static_cast<double>(i) * ratio : std::max((static_cast<double>(i) + 0.5) * ratio - 0.5, 0.0);
    const auto first = std::min(static_cast<int64_t>(at), in - 1);
    low.push_back(first);
    high.push_back(std::min(first + 1, in - 1));
    weight.push_back(at - static_cast<double>(first));
  }
  Sizes shape(self.sizes().size(), 1);
  shape[static_cast<size_t>(wrap_dim(dim, self.dim()))] = out;
  const Tensor w = reshape(to(from_values<double>({out}, weight), self.dtype()), shape);
  const Tensor a = index_select(self, dim, from_values<int64_t>({out}, low)),
               b = index_select(self, dim, from_values<int64_t>({out}, high));
  return a * rsub(w, 1) + b * w;
}
}  // namespace
Tensor upsample_bilinear2d(const Tensor& self, IntList output_size, bool align_corners, std::optional<double> scales_h,
                           std::optional<double> scales_w) {
  return resize_linear(resize_linear(self, -2, output_size[0], align_corners, scales_h), -1, output_size.back(),
                       align_corners, scales_w);
}

Tensor interpolate(const Tensor& input, OptionalIntList size, std::optional<FloatList> scale_factor,
                   std::string_view mode, std::optional<bool> align_corners, std::optional<bool> recompute_scale_factor,
                   bool antialias) {
  if (antialias) throw Error(ErrorKind::NotImplemented, "interpolate: antialias=True is not supported");
  if (static_cast<bool>(size) == static_cast<bool>(scale_factor)) {
    throw Error(ErrorKind::Value, size ? "only one of size or scale_factor should be defined"
                                       : "either size or scale_factor should be defined");
  }
  const int64_t spatial = input.dim() - 2;
  Sizes target;
  std::vector<std::optional<double>> scales(static_cast<size_t>(std::max<int64_t>(spatial, 0)));
  for (int64_t d = 0; d < spatial; ++d) {
    const auto k = static_cast<size_t>(d);
    if (size) {
      target.push_back(size->size() == 1 ? (*size)[0] : (*size)[k]);
    } else {
      const double factor = scale_factor->size() == 1 ? (*scale_factor)[0] : (*scale_factor)[k];
      target.push_back(static_cast<int64_t>(std::floor(static_cast<double>(input.size(d + 2)) * factor)));
      if (!recompute_scale_factor.value_or(false)) scales[k] = factor;
    }
  }
  if (mode == "nearest" && spatial == 2) return upsample_nearest2d(input, target, scales[0], scales[1]);
  if (mode == "nearest" && spatial == 1) {
    return squeeze(upsample_nearest2d(unsqueeze(input, 2), {1, target[0]}, std::nullopt, scales[0]), IntList({2}));
  }
  if (mode == "nearest-exact" || mode == "nearest") {
    Tensor result = input;
    for (int64_t d = 0; d < spatial; ++d) {
      const auto k = static_cast<size_t>(d);
      const int64_t in = input.size(d + 2), out = target[k];
      std::vector<int64_t> index;
      const double ratio = scales[k] ? 1.0 / *scales[k] : static_cast<double>(in) / static_cast<double>(out);
      for (int64_t i = 0; i < out; ++i) {
        const double at = (static_cast<double>(i) + (mode == "nearest" ? 0.0 : 0.5)) * ratio;
        index.push_back(std::min(static_cast<int64_t>(std::floor(at)), in - 1));
      }
      result = index_select(result, d + 2, from_values<int64_t>({out}, index));
    }
    return result;
  }
  const bool align = align_corners.value_or(false);
  if (mode == "bilinear" && spatial == 2) return upsample_bilinear2d(input, target, align, scales[0], scales[1]);
  if ((mode == "linear" && spatial == 1) || (mode == "trilinear" && spatial == 3)) {
    Tensor result = input;
    for (int64_t d = 0; d < spatial; ++d)
      result = resize_linear(result, d + 2, target[static_cast<size_t>(d)], align, scales[static_cast<size_t>(d)]);
    return result;
  }
  if (mode == "area") return adaptive_avg_pool2d(input, target);
  throw_error(ErrorKind::NotImplemented,
              "Input Error: Only 3D, 4D and 5D input Tensors supported (got {}D) for the modes: nearest | linear | "
              "bilinear | trilinear | area | nearest-exact (got {})",
              input.dim(), mode);
}

Tensor group_norm(const Tensor& input, int64_t num_groups, const Tensor& weight, const Tensor& bias, double eps) {
  return std::get<0>(native_group_norm(input, weight, bias, num_groups, eps));
}
Tensor layer_norm(const Tensor& input, IntList normalized_shape, const Tensor& weight, const Tensor& bias, double eps) {
  return std::get<0>(native_layer_norm(input, normalized_shape, weight, bias, eps));
}
Tensor rms_norm(const Tensor& input, IntList normalized_shape, const Tensor& weight, std::optional<double> eps) {
  Sizes dims;
  for (size_t i = 0; i < normalized_shape.size(); ++i) dims.push_back(-1 - static_cast<int64_t>(i));
  const double smallest = input.dtype() == DType::Float64 ? 2.220446049250313e-16 : 1.1920928955078125e-07;
  const Tensor wide = is_reduced_float(input.dtype()) ? to(input, DType::Float32) : input;
  Tensor result = wide * rsqrt(mean(wide * wide, IntList(dims), true) + eps.value_or(smallest));
  if (result.dtype() != input.dtype()) result = to(result, input.dtype());
  return weight.defined() ? result * weight : result;
}
Tensor batch_norm(const Tensor& input, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, bool training, double momentum, double eps) {
  if (training && input.numel() == input.size(1)) {
    throw_error(ErrorKind::Value, "Expected more than 1 value per channel when training, got input size torch.Size({})",
                to_string(input.sizes()));
  }
  return std::get<0>(native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps));
}
Tensor instance_norm(const Tensor& input, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                     const Tensor& bias, bool use_input_stats, double momentum, double eps) {
  if (!use_input_stats) return batch_norm(input, running_mean, running_var, weight, bias, false, momentum, eps);
  return group_norm(input, input.size(1), weight, bias, eps);
}

Tensor dropout(const Tensor& input, double p, bool training) {
  if (p < 0 || p > 1) throw_error(ErrorKind::Value, "dropout probability has to be between 0 and 1, but got {}", p);
  if (!training || p == 0 || input.numel() == 0) return input;
  if (p == 1) return input * zeros_like(input);
  const Tensor mask = bernoulli_(empty_like(input), 1 - p);
  return input * div_(mask, 1 - p);
}

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const Tensor& attn_mask, double dropout_p, bool is_causal,
                                    std::optional<double> scale, bool enable_gqa) {
  const double factor = scale.value_or(1.0 / std::sqrt(static_cast<double>(query.size(-1))));
  Tensor k = key, v = value;
  if (enable_gqa) {
    k = repeat_interleave(k, query.size(-3) / k.size(-3), -3);
    v = repeat_interleave(v, query.size(-3) / v.size(-3), -3);
  }
  if (is_causal && attn_mask.defined()) {
    throw Error(ErrorKind::Runtime,
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True");
  }
  Tensor scores = matmul(query * factor, transpose(k, -2, -1));
  if (is_causal) {
    const Tensor allowed = tril(ones({query.size(-2), key.size(-2)}, DType::Bool));
    scores = masked_fill(scores, logical_not(allowed), -INFINITY);
  } else if (attn_mask.defined()) {
    scores =
        attn_mask.dtype() == DType::Bool ? masked_fill(scores, logical_not(attn_mask), -INFINITY) : scores + attn_mask;
  }
  Tensor weights = softmax(scores, -1);
  if (attn_mask.defined() && attn_mask.dtype() == DType::Bool) {
    // A query that may see nothing attends to nothing, instead of NaN.
    weights = masked_fill(weights, logical_not(any(attn_mask, IntList({-1}), true)), 0.0);
  }
  if (dropout_p > 0) weights = dropout(weights, dropout_p, true);
  return matmul(weights, v);
}

namespace {
Tensor reduced(const Tensor& losses, std::string_view reduction) {
  if (reduction == "mean") return mean(losses);
  if (reduction == "sum") return sum(losses);
  if (reduction == "none") return losses;
  throw_error(ErrorKind::Value, "{} is not a valid value for reduction", reduction);
}
}  // namespace

Tensor l1_loss(const Tensor& input, const Tensor& target, std::string_view reduction) {
  return reduced(abs(input - target), reduction);
}
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, std::string_view reduction, double beta) {
  if (beta < 0) throw Error(ErrorKind::Runtime, "smooth_l1_loss does not support negative values for beta.");
  if (beta == 0) return l1_loss(input, target, reduction);
  const Tensor distance = abs(input - target);
  return reduced(where(lt(distance, beta), distance * distance * (0.5 / beta), distance - 0.5 * beta), reduction);
}
Tensor huber_loss(const Tensor& input, const Tensor& target, std::string_view reduction, double delta) {
  if (delta <= 0) throw Error(ErrorKind::Runtime, "huber_loss does not support non-positive values for delta.");
  const Tensor distance = abs(input - target);
  return reduced(where(le(distance, delta), distance * distance * 0.5, (distance - 0.5 * delta) * delta), reduction);
}
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight,
                            std::string_view reduction) {
  if (input.sizes() != target.sizes()) {
    throw_error(ErrorKind::Value,
                "Using a target size (torch.Size({})) that is different to the input size (torch.Size({})) is "
                "deprecated. Please ensure they have the same size.",
                to_string(target.sizes()), to_string(input.sizes()));
  }
  Tensor loss =
      (target - 1) * clamp(log1p(-input), OptionalScalar(-100)) - target * clamp(log(input), OptionalScalar(-100));
  if (weight.defined()) loss = loss * weight;
  return reduced(loss, reduction);
}
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target, const Tensor& weight,
                                        const Tensor& pos_weight, std::string_view reduction) {
  if (input.sizes() != target.sizes()) {
    throw_error(ErrorKind::Value, "Target size (torch.Size({})) must be the same as input size (torch.Size({}))",
                to_string(target.sizes()), to_string(input.sizes()));
  }
  const Tensor log_sigmoid = logsigmoid(input);
  Tensor loss;
  if (pos_weight.defined()) {
    const Tensor log_weight = (pos_weight - 1) * target + 1;
    loss = rsub(target, 1) * input - log_weight * log_sigmoid;
  } else {
    loss = rsub(target, 1) * input - log_sigmoid;
  }
  if (weight.defined()) loss = loss * weight;
  return reduced(loss, reduction);
}

Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight, int64_t ignore_index,
                std::string_view reduction) {
  if (input.dim() == 0) throw Error(ErrorKind::Runtime, "nll_loss: input tensor should be at least 1D");
  const int64_t class_dim = input.dim() == 1 ? 0 : 1, classes = input.size(class_dim);
  if (target.dtype() != DType::Int64 && target.dtype() != DType::UInt8 && target.dtype() != DType::Int32) {
    throw_error(ErrorKind::Runtime, "expected scalar type Long but found {}", dtype_label(target.dtype()));
  }
  if (input.dim() > 1 && input.size(0) != target.size(0)) {
    throw_error(ErrorKind::Value, "Expected input batch_size ({}) to match target batch_size ({}).", input.size(0),
                target.size(0));
  }
  const Tensor labels = to(target, DType::Int64);
  const Tensor ignored = eq(labels, ignore_index);
  const Tensor safe = masked_fill(labels, ignored, 0);
  if (labels.numel() > 0) {
    const int64_t low = ops::min(safe).item().to_int(), high = ops::max(safe).item().to_int();
    if (low < 0 || high >= classes) throw_error(ErrorKind::Index, "Target {} is out of bounds.", low < 0 ? low : high);
  }
  Tensor losses = -squeeze(gather(input, class_dim, unsqueeze(safe, class_dim)), IntList({class_dim}));
  Tensor counts;
  if (weight.defined()) {
    const Tensor factors = masked_fill(reshape(index_select(weight, 0, reshape(safe, {-1})), safe.sizes()), ignored, 0);
    losses = losses * factors;
    counts = factors;
  } else {
    counts = to(logical_not(ignored), input.dtype());
  }
  losses = masked_fill(losses, ignored, 0);
  if (reduction == "none") return losses;
  if (reduction == "sum") return sum(losses);
  if (reduction != "mean") throw_error(ErrorKind::Value, "{} is not a valid value for reduction", reduction);
  return sum(losses) / sum(counts);
}

Tensor cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight, int64_t ignore_index,
                     std::string_view reduction, double label_smoothing) {
  if (label_smoothing < 0 || label_smoothing > 1) {
    throw_error(ErrorKind::Runtime, "label_smoothing must be between 0.0 and 1.0. Got: {}", label_smoothing);
  }
  const int64_t class_dim = input.dim() == 1 ? 0 : 1;
  const Tensor log_p = log_softmax(input, class_dim);
  const int64_t classes = input.size(class_dim);
  Tensor column = weight;
  if (weight.defined()) {
    Sizes shape(input.sizes().size(), 1);
    shape[static_cast<size_t>(class_dim)] = classes;
    column = reshape(weight, shape);
  }
  if (is_floating(target.dtype()) && target.sizes() == input.sizes()) {
    // Probabilities as targets.
    Tensor p = target;
    if (label_smoothing > 0) p = p * (1 - label_smoothing) + label_smoothing / static_cast<double>(classes);
    Tensor losses = -(log_p * p);
    if (weight.defined()) losses = losses * column;
    losses = sum(losses, IntList({class_dim}));
    if (reduction == "none") return losses;
    if (reduction == "sum") return sum(losses);
    return sum(losses) / static_cast<double>(std::max<int64_t>(input.numel() / std::max<int64_t>(classes, 1), 1));
  }
  const Tensor nll = nll_loss(log_p, target, weight, ignore_index, reduction);
  if (label_smoothing == 0) return nll;
  Tensor smooth = weight.defined() ? -sum(log_p * column, IntList({class_dim})) : -sum(log_p, IntList({class_dim}));
  const Tensor ignored = eq(target, ignore_index);
  smooth = masked_fill(smooth, ignored, 0);
  if (reduction == "sum") {
    smooth = sum(smooth);
  } else if (reduction == "mean") {
    const Tensor counts =
        weight.defined()
            ? sum(masked_fill(
                  reshape(index_select(weight, 0, reshape(masked_fill(target, ignored, 0), {-1})), target.sizes()),
                  ignored, 0))
            : sum(to(logical_not(ignored), input.dtype()));
    smooth = sum(smooth) / counts;
  }
  return nll * (1 - label_smoothing) + smooth * (label_smoothing / static_cast<double>(classes));
}

Tensor kl_div(const Tensor& input, const Tensor& target, std::string_view reduction, bool log_target) {
  const Tensor losses = log_target ? exp(target) * (target - input) : xlogy(target, target) - target * input;
  if (reduction == "batchmean") return sum(losses) / static_cast<double>(input.size(0));
  return reduced(losses, reduction);
}
Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t dim, double eps) {
  const Sizes shape = broadcast_shapes(x1.sizes(), x2.sizes());
  const Tensor a = expand(x1, shape), b = expand(x2, shape);
  const Tensor na = l2_norm(a, IntList({dim}), true), nb = l2_norm(b, IntList({dim}), true);
  return sum((a / clamp(na, OptionalScalar(eps))) * (b / clamp(nb, OptionalScalar(eps))), IntList({dim}));
}
Tensor normalize(const Tensor& input, double p, int64_t dim, double eps) {
  return input / clamp(vector_norm(input, p, IntList({dim}), true), OptionalScalar(eps));
}

}  // namespace hiss::engine::composite

#include "nn/kernels/convolution.h"

#include <fmt/format.h>

#include "generated/engine/kernels.h"
#include "generated/engine/ops.h"
#include "nn/functional.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/reduce.h"
#include "tensor/kernels/rows.h"
#include "tensor/operators.h"
#include "tensor/parallel.h"

namespace hiss::engine {
namespace {

/// Unrolls one image: columns[channel, kernel position][output position]. `fold` adds back instead.
template <typename T, bool Fold>
void unroll(const ConvolutionShape& s, int64_t channels, T* image, T* columns) {
  const int64_t outputs = product(s.output), positions = product(s.kernel), inputs = product(s.input);
  const auto rank = static_cast<size_t>(s.spatial);
  const int64_t width = s.output[rank - 1], stride = s.stride[rank - 1];
  for (int64_t c = 0; c < channels; ++c) {
    T* plane = image + c * inputs;
    for (int64_t p = 0; p < positions; ++p) {
      T* row = columns + (c * positions + p) * outputs;
      Sizes tap(rank);
      int64_t rest = p;
      for (size_t d = rank; d-- > 0;) {
        tap[d] = rest % s.kernel[d] * s.dilation[d] - s.padding[d];
        rest /= s.kernel[d];
      }
      for (int64_t line = 0; line < outputs / width; ++line) {
        int64_t offset = 0;
        bool inside = true;
        int64_t index = line;
        int64_t scale = s.input[rank - 1];
        for (size_t d = rank - 1; d-- > 0;) {
          const int64_t at = index % s.output[d] * s.stride[d] + tap[d];
          index /= s.output[d];
          inside &= at >= 0 && at < s.input[d];
          offset += at * scale;
          scale *= s.input[d];
        }
        T* to = row + line * width;
        if (!inside) {
          if (!Fold) std::fill(to, to + width, T(0));
          continue;
        }
        T* from = plane + offset;
        for (int64_t x = 0; x < width; ++x) {
          const int64_t at = x * stride + tap[rank - 1];
          const bool valid = at >= 0 && at < s.input[rank - 1];
          if constexpr (Fold) {
            if (valid) from[at] += to[x];
          } else {
            to[x] = valid ? from[at] : T(0);
          }
        }
      }
    }
  }
}

template <typename T>
void forward(const ConvolutionShape& s, const T* input, const T* weight, const T* bias, T* output) {
  const int64_t channels = s.in_channels / s.groups, filters = s.out_channels / s.groups;
  const int64_t taps = channels * product(s.kernel), outputs = product(s.output), inputs = product(s.input);
  parallel_for(0, s.batch, 1, [&](int64_t begin, int64_t end) {
    std::vector<T> columns(static_cast<size_t>(taps * outputs));
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t g = 0; g < s.groups; ++g) {
        unroll<T, false>(s, channels, const_cast<T*>(input) + (n * s.in_channels + g * channels) * inputs,
                         columns.data());
        T* out = output + (n * s.out_channels + g * filters) * outputs;
        if (bias) {
          for (int64_t f = 0; f < filters; ++f)
            std::fill(out + f * outputs, out + (f + 1) * outputs, bias[g * filters + f]);
        }
        gemm_serial({false, false, filters, outputs, taps, taps, outputs, outputs}, T(1), weight + g * filters * taps,
                    columns.data(), bias ? T(1) : T(0), out);
      }
    }
  });
}

template <typename T>
void backward_input(const ConvolutionShape& s, const T* grad, const T* weight, T* result) {
  const int64_t channels = s.in_channels / s.groups, filters = s.out_channels / s.groups;
  const int64_t taps = channels * product(s.kernel), outputs = product(s.output), inputs = product(s.input);
  parallel_for(0, s.batch, 1, [&](int64_t begin, int64_t end) {
    std::vector<T> columns(static_cast<size_t>(taps * outputs));
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t g = 0; g < s.groups; ++g) {
        gemm_serial({true, false, taps, outputs, filters, taps, outputs, outputs}, T(1), weight + g * filters * taps,
                    grad + (n * s.out_channels + g * filters) * outputs, T(0), columns.data());
        T* image = result + (n * s.in_channels + g * channels) * inputs;
        std::fill(image, image + channels * inputs, T(0));
        unroll<T, true>(s, channels, image, columns.data());
      }
    }
  });
}

template <typename T>
void backward_weight(const ConvolutionShape& s, const T* grad, const T* input, T* weight) {
  const int64_t channels = s.in_channels / s.groups, filters = s.out_channels / s.groups;
  const int64_t taps = channels * product(s.kernel), outputs = product(s.output), inputs = product(s.input);
  std::vector<T> columns(static_cast<size_t>(taps * outputs));
  std::fill(weight, weight + s.out_channels * taps, T(0));
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t g = 0; g < s.groups; ++g) {
      unroll<T, false>(s, channels, const_cast<T*>(input) + (n * s.in_channels + g * channels) * inputs,
                       columns.data());
      gemm({false, true, filters, taps, outputs, outputs, outputs, taps}, T(1),
           grad + (n * s.out_channels + g * filters) * outputs, columns.data(), T(1), weight + g * filters * taps);
    }
  }
}

template <typename T>
void bias_gradient(const ConvolutionShape& s, const T* grad, T* bias) {
  const int64_t outputs = product(s.output);
  std::fill(bias, bias + s.out_channels, T(0));
  for (int64_t n = 0; n < s.batch; ++n) {
    for (int64_t c = 0; c < s.out_channels; ++c) {
      bias[c] += row_kernels<T>().sum(grad + (n * s.out_channels + c) * outputs, static_cast<size_t>(outputs));
    }
  }
}

bool is_empty(const ConvolutionShape& s) { return s.batch == 0 || product(s.output) == 0 || s.in_channels == 0; }

Sizes repeated(IntList values, int spatial) {
  Sizes result(values);
  if (result.size() == 1) result.resize(static_cast<size_t>(spatial), values[0]);
  return result;
}

struct Problem {
  ConvolutionShape shape;
  Sizes result;
};

Problem describe(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride, IntList padding,
                 IntList dilation, bool transposed, IntList output_padding, int64_t groups) {
  Problem problem;
  ConvolutionShape& s = problem.shape;
  s.spatial = static_cast<int>(weight.dim()) - 2;
  if (input.dim() != weight.dim()) {
    throw_error(ErrorKind::Runtime,
                "Expected {}D (unbatched) or {}D (batched) input to conv{}d, but got input of size: {}",
                weight.dim() - 1, weight.dim(), s.spatial, to_string(input.sizes()));
  }
  if (groups <= 0) throw Error(ErrorKind::Runtime, "non-positive groups is not supported");
  s.groups = groups;
  s.stride = repeated(stride, s.spatial);
  s.padding = repeated(padding, s.spatial);
  s.dilation = repeated(dilation, s.spatial);
  for (const int64_t value : s.stride) {
    if (value <= 0) throw Error(ErrorKind::Runtime, "non-positive stride is not supported");
  }
  for (const int64_t value : s.padding) {
    if (value < 0) throw Error(ErrorKind::Runtime, "negative padding is not supported");
  }
  const Sizes extra = repeated(output_padding, s.spatial);
  const int64_t in = input.size(1);
  s.batch = input.size(0);
  if (!transposed) {
    if (weight.size(1) * groups != in) {
      throw_error(
          ErrorKind::Runtime,
          "Given groups={}, weight of size {}, expected input{} to have {} channels, but got {} channels instead",
          groups, to_string(weight.sizes()), to_string(input.sizes()), weight.size(1) * groups, in);
    }
    if (weight.size(0) % groups != 0) {
      throw_error(
          ErrorKind::Runtime,
          "Given groups={}, expected weight to be divisible by {} at dimension 0, but got weight of size {} instead",
          groups, groups, to_string(weight.sizes()));
    }
  } else if (weight.size(0) != in) {
    throw_error(
        ErrorKind::Runtime,
        "Given transposed=1, weight of size {}, expected input{} to have {} channels, but got {} channels instead",
        to_string(weight.sizes()), to_string(input.sizes()), weight.size(0), in);
  }
  const int64_t produced = transposed ? weight.size(1) * groups : weight.size(0);
  if (bias.defined() && (bias.dim() != 1 || bias.size(0) != produced)) {
    throw_error(
        ErrorKind::Runtime,
        "Given weight of size {}, expected bias to be 1-dimensional with {} elements, but got bias of size {} instead",
        to_string(weight.sizes()), produced, to_string(bias.sizes()));
  }
  if (input.dtype() != weight.dtype()) {
    throw_error(ErrorKind::Runtime, "Input type (torch.{}Tensor) and weight type (torch.{}Tensor) should be the same",
                dtype_label(input.dtype()), dtype_label(weight.dtype()));
  }
  problem.result = {s.batch, produced};
  for (int i = 0; i < s.spatial; ++i) {
    const auto d = static_cast<size_t>(i);
    const int64_t size = input.size(i + 2), kernel = weight.size(i + 2);
    const int64_t extent = s.dilation[d] * (kernel - 1) + 1;
    s.kernel.push_back(kernel);
    if (!transposed) {
      if (size + 2 * s.padding[d] < extent) {
        Sizes padded, kernels;
        for (int j = 0; j < s.spatial; ++j) {
          padded.push_back(input.size(j + 2) + 2 * s.padding[static_cast<size_t>(j)]);
          kernels.push_back(s.dilation[static_cast<size_t>(j)] * (weight.size(j + 2) - 1) + 1);
        }
        const auto join = [](const Sizes& sizes) {
          return fmt::format("{}", fmt::join(sizes.begin(), sizes.end(), " x "));
        };
        throw_error(ErrorKind::Runtime,
                    "Calculated padded input size per channel: ({}). Kernel size: ({}). Kernel size can't be greater "
                    "than actual input size",
                    join(padded), join(kernels));
      }
      s.input.push_back(size);
      s.output.push_back((size + 2 * s.padding[d] - extent) / s.stride[d] + 1);
      problem.result.push_back(s.output.back());
    } else {
      const int64_t made = (size - 1) * s.stride[d] - 2 * s.padding[d] + extent + extra[d];
      // The transposed convolution is the input gradient of a plain one.
      s.input.push_back(made);
      s.output.push_back(size);
      problem.result.push_back(made);
    }
  }
  s.in_channels = transposed ? produced : in;
  s.out_channels = transposed ? in : produced;
  return problem;
}

}  // namespace

void convolution_forward(const ConvolutionShape& s, const Tensor& input, const Tensor& weight, const Tensor& bias,
                         const Tensor& output) {
  if (is_empty(s)) return fill_value(output, 0.0);
  if (output.dtype() == DType::Float64) {
    forward(s, input.data<double>(), weight.data<double>(), bias.defined() ? bias.data<double>() : nullptr,
            output.data<double>());
    return;
  }
  const float* b = bias.defined() ? bias.data<float>() : nullptr;
  if (!dnnl_convolution_forward(s, input.data<float>(), weight.data<float>(), b, output.data<float>())) {
    forward(s, input.data<float>(), weight.data<float>(), b, output.data<float>());
  }
}

void convolution_backward_input(const ConvolutionShape& s, const Tensor& grad, const Tensor& weight,
                                const Tensor& result) {
  if (is_empty(s)) return fill_value(result, 0.0);
  if (result.dtype() == DType::Float64) {
    backward_input(s, grad.data<double>(), weight.data<double>(), result.data<double>());
  } else if (!dnnl_convolution_backward_input(s, grad.data<float>(), weight.data<float>(), result.data<float>())) {
    backward_input(s, grad.data<float>(), weight.data<float>(), result.data<float>());
  }
}

void convolution_backward_weight(const ConvolutionShape& s, const Tensor& grad, const Tensor& input,
                                 const Tensor& weight, const Tensor& bias) {
  if (is_empty(s)) {
    fill_value(weight, 0.0);
    if (bias.defined()) fill_value(bias, 0.0);
    return;
  }
  if (weight.dtype() == DType::Float64) {
    backward_weight(s, grad.data<double>(), input.data<double>(), weight.data<double>());
    if (bias.defined()) bias_gradient(s, grad.data<double>(), bias.data<double>());
  } else if (!dnnl_convolution_backward_weight(s, grad.data<float>(), input.data<float>(), weight.data<float>(),
                                               bias.defined() ? bias.data<float>() : nullptr)) {
    backward_weight(s, grad.data<float>(), input.data<float>(), weight.data<float>());
    if (bias.defined()) bias_gradient(s, grad.data<float>(), bias.data<float>());
  }
}

namespace kernels {

Tensor convolution(const Tensor& input, const Tensor& weight, const Tensor& bias, IntList stride, IntList padding,
                   IntList dilation, bool transposed, IntList output_padding, int64_t groups) {
  const Problem problem = describe(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups);
  const DType type = compute_type(input.dtype());
  if (!is_floating(type))
    throw_error(ErrorKind::NotImplemented, "\"slow_conv2d_cpu\" not implemented for '{}'", dtype_label(input.dtype()));
  const Tensor x = as_dense(input, type), w = as_dense(weight, type), b = bias.defined() ? as_dense(bias, type) : bias;
  Tensor result = new_tensor(problem.result, type);
  if (!transposed) {
    convolution_forward(problem.shape, x, w, b, result);
  } else {
    convolution_backward_input(problem.shape, x, w, result);
    if (b.defined()) {
      Sizes column(result.sizes().size() - 1, 1);
      column[0] = b.numel();
      Tensor out = result;
      add(out, result, view(b, column), 1);
    }
  }
  return type == input.dtype() ? result : cast(result, input.dtype());
}

Tensor convolution_input_gradient(const Tensor& grad, const Tensor& input, const Tensor& weight, IntList stride,
                                  IntList padding, IntList dilation, bool transposed, IntList output_padding,
                                  int64_t groups) {
  const Problem problem =
      describe(input, weight, Tensor(), stride, padding, dilation, transposed, output_padding, groups);
  const DType type = compute_type(input.dtype());
  const Tensor g = as_dense(grad, type), w = as_dense(weight, type);
  Tensor result = new_tensor(input.sizes(), type);
  if (!transposed) {
    convolution_backward_input(problem.shape, g, w, result);
  } else {
    convolution_forward(problem.shape, g, w, Tensor(), result);
  }
  return type == input.dtype() ? result : cast(result, input.dtype());
}

std::tuple<Tensor, Tensor> convolution_weight_gradient(const Tensor& grad, const Tensor& input, const Tensor& weight,
                                                       IntList stride, IntList padding, IntList dilation,
                                                       bool transposed, IntList output_padding, int64_t groups,
                                                       bool with_bias) {
  const Problem problem =
      describe(input, weight, Tensor(), stride, padding, dilation, transposed, output_padding, groups);
  const DType type = compute_type(input.dtype());
  const Tensor g = as_dense(grad, type), x = as_dense(input, type);
  Tensor result = new_tensor(weight.sizes(), type), bias;
  if (with_bias && !transposed) bias = new_tensor({problem.shape.out_channels}, type);
  if (!transposed) {
    convolution_backward_weight(problem.shape, g, x, result, bias);
  } else {
    convolution_backward_weight(problem.shape, x, g, result, Tensor());
    if (with_bias) {
      Sizes dims{0};
      for (int64_t d = 2; d < g.dim(); ++d) dims.push_back(d);
      bias = reduce(g, Reduction::Sum, dims, false, type);
    }
  }
  if (type == input.dtype()) return {result, bias};
  return {cast(result, input.dtype()), bias.defined() ? cast(bias, input.dtype()) : bias};
}

}  // namespace kernels

namespace formulas {

Triple convolution_backward(const Tensor& grad, const Tensor& input, const Tensor& weight, IntList stride,
                            IntList padding, IntList dilation, bool transposed, IntList output_padding, int64_t groups,
                            const Mask3& mask) {
  Triple result;
  if (mask[0]) {
    std::get<0>(result) = ops::convolution_input_gradient(grad, input, weight, stride, padding, dilation, transposed,
                                                          output_padding, groups);
  }
  if (mask[1]) {
    std::tie(std::get<1>(result), std::get<2>(result)) = ops::convolution_weight_gradient(
        grad, input, weight, stride, padding, dilation, transposed, output_padding, groups, mask[2]);
  } else if (mask[2]) {
    Sizes dims{0};
    for (int64_t d = 2; d < grad.dim(); ++d) dims.push_back(d);
    std::get<2>(result) = ops::sum(grad, IntList(dims));
  }
  return result;
}

/// Gradients of the input gradient, which is linear in `grad` and in `weight`.
std::tuple<Tensor, Tensor> convolution_input_double_backward(const Tensor& gg, const Tensor& grad, const Tensor& input,
                                                             const Tensor& weight, IntList stride, IntList padding,
                                                             IntList dilation, bool transposed, IntList output_padding,
                                                             int64_t groups, const std::array<bool, 2>& mask) {
  static_cast<void>(input);
  std::tuple<Tensor, Tensor> result;
  if (mask[0]) {
    std::get<0>(result) =
        ops::convolution(gg, weight, Tensor(), stride, padding, dilation, transposed, output_padding, groups);
  }
  if (mask[1]) {
    std::get<1>(result) = std::get<0>(ops::convolution_weight_gradient(grad, gg, weight, stride, padding, dilation,
                                                                       transposed, output_padding, groups, false));
  }
  return result;
}

std::tuple<Tensor, Tensor> convolution_weight_double_backward(const Tensor& gg_weight, const Tensor& gg_bias,
                                                              const Tensor& grad, const Tensor& input,
                                                              const Tensor& weight, IntList stride, IntList padding,
                                                              IntList dilation, bool transposed, IntList output_padding,
                                                              int64_t groups, const std::array<bool, 2>& mask) {
  static_cast<void>(weight);
  std::tuple<Tensor, Tensor> result;
  if (mask[0]) {
    Tensor total;
    if (gg_weight.defined()) {
      total =
          ops::convolution(input, gg_weight, gg_bias, stride, padding, dilation, transposed, output_padding, groups);
    } else if (gg_bias.defined()) {
      Sizes column(grad.sizes().size() - 1, 1);
      column[0] = gg_bias.numel();
      total = ops::expand(ops::reshape(gg_bias, column), grad.sizes());
    }
    std::get<0>(result) = total;
  }
  if (mask[1] && gg_weight.defined()) {
    std::get<1>(result) = ops::convolution_input_gradient(grad, input, gg_weight, stride, padding, dilation, transposed,
                                                          output_padding, groups);
  }
  return result;
}

}  // namespace formulas
}  // namespace hiss::engine

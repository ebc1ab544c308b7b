// Pooling, resizing, embedding look-up, the mean squared error: small kernels over dense memory.
#include <cmath>
#include <limits>

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

struct Window {
  int64_t height, width, out_height, out_width;
  int64_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
};

int64_t pooled(int64_t size, int64_t kernel, int64_t pad, int64_t stride, int64_t dilation, bool ceil_mode) {
  const int64_t extent = dilation * (kernel - 1) + 1;
  int64_t out = (size + 2 * pad - extent + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  // The last window must start inside the input or its left padding.
  if (ceil_mode && (out - 1) * stride >= size + pad) --out;
  return out;
}

Window window(IntList input, IntList kernel, IntList stride, IntList padding, IntList dilation, bool ceil_mode) {
  if (input.size() != 3 && input.size() != 4) {
    throw_error(ErrorKind::Runtime, "non-empty 3D or 4D (batch mode) tensor expected for input, but got: {}",
                to_string(input));
  }
  const auto pick = [](IntList list, size_t i) { return list.size() == 1 ? list[0] : list[i]; };
  const IntList steps = stride.empty() ? kernel : stride;
  Window w{};
  w.height = input[input.size() - 2];
  w.width = input[input.size() - 1];
  w.kernel_h = pick(kernel, 0), w.kernel_w = pick(kernel, 1);
  w.stride_h = pick(steps, 0), w.stride_w = pick(steps, 1);
  w.pad_h = pick(padding, 0), w.pad_w = pick(padding, 1);
  w.dilation_h = pick(dilation, 0), w.dilation_w = pick(dilation, 1);
  if (w.stride_h <= 0 || w.stride_w <= 0) throw Error(ErrorKind::Runtime, "stride should not be zero");
  if (w.kernel_h <= 0 || w.kernel_w <= 0) throw Error(ErrorKind::Runtime, "kernel size should be greater than zero");
  if (w.pad_h * 2 > w.kernel_h || w.pad_w * 2 > w.kernel_w) {
    throw_error(ErrorKind::Runtime,
                "pad should be at most half of effective kernel size, but got pad={}, kernel_size={} and dilation={}",
                std::max(w.pad_h, w.pad_w), std::min(w.kernel_h, w.kernel_w), w.dilation_h);
  }
  w.out_height = pooled(w.height, w.kernel_h, w.pad_h, w.stride_h, w.dilation_h, ceil_mode);
  w.out_width = pooled(w.width, w.kernel_w, w.pad_w, w.stride_w, w.dilation_w, ceil_mode);
  if (w.out_height <= 0 || w.out_width <= 0) {
    throw_error(ErrorKind::Runtime,
                "Given input size: ({}x{}x{}). Calculated output size: ({}x{}x{}). Output size is too small",
                input[input.size() - 3], w.height, w.width, input[input.size() - 3], w.out_height, w.out_width);
  }
  return w;
}

Sizes with_size(IntList input, int64_t height, int64_t width) {
  Sizes result(input);
  result[result.size() - 2] = height;
  result[result.size() - 1] = width;
  return result;
}

template <typename Body>
void dispatch_real(DType type, Body&& body) {
  if (type == DType::Float64) {
    body(static_cast<double*>(nullptr));
  } else {
    body(static_cast<float*>(nullptr));
  }
}

/// Calls body(output position, first row, last row, first column, last column, divisor) for every window.
template <typename Body>
void average_windows(const Window& w, bool count_include_pad, std::optional<int64_t> divisor, Body&& body) {
  for (int64_t y = 0; y < w.out_height; ++y) {
    for (int64_t x = 0; x < w.out_width; ++x) {
      int64_t h0 = y * w.stride_h - w.pad_h, w0 = x * w.stride_w - w.pad_w;
      int64_t h1 = std::min(h0 + w.kernel_h, w.height + w.pad_h), w1 = std::min(w0 + w.kernel_w, w.width + w.pad_w);
      const int64_t padded = (h1 - h0) * (w1 - w0);
      h0 = std::max<int64_t>(h0, 0), w0 = std::max<int64_t>(w0, 0);
      h1 = std::min(h1, w.height), w1 = std::min(w1, w.width);
      const int64_t count = divisor ? *divisor : count_include_pad ? padded : (h1 - h0) * (w1 - w0);
      body(y * w.out_width + x, h0, h1, w0, w1, count);
    }
  }
}

}  // namespace

namespace kernels {

Tensor avg_pool2d(const Tensor& self, IntList kernel_size, IntList stride, IntList padding, bool ceil_mode,
                  bool count_include_pad, std::optional<int64_t> divisor_override) {
  const Window w = window(self.sizes(), kernel_size, stride, padding, {1, 1}, ceil_mode);
  const DType compute = compute_type(self.dtype());
  const Tensor input = as_dense(self, compute);
  Tensor result = new_tensor(with_size(self.sizes(), w.out_height, w.out_width), compute);
  const int64_t planes = w.height * w.width == 0 ? 0 : input.numel() / (w.height * w.width);
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    parallel_for(0, planes, std::max<int64_t>(1, kGrain / (w.height * w.width)), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const T* plane = input.data<T>() + p * w.height * w.width;
        T* out = result.data<T>() + p * w.out_height * w.out_width;
        average_windows(w, count_include_pad, divisor_override,
                        [&](int64_t at, int64_t h0, int64_t h1, int64_t w0, int64_t w1, int64_t n) {
                          T total = 0;
                          for (int64_t y = h0; y < h1; ++y) {
                            for (int64_t x = w0; x < w1; ++x) total += plane[y * w.width + x];
                          }
                          out[at] = total / static_cast<T>(n);
                        });
      }
    });
  });
  return compute == self.dtype() ? result : cast(result, self.dtype());
}

Tensor avg_pool2d_backward(const Tensor& grad_output, IntList input_sizes, IntList kernel_size, IntList stride,
                           IntList padding, bool ceil_mode, bool count_include_pad,
                           std::optional<int64_t> divisor_override) {
  const Window w = window(input_sizes, kernel_size, stride, padding, {1, 1}, ceil_mode);
  const DType compute = compute_type(grad_output.dtype());
  const Tensor grad = as_dense(grad_output, compute);
  Tensor result = zeros(input_sizes, compute);
  const int64_t planes = w.height * w.width == 0 ? 0 : result.numel() / (w.height * w.width);
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    parallel_for(0, planes, std::max<int64_t>(1, kGrain / (w.height * w.width)), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        T* plane = result.data<T>() + p * w.height * w.width;
        const T* from = grad.data<T>() + p * w.out_height * w.out_width;
        average_windows(w, count_include_pad, divisor_override,
                        [&](int64_t at, int64_t h0, int64_t h1, int64_t w0, int64_t w1, int64_t n) {
                          const T share = from[at] / static_cast<T>(n);
                          for (int64_t y = h0; y < h1; ++y) {
                            for (int64_t x = w0; x < w1; ++x) plane[y * w.width + x] += share;
                          }
                        });
      }
    });
  });
  return compute == grad_output.dtype() ? result : cast(result, grad_output.dtype());
}

std::tuple<Tensor, Tensor> max_pool2d_with_indices(const Tensor& self, IntList kernel_size, IntList stride,
                                                   IntList padding, IntList dilation, bool ceil_mode) {
  const Window w = window(self.sizes(), kernel_size, stride, padding, dilation, ceil_mode);
  const DType compute = compute_type(self.dtype());
  const Tensor input = as_dense(self, compute);
  const Sizes shape = with_size(self.sizes(), w.out_height, w.out_width);
  Tensor result = new_tensor(shape, compute), indices = new_tensor(shape, DType::Int64);
  const int64_t planes = w.height * w.width == 0 ? 0 : input.numel() / (w.height * w.width);
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    parallel_for(0, planes, std::max<int64_t>(1, kGrain / (w.height * w.width)), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const T* plane = input.data<T>() + p * w.height * w.width;
        for (int64_t y = 0; y < w.out_height; ++y) {
          for (int64_t x = 0; x < w.out_width; ++x) {
            T best = -std::numeric_limits<T>::infinity();
            int64_t where = -1;
            for (int64_t i = 0; i < w.kernel_h; ++i) {
              const int64_t h = y * w.stride_h - w.pad_h + i * w.dilation_h;
              if (h < 0 || h >= w.height) continue;
              for (int64_t j = 0; j < w.kernel_w; ++j) {
                const int64_t v = x * w.stride_w - w.pad_w + j * w.dilation_w;
                if (v < 0 || v >= w.width) continue;
                const T value = plane[h * w.width + v];
                if (where < 0 || value > best || value != value) {
                  best = value;
                  where = h * w.width + v;
                }
              }
            }
            const int64_t at = (p * w.out_height + y) * w.out_width + x;
            result.data<T>()[at] = best;
            indices.data<int64_t>()[at] = where;
          }
        }
      }
    });
  });
  return {compute == self.dtype() ? result : cast(result, self.dtype()), indices};
}

namespace {
/// Source position of each output position for nearest-neighbour resizing.
std::vector<int64_t> nearest_map(int64_t in, int64_t out, std::optional<double> scale) {
  std::vector<int64_t> map(static_cast<size_t>(out));
  const float ratio =
      scale && *scale > 0 ? static_cast<float>(1.0 / *scale) : static_cast<float>(in) / static_cast<float>(out);
  for (int64_t i = 0; i < out; ++i) {
    map[static_cast<size_t>(i)] =
        out == in       ? i
        : out == 2 * in ? i >> 1
                        : std::min(static_cast<int64_t>(std::floor(static_cast<float>(i) * ratio)), in - 1);
  }
  return map;
}
}  // namespace

Tensor upsample_nearest2d(const Tensor& self, IntList output_size, std::optional<double> scales_h,
                          std::optional<double> scales_w) {
  if (self.dim() != 4)
    throw_error(ErrorKind::Runtime, "Non-empty 4D data tensor expected but got a tensor with sizes {}",
                to_string(self.sizes()));
  const int64_t h = self.size(2), w = self.size(3), oh = output_size[0], ow = output_size.back();
  const Tensor input = dense(self);
  Tensor result = new_tensor(with_size(self.sizes(), oh, ow), self.dtype());
  const auto rows = nearest_map(h, oh, scales_h), columns = nearest_map(w, ow, scales_w);
  const int64_t planes = self.size(0) * self.size(1);
  dispatch_size(self.item_size(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    parallel_for(0, planes, std::max<int64_t>(1, kGrain / std::max<int64_t>(oh * ow, 1)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t p = begin; p < end; ++p) {
                     for (int64_t y = 0; y < oh; ++y) {
                       const T* from = input.data<T>() + (p * h + rows[static_cast<size_t>(y)]) * w;
                       T* to = result.data<T>() + (p * oh + y) * ow;
                       for (int64_t x = 0; x < ow; ++x) to[x] = from[columns[static_cast<size_t>(x)]];
                     }
                   }
                 });
  });
  return result;
}

Tensor upsample_nearest2d_backward(const Tensor& grad_output, IntList input_size, IntList,
                                   std::optional<double> scales_h, std::optional<double> scales_w) {
  const DType compute = compute_type(grad_output.dtype());
  const Tensor grad = as_dense(grad_output, compute);
  const int64_t h = input_size[2], w = input_size[3], oh = grad.size(2), ow = grad.size(3);
  Tensor result = zeros(input_size, compute);
  const auto rows = nearest_map(h, oh, scales_h), columns = nearest_map(w, ow, scales_w);
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    parallel_for(0, input_size[0] * input_size[1], std::max<int64_t>(1, kGrain / std::max<int64_t>(oh * ow, 1)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t p = begin; p < end; ++p) {
                     for (int64_t y = 0; y < oh; ++y) {
                       T* to = result.data<T>() + (p * h + rows[static_cast<size_t>(y)]) * w;
                       const T* from = grad.data<T>() + (p * oh + y) * ow;
                       for (int64_t x = 0; x < ow; ++x) to[columns[static_cast<size_t>(x)]] += from[x];
                     }
                   }
                 });
  });
  return compute == grad_output.dtype() ? result : cast(result, grad_output.dtype());
}

Tensor embedding(const Tensor& weight, const Tensor& indices, int64_t) {
  if (weight.dim() != 2) throw Error(ErrorKind::Runtime, "'weight' must be 2-D");
  if (indices.dtype() != DType::Int64 && indices.dtype() != DType::Int32) {
    throw_error(ErrorKind::Runtime,
                "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but "
                "got torch.{}Tensor "
                "instead (while checking arguments for embedding)",
                dtype_label(indices.dtype()));
  }
  const Tensor ids = as_dense(indices, DType::Int64), table = dense(weight);
  Sizes shape = indices.sizes();
  const int64_t width = weight.size(1), count = weight.size(0);
  shape.push_back(width);
  Tensor result = new_tensor(shape, weight.dtype());
  const auto row = static_cast<size_t>(width) * weight.item_size();
  for (int64_t i = 0; i < ids.numel(); ++i) {
    const int64_t id = ids.data<int64_t>()[i];
    if (id < 0 || id >= count) throw Error(ErrorKind::Index, "index out of range in self");
    std::memcpy(static_cast<char*>(result.raw_data()) + static_cast<size_t>(i) * row,
                static_cast<const char*>(table.raw_data()) + static_cast<size_t>(id) * row, row);
  }
  return result;
}

namespace {
Tensor apply_reduction(const Tensor& losses, std::string_view reduction) {
  if (reduction == "none") return losses;
  if (reduction == "mean") return mean(losses, std::nullopt, false, std::nullopt);
  if (reduction == "sum") return sum(losses, std::nullopt, false, std::nullopt);
  throw_error(ErrorKind::Value, "{} is not a valid value for reduction", reduction);
}
}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, std::string_view reduction) {
  const bool fused = reduction != "none" && input.sizes() == target.sizes() && input.dtype() == target.dtype() &&
                     input.is_contiguous() && target.is_contiguous() && input.numel() > 0 &&
                     (input.dtype() == DType::Float32 || input.dtype() == DType::Float64);
  if (!fused) {
    Tensor difference, square;
    binary(difference, Binary::Sub, input, target);
    unary(square, Unary::Square, difference);
    return apply_reduction(square, reduction);
  }
  Tensor result = new_tensor({}, input.dtype());
  const auto run = [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    constexpr int64_t kPart = 65536;
    const int64_t n = input.numel(), parts = (n + kPart - 1) / kPart;
    std::vector<double> partial(static_cast<size_t>(parts));
    parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        partial[static_cast<size_t>(p)] = static_cast<double>(
            row_kernels<T>().squared_distance(input.data<T>() + p * kPart, target.data<T>() + p * kPart,
                                              static_cast<size_t>(std::min(kPart, n - p * kPart))));
      }
    });
    double total = 0;
    for (const double value : partial) total += value;
    *result.data<T>() = static_cast<T>(reduction == "mean" ? total / static_cast<double>(n) : total);
  };
  dispatch_real(input.dtype(), run);
  if (reduction != "mean" && reduction != "sum") apply_reduction(result, reduction);
  return result;
}

Tensor mse_loss_backward(const Tensor& grad_output, const Tensor& input, const Tensor& target,
                         std::string_view reduction) {
  const double factor = reduction == "mean" ? 2.0 / static_cast<double>(std::max<int64_t>(input.numel(), 1)) : 2.0;
  if (grad_output.numel() == 1 && input.sizes() == target.sizes() && input.is_contiguous() && target.is_contiguous() &&
      input.dtype() == target.dtype() && (input.dtype() == DType::Float32 || input.dtype() == DType::Float64)) {
    const double scale = factor * grad_output.item().to_double();
    Tensor result = new_tensor(input.sizes(), input.dtype());
    dispatch_real(input.dtype(), [&](auto* tag) {
      using T = std::remove_pointer_t<decltype(tag)>;
      parallel_for(0, input.numel(), kGrain, [&](int64_t begin, int64_t end) {
        row_kernels<T>().combine(result.data<T>() + begin, input.data<T>() + begin, target.data<T>() + begin,
                                 static_cast<size_t>(end - begin), static_cast<T>(scale), static_cast<T>(-scale), T(0));
      });
    });
    return result;
  }
  Tensor difference, scaled, result;
  binary(difference, Binary::Sub, input, target);
  binary(scaled, Binary::Mul, difference, factor);
  binary(result, Binary::Mul, scaled, grad_output);
  return result;
}

Tensor max_pool2d_scatter(const Tensor& grad, const Tensor& indices, IntList input_sizes) {
  const DType compute = compute_type(grad.dtype());
  const Tensor g = as_dense(grad, compute), where = dense(indices);
  Tensor result = zeros(input_sizes, compute);
  const int64_t plane = input_sizes[input_sizes.size() - 1] * input_sizes[input_sizes.size() - 2];
  const int64_t out_plane = g.size(-1) * g.size(-2);
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    for (int64_t i = 0; i < g.numel(); ++i) {
      result.data<T>()[i / out_plane * plane + where.data<int64_t>()[i]] += g.data<T>()[i];
    }
  });
  return compute == grad.dtype() ? result : cast(result, grad.dtype());
}

Tensor embedding_scatter(const Tensor& grad, const Tensor& indices, IntList weight_sizes, int64_t padding_idx) {
  const DType compute = compute_type(grad.dtype());
  const Tensor g = as_dense(grad, compute), ids = as_dense(indices, DType::Int64);
  Tensor result = zeros(weight_sizes, compute);
  const int64_t width = weight_sizes[1];
  dispatch_real(compute, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    for (int64_t i = 0; i < ids.numel(); ++i) {
      const int64_t id = ids.data<int64_t>()[i];
      if (id == padding_idx) continue;
      row_kernels<T>().add_into(result.data<T>() + id * width, g.data<T>() + i * width, static_cast<size_t>(width));
    }
  });
  return compute == grad.dtype() ? result : cast(result, grad.dtype());
}

Tensor one_hot(const Tensor& self, int64_t num_classes) {
  if (self.dtype() != DType::Int64)
    throw Error(ErrorKind::Runtime, "one_hot is only applicable to index tensor of type LongTensor.");
  const Tensor ids = dense(self);
  const int64_t* data = ids.data<int64_t>();
  int64_t classes = num_classes;
  if (classes <= 0) {
    if (self.numel() == 0) throw Error(ErrorKind::Runtime, "Can not infer total number of classes from empty tensor.");
    classes = *std::max_element(data, data + ids.numel()) + 1;
  }
  Sizes shape = self.sizes();
  shape.push_back(classes);
  Tensor result = zeros(shape, DType::Int64);
  for (int64_t i = 0; i < ids.numel(); ++i) {
    if (data[i] < 0) throw Error(ErrorKind::Runtime, "Class values must be non-negative.");
    if (data[i] >= classes) throw Error(ErrorKind::Runtime, "Class values must be smaller than num_classes.");
    result.data<int64_t>()[i * classes + data[i]] = 1;
  }
  return result;
}

}  // namespace kernels

namespace formulas {

// Differentiable, because a scatter by position is linear: its own gradient picks the same positions.
Tensor max_pool2d_backward(const Tensor& grad, const Tensor& indices, IntList input_sizes) {
  return ops::max_pool2d_scatter(grad, indices, input_sizes);
}
Tensor embedding_backward(const Tensor& grad, const Tensor& indices, IntList weight_sizes, int64_t padding_idx) {
  return ops::embedding_scatter(grad, indices, weight_sizes, padding_idx);
}

Triple linear_backward(const Tensor& grad, const Tensor& input, const Tensor& weight, const Mask3& mask) {
  Triple result;
  const int64_t out = weight.size(0), in = weight.size(1);
  const Tensor rows = grad.dim() == 2 ? grad : ops::reshape(grad, {-1, out});
  if (mask[0]) {
    const Tensor dx = ops::mm(rows, weight);
    std::get<0>(result) = input.dim() == 2 ? dx : ops::view(dx, input.sizes());
  }
  if (mask[1]) std::get<1>(result) = ops::mm(ops::t(rows), input.dim() == 2 ? input : ops::reshape(input, {-1, in}));
  if (mask[2]) std::get<2>(result) = ops::sum(rows, IntList({0}));
  return result;
}

}  // namespace formulas
}  // namespace hiss::engine

#include "tensor/formulas.h"

#include <cmath>
#include <numeric>

#include "autograd/generated_node.h"
#include "tensor/operators.h"
#include "tensor/shape.h"

namespace hiss::engine {

Tensor clone_for_write(const Tensor& self) {
  NoGrad no_grad;
  return ops::clone(self);
}
Tensor clone_for_backward(const Tensor& self) { return ops::clone(self); }

namespace formulas {
using namespace ops;
namespace {

/// Puts back the dimensions that a reduction without keepdim removed.
Tensor restored(const Tensor& tensor, IntList sizes, OptionalIntList dim, bool keepdim) {
  if (keepdim || sizes.empty()) return tensor;
  if (tensor.dim() == static_cast<int64_t>(sizes.size())) return tensor;
  const Sizes dims = wrap_dims(dim, static_cast<int64_t>(sizes.size()));
  Sizes shape(sizes);
  for (const int64_t d : dims) shape[static_cast<size_t>(d)] = 1;
  return view(tensor.is_contiguous() ? tensor : contiguous(tensor), shape);
}

int64_t reduced_count(IntList sizes, OptionalIntList dim) {
  int64_t count = 1;
  for (const int64_t d : wrap_dims(dim, static_cast<int64_t>(sizes.size()))) {
    if (!sizes.empty()) count *= sizes[static_cast<size_t>(d)];
  }
  return count;
}

}  // namespace

Tensor scaled(const Tensor& tensor, const Scalar& factor) { return factor.equals(1) ? tensor : mul(tensor, factor); }

OneMinus::OneMinus(const Operand& weight) {
  if (weight.is_tensor()) {
    tensor_ = rsub(weight.tensor(), 1);
  } else {
    scalar_ = 1.0 - weight.scalar().to_double();
  }
}

Tensor div_mode_self(const Tensor& grad, const Operand& other, const std::optional<std::string>& mode) {
  return mode ? zeros_like(grad) : grad / other;
}
Tensor div_mode_other(const Tensor& grad, const Tensor& self, const Operand& other,
                      const std::optional<std::string>& mode) {
  return mode ? zeros_like(grad) : -(grad * ((self / other) / other));
}

Tensor pow_backward_self(const Tensor& grad, const Tensor& self, const Operand& exponent) {
  if (!exponent.is_tensor()) {
    const Scalar& n = exponent.scalar();
    if (n.equals(0)) return zeros_like(grad);
    if (n.equals(2)) return grad * (self * n);
    return grad * (pow(self, n.is_floating() ? Scalar(n.to_double() - 1) : Scalar(n.to_int() - 1)) * n);
  }
  const Tensor& n = exponent.tensor();
  return where(eq(n, 0.0), 0.0, grad * (n * pow(self, n - 1)));
}
Tensor pow_backward_exponent(const Tensor& grad, const Tensor& self, const Operand& exponent, const Tensor& result) {
  // 0 ** n has slope 0 for n >= 0, where the logarithm would give NaN.
  const Tensor condition = logical_and(eq(self, 0), ge(exponent.tensor(), 0));
  return grad * where(condition, 0.0, result * log(self));
}
Tensor pow_backward_base(const Tensor& grad, const Scalar& base, const Tensor& exponent, const Tensor& result) {
  if (base.equals(0)) return where(ge(exponent, 0), 0.0, grad * (result * std::log(base.to_double())));
  return grad * (result * std::log(base.to_double()));
}
Tensor maximum_backward(const Tensor& grad, const Tensor& self, const Tensor& other) {
  return masked_fill(where(eq(self, other), grad / 2, grad), lt(self, other), 0);
}
Tensor minimum_backward(const Tensor& grad, const Tensor& self, const Tensor& other) {
  return masked_fill(where(eq(self, other), grad / 2, grad), gt(self, other), 0);
}
Tensor copysign_sign(const Tensor& self, const Tensor& result) {
  const Tensor ratio = result / self;
  return masked_fill(ratio, eq(self, 0), 0);
}
Tensor xlogy_log(const Tensor& self, const Operand& other) {
  const Tensor logarithm =
      other.is_tensor() ? log(other.tensor()) : full_like(self, std::log(other.scalar().to_double()));
  return masked_fill(logarithm, logical_and(eq(self, 0), le(logarithm, -INFINITY)), 0);
}
Tensor clamp_backward(const Tensor& grad, const Tensor& self, const OptionalScalar& min, const OptionalScalar& max) {
  if (min && max) return where(logical_and(ge(self, *min), le(self, *max)), grad, 0.0);
  if (min) return where(ge(self, *min), grad, 0.0);
  return where(le(self, *max), grad, 0.0);
}
Tensor clamp_tensor_backward_self(const Tensor& grad, const Tensor& self, const Tensor& min, const Tensor& max) {
  Tensor result = grad;
  if (min.defined()) result = where(ge(self, min), result, 0.0);
  if (max.defined()) result = where(le(self, max), result, 0.0);
  return result;
}
Tensor clamp_tensor_backward_min(const Tensor& grad, const Tensor& self, const Tensor& min, const Tensor& max) {
  if (!max.defined()) return where(lt(self, min), grad, 0.0);
  return where(logical_and(lt(self, min), lt(min, max)), grad, 0.0);
}
Tensor clamp_tensor_backward_max(const Tensor& grad, const Tensor& self, const Tensor& min, const Tensor& max) {
  if (!min.defined()) return where(gt(self, max), grad, 0.0);
  return where(logical_or(gt(self, max), lt(max, min)), grad, 0.0);
}
Tensor masked_fill_value_backward(const Tensor& grad, const Tensor& mask) { return sum(where(mask, grad, 0.0)); }

Tensor silu_double_backward(const Tensor& grad, const Tensor& self) {
  const Tensor s = sigmoid(self);
  const Tensor slope = s * rsub(s, 1);
  return grad * slope * (self * rsub(s * 2, 1) + 2);
}
Tensor gelu_double_backward(const Tensor& grad, const Tensor& self, std::string_view approximate) {
  if (approximate == "none") {
    // phi(x) (2 - x^2)
    const Tensor square = self * self;
    return grad * exp(square * -0.5) * rsub(square, 2) * 0.3989422804014327;
  }
  constexpr double kBeta = 0.7978845608028654, kKappa = 0.044715;
  const Tensor square = self * self;
  const Tensor t = tanh((self * square * kKappa + self) * kBeta);
  const Tensor inner = (square * (3 * kKappa) + 1) * kBeta;
  const Tensor slope = rsub(t * t, 1);
  return grad * slope * (inner - self * t * inner * inner + self * self * (3 * kKappa * kBeta));
}
Tensor softplus_backward(const Tensor& grad, const Tensor& self, const Scalar& beta, const Scalar& threshold) {
  const Tensor scaled_input = self * beta;
  return where(gt(scaled_input, threshold), grad, grad * sigmoid(scaled_input));
}

Sizes inverse_permutation(IntList dims) {
  Sizes result(dims.size());
  for (size_t i = 0; i < dims.size(); ++i) {
    result[static_cast<size_t>(wrap_dim(dims[i], static_cast<int64_t>(dims.size())))] = static_cast<int64_t>(i);
  }
  return result;
}

Tensor split_sizes_backward(const std::vector<Tensor>& grads, IntList lengths, IntList sizes, DType dtype,
                            int64_t dim) {
  const auto d = static_cast<size_t>(wrap_dim(dim, static_cast<int64_t>(sizes.size())));
  std::vector<Tensor> parts;
  for (size_t i = 0; i < grads.size(); ++i) {
    if (grads[i].defined()) {
      parts.push_back(grads[i]);
    } else {
      Sizes shape(sizes);
      shape[d] = lengths[i];
      parts.push_back(zeros(shape, dtype));
    }
  }
  return cat(parts, static_cast<int64_t>(d));
}
Tensor split_backward(const std::vector<Tensor>& grads, IntList sizes, DType dtype, int64_t dim) {
  const auto d = static_cast<size_t>(wrap_dim(dim, static_cast<int64_t>(sizes.size())));
  // All parts are as long as the first, except perhaps the last.
  const auto count = static_cast<int64_t>(grads.size());
  int64_t length = 0;
  for (int64_t i = 0; i < count; ++i) {
    const Tensor& grad = grads[static_cast<size_t>(i)];
    if (!grad.defined()) continue;
    if (i + 1 < count || count == 1) {
      length = grad.size(static_cast<int64_t>(d));
      break;
    }
    length = (sizes[d] - grad.size(static_cast<int64_t>(d))) / (count - 1);
  }
  Sizes lengths(grads.size(), length);
  lengths.back() = sizes[d] - length * (count - 1);
  return split_sizes_backward(grads, lengths, sizes, dtype, dim);
}
Tensor unbind_backward(const std::vector<Tensor>& grads, IntList sizes, DType dtype, int64_t dim) {
  Sizes shape(sizes);
  shape.erase(static_cast<size_t>(wrap_dim(dim, static_cast<int64_t>(sizes.size()))));
  std::vector<Tensor> parts;
  for (const Tensor& grad : grads) parts.push_back(grad.defined() ? grad : zeros(shape, dtype));
  return stack(parts, dim);
}
std::vector<Tensor> cat_backward(const Tensor& grad, const std::vector<Tensor>& tensors, int64_t dim) {
  std::vector<Tensor> result;
  const int64_t d = wrap_dim(dim, grad.dim());
  int64_t start = 0;
  for (const Tensor& tensor : tensors) {
    if (tensor.dim() == 1 && tensor.size(0) == 0) {
      result.push_back(zeros({0}, grad.dtype()));
      continue;
    }
    const int64_t length = tensor.size(d);
    result.push_back(slice(grad, d, start, start + length));
    start += length;
  }
  return result;
}

Tensor index_backward(const Tensor& grad, const std::vector<Tensor>& indices, IntList sizes, DType dtype) {
  return index_put(zeros(sizes, dtype), indices, grad, true);
}
Tensor index_put_backward_self(const Tensor& grad, const std::vector<Tensor>& indices, bool accumulate) {
  return accumulate ? grad : index_put(grad, indices, zeros({}, grad.dtype()));
}
Tensor index_select_backward(const Tensor& grad, IntList sizes, int64_t dim, const Tensor& index) {
  return index_add(zeros(sizes, grad.dtype()), dim, index, grad);
}

Tensor sum_backward(const Tensor& grad, IntList sizes, OptionalIntList dim, bool keepdim) {
  return expand(restored(grad, sizes, dim, keepdim), sizes);
}
Tensor mean_backward(const Tensor& grad, IntList sizes, OptionalIntList dim, bool keepdim) {
  return expand(restored(grad / static_cast<double>(reduced_count(sizes, dim)), sizes, dim, keepdim), sizes);
}

namespace {
/// Product of all other elements, without dividing: exact where elements are zero.
Tensor products_of_others(const Tensor& self, int64_t dim) {
  const Tensor ones_head = ones_like(narrow(self, dim, 0, 1));
  const int64_t count = self.size(dim);
  const Tensor before = cumprod(cat({ones_head, narrow(self, dim, 0, count - 1)}, dim), dim);
  const Tensor reversed = flip(self, {dim});
  const Tensor after = flip(cumprod(cat({ones_head, narrow(reversed, dim, 0, count - 1)}, dim), dim), {dim});
  return before * after;
}
}  // namespace

Tensor prod_backward(const Tensor& grad, const Tensor& self, const Tensor& result) {
  static_cast<void>(result);
  if (self.dim() == 0) return grad;
  if (self.numel() == 0) return zeros_like(self);
  return reshape(grad * products_of_others(reshape(self, {-1}), 0), self.sizes());
}
Tensor prod_dim_backward(const Tensor& grad, const Tensor& self, const Tensor& result, int64_t dim, bool keepdim) {
  static_cast<void>(result);
  if (self.dim() == 0) return grad;
  const int64_t d = wrap_dim(dim, self.dim());
  if (self.numel() == 0) return zeros_like(self);
  return (keepdim ? grad : unsqueeze(grad, d)) * products_of_others(self, d);
}

Tensor var_backward(const Tensor& grad, const Tensor& self, OptionalIntList dim, double correction, bool keepdim) {
  const double count = static_cast<double>(reduced_count(self.sizes(), dim));
  const Sizes dims = wrap_dims(dim, self.dim());
  return restored(grad, self.sizes(), dim, keepdim) * (self - mean(self, IntList(dims), true)) *
         (2.0 / (count - correction));
}
Tensor std_backward(const Tensor& grad, const Tensor& self, const Tensor& result, OptionalIntList dim,
                    double correction, bool keepdim) {
  const Tensor inner = masked_fill(grad / (result * 2), eq(result, 0), 0);
  return var_backward(inner, self, dim, correction, keepdim);
}

Tensor extremum_all_backward(const Tensor& grad, const Tensor& self, const Tensor& result) {
  const Tensor mask = eq(self, result);
  return mask * (grad / sum(mask));
}
Tensor extremum_backward(const Tensor& grad, const Tensor& self, const Tensor& result, IntList dim, bool keepdim) {
  const Sizes dims = wrap_dims(dim, self.dim());
  const Tensor mask = eq(self, restored(result, self.sizes(), IntList(dims), keepdim));
  return (restored(grad, self.sizes(), IntList(dims), keepdim) * mask) / sum(mask, IntList(dims), true);
}
Tensor value_selecting_backward(const Tensor& grad, int64_t dim, const Tensor& indices, IntList sizes, bool keepdim) {
  if (!grad.defined()) return grad;
  if (!keepdim && !sizes.empty()) {
    const int64_t d = wrap_dim(dim, static_cast<int64_t>(sizes.size()));
    return scatter_add(zeros(sizes, grad.dtype()), d, unsqueeze(indices, d), unsqueeze(grad, d));
  }
  return scatter_add(zeros(sizes, grad.dtype()), dim, indices, grad);
}
Tensor logsumexp_backward(const Tensor& grad, const Tensor& self, const Tensor& result, IntList dim, bool keepdim) {
  const Sizes dims = wrap_dims(dim, self.dim());
  return restored(grad, self.sizes(), IntList(dims), keepdim) *
         exp(self - restored(result, self.sizes(), IntList(dims), keepdim));
}
Tensor l2_norm_backward(const Tensor& grad, const Tensor& self, const Tensor& result, OptionalIntList dim,
                        bool keepdim) {
  const Tensor norm = restored(result, self.sizes(), dim, keepdim);
  const Tensor ratio = masked_fill(self / norm, eq(norm, 0), 0);
  return restored(grad, self.sizes(), dim, keepdim) * ratio;
}
Tensor cumsum_backward(const Tensor& grad, int64_t dim) {
  if (grad.dim() == 0) return grad;
  return flip(cumsum(flip(grad, {dim}), dim), {dim});
}
Tensor cumprod_backward(const Tensor& grad, const Tensor& self, const Tensor& result, int64_t dim) {
  if (self.dim() == 0 || self.numel() == 0) return grad;
  const int64_t d = wrap_dim(dim, self.dim()), count = self.size(d);
  const bool has_zero = any(eq(self, 0)).item().to_bool();
  if (!has_zero) return cumsum_backward(result * grad, d) / self;
  // d out_j / d x_i = product of the x_k, k <= j, k != i: one row per i.
  std::vector<Tensor> rows;
  for (int64_t i = 0; i < count; ++i) {
    Tensor replaced = self;
    std::vector<Tensor> parts;
    if (i > 0) parts.push_back(narrow(self, d, 0, i));
    parts.push_back(ones_like(narrow(self, d, i, 1)));
    if (i + 1 < count) parts.push_back(narrow(self, d, i + 1, count - i - 1));
    const Tensor products = cumprod(cat(parts, d), d);
    rows.push_back(sum(narrow(products * grad, d, i, count - i), IntList({d}), true));
  }
  return cat(rows, d);
}
Tensor softmax_double_backward(const Tensor& grad, const Tensor& grad_output, const Tensor& output, int64_t dim) {
  const IntList dims(&dim, 1);
  return grad_output * grad - sum(output * grad_output, dims, true) * grad -
         grad_output * sum(output * grad, dims, true);
}
Tensor mse_loss_double_backward_grad(const Tensor& grad, const Tensor& input, const Tensor& target,
                                     std::string_view reduction) {
  const Tensor product = grad * (input - target) * 2;
  if (reduction == "none") return product;
  return reduction == "mean" ? sum(product) / static_cast<double>(input.numel()) : sum(product);
}
Tensor mse_loss_double_backward_input(const Tensor& grad, const Tensor& grad_output, std::string_view reduction,
                                      int64_t numel) {
  const double factor = reduction == "mean" ? 2.0 / static_cast<double>(numel) : 2.0;
  return grad * grad_output * factor;
}

}  // namespace formulas
}  // namespace hiss::engine

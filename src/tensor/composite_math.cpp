// Operations made of other operations: products of matrices, statistics, elementwise combinations.
#include <cmath>
#include <map>

#include "autograd/grad_mode.h"
#include "generated/engine/kernels.h"
#include "generated/engine/ops.h"
#include "tensor/operators.h"
#include "tensor/promotion.h"
#include "tensor/shape.h"

namespace hiss::engine::composite {
using namespace ops;

Tensor logit(const Tensor& self, std::optional<double> eps) {
  const Tensor x = eps ? clamp(self, *eps, 1 - *eps) : self;
  return log(x / rsub(x, 1));
}
Tensor nan_to_num(const Tensor& self, std::optional<double> nan, std::optional<double> posinf,
                  std::optional<double> neginf) {
  if (!is_floating(self.dtype())) return clone(self);
  double largest = 0;
  switch (self.dtype()) {
    case DType::Float64:
      largest = std::numeric_limits<double>::max();
      break;
    case DType::Float16:
      largest = 65504;
      break;
    case DType::BFloat16:
      largest = 3.3895313892515355e38;
      break;
    default:
      largest = std::numeric_limits<float>::max();
      break;
  }
  Tensor result = where(isnan(self), nan.value_or(0.0), self);
  result = where(eq(self, INFINITY), posinf.value_or(largest), result);
  return where(eq(self, -INFINITY), neginf.value_or(-largest), result);
}
Tensor clamp_min(const Tensor& self, const Operand& min) {
  return min.is_tensor() ? clamp(self, min.tensor()) : clamp(self, OptionalScalar(min.scalar()));
}
Tensor clamp_max(const Tensor& self, const Operand& max) {
  return max.is_tensor() ? clamp(self, Tensor(), max.tensor())
                         : clamp(self, OptionalScalar(), OptionalScalar(max.scalar()));
}

Tensor relu6(const Tensor& self) { return clamp(self, 0, 6); }
Tensor mish(const Tensor& self) { return self * tanh(softplus(self)); }
Tensor elu(const Tensor& self, const Scalar& alpha, const Scalar& scale, const Scalar& input_scale) {
  const Tensor negative = expm1(clamp(self, OptionalScalar(), OptionalScalar(0)) * input_scale) *
                          Scalar(alpha.to_double() * scale.to_double());
  return where(gt(self, 0), self * scale, negative);
}
Tensor selu(const Tensor& self) {
  return elu(self, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946);
}
Tensor celu(const Tensor& self, const Scalar& alpha) { return elu(self, alpha, 1, 1.0 / alpha.to_double()); }
Tensor logsigmoid(const Tensor& self) {
  return clamp(self, OptionalScalar(), OptionalScalar(0)) - log1p(exp(-abs(self)));
}
Tensor hardtanh(const Tensor& self, const Scalar& min_val, const Scalar& max_val) {
  return clamp(self, min_val, max_val);
}
Tensor hardsigmoid(const Tensor& self) { return clamp(self + 3, 0, 6) / 6; }
Tensor hardswish(const Tensor& self) { return self * clamp(self + 3, 0, 6) / 6; }
Tensor softsign(const Tensor& self) { return self / (abs(self) + 1); }
Tensor prelu(const Tensor& self, const Tensor& weight) {
  Tensor slope = weight;
  if (weight.numel() > 1) {
    Sizes shape(self.sizes().size(), 1);
    if (shape.size() > 1) shape[1] = weight.numel();
    slope = reshape(weight, shape);
  }
  return where(gt(self, 0), self, self * slope);
}
Tensor glu(const Tensor& self, int64_t dim) {
  if (self.dim() == 0) throw Error(ErrorKind::Runtime, "glu does not support 0-dimensional tensors");
  if (self.size(dim) % 2 != 0) {
    throw_error(ErrorKind::Runtime, "Halving dimension must be even, but dimension {} is size {}",
                wrap_dim(dim, self.dim()), self.size(dim));
  }
  const auto halves = chunk(self, 2, dim);
  return halves[0] * sigmoid(halves[1]);
}

Tensor logspace(const Scalar& start, const Scalar& end, int64_t steps, double base, OptionalDType dtype) {
  return to(pow(base, linspace(start, end, steps, DType::Float64)), dtype.value_or(default_dtype()));
}

Tensor nansum(const Tensor& self, OptionalIntList dim, bool keepdim, OptionalDType dtype) {
  return sum(where(isnan(self), 0, self), dim, keepdim, dtype);
}
Tensor nanmean(const Tensor& self, OptionalIntList dim, bool keepdim, OptionalDType dtype) {
  return nansum(self, dim, keepdim, dtype) / sum(logical_not(isnan(self)), dim, keepdim);
}

namespace {
double correction_of(const OptionalScalar& correction) { return correction ? correction->to_double() : 1.0; }
Tensor variance(const Tensor& self, OptionalIntList dim, double correction, bool keepdim) {
  if (correction == 1.0 || correction == 0.0) return var(self, dim, correction == 1.0, keepdim);
  int64_t count = 1;
  for (const int64_t d : wrap_dims(dim, self.dim())) count *= self.dim() == 0 ? 1 : self.size(d);
  return var(self, dim, false, keepdim) *
         (static_cast<double>(count) / std::max(0.0, static_cast<double>(count) - correction));
}
}  // namespace
Tensor var_correction(const Tensor& self, OptionalIntList dim, const OptionalScalar& correction, bool keepdim) {
  return variance(self, dim, correction_of(correction), keepdim);
}
Tensor std_correction(const Tensor& self, OptionalIntList dim, const OptionalScalar& correction, bool keepdim) {
  const double value = correction_of(correction);
  if (value == 1.0 || value == 0.0) return ops::std(self, dim, value == 1.0, keepdim);
  return sqrt(variance(self, dim, value, keepdim));
}
std::tuple<Tensor, Tensor> var_mean(const Tensor& self, OptionalIntList dim, bool unbiased, bool keepdim) {
  return {var(self, dim, unbiased, keepdim), mean(self, dim, keepdim)};
}
std::tuple<Tensor, Tensor> std_mean(const Tensor& self, OptionalIntList dim, bool unbiased, bool keepdim) {
  return {ops::std(self, dim, unbiased, keepdim), mean(self, dim, keepdim)};
}
Tensor max_other(const Tensor& self, const Tensor& other) { return maximum(self, other); }
Tensor min_other(const Tensor& self, const Tensor& other) { return minimum(self, other); }
std::tuple<Tensor, Tensor> aminmax(const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  if (!dim) return {amin(self, {}, keepdim), amax(self, {}, keepdim)};
  return {amin(self, {*dim}, keepdim), amax(self, {*dim}, keepdim)};
}

std::tuple<Tensor, Tensor> median_dim(const Tensor& self, int64_t dim, bool keepdim) {
  if (self.dim() == 0) return {clone(self), zeros({}, DType::Int64)};
  const auto [values, indices] = sort(self, dim);
  const int64_t d = wrap_dim(dim, self.dim()), middle = (self.size(d) - 1) / 2;
  const Tensor value = narrow(values, d, middle, 1), index = narrow(indices, d, middle, 1);
  if (keepdim) return {value, index};
  return {squeeze(value, IntList({d})), squeeze(index, IntList({d}))};
}
Tensor median(const Tensor& self) {
  if (self.numel() == 0) return full({}, NAN, self.dtype());
  return std::get<0>(median_dim(reshape(self, {-1}), 0, false));
}
std::tuple<Tensor, Tensor> kthvalue(const Tensor& self, int64_t k, int64_t dim, bool keepdim) {
  const int64_t d = wrap_dim(dim, self.dim());
  if (k < 1 || k > (self.dim() == 0 ? 1 : self.size(d)))
    throw Error(ErrorKind::Runtime, "selected number k out of range for dimension " + std::to_string(d));
  if (self.dim() == 0) return {clone(self), zeros({}, DType::Int64)};
  const auto [values, indices] = sort(self, d);
  const Tensor value = narrow(values, d, k - 1, 1), index = narrow(indices, d, k - 1, 1);
  if (keepdim) return {value, index};
  return {squeeze(value, IntList({d})), squeeze(index, IntList({d}))};
}

Tensor quantile(const Tensor& self, const Operand& q, std::optional<int64_t> dim, bool keepdim,
                std::string_view interpolation) {
  if (!is_floating(self.dtype()))
    throw Error(ErrorKind::Runtime, "quantile() input tensor must be either float or double dtype");
  const Tensor points = q.is_tensor() ? q.tensor() : scalar_tensor(q.scalar(), self.dtype());
  const Tensor input = dim ? transpose(self, *dim, -1) : reshape(self, {-1});
  const int64_t count = input.size(-1);
  if (count == 0) throw Error(ErrorKind::Runtime, "quantile() input tensor must be non-empty");
  const Tensor ordered = std::get<0>(sort(input, -1));
  std::vector<Tensor> parts;
  for (int64_t i = 0; i < points.numel(); ++i) {
    const double p = reshape(points, {-1}).select(0, i).item().to_double();
    if (!(p >= 0 && p <= 1)) throw Error(ErrorKind::Runtime, "quantile() q values must be in the range [0, 1]");
    const double rank = p * static_cast<double>(count - 1);
    const auto low = static_cast<int64_t>(std::floor(rank)), high = static_cast<int64_t>(std::ceil(rank));
    const Tensor below = select(ordered, -1, low), above = select(ordered, -1, high);
    double weight = rank - static_cast<double>(low);
    if (interpolation == "lower") weight = 0;
    if (interpolation == "higher") weight = high > low ? 1 : 0;
    if (interpolation == "midpoint") weight = high > low ? 0.5 : 0;
    if (interpolation == "nearest") weight = std::nearbyint(rank) > static_cast<double>(low) ? 1 : 0;
    Tensor value = lerp(below, above, weight);
    const Tensor missing = any(isnan(input), IntList({-1}));
    value = masked_fill(value, missing, NAN);
    parts.push_back(value);
  }
  Tensor result = points.dim() == 0 ? parts[0] : stack(parts, 0);
  if (keepdim) {
    const int64_t lead = points.dim();
    if (dim) {
      const int64_t d = wrap_dim(*dim, self.dim());
      // The reduced dimension stood last; its partner is put back with a size of 1.
      result = transpose(unsqueeze(result, -1), lead + d, -1);
    } else {
      for (int64_t i = 0; i < self.dim(); ++i) result = unsqueeze(result, lead);
    }
  } else if (dim && self.dim() > 2) {
    const int64_t d = wrap_dim(*dim, self.dim()), lead = points.dim();
    result = squeeze(transpose(unsqueeze(result, -1), lead + d, -1), IntList({lead + d}));
  }
  return result;
}

Tensor vector_norm(const Tensor& self, const Scalar& ord, OptionalIntList dim, bool keepdim, OptionalDType dtype) {
  Tensor x = dtype ? to(self, *dtype) : self;
  if (!is_floating(x.dtype()))
    throw_error(ErrorKind::Runtime, "linalg.vector_norm: Expected a floating point or complex tensor as input. Got {}",
                dtype_label(x.dtype()));
  const double p = ord.to_double();
  const Sizes dims = wrap_dims(dim, x.dim());
  if (p == 2) return l2_norm(x, dim, keepdim);
  if (p == 1) return sum(abs(x), IntList(dims), keepdim);
  if (p == 0) return sum(to(ne(x, 0), x.dtype()), IntList(dims), keepdim);
  if (std::isinf(p)) return p > 0 ? amax(abs(x), dims, keepdim) : amin(abs(x), dims, keepdim);
  return pow(sum(pow(abs(x), p), IntList(dims), keepdim), 1.0 / p);
}
Tensor norm(const Tensor& self, const OptionalScalar& p, OptionalIntList dim, bool keepdim, OptionalDType dtype) {
  return vector_norm(self, p.value_or(Scalar(2)), dim, keepdim, dtype);
}

Tensor logcumsumexp(const Tensor& self, int64_t dim) {
  if (self.dim() == 0) return clone(self);
  const Tensor largest = detach(amax(self, {dim}, true));
  return log(cumsum(exp(self - largest), dim)) + largest;
}
Tensor count_nonzero(const Tensor& self, OptionalIntList dim) { return sum(ne(self, 0), dim); }
Tensor isclose(const Tensor& self, const Tensor& other, double rtol, double atol, bool equal_nan) {
  Tensor close = eq(self, other);
  if (equal_nan) close = logical_or(close, logical_and(isnan(self), isnan(other)));
  const Tensor allowed = abs(other) * rtol + atol;
  return logical_or(close, logical_and(isfinite(other), le(abs(self - other), allowed)));
}
Tensor trace(const Tensor& self) {
  if (self.dim() != 2)
    throw_error(ErrorKind::Runtime, "trace: expected a matrix, but got tensor with dim {}", self.dim());
  return sum(diagonal(self));
}
Tensor argsort(const Tensor& self, int64_t dim, bool descending, bool stable) {
  return std::get<1>(sort(self, dim, descending, stable));
}
Tensor bucketize(const Tensor& self, const Tensor& boundaries, bool out_int32, bool right) {
  return searchsorted(boundaries, self, out_int32, right);
}
Tensor cov(const Tensor& self, int64_t correction) {
  const Tensor x = self.dim() < 2 ? reshape(self, {1, -1}) : self;
  const Tensor centered = x - mean(x, IntList({1}), true);
  const double divisor = static_cast<double>(std::max<int64_t>(x.size(1) - correction, 0));
  return squeeze(matmul(centered, t(centered)) / divisor,
                 self.dim() < 2 ? OptionalIntList() : OptionalIntList(IntList()));
}

Tensor mv(const Tensor& self, const Tensor& vec) {
  if (self.dim() != 2 || vec.dim() != 1) {
    throw_error(ErrorKind::Runtime, "vector + matrix @ vector expected, got {}, {}, {}", 1, self.dim(), vec.dim());
  }
  if (self.size(1) != vec.size(0)) {
    throw_error(ErrorKind::Runtime, "size mismatch, got input ({}), mat ({}x{}), vec ({})", self.size(0), self.size(0),
                self.size(1), vec.size(0));
  }
  return squeeze(mm(self, unsqueeze(vec, 1)), IntList({1}));
}
Tensor addmv(const Tensor& self, const Tensor& mat, const Tensor& vec, const Scalar& beta, const Scalar& alpha) {
  return self * beta + mv(mat, vec) * alpha;
}
Tensor baddbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2, const Scalar& beta,
               const Scalar& alpha) {
  const Tensor product = bmm(batch1, batch2) * alpha;
  return beta.equals(0) ? product : self * beta + product;
}
Tensor addbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2, const Scalar& beta, const Scalar& alpha) {
  return self * beta + sum(bmm(batch1, batch2), IntList({0})) * alpha;
}
Tensor outer(const Tensor& self, const Tensor& vec2) {
  if (self.dim() != 1 || vec2.dim() != 1) {
    throw_error(ErrorKind::Runtime, "outer: Expected 1-D argument self, but got {}-D",
                self.dim() != 1 ? self.dim() : vec2.dim());
  }
  return unsqueeze(self, 1) * vec2;
}

Tensor matmul(const Tensor& a, const Tensor& b) {
  if (a.dim() == 0 || b.dim() == 0) {
    throw_error(ErrorKind::Runtime, "both arguments to matmul need to be at least 1D, but they are {}D and {}D",
                a.dim(), b.dim());
  }
  if (a.dim() == 1 && b.dim() == 1) return dot(a, b);
  if (a.dim() == 2 && b.dim() == 2) return mm(a, b);
  if (a.dim() == 2 && b.dim() == 1) return mv(a, b);
  if (a.dim() == 1 && b.dim() == 2) return squeeze(mm(unsqueeze(a, 0), b), IntList({0}));
  if (a.dim() >= 3 && b.dim() <= 2) {
    // One big product instead of a batch of small ones.
    const int64_t k = b.size(0);
    if (a.size(-1) != k) {
      throw_error(ErrorKind::Runtime, "mat1 and mat2 shapes cannot be multiplied ({}x{} and {}x{})",
                  a.size(-1) ? a.numel() / a.size(-1) : 0, a.size(-1), k, b.dim() == 2 ? b.size(1) : 1);
    }
    Sizes shape(IntList(a.sizes().data(), a.sizes().size() - 1));
    if (b.dim() == 2) shape.push_back(b.size(1));
    const Tensor flat = reshape(a, {-1, k});
    return reshape(b.dim() == 2 ? mm(flat, b) : mv(flat, b), shape);
  }
  const Tensor left = a.dim() == 1 ? unsqueeze(a, 0) : a, right = b.dim() == 1 ? unsqueeze(b, 1) : b;
  const Sizes left_batch(IntList(left.sizes().data(), left.sizes().size() - 2)),
      right_batch(IntList(right.sizes().data(), right.sizes().size() - 2));
  const Sizes batch = broadcast_shapes(left_batch, right_batch);
  const int64_t m = left.size(-2), k = left.size(-1), n = right.size(-1);
  Sizes left_shape = batch, right_shape = batch, shape = batch;
  left_shape.push_back(m);
  left_shape.push_back(k);
  right_shape.push_back(right.size(-2));
  right_shape.push_back(n);
  const int64_t count = product(batch);
  const Tensor result = bmm(reshape(expand(left, left_shape), {count, m, k}),
                            reshape(expand(right, right_shape), {count, right.size(-2), n}));
  if (a.dim() > 1) shape.push_back(m);
  if (b.dim() > 1) shape.push_back(n);
  return view(result, shape);
}

Tensor inner(const Tensor& self, const Tensor& other) {
  if (self.dim() == 0 || other.dim() == 0) return self * other;
  if (self.size(-1) != other.size(-1)) {
    throw_error(ErrorKind::Runtime,
                "inner() the last dimension must match on both input tensors but got shapes {} and {}",
                to_string(self.sizes()), to_string(other.sizes()));
  }
  return tensordot(self, other, {-1}, {-1});
}
Tensor tensordot(const Tensor& a, const Tensor& b, IntList dims_a, IntList dims_b) {
  if (dims_a.size() != dims_b.size()) throw Error(ErrorKind::Runtime, "both dimension lists should have same length");
  Sizes left, right, shape;
  int64_t shared = 1;
  const Sizes da = dims_a.empty() ? Sizes() : wrap_dims(dims_a, a.dim()),
              db = dims_b.empty() ? Sizes() : wrap_dims(dims_b, b.dim());
  for (size_t i = 0; i < da.size(); ++i) {
    if (a.size(da[i]) != b.size(db[i])) {
      throw_error(
          ErrorKind::Runtime,
          "contracted dimensions need to match, but first has size {} in dim {} and second has size {} in dim {}",
          a.size(da[i]), da[i], b.size(db[i]), db[i]);
    }
    shared *= a.size(da[i]);
  }
  for (int64_t d = 0; d < a.dim(); ++d) {
    if (std::find(da.begin(), da.end(), d) == da.end()) {
      left.push_back(d);
      shape.push_back(a.size(d));
    }
  }
  for (const int64_t d : da) left.push_back(d);
  for (const int64_t d : db) right.push_back(d);
  for (int64_t d = 0; d < b.dim(); ++d) {
    if (std::find(db.begin(), db.end(), d) == db.end()) {
      right.push_back(d);
      shape.push_back(b.size(d));
    }
  }
  const Tensor x = reshape(permute(a, left), {shared == 0 ? 0 : a.numel() / shared, shared});
  const Tensor y = reshape(permute(b, right), {shared, shared == 0 ? 0 : b.numel() / shared});
  return reshape(mm(x, y), shape);
}

Tensor kron(const Tensor& self, const Tensor& other) {
  const int64_t rank = std::max(self.dim(), other.dim());
  Sizes a, b, shape;
  for (int64_t d = 0; d < rank; ++d) {
    const int64_t x = d < rank - self.dim() ? 1 : self.size(d - (rank - self.dim()));
    const int64_t y = d < rank - other.dim() ? 1 : other.size(d - (rank - other.dim()));
    a.push_back(x);
    a.push_back(1);
    b.push_back(1);
    b.push_back(y);
    shape.push_back(x * y);
  }
  return reshape(reshape(self, a) * reshape(other, b), shape);
}
Tensor cross(const Tensor& self, const Tensor& other, std::optional<int64_t> dim) {
  int64_t d = dim.value_or(-1);
  if (!dim) {
    for (d = 0; d < self.dim() && self.size(d) != 3; ++d) {
    }
    if (d == self.dim()) throw Error(ErrorKind::Runtime, "no dimension of size 3 in input");
  }
  if (self.size(d) != 3 || other.size(d) != 3) {
    throw_error(ErrorKind::Runtime, "linalg.cross: inputs dimension {} must have length 3. Got {} and {}", d,
                self.size(d), other.size(d));
  }
  return roll(self, {-1}, {d}) * roll(other, {-2}, {d}) - roll(self, {-2}, {d}) * roll(other, {-1}, {d});
}
Tensor cdist(const Tensor& x1, const Tensor& x2, double p) {
  if (x1.size(-1) != x2.size(-1)) {
    throw_error(ErrorKind::Runtime, "X1 and X2 must have the same number of columns. X1: {} X2: {}", x1.size(-1),
                x2.size(-1));
  }
  if (p == 2.0 && (x1.size(-2) > 25 || x2.size(-2) > 25)) {
    const Tensor squares = sum(x1 * x1, IntList({-1}), true) + transpose(sum(x2 * x2, IntList({-1}), true), -2, -1);
    return sqrt(clamp(squares - matmul(x1, transpose(x2, -2, -1)) * 2, OptionalScalar(1e-30)));
  }
  return vector_norm(unsqueeze(x1, -2) - unsqueeze(x2, -3), p, IntList({-1}), false, std::nullopt);
}

Tensor einsum(std::string_view equation, TensorList tensors) {
  // Letters become dimensions of a common order; "..." takes numbers below 'A'.
  std::string text;
  for (const char c : equation) {
    if (c != ' ') text += c;
  }
  const size_t arrow = text.find("->");
  const std::string inputs = text.substr(0, arrow);
  std::vector<std::string> terms(1);
  for (const char c : inputs) {
    if (c == ',') {
      terms.emplace_back();
    } else {
      terms.back() += c;
    }
  }
  if (terms.size() != tensors.size()) {
    throw_error(ErrorKind::Runtime, "einsum(): {} operands were provided than specified in the equation",
                tensors.size() > terms.size() ? "more" : "fewer");
  }
  std::map<char, int> uses;
  std::map<char, int64_t> sizes;
  int64_t batch_rank = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    std::string& term = terms[i];
    const size_t dots = term.find("...");
    const auto letters = static_cast<int64_t>(term.size()) - (dots == std::string::npos ? 0 : 3);
    if (dots != std::string::npos) {
      batch_rank = std::max(batch_rank, tensors[i].dim() - letters);
    } else if (letters != tensors[i].dim()) {
      throw_error(ErrorKind::Runtime,
                  "einsum(): the number of subscripts in the equation ({}) does not match the number of dimensions "
                  "({}) for operand {} and "
                  "no ellipsis was given",
                  letters, tensors[i].dim(), i);
    }
  }
  // Each ellipsis is spelled with control characters, aligned at the right.
  const auto spell = [&](int64_t rank) {
    std::string result;
    for (int64_t k = batch_rank - rank; k < batch_rank; ++k) result += static_cast<char>(1 + k);
    return result;
  };
  for (size_t i = 0; i < terms.size(); ++i) {
    const size_t dots = terms[i].find("...");
    if (dots != std::string::npos)
      terms[i].replace(dots, 3, spell(tensors[i].dim() - (static_cast<int64_t>(terms[i].size()) - 3)));
    for (const char c : terms[i]) ++uses[c];
  }
  std::string output;
  if (arrow == std::string::npos) {
    output = spell(batch_rank);
    for (const auto& [letter, count] : uses) {
      if (letter >= 'A' && count == 1) output += letter;
    }
  } else {
    output = text.substr(arrow + 2);
    if (const size_t dots = output.find("..."); dots != std::string::npos) output.replace(dots, 3, spell(batch_rank));
  }
  // Take diagonals for repeated letters.
  std::vector<Tensor> operands;
  for (size_t i = 0; i < terms.size(); ++i) {
    Tensor operand = tensors[i];
    std::string& term = terms[i];
    for (size_t a = 0; a < term.size(); ++a) {
      for (size_t b = a + 1; b < term.size();) {
        if (term[a] != term[b]) {
          ++b;
          continue;
        }
        operand = movedim(diagonal(operand, 0, static_cast<int64_t>(a), static_cast<int64_t>(b)), {-1},
                          {static_cast<int64_t>(a)});
        term.erase(b, 1);
      }
    }
    for (size_t d = 0; d < term.size(); ++d) {
      int64_t& size = sizes.emplace(term[d], 1).first->second;
      const int64_t here = operand.size(static_cast<int64_t>(d));
      if (size != 1 && here != 1 && size != here) {
        throw_error(
            ErrorKind::Runtime,
            "einsum(): subscript {} has size {} for operand {} which does not broadcast with previously seen size {}",
            term[d], here, i, size);
      }
      size = std::max(size, here);
      if (here == 0) size = 0;
    }
    operands.push_back(operand);
  }
  for (const char c : output) {
    if (!sizes.count(c))
      throw_error(ErrorKind::Runtime,
                  "einsum(): output subscript {} does not appear in the equation for any input operand", c);
  }
  // Contract from left to right; a letter is summed once no later term and not the output needs it.
  Tensor result = operands[0];
  std::string letters = terms[0];
  const auto reduce_unneeded = [&](Tensor& tensor, std::string& names, size_t next) {
    Sizes dims;
    std::string kept;
    for (size_t d = 0; d < names.size(); ++d) {
      bool needed = output.find(names[d]) != std::string::npos;
      for (size_t k = next; k < terms.size() && !needed; ++k) needed = terms[k].find(names[d]) != std::string::npos;
      if (needed) {
        kept += names[d];
      } else {
        dims.push_back(static_cast<int64_t>(d));
      }
    }
    if (!dims.empty()) tensor = sum(tensor, IntList(dims));
    names = kept;
  };
  reduce_unneeded(result, letters, 1);
  for (size_t i = 1; i < operands.size(); ++i) {
    Tensor other = operands[i];
    std::string names = terms[i];
    // Letters of this term alone that nobody needs again.
    {
      Sizes dims;
      std::string kept;
      for (size_t d = 0; d < names.size(); ++d) {
        bool needed = letters.find(names[d]) != std::string::npos || output.find(names[d]) != std::string::npos;
        for (size_t k = i + 1; k < terms.size() && !needed; ++k) needed = terms[k].find(names[d]) != std::string::npos;
        if (needed) {
          kept += names[d];
        } else {
          dims.push_back(static_cast<int64_t>(d));
        }
      }
      if (!dims.empty()) other = sum(other, IntList(dims));
      names = kept;
    }
    std::string shared, summed, left_only, right_only;
    for (const char c : letters) {
      const bool in_right = names.find(c) != std::string::npos;
      bool needed = output.find(c) != std::string::npos;
      for (size_t k = i + 1; k < terms.size() && !needed; ++k) needed = terms[k].find(c) != std::string::npos;
      if (!in_right) {
        left_only += c;
      } else if (needed) {
        shared += c;
      } else {
        summed += c;
      }
    }
    for (const char c : names) {
      if (letters.find(c) == std::string::npos) right_only += c;
    }
    const auto arrange = [&](const Tensor& tensor, const std::string& from, const std::string& order) {
      Sizes dims, shape;
      for (const char c : order) {
        dims.push_back(static_cast<int64_t>(from.find(c)));
      }
      Tensor arranged = permute(tensor, dims);
      for (size_t d = 0; d < order.size(); ++d) {
        const bool both = letters.find(order[d]) != std::string::npos && names.find(order[d]) != std::string::npos;
        shape.push_back(both ? sizes[order[d]] : arranged.size(static_cast<int64_t>(d)));
      }
      return expand(arranged, shape);
    };
    const auto extent = [&](const Tensor& tensor, const std::string& from, const std::string& group) {
      int64_t total = 1;
      for (const char c : group)
        total *= from.find(c) == std::string::npos ? 1 : tensor.size(static_cast<int64_t>(from.find(c)));
      return total;
    };
    const Tensor x = arrange(result, letters, shared + left_only + summed),
                 y = arrange(other, names, shared + summed + right_only);
    const std::string x_names = shared + left_only + summed, y_names = shared + summed + right_only;
    const int64_t b = extent(x, x_names, shared), m = extent(x, x_names, left_only), k = extent(x, x_names, summed),
                  n = extent(y, y_names, right_only);
    Sizes shape;
    for (const char c : shared) shape.push_back(x.size(static_cast<int64_t>(x_names.find(c))));
    for (const char c : left_only) shape.push_back(x.size(static_cast<int64_t>(x_names.find(c))));
    for (const char c : right_only) shape.push_back(y.size(static_cast<int64_t>(y_names.find(c))));
    if (summed.empty() && (left_only.empty() || right_only.empty())) {
      result = reshape(reshape(x, {b, m, 1}) * reshape(y, {b, 1, n}), shape);
    } else if (shared.empty()) {
      result = reshape(mm(reshape(x, {m, k}), reshape(y, {k, n})), shape);
    } else {
      result = reshape(bmm(reshape(x, {b, m, k}), reshape(y, {b, k, n})), shape);
    }
    letters = shared + left_only + right_only;
  }
  Sizes order;
  for (const char c : output) order.push_back(static_cast<int64_t>(letters.find(c)));
  return permute(result, order);
}

Tensor normal(const Tensor& mean, const Operand& std, RandomGenerator* generator) {
  const Sizes shape = std.is_tensor() ? broadcast_shapes(mean.sizes(), std.tensor().sizes()) : mean.sizes();
  return randn(shape, generator, mean.dtype()) * std + mean;
}
Tensor normal_size(double mean, double std, IntList size, RandomGenerator* generator, OptionalDType dtype) {
  return normal_(empty(size, dtype), mean, std, generator);
}

}  // namespace hiss::engine::composite

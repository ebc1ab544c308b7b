// Reductions over any set of dimensions. The input is brought to (outer, reduced, inner) blocks; adjacent reduced
// dimensions merge, separate groups reduce one after the other.
#include <cmath>
#include <limits>

#include "generated/engine/kernels.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/reduce.h"
#include "tensor/kernels/rows.h"
#include "tensor/parallel.h"
#include "tensor/promotion.h"
#include "tensor/shape.h"

namespace hiss::engine {

Sizes reduced_shape(IntList shape, IntList dims, bool keepdim) {
  Sizes result;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool reduced = std::find(dims.begin(), dims.end(), static_cast<int64_t>(i)) != dims.end();
    if (!reduced) {
      result.push_back(shape[i]);
    } else if (keepdim) {
      result.push_back(1);
    }
  }
  return result;
}

Tensor dense(const Tensor& tensor) { return tensor.is_contiguous() ? tensor : as_dense(tensor, tensor.dtype()); }
Tensor as_dense(const Tensor& tensor, DType dtype) {
  if (tensor.dtype() == dtype && tensor.is_contiguous()) return tensor;
  Tensor result = new_tensor(tensor.sizes(), dtype);
  copy_values(result, tensor);
  return result;
}
Tensor reduced_last(const Tensor& tensor, IntList dims) {
  Sizes order;
  for (int64_t d = 0; d < tensor.dim(); ++d) {
    if (std::find(dims.begin(), dims.end(), d) == dims.end()) order.push_back(d);
  }
  for (const int64_t d : dims) order.push_back(d);
  return dense(kernels::permute(tensor, order));
}

namespace {

constexpr int64_t kPart = 65536;

template <typename T>
T reduce_row(Reduction op, const T* x, int64_t n) {
  if constexpr (std::is_floating_point_v<T>) {
    const auto& rows = row_kernels<T>();
    const auto count = static_cast<size_t>(n);
    if (op == Reduction::Sum) return rows.sum(x, count);
    if (op == Reduction::Max) return rows.maximum(x, count);
    if (op == Reduction::Min) return rows.minimum(x, count);
    if (op == Reduction::SumSquares) return rows.sum_squares(x, count);
  }
  switch (op) {
    case Reduction::Sum: {
      T total = 0;
      for (int64_t i = 0; i < n; ++i) total = static_cast<T>(total + x[i]);
      return total;
    }
    case Reduction::Prod: {
      T total = 1;
      for (int64_t i = 0; i < n; ++i) total = static_cast<T>(total * x[i]);
      return total;
    }
    case Reduction::Max:
      return *std::max_element(x, x + n);
    case Reduction::Min:
      return *std::min_element(x, x + n);
    case Reduction::Any:
      return static_cast<T>(std::any_of(x, x + n, [](T v) { return v != 0; }));
    case Reduction::All:
      return static_cast<T>(std::all_of(x, x + n, [](T v) { return v != 0; }));
    default: {
      T total = 0;
      for (int64_t i = 0; i < n; ++i) total = static_cast<T>(total + x[i] * x[i]);
      return total;
    }
  }
}

template <typename T>
void reduce_into(Reduction op, T* total, const T* x, int64_t n) {
  if constexpr (std::is_floating_point_v<T>) {
    const auto& rows = row_kernels<T>();
    const auto count = static_cast<size_t>(n);
    if (op == Reduction::Sum) return rows.add_into(total, x, count);
    if (op == Reduction::Max) return rows.maximum_into(total, x, count);
    if (op == Reduction::Min) return rows.minimum_into(total, x, count);
  }
  for (int64_t i = 0; i < n; ++i) {
    switch (op) {
      case Reduction::Sum:
        total[i] = static_cast<T>(total[i] + x[i]);
        break;
      case Reduction::Prod:
        total[i] = static_cast<T>(total[i] * x[i]);
        break;
      case Reduction::Max:
        total[i] = std::max(total[i], x[i]);
        break;
      case Reduction::Min:
        total[i] = std::min(total[i], x[i]);
        break;
      case Reduction::Any:
        total[i] = static_cast<T>(total[i] != 0 || x[i] != 0);
        break;
      case Reduction::All:
        total[i] = static_cast<T>(total[i] != 0 && x[i] != 0);
        break;
      case Reduction::SumSquares:
        break;
    }
  }
}

template <typename T>
T identity(Reduction op) {
  switch (op) {
    case Reduction::Prod:
    case Reduction::All:
      return 1;
    case Reduction::Max:
      return std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                  : std::numeric_limits<T>::lowest();
    case Reduction::Min:
      return std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
    default:
      return 0;
  }
}

template <typename T>
void reduce_block(Reduction op, const T* x, T* out, int64_t outer, int64_t count, int64_t inner) {
  if (count == 0) {
    std::fill(out, out + outer * inner, identity<T>(op));
    return;
  }
  if (inner == 1) {
    if (outer == 1 && count > 2 * kPart) {
      // Parts of fixed size, so that the result does not depend on the number of threads.
      const int64_t parts = (count + kPart - 1) / kPart;
      std::vector<T> partial(static_cast<size_t>(parts));
      parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; ++p) {
          partial[static_cast<size_t>(p)] = reduce_row(op, x + p * kPart, std::min(kPart, count - p * kPart));
        }
      });
      out[0] = reduce_row(op == Reduction::SumSquares ? Reduction::Sum : op, partial.data(), parts);
      return;
    }
    parallel_for(0, outer, std::max<int64_t>(1, kGrain / count), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) out[i] = reduce_row(op, x + i * count, count);
    });
    return;
  }
  // Columns: add rows together, in runs of 64 for accuracy, in strips for parallelism and cache.
  constexpr int64_t kStrip = 512;
  const int64_t strips = (inner + kStrip - 1) / kStrip;
  parallel_for(0, outer * strips, std::max<int64_t>(1, kGrain / (count * std::min(inner, kStrip))),
               [&](int64_t begin, int64_t end) {
                 std::vector<T> run(static_cast<size_t>(std::min(inner, kStrip)));
                 for (int64_t job = begin; job < end; ++job) {
                   const int64_t o = job / strips, from = job % strips * kStrip, width = std::min(kStrip, inner - from);
                   const T* rows = x + o * count * inner + from;
                   T* total = out + o * inner + from;
                   std::copy(rows, rows + width, total);
                   if (op == Reduction::Any || op == Reduction::All) {
                     for (int64_t i = 0; i < width; ++i) total[i] = static_cast<T>(total[i] != 0);
                   }
                   for (int64_t r = 1; r < count;) {
                     const int64_t stop = std::min(count, r + 64);
                     if (op != Reduction::Sum || count <= 64) {
                       for (; r < stop; ++r) reduce_into(op, total, rows + r * inner, width);
                       continue;
                     }
                     std::copy(rows + r * inner, rows + r * inner + width, run.data());
                     for (++r; r < stop; ++r) reduce_into(op, run.data(), rows + r * inner, width);
                     reduce_into(op, total, run.data(), width);
                   }
                 }
               });
}

}  // namespace

Tensor reduce(const Tensor& self, Reduction op, IntList dims, bool keepdim, DType compute) {
  Tensor current = as_dense(self, compute);
  Sizes sorted(dims);
  std::sort(sorted.begin(), sorted.end());
  const Sizes final_shape = reduced_shape(self.sizes(), sorted, keepdim);
  Sizes shape = self.sizes();
  if (sorted.empty()) {
    // Reducing nothing still squares, or turns values into booleans.
    Tensor result = new_tensor(final_shape, compute);
    dispatch_all(compute, [&](auto* tag) {
      using T = std::remove_pointer_t<decltype(tag)>;
      if constexpr (!std::is_same_v<T, Half> && !std::is_same_v<T, BFloat16>) {
        for (int64_t i = 0; i < result.numel(); ++i) result.data<T>()[i] = reduce_row<T>(op, current.data<T>() + i, 1);
      }
    });
    return result;
  }
  // From the last group of adjacent dimensions to the first; size-1 dimensions in between do not separate groups.
  size_t end = sorted.size();
  while (end > 0) {
    size_t begin = end - 1;
    while (begin > 0) {
      bool adjacent = true;
      for (int64_t d = sorted[begin - 1] + 1; d < sorted[begin]; ++d) adjacent &= shape[static_cast<size_t>(d)] == 1;
      if (!adjacent) break;
      --begin;
    }
    int64_t outer = 1, count = 1, inner = 1;
    for (int64_t d = 0; d < static_cast<int64_t>(shape.size()); ++d) {
      const int64_t size = shape[static_cast<size_t>(d)];
      if (d < sorted[begin]) {
        outer *= size;
      } else if (d <= sorted[end - 1]) {
        count *= size;
      } else {
        inner *= size;
      }
    }
    for (int64_t d = sorted[begin]; d <= sorted[end - 1]; ++d) shape[static_cast<size_t>(d)] = 1;
    Tensor next = new_tensor(begin == 0 ? final_shape : shape, compute);
    Reduction step = op;
    if (op == Reduction::SumSquares && end != sorted.size()) step = Reduction::Sum;
    if (op == Reduction::SumSquares && inner != 1 && step == op) {
      Tensor squared;
      kernels::unary(squared, Unary::Square, current);
      current = squared;
      step = Reduction::Sum;
    }
    dispatch_all(compute, [&](auto* tag) {
      using T = std::remove_pointer_t<decltype(tag)>;
      if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, int64_t> ||
                    std::is_same_v<T, bool>) {
        using Element = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;
        reduce_block<Element>(step, current.data<Element>(), next.data<Element>(), outer, count, inner);
      }
    });
    current = next;
    end = begin;
  }
  return current;
}

namespace {
Tensor finish(Tensor result, DType dtype) { return result.dtype() == dtype ? result : kernels::cast(result, dtype); }

void check_not_empty(const Tensor& self, std::string_view name) {
  if (self.numel() == 0) {
    throw_error(ErrorKind::Runtime,
                "{}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
                "the 'dim' argument.",
                name);
  }
}
}  // namespace

namespace kernels {

Tensor sum(const Tensor& self, OptionalIntList dim, bool keepdim, OptionalDType dtype) {
  const DType result = dtype.value_or(is_integral(self.dtype(), true) ? DType::Int64 : self.dtype());
  const DType compute = result == DType::Bool ? DType::Int64 : compute_type(result);
  return finish(reduce(self, Reduction::Sum, wrap_dims(dim, self.dim()), keepdim, compute), result);
}

Tensor mean(const Tensor& self, OptionalIntList dim, bool keepdim, OptionalDType dtype) {
  const DType result = dtype.value_or(self.dtype());
  if (!is_floating(result)) {
    throw_error(
        ErrorKind::Runtime,
        "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: {}",
        dtype_label(self.dtype()));
  }
  const Sizes dims = wrap_dims(dim, self.dim());
  int64_t count = 1;
  for (const int64_t d : dims) {
    if (self.dim() > 0) count *= self.size(d);
  }
  Tensor total = reduce(self, Reduction::Sum, dims, keepdim, compute_type(result));
  const Tensor summed = total;
  Tensor average = total.is_same(self) || total->storage == self->storage ? Tensor() : total;
  binary(average, Binary::Div, summed, static_cast<double>(count));
  return finish(average, result);
}

Tensor prod(const Tensor& self, OptionalDType dtype) {
  const DType result = dtype.value_or(is_integral(self.dtype(), true) ? DType::Int64 : self.dtype());
  return finish(reduce(self, Reduction::Prod, wrap_dims(std::nullopt, self.dim()), false, compute_type(result)),
                result);
}
Tensor prod_dim(const Tensor& self, int64_t dim, bool keepdim, OptionalDType dtype) {
  const DType result = dtype.value_or(is_integral(self.dtype(), true) ? DType::Int64 : self.dtype());
  return finish(reduce(self, Reduction::Prod, {wrap_dim(dim, self.dim())}, keepdim, compute_type(result)), result);
}

Tensor any(const Tensor& self, OptionalIntList dim, bool keepdim) {
  return reduce(self, Reduction::Any, wrap_dims(dim, self.dim()), keepdim, DType::Bool);
}
Tensor all(const Tensor& self, OptionalIntList dim, bool keepdim) {
  return reduce(self, Reduction::All, wrap_dims(dim, self.dim()), keepdim, DType::Bool);
}

Tensor max(const Tensor& self) {
  check_not_empty(self, "max");
  return finish(reduce(self, Reduction::Max, wrap_dims(std::nullopt, self.dim()), false, compute_type(self.dtype())),
                self.dtype());
}
Tensor min(const Tensor& self) {
  check_not_empty(self, "min");
  return finish(reduce(self, Reduction::Min, wrap_dims(std::nullopt, self.dim()), false, compute_type(self.dtype())),
                self.dtype());
}
Tensor amax(const Tensor& self, IntList dim, bool keepdim) {
  return finish(reduce(self, Reduction::Max, wrap_dims(dim, self.dim()), keepdim, compute_type(self.dtype())),
                self.dtype());
}
Tensor amin(const Tensor& self, IntList dim, bool keepdim) {
  return finish(reduce(self, Reduction::Min, wrap_dims(dim, self.dim()), keepdim, compute_type(self.dtype())),
                self.dtype());
}

namespace {

Tensor variance(const Tensor& self, OptionalIntList dim, double correction, bool keepdim) {
  if (!is_floating(self.dtype()))
    throw Error(ErrorKind::Runtime, "std and var only support floating point and complex dtypes");
  const Sizes dims = wrap_dims(dim, self.dim());
  const DType compute = compute_type(self.dtype());
  const Tensor input = as_dense(reduced_last(self, dims), compute);
  const Sizes shape = reduced_shape(self.sizes(), dims, keepdim);
  Tensor result = new_tensor(shape, compute);
  const int64_t outer = result.numel();
  const int64_t count = outer == 0 ? 0 : input.numel() / outer;
  const double divisor = std::max(0.0, static_cast<double>(count) - correction);
  const auto run = [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T* x = input.data<T>();
    T* out = result.data<T>();
    parallel_for(0, outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(count, 1)), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        double mean = 0, m2 = 0;
        row_kernels<T>().moments(x + i * count, static_cast<size_t>(count), &mean, &m2);
        out[i] = static_cast<T>(count == 0 ? std::nan("") : m2 / divisor);
      }
    });
  };
  compute == DType::Float64 ? run(static_cast<double*>(nullptr)) : run(static_cast<float*>(nullptr));
  return finish(result, self.dtype());
}

}  // namespace

Tensor var(const Tensor& self, OptionalIntList dim, bool unbiased, bool keepdim) {
  return variance(self, dim, unbiased ? 1 : 0, keepdim);
}
Tensor std(const Tensor& self, OptionalIntList dim, bool unbiased, bool keepdim) {
  Tensor result;
  unary(result, Unary::Sqrt, variance(self, dim, unbiased ? 1 : 0, keepdim));
  return result;
}

Tensor l2_norm(const Tensor& self, OptionalIntList dim, bool keepdim) {
  Tensor result;
  unary(result, Unary::Sqrt,
        reduce(self, Reduction::SumSquares, wrap_dims(dim, self.dim()), keepdim, compute_type(self.dtype())));
  return finish(result, self.dtype());
}

Tensor logsumexp(const Tensor& self, IntList dim, bool keepdim) {
  const DType type = is_floating(self.dtype()) ? self.dtype() : default_dtype();
  const Sizes dims = wrap_dims(dim, self.dim());
  const DType compute = compute_type(type);
  const Tensor input = as_dense(reduced_last(self, dims), compute);
  Tensor result = new_tensor(reduced_shape(self.sizes(), dims, keepdim), compute);
  const int64_t outer = result.numel(), count = outer == 0 ? 0 : input.numel() / outer;
  const auto run = [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    for (int64_t i = 0; i < outer; ++i) {
      const T* x = input.data<T>() + i * count;
      if (count == 0) {
        result.data<T>()[i] = -std::numeric_limits<T>::infinity();
        continue;
      }
      const T largest = row_kernels<T>().maximum(x, static_cast<size_t>(count));
      const T shift = std::isinf(largest) ? T(0) : largest;
      T total = 0;
      for (int64_t j = 0; j < count; ++j) total += std::exp(x[j] - shift);
      result.data<T>()[i] = shift + std::log(total);
    }
  };
  compute == DType::Float64 ? run(static_cast<double*>(nullptr)) : run(static_cast<float*>(nullptr));
  return finish(result, type);
}

namespace {

/// Value and position of the extreme along one dimension; the first among equals, and NaN before all.
template <bool Max>
std::tuple<Tensor, Tensor> extreme(const Tensor& self, int64_t dim, bool keepdim) {
  const int64_t d = wrap_dim(dim, self.dim());
  const Tensor input = dense(self);
  const int64_t count = self.dim() == 0 ? 1 : self.size(d);
  if (count == 0) {
    throw_error(ErrorKind::Index, "{}(): Expected reduction dim {} to have non-zero size.", Max ? "max" : "min", d);
  }
  int64_t outer = 1, inner = 1;
  for (int64_t i = 0; i < self.dim(); ++i) (i < d ? outer : inner) *= i == d ? 1 : self.size(i);
  const Sizes shape = reduced_shape(self.sizes(), {d}, keepdim);
  Tensor values = new_tensor(shape, self.dtype()), indices = new_tensor(shape, DType::Int64);
  dispatch_all(self.dtype(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    using Compare = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float, T>;
    const T* x = input.data<T>();
    parallel_for(0, outer * inner, std::max<int64_t>(1, kGrain / count), [&](int64_t begin, int64_t end) {
      for (int64_t job = begin; job < end; ++job) {
        const T* column = x + job / inner * count * inner + job % inner;
        int64_t best = 0;
        Compare top = static_cast<Compare>(column[0]);
        for (int64_t i = 1; i < count && top == top; ++i) {
          const auto value = static_cast<Compare>(column[i * inner]);
          if ((Max ? value > top : value < top) || value != value) {
            top = value;
            best = i;
          }
        }
        values.data<T>()[job] = column[best * inner];
        indices.data<int64_t>()[job] = best;
      }
    });
  });
  return {values, indices};
}

template <bool Max>
Tensor arg_extreme(const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  if (dim) return std::get<1>(extreme<Max>(self, *dim, keepdim));
  if (self.numel() == 0) check_not_empty(self, Max ? "argmax" : "argmin");
  const Tensor flat = view(dense(self), {-1});
  Tensor index = std::get<1>(extreme<Max>(flat, 0, false));
  return keepdim ? view(index, Sizes(self.sizes().size(), 1)) : index;
}

}  // namespace

std::tuple<Tensor, Tensor> max_dim(const Tensor& self, int64_t dim, bool keepdim) {
  return extreme<true>(self, dim, keepdim);
}
std::tuple<Tensor, Tensor> min_dim(const Tensor& self, int64_t dim, bool keepdim) {
  return extreme<false>(self, dim, keepdim);
}
Tensor argmax(const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  return arg_extreme<true>(self, dim, keepdim);
}
Tensor argmin(const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  return arg_extreme<false>(self, dim, keepdim);
}

bool equal(const Tensor& self, const Tensor& other) {
  if (self.sizes() != other.sizes()) return false;
  if (self.dtype() != other.dtype()) {
    throw_error(ErrorKind::Runtime, "Expected all tensors to have the same dtype, but found {} and {}",
                dtype_label(self.dtype()), dtype_label(other.dtype()));
  }
  Tensor same;
  compare(same, Binary::Eq, self, other);
  return all(same, std::nullopt, false).item().to_bool();
}

bool allclose(const Tensor& self, const Tensor& other, double rtol, double atol, bool equal_nan) {
  if (self.dtype() != other.dtype()) {
    throw_error(ErrorKind::Runtime, "{} did not match {}", dtype_label(self.dtype()), dtype_label(other.dtype()));
  }
  const Tensor a = as_dense(expand(self, broadcast_shapes(self.sizes(), other.sizes()), false), DType::Float64);
  const Tensor b = as_dense(expand(other, broadcast_shapes(self.sizes(), other.sizes()), false), DType::Float64);
  for (int64_t i = 0; i < a.numel(); ++i) {
    const double x = a.data<double>()[i], y = b.data<double>()[i];
    if (x == y || (equal_nan && x != x && y != y)) continue;
    if (!(std::isfinite(y) && std::abs(x - y) <= atol + rtol * std::abs(y))) return false;
  }
  return true;
}

}  // namespace kernels
}  // namespace hiss::engine

// Running sums and products, sorting, selection, histograms: work along one dimension, one line at a time.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "generated/engine/kernels.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/reduce.h"
#include "tensor/parallel.h"

namespace hiss::engine::kernels {
namespace {

struct Lines {
  int64_t outer = 1, count = 1, inner = 1;
};
Lines lines(const Tensor& tensor, int64_t dim) {
  Lines result;
  result.count = tensor.dim() == 0 ? 1 : tensor.size(dim);
  for (int64_t i = 0; i < tensor.dim(); ++i) {
    if (i != dim) (i < dim ? result.outer : result.inner) *= tensor.size(i);
  }
  return result;
}

template <typename T>
using Value = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float, T>;

// NaN sorts after every number, as in PyTorch.
template <typename V>
bool less_nan(V a, V b) {
  return a < b || (b != b && a == a);
}

template <typename Combine>
Tensor scan(const Tensor& self, int64_t dim, OptionalDType dtype, Combine&& combine) {
  const int64_t d = wrap_dim(dim, self.dim());
  const DType type = dtype.value_or(is_integral(self.dtype(), true) ? DType::Int64 : self.dtype());
  const DType compute = compute_type(type);
  const Tensor input = as_dense(self, compute);
  Tensor result = new_tensor(self.sizes(), compute);
  const Lines l = lines(self, d);
  const auto run = [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    using Total = std::conditional_t<std::is_same_v<T, float>, double, T>;
    for (int64_t o = 0; o < l.outer; ++o) {
      for (int64_t i = 0; i < l.inner; ++i) {
        const int64_t start = o * l.count * l.inner + i;
        Total total{};
        for (int64_t k = 0; k < l.count; ++k) {
          const auto value = static_cast<Total>(input.data<T>()[start + k * l.inner]);
          total = k == 0 ? value : combine(total, value);
          result.data<T>()[start + k * l.inner] = static_cast<T>(total);
        }
      }
    }
  };
  if (compute == DType::Float64) {
    run(static_cast<double*>(nullptr));
  } else if (compute == DType::Float32) {
    run(static_cast<float*>(nullptr));
  } else {
    run(static_cast<int64_t*>(nullptr));
  }
  return compute == type ? result : cast(result, type);
}

template <bool Max>
std::tuple<Tensor, Tensor> running_extreme(const Tensor& self, int64_t dim) {
  const int64_t d = wrap_dim(dim, self.dim());
  const Tensor input = dense(self);
  Tensor values = new_tensor(self.sizes(), self.dtype()), indices = new_tensor(self.sizes(), DType::Int64);
  const Lines l = lines(self, d);
  dispatch_all(self.dtype(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    using V = Value<T>;
    for (int64_t line = 0; line < l.outer * l.inner; ++line) {
      const int64_t start = line / l.inner * l.count * l.inner + line % l.inner;
      int64_t best = 0;
      for (int64_t k = 0; k < l.count; ++k) {
        const auto value = static_cast<V>(input.data<T>()[start + k * l.inner]);
        const auto top = static_cast<V>(input.data<T>()[start + best * l.inner]);
        if (value != value || (Max ? value >= top : value <= top)) best = k;
        values.data<T>()[start + k * l.inner] = input.data<T>()[start + best * l.inner];
        indices.data<int64_t>()[start + k * l.inner] = best;
      }
    }
  });
  return {values, indices};
}

}  // namespace

Tensor cumsum(const Tensor& self, int64_t dim, OptionalDType dtype) {
  return scan(self, dim, dtype, [](auto a, auto b) { return a + b; });
}
Tensor cumprod(const Tensor& self, int64_t dim, OptionalDType dtype) {
  return scan(self, dim, dtype, [](auto a, auto b) { return a * b; });
}
std::tuple<Tensor, Tensor> cummax(const Tensor& self, int64_t dim) { return running_extreme<true>(self, dim); }
std::tuple<Tensor, Tensor> cummin(const Tensor& self, int64_t dim) { return running_extreme<false>(self, dim); }

std::tuple<Tensor, Tensor> sort(const Tensor& self, int64_t dim, bool descending, bool) {
  const int64_t d = wrap_dim(dim, self.dim());
  const Tensor input = dense(self);
  Tensor values = new_tensor(self.sizes(), self.dtype()), indices = new_tensor(self.sizes(), DType::Int64);
  const Lines l = lines(self, d);
  dispatch_all(self.dtype(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    using V = Value<T>;
    parallel_for(0, l.outer * l.inner, std::max<int64_t>(1, kGrain / 8 / std::max<int64_t>(l.count, 1)),
                 [&](int64_t begin, int64_t end) {
                   std::vector<int64_t> order(static_cast<size_t>(l.count));
                   for (int64_t line = begin; line < end; ++line) {
                     const T* from = input.data<T>() + line / l.inner * l.count * l.inner + line % l.inner;
                     std::iota(order.begin(), order.end(), 0);
                     const auto value = [&](int64_t k) { return static_cast<V>(from[k * l.inner]); };
                     if (descending) {
                       std::stable_sort(order.begin(), order.end(),
                                        [&](int64_t a, int64_t b) { return less_nan(value(b), value(a)); });
                     } else {
                       std::stable_sort(order.begin(), order.end(),
                                        [&](int64_t a, int64_t b) { return less_nan(value(a), value(b)); });
                     }
                     const int64_t start = line / l.inner * l.count * l.inner + line % l.inner;
                     for (int64_t k = 0; k < l.count; ++k) {
                       values.data<T>()[start + k * l.inner] = from[order[static_cast<size_t>(k)] * l.inner];
                       indices.data<int64_t>()[start + k * l.inner] = order[static_cast<size_t>(k)];
                     }
                   }
                 });
  });
  return {values, indices};
}

std::tuple<Tensor, Tensor> topk(const Tensor& self, int64_t k, int64_t dim, bool largest, bool) {
  const int64_t d = wrap_dim(dim, self.dim());
  if (k < 0 || k > (self.dim() == 0 ? 1 : self.size(d)))
    throw Error(ErrorKind::Runtime, "selected index k out of range");
  auto [values, indices] = sort(self, d, largest, true);
  if (self.dim() == 0) return {values, indices};
  return {dense(slice(values, d, 0, k, 1)), dense(slice(indices, d, 0, k, 1))};
}

std::tuple<Tensor, Tensor, Tensor> unique_dense(const Tensor& self, bool, bool, bool) {
  const Tensor flat = view(dense(self), {-1});
  const auto [ordered, order] = sort(flat, 0, false, true);
  const int64_t n = flat.numel();
  Tensor inverse = new_tensor(self.sizes(), DType::Int64);
  std::vector<int64_t> firsts;
  dispatch_all(self.dtype(), [&, values = ordered, positions = order](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    using V = Value<T>;
    for (int64_t i = 0; i < n; ++i) {
      if (i == 0 || static_cast<V>(values.template data<T>()[i]) != static_cast<V>(values.template data<T>()[i - 1]))
        firsts.push_back(i);
      inverse.data<int64_t>()[positions.template data<int64_t>()[i]] = static_cast<int64_t>(firsts.size()) - 1;
    }
  });
  const auto count = static_cast<int64_t>(firsts.size());
  Tensor counts = new_tensor({count}, DType::Int64), starts = new_tensor({count}, DType::Int64);
  for (int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<size_t>(i);
    starts.data<int64_t>()[i] = firsts[at];
    counts.data<int64_t>()[i] = (i + 1 < count ? firsts[at + 1] : n) - firsts[at];
  }
  return {index_select(ordered, 0, starts), inverse, counts};
}

Tensor bincount(const Tensor& self, const Tensor& weights, int64_t minlength) {
  if (self.dim() != 1 || !is_integral(self.dtype())) {
    throw Error(ErrorKind::Runtime, "bincount only supports 1-d non-negative integral inputs.");
  }
  if (minlength < 0) throw Error(ErrorKind::Runtime, "minlength should be >= 0");
  const Tensor ids = as_dense(self, DType::Int64);
  const int64_t* data = ids.data<int64_t>();
  int64_t size = minlength;
  for (int64_t i = 0; i < ids.numel(); ++i) {
    if (data[i] < 0) throw Error(ErrorKind::Runtime, "bincount only supports 1-d non-negative integral inputs.");
    size = std::max(size, data[i] + 1);
  }
  if (!weights.defined()) {
    Tensor result = zeros({size}, DType::Int64);
    for (int64_t i = 0; i < ids.numel(); ++i) ++result.data<int64_t>()[data[i]];
    return result;
  }
  const DType type = weights.dtype() == DType::Float32 ? DType::Float32 : DType::Float64;
  const Tensor w = as_dense(weights, DType::Float64);
  Tensor result = zeros({size}, DType::Float64);
  for (int64_t i = 0; i < ids.numel(); ++i) result.data<double>()[data[i]] += w.data<double>()[i];
  return type == DType::Float64 ? result : cast(result, type);
}

Tensor histc(const Tensor& self, int64_t bins, const Scalar& min, const Scalar& max) {
  if (bins <= 0) throw Error(ErrorKind::Runtime, "bins must be > 0");
  const Tensor input = as_dense(self, DType::Float64);
  double low = min.to_double(), high = max.to_double();
  const double* x = input.data<double>();
  if (low == high && input.numel() > 0) {
    low = *std::min_element(x, x + input.numel());
    high = *std::max_element(x, x + input.numel());
  }
  if (low == high) {
    low -= 1;
    high += 1;
  }
  Tensor result = zeros({bins}, DType::Float64);
  for (int64_t i = 0; i < input.numel(); ++i) {
    if (!(x[i] >= low && x[i] <= high)) continue;
    const auto bin = static_cast<int64_t>((x[i] - low) / (high - low) * static_cast<double>(bins));
    result.data<double>()[std::min(bin, bins - 1)] += 1;
  }
  return self.dtype() == DType::Float64 ? result
                                        : cast(result, is_floating(self.dtype()) ? self.dtype() : default_dtype());
}

Tensor searchsorted(const Tensor& sorted_sequence, const Operand& self, bool out_int32, bool right,
                    std::optional<std::string_view> side) {
  if (side && *side != "left" && *side != "right") {
    throw_error(ErrorKind::Runtime, "side can only be 'left' or 'right' but got {}", *side);
  }
  const bool upper = right || (side && *side == "right");
  const Tensor sequence = as_dense(sorted_sequence, DType::Float64);
  const Tensor values =
      self.is_tensor() ? as_dense(self.tensor(), DType::Float64) : scalar_tensor(self.scalar(), DType::Float64);
  const int64_t length = sequence.size(-1);
  Tensor result = new_tensor(values.sizes(), DType::Int64);
  const int64_t per_line = sequence.dim() <= 1 ? std::max<int64_t>(values.numel(), 1) : values.size(-1);
  for (int64_t i = 0; i < values.numel(); ++i) {
    const double* line = sequence.data<double>() + (sequence.dim() <= 1 ? 0 : i / per_line * length);
    const double value = values.data<double>()[i];
    const double* found =
        upper ? std::upper_bound(line, line + length, value) : std::lower_bound(line, line + length, value);
    result.data<int64_t>()[i] = found - line;
  }
  return out_int32 ? cast(result, DType::Int32) : result;
}

}  // namespace hiss::engine::kernels

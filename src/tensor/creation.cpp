// Making tensors: constants, ranges, copies.
#include <cmath>

#include "autograd/grad_mode.h"
#include "generated/engine/kernels.h"
#include "generated/engine/ops.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/parallel.h"

namespace hiss::engine::kernels {
namespace {

DType or_default(OptionalDType dtype) { return dtype.value_or(default_dtype()); }

Tensor filled(IntList size, DType dtype, const Scalar& value) {
  Tensor result = new_tensor(size, dtype);
  fill_value(result, value);
  return result;
}

}  // namespace

Tensor empty(IntList size, OptionalDType dtype) { return new_tensor(size, or_default(dtype)); }
Tensor zeros(IntList size, OptionalDType dtype) {
  Tensor result = new_tensor(size, or_default(dtype));
  std::memset(result.raw_data(), 0, static_cast<size_t>(result.numel()) * result.item_size());
  return result;
}
Tensor ones(IntList size, OptionalDType dtype) { return filled(size, or_default(dtype), int64_t{1}); }
Tensor full(IntList size, const Scalar& fill_value, OptionalDType dtype) {
  return filled(size, dtype.value_or(fill_value.dtype()), fill_value);
}
Tensor empty_like(const Tensor& self, OptionalDType dtype) { return new_like(self, dtype.value_or(self.dtype())); }
Tensor zeros_like(const Tensor& self, OptionalDType dtype) {
  Tensor result = new_like(self, dtype.value_or(self.dtype()));
  std::memset(result.raw_data(), 0, static_cast<size_t>(result.numel()) * result.item_size());
  return result;
}
Tensor ones_like(const Tensor& self, OptionalDType dtype) { return full_like(self, int64_t{1}, dtype); }
Tensor full_like(const Tensor& self, const Scalar& value, OptionalDType dtype) {
  Tensor result = new_like(self, dtype.value_or(self.dtype()));
  engine::fill_value(result, value);
  return result;
}
Tensor new_empty(const Tensor& self, IntList size, OptionalDType dtype) {
  return new_tensor(size, dtype.value_or(self.dtype()));
}
Tensor new_zeros(const Tensor& self, IntList size, OptionalDType dtype) {
  return zeros(size, dtype.value_or(self.dtype()));
}
Tensor new_ones(const Tensor& self, IntList size, OptionalDType dtype) {
  return ones(size, dtype.value_or(self.dtype()));
}
Tensor new_full(const Tensor& self, IntList size, const Scalar& value, OptionalDType dtype) {
  return filled(size, dtype.value_or(self.dtype()), value);
}
Tensor new_empty_strided(const Tensor& self, IntList size, IntList stride, OptionalDType dtype) {
  return empty_strided(size, stride, dtype.value_or(self.dtype()));
}
Tensor empty_strided(IntList size, IntList stride, OptionalDType dtype) {
  if (size.size() != stride.size()) {
    throw_error(ErrorKind::Runtime, "dimensionality of sizes ({}) must match dimensionality of strides ({})",
                size.size(), stride.size());
  }
  int64_t extent = 1;
  for (size_t i = 0; i < size.size(); ++i) extent += (size[i] - 1) * stride[i];
  if (product(size) == 0) extent = 0;
  const Tensor flat = new_tensor({extent}, or_default(dtype));
  return alias(flat, size, stride, 0);
}

Tensor arange(const Scalar& end, OptionalDType dtype) { return arange_start(int64_t{0}, end, int64_t{1}, dtype); }
Tensor arange_start(const Scalar& start, const Scalar& end, const Scalar& step, OptionalDType dtype) {
  const bool integral = !start.is_floating() && !end.is_floating() && !step.is_floating();
  const DType type = dtype.value_or(integral ? DType::Int64 : default_dtype());
  const double first = start.to_double(), last = end.to_double(), increment = step.to_double();
  if (increment == 0) throw Error(ErrorKind::Runtime, "step must be nonzero");
  if (!std::isfinite(first) || !std::isfinite(last))
    throw_error(ErrorKind::Runtime, "unsupported range: {} -> {}", first, last);
  if ((increment > 0 && last < first) || (increment < 0 && last > first)) {
    throw Error(ErrorKind::Runtime, "upper bound and lower bound inconsistent with step sign");
  }
  const double length = integral ? std::ceil((static_cast<double>(end.to_int() - start.to_int())) / increment)
                                 : std::ceil((last - first) / increment);
  Tensor result = new_tensor({static_cast<int64_t>(length)}, type);
  dispatch_all(type, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    T* out = result.data<T>();
    if constexpr (std::is_integral_v<T>) {
      for (int64_t i = 0; i < result.numel(); ++i) out[i] = static_cast<T>(start.to_int() + i * step.to_int());
    } else {
      // PyTorch rounds the first value of every vector of 32 bytes and counts on from there; the last digit shows it.
      constexpr int64_t kLanes = std::is_same_v<T, double> ? 4 : 8;
      using Rounded = std::conditional_t<std::is_same_v<T, double>, double, float>;
      for (int64_t i = 0; i < result.numel(); ++i) {
        const int64_t head = i / kLanes * kLanes;
        const bool whole = head + kLanes <= result.numel();
        const double base = std::fma(increment, static_cast<double>(whole ? head : i), first);
        const double value =
            whole ? std::fma(increment, static_cast<double>(i - head), static_cast<double>(static_cast<Rounded>(base)))
                  : base;
        out[i] = T(static_cast<Rounded>(value));
      }
    }
  });
  return result;
}

Tensor linspace(const Scalar& start, const Scalar& end, int64_t steps, OptionalDType dtype) {
  if (steps < 0) throw Error(ErrorKind::Runtime, "number of steps must be non-negative");
  Tensor result = new_tensor({steps}, or_default(dtype));
  dispatch_all(result.dtype(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    using Step = std::conditional_t<std::is_same_v<T, double> || std::is_integral_v<T>, double, float>;
    T* out = result.data<T>();
    const auto first = static_cast<Step>(start.to_double()), last = static_cast<Step>(end.to_double());
    const Step step = steps > 1 ? (last - first) / static_cast<Step>(steps - 1) : 0;
    // Symmetric around the middle, so that both ends are exact.
    for (int64_t i = 0; i < steps; ++i) {
      const Step value = i < steps / 2 ? std::fma(step, static_cast<Step>(i), first)
                                       : std::fma(-step, static_cast<Step>(steps - i - 1), last);
      out[i] = static_cast<T>(value);
    }
    if (steps == 1) out[0] = static_cast<T>(first);
  });
  return result;
}

Tensor eye(int64_t n, std::optional<int64_t> m, OptionalDType dtype) {
  const int64_t columns = m.value_or(n);
  Tensor result = zeros({n, columns}, or_default(dtype));
  if (n > 0 && columns > 0) fill_value(alias(result, {std::min(n, columns)}, {columns + 1}, 0), int64_t{1});
  return result;
}

namespace {
Tensor triangle_indices(int64_t row, int64_t col, int64_t offset, DType dtype, bool upper) {
  std::vector<int64_t> rows, columns;
  for (int64_t i = 0; i < row; ++i) {
    for (int64_t j = 0; j < col; ++j) {
      if (upper ? j - i >= offset : j - i <= offset) {
        rows.push_back(i);
        columns.push_back(j);
      }
    }
  }
  const auto count = static_cast<int64_t>(rows.size());
  Tensor result = new_tensor({2, count}, DType::Int64);
  std::copy(rows.begin(), rows.end(), result.data<int64_t>());
  std::copy(columns.begin(), columns.end(), result.data<int64_t>() + count);
  return dtype == DType::Int64 ? result : cast(result, dtype);
}
}  // namespace
Tensor tril_indices(int64_t row, int64_t col, int64_t offset, DType dtype) {
  return triangle_indices(row, col, offset, dtype, false);
}
Tensor triu_indices(int64_t row, int64_t col, int64_t offset, DType dtype) {
  return triangle_indices(row, col, offset, dtype, true);
}

Tensor clone(const Tensor& self) {
  Tensor result = new_like(self, self.dtype());
  copy_values(result, self);
  return result;
}
Tensor cast(const Tensor& self, DType dtype) {
  Tensor result = new_like(self, dtype);
  copy_values(result, self);
  return result;
}
void copy_(const Tensor& self, const Tensor& src, bool) { copy_values(self, src); }
void fill_(const Tensor& self, const Operand& value) {
  if (!value.is_tensor()) {
    fill_value(self, value.scalar());
    return;
  }
  if (value.tensor().dim() != 0) {
    throw_error(ErrorKind::Runtime, "fill_ only supports 0-dimension value tensor but got tensor with {} dimensions.",
                value.tensor().dim());
  }
  copy_values(self, value.tensor());
}
void zero_(const Tensor& self) { fill_value(self, int64_t{0}); }

}  // namespace hiss::engine::kernels

// softmax and log_softmax along any dimension.
#include "generated/engine/kernels.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/reduce.h"
#include "tensor/kernels/rows.h"
#include "tensor/parallel.h"

namespace hiss::engine::kernels {
namespace {

/// Applies row(out, in..., n) along `dim`; other dimensions are rows. Non-last dimensions are moved to the end and
/// back.
template <typename Row>
Tensor along(const Tensor& first, const Tensor& second, int64_t dim, Row&& row) {
  const int64_t d = wrap_dim(dim, first.dim());
  const bool last = first.dim() == 0 || d == first.dim() - 1;
  const DType compute = compute_type(first.dtype());
  const auto bring = [&](const Tensor& tensor) { return as_dense(last ? tensor : transpose(tensor, d, -1), compute); };
  const Tensor a = bring(first), b = second.defined() ? bring(second) : Tensor();
  Tensor out = new_tensor(a.sizes(), compute);
  const int64_t count = first.dim() == 0 ? 1 : first.size(d);
  const int64_t rows = count == 0 ? 0 : a.numel() / count;
  parallel_for(0, rows, std::max<int64_t>(1, kGrain / 4 / std::max<int64_t>(count, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   if (compute == DType::Float64) {
                     row(out.data<double>() + i * count, a.data<double>() + i * count,
                         b.defined() ? b.data<double>() + i * count : nullptr, static_cast<size_t>(count));
                   } else {
                     row(out.data<float>() + i * count, a.data<float>() + i * count,
                         b.defined() ? b.data<float>() + i * count : nullptr, static_cast<size_t>(count));
                   }
                 }
               });
  if (!last) out = dense(transpose(out, d, -1));
  return compute == first.dtype() ? out : cast(out, first.dtype());
}

Tensor prepared(const Tensor& self, OptionalDType dtype) {
  const DType type = dtype.value_or(self.dtype());
  if (!is_floating(type))
    throw_error(ErrorKind::NotImplemented, "\"softmax_lastdim_kernel_impl\" not implemented for '{}'",
                dtype_label(type));
  return type == self.dtype() ? self : cast(self, type);
}

template <typename T>
const RowKernels<T>& table(T*) {
  return row_kernels<T>();
}

}  // namespace

Tensor softmax(const Tensor& self, int64_t dim, OptionalDType dtype) {
  return along(prepared(self, dtype), Tensor(), dim,
               [](auto* out, auto* x, auto*, size_t n) { table(out).softmax(out, x, n); });
}
Tensor log_softmax(const Tensor& self, int64_t dim, OptionalDType dtype) {
  return along(prepared(self, dtype), Tensor(), dim,
               [](auto* out, auto* x, auto*, size_t n) { table(out).log_softmax(out, x, n); });
}
Tensor softmax_backward(const Tensor& grad_output, const Tensor& output, int64_t dim) {
  return along(grad_output, output, dim,
               [](auto* out, auto* g, auto* y, size_t n) { table(out).softmax_backward(out, g, y, n); });
}
Tensor log_softmax_backward(const Tensor& grad_output, const Tensor& output, int64_t dim) {
  return along(grad_output, output, dim,
               [](auto* out, auto* g, auto* y, size_t n) { table(out).log_softmax_backward(out, g, y, n); });
}

}  // namespace hiss::engine::kernels

// cat, stack, flip, triangles: rearrangements that copy.
#include "generated/engine/kernels.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/reduce.h"
#include "tensor/parallel.h"
#include "tensor/promotion.h"
#include "tensor/shape.h"

namespace hiss::engine::kernels {
namespace {

// PyTorch lets a legacy empty 1-D tensor join anything.
bool skipped(const Tensor& tensor) { return tensor.dim() == 1 && tensor.size(0) == 0; }

}  // namespace

Tensor cat(TensorList tensors, int64_t dim) {
  if (tensors.empty()) throw Error(ErrorKind::Runtime, "torch.cat(): expected a non-empty list of Tensors");
  const Tensor* first = nullptr;
  Promotion promotion;
  for (const Tensor& tensor : tensors) {
    if (tensor.dim() == 0)
      throw_error(ErrorKind::Runtime, "zero-dimensional tensor (at position {}) cannot be concatenated",
                  &tensor - tensors.begin());
    promotion.add(tensor);
    if (!first && !skipped(tensor)) first = &tensor;
  }
  const DType dtype = promotion.result();
  if (!first) return new_tensor({0}, dtype);
  const auto d = static_cast<size_t>(wrap_dim(dim, first->dim()));
  Sizes shape = first->sizes();
  shape[d] = 0;
  for (size_t k = 0; k < tensors.size(); ++k) {
    const Tensor& tensor = tensors[k];
    if (skipped(tensor)) continue;
    if (tensor.dim() != first->dim()) {
      throw_error(ErrorKind::Runtime, "Tensors must have same number of dimensions: got {} and {}", first->dim(),
                  tensor.dim());
    }
    for (size_t i = 0; i < shape.size(); ++i) {
      if (i != d && tensor.sizes()[i] != shape[i]) {
        throw_error(ErrorKind::Runtime,
                    "Sizes of tensors must match except in dimension {}. Expected size {} but got size {} for tensor "
                    "number {} in the list.",
                    d, shape[i], tensor.sizes()[i], k);
      }
    }
    shape[d] += tensor.sizes()[d];
  }
  Tensor result = new_tensor(shape, dtype);
  int64_t outer = 1;
  for (size_t i = 0; i < d; ++i) outer *= shape[i];
  const int64_t row = outer == 0 ? 0 : result.numel() / outer * static_cast<int64_t>(result.item_size());
  int64_t at = 0;
  for (const Tensor& tensor : tensors) {
    if (skipped(tensor) || tensor.numel() == 0) continue;
    const int64_t size = tensor.sizes()[d];
    if (tensor.dtype() == dtype && tensor.is_contiguous()) {
      const int64_t bytes = tensor.numel() / outer * static_cast<int64_t>(result.item_size());
      char* to = static_cast<char*>(result.raw_data()) + at;
      const char* from = static_cast<const char*>(tensor.raw_data());
      parallel_for(0, outer, std::max<int64_t>(1, kGrain * 8 / std::max<int64_t>(bytes, 1)),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t o = begin; o < end; ++o)
                       std::memcpy(to + o * row, from + o * bytes, static_cast<size_t>(bytes));
                   });
      at += bytes;
    } else {
      const int64_t inner = row / static_cast<int64_t>(result.item_size()) / shape[d];
      const int64_t start = at / static_cast<int64_t>(result.item_size()) / inner;
      copy_values(slice(result, static_cast<int64_t>(d), start, start + size, 1), tensor);
      at += size * inner * static_cast<int64_t>(result.item_size());
    }
  }
  return result;
}

Tensor stack(TensorList tensors, int64_t dim) {
  if (tensors.empty()) throw Error(ErrorKind::Runtime, "stack expects a non-empty TensorList");
  const int64_t d = wrap_dim(dim, tensors[0].dim() + 1);
  std::vector<Tensor> raised;
  for (size_t k = 0; k < tensors.size(); ++k) {
    if (tensors[k].sizes() != tensors[0].sizes()) {
      throw_error(ErrorKind::Runtime,
                  "stack expects each tensor to be equal size, but got {} at entry 0 and {} at entry {}",
                  to_string(tensors[0].sizes()), to_string(tensors[k].sizes()), k);
    }
    raised.push_back(unsqueeze(tensors[k], d));
  }
  return cat(raised, d);
}

Tensor flip(const Tensor& self, IntList dims) {
  const Sizes chosen = dims.empty() ? Sizes() : wrap_dims(dims, self.dim());
  const Tensor input = dense(self);
  Tensor result = new_tensor(self.sizes(), self.dtype());
  const auto rank = self.sizes().size();
  const Sizes strides = contiguous_strides(self.sizes());
  Sizes steps = strides;
  int64_t origin = 0;
  for (const int64_t d : chosen) {
    const auto i = static_cast<size_t>(d);
    if (self.sizes().empty()) break;
    origin += (self.sizes()[i] - 1) * strides[i];
    steps[i] = -strides[i];
  }
  dispatch_size(self.item_size(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T* from = static_cast<const T*>(input.raw_data());
    T* to = static_cast<T*>(result.raw_data());
    Sizes index(rank, 0);
    int64_t at = origin;
    for (int64_t i = 0; i < result.numel(); ++i) {
      to[i] = from[at];
      for (size_t d = rank; d-- > 0;) {
        at += steps[d];
        if (++index[d] < self.sizes()[d]) break;
        at -= steps[d] * self.sizes()[d];
        index[d] = 0;
      }
    }
  });
  return result;
}

namespace {
Tensor triangle(const Tensor& self, int64_t diagonal, bool upper) {
  if (self.dim() < 2)
    throw_error(ErrorKind::Runtime, "{}: input tensor must have at least 2 dimensions", upper ? "triu" : "tril");
  const Tensor input = dense(self);
  Tensor result = new_tensor(self.sizes(), self.dtype());
  const int64_t rows = self.size(-2), columns = self.size(-1);
  const int64_t matrices = rows * columns == 0 ? 0 : self.numel() / (rows * columns);
  dispatch_size(self.item_size(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T* from = static_cast<const T*>(input.raw_data());
    T* to = static_cast<T*>(result.raw_data());
    for (int64_t m = 0; m < matrices; ++m) {
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < columns; ++j, ++from, ++to)
          *to = (upper ? j - i >= diagonal : j - i <= diagonal) ? *from : T(0);
      }
    }
  });
  return result;
}
}  // namespace

Tensor tril(const Tensor& self, int64_t diagonal) { return triangle(self, diagonal, false); }
Tensor triu(const Tensor& self, int64_t diagonal) { return triangle(self, diagonal, true); }

}  // namespace hiss::engine::kernels

// Operations whose result shares the memory of their argument.
#include <algorithm>
#include <numeric>

#include "generated/engine/kernels.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/shape.h"

namespace hiss::engine {

Sizes infer_size(IntList shape, int64_t numel) {
  Sizes result(shape);
  int64_t known = 1, unknown = -1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1) {
      if (unknown >= 0) throw Error(ErrorKind::Runtime, "only one dimension can be inferred");
      unknown = static_cast<int64_t>(i);
    } else if (shape[i] < 0) {
      throw_error(ErrorKind::Runtime, "invalid shape dimension {}", shape[i]);
    } else {
      known *= shape[i];
    }
  }
  if (unknown >= 0 ? (known != 0 && numel % known == 0) : known == numel) {
    if (unknown >= 0) result[static_cast<size_t>(unknown)] = numel / known;
    return result;
  }
  if (unknown >= 0 && known == 0) {
    throw_error(
        ErrorKind::Runtime,
        "cannot reshape tensor of {} elements into shape {} because the unspecified dimension size -1 can be any value "
        "and is ambiguous",
        numel, to_string(shape));
  }
  throw_error(ErrorKind::Runtime, "shape '{}' is invalid for input of size {}", to_string(shape), numel);
}

std::optional<Sizes> view_strides(const Tensor& tensor, IntList shape) {
  if (tensor.numel() == 0 || tensor.is_contiguous()) return contiguous_strides(shape);
  // Walk both shapes from the end: each group of old dimensions that is contiguous in itself must equal a group of new
  // ones.
  const Sizes &old_sizes = tensor.sizes(), &old_strides = tensor.strides();
  Sizes strides(shape.size());
  auto view = static_cast<int64_t>(shape.size()) - 1;
  int64_t chunk_stride = old_strides.empty() ? 1 : old_strides.back();
  int64_t tensor_numel = 1, view_numel = 1;
  for (auto d = static_cast<int64_t>(old_sizes.size()) - 1; d >= 0; --d) {
    const auto i = static_cast<size_t>(d);
    tensor_numel *= old_sizes[i];
    const bool chunk_ends = d == 0 || (old_sizes[i - 1] != 1 && old_strides[i - 1] != tensor_numel * chunk_stride);
    if (!chunk_ends) continue;
    while (view >= 0 && (view_numel < tensor_numel || shape[static_cast<size_t>(view)] == 1)) {
      strides[static_cast<size_t>(view)] = view_numel * chunk_stride;
      view_numel *= shape[static_cast<size_t>(view)];
      --view;
    }
    if (view_numel != tensor_numel) return std::nullopt;
    if (d > 0) {
      chunk_stride = old_strides[i - 1];
      tensor_numel = view_numel = 1;
    }
  }
  if (view != -1) return std::nullopt;
  return strides;
}

Sizes wrap_dims(OptionalIntList dims, int64_t rank) {
  Sizes result;
  if (!dims || dims->empty()) {
    result.resize(static_cast<size_t>(rank));
    std::iota(result.begin(), result.end(), 0);
    return result;
  }
  for (const int64_t dim : *dims) {
    const int64_t wrapped = wrap_dim(dim, rank);
    if (std::find(result.begin(), result.end(), wrapped) != result.end()) {
      throw_error(ErrorKind::Runtime, "dim {} appears multiple times in the list of dims", wrapped);
    }
    result.push_back(wrapped);
  }
  return result;
}

namespace kernels {

Tensor view(const Tensor& self, IntList size) {
  const Sizes shape = infer_size(size, self.numel());
  const auto strides = view_strides(self, shape);
  if (!strides) {
    throw Error(ErrorKind::Runtime,
                "view size is not compatible with input tensor's size and stride (at least one dimension spans across "
                "two contiguous "
                "subspaces). Use .reshape(...) instead.");
  }
  return alias(self, shape, *strides, self.storage_offset());
}

Tensor view_dtype(const Tensor& self, DType dtype) {
  const auto from = static_cast<int64_t>(self.item_size()), to = static_cast<int64_t>(item_size(dtype));
  Sizes sizes = self.sizes(), strides = self.strides();
  int64_t offset = self.storage_offset();
  if (from != to) {
    if (sizes.empty() || strides.back() != 1 || sizes.back() * from % to != 0 || offset * from % to != 0) {
      throw_error(ErrorKind::Runtime,
                  "self.size(-1) must be divisible by {} to view {} as {} (different element sizes), but got {}",
                  to / std::max<int64_t>(from, 1), dtype_label(self.dtype()), dtype_label(dtype),
                  sizes.empty() ? 0 : sizes.back());
    }
    sizes.back() = sizes.back() * from / to;
    for (size_t i = 0; i + 1 < sizes.size(); ++i) strides[i] = strides[i] * from / to;
    offset = offset * from / to;
  }
  Tensor result = alias(self, sizes, strides, offset);
  result->dtype = dtype;
  return result;
}

Tensor as_strided(const Tensor& self, IntList size, IntList stride, std::optional<int64_t> storage_offset) {
  if (size.size() != stride.size()) throw Error(ErrorKind::Runtime, "mismatch in length of strides and shape");
  const int64_t offset = storage_offset.value_or(self.storage_offset());
  int64_t last = offset;
  bool empty = false;
  for (size_t i = 0; i < size.size(); ++i) {
    if (stride[i] < 0) {
      throw_error(ErrorKind::Runtime, "as_strided: Negative strides are not supported at the moment, got strides: {}",
                  to_string(stride));
    }
    empty |= size[i] == 0;
    last += (size[i] - 1) * stride[i];
  }
  const auto bytes = static_cast<int64_t>(self.item_size()) * (last + 1);
  if (!empty && (offset < 0 || bytes > self->storage->bytes())) {
    throw_error(ErrorKind::Runtime,
                "setStorage: sizes {}, strides {}, storage offset {}, and itemsize {} requiring a storage size of {} "
                "are out of bounds "
                "for storage of size {}",
                to_string(size), to_string(stride), offset, self.item_size(), bytes, self->storage->bytes());
  }
  return alias(self, size, stride, offset);
}

Tensor expand(const Tensor& self, IntList size, bool) {
  if (static_cast<int64_t>(size.size()) < self.dim()) {
    throw_error(ErrorKind::Runtime,
                "expand(torch.{}Tensor{{{}}}, size={}): the number of sizes provided ({}) must be greater or equal to "
                "the number of "
                "dimensions in the tensor ({})",
                dtype_label(self.dtype()), to_string(self.sizes()), to_string(size), size.size(), self.dim());
  }
  const size_t lead = size.size() - self.sizes().size();
  Sizes sizes(size), strides(size.size());
  for (size_t i = 0; i < size.size(); ++i) {
    if (i < lead) {
      if (size[i] < 0) {
        throw_error(ErrorKind::Runtime,
                    "The expanded size of the tensor ({}) isn't allowed in a leading, non-existing dimension {}",
                    size[i], i);
      }
      continue;
    }
    const int64_t old = self.sizes()[i - lead];
    if (sizes[i] == -1) sizes[i] = old;
    if (sizes[i] == old) {
      strides[i] = self.strides()[i - lead];
    } else if (old != 1) {
      throw_error(ErrorKind::Runtime,
                  "The expanded size of the tensor ({}) must match the existing size ({}) at non-singleton dimension "
                  "{}.  Target "
                  "sizes: {}.  Tensor sizes: {}",
                  sizes[i], old, i, to_string(size), to_string(self.sizes()));
    }
  }
  return alias(self, sizes, strides, self.storage_offset());
}

Tensor permute(const Tensor& self, IntList dims) {
  if (static_cast<int64_t>(dims.size()) != self.dim()) {
    throw_error(ErrorKind::Runtime,
                "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
                "desired ordering of "
                "dimensions i.e. input.dim() = {} is not equal to len(dims) = {}",
                self.dim(), dims.size());
  }
  const Sizes order = wrap_dims(dims, self.dim());
  Sizes sizes(dims.size()), strides(dims.size());
  for (size_t i = 0; i < order.size(); ++i) {
    sizes[i] = self.sizes()[static_cast<size_t>(order[i])];
    strides[i] = self.strides()[static_cast<size_t>(order[i])];
  }
  return alias(self, sizes, strides, self.storage_offset());
}

Tensor transpose(const Tensor& self, int64_t dim0, int64_t dim1) {
  const auto a = static_cast<size_t>(wrap_dim(dim0, self.dim())), b = static_cast<size_t>(wrap_dim(dim1, self.dim()));
  Sizes sizes = self.sizes(), strides = self.strides();
  if (!sizes.empty()) {
    std::swap(sizes[a], sizes[b]);
    std::swap(strides[a], strides[b]);
  }
  return alias(self, sizes, strides, self.storage_offset());
}

Tensor t(const Tensor& self) {
  if (self.dim() > 2)
    throw_error(ErrorKind::Runtime, "t() expects a tensor with <= 2 dimensions, but self is {}D", self.dim());
  return transpose(self, 0, self.dim() < 2 ? 0 : 1);
}

Tensor unsqueeze(const Tensor& self, int64_t dim) {
  const auto at = static_cast<size_t>(wrap_dim(dim, self.dim() + 1));
  Sizes sizes = self.sizes(), strides = self.strides();
  const int64_t stride = at < sizes.size() ? sizes[at] * strides[at] : 1;
  sizes.insert(at, 1);
  strides.insert(at, stride);
  return alias(self, sizes, strides, self.storage_offset());
}

Tensor squeeze(const Tensor& self, OptionalIntList dim) {
  Sizes sizes, strides;
  Sizes chosen;
  if (dim) {
    for (const int64_t d : *dim) chosen.push_back(wrap_dim(d, self.dim()));
  }
  for (size_t i = 0; i < self.sizes().size(); ++i) {
    const bool candidate = !dim || std::find(chosen.begin(), chosen.end(), static_cast<int64_t>(i)) != chosen.end();
    if (candidate && self.sizes()[i] == 1) continue;
    sizes.push_back(self.sizes()[i]);
    strides.push_back(self.strides()[i]);
  }
  return alias(self, sizes, strides, self.storage_offset());
}

Tensor select(const Tensor& self, int64_t dim, int64_t index) {
  if (self.dim() == 0) throw Error(ErrorKind::Index, "select() cannot be applied to a 0-dim tensor.");
  const auto d = static_cast<size_t>(wrap_dim(dim, self.dim()));
  const int64_t size = self.sizes()[d];
  if (index < -size || index >= size) {
    throw_error(ErrorKind::Index, "index {} is out of bounds for dimension {} with size {}", index, d, size);
  }
  if (index < 0) index += size;
  Sizes sizes = self.sizes(), strides = self.strides();
  const int64_t offset = self.storage_offset() + index * strides[d];
  sizes.erase(d);
  strides.erase(d);
  return alias(self, sizes, strides, offset);
}

Tensor slice(const Tensor& self, int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end, int64_t step) {
  if (self.dim() == 0) throw Error(ErrorKind::Runtime, "slice() cannot be applied to a 0-dim tensor.");
  if (step <= 0) throw Error(ErrorKind::Value, "step must be greater than zero");
  const auto d = static_cast<size_t>(wrap_dim(dim, self.dim()));
  const int64_t size = self.sizes()[d];
  const auto clip = [&](int64_t value) { return std::clamp<int64_t>(value < 0 ? value + size : value, 0, size); };
  const int64_t from = clip(start.value_or(0)), to = std::max(from, clip(end.value_or(size)));
  Sizes sizes = self.sizes(), strides = self.strides();
  const int64_t offset = self.storage_offset() + from * strides[d];
  sizes[d] = (to - from + step - 1) / step;
  strides[d] *= step;
  return alias(self, sizes, strides, offset);
}

Tensor diagonal(const Tensor& self, int64_t offset, int64_t dim1, int64_t dim2) {
  const auto a = static_cast<size_t>(wrap_dim(dim1, self.dim())), b = static_cast<size_t>(wrap_dim(dim2, self.dim()));
  if (a == b) throw_error(ErrorKind::Runtime, "diagonal dimensions cannot be identical {}, {}", dim1, dim2);
  Sizes sizes = self.sizes(), strides = self.strides();
  int64_t start = self.storage_offset();
  const int64_t length =
      std::max<int64_t>(offset >= 0 ? std::min(sizes[a], sizes[b] - offset) : std::min(sizes[a] + offset, sizes[b]), 0);
  if (length > 0) start += offset >= 0 ? offset * strides[b] : -offset * strides[a];
  const int64_t stride = strides[a] + strides[b];
  sizes.erase(std::max(a, b));
  strides.erase(std::max(a, b));
  sizes.erase(std::min(a, b));
  strides.erase(std::min(a, b));
  sizes.push_back(length);
  strides.push_back(stride);
  return alias(self, sizes, strides, start);
}

Tensor unfold(const Tensor& self, int64_t dimension, int64_t size, int64_t step) {
  const auto d = static_cast<size_t>(wrap_dim(dimension, self.dim()));
  const int64_t available = self.dim() == 0 ? 1 : self.sizes()[d];
  if (size > available) {
    throw_error(ErrorKind::Runtime, "maximum size for tensor at dimension {} is {} but size is {}", d, available, size);
  }
  if (step <= 0) throw_error(ErrorKind::Runtime, "step is {} but must be > 0", step);
  Sizes sizes = self.sizes(), strides = self.strides();
  const int64_t stride = self.dim() == 0 ? 1 : strides[d];
  if (self.dim() > 0) {
    sizes[d] = (available - size) / step + 1;
    strides[d] = step * stride;
  }
  sizes.push_back(size);
  strides.push_back(stride);
  return alias(self, sizes, strides, self.storage_offset());
}

std::vector<Tensor> split_sizes(const Tensor& self, IntList split_size_or_sections, int64_t dim) {
  const int64_t d = wrap_dim(dim, self.dim());
  const int64_t total = self.size(d);
  std::vector<Tensor> parts;
  int64_t start = 0;
  for (const int64_t length : split_size_or_sections) {
    if (length < 0) {
      throw_error(ErrorKind::Runtime,
                  "split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={}",
                  to_string(split_size_or_sections));
    }
    if (start + length > total) break;
    parts.push_back(slice(self, d, start, start + length, 1));
    start += length;
  }
  if (start != total || parts.size() != split_size_or_sections.size()) {
    throw_error(ErrorKind::Runtime,
                "split_with_sizes expects split_sizes to sum exactly to {} (input tensor's size at dimension {}), but "
                "got split_sizes={}",
                total, dim, to_string(split_size_or_sections));
  }
  return parts;
}

std::vector<Tensor> split(const Tensor& self, int64_t split_size, int64_t dim) {
  if (self.dim() == 0) throw Error(ErrorKind::Runtime, "split expects at least a 1-dimensional tensor");
  if (split_size < 0)
    throw_error(ErrorKind::Runtime, "split expects split_size be non-negative, but got split_size={}", split_size);
  const int64_t d = wrap_dim(dim, self.dim());
  const int64_t total = self.size(d);
  if (split_size == 0 && total != 0) {
    throw_error(ErrorKind::Runtime, "split_size can only be 0 if dimension size is 0, but got dimension size of {}",
                total);
  }
  std::vector<Tensor> parts;
  if (total == 0) parts.push_back(slice(self, d, 0, 0, 1));
  for (int64_t start = 0; start < total; start += split_size)
    parts.push_back(slice(self, d, start, start + split_size, 1));
  return parts;
}

std::vector<Tensor> unbind(const Tensor& self, int64_t dim) {
  if (self.dim() == 0) throw Error(ErrorKind::Runtime, "Dimension specified as 0 but tensor has no dimensions");
  const int64_t d = wrap_dim(dim, self.dim());
  std::vector<Tensor> parts;
  for (int64_t i = 0; i < self.size(d); ++i) parts.push_back(select(self, d, i));
  return parts;
}

Tensor detach(const Tensor& self) { return alias(self, self.sizes(), self.strides(), self.storage_offset()); }

Tensor select_backward(const Tensor& grad_output, IntList input_sizes, int64_t dim, int64_t index) {
  Tensor result = zeros(input_sizes, grad_output.dtype());
  copy_values(select(result, dim, index), grad_output);
  return result;
}

Tensor slice_backward(const Tensor& grad_output, IntList input_sizes, int64_t dim, std::optional<int64_t> start,
                      std::optional<int64_t> end, int64_t step) {
  Tensor result = zeros(input_sizes, grad_output.dtype());
  copy_values(slice(result, dim, start, end, step), grad_output);
  return result;
}

Tensor diagonal_backward(const Tensor& grad_output, IntList input_sizes, int64_t offset, int64_t dim1, int64_t dim2) {
  Tensor result = zeros(input_sizes, grad_output.dtype());
  copy_values(diagonal(result, offset, dim1, dim2), grad_output);
  return result;
}

}  // namespace kernels
}  // namespace hiss::engine

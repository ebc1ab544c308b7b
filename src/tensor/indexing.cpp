#include "tensor/indexing.h"

#include "generated/engine/ops.h"

namespace hiss::engine {
namespace {

/// Applies everything that is a view; index tensors are left in `advanced`, one entry per dimension of the result.
Tensor apply_views(const Tensor& self, std::span<const IndexItem> items, std::vector<Tensor>& advanced) {
  int64_t used = 0;
  int ellipses = 0;
  for (const IndexItem& item : items) {
    switch (item.kind) {
      case IndexItem::Kind::Int:
      case IndexItem::Kind::Slice:
        ++used;
        break;
      case IndexItem::Kind::Tensor:
        used += item.tensor.dtype() == DType::Bool || item.tensor.dtype() == DType::UInt8 ? item.tensor.dim() : 1;
        break;
      case IndexItem::Kind::Ellipsis:
        ++ellipses;
        break;
      default:
        break;
    }
  }
  if (ellipses > 1) throw Error(ErrorKind::Index, "an index can only have a single ellipsis ('...')");
  if (used > self.dim()) throw_error(ErrorKind::Index, "too many indices for tensor of dimension {}", self.dim());
  Tensor result = self;
  int64_t dim = 0;
  const auto put = [&](Tensor index) {
    advanced.resize(static_cast<size_t>(dim));
    advanced.push_back(std::move(index));
  };
  for (const IndexItem& item : items) {
    switch (item.kind) {
      case IndexItem::Kind::Int: {
        const int64_t size = result.size(dim);
        if (item.integer < -size || item.integer >= size) {
          throw_error(ErrorKind::Index, "index {} is out of bounds for dimension {} with size {}", item.integer, dim,
                      size);
        }
        result = ops::select(result, dim, item.integer);
        break;
      }
      case IndexItem::Kind::Slice:
        // A full slice still makes a new view, but only one when it stands alone.
        if (item.start || item.stop || item.step) {
          if (item.step && *item.step == 0) throw Error(ErrorKind::Value, "slice step cannot be zero");
          if (item.step && *item.step < 0) throw Error(ErrorKind::Value, "step must be greater than zero");
          result = ops::slice(result, dim, item.start, item.stop, item.step.value_or(1));
        }
        ++dim;
        break;
      case IndexItem::Kind::None:
        result = ops::unsqueeze(result, dim);
        ++dim;
        break;
      case IndexItem::Kind::Ellipsis:
        dim += self.dim() - used;
        break;
      case IndexItem::Kind::Bool:
        result = ops::unsqueeze(result, dim);
        put(item.integer ? ops::zeros({1}, DType::Int64) : ops::empty({0}, DType::Int64));
        ++dim;
        break;
      case IndexItem::Kind::Tensor: {
        const Tensor& index = item.tensor;
        const bool mask = index.dtype() == DType::Bool || index.dtype() == DType::UInt8;
        if (index.dim() == 0 && !mask && is_integral(index.dtype())) {
          result = ops::select(result, dim, index.item().to_int());
          break;
        }
        if (mask && index.dim() == 0) {
          result = ops::unsqueeze(result, dim);
          put(index.item().to_bool() ? ops::zeros({1}, DType::Int64) : ops::empty({0}, DType::Int64));
          ++dim;
          break;
        }
        put(index);
        dim += mask ? index.dim() : 1;
        break;
      }
    }
  }
  return result;
}

/// A mask of n dimensions stands for n entries, so the list keeps one entry per mask and later ones move up.
std::vector<Tensor> compact(const std::vector<Tensor>& advanced) {
  std::vector<Tensor> result;
  for (size_t d = 0; d < advanced.size();) {
    result.push_back(advanced[d]);
    const Tensor& index = advanced[d];
    const bool mask = index.defined() && (index.dtype() == DType::Bool || index.dtype() == DType::UInt8);
    d += mask ? static_cast<size_t>(index.dim()) : 1;
  }
  return result;
}

}  // namespace

Tensor get_item(const Tensor& self, std::span<const IndexItem> items) {
  std::vector<Tensor> advanced;
  Tensor result = apply_views(self, items, advanced);
  if (!advanced.empty()) return ops::index(result, compact(advanced));
  return result.is_same(self) ? ops::as_strided(self, self.sizes(), self.strides(), self.storage_offset()) : result;
}

void set_item(const Tensor& self, std::span<const IndexItem> items, const Operand& value) {
  std::vector<Tensor> advanced;
  const Tensor target = apply_views(self, items, advanced);
  if (advanced.empty()) {
    if (!value.is_tensor()) {
      ops::fill_(target, value);
      return;
    }
    // PyTorch drops leading dimensions of size 1 from the value.
    Tensor source = value.tensor();
    while (source.dim() > target.dim() && source.size(0) == 1) source = ops::squeeze(source, IntList({0}));
    if (source.dim() == 0 && source.dtype() == target.dtype() && !source.requires_grad()) {
      ops::fill_(target, source);
    } else {
      ops::copy_(target, source);
    }
    return;
  }
  const std::vector<Tensor> indices = compact(advanced);
  if (indices.size() == 1 && indices[0].dtype() == DType::Bool && !value.is_tensor() &&
      indices[0].sizes() == target.sizes()) {
    ops::masked_fill_(target, indices[0], value);
    return;
  }
  Tensor source = value.is_tensor() ? value.tensor() : scalar_tensor(value.scalar(), target.dtype());
  if (source.dtype() != target.dtype() && source.dim() == 0) source = ops::to(source, target.dtype());
  while (source.dim() > 1 && source.size(0) == 1 && source.dim() > target.dim())
    source = ops::squeeze(source, IntList({0}));
  ops::index_put_(target, indices, source);
}

}  // namespace hiss::engine

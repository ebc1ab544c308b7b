// Indexing by tensors, gather and scatter.
#include "tensor/indexing.h"
#include "generated/engine/kernels.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/iteration.h"
#include "tensor/kernels/reduce.h"
#include "tensor/parallel.h"
#include "tensor/promotion.h"
#include "tensor/shape.h"

namespace hiss::engine {
namespace {

/// x[indices] as one offset per indexed position: the indexed dimensions are brought to the front of a view of self,
/// and index tensors (booleans turned into positions) broadcast together.
struct IndexPlan {
  Tensor source;                 // View of self: indexed dimensions first, the rest after.
  Sizes index_shape;             // Broadcast shape of the index tensors.
  std::vector<int64_t> offsets;  // Element offset into source for each index position.
  Sizes rest;                    // Sizes of the dimensions not indexed.
  int64_t before = 0;            // How many of the rest come before the indexed block in the result.
  Sizes result;                  // Shape of x[indices].
};

std::vector<Tensor> expand_masks(const Tensor& self, TensorList indices) {
  std::vector<Tensor> result;
  for (const Tensor& index : indices) {
    if (!index.defined() || (index.dtype() != DType::Bool && index.dtype() != DType::UInt8)) {
      if (index.defined() && !is_integral(index.dtype())) {
        throw Error(ErrorKind::Index, "tensors used as indices must be long, int, byte or bool tensors");
      }
      result.push_back(index);
      continue;
    }
    for (int64_t d = 0; d < index.dim(); ++d) {
      const auto at = static_cast<int64_t>(result.size()) + d;
      if (at >= self.dim() || index.size(d) != self.size(at)) {
        throw_error(
            ErrorKind::Index,
            "The shape of the mask {} at index {} does not match the shape of the indexed tensor {} at index {}",
            to_string(index.sizes()), d, to_string(self.sizes()), at);
      }
    }
    const Tensor positions = kernels::nonzero(index);
    if (index.dim() == 0) {
      // A zero-dimensional mask adds a dimension of 0 or 1; the caller has already given self that dimension.
      result.push_back(kernels::view(positions, {positions.size(0), 0}));
      continue;
    }
    for (int64_t d = 0; d < index.dim(); ++d) result.push_back(kernels::select(positions, 1, d));
  }
  return result;
}

IndexPlan plan_index(const Tensor& self, TensorList given) {
  std::vector<Tensor> indices = expand_masks(self, given);
  if (static_cast<int64_t>(indices.size()) > self.dim()) {
    throw_error(ErrorKind::Index, "too many indices for tensor of dimension {}", self.dim());
  }
  IndexPlan plan;
  Sizes order, indexed;
  bool any = false, adjacent = true;
  int64_t last = -1;
  for (size_t d = 0; d < indices.size(); ++d) {
    if (!indices[d].defined()) continue;
    try {
      plan.index_shape = any ? broadcast_shapes(plan.index_shape, indices[d].sizes()) : indices[d].sizes();
    } catch (const Error&) {
      std::string shapes;
      for (const Tensor& index : indices) {
        if (index.defined()) shapes += (shapes.empty() ? "" : ", ") + to_string(index.sizes());
      }
      throw_error(ErrorKind::Index, "shape mismatch: indexing tensors could not be broadcast together with shapes {}",
                  shapes);
    }
    if (any && static_cast<int64_t>(d) != last + 1) adjacent = false;
    any = true;
    last = static_cast<int64_t>(d);
    indexed.push_back(static_cast<int64_t>(d));
  }
  order = indexed;
  for (int64_t d = 0; d < self.dim(); ++d) {
    if (std::find(indexed.begin(), indexed.end(), d) != indexed.end()) continue;
    order.push_back(d);
    plan.rest.push_back(self.size(d));
  }
  plan.source = kernels::permute(self, order);
  plan.before = adjacent && !indexed.empty() ? indexed[0] : 0;
  plan.offsets.assign(static_cast<size_t>(product(plan.index_shape)), 0);
  for (size_t k = 0; k < indexed.size(); ++k) {
    const auto dim = static_cast<size_t>(indexed[k]);
    const int64_t size = self.sizes()[dim], stride = self.strides()[dim];
    const Tensor index = as_dense(kernels::expand(indices[dim], plan.index_shape, false), DType::Int64);
    const int64_t* values = index.data<int64_t>();
    for (size_t i = 0; i < plan.offsets.size(); ++i) {
      int64_t value = values[i];
      if (value < -size || value >= size) {
        throw_error(ErrorKind::Index, "index {} is out of bounds for dimension {} with size {}", value, dim, size);
      }
      if (value < 0) value += size;
      plan.offsets[i] += value * stride;
    }
  }
  for (int64_t i = 0; i < plan.before; ++i) plan.result.push_back(plan.rest[static_cast<size_t>(i)]);
  for (const int64_t size : plan.index_shape) plan.result.push_back(size);
  for (size_t i = static_cast<size_t>(plan.before); i < plan.rest.size(); ++i) plan.result.push_back(plan.rest[i]);
  return plan;
}

/// Order that turns (index dims, rest dims) into the result's order, and the view of `tensor` undoing it.
Tensor index_first(const Tensor& tensor, const IndexPlan& plan) {
  Sizes order;
  const auto count = static_cast<int64_t>(plan.index_shape.size());
  for (int64_t i = 0; i < count; ++i) order.push_back(plan.before + i);
  for (int64_t i = 0; i < plan.before; ++i) order.push_back(i);
  for (int64_t i = plan.before + count; i < tensor.dim(); ++i) order.push_back(i);
  return kernels::permute(tensor, order);
}

/// The part of source that one index position selects.
Tensor part_at(const IndexPlan& plan, int64_t offset) {
  const size_t lead = plan.source.sizes().size() - plan.rest.size();
  return alias(plan.source, plan.rest, IntList(plan.source.strides().data() + lead, plan.rest.size()),
               plan.source.storage_offset() + offset);
}

template <typename T>
void add_values(T* to, T value) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
    *to = T(static_cast<float>(*to) + static_cast<float>(value));
  } else {
    *to = static_cast<T>(*to + value);
  }
}

/// For every element of the rest: body(offset in source from an index offset, position in the rest).
std::vector<int64_t> rest_offsets(const IndexPlan& plan) {
  const size_t lead = plan.source.sizes().size() - plan.rest.size();
  std::vector<int64_t> offsets(static_cast<size_t>(product(plan.rest)));
  Sizes index(plan.rest.size(), 0);
  int64_t at = 0;
  for (auto& offset : offsets) {
    offset = at;
    for (size_t d = plan.rest.size(); d-- > 0;) {
      const int64_t stride = plan.source.strides()[lead + d];
      at += stride;
      if (++index[d] < plan.rest[d]) break;
      at -= stride * plan.rest[d];
      index[d] = 0;
    }
  }
  return offsets;
}

void check_index_type(const Tensor& index, std::string_view name) {
  if (index.dtype() != DType::Int64 && index.dtype() != DType::Int32) {
    throw_error(ErrorKind::Runtime, "{}(): Expected dtype int32 or int64 for index", name);
  }
}

/// Walks every element of `index` for gather and scatter along `dim`: body(position in index, offset in a, offset in b,
/// i-th).
template <typename Body>
void walk_along(const Tensor& index, const Tensor& target, const Tensor& other, int64_t dim, Body&& body) {
  const auto rank = index.sizes().size();
  const auto d = static_cast<size_t>(dim);
  const int64_t limit = target.dim() == 0 ? 1 : target.sizes()[d];
  const int64_t target_stride = target.dim() == 0 ? 1 : target.strides()[d];
  const int64_t* values = index.data<int64_t>();
  Sizes at(rank, 0);
  int64_t base = 0, other_offset = 0;
  for (int64_t i = 0; i < index.numel(); ++i) {
    const int64_t value = values[i];
    if (value < 0 || value >= limit) {
      throw_error(ErrorKind::Index, "index {} is out of bounds for dimension {} with size {}", value, d, limit);
    }
    body(base + value * target_stride, other_offset);
    for (size_t k = rank; k-- > 0;) {
      const int64_t t = k == d || target.dim() == 0 ? 0 : target.strides()[k];
      const int64_t o = other.defined() && other.dim() > 0 ? other.strides()[k] : 0;
      base += t;
      other_offset += o;
      if (++at[k] < index.sizes()[k]) break;
      base -= t * index.sizes()[k];
      other_offset -= o * index.sizes()[k];
      at[k] = 0;
    }
  }
}

void check_scatter(const Tensor& self, const Tensor& index, const Tensor& src, int64_t dim, std::string_view name) {
  if (index.dtype() != DType::Int64 && index.dtype() != DType::Int32) {
    throw_error(ErrorKind::Runtime, "{}(): Expected dtype int32/int64 for index", name);
  }
  if (src.defined() && src.dtype() != self.dtype()) {
    throw_error(ErrorKind::Runtime, "{}(): Expected self.dtype to be equal to src.dtype", name);
  }
  if (index.numel() == 0) return;
  if (std::max<int64_t>(index.dim(), 1) != std::max<int64_t>(self.dim(), 1)) {
    throw_error(ErrorKind::Runtime, "Index tensor must have the same number of dimensions as {} tensor",
                name == "gather" ? "input" : "self");
  }
  for (int64_t d = 0; d < index.dim(); ++d) {
    const bool bad = (d != dim && index.size(d) > self.size(d)) || (src.defined() && index.size(d) > src.size(d));
    if (!bad) continue;
    if (src.defined()) {
      throw_error(
          ErrorKind::Runtime,
          "Expected index {} to be no larger than self {} apart from dimension {} and to be no larger size than src {}",
          to_string(index.sizes()), to_string(self.sizes()), dim, to_string(src.sizes()));
    }
    throw_error(
        ErrorKind::Runtime,
        "Size does not match at dimension {} expected index {} to be no larger than self {} apart from dimension {}", d,
        to_string(index.sizes()), to_string(self.sizes()), dim);
  }
}

}  // namespace

namespace kernels {

Tensor nonzero(const Tensor& self) {
  Tensor flags;
  compare(flags, Binary::Ne, self, Scalar(int64_t{0}));
  const Tensor input = dense(flags);
  const bool* values = input.data<bool>();
  int64_t count = 0;
  for (int64_t i = 0; i < input.numel(); ++i) count += values[i];
  const int64_t rank = self.dim();
  Tensor result = new_tensor({count, rank}, DType::Int64);
  int64_t* out = result.data<int64_t>();
  Sizes index(static_cast<size_t>(rank), 0);
  for (int64_t i = 0; i < input.numel(); ++i) {
    if (values[i]) {
      for (int64_t d = 0; d < rank; ++d) *out++ = index[static_cast<size_t>(d)];
    }
    for (auto d = static_cast<size_t>(rank); d-- > 0;) {
      if (++index[d] < self.sizes()[d]) break;
      index[d] = 0;
    }
  }
  return result;
}

Tensor index(const Tensor& self, TensorList indices) {
  const IndexPlan plan = plan_index(self, indices);
  Tensor result = new_tensor(plan.result, self.dtype());
  if (result.numel() == 0) return result;
  // Rows of contiguous elements move whole: x[idx] on the first dimension, the usual batch selection.
  Sizes shape = plan.index_shape;
  for (const int64_t size : plan.rest) shape.push_back(size);
  Tensor gathered = plan.before == 0 ? result : new_tensor(shape, self.dtype());
  const int64_t row = product(plan.rest);
  const Tensor sample = part_at(plan, 0);
  const auto size = static_cast<int64_t>(self.item_size());
  char* out = static_cast<char*>(gathered.raw_data());
  const char* base = static_cast<const char*>(plan.source.raw_data());
  if (sample.is_contiguous()) {
    parallel_for(0, static_cast<int64_t>(plan.offsets.size()), std::max<int64_t>(1, kGrain / std::max<int64_t>(row, 1)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) {
                     std::memcpy(out + i * row * size, base + plan.offsets[static_cast<size_t>(i)] * size,
                                 static_cast<size_t>(row * size));
                   }
                 });
  } else {
    const auto rest = rest_offsets(plan);
    dispatch_size(self.item_size(), [&](auto* tag) {
      using T = std::remove_pointer_t<decltype(tag)>;
      T* to = reinterpret_cast<T*>(out);
      const T* from = reinterpret_cast<const T*>(base);
      for (const int64_t offset : plan.offsets) {
        for (const int64_t inner : rest) *to++ = from[offset + inner];
      }
    });
  }
  if (plan.before != 0) copy_values(index_first(result, plan), gathered);
  return result;
}

void index_put_(const Tensor& self, TensorList indices, const Tensor& values, bool accumulate) {
  const IndexPlan plan = plan_index(self, indices);
  if (values.dtype() != self.dtype() && values.dim() != 0) {
    throw_error(
        ErrorKind::Runtime,
        "Index put requires the source and destination dtypes match, got {} for the destination and {} for the source.",
        dtype_label(self.dtype()), dtype_label(values.dtype()));
  }
  if (!is_expandable_to(values.sizes(), plan.result)) {
    throw_error(ErrorKind::Runtime,
                "shape mismatch: value tensor of shape {} cannot be broadcast to indexing result of shape {}",
                to_string(values.sizes()), to_string(plan.result));
  }
  const Tensor ordered = as_dense(index_first(expand(values, plan.result, false), plan), self.dtype());
  const auto rest = rest_offsets(plan);
  const auto put = [&](auto* tag, bool add) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T* from = static_cast<const T*>(ordered.raw_data());
    T* to = static_cast<T*>(plan.source.raw_data());
    for (const int64_t offset : plan.offsets) {
      for (const int64_t inner : rest) {
        if (add) {
          add_values(to + offset + inner, *from++);
        } else {
          to[offset + inner] = *from++;
        }
      }
    }
  };
  if (accumulate) {
    dispatch_all(self.dtype(), [&](auto* tag) { put(tag, true); });
  } else {
    dispatch_size(self.item_size(), [&](auto* tag) { put(tag, false); });
  }
}

Tensor index_select(const Tensor& self, int64_t dim, const Tensor& index) {
  if (index.dim() > 1) throw Error(ErrorKind::Index, "index_select(): Index is supposed to be a vector");
  check_index_type(index, "index_select");
  const int64_t d = wrap_dim(dim, self.dim());
  const Tensor ids = as_dense(index, DType::Int64), input = dense(self);
  const int64_t size = self.dim() == 0 ? 1 : self.size(d), count = ids.numel();
  Sizes shape = self.sizes();
  if (!shape.empty()) shape[static_cast<size_t>(d)] = count;
  Tensor result = new_tensor(shape, self.dtype());
  int64_t outer = 1, inner = static_cast<int64_t>(self.item_size());
  for (int64_t i = 0; i < self.dim(); ++i) (i < d ? outer : inner) *= i == d ? 1 : self.size(i);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t id = ids.data<int64_t>()[i];
    if (id < 0 || id >= size) throw Error(ErrorKind::Index, "index out of range in self");
    for (int64_t o = 0; o < outer; ++o) {
      std::memcpy(static_cast<char*>(result.raw_data()) + (o * count + i) * inner,
                  static_cast<const char*>(input.raw_data()) + (o * size + id) * inner, static_cast<size_t>(inner));
    }
  }
  return result;
}

void index_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source, const Scalar& alpha) {
  const int64_t d = wrap_dim(dim, self.dim());
  check_index_type(index, "index_add");
  if (source.dtype() != self.dtype())
    throw Error(ErrorKind::Runtime, "index_add_(): self and source must have the same scalar type");
  const Tensor ids = as_dense(index, DType::Int64);
  for (int64_t i = 0; i < ids.numel(); ++i) {
    const int64_t id = ids.data<int64_t>()[i];
    const int64_t size = self.dim() == 0 ? 1 : self.size(d);
    if (id < 0 || id >= size) throw Error(ErrorKind::Index, "index out of range in self");
    Tensor target = self.dim() == 0 ? self : select(self, d, id);
    add(target, target, source.dim() == 0 ? source : select(source, d, i), alpha);
  }
}

void index_copy_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source) {
  const int64_t d = wrap_dim(dim, self.dim());
  check_index_type(index, "index_copy");
  const Tensor ids = as_dense(index, DType::Int64);
  for (int64_t i = 0; i < ids.numel(); ++i) {
    copy_values(select(self, d, ids.data<int64_t>()[i]), source.dim() == 0 ? source : select(source, d, i));
  }
}

Tensor gather(const Tensor& self, int64_t dim, const Tensor& index) {
  const int64_t d = wrap_dim(dim, self.dim());
  check_scatter(self, index, Tensor(), d, "gather");
  const Tensor ids = as_dense(index, DType::Int64);
  Tensor result = new_tensor(index.sizes(), self.dtype());
  dispatch_size(self.item_size(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    T* out = static_cast<T*>(result.raw_data());
    const T* from = static_cast<const T*>(self.raw_data());
    walk_along(ids, self, Tensor(), d, [&](int64_t offset, int64_t) { *out++ = from[offset]; });
  });
  return result;
}

void scatter_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  const int64_t d = wrap_dim(dim, self.dim());
  check_scatter(self, index, src, d, "scatter");
  const Tensor ids = as_dense(index, DType::Int64);
  dispatch_size(self.item_size(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    T* to = static_cast<T*>(self.raw_data());
    const T* from = static_cast<const T*>(src.raw_data());
    walk_along(ids, self, src, d, [&](int64_t offset, int64_t source) { to[offset] = from[source]; });
  });
}

void scatter_value_(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value) {
  const int64_t d = wrap_dim(dim, self.dim());
  check_scatter(self, index, Tensor(), d, "scatter");
  const Tensor ids = as_dense(index, DType::Int64);
  dispatch_all(self.dtype(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T element = value.to<T>();
    walk_along(ids, self, Tensor(), d, [&](int64_t offset, int64_t) { self.data<T>()[offset] = element; });
  });
}

void scatter_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  const int64_t d = wrap_dim(dim, self.dim());
  check_scatter(self, index, src, d, "scatter");
  const Tensor ids = as_dense(index, DType::Int64);
  dispatch_all(self.dtype(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    walk_along(ids, self, src, d,
               [&](int64_t offset, int64_t source) { add_values(self.data<T>() + offset, src.data<T>()[source]); });
  });
}

void masked_fill_(const Tensor& self, const Tensor& mask, const Operand& value) {
  if (mask.dtype() != DType::Bool) {
    throw_error(ErrorKind::Runtime, "masked_fill_ only supports boolean masks, but got mask with dtype {}",
                dtype_name(mask.dtype()));
  }
  if (value.is_tensor() && value.tensor().dim() != 0) {
    throw_error(ErrorKind::Runtime,
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {} dimension(s).",
                value.tensor().dim());
  }
  if (!is_expandable_to(mask.sizes(), self.sizes())) {
    broadcast_shapes(self.sizes(), mask.sizes());
    throw_error(ErrorKind::Runtime, "output with shape {} doesn't match the broadcast shape {}",
                to_string(self.sizes()), to_string(broadcast_shapes(self.sizes(), mask.sizes())));
  }
  const Scalar number = value.is_tensor() ? value.tensor().item() : value.scalar();
  if (number.is_floating() && !is_floating(self.dtype())) {
    throw_error(ErrorKind::Runtime, "value cannot be converted to type {} without overflow", dtype_name(self.dtype()));
  }
  if (self.numel() == 0) return;
  const Iteration iteration({&self, &mask}, self.sizes());
  dispatch_all(self.dtype(), [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T element = number.to<T>();
    const int64_t step = iteration.inner_stride(0), mask_step = iteration.inner_stride(1);
    iteration.for_each_row([&](const int64_t* offsets, int64_t count) {
      T* out = reinterpret_cast<T*>(static_cast<char*>(self.raw_data()) + offsets[0]);
      const bool* flags = reinterpret_cast<const bool*>(static_cast<const char*>(mask.raw_data()) + offsets[1]);
      for (int64_t i = 0; i < count; ++i) {
        if (flags[i * mask_step]) out[i * step] = element;
      }
    });
  });
}

}  // namespace kernels
}  // namespace hiss::engine

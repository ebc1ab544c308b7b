// Operations made of other operations: shapes, joins, selection.
#include <cmath>
#include <numeric>

#include "generated/engine/kernels.h"
#include "generated/engine/ops.h"
#include "tensor/operators.h"
#include "tensor/promotion.h"
#include "tensor/shape.h"

namespace hiss::engine::composite {
using namespace ops;

Tensor positive(const Tensor& self) { return self; }
Tensor contiguous(const Tensor& self) {
  if (self.is_contiguous()) return self;
  // clone keeps the strides of dense tensors; this must not.
  Tensor dense = empty(self.sizes(), self.dtype());
  return copy_(dense, self);
}
Tensor to(const Tensor& self, DType dtype, bool copy) {
  if (self.dtype() == dtype) return copy ? clone(self) : self;
  return cast(self, dtype);
}
Tensor type_as(const Tensor& self, const Tensor& other) { return to(self, other.dtype(), false); }

Tensor reshape(const Tensor& self, IntList shape) {
  const Sizes wanted = infer_size(shape, self.numel());
  if (view_strides(self, wanted)) return view(self, wanted);
  return view(composite::contiguous(self), wanted);
}

Tensor as_strided_backward(const Tensor& grad, IntList base_size, IntList base_stride, int64_t base_offset,
                           IntList size, IntList stride, int64_t offset) {
  // Elements seen through several positions collect every gradient: add into flat memory by position.
  int64_t extent = 1;
  for (size_t i = 0; i < base_size.size(); ++i) extent += (base_size[i] - 1) * base_stride[i];
  if (product(base_size) == 0) return zeros(base_size, grad.dtype());
  Tensor positions = full({}, offset - base_offset, DType::Int64);
  positions = expand(positions, size);
  for (size_t i = 0; i < size.size(); ++i) {
    Sizes line(size.size(), 1);
    line[i] = size[i];
    positions = positions + view(arange(size[i]) * stride[i], line);
  }
  const Tensor flat = index_add(zeros({extent}, grad.dtype()), 0, reshape(positions, {-1}), reshape(grad, {-1}));
  return as_strided(flat, base_size, base_stride, 0);
}

Tensor narrow(const Tensor& self, int64_t dim, int64_t start, int64_t length) {
  const int64_t d = wrap_dim(dim, self.dim()), size = self.size(d);
  if (length < 0) throw Error(ErrorKind::Runtime, "narrow(): length must be non-negative.");
  if (start < -size || start > size) {
    throw_error(ErrorKind::Index, "Dimension out of range (expected to be in range of [{}, {}], but got {})", -size,
                size, start);
  }
  if (start < 0) start += size;
  if (start + length > size) {
    throw_error(ErrorKind::Runtime, "start ({}) + length ({}) exceeds dimension size ({}).", start, length, size);
  }
  return slice(self, d, start, start + length);
}

Tensor unfold_backward(const Tensor& grad_in, IntList input_sizes, int64_t dim, int64_t size, int64_t step) {
  if (input_sizes.empty()) return reshape(grad_in, {});
  const int64_t d = wrap_dim(dim, static_cast<int64_t>(input_sizes.size())), windows = grad_in.size(d);
  const Tensor index = reshape(unsqueeze(arange(windows) * step, 1) + arange(size), {-1});
  const Tensor ordered = flatten(movedim(grad_in, {-1}, {d + 1}), d, d + 1);
  return index_add(zeros(input_sizes, grad_in.dtype()), d, index, ordered);
}

std::vector<Tensor> chunk(const Tensor& self, int64_t chunks, int64_t dim) {
  if (self.dim() == 0) throw Error(ErrorKind::Runtime, "chunk expects at least a 1-dimensional tensor");
  if (chunks <= 0) throw_error(ErrorKind::Runtime, "chunk expects `chunks` to be greater than 0, got: {}", chunks);
  const int64_t size = self.size(dim);
  const int64_t length = (size + chunks - 1) / chunks;
  if (length == 0) return split(self, Sizes(static_cast<size_t>(chunks), 0), dim);
  return split(self, length, dim);
}

Tensor flatten(const Tensor& self, int64_t start_dim, int64_t end_dim) {
  if (self.dim() == 0) return reshape(self, {1});
  const int64_t start = wrap_dim(start_dim, self.dim()), end = wrap_dim(end_dim, self.dim());
  if (start > end) throw Error(ErrorKind::Runtime, "flatten() has invalid args: start_dim cannot come after end_dim");
  if (start == end) return self;
  Sizes shape;
  int64_t merged = 1;
  for (int64_t d = 0; d < self.dim(); ++d) {
    if (d < start || d > end) {
      shape.push_back(self.size(d));
    } else {
      merged *= self.size(d);
      if (d == end) shape.push_back(merged);
    }
  }
  return reshape(self, shape);
}

Tensor unflatten(const Tensor& self, int64_t dim, IntList sizes) {
  const int64_t d = wrap_dim(dim, self.dim());
  if (sizes.empty()) throw Error(ErrorKind::Runtime, "unflatten: sizes must be non-empty");
  const int64_t size = self.size(d);
  int64_t known = 1, unknown = 0;
  for (const int64_t value : sizes) value == -1 ? ++unknown : known *= value;
  if (unknown > 1 || (unknown == 0 ? known != size : known == 0 || size % known != 0)) {
    throw_error(ErrorKind::Runtime,
                "unflatten: Provided sizes {} don't multiply up to the size of dim {} ({}) in the input tensor",
                to_string(sizes), d, size);
  }
  Sizes shape;
  for (int64_t i = 0; i < self.dim(); ++i) {
    if (i != d) {
      shape.push_back(self.size(i));
      continue;
    }
    for (const int64_t value : sizes) shape.push_back(value == -1 ? size / known : value);
  }
  return view(self, shape);
}

Tensor movedim(const Tensor& self, IntList source, IntList destination) {
  if (source.size() != destination.size()) {
    throw_error(
        ErrorKind::Runtime,
        "movedim: Invalid source or destination dims: source ({} dims) should contain the same number of dims as "
        "destination ({} dims)",
        to_string(source), to_string(destination));
  }
  const auto rank = static_cast<size_t>(self.dim());
  Sizes order(rank, -1);
  std::vector<bool> used(rank);
  for (size_t i = 0; i < source.size(); ++i) {
    const auto from = static_cast<size_t>(wrap_dim(source[i], self.dim())),
               to = static_cast<size_t>(wrap_dim(destination[i], self.dim()));
    if (rank == 0) return self;
    order[to] = static_cast<int64_t>(from);
    used[from] = true;
  }
  size_t next = 0;
  for (size_t i = 0; i < rank; ++i) {
    if (order[i] >= 0) continue;
    while (used[next]) ++next;
    order[i] = static_cast<int64_t>(next++);
  }
  return permute(self, order);
}

Tensor expand_as(const Tensor& self, const Tensor& other) { return expand(self, other.sizes()); }
Tensor view_as(const Tensor& self, const Tensor& other) { return view(self, other.sizes()); }
Tensor reshape_as(const Tensor& self, const Tensor& other) { return reshape(self, other.sizes()); }
Tensor broadcast_to(const Tensor& self, IntList size) { return expand(self, size); }
std::vector<Tensor> broadcast_tensors(TensorList tensors) {
  Sizes shape;
  for (const Tensor& tensor : tensors) shape = broadcast_shapes(shape, tensor.sizes());
  std::vector<Tensor> result;
  for (const Tensor& tensor : tensors) result.push_back(expand(tensor, shape));
  return result;
}
Tensor ravel(const Tensor& self) { return reshape(self, {-1}); }
Tensor swap_last(const Tensor& self) { return transpose(self, -2, -1); }
Tensor adjoint(const Tensor& self) { return transpose(self, -2, -1); }

Tensor sum_to_size(const Tensor& self, IntList size) {
  if (!is_expandable_to(size, self.sizes())) {
    throw_error(ErrorKind::Runtime, "size {{{}}} is not expandable to size {{{}}}.", to_string(size),
                to_string(self.sizes()));
  }
  Sizes dims;
  const auto lead = self.sizes().size() - size.size();
  for (size_t d = 0; d < self.sizes().size(); ++d) {
    if (d < lead || (size[d - lead] == 1 && self.sizes()[d] != 1)) dims.push_back(static_cast<int64_t>(d));
  }
  if (dims.empty()) return self;
  const Tensor result = sum(self, IntList(dims), true);
  return lead == 0 ? result : view(result, size);
}

namespace {
std::vector<Tensor> at_least(TensorList tensors, int64_t rank) {
  std::vector<Tensor> result;
  for (Tensor tensor : tensors) {
    if (rank == 3) {
      if (tensor.dim() == 0) tensor = reshape(tensor, {1, 1, 1});
      if (tensor.dim() == 1) tensor = unsqueeze(unsqueeze(tensor, 0), -1);
      if (tensor.dim() == 2) tensor = unsqueeze(tensor, -1);
    }
    while (tensor.dim() < rank) tensor = unsqueeze(tensor, 0);
    result.push_back(tensor);
  }
  return result;
}
}  // namespace
Tensor hstack(TensorList tensors) {
  const auto raised = at_least(tensors, 1);
  return cat(raised, !raised.empty() && raised[0].dim() == 1 ? 0 : 1);
}
Tensor vstack(TensorList tensors) { return cat(at_least(tensors, 2), 0); }
Tensor dstack(TensorList tensors) { return cat(at_least(tensors, 3), 2); }

Tensor repeat(const Tensor& self, IntList repeats) {
  const auto rank = static_cast<int64_t>(repeats.size());
  if (rank < self.dim()) {
    throw Error(ErrorKind::Runtime,
                "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor");
  }
  Sizes spread, expanded, merged;
  for (int64_t d = 0; d < rank; ++d) {
    const int64_t size = d < rank - self.dim() ? 1 : self.size(d - (rank - self.dim()));
    const int64_t times = repeats[static_cast<size_t>(d)];
    if (times < 0)
      throw_error(ErrorKind::Runtime, "Trying to create tensor with negative dimension {}: {}", times * size,
                  to_string(repeats));
    spread.push_back(1);
    spread.push_back(size);
    expanded.push_back(times);
    expanded.push_back(size);
    merged.push_back(times * size);
  }
  const Tensor result = reshape(expand(reshape(self, spread), expanded), merged);
  // Nothing was repeated: the result must still be a copy.
  return result->storage == self->storage ? clone(result) : result;
}
Tensor tile(const Tensor& self, IntList dims) {
  Sizes repeats(dims);
  while (static_cast<int64_t>(repeats.size()) < self.dim()) repeats.insert(0, 1);
  return repeat(self, repeats);
}
Tensor repeat_interleave(const Tensor& self, int64_t repeats, std::optional<int64_t> dim, std::optional<int64_t>) {
  if (repeats < 0) throw Error(ErrorKind::Runtime, "repeats can not be negative");
  const Tensor input = dim ? self : flatten(self);
  const int64_t d = wrap_dim(dim.value_or(0), input.dim());
  Sizes expanded = input.sizes(), merged = input.sizes();
  if (expanded.empty()) return repeat_interleave(reshape(self, {1}), repeats, 0);
  expanded.insert(static_cast<size_t>(d) + 1, repeats);
  merged[static_cast<size_t>(d)] *= repeats;
  return reshape(clone(expand(unsqueeze(input, d + 1), expanded)), merged);
}
Tensor repeat_interleave_Tensor(const Tensor& self, const Tensor& repeats, std::optional<int64_t> dim,
                                std::optional<int64_t>) {
  const Tensor input = dim ? self : flatten(self);
  const int64_t d = wrap_dim(dim.value_or(0), input.dim());
  if (repeats.numel() == 1) return repeat_interleave(input, repeats.item().to_int(), d);
  if (repeats.dim() != 1 || repeats.size(0) != input.size(d)) {
    throw_error(
        ErrorKind::Runtime,
        "repeats must have the same size as input along dim, but got repeats.size(0) = {} and input.size({}) = {}",
        repeats.size(0), d, input.size(d));
  }
  const Tensor counts = to(repeats, DType::Int64);
  std::vector<int64_t> index;
  for (int64_t i = 0; i < counts.numel(); ++i) {
    const int64_t times = select(counts, 0, i).item().to_int();
    if (times < 0) throw Error(ErrorKind::Runtime, "repeats can not be negative");
    index.insert(index.end(), static_cast<size_t>(times), i);
  }
  return index_select(input, d, from_values<int64_t>({static_cast<int64_t>(index.size())}, index));
}

Tensor fliplr(const Tensor& self) { return flip(self, {1}); }
Tensor flipud(const Tensor& self) { return flip(self, {0}); }
Tensor roll(const Tensor& self, IntList shifts, IntList dims) {
  if (dims.empty() && shifts.size() == 1) return view(roll(flatten(self), shifts, {0}), self.sizes());
  if (shifts.size() != dims.size()) {
    throw_error(ErrorKind::Runtime, "shifts and dimensions must align. shifts: {}, dims:{}", shifts.size(),
                dims.size());
  }
  Tensor result = self;
  for (size_t i = 0; i < dims.size(); ++i) {
    const int64_t size = self.size(dims[i]);
    if (size == 0) continue;
    const int64_t start = ((size - shifts[i]) % size + size) % size;
    result = cat({narrow(result, dims[i], start, size - start), narrow(result, dims[i], 0, start)}, dims[i]);
  }
  return result.is_same(self) ? clone(self) : result;
}
Tensor rot90(const Tensor& self, int64_t k, IntList dims) {
  if (dims.size() != 2)
    throw_error(ErrorKind::Runtime, "expected total rotation dims == 2, but got dims = {}", dims.size());
  switch (((k % 4) + 4) % 4) {
    case 1:
      return transpose(flip(self, {dims[1]}), dims[0], dims[1]);
    case 2:
      return flip(self, dims);
    case 3:
      return flip(transpose(self, dims[0], dims[1]), {dims[1]});
    default:
      return clone(self);
  }
}
Tensor diag_embed(const Tensor& self, int64_t offset, int64_t dim1, int64_t dim2) {
  const int64_t size = self.size(-1) + std::abs(offset);
  Sizes shape = self.sizes();
  shape.back() = size;
  shape.push_back(size);
  const int64_t a = wrap_dim(dim1, self.dim() + 1), b = wrap_dim(dim2, self.dim() + 1);
  Tensor matrix = zeros(shape, self.dtype());
  copy_(diagonal(matrix, offset, -2, -1), self);
  return movedim(matrix, {-2, -1}, {a, b});
}
Tensor diag(const Tensor& self, int64_t diagonal) {
  if (self.dim() == 1) return diag_embed(self, diagonal);
  if (self.dim() != 2) throw_error(ErrorKind::Runtime, "diag(): Supports 1D or 2D tensors. Got {}D", self.dim());
  return clone(ops::diagonal(self, diagonal));
}
std::vector<Tensor> meshgrid(TensorList tensors, std::optional<std::string_view> indexing) {
  if (tensors.empty()) throw Error(ErrorKind::Runtime, "meshgrid expects a non-empty TensorList");
  const bool xy = indexing && *indexing == "xy";
  if (indexing && !xy && *indexing != "ij") {
    throw_error(ErrorKind::Runtime, "torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: {}",
                *indexing);
  }
  Sizes shape;
  for (const Tensor& tensor : tensors) shape.push_back(tensor.numel());
  std::vector<Tensor> result;
  for (size_t i = 0; i < tensors.size(); ++i) {
    Sizes line(tensors.size(), 1), full = shape;
    size_t at = i;
    if (xy && tensors.size() > 1) {
      if (i < 2) at = 1 - i;
      full[0] = shape[1];
      full[1] = shape[0];
    }
    line[at] = tensors[i].numel();
    result.push_back(expand(reshape(tensors[i], line), full));
  }
  return result;
}

Tensor constant_pad_nd(const Tensor& self, IntList pad, const Scalar& value) {
  if (pad.size() % 2 != 0)
    throw Error(ErrorKind::Runtime, "Length of pad must be even but instead it equals " + std::to_string(pad.size()));
  const auto rank = static_cast<size_t>(self.dim());
  if (pad.size() > 2 * rank) {
    throw_error(ErrorKind::Runtime,
                "Length of pad should be no more than twice the number of dimensions of the input. Pad length is {} "
                "while the input has {} dimensions.",
                pad.size(), rank);
  }
  Sizes shape = self.sizes();
  Tensor source = self;
  std::vector<std::pair<int64_t, int64_t>> place(rank, {0, 0});
  for (size_t k = 0; k < pad.size() / 2; ++k) {
    const size_t d = rank - 1 - k;
    const int64_t before = pad[2 * k], after = pad[2 * k + 1];
    shape[d] += before + after;
    if (shape[d] < 0) {
      throw_error(ErrorKind::Runtime,
                  "The input size {}, plus negative padding {} and {} resulted in a negative output size, which is "
                  "invalid. Check dimension {} of your input.",
                  self.sizes()[d], before, after, d);
    }
    const int64_t from = std::max<int64_t>(-before, 0), to = self.sizes()[d] - std::max<int64_t>(-after, 0);
    if (before < 0 || after < 0) source = slice(source, static_cast<int64_t>(d), from, to);
    place[d] = {std::max<int64_t>(before, 0), std::max<int64_t>(before, 0) + (to - from)};
  }
  Tensor result = full(shape, value, self.dtype());
  Tensor target = result;
  for (size_t k = 0; k < pad.size() / 2; ++k) {
    const size_t d = rank - 1 - k;
    target = slice(target, static_cast<int64_t>(d), place[d].first, place[d].second);
  }
  copy_(target, source);
  return result;
}

Tensor pad(const Tensor& self, IntList pad, std::string_view mode, std::optional<double> value) {
  if (mode == "constant") return constant_pad_nd(self, pad, value.value_or(0.0));
  // Other modes read from inside: build the list of source positions of every padded dimension.
  Tensor result = self;
  for (size_t k = 0; k < pad.size() / 2; ++k) {
    const int64_t d = self.dim() - 1 - static_cast<int64_t>(k), size = self.size(d);
    const int64_t before = pad[2 * k], after = pad[2 * k + 1];
    if (before == 0 && after == 0) continue;
    if (mode == "reflect" && (before >= size || after >= size)) {
      throw_error(ErrorKind::Runtime,
                  "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
                  "({}, {}) at dimension {} of input {}",
                  before, after, d, to_string(self.sizes()));
    }
    std::vector<int64_t> index;
    for (int64_t i = -before; i < size + after; ++i) {
      if (mode == "reflect") {
        index.push_back(i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i);
      } else if (mode == "replicate") {
        index.push_back(std::clamp<int64_t>(i, 0, size - 1));
      } else if (mode == "circular") {
        index.push_back(((i % size) + size) % size);
      } else {
        throw_error(ErrorKind::NotImplemented, "Unrecognised padding mode {}", mode);
      }
    }
    result = index_select(result, d, from_values<int64_t>({static_cast<int64_t>(index.size())}, index));
  }
  return result;
}

Tensor pixel_shuffle(const Tensor& self, int64_t r) {
  const int64_t channels = self.size(-3), h = self.size(-2), w = self.size(-1);
  if (r <= 0 || channels % (r * r) != 0) {
    throw_error(
        ErrorKind::Runtime,
        "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
        "input.size(-3)={} is not divisible by {}",
        channels, r * r);
  }
  Sizes lead(IntList(self.sizes().data(), self.sizes().size() - 3)), split = lead, order, merged = lead;
  for (const int64_t size : {channels / (r * r), r, r, h, w}) split.push_back(size);
  const auto n = static_cast<int64_t>(lead.size());
  for (int64_t i = 0; i < n; ++i) order.push_back(i);
  for (const int64_t d : {0, 3, 1, 4, 2}) order.push_back(n + d);
  for (const int64_t size : {channels / (r * r), h * r, w * r}) merged.push_back(size);
  return reshape(permute(reshape(self, split), order), merged);
}
Tensor pixel_unshuffle(const Tensor& self, int64_t r) {
  const int64_t channels = self.size(-3), h = self.size(-2), w = self.size(-1);
  if (r <= 0 || h % r != 0 || w % r != 0) {
    throw_error(ErrorKind::Runtime,
                "pixel_unshuffle expects height and width to be divisible by downscale_factor, but they are {} and {}",
                h, w);
  }
  Sizes lead(IntList(self.sizes().data(), self.sizes().size() - 3)), split = lead, order, merged = lead;
  for (const int64_t size : {channels, h / r, r, w / r, r}) split.push_back(size);
  const auto n = static_cast<int64_t>(lead.size());
  for (int64_t i = 0; i < n; ++i) order.push_back(i);
  for (const int64_t d : {0, 2, 4, 1, 3}) order.push_back(n + d);
  for (const int64_t size : {channels * r * r, h / r, w / r}) merged.push_back(size);
  return reshape(permute(reshape(self, split), order), merged);
}

Tensor diff(const Tensor& self, int64_t n, int64_t dim, const Tensor& prepend, const Tensor& append) {
  if (n < 0) throw_error(ErrorKind::Runtime, "order must be non-negative but got {}", n);
  if (self.dim() == 0) throw Error(ErrorKind::Runtime, "diff expects input to be at least one-dimensional");
  std::vector<Tensor> parts;
  for (const Tensor& part : {prepend, self, append}) {
    if (!part.defined()) continue;
    if (part.dim() != self.dim())
      throw Error(ErrorKind::Runtime, "diff expects prepend or append to be the same dimension as input");
    parts.push_back(part);
  }
  Tensor result = n > 0 && parts.size() > 1 ? cat(parts, dim) : self;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t size = result.size(dim);
    if (size <= 1) return narrow(result, dim, 0, 0);
    const Tensor next = narrow(result, dim, 1, size - 1), previous = narrow(result, dim, 0, size - 1);
    result = self.dtype() == DType::Bool ? logical_xor(next, previous) : next - previous;
  }
  return result;
}

Tensor index_put(const Tensor& self, TensorList indices, const Tensor& values, bool accumulate) {
  return index_put_(clone(self), indices, values, accumulate);
}
Tensor index_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source, const Scalar& alpha) {
  return index_add_(clone(self), dim, index, source, alpha);
}
Tensor index_copy(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source) {
  return index_copy_(clone(self), dim, index, source);
}
Tensor index_fill(const Tensor& self, int64_t dim, const Tensor& index, const Operand& value) {
  std::vector<Tensor> indices(static_cast<size_t>(wrap_dim(dim, self.dim())));
  indices.push_back(index);
  return index_put_(clone(self), indices,
                    value.is_tensor() ? value.tensor() : scalar_tensor(value.scalar(), self.dtype()));
}
Tensor take(const Tensor& self, const Tensor& index) { return ops::index(reshape(self, {-1}), {index}); }
Tensor take_along_dim(const Tensor& self, const Tensor& indices, std::optional<int64_t> dim) {
  if (!dim) return gather(reshape(self, {-1}), 0, reshape(indices, {-1}));
  const int64_t d = wrap_dim(*dim, self.dim());
  Sizes self_shape = self.sizes(), index_shape = indices.sizes();
  self_shape[static_cast<size_t>(d)] = index_shape[static_cast<size_t>(d)] = 1;
  Sizes self_full = broadcast_shapes(self_shape, index_shape), index_full = self_full;
  self_full[static_cast<size_t>(d)] = self.size(d);
  index_full[static_cast<size_t>(d)] = indices.size(d);
  return gather(expand(self, self_full), d, expand(indices, index_full));
}
Tensor masked_select(const Tensor& self, const Tensor& mask) {
  if (mask.dtype() != DType::Bool) {
    throw Error(ErrorKind::Runtime, "masked_select: expected BoolTensor for mask");
  }
  const Sizes shape = broadcast_shapes(self.sizes(), mask.sizes());
  if (shape.empty()) return ops::index(reshape(self, {1}), {reshape(mask, {1})});
  return ops::index(expand(self, shape), {expand(mask, shape)});
}
Tensor masked_scatter(const Tensor& self, const Tensor& mask, const Tensor& source) {
  const Sizes shape = broadcast_shapes(self.sizes(), mask.sizes());
  const Tensor full_mask = reshape(expand(mask, shape), {-1});
  const Tensor positions = reshape(nonzero(full_mask), {-1});
  if (positions.numel() > source.numel()) {
    throw Error(ErrorKind::Runtime, "masked_scatter: expected self and source to have enough elements");
  }
  const Tensor values = narrow(reshape(source, {-1}), 0, 0, positions.numel());
  return reshape(index_put(reshape(expand(self, shape), {-1}), {positions}, values), shape);
}
std::vector<Tensor> where_nonzero(const Tensor& condition) {
  return unbind(nonzero(condition.dim() == 0 ? reshape(condition, {1}) : condition), 1);
}

}  // namespace hiss::engine::composite

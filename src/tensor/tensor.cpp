#include "tensor/tensor.h"

#include <fmt/format.h>

#include <atomic>

#include "autograd/grad_mode.h"
#include "autograd/meta.h"

namespace hiss::engine {
namespace {

std::atomic<DType> default_float{DType::Float32};
std::atomic<void (*)(void*)> python_release{nullptr};

constexpr std::string_view kNames[] = {"uint8",   "int8",    "int16",   "int32", "int64",
                                       "float16", "float32", "float64", "bool",  "bfloat16"};
constexpr std::string_view kLabels[] = {"Byte", "Char",  "Short",  "Int",  "Long",
                                        "Half", "Float", "Double", "Bool", "BFloat16"};

}  // namespace

std::string_view dtype_name(DType dtype) { return kNames[static_cast<int>(dtype)]; }
std::string_view dtype_label(DType dtype) { return kLabels[static_cast<int>(dtype)]; }
DType default_dtype() { return default_float.load(std::memory_order_relaxed); }
void set_default_dtype(DType dtype) {
  if (!is_floating(dtype)) throw Error(ErrorKind::Type, "only floating-point types are supported as the default type");
  default_float = dtype;
}
void set_python_release_hook(void (*hook)(void*)) { python_release = hook; }

std::string to_string(IntList sizes) { return fmt::format("[{}]", fmt::join(sizes.begin(), sizes.end(), ", ")); }

Sizes contiguous_strides(IntList sizes) {
  Sizes strides(sizes.size());
  int64_t step = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    strides[i] = step;
    step *= std::max<int64_t>(sizes[i], 1);
  }
  return strides;
}

int64_t wrap_dim(int64_t dim, int64_t rank) {
  const int64_t span = std::max<int64_t>(rank, 1);
  if (dim < -span || dim >= span) {
    throw_error(ErrorKind::Index, "Dimension out of range (expected to be in range of [{}, {}], but got {})", -span,
                span - 1, dim);
  }
  return dim < 0 ? dim + span : dim;
}

int64_t checked_numel(IntList sizes, size_t item_size) {
  int64_t numel = 1, bytes = 0;
  bool overflow = false, empty = false;
  for (int64_t size : sizes) {
    empty |= size == 0;
    if (size < 0) {
      throw_error(ErrorKind::Runtime, "Trying to create tensor with negative dimension {}: {}", size, to_string(sizes));
    }
    overflow |= __builtin_mul_overflow(numel, size, &numel);
  }
  overflow |= __builtin_mul_overflow(numel, static_cast<int64_t>(item_size), &bytes);
  if (overflow && !empty) {
    throw_error(ErrorKind::Runtime, "Storage size calculation overflowed with sizes={}", to_string(sizes));
  }
  return empty ? 0 : numel;
}

TensorImpl::TensorImpl(Ref<Storage> memory, DType type)
    : dtype(type), inference(InferenceMode::enabled()), storage(std::move(memory)) {}

TensorImpl::~TensorImpl() {
  if (owns_python_object) {
    if (const auto hook = python_release.load(std::memory_order_relaxed)) hook(python_object);
  }
}

void TensorImpl::refresh() {
  numel = 1;
  contiguous = true;
  int64_t expected = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    numel *= sizes[i];
    if (sizes[i] != 1) {
      contiguous &= strides[i] == expected;
      expected *= sizes[i];
    }
  }
  if (numel == 0) contiguous = true;
}

Tensor new_tensor(IntList sizes, DType dtype) {
  const int64_t numel = checked_numel(sizes, item_size(dtype));
  Ref<TensorImpl> impl(new TensorImpl(Storage::allocate(numel * static_cast<int64_t>(item_size(dtype))), dtype));
  impl->sizes = Sizes(sizes);
  impl->strides = contiguous_strides(sizes);
  impl->numel = numel;
  return Tensor(std::move(impl));
}

Tensor new_like(const Tensor& like, DType dtype) {
  if (like.is_contiguous()) return new_tensor(like.sizes(), dtype);
  Tensor result = new_tensor(like.sizes(), dtype);
  // Order the dimensions as the source lays them out, outermost first, and lay the result out densely in that order.
  const auto rank = static_cast<size_t>(like.dim());
  Sizes order(rank);
  for (size_t i = 0; i < rank; ++i) order[i] = static_cast<int64_t>(i);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const int64_t sa = like.strides()[static_cast<size_t>(a)], sb = like.strides()[static_cast<size_t>(b)];
    return sa != 0 && sb != 0 && sa > sb;
  });
  int64_t step = 1;
  for (size_t i = rank; i-- > 0;) {
    const auto dim = static_cast<size_t>(order[i]);
    result->strides[dim] = step;
    step *= std::max<int64_t>(like.sizes()[dim], 1);
  }
  result->refresh();
  return result;
}

Tensor alias(const Tensor& tensor, IntList sizes, IntList strides, int64_t offset) {
  Ref<TensorImpl> impl(new TensorImpl(tensor->storage, tensor.dtype()));
  impl->sizes = Sizes(sizes);
  impl->strides = Sizes(strides);
  impl->offset = offset;
  impl->own_version = tensor->own_version;
  impl->inference = tensor->inference;
  impl->refresh();
  return Tensor(std::move(impl));
}

Tensor from_memory(void* data, IntList sizes, IntList strides, DType dtype, void (*release)(void*), void* context) {
  int64_t last = 0;
  for (size_t i = 0; i < sizes.size(); ++i) last += (sizes[i] - 1) * strides[i];
  const int64_t count = product(sizes) == 0 ? 0 : last + 1;
  Ref<TensorImpl> impl(
      new TensorImpl(Storage::wrap(data, count * static_cast<int64_t>(item_size(dtype)), release, context), dtype));
  impl->sizes = Sizes(sizes);
  impl->strides = Sizes(strides);
  impl->refresh();
  return Tensor(std::move(impl));
}

void Tensor::set_data(const Tensor& source) const {
  if (requires_grad() && !is_floating(source.dtype())) {
    throw Error(ErrorKind::Runtime,
                "data set to a tensor that requires gradients must be floating point or complex dtype");
  }
  impl_->storage = source->storage;
  impl_->dtype = source.dtype();
  impl_->offset = source.storage_offset();
  impl_->sizes = source.sizes();
  impl_->strides = source.strides();
  // The counter of the old memory would go on being compared with saved versions of it.
  if (!impl_->own_version) impl_->own_version = Ref<VersionCounter>(new VersionCounter);
  impl_->refresh();
}

void Tensor::resize_in_place(IntList sizes) const {
  if (requires_grad()) throw Error(ErrorKind::Runtime, "cannot resize variables that require grad");
  const int64_t bytes = checked_numel(sizes, item_size()) * static_cast<int64_t>(item_size());
  const int64_t needed = bytes + storage_offset() * static_cast<int64_t>(item_size());
  if (needed > impl_->storage->bytes()) impl_->storage->resize(needed);
  impl_->sizes = Sizes(sizes);
  impl_->strides = contiguous_strides(sizes);
  impl_->refresh();
}

Tensor scalar_tensor(const Scalar& value, DType dtype) {
  Tensor result = new_tensor({}, dtype);
  dispatch_all(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    *result.data<T>() = value.to<T>();
  });
  return result;
}

Scalar Tensor::item() const {
  if (numel() != 1) {
    throw_error(ErrorKind::Runtime, "a Tensor with {} elements cannot be converted to Scalar", numel());
  }
  return dispatch_all(dtype(), [&](auto* tag) -> Scalar {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T value = *data<T>();
    if constexpr (std::is_same_v<T, bool>) {
      return Scalar(value);
    } else if constexpr (std::is_integral_v<T>) {
      return Scalar(static_cast<int64_t>(value));
    } else {
      return Scalar(
          static_cast<double>(static_cast<std::conditional_t<std::is_same_v<T, double>, double, float>>(value)));
    }
  });
}

}  // namespace hiss::engine

// Tensor: a counted handle to sizes, strides and a place in a Storage. Operations are declared in ops.yaml; the methods
// generated from it are included at the end of the class.
#pragma once

#include <functional>
#include <memory>
#include <tuple>

#include "tensor/dtype.h"
#include "tensor/reference.h"
#include "tensor/scalar.h"
#include "tensor/sizes.h"
#include "tensor/storage.h"

namespace hiss::engine {

class Node;
class RandomGenerator;
class Tensor;
struct AutogradMeta;

class TensorImpl : public Counted<TensorImpl>, public Pooled<TensorImpl> {
 public:
  TensorImpl(Ref<Storage> storage, DType dtype);
  ~TensorImpl();

  /// Recomputes numel and the contiguity flag after sizes or strides changed.
  void refresh();
  uint32_t version() const {
    return own_version ? own_version->value.load(std::memory_order_relaxed) : storage->version();
  }
  void bump_version() {
    if (own_version) {
      own_version->value.fetch_add(1, std::memory_order_relaxed);
    } else {
      storage->bump_version();
    }
  }
  void* data() const { return static_cast<char*>(storage->data()) + offset * static_cast<int64_t>(item_size(dtype)); }

  DType dtype;
  bool contiguous = true;
  bool inference = false;           // Made under inference_mode.
  bool owns_python_object = false;  // The wrapper must be released when this object dies.
  int64_t offset = 0;               // In elements.
  int64_t numel = 1;
  Ref<Storage> storage;
  Sizes sizes;
  Sizes strides;
  Ref<VersionCounter> own_version;
  std::unique_ptr<AutogradMeta> autograd;  // Null until the tensor takes part in a graph or is a view.
  void* python_object = nullptr;           // The wrapper by which Python knows this tensor; owned by the binding.
};

/// Called when a TensorImpl with owns_python_object dies.
void set_python_release_hook(void (*hook)(void* python_object));

class TensorList;

/// An operand that is a tensor or a number. Borrowed: for parameters only.
class Operand {
 public:
  Operand(const Tensor& tensor) : tensor_(&tensor) {}
  Operand(const Scalar& scalar) : scalar_(scalar) {}
  Operand(bool value) : scalar_(value) {}
  Operand(int value) : scalar_(value) {}
  Operand(int64_t value) : scalar_(value) {}
  Operand(float value) : scalar_(value) {}
  Operand(double value) : scalar_(value) {}

  bool is_tensor() const { return tensor_ != nullptr; }
  const Tensor& tensor() const { return *tensor_; }
  const Scalar& scalar() const { return scalar_; }

 private:
  const Tensor* tensor_ = nullptr;
  Scalar scalar_;
};

using OptionalScalar = std::optional<Scalar>;
using OptionalDType = std::optional<DType>;

class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Ref<TensorImpl> impl) : impl_(std::move(impl)) {}

  bool defined() const { return static_cast<bool>(impl_); }
  TensorImpl* impl() const { return impl_.get(); }
  TensorImpl* operator->() const { return impl_.get(); }
  const Ref<TensorImpl>& ref() const { return impl_; }
  void reset() { impl_ = nullptr; }
  bool is_same(const Tensor& other) const { return impl_ == other.impl_; }
  uint32_t use_count() const { return impl_ ? impl_->use_count() : 0; }
  uint32_t storage_use_count() const { return impl_ ? impl_->storage->use_count() : 0; }

  DType dtype() const { return impl_->dtype; }
  const Sizes& sizes() const { return impl_->sizes; }
  const Sizes& strides() const { return impl_->strides; }
  int64_t dim() const { return static_cast<int64_t>(impl_->sizes.size()); }
  int64_t numel() const { return impl_->numel; }
  int64_t size(int64_t dim) const { return impl_->sizes[static_cast<size_t>(wrap_dim(dim, this->dim()))]; }
  int64_t stride(int64_t dim) const { return impl_->strides[static_cast<size_t>(wrap_dim(dim, this->dim()))]; }
  int64_t storage_offset() const { return impl_->offset; }
  bool is_contiguous() const { return impl_->contiguous; }
  bool is_floating_point() const { return is_floating(dtype()); }
  size_t item_size() const { return engine::item_size(dtype()); }
  void* raw_data() const { return impl_->data(); }
  template <typename T>
  T* data() const {
    return static_cast<T*>(impl_->data());
  }
  uint32_t version() const { return impl_->version(); }

  // Autograd state; implemented in src/autograd.
  bool requires_grad() const;
  const Tensor& set_requires_grad(bool value) const;
  bool is_leaf() const;
  bool is_view() const;
  Ref<Node> grad_fn() const;
  const Tensor& grad() const;
  void set_grad(const Tensor& value) const;
  bool retains_grad() const;
  void retain_grad() const;
  /// Computes gradients of this tensor with respect to the graph's leaves and adds them to their grad.
  void backward(const Tensor& gradient = Tensor(), bool retain_graph = false, bool create_graph = false) const;
  /// The tensor this one views, or undefined.
  Tensor view_base() const;
  /// Same memory, no history, its own version counter: Python's x.data.
  Tensor variable_data() const;
  /// Python's x.data = y: this tensor shows y's memory from now on and keeps its place in the graph.
  void set_data(const Tensor& source) const;
  /// Forgets the history in place.
  void detach_in_place() const;
  /// Changes the shape in place, growing the memory when needed; new elements are uninitialised.
  void resize_in_place(IntList sizes) const;

  /// The value of a one-element tensor.
  Scalar item() const;
  template <typename T>
  T item() const {
    return item().to<T>();
  }

#include "generated/engine/tensor_methods.inc"

 private:
  Ref<TensorImpl> impl_;
};

class TensorList {
 public:
  TensorList() = default;
  TensorList(const std::vector<Tensor>& values) : data_(values.data()), size_(values.size()) {}
  TensorList(std::span<const Tensor> values) : data_(values.data()), size_(values.size()) {}
  TensorList(const std::initializer_list<Tensor>& values) : size_(values.size()) { data_ = values.begin(); }
  TensorList(const Tensor* data, size_t size) : data_(data), size_(size) {}
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Tensor& operator[](size_t i) const { return data_[i]; }
  const Tensor* begin() const { return data_; }
  const Tensor* end() const { return data_ + size_; }
  std::vector<Tensor> to_vector() const { return {begin(), end()}; }

 private:
  const Tensor* data_ = nullptr;
  size_t size_ = 0;
};

/// Uninitialised dense tensor.
Tensor new_tensor(IntList sizes, DType dtype);
/// Uninitialised, dense, with the dimension order of `like` where that is dense too.
Tensor new_like(const Tensor& like, DType dtype);
/// A new handle onto the same storage, with no history and sharing the version counter.
Tensor alias(const Tensor& tensor, IntList sizes, IntList strides, int64_t offset);
/// Tensor with one element and no dimensions.
Tensor scalar_tensor(const Scalar& value, DType dtype);
/// A tensor over memory owned by someone else; `release(context)` runs when the last tensor over it is gone.
Tensor from_memory(void* data, IntList sizes, IntList strides, DType dtype, void (*release)(void* context),
                   void* context);
template <typename T>
Tensor from_values(IntList sizes, const std::vector<T>& values) {
  Tensor result = new_tensor(sizes, DTypeOf<T>::value);
  if (static_cast<int64_t>(values.size()) != result.numel()) {
    throw_error(ErrorKind::Value, "{} values cannot fill a tensor of shape {}", values.size(), to_string(sizes));
  }
  std::copy(values.begin(), values.end(), result.data<T>());
  return result;
}

/// Elements in the bytes checked for overflow; throws on negative sizes.
int64_t checked_numel(IntList sizes, size_t item_size);

/// While alive, an elementwise result of the same shape and type may take over the buffer of `candidate`, when nobody
/// else refers to it and no gradient needs it. The interpreter opens one around operations on dying temporaries.
class ReuseScope {
 public:
  explicit ReuseScope(const Tensor& candidate) : previous_(current_) { current_ = &candidate; }
  ~ReuseScope() { current_ = previous_; }
  ReuseScope(const ReuseScope&) = delete;
  ReuseScope& operator=(const ReuseScope&) = delete;
  static const Tensor* take() { return std::exchange(current_, nullptr); }
  static bool active() { return current_ != nullptr; }
  static void clear() { current_ = nullptr; }

 private:
  const Tensor* previous_;
  static inline thread_local const Tensor* current_ = nullptr;
};

}  // namespace hiss::engine

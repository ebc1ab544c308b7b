#include "autograd/saved_tensor.h"

#include "autograd/grad_mode.h"
#include "autograd/meta.h"

namespace hiss::engine {
namespace {
thread_local std::vector<std::shared_ptr<SavedTensorHooks>> hook_stack;
}

void push_saved_tensor_hooks(std::shared_ptr<SavedTensorHooks> hooks) { hook_stack.push_back(std::move(hooks)); }
void pop_saved_tensor_hooks() { hook_stack.pop_back(); }

void SavedTensor::save(const Tensor& tensor, bool is_output) {
  if (!tensor.defined()) return;
  if (tensor->inference && GradMode::enabled() && !InferenceMode::enabled()) {
    throw Error(
        ErrorKind::Runtime,
        "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor "
        "and use it in autograd.");
  }
  is_output_ = is_output;
  version_ = tensor.version();
  if (!hook_stack.empty()) {
    auto packed = std::make_shared<Packed>();
    packed->hooks = hook_stack.back();
    if (!is_output) packed->edge = gradient_edge(tensor);
    requires_grad_ = tensor.requires_grad();
    Tensor plain = alias(tensor, tensor.sizes(), tensor.strides(), tensor.storage_offset());
    if (is_output && tensor->autograd) output_index_ = tensor->autograd->output_index;
    // Hooks see a plain tensor; what they do must not be recorded or packed again.
    NoGrad no_grad;
    auto saved_stack = std::exchange(hook_stack, {});
    try {
      packed->value = packed->hooks->pack(is_output ? plain : tensor);
    } catch (...) {
      hook_stack = std::move(saved_stack);
      throw;
    }
    hook_stack = std::move(saved_stack);
    packed_ = std::move(packed);
    return;
  }
  if (is_output) {
    // Keep the memory and version, not the history: that is the owner of this very object.
    tensor_ = alias(tensor, tensor.sizes(), tensor.strides(), tensor.storage_offset());
  } else {
    tensor_ = tensor;
  }
}

Tensor SavedTensor::unpack(const Node& owner) const {
  if (released_) {
    throw Error(
        ErrorKind::Runtime,
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
        "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
        "saved tensors after calling backward.");
  }
  if (packed_) {
    Tensor value = packed_->hooks->unpack(packed_->value);
    Tensor result = alias(value, value.sizes(), value.strides(), value.storage_offset());
    if (is_output_) {
      set_gradient_edge(result, Ref<Node>(const_cast<Node*>(&owner)), output_index_);
    } else if (packed_->edge.node) {
      if (dynamic_cast<AccumulateGrad*>(packed_->edge.node.get())) {
        return static_cast<AccumulateGrad*>(packed_->edge.node.get())->variable();
      }
      set_gradient_edge(result, packed_->edge.node, packed_->edge.input);
    }
    return result;
  }
  if (!tensor_.defined()) return tensor_;
  if (tensor_.version() != version_) {
    std::string producer;
    if (is_output_) {
      producer = fmt::format(", which is output {} of {},", output_index_, owner.name());
    } else if (const auto node = tensor_.grad_fn()) {
      producer = fmt::format(", which is output {} of {},", tensor_->autograd->output_index, node->name());
    }
    throw_error(
        ErrorKind::Runtime,
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        "[torch.{}Tensor {}]{} is at version {}; expected version {} instead. Hint: enable anomaly detection to find "
        "the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True).",
        dtype_label(tensor_.dtype()), to_string(tensor_.sizes()), producer, tensor_.version(), version_);
  }
  if (!is_output_) return tensor_;
  if (!GradMode::enabled()) return tensor_;
  Tensor result = alias(tensor_, tensor_.sizes(), tensor_.strides(), tensor_.storage_offset());
  set_gradient_edge(result, Ref<Node>(const_cast<Node*>(&owner)), output_index_);
  return result;
}

void SavedTensor::release() {
  released_ = tensor_.defined() || packed_;
  tensor_.reset();
  packed_.reset();
}

}  // namespace hiss::engine

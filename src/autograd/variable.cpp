// The autograd side of Tensor: histories, views, in-place rules.
#include <mutex>

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/meta.h"
#include "generated/engine/ops.h"

namespace hiss::engine {
namespace {

// Protects AutogradMeta::accumulator against a leaf's accumulator dying on another thread.
std::mutex accumulator_mutex;

// Gradient of a view that was changed through its base (or the other way round): the place in the base it shows.
class ViewOfBase : public Node {
 public:
  ViewOfBase(const Tensor& base, const Tensor& view)
      : base_sizes_(base.sizes()),
        sizes_(view.sizes()),
        strides_(view.strides()),
        base_strides_(base.strides()),
        offset_(view.storage_offset()),
        base_offset_(base.storage_offset()) {}
  std::string_view name() const override { return "AsStridedBackward0"; }
  std::vector<Tensor> apply(std::vector<Tensor>&& gradients) override {
    if (!gradients[0].defined()) return {Tensor()};
    return {
        ops::as_strided_backward(gradients[0], base_sizes_, base_strides_, base_offset_, sizes_, strides_, offset_)};
  }

 private:
  Sizes base_sizes_, sizes_, strides_, base_strides_;
  int64_t offset_, base_offset_;
};

// The base after an in-place operation on one of its views: outside the view the gradient passes, inside it goes
// through the operation.
class CopySlices : public Node {
 public:
  CopySlices(const Tensor& base, const Tensor& view, Ref<Node> operation)
      : sizes_(view.sizes()),
        strides_(view.strides()),
        offset_(view.storage_offset() - base.storage_offset()),
        base_sizes_(base.sizes()),
        base_strides_(base.strides()),
        operation_(std::move(operation)) {
    add_output(base);
    std::vector<Edge> next = operation_->edges();
    if (next.empty()) next.resize(1);
    next[0] = gradient_edge(base);
    set_edges(std::move(next));
  }
  std::string_view name() const override { return "CopySlices"; }
  void release_saved() override { operation_->release_saved(); }
  void visit_saved(const SavedVisitor& visitor) const override { operation_->visit_saved(visitor); }
  std::vector<Tensor> apply(std::vector<Tensor>&& gradients) override {
    const Tensor& gradient = gradients[0];
    std::vector<Tensor> result(edges().size());
    if (!gradient.defined()) return result;
    Tensor whole = ops::zeros(base_sizes_, gradient.dtype());
    if (whole.strides() != base_strides_) {
      whole = ops::new_empty_strided(gradient, base_sizes_, base_strides_, std::nullopt);
    }
    ops::copy_(whole, gradient);
    const Tensor slice = ops::as_strided(whole, sizes_, strides_, whole.storage_offset() + offset_);
    // The operation's own node computes the gradients of the slice; its edge list mirrors ours.
    std::vector<Tensor> inner = operation_->apply({ops::clone(slice)});
    for (size_t i = 0; i < inner.size() && i < result.size(); ++i) {
      if (i == 0) {
        if (wants(0)) {
          if (inner[0].defined()) {
            ops::copy_(slice, inner[0]);
          } else {
            ops::zero_(slice);
          }
          result[0] = whole;
        }
      } else {
        result[i] = std::move(inner[i]);
      }
    }
    return result;
  }

 private:
  Sizes sizes_, strides_;
  int64_t offset_;
  Sizes base_sizes_, base_strides_;
  Ref<Node> operation_;
};

const Tensor kUndefined;

}  // namespace

AutogradMeta& autograd_meta(const Tensor& tensor) {
  if (!tensor->autograd) tensor->autograd = std::make_unique<AutogradMeta>();
  return *tensor->autograd;
}

AccumulateGrad::AccumulateGrad(const Tensor& variable) : variable_(variable) {
  add_output(variable);
  set_sequence(UINT64_MAX);  // Leaves first among ready nodes, as soon as their gradient is complete.
}
AccumulateGrad::~AccumulateGrad() {
  std::lock_guard lock(accumulator_mutex);
  if (AutogradMeta* meta = variable_->autograd.get(); meta && meta->accumulator == this) meta->accumulator = nullptr;
}

std::vector<Tensor> AccumulateGrad::apply(std::vector<Tensor>&& gradients) {
  Tensor gradient = std::move(gradients[0]);
  AutogradMeta& meta = autograd_meta(variable_);
  if (meta.leaf_hooks) {
    const auto hooks = *meta.leaf_hooks;
    for (const auto& [id, hook] : hooks) {
      if (Tensor changed = hook(gradient); changed.defined()) gradient = std::move(changed);
    }
  }
  if (!gradient.defined()) return {};
  if (!meta.grad.defined()) {
    if (!GradMode::enabled() && gradient.use_count() == 1 && gradient.storage_use_count() == 1 &&
        gradient.strides() == variable_.strides()) {
      meta.grad = gradient->autograd ? ops::detach(gradient) : std::move(gradient);
    } else if (!GradMode::enabled()) {
      meta.grad = new_like(variable_, gradient.dtype());
      ops::copy_(meta.grad, gradient);
    } else {
      meta.grad = ops::clone(gradient);
    }
  } else if (!GradMode::enabled()) {
    ops::add_(meta.grad, gradient, 1);
  } else {
    meta.grad = ops::add(meta.grad, gradient, 1);
  }
  if (meta.accumulate_hooks) {
    const auto hooks = *meta.accumulate_hooks;
    for (const auto& [id, hook] : hooks) hook(variable_);
  }
  return {};
}

Edge gradient_edge(const Tensor& tensor) {
  if (!tensor.defined() || !tensor->autograd) return {};
  if (Ref<Node> node = tensor.grad_fn()) return {std::move(node), tensor->autograd->output_index};
  AutogradMeta& meta = *tensor->autograd;
  if (!meta.requires_grad) return {};
  std::lock_guard lock(accumulator_mutex);
  if (meta.accumulator && meta.accumulator->try_retain()) {
    return {Ref<Node>::adopt(meta.accumulator), 0};
  }
  Ref<Node> node(new AccumulateGrad(tensor));
  meta.accumulator = static_cast<AccumulateGrad*>(node.get());
  return {std::move(node), 0};
}

void set_gradient_edge(const Tensor& tensor, Ref<Node> node, uint32_t output) {
  AutogradMeta& meta = autograd_meta(tensor);
  meta.grad_fn = std::move(node);
  meta.output_index = output;
  if (meta.is_view) meta.view_version = tensor.version();
}

void set_history(const Tensor& output, const Ref<Node>& node) {
  if (!output.defined()) return;
  const uint32_t index = node->add_output(output);
  if (is_floating(output.dtype())) set_gradient_edge(output, node, index);
}
void set_history(const std::vector<Tensor>& outputs, const Ref<Node>& node) {
  for (const Tensor& output : outputs) set_history(output, node);
}

void track_view(const Tensor& view, const Tensor& source, ViewOrigin origin) {
  if (InferenceMode::enabled()) return;
  AutogradMeta& meta = autograd_meta(view);
  const AutogradMeta* source_meta = source->autograd.get();
  meta.is_view = true;
  meta.base = source_meta && source_meta->is_view ? source_meta->base : source;
  if (!GradMode::enabled()) {
    meta.origin = ViewOrigin::NoGrad;
  } else if (origin != ViewOrigin::Normal) {
    meta.origin = origin;
  } else if (source_meta && source_meta->is_view) {
    meta.origin = source_meta->origin;
  }
  meta.view_version = view.version();
}

void check_inplace(const Tensor& self, bool recording) {
  const AutogradMeta* meta = self->autograd.get();
  if (self->inference && !InferenceMode::enabled()) {
    throw Error(
        ErrorKind::Runtime,
        "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal "
        "tensor before doing inplace update.");
  }
  for (size_t i = 0; i < self.sizes().size(); ++i) {
    if (self.strides()[i] == 0 && self.sizes()[i] > 1) {
      throw Error(
          ErrorKind::Runtime,
          "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
          "Please clone() the tensor before performing the operation.");
    }
  }
  if (!recording || !GradMode::enabled()) return;
  if (meta && meta->is_view) {
    if (meta->base->autograd && meta->base->autograd->requires_grad && meta->base.is_leaf()) {
      throw Error(ErrorKind::Runtime,
                  "a view of a leaf Variable that requires grad is being used in an in-place operation.");
    }
    if (meta->origin == ViewOrigin::NoGrad) {
      throw Error(ErrorKind::Runtime,
                  "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that "
                  "this use "
                  "case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the "
                  "view and the "
                  "inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or both "
                  "outside (if "
                  "you want the inplace to be tracked).");
    }
    if (meta->origin == ViewOrigin::MultiOutput) {
      const auto node = self.grad_fn();
      throw_error(
          ErrorKind::Runtime,
          "Output {} of {} is a view and is being modified inplace. This view is the output of a function that returns "
          "multiple views. Such functions do not allow the output views to be modified inplace. You should replace the "
          "inplace operation by an out-of-place one.",
          meta->output_index, node ? node->name() : "a function");
    }
    return;
  }
  if (meta && meta->requires_grad && !meta->grad_fn) {
    throw Error(ErrorKind::Runtime, "a leaf Variable that requires grad is being used in an in-place operation.");
  }
}

void rebase_history(const Tensor& self, const Ref<Node>& node) {
  AutogradMeta& meta = autograd_meta(self);
  if (!meta.is_view) {
    set_gradient_edge(self, node, node->add_output(self));
    return;
  }
  node->add_output(self);
  Ref<Node> slices(new CopySlices(meta.base, self, node));
  set_gradient_edge(meta.base, slices, 0);
  // Our own grad_fn is remade from the base's, because the version has moved on.
  self.grad_fn();
}

bool Tensor::requires_grad() const {
  const AutogradMeta* meta = impl_->autograd.get();
  if (!meta) return false;
  return meta->requires_grad || meta->grad_fn || (meta->is_view && grad_fn());
}

const Tensor& Tensor::set_requires_grad(bool value) const {
  if (value && !is_floating(dtype())) {
    throw Error(ErrorKind::Runtime, "only Tensors of floating point dtype can require gradients");
  }
  if (!value && grad_fn()) {
    throw Error(
        ErrorKind::Runtime,
        "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
        "subgraph that doesn't require differentiation use var_no_grad = var.detach().");
  }
  if (value || impl_->autograd) {
    AutogradMeta& meta = autograd_meta(*this);
    meta.requires_grad = value && !meta.grad_fn;
  }
  return *this;
}

bool Tensor::is_leaf() const { return !impl_->autograd || !grad_fn(); }
bool Tensor::is_view() const { return impl_->autograd && impl_->autograd->is_view; }
Tensor Tensor::view_base() const { return is_view() ? impl_->autograd->base : Tensor(); }

Ref<Node> Tensor::grad_fn() const {
  AutogradMeta* meta = impl_->autograd.get();
  if (!meta) return {};
  if (meta->is_view && (meta->grad_fn || meta->base.requires_grad()) && meta->view_version != impl_->version() &&
      (meta->base->autograd && meta->base->autograd->grad_fn)) {
    Ref<Node> node(new ViewOfBase(meta->base, *this));
    node->set_edges({gradient_edge(meta->base)});
    node->add_output(*this);
    meta->grad_fn = std::move(node);
    meta->output_index = 0;
    meta->view_version = impl_->version();
  }
  return meta->grad_fn;
}

const Tensor& Tensor::grad() const { return impl_->autograd ? impl_->autograd->grad : kUndefined; }
void Tensor::set_grad(const Tensor& value) const {
  if (value.defined()) {
    if (value.dtype() != dtype()) {
      throw_error(ErrorKind::Runtime, "assigned grad has data of a different type");
    }
    if (value.sizes() != sizes()) throw Error(ErrorKind::Runtime, "assigned grad has data of a different size");
    autograd_meta(*this).grad = value;
  } else if (impl_->autograd) {
    impl_->autograd->grad.reset();
  }
}

bool Tensor::retains_grad() const { return impl_->autograd && impl_->autograd->retains_grad; }
void Tensor::retain_grad() const {
  if (!requires_grad()) throw Error(ErrorKind::Runtime, "can't retain_grad on Tensor that has requires_grad=False");
  if (is_leaf() || retains_grad()) return;
  AutogradMeta& meta = autograd_meta(*this);
  meta.retains_grad = true;
  Node::Hooks& hooks = meta.grad_fn->ensure_hooks();
  // The node must not own the tensor it belongs to.
  if (!meta.self_cell) meta.self_cell = std::make_shared<TensorImpl*>(impl_.get());
  hooks.tensor.push_back({hooks.next_id++, meta.output_index, true, [cell = meta.self_cell](const Tensor& gradient) {
                            if (!*cell || !(*cell)->try_retain()) return Tensor();
                            const Tensor self(Ref<TensorImpl>::adopt(*cell));
                            AutogradMeta& meta = autograd_meta(self);
                            if (meta.grad.defined()) {
                              meta.grad = ops::add(meta.grad, gradient, 1);
                            } else {
                              meta.grad = ops::clone(GradMode::enabled() ? gradient : ops::detach(gradient));
                            }
                            return Tensor();
                          }});
}

void Tensor::backward(const Tensor& gradient, bool retain_graph, bool create_graph) const {
  run_backward({*this}, {gradient}, retain_graph || create_graph, create_graph);
}

Tensor Tensor::variable_data() const {
  Tensor result = alias(*this, sizes(), strides(), storage_offset());
  result->own_version = Ref<VersionCounter>(new VersionCounter);
  return result;
}

void Tensor::detach_in_place() const {
  if (!impl_->autograd) return;
  AutogradMeta& meta = *impl_->autograd;
  if (meta.is_view) {
    throw Error(ErrorKind::Runtime, "Can't detach views in-place. Use detach() instead.");
  }
  meta.grad_fn = nullptr;
  meta.requires_grad = false;
  meta.output_index = 0;
}

uint64_t add_tensor_hook(const Tensor& tensor, TensorHook hook) {
  if (!tensor.requires_grad()) {
    throw Error(ErrorKind::Runtime, "cannot register a hook on a tensor that doesn't require gradient");
  }
  AutogradMeta& meta = autograd_meta(tensor);
  if (const auto node = tensor.grad_fn()) {
    Node::Hooks& hooks = node->ensure_hooks();
    hooks.tensor.push_back({hooks.next_id, meta.output_index, false, std::move(hook)});
    return hooks.next_id++;
  }
  if (!meta.leaf_hooks) meta.leaf_hooks = std::make_unique<std::vector<std::pair<uint64_t, TensorHook>>>();
  static std::atomic<uint64_t> next{1};
  meta.leaf_hooks->emplace_back(next, std::move(hook));
  return next++;
}
void remove_tensor_hook(const Tensor& tensor, uint64_t id) {
  if (!tensor->autograd) return;
  if (tensor->autograd->leaf_hooks)
    std::erase_if(*tensor->autograd->leaf_hooks, [&](auto& e) { return e.first == id; });
  if (const auto& node = tensor->autograd->grad_fn) node->remove_hook(id);
}
uint64_t add_accumulate_hook(const Tensor& tensor, AccumulateHook hook) {
  AutogradMeta& meta = autograd_meta(tensor);
  if (!tensor.is_leaf()) {
    throw Error(ErrorKind::Runtime, "post accumulate grad hooks cannot be registered on non-leaf tensors");
  }
  if (!meta.accumulate_hooks)
    meta.accumulate_hooks = std::make_unique<std::vector<std::pair<uint64_t, AccumulateHook>>>();
  static std::atomic<uint64_t> next{1};
  meta.accumulate_hooks->emplace_back(next, std::move(hook));
  return next++;
}
void remove_accumulate_hook(const Tensor& tensor, uint64_t id) {
  if (tensor->autograd && tensor->autograd->accumulate_hooks) {
    std::erase_if(*tensor->autograd->accumulate_hooks, [&](auto& e) { return e.first == id; });
  }
}

}  // namespace hiss::engine

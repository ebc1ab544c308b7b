// What autograd remembers about a tensor.
#pragma once

#include "autograd/node.h"

namespace hiss::engine {

/// Why an in-place operation on a view may be refused.
enum class ViewOrigin : uint8_t { Normal, NoGrad, MultiOutput, Inference, CustomFunction };

struct AutogradMeta : Pooled<AutogradMeta> {
  ~AutogradMeta() {
    if (self_cell) *self_cell = nullptr;
  }
  bool requires_grad = false;
  bool retains_grad = false;
  bool is_view = false;
  ViewOrigin origin = ViewOrigin::Normal;
  uint32_t output_index = 0;  // Which output of grad_fn.
  uint32_t view_version = 0;  // Version of the memory when a view's grad_fn was made.
  Ref<Node> grad_fn;
  Tensor grad;
  Tensor base;                                                               // Of a view.
  AccumulateGrad* accumulator = nullptr;                                     // Weak; guarded by a lock in variable.cpp.
  std::unique_ptr<std::vector<std::pair<uint64_t, TensorHook>>> leaf_hooks;  // Run before accumulation.
  std::unique_ptr<std::vector<std::pair<uint64_t, AccumulateHook>>> accumulate_hooks;
  std::shared_ptr<TensorImpl*> self_cell;  // How a retain_grad hook finds the tensor, or learns that it is gone.
  std::string name;
};

/// The meta, made if absent.
AutogradMeta& autograd_meta(const Tensor& tensor);

/// Where gradients for this tensor go: its grad_fn, a leaf's accumulator, or nowhere.
Edge gradient_edge(const Tensor& tensor);
void set_gradient_edge(const Tensor& tensor, Ref<Node> node, uint32_t output);
/// Makes `output` a result of `node` (ignored for types without gradients).
void set_history(const Tensor& output, const Ref<Node>& node);
void set_history(const std::vector<Tensor>& outputs, const Ref<Node>& node);

/// Notes that `view` shows memory of `source`.
void track_view(const Tensor& view, const Tensor& source, ViewOrigin origin = ViewOrigin::Normal);
/// Errors for in-place writes that autograd cannot represent.
void check_inplace(const Tensor& self, bool recording);
/// After an in-place operation: self (and what it views) now comes from `node`.
void rebase_history(const Tensor& self, const Ref<Node>& node);

uint64_t add_tensor_hook(const Tensor& tensor, TensorHook hook);
void remove_tensor_hook(const Tensor& tensor, uint64_t id);
uint64_t add_accumulate_hook(const Tensor& tensor, AccumulateHook hook);
void remove_accumulate_hook(const Tensor& tensor, uint64_t id);

}  // namespace hiss::engine

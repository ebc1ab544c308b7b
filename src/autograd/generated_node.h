// What generated operations share: recording, and the node class they derive from.
#pragma once

#include <array>
#include <string>

#include "autograd/grad_mode.h"
#include "autograd/meta.h"
#include "autograd/saved_tensor.h"

namespace hiss::engine {

class GeneratedNode : public Node {
 public:
  bool wants_range(size_t start, size_t count) const {
    for (size_t i = start; i < start + count; ++i) {
      if (wants(i)) return true;
    }
    return false;
  }
};

inline bool needs_grad(const Tensor& tensor) { return tensor.defined() && tensor->autograd && tensor.requires_grad(); }
inline bool needs_grad(const Operand& operand) { return operand.is_tensor() && needs_grad(operand.tensor()); }
inline bool needs_grad(TensorList list) {
  for (const Tensor& tensor : list) {
    if (needs_grad(tensor)) return true;
  }
  return false;
}
template <typename... Inputs>
bool recording(const Inputs&... inputs) {
  return GradMode::enabled() && (needs_grad(inputs) || ...);
}

inline void append_edges(std::vector<Edge>& edges, const Tensor& tensor) { edges.push_back(gradient_edge(tensor)); }
inline void append_edges(std::vector<Edge>& edges, const Operand& operand) {
  edges.push_back(operand.is_tensor() ? gradient_edge(operand.tensor()) : Edge{});
}
inline void append_edges(std::vector<Edge>& edges, TensorList list) {
  for (const Tensor& tensor : list) edges.push_back(gradient_edge(tensor));
}
template <typename... Inputs>
void collect_edges(Node& node, const Inputs&... inputs) {
  std::vector<Edge> edges;
  edges.reserve(sizeof...(inputs));
  (append_edges(edges, inputs), ...);
  node.set_edges(std::move(edges));
}

inline bool any_defined(const std::vector<Tensor>& tensors) {
  for (const Tensor& tensor : tensors) {
    if (tensor.defined()) return true;
  }
  return false;
}
inline void put_range(std::vector<Tensor>& results, size_t start, std::vector<Tensor> values) {
  for (size_t i = 0; i < values.size(); ++i) results[start + i] = std::move(values[i]);
}

/// An unrecorded copy of self for the functional form of an in-place kernel.
Tensor clone_for_write(const Tensor& self);
/// The value an in-place operation is about to overwrite, with its history.
Tensor clone_for_backward(const Tensor& self);

}  // namespace hiss::engine

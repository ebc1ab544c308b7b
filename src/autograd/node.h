// Nodes of the backward graph. A node receives the gradients of the outputs of one operation and computes those of its
// inputs; edges lead to the nodes that made the inputs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace hiss::engine {

struct Edge {
  Ref<Node> node;
  uint32_t input = 0;  // Which output of the operation behind `node`.
};

using TensorHook = std::function<Tensor(const Tensor& gradient)>;  // Returns undefined to keep the gradient.
using PreHook = std::function<bool(std::vector<Tensor>& gradients)>;
using PostHook = std::function<bool(std::vector<Tensor>& input_gradients, const std::vector<Tensor>& output_gradients)>;
using AccumulateHook = std::function<void(const Tensor& leaf)>;
using SavedVisitor = std::function<void(const Tensor&)>;

/// What the gradient that arrives for one output must look like.
struct OutputInfo {
  Sizes sizes;
  DType dtype = DType::Float32;
};

class Node : public Counted<Node> {
 public:
  Node() : sequence_(next_sequence_++) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// `gradients` has one entry per output, possibly undefined; the result has one per edge.
  virtual std::vector<Tensor> apply(std::vector<Tensor>&& gradients) = 0;
  virtual std::string_view name() const = 0;
  /// Forgets saved tensors after a backward pass that does not retain the graph.
  virtual void release_saved() {}
  /// Shows tensors that this node keeps alive; the cycle collector walks the graph with it.
  virtual void visit_saved(const SavedVisitor&) const {}
  /// The Python-visible object of a custom Function node, if any.
  void* python_object = nullptr;

  const std::vector<Edge>& edges() const { return edges_; }
  std::vector<Edge>& edges() { return edges_; }
  void set_edges(std::vector<Edge> edges) { edges_ = std::move(edges); }
  bool wants(size_t i) const { return i < edges_.size() && edges_[i].node; }
  uint64_t sequence() const { return sequence_; }
  void set_sequence(uint64_t value) { sequence_ = value; }

  uint32_t add_output(const Tensor& output);
  uint32_t add_output(OutputInfo info);
  const std::vector<OutputInfo>& outputs() const { return outputs_; }
  void replace_output_info(uint32_t index, const Tensor& output);

  struct Hooks {
    uint64_t next_id = 1;
    struct TensorEntry {
      uint64_t id;
      uint32_t output;
      bool retains;  // retain_grad hooks run after the others.
      TensorHook hook;
    };
    std::vector<TensorEntry> tensor;
    std::vector<std::pair<uint64_t, PreHook>> pre;
    std::vector<std::pair<uint64_t, PostHook>> post;
  };
  Hooks* hooks() const { return hooks_.get(); }
  Hooks& ensure_hooks();
  uint64_t add_pre_hook(PreHook hook);
  uint64_t add_post_hook(PostHook hook);
  void remove_hook(uint64_t id);

  /// Graphs can be a million nodes long; freeing them must not recurse.
  void destroy();

 private:
  uint64_t sequence_;
  std::vector<Edge> edges_;
  std::vector<OutputInfo> outputs_;
  std::unique_ptr<Hooks> hooks_;
  static inline thread_local uint64_t next_sequence_ = 0;
};

/// Adds the arriving gradient to a leaf's grad.
class AccumulateGrad : public Node {
 public:
  explicit AccumulateGrad(const Tensor& variable);
  ~AccumulateGrad() override;
  std::vector<Tensor> apply(std::vector<Tensor>&& gradients) override;
  std::string_view name() const override { return "AccumulateGrad"; }
  const Tensor& variable() const { return variable_; }
  void visit_saved(const SavedVisitor& visit) const override { visit(variable_); }

 private:
  Tensor variable_;
};

/// Stands where a derivative is not available: fails when a gradient arrives.
class ErrorNode : public Node {
 public:
  explicit ErrorNode(std::string message) : message_(std::move(message)) {}
  std::vector<Tensor> apply(std::vector<Tensor>&&) override { throw Error(ErrorKind::Runtime, message_); }
  std::string_view name() const override { return "NotImplemented"; }

 private:
  std::string message_;
};

}  // namespace hiss::engine

#include "autograd/engine.h"

#include <algorithm>
#include <queue>

#include "autograd/grad_mode.h"
#include "autograd/meta.h"
#include "generated/engine/ops.h"
#include "tensor/promotion.h"

namespace hiss::engine {
namespace {

struct NodeState {
  Node* node;
  uint32_t pending = 0;  // Edges into this node that have not delivered yet.
  bool needed = true;
  std::vector<Tensor> gradients;
  std::vector<std::pair<uint32_t, size_t>> captures;  // Output of the node, index in the result.
};

/// Node -> state, by open addressing: one look-up per edge is the engine's own cost.
class StateTable {
 public:
  NodeState& find_or_add(Node* node, bool* added = nullptr) {
    if ((states_.size() + 1) * 2 > slots_.size()) grow();
    size_t slot = hash(node);
    while (slots_[slot] != 0) {
      if (states_[slots_[slot] - 1].node == node) {
        if (added) *added = false;
        return states_[slots_[slot] - 1];
      }
      slot = (slot + 1) & (slots_.size() - 1);
    }
    states_.push_back({node});
    slots_[slot] = static_cast<uint32_t>(states_.size());
    if (added) *added = true;
    return states_.back();
  }
  std::vector<NodeState>& states() { return states_; }

 private:
  size_t hash(Node* node) const {
    return (reinterpret_cast<uintptr_t>(node) * 0x9E3779B97F4A7C15ull >> 20) & (slots_.size() - 1);
  }
  void grow() {
    slots_.assign(std::max<size_t>(slots_.size() * 2, 256), 0);
    for (size_t i = 0; i < states_.size(); ++i) {
      size_t slot = hash(states_[i].node);
      while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = static_cast<uint32_t>(i + 1);
    }
  }
  std::vector<NodeState> states_;
  std::vector<uint32_t> slots_;
};

class Task {
 public:
  Task(bool keep_graph, bool create_graph) : keep_graph_(keep_graph), guard_(create_graph), outer_(current) {
    current = this;
  }
  ~Task() { current = outer_; }

  void run(const std::vector<Edge>& roots, std::vector<Tensor> gradients, const std::vector<Edge>& targets,
           bool accumulate_targets);
  std::vector<Tensor>& captured() { return captured_; }
  std::vector<std::function<void()>> callbacks;
  static inline thread_local Task* current = nullptr;

 private:
  void discover(const std::vector<Edge>& roots);
  void mark_needed(const std::vector<Edge>& roots);
  void deliver(const Edge& edge, Tensor gradient, const Node* from);
  void execute(NodeState& state);

  struct LaterFirst {
    bool operator()(const std::pair<uint64_t, Node*>& a, const std::pair<uint64_t, Node*>& b) const {
      return a.first < b.first;
    }
  };
  bool keep_graph_;
  GradGuard guard_;
  Task* outer_;
  StateTable table_;
  std::priority_queue<std::pair<uint64_t, Node*>, std::vector<std::pair<uint64_t, Node*>>, LaterFirst> ready_;
  std::vector<Tensor> captured_;
};

void Task::discover(const std::vector<Edge>& roots) {
  std::vector<Node*> stack;
  for (const Edge& root : roots) {
    bool added;
    table_.find_or_add(root.node.get(), &added);
    if (added) stack.push_back(root.node.get());
  }
  while (!stack.empty()) {
    Node* node = stack.back();
    stack.pop_back();
    for (const Edge& edge : node->edges()) {
      if (!edge.node) continue;
      bool added;
      NodeState& next = table_.find_or_add(edge.node.get(), &added);
      ++next.pending;
      if (added) stack.push_back(edge.node.get());
    }
  }
}

/// With targets, only nodes on a path to one of them run.
void Task::mark_needed(const std::vector<Edge>& roots) {
  for (NodeState& state : table_.states()) state.needed = !state.captures.empty();
  std::vector<std::pair<Node*, size_t>> stack;
  std::vector<Node*> seen;
  StateTable visited;
  for (const Edge& root : roots) {
    bool added;
    visited.find_or_add(root.node.get(), &added);
    if (added) stack.emplace_back(root.node.get(), 0);
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      if (next < node->edges().size()) {
        Node* child = node->edges()[next++].node.get();
        if (!child) continue;
        visited.find_or_add(child, &added);
        if (added) stack.emplace_back(child, 0);
        continue;
      }
      bool needed = false;
      for (const Edge& edge : node->edges()) {
        if (edge.node && table_.find_or_add(edge.node.get()).needed) needed = true;
      }
      if (needed) table_.find_or_add(node).needed = true;
      stack.pop_back();
    }
  }
}

Tensor match_output(Tensor gradient, const OutputInfo& info, const Node* from) {
  if (gradient.sizes() != info.sizes) {
    if (!is_expandable_to(info.sizes, gradient.sizes())) {
      throw_error(ErrorKind::Runtime,
                  "Function {} returned an invalid gradient at index 0 - got {} but expected shape compatible with {}",
                  from ? from->name() : "backward", to_string(gradient.sizes()), to_string(info.sizes));
    }
    gradient = ops::sum_to_size(gradient, info.sizes);
  }
  if (gradient.dtype() != info.dtype) gradient = ops::to(gradient, info.dtype);
  return gradient;
}

void Task::deliver(const Edge& edge, Tensor gradient, const Node* from) {
  NodeState& state = table_.find_or_add(edge.node.get());
  if (gradient.defined() && state.needed) {
    const auto& outputs = edge.node->outputs();
    if (edge.input < outputs.size()) gradient = match_output(std::move(gradient), outputs[edge.input], from);
    if (state.gradients.size() <= edge.input) {
      state.gradients.resize(std::max<size_t>(edge.input + 1, outputs.size()));
    }
    Tensor& slot = state.gradients[edge.input];
    if (!slot.defined()) {
      slot = std::move(gradient);
    } else if (!GradMode::enabled() && slot.use_count() == 1 && slot.storage_use_count() == 1 && slot.is_contiguous() &&
               !slot->autograd) {
      ops::add_(slot, gradient, 1);
    } else if (!GradMode::enabled() && gradient.use_count() == 1 && gradient.storage_use_count() == 1 &&
               gradient.is_contiguous() && gradient.strides() == slot.strides() && !gradient->autograd) {
      ops::add_(gradient, slot, 1);
      slot = std::move(gradient);
    } else {
      slot = ops::add(slot, gradient, 1);
    }
  }
}

void Task::execute(NodeState& entry) {
  Node* node = entry.node;
  std::vector<Tensor> gradients = std::move(entry.gradients);
  gradients.resize(std::max<size_t>(node->outputs().size(), 1));
  if (const Node::Hooks* hooks = node->hooks()) {
    const auto tensor_hooks = hooks->tensor;
    for (const bool retains : {false, true}) {
      for (const auto& hook : tensor_hooks) {
        if (hook.retains != retains || !gradients[hook.output].defined()) continue;
        if (Tensor changed = hook.hook(gradients[hook.output]); changed.defined()) gradients[hook.output] = changed;
      }
      if (!retains) {
        const auto pre = hooks->pre;
        for (const auto& [id, hook] : pre) hook(gradients);
      }
    }
  }
  if (!entry.captures.empty()) {
    for (const auto& [output, index] : entry.captures) {
      Tensor gradient = gradients[output];
      if (auto* leaf = dynamic_cast<AccumulateGrad*>(node); leaf && gradient.defined()) {
        if (const auto& leaf_hooks = autograd_meta(leaf->variable()).leaf_hooks) {
          for (const auto& [id, hook] : std::vector(*leaf_hooks)) {
            if (Tensor changed = hook(gradient); changed.defined()) gradient = std::move(changed);
          }
        }
      }
      captured_[index] = std::move(gradient);
    }
  }
  bool any_edge_needed = node->edges().empty() && entry.captures.empty();
  for (const Edge& edge : node->edges()) {
    if (edge.node && table_.find_or_add(edge.node.get()).needed) any_edge_needed = true;
  }
  std::vector<Tensor> results;
  if (entry.needed && any_edge_needed) {
    const bool has_post = node->hooks() && !node->hooks()->post.empty();
    std::vector<Tensor> kept;
    if (has_post) kept = gradients;
    results = node->apply(std::move(gradients));
    if (!keep_graph_) node->release_saved();
    if (has_post) {
      const auto post = node->hooks()->post;
      for (const auto& [id, hook] : post) hook(results, kept);
    }
  }
  // `entry` may move from here on? No: every node was added during discovery, so the table no longer grows.
  results.resize(node->edges().size());
  for (size_t i = 0; i < node->edges().size(); ++i) {
    const Edge& edge = node->edges()[i];
    if (!edge.node) continue;
    deliver(edge, std::move(results[i]), node);
    NodeState& next = table_.find_or_add(edge.node.get());
    if (--next.pending == 0) ready_.emplace(edge.node->sequence(), edge.node.get());
  }
}

void Task::run(const std::vector<Edge>& roots, std::vector<Tensor> gradients, const std::vector<Edge>& targets,
               bool accumulate_targets) {
  discover(roots);
  captured_.resize(targets.size());
  if (!targets.empty()) {
    for (size_t i = 0; i < targets.size(); ++i) {
      if (!targets[i].node) continue;
      bool added;
      NodeState& state = table_.find_or_add(targets[i].node.get(), &added);
      state.captures.emplace_back(targets[i].input, i);
    }
    mark_needed(roots);
    if (accumulate_targets) {
      for (NodeState& state : table_.states()) state.captures.clear();
    }
  }
  for (size_t i = 0; i < roots.size(); ++i) deliver(roots[i], std::move(gradients[i]), nullptr);
  std::vector<Node*> started;
  for (const Edge& root : roots) {
    NodeState& state = table_.find_or_add(root.node.get());
    if (state.pending == 0 && std::find(started.begin(), started.end(), root.node.get()) == started.end()) {
      started.push_back(root.node.get());
      ready_.emplace(root.node->sequence(), root.node.get());
    }
  }
  while (!ready_.empty()) {
    Node* node = ready_.top().second;
    ready_.pop();
    execute(table_.find_or_add(node));
  }
  for (size_t i = 0; i < callbacks.size(); ++i) {
    const auto callback = callbacks[i];
    callback();
  }
}

void collect_roots(TensorList outputs, TensorList output_gradients, bool create_graph, std::vector<Edge>& roots,
                   std::vector<Tensor>& gradients) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& output = outputs[i];
    Edge edge = gradient_edge(output);
    if (!edge.node) {
      throw_error(ErrorKind::Runtime, "element {} of tensors does not require grad and does not have a grad_fn", i);
    }
    Tensor gradient = i < output_gradients.size() ? output_gradients[i] : Tensor();
    if (!gradient.defined()) {
      if (output.numel() != 1) {
        throw Error(ErrorKind::Runtime, "grad can be implicitly created only for scalar outputs");
      }
      gradient = ops::ones(output.sizes(), output.dtype());
    } else if (gradient.sizes() != output.sizes()) {
      throw_error(ErrorKind::Runtime,
                  "Mismatch in shape: grad_output[{}] has a shape of torch.Size({}) and output[{}] has a shape of "
                  "torch.Size({}).",
                  i, to_string(gradient.sizes()), i, to_string(output.sizes()));
    } else if (!create_graph && gradient->autograd) {
      gradient = ops::detach(gradient);
    }
    roots.push_back(std::move(edge));
    gradients.push_back(std::move(gradient));
  }
}

}  // namespace

void run_backward(TensorList outputs, TensorList output_gradients, bool retain_graph, bool create_graph,
                  TensorList inputs) {
  std::vector<Edge> roots, targets;
  std::vector<Tensor> gradients;
  collect_roots(outputs, output_gradients, create_graph, roots, gradients);
  for (const Tensor& input : inputs) {
    Edge edge = gradient_edge(input);
    if (!edge.node) throw Error(ErrorKind::Runtime, "One of the differentiated Tensors does not require grad");
    if (!input.is_leaf()) input.retain_grad();
    targets.push_back(std::move(edge));
  }
  Task task(retain_graph || create_graph, create_graph);
  task.run(roots, std::move(gradients), targets, true);
}

std::vector<Tensor> compute_gradients(TensorList outputs, TensorList inputs, TensorList output_gradients,
                                      bool retain_graph, bool create_graph, bool allow_unused) {
  std::vector<Edge> roots, targets;
  std::vector<Tensor> gradients;
  collect_roots(outputs, output_gradients, create_graph, roots, gradients);
  for (const Tensor& input : inputs) {
    if (!input.requires_grad())
      throw Error(ErrorKind::Runtime, "One of the differentiated Tensors does not require grad");
    targets.push_back(gradient_edge(input));
  }
  Task task(retain_graph || create_graph, create_graph);
  task.run(roots, std::move(gradients), targets, false);
  for (const Tensor& gradient : task.captured()) {
    if (!gradient.defined() && !allow_unused) {
      throw Error(
          ErrorKind::Runtime,
          "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True if this "
          "is the desired behavior.");
    }
  }
  return std::move(task.captured());
}

void queue_backward_callback(std::function<void()> callback) {
  if (!Task::current) throw Error(ErrorKind::Runtime, "Final callbacks can only be installed during backward pass.");
  Task::current->callbacks.push_back(std::move(callback));
}

}  // namespace hiss::engine

#include "autograd/node.h"

#include <algorithm>

namespace hiss::engine {
namespace {

// Nodes waiting to be deleted by the outermost destroy() on this thread.
thread_local std::vector<Node*>* doomed = nullptr;

}  // namespace

void Node::destroy() {
  if (doomed) {
    doomed->push_back(this);
    return;
  }
  std::vector<Node*> queue{this};
  doomed = &queue;
  while (!queue.empty()) {
    Node* next = queue.back();
    queue.pop_back();
    delete next;
  }
  doomed = nullptr;
}

uint32_t Node::add_output(const Tensor& output) { return add_output(OutputInfo{output.sizes(), output.dtype()}); }
uint32_t Node::add_output(OutputInfo info) {
  outputs_.push_back(std::move(info));
  return static_cast<uint32_t>(outputs_.size() - 1);
}
void Node::replace_output_info(uint32_t index, const Tensor& output) {
  if (index >= outputs_.size()) outputs_.resize(index + 1);
  outputs_[index] = OutputInfo{output.sizes(), output.dtype()};
}

Node::Hooks& Node::ensure_hooks() {
  if (!hooks_) hooks_ = std::make_unique<Hooks>();
  return *hooks_;
}
uint64_t Node::add_pre_hook(PreHook hook) {
  Hooks& hooks = ensure_hooks();
  hooks.pre.emplace_back(hooks.next_id, std::move(hook));
  return hooks.next_id++;
}
uint64_t Node::add_post_hook(PostHook hook) {
  Hooks& hooks = ensure_hooks();
  hooks.post.emplace_back(hooks.next_id, std::move(hook));
  return hooks.next_id++;
}
void Node::remove_hook(uint64_t id) {
  if (!hooks_) return;
  std::erase_if(hooks_->tensor, [&](const auto& entry) { return entry.id == id; });
  std::erase_if(hooks_->pre, [&](const auto& entry) { return entry.first == id; });
  std::erase_if(hooks_->post, [&](const auto& entry) { return entry.first == id; });
}

}  // namespace hiss::engine

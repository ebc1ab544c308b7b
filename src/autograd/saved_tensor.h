// A tensor kept for the backward pass, with the version it had.
#pragma once

#include "autograd/node.h"

namespace hiss::engine {

/// torch.autograd.graph.saved_tensors_hooks: pack when saving, unpack when needed.
struct SavedTensorHooks {
  std::function<std::shared_ptr<void>(const Tensor&)> pack;
  std::function<Tensor(const std::shared_ptr<void>&)> unpack;
};
void push_saved_tensor_hooks(std::shared_ptr<SavedTensorHooks> hooks);
void pop_saved_tensor_hooks();

class SavedTensor {
 public:
  SavedTensor() = default;
  /// `is_output`: the tensor is a result of the node that saves it; holding its history would make a cycle.
  SavedTensor(const Tensor& tensor, bool is_output) { save(tensor, is_output); }
  void save(const Tensor& tensor, bool is_output = false);
  /// The tensor with its history; `owner` is the node that saved it. Errors when it was changed or already freed.
  Tensor unpack(const Node& owner) const;
  void release();
  void visit(const SavedVisitor& visitor) const {
    if (tensor_.defined()) visitor(tensor_);
  }

 private:
  Tensor tensor_;
  uint32_t version_ = 0;
  uint32_t output_index_ = 0;
  bool is_output_ = false;
  bool released_ = false;
  bool requires_grad_ = false;
  struct Packed {
    std::shared_ptr<SavedTensorHooks> hooks;
    std::shared_ptr<void> value;
    Edge edge;
  };
  std::shared_ptr<Packed> packed_;
};

/// A saved "Tensor|Scalar" argument.
class SavedOperand {
 public:
  void save(const Operand& operand) {
    is_tensor_ = operand.is_tensor();
    if (is_tensor_) {
      tensor_.save(operand.tensor());
    } else {
      scalar_ = operand.scalar();
    }
  }
  /// The result must outlive the Operand made from it.
  class Unpacked {
   public:
    Unpacked(Tensor tensor) : tensor_(std::move(tensor)), is_tensor_(true) {}
    Unpacked(Scalar scalar) : scalar_(scalar), is_tensor_(false) {}
    operator Operand() const { return is_tensor_ ? Operand(tensor_) : Operand(scalar_); }
    Operand get() const { return *this; }

   private:
    Tensor tensor_;
    Scalar scalar_;
    bool is_tensor_;
  };
  Unpacked unpack(const Node& owner) const { return is_tensor_ ? Unpacked(tensor_.unpack(owner)) : Unpacked(scalar_); }
  void release() {
    if (is_tensor_) tensor_.release();
  }
  void visit(const SavedVisitor& visitor) const {
    if (is_tensor_) tensor_.visit(visitor);
  }

 private:
  SavedTensor tensor_;
  Scalar scalar_;
  bool is_tensor_ = false;
};

class SavedTensorList {
 public:
  void save(TensorList list) {
    for (const Tensor& tensor : list) items_.emplace_back(tensor, false);
  }
  std::vector<Tensor> unpack(const Node& owner) const {
    std::vector<Tensor> result;
    for (const auto& item : items_) result.push_back(item.unpack(owner));
    return result;
  }
  void release() {
    for (auto& item : items_) item.release();
  }
  void visit(const SavedVisitor& visitor) const {
    for (const auto& item : items_) item.visit(visitor);
  }

 private:
  std::vector<SavedTensor> items_;
};

}  // namespace hiss::engine

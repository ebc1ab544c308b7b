// Walking several tensors of one (broadcast) shape together: dimensions ordered by the first tensor's strides and
// merged where every tensor allows it, so that rows are long.
#pragma once

#include <algorithm>
#include <initializer_list>

#include "tensor/tensor.h"

namespace hiss::engine {

class Iteration {
 public:
  static constexpr int kMaxOperands = 5;

  /// `operands[0]` is the output; the others broadcast to `shape`. A null operand has stride 0 everywhere.
  Iteration(std::initializer_list<const Tensor*> operands, IntList shape)
      : Iteration(operands.begin(), static_cast<int>(operands.size()), shape) {}
  Iteration(const Tensor* const* operands, int count, IntList shape) : operands_(count) {
    const int rank = static_cast<int>(shape.size());
    for (int k = 0; k < count; ++k) {
      strides_[k].assign(shape.size(), 0);
      item_sizes_[k] = operands[k] ? static_cast<int64_t>(operands[k]->item_size()) : 0;
      if (!operands[k]) continue;
      const Tensor& tensor = *operands[k];
      const int lead = rank - static_cast<int>(tensor.dim());
      for (int d = lead; d < rank; ++d) {
        if (tensor.sizes()[static_cast<size_t>(d - lead)] != 1) {
          strides_[k][static_cast<size_t>(d)] = tensor.strides()[static_cast<size_t>(d - lead)];
        }
      }
    }
    Sizes order;
    for (int d = 0; d < rank; ++d) {
      if (shape[static_cast<size_t>(d)] != 1) order.push_back(d);
    }
    // Insertion sort: ranks are small, and equal strides must keep their order.
    for (size_t i = 1; i < order.size(); ++i) {
      for (size_t j = i; j > 0 && before(order[j], order[j - 1]); --j) std::swap(order[j], order[j - 1]);
    }
    Sizes merged[kMaxOperands];
    for (const int64_t dim : order) {
      const auto d = static_cast<size_t>(dim);
      bool joins = !sizes_.empty();
      for (int k = 0; k < count && joins; ++k) joins = merged[k].back() == strides_[k][d] * shape[d];
      if (joins) {
        sizes_.back() *= shape[d];
        for (int k = 0; k < count; ++k) merged[k].back() = strides_[k][d];
      } else {
        sizes_.push_back(shape[d]);
        for (int k = 0; k < count; ++k) merged[k].push_back(strides_[k][d]);
      }
    }
    if (sizes_.empty()) {
      sizes_.push_back(1);
      for (int k = 0; k < count; ++k) merged[k].push_back(1);
    }
    rows_ = 1;
    for (size_t i = 0; i + 1 < sizes_.size(); ++i) rows_ *= sizes_[i];
    for (int k = 0; k < count; ++k) strides_[k] = std::move(merged[k]);
  }

  int dim() const { return static_cast<int>(sizes_.size()); }
  int64_t size(int d) const { return sizes_[static_cast<size_t>(d)]; }
  int64_t stride(int operand, int d) const { return strides_[operand][static_cast<size_t>(d)]; }
  int64_t inner_size() const { return sizes_.back(); }
  int64_t inner_stride(int operand) const { return strides_[operand].back(); }
  int64_t rows() const { return rows_; }
  int64_t numel() const { return rows_ * inner_size(); }

  /// True when walking in iteration order reads the operand's memory without gaps.
  bool is_dense(int operand) const {
    int64_t expected = 1;
    for (size_t d = sizes_.size(); d-- > 0;) {
      if (sizes_[d] != 1 && strides_[operand][d] != expected) return false;
      expected *= sizes_[d];
    }
    return true;
  }

  /// Byte offsets of each operand at the start of a row.
  void row_offsets(int64_t row, int64_t* offsets) const {
    for (int k = 0; k < operands_; ++k) offsets[k] = 0;
    for (size_t d = sizes_.size() - 1; d-- > 0;) {
      const int64_t index = row % sizes_[d];
      row /= sizes_[d];
      for (int k = 0; k < operands_; ++k) offsets[k] += index * strides_[k][d] * item_sizes_[k];
    }
  }
  int64_t row_offset(int operand, int64_t row) const {
    int64_t offset = 0;
    for (size_t d = sizes_.size() - 1; d-- > 0;) {
      offset += row % sizes_[d] * strides_[operand][d];
      row /= sizes_[d];
    }
    return offset * item_sizes_[operand];
  }

  template <typename Body>
  void for_each_row(Body&& body) const {
    for_each_row(0, rows_, body);
  }
  template <typename Body>
  void for_each_row(int64_t begin, int64_t end, Body&& body) const {
    if (inner_size() == 0) return;
    int64_t offsets[kMaxOperands];
    Sizes index(sizes_.size(), 0);
    row_offsets(begin, offsets);
    int64_t rest = begin;
    for (size_t d = sizes_.size() - 1; d-- > 0;) {
      index[d] = rest % sizes_[d];
      rest /= sizes_[d];
    }
    for (int64_t row = begin; row < end; ++row) {
      body(static_cast<const int64_t*>(offsets), inner_size());
      for (size_t d = sizes_.size() - 1; d-- > 0;) {
        for (int k = 0; k < operands_; ++k) offsets[k] += strides_[k][d] * item_sizes_[k];
        if (++index[d] < sizes_[d]) break;
        for (int k = 0; k < operands_; ++k) offsets[k] -= strides_[k][d] * item_sizes_[k] * sizes_[d];
        index[d] = 0;
      }
    }
  }

 private:
  bool before(int64_t a, int64_t b) const {
    for (int k = 0; k < operands_; ++k) {
      const int64_t sa = strides_[k][static_cast<size_t>(a)], sb = strides_[k][static_cast<size_t>(b)];
      if (sa == 0 || sb == 0 || sa == sb) continue;
      return sa > sb;
    }
    return false;
  }
  int operands_;
  Sizes sizes_;
  Sizes strides_[kMaxOperands];
  int64_t item_sizes_[kMaxOperands] = {};
  int64_t rows_ = 1;
};

}  // namespace hiss::engine

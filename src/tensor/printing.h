// Tensors as text, the way PyTorch prints them.
#pragma once

#include <string>

#include "tensor/tensor.h"

namespace hiss::engine {

struct PrintOptions {
  int precision = 4;
  int64_t threshold = 1000;
  int64_t edge_items = 3;
  int line_width = 80;
  std::optional<bool> sci_mode;
};
/// torch.set_printoptions changes these.
PrintOptions& print_options();

/// "tensor([[1., 2.],\n        [3., 4.]], grad_fn=<AddBackward0>)"
std::string to_text(const Tensor& tensor, std::string_view prefix = "tensor(");

}  // namespace hiss::engine

// The backward pass.
#pragma once

#include "autograd/node.h"

namespace hiss::engine {

/// Adds gradients of `outputs` to the grad of the leaves (or only of `inputs`, when given).
void run_backward(TensorList outputs, TensorList output_gradients, bool retain_graph, bool create_graph,
                  TensorList inputs = {});
/// torch.autograd.grad: returns the gradients with respect to `inputs` instead of accumulating them.
std::vector<Tensor> compute_gradients(TensorList outputs, TensorList inputs, TensorList output_gradients = {},
                                      bool retain_graph = false, bool create_graph = false, bool allow_unused = false);
/// Runs after the backward pass in progress has finished; an error when none is.
void queue_backward_callback(std::function<void()> callback);

}  // namespace hiss::engine

// Backward kernels of layers, named by formulas in ops.yaml. They are not differentiable themselves unless noted: those
// composed of operations are (create_graph works through them).
#pragma once

#include <array>

#include "tensor/tensor.h"

namespace hiss::engine::formulas {

using Triple = std::tuple<Tensor, Tensor, Tensor>;
using Mask3 = std::array<bool, 3>;

Triple linear_backward(const Tensor& grad, const Tensor& input, const Tensor& weight, const Mask3& mask);
Triple convolution_backward(const Tensor& grad, const Tensor& input, const Tensor& weight, IntList stride,
                            IntList padding, IntList dilation, bool transposed, IntList output_padding, int64_t groups,
                            const Mask3& mask);
std::tuple<Tensor, Tensor> convolution_input_double_backward(const Tensor& gg, const Tensor& grad, const Tensor& input,
                                                             const Tensor& weight, IntList stride, IntList padding,
                                                             IntList dilation, bool transposed, IntList output_padding,
                                                             int64_t groups, const std::array<bool, 2>& mask);
std::tuple<Tensor, Tensor> convolution_weight_double_backward(const Tensor& gg_weight, const Tensor& gg_bias,
                                                              const Tensor& grad, const Tensor& input,
                                                              const Tensor& weight, IntList stride, IntList padding,
                                                              IntList dilation, bool transposed, IntList output_padding,
                                                              int64_t groups, const std::array<bool, 2>& mask);
Triple group_norm_backward(const Tensor& grad, const Tensor& input, const Tensor& weight, const Tensor& mean,
                           const Tensor& rstd, int64_t groups, const Mask3& mask);
Triple layer_norm_backward(const Tensor& grad, const Tensor& input, IntList normalized_shape, const Tensor& weight,
                           const Tensor& mean, const Tensor& rstd, const Mask3& mask);
Triple batch_norm_backward(const Tensor& grad, const Tensor& input, const Tensor& weight, const Tensor& mean,
                           const Tensor& rstd, bool training, const Mask3& mask);
Tensor max_pool2d_backward(const Tensor& grad, const Tensor& indices, IntList input_sizes);
Tensor embedding_backward(const Tensor& grad, const Tensor& indices, IntList weight_sizes, int64_t padding_idx);

}  // namespace hiss::engine::formulas

// Convolution on dense tensors of one type; the three products that forward and backward passes need.
#pragma once

#include "tensor/tensor.h"

namespace hiss::engine {

struct ConvolutionShape {
  int spatial = 2;  // Dimensions after batch and channels.
  int64_t batch = 0, in_channels = 0, out_channels = 0, groups = 1;
  Sizes input, kernel, output;  // Spatial sizes.
  Sizes stride, padding, dilation;
  bool operator==(const ConvolutionShape& other) const = default;
};

/// output = input * weight + bias (bias may be undefined).
void convolution_forward(const ConvolutionShape& shape, const Tensor& input, const Tensor& weight, const Tensor& bias,
                         const Tensor& output);
/// The gradient of the input; also the forward pass of a transposed convolution.
void convolution_backward_input(const ConvolutionShape& shape, const Tensor& grad, const Tensor& weight,
                                const Tensor& result);
/// The gradient of the weight, and of the bias when `bias` is defined.
void convolution_backward_weight(const ConvolutionShape& shape, const Tensor& grad, const Tensor& input,
                                 const Tensor& weight, const Tensor& bias);

/// oneDNN, float only; false when it does not take the problem.
bool dnnl_convolution_forward(const ConvolutionShape& shape, const float* input, const float* weight, const float* bias,
                              float* output);
bool dnnl_convolution_backward_input(const ConvolutionShape& shape, const float* grad, const float* weight,
                                     float* result);
bool dnnl_convolution_backward_weight(const ConvolutionShape& shape, const float* grad, const float* input,
                                      float* weight, float* bias);

}  // namespace hiss::engine

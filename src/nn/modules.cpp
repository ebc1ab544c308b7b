#include "nn/modules.h"

#include <cmath>

#include "nn/initialization.h"

namespace hiss::engine::nn {

std::vector<Tensor> Module::parameters() const {
  std::vector<Tensor> result;
  for (const auto& [name, parameter] : named_parameters()) result.push_back(parameter);
  return result;
}

std::vector<std::pair<std::string, Tensor>> Module::named_parameters(const std::string& prefix) const {
  std::vector<std::pair<std::string, Tensor>> result;
  for (const auto& [name, parameter] : parameters_) result.emplace_back(prefix + name, parameter);
  for (const auto& [name, child] : children_) {
    for (auto& entry : child->named_parameters(prefix + name + ".")) result.push_back(std::move(entry));
  }
  return result;
}

void Module::zero_grad() {
  for (const Tensor& parameter : parameters()) parameter.set_grad(Tensor());
}

void Module::train(bool on) {
  training_ = on;
  for (const auto& [name, child] : children_) child->train(on);
}

Tensor Module::register_parameter(std::string name, Tensor value) {
  value.set_requires_grad(true);
  parameters_.emplace_back(std::move(name), value);
  return value;
}

namespace {
/// The default of Linear and Conv layers: weights and then biases uniform in 1 / sqrt(fan_in).
void default_init(const Tensor& weight, const Tensor& bias) {
  init::kaiming_uniform_(weight, std::sqrt(5.0));
  const int64_t fan_in = init::fan_in_and_fan_out(weight).first;
  const double bound = fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0;
  if (bias.defined()) init::uniform_(bias, -bound, bound);
}
}  // namespace

Linear::Linear(int64_t in_features, int64_t out_features, bool with_bias) {
  weight = register_parameter("weight", ops::empty({out_features, in_features}));
  if (with_bias) bias = register_parameter("bias", ops::empty({out_features}));
  default_init(weight, bias);
}

Conv2d::Conv2d(int64_t in_channels, int64_t out_channels, int64_t kernel_size, Options options) : options_(options) {
  weight =
      register_parameter("weight", ops::empty({out_channels, in_channels / options.groups, kernel_size, kernel_size}));
  if (options.bias) bias = register_parameter("bias", ops::empty({out_channels}));
  default_init(weight, bias);
}

GroupNorm::GroupNorm(int64_t groups, int64_t channels, double eps) : groups_(groups), eps_(eps) {
  weight = register_parameter("weight", ops::ones({channels}));
  bias = register_parameter("bias", ops::zeros({channels}));
}

LayerNorm::LayerNorm(IntList normalized_shape, double eps) : shape_(normalized_shape), eps_(eps) {
  weight = register_parameter("weight", ops::ones(normalized_shape));
  bias = register_parameter("bias", ops::zeros(normalized_shape));
}

Embedding::Embedding(int64_t count, int64_t width) {
  weight = register_parameter("weight", ops::empty({count, width}));
  init::normal_(weight);
}

void Sequential::push_back(std::shared_ptr<Module> layer) {
  layers_.push_back(register_module(std::to_string(layers_.size()), std::move(layer)));
}

Tensor Sequential::forward(const Tensor& input) {
  Tensor value = input;
  for (const auto& layer : layers_) value = layer->forward(value);
  return value;
}

Adam::Adam(std::vector<Tensor> parameters, AdamOptions chosen) : options(chosen), parameters_(std::move(parameters)) {
  for (const Tensor& parameter : parameters_) {
    averages_.push_back(ops::zeros_like(parameter));
    squares_.push_back(ops::zeros_like(parameter));
    if (options.amsgrad) max_squares_.push_back(ops::zeros_like(parameter));
    steps_.push_back(0);
  }
}

void Adam::step() {
  std::vector<Tensor> parameters, gradients, averages, squares, max_squares;
  std::vector<double> steps;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].grad().defined()) continue;
    parameters.push_back(parameters_[i]);
    gradients.push_back(parameters_[i].grad());
    averages.push_back(averages_[i]);
    squares.push_back(squares_[i]);
    if (options.amsgrad) max_squares.push_back(max_squares_[i]);
    steps.push_back(++steps_[i]);
  }
  adam_step(parameters, gradients, averages, squares, max_squares, steps, options);
}

void Adam::zero_grad() {
  for (const Tensor& parameter : parameters_) parameter.set_grad(Tensor());
}

void Sgd::step() {
  buffers_.resize(parameters_.size());
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].grad().defined()) continue;
    std::vector<Tensor> buffer{buffers_[i]};
    sgd_step({parameters_[i]}, {parameters_[i].grad()}, buffer, options);
    buffers_[i] = buffer[0];
  }
}

void Sgd::zero_grad() {
  for (const Tensor& parameter : parameters_) parameter.set_grad(Tensor());
}

}  // namespace hiss::engine::nn

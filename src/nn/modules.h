// Layers for C++ users. Python's torch.nn.Module is its own class; both run on the same operations.
#pragma once

#include <memory>
#include <string>

#include "nn/optimizers.h"
#include "tensor/operators.h"

namespace hiss::engine::nn {

class Module {
 public:
  virtual ~Module() = default;
  virtual Tensor forward(const Tensor& input) = 0;
  Tensor operator()(const Tensor& input) { return forward(input); }

  /// All parameters, own and children's, in registration order.
  std::vector<Tensor> parameters() const;
  std::vector<std::pair<std::string, Tensor>> named_parameters(const std::string& prefix = "") const;
  void zero_grad();
  void train(bool on = true);
  bool training() const { return training_; }

 protected:
  Tensor register_parameter(std::string name, Tensor value);
  template <typename T>
  std::shared_ptr<T> register_module(std::string name, std::shared_ptr<T> child) {
    children_.emplace_back(std::move(name), child);
    return child;
  }

 private:
  std::vector<std::pair<std::string, Tensor>> parameters_;
  std::vector<std::pair<std::string, std::shared_ptr<Module>>> children_;
  bool training_ = true;
};

class Linear : public Module {
 public:
  Linear(int64_t in_features, int64_t out_features, bool bias = true);
  Tensor forward(const Tensor& input) override { return ops::linear(input, weight, bias); }
  Tensor weight, bias;
};

class Conv2d : public Module {
 public:
  struct Options {
    int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
    bool bias = true;
  };
  Conv2d(int64_t in_channels, int64_t out_channels, int64_t kernel_size, Options options);
  Conv2d(int64_t in_channels, int64_t out_channels, int64_t kernel_size)
      : Conv2d(in_channels, out_channels, kernel_size, Options()) {}
  Tensor forward(const Tensor& input) override {
    return ops::conv2d(input, weight, bias, {options_.stride, options_.stride}, {options_.padding, options_.padding},
                       {options_.dilation, options_.dilation}, options_.groups);
  }
  Tensor weight, bias;

 private:
  Options options_;
};

class GroupNorm : public Module {
 public:
  GroupNorm(int64_t groups, int64_t channels, double eps = 1e-5);
  Tensor forward(const Tensor& input) override { return ops::group_norm(input, groups_, weight, bias, eps_); }
  Tensor weight, bias;

 private:
  int64_t groups_;
  double eps_;
};

class LayerNorm : public Module {
 public:
  explicit LayerNorm(IntList normalized_shape, double eps = 1e-5);
  Tensor forward(const Tensor& input) override { return ops::layer_norm(input, shape_, weight, bias, eps_); }
  Tensor weight, bias;

 private:
  Sizes shape_;
  double eps_;
};

class Embedding : public Module {
 public:
  Embedding(int64_t count, int64_t width);
  Tensor forward(const Tensor& indices) override { return ops::embedding(weight, indices); }
  Tensor weight;
};

class Dropout : public Module {
 public:
  explicit Dropout(double p = 0.5) : p_(p) {}
  Tensor forward(const Tensor& input) override { return ops::dropout(input, p_, training()); }

 private:
  double p_;
};

/// A function as a layer: nn::Activation(ops::silu).
class Activation : public Module {
 public:
  explicit Activation(Tensor (*function)(const Tensor&)) : function_(function) {}
  Tensor forward(const Tensor& input) override { return function_(input); }

 private:
  Tensor (*function_)(const Tensor&);
};

class Sequential : public Module {
 public:
  template <typename... Layers>
  explicit Sequential(std::shared_ptr<Layers>... layers) {
    (push_back(std::move(layers)), ...);
  }
  void push_back(std::shared_ptr<Module> layer);
  Tensor forward(const Tensor& input) override;

 private:
  std::vector<std::shared_ptr<Module>> layers_;
};

template <typename Layer, typename... Args>
std::shared_ptr<Layer> make(Args&&... args) {
  return std::make_shared<Layer>(std::forward<Args>(args)...);
}

/// Adam, or AdamW when options.decoupled.
class Adam {
 public:
  Adam(std::vector<Tensor> parameters, AdamOptions options = {});
  void step();
  void zero_grad();
  AdamOptions options;

 private:
  std::vector<Tensor> parameters_, averages_, squares_, max_squares_;
  std::vector<double> steps_;
};

class Sgd {
 public:
  Sgd(std::vector<Tensor> parameters, SgdOptions options) : options(options), parameters_(std::move(parameters)) {}
  void step();
  void zero_grad();
  SgdOptions options;

 private:
  std::vector<Tensor> parameters_, buffers_;
};

}  // namespace hiss::engine::nn

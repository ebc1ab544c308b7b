// torch.nn.init: in-place fills that draw from the generator as PyTorch does.
#pragma once

#include "tensor/random/generator.h"

namespace hiss::engine::init {

/// sqrt(2) for relu, and so on; `parameter` is leaky_relu's slope.
double calculate_gain(std::string_view nonlinearity, std::optional<double> parameter = std::nullopt);
std::pair<int64_t, int64_t> fan_in_and_fan_out(const Tensor& tensor);

Tensor uniform_(const Tensor& tensor, double a = 0, double b = 1, RandomGenerator* generator = nullptr);
Tensor normal_(const Tensor& tensor, double mean = 0, double std = 1, RandomGenerator* generator = nullptr);
Tensor trunc_normal_(const Tensor& tensor, double mean = 0, double std = 1, double a = -2, double b = 2,
                     RandomGenerator* generator = nullptr);
Tensor constant_(const Tensor& tensor, double value);
Tensor xavier_uniform_(const Tensor& tensor, double gain = 1, RandomGenerator* generator = nullptr);
Tensor xavier_normal_(const Tensor& tensor, double gain = 1, RandomGenerator* generator = nullptr);
Tensor kaiming_uniform_(const Tensor& tensor, double a = 0, std::string_view mode = "fan_in",
                        std::string_view nonlinearity = "leaky_relu", RandomGenerator* generator = nullptr);
Tensor kaiming_normal_(const Tensor& tensor, double a = 0, std::string_view mode = "fan_in",
                       std::string_view nonlinearity = "leaky_relu", RandomGenerator* generator = nullptr);
Tensor orthogonal_(const Tensor& tensor, double gain = 1, RandomGenerator* generator = nullptr);

}  // namespace hiss::engine::init

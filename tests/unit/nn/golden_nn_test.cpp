// Initialization and optimizer steps against PyTorch's (tests/engine/golden_nn.json.gz, written by make_golden.py).
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hiss/nn.h"

using namespace hiss::engine;
using nlohmann::json;

namespace {

std::vector<json> read_cases() {
  const auto path = std::filesystem::path(HISS_TESTS_DIR) / "engine/golden_nn.json.gz";
  gzFile file = gzopen(path.c_str(), "rb");
  std::string text;
  char buffer[65536];
  for (int count; file && (count = gzread(file, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(count));
  if (file) gzclose(file);
  std::vector<json> cases;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) cases.push_back(json::parse(line));
  return cases;
}

void expect_near(const Tensor& got, const json& want, double tolerance, const std::string& name) {
  const Tensor dense = got.detach().contiguous();
  ASSERT_EQ(static_cast<size_t>(dense.numel()), want["data"].size()) << name;
  for (int64_t i = 0; i < dense.numel(); ++i) {
    const double expected = want["data"][static_cast<size_t>(i)];
    EXPECT_NEAR(dense.data<float>()[i], expected, tolerance * std::max(1.0, std::abs(expected)))
        << name << " element " << i;
  }
}

Tensor initialize(const std::string& name, const Tensor& tensor, const json& arguments) {
  if (name == "kaiming_uniform_") return init::kaiming_uniform_(tensor, arguments.value("a", 0.0));
  if (name == "kaiming_normal_") return init::kaiming_normal_(tensor, arguments.value("a", 0.0));
  if (name == "xavier_uniform_") return init::xavier_uniform_(tensor, arguments.value("gain", 1.0));
  if (name == "xavier_normal_") return init::xavier_normal_(tensor, arguments.value("gain", 1.0));
  if (name == "trunc_normal_")
    return init::trunc_normal_(tensor, arguments.value("mean", 0.0), arguments.value("std", 1.0));
  return init::orthogonal_(tensor);
}

void optimize(const std::string& name, const json& o, const Tensor& parameter) {
  std::vector<Tensor> buffers, averages{ops::zeros_like(parameter)}, squares{ops::zeros_like(parameter)},
      extra{ops::zeros_like(parameter)};
  for (int step = 1; step <= 4; ++step) {
    parameter.set_grad(Tensor());
    (parameter.pow(3) * step).sum().backward();
    const TensorList parameters(&parameter, 1), gradients(&parameter.grad(), 1);
    if (name == "SGD") {
      sgd_step(parameters, gradients, buffers,
               {.lr = o["lr"],
                .momentum = o.value("momentum", 0.0),
                .dampening = o.value("dampening", 0.0),
                .weight_decay = o.value("weight_decay", 0.0),
                .nesterov = o.value("nesterov", false)});
    } else if (name == "RMSprop") {
      rmsprop_step(parameters, gradients, squares, averages, extra,
                   {.lr = o["lr"], .momentum = o.value("momentum", 0.0), .centered = o.value("centered", false)});
    } else {
      AdamOptions options{.lr = o["lr"],
                          .weight_decay = o.value("weight_decay", name == "AdamW" ? 0.01 : 0.0),
                          .amsgrad = o.value("amsgrad", false),
                          .decoupled = name == "AdamW"};
      if (o.contains("betas")) options.beta1 = o["betas"][0], options.beta2 = o["betas"][1];
      const double count = step;
      adam_step(parameters, gradients, averages, squares, extra, std::span(&count, 1), options);
    }
  }
}

}  // namespace

TEST(GoldenNn, InitializationAndOptimizersAreThoseOfPyTorch) {
  const auto cases = read_cases();
  EXPECT_GT(cases.size(), 10u);
  for (const json& entry : cases) {
    if (entry.contains("init")) {
      manual_seed(11);
      const std::string name = entry["init"];
      const Tensor tensor = ops::empty(entry["shape"].get<std::vector<int64_t>>());
      expect_near(initialize(name, tensor, entry["arguments"]), entry["result"], 2e-6, name);
    } else {
      const Tensor parameter = ops::linspace(-1, 1, 37);
      parameter.set_requires_grad(true);
      optimize(entry["optimizer"], entry["options"], parameter);
      expect_near(parameter, entry["result"], 2e-6, entry["optimizer"].get<std::string>() + entry["options"].dump());
    }
  }
}

TEST(ClipGradNorm, ScalesOnlyWhatIsTooLong) {
  const Tensor x = ops::zeros({2});
  x.set_requires_grad(true);
  x.set_grad(from_values<float>({2}, {3, 4}));
  EXPECT_NEAR(clip_grad_norm({x}, 10).item<double>(), 5, 1e-6);
  EXPECT_EQ(x.grad().data<float>()[0], 3);
  clip_grad_norm({x}, 1);
  EXPECT_NEAR(x.grad().data<float>()[1], 0.8, 1e-5);
}

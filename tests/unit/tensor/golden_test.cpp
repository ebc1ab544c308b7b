// Every case of tests/engine/golden.json.gz through the registry: values and gradients as PyTorch computed them, and
// the gradient against finite differences in double.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <deque>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hiss/tensor.h"
#include "tensor/printing.h"

using namespace hiss::engine;
using nlohmann::json;

namespace {

DType dtype_of(const std::string& name) {
  for (int i = 0; i < kDTypeCount; ++i) {
    if (dtype_name(static_cast<DType>(i)) == name) return static_cast<DType>(i);
  }
  throw std::runtime_error("unknown dtype " + name);
}

double real_of(const json& value) {
  return value.is_string() ? std::stod(value.get<std::string>()) : value.get<double>();
}

Tensor tensor_of(const json& value) {
  std::vector<int64_t> shape = value["shape"];
  const DType dtype = dtype_of(value["dtype"]);
  const auto count = static_cast<int64_t>(value["data"].size());
  if (is_floating(dtype)) {
    Tensor flat = ops::empty({count}, DType::Float64);
    for (int64_t i = 0; i < count; ++i) flat.data<double>()[i] = real_of(value["data"][static_cast<size_t>(i)]);
    return flat.view(shape).to(dtype);
  }
  Tensor flat = ops::empty({count}, DType::Int64);
  for (int64_t i = 0; i < count; ++i) flat.data<int64_t>()[i] = value["data"][static_cast<size_t>(i)];
  return flat.view(shape).to(dtype);
}

/// Arguments of one call, with everything they borrow.
struct Call {
  const json* source;
  std::deque<Tensor> tensors;
  std::deque<std::vector<Tensor>> lists;
  std::deque<std::vector<int64_t>> ints;
  std::deque<std::vector<double>> floats;
  std::deque<std::string> texts;
  std::vector<Arg> args;
  std::vector<Tensor*> inputs;  // Tensors in order of appearance.
  const OpDescriptor* op = nullptr;

  bool build(const json& values) {
    for (const json& value : values) {
      if (value.is_object() && value.contains("shape")) {
        tensors.push_back(tensor_of(value));
        inputs.push_back(&tensors.back());
      } else if (value.is_object() && value.contains("tensors")) {
        auto& list = lists.emplace_back();
        for (const json& item : value["tensors"]) list.push_back(item.is_null() ? Tensor() : tensor_of(item));
        for (Tensor& item : list) {
          if (item.defined()) inputs.push_back(&item);
        }
      }
    }
    return true;
  }
  void bind(const json& values) {
    args.clear();
    ints.clear();
    floats.clear();
    texts.clear();
    size_t tensor = 0, list = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const json& value = values[i];
      const ArgSpec& spec = op->arguments[i];
      if (value.is_null()) {
        args.push_back(Arg::none());
      } else if (value.is_object() && value.contains("shape")) {
        args.emplace_back(tensors[tensor++]);
      } else if (value.is_object() && value.contains("tensors")) {
        args.emplace_back(lists[list++]);
      } else if (value.is_object() && value.contains("type")) {
        args.emplace_back(dtype_of(value["type"]));
      } else if (value.is_object() && value.contains("ints")) {
        ints.push_back(value["ints"].get<std::vector<int64_t>>());
        args.emplace_back(IntList(ints.back()));
      } else if (value.is_object() && value.contains("floats")) {
        floats.push_back(value["floats"].get<std::vector<double>>());
        args.emplace_back(FloatList(floats.back()));
      } else if (value.is_string()) {
        texts.push_back(value);
        args.emplace_back(std::string_view(texts.back()));
      } else if (value.is_boolean()) {
        args.emplace_back(value.get<bool>());
      } else if (spec.kind == ArgKind::IntList) {
        ints.emplace_back(static_cast<size_t>(std::max<int>(spec.list_size, 1)), value.get<int64_t>());
        args.emplace_back(IntList(ints.back()));
      } else if (value.is_number_integer()) {
        args.emplace_back(value.get<int64_t>());
      } else {
        args.emplace_back(value.is_object() ? real_of(value["real"]) : value.get<double>());
      }
    }
  }
};

/// Whether the values can be bound to the descriptor, as the Python binding decides between overloads.
bool accepts(const OpDescriptor& op, const json& values) {
  if (values.size() > op.arguments.size()) return false;
  for (size_t i = values.size(); i < op.arguments.size(); ++i) {
    if (!op.arguments[i].has_default) return false;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const ArgSpec& spec = op.arguments[i];
    const json& value = values[i];
    const bool is_tensor = value.is_object() && value.contains("shape"),
               is_list = value.is_object() && value.contains("ints");
    bool fits = false;
    if (value.is_null()) {
      fits = spec.optional;
    } else if (is_tensor) {
      fits = spec.kind == ArgKind::Tensor || spec.kind == ArgKind::Operand;
    } else if (value.is_object() && value.contains("tensors")) {
      fits = spec.kind == ArgKind::TensorList;
    } else if (is_list) {
      fits = spec.kind == ArgKind::IntList;
    } else if (value.is_object() && value.contains("floats")) {
      fits = spec.kind == ArgKind::FloatList;
    } else if (value.is_object() && value.contains("type")) {
      fits = spec.kind == ArgKind::DType;
    } else if (value.is_string()) {
      fits = spec.kind == ArgKind::String;
    } else if (value.is_boolean()) {
      fits = spec.kind == ArgKind::Bool || spec.kind == ArgKind::Scalar || spec.kind == ArgKind::Operand;
    } else if (value.is_number_integer()) {
      fits = spec.kind == ArgKind::Int || spec.kind == ArgKind::Scalar || spec.kind == ArgKind::Operand ||
             spec.kind == ArgKind::Float || (spec.kind == ArgKind::IntList && spec.list_size > 0);
    } else {
      fits = spec.kind == ArgKind::Float || spec.kind == ArgKind::Scalar || spec.kind == ArgKind::Operand;
    }
    if (!fits) return false;
  }
  return true;
}

std::vector<Tensor> run(Call& call) {
  Outputs outputs;
  call.op->call(call.args, outputs);
  std::vector<Tensor> result;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs.is_tensor(i)) {
      result.push_back(outputs.tensor(i));
    } else if (outputs.other(i).tag == Output::Tag::TensorList) {
      for (const Tensor& tensor : outputs.other(i).list) result.push_back(tensor);
    }
  }
  return result;
}

std::string compare(const Tensor& got, const Tensor& want, double tolerance) {
  if (got.sizes() != want.sizes()) return "shape " + to_string(got.sizes()) + " instead of " + to_string(want.sizes());
  if (got.dtype() != want.dtype())
    return std::string(dtype_name(got.dtype())) + " instead of " + std::string(dtype_name(want.dtype()));
  const Tensor a = got.detach().to(DType::Float64).contiguous(), b = want.to(DType::Float64).contiguous();
  for (int64_t i = 0; i < a.numel(); ++i) {
    const double x = a.data<double>()[i], y = b.data<double>()[i];
    if (x == y || (x != x && y != y)) continue;
    if (!(std::abs(x - y) <= tolerance * std::max(1.0, std::abs(y)))) {
      return fmt::format("element {} is {:.17g} instead of {:.17g}", i, x, y);
    }
  }
  return "";
}

double type_tolerance(DType dtype) {
  switch (dtype) {
    case DType::Float32:
      return 1e-6;
    case DType::Float16:
      return 1e-3;
    case DType::BFloat16:
      return 8e-3;
    default:
      return 1e-10;
  }
}

/// Sum of outputs weighted with the cotangents: a number whose slopes are the gradients.
Tensor weighted(const std::vector<Tensor>& outputs, const std::vector<Tensor>& cotangents) {
  Tensor total;
  size_t next = 0;
  for (const Tensor& output : outputs) {
    if (!output.requires_grad()) continue;
    const Tensor part = (output * cotangents[next++]).sum();
    total = total.defined() ? total + part : part;
  }
  return total;
}

double weighted_value(Call& call, const std::vector<bool>& counted, const std::vector<Tensor>& cotangents) {
  NoGrad no_grad;
  double total = 0;
  size_t next = 0;
  const auto outputs = run(call);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (counted[i]) total += (outputs[i] * cotangents[next++]).sum().item<double>();
  }
  return total;
}

std::string check_numeric(Call& call, const std::vector<Tensor>& outputs, const std::vector<Tensor>& cotangents,
                          const std::vector<Tensor>& leaves, const std::vector<Tensor>& gradients) {
  std::vector<bool> counted;
  for (const Tensor& output : outputs) counted.push_back(output.requires_grad());
  constexpr double kStep = 1e-6;
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].dtype() != DType::Float64 || !gradients[i].defined()) continue;
    const Tensor gradient = gradients[i].detach().contiguous();
    double* x = leaves[i].data<double>();
    for (int64_t j = 0; j < leaves[i].numel(); ++j) {
      const double old = x[j];
      x[j] = old + kStep;
      const double up = weighted_value(call, counted, cotangents);
      x[j] = old - kStep;
      const double down = weighted_value(call, counted, cotangents);
      x[j] = old;
      const double slope = (up - down) / (2 * kStep), analytic = gradient.data<double>()[j];
      if (!(std::abs(slope - analytic) <= 1e-5 + 1e-3 * std::abs(slope))) {
        return fmt::format("finite differences of input {} element {}: {} instead of {}", i, j, analytic, slope);
      }
    }
  }
  return "";
}

/// The gradient of the gradient against finite differences of the gradient.
std::string check_second(Call& call, const std::vector<Tensor>& cotangents, const std::vector<Tensor>& leaves) {
  const auto gradient_sum = [&](bool graph) {
    const auto gradients = compute_gradients({weighted(run(call), cotangents)}, leaves, {}, false, graph, true);
    Tensor total;
    for (const Tensor& gradient : gradients) {
      if (!gradient.defined()) continue;
      // Weights that differ by element, so that errors do not cancel.
      const Tensor weights = ops::arange(gradient.numel()).to(gradient.dtype()).reshape(gradient.sizes()) * 0.37 + 0.5;
      const Tensor part = (gradient * weights).sum();
      total = total.defined() ? total + part : part;
    }
    return total;
  };
  const Tensor slope_sum = gradient_sum(true);
  if (!slope_sum.requires_grad()) return "";  // Linear: the gradient does not depend on the inputs.
  const auto second = compute_gradients({slope_sum}, leaves, {}, false, false, true);
  constexpr double kStep = 1e-5;
  for (size_t i = 0; i < leaves.size(); ++i) {
    const Tensor analytic = second[i].defined() ? second[i].contiguous() : ops::zeros_like(leaves[i]).detach();
    double* x = leaves[i].data<double>();
    for (int64_t j = 0; j < leaves[i].numel(); ++j) {
      const double old = x[j];
      x[j] = old + kStep;
      const double up = gradient_sum(false).item<double>();
      x[j] = old - kStep;
      const double down = gradient_sum(false).item<double>();
      x[j] = old;
      const double slope = (up - down) / (2 * kStep), value = analytic.data<double>()[j];
      if (!(std::abs(slope - value) <= 1e-4 + 1e-3 * std::abs(slope))) {
        return fmt::format("second derivative by input {} element {}: {} instead of {}", i, j, value, slope);
      }
    }
  }
  return "";
}

std::vector<json> read_cases() {
  const auto path = std::filesystem::path(HISS_TESTS_DIR) / "engine/golden.json.gz";
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file) throw std::runtime_error("cannot open " + path.string());
  std::string text;
  char buffer[65536];
  for (int count; (count = gzread(file, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(count));
  gzclose(file);
  std::vector<json> cases;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) cases.push_back(json::parse(line));
  return cases;
}

std::string check(const json& entry) {
  if (entry["op"] == "print") {
    set_default_dtype(DType::Float32);
    const Tensor tensor = tensor_of(entry["args"][0]);
    if (entry["requires_grad"].get<bool>()) tensor.set_requires_grad(true);
    const std::string text = to_text(tensor), want = entry["text"];
    set_default_dtype(DType::Float64);
    return text == want ? "" : "printed\n" + text + "\ninstead of\n" + want;
  }
  Call call;
  const json& values = entry["args"];
  for (const OpDescriptor& op : find_ops(entry["op"].get<std::string>())) {
    if (accepts(op, values)) {
      call.op = &op;
      break;
    }
  }
  if (!call.op) return "no overload accepts the arguments";
  call.build(values);
  std::vector<Tensor> leaves;
  for (Tensor* input : call.inputs) {
    if (entry.contains("gradients") && input->is_floating_point()) {
      input->set_requires_grad(true);
      leaves.push_back(*input);
    }
  }
  call.bind(values);
  if (entry.contains("seed")) manual_seed(entry["seed"].get<uint64_t>());
  const auto outputs = run(call);
  const double extra = entry.value("tolerance", 0.0);
  if (entry["outputs"][0].contains("scalar")) return "";
  if (outputs.size() != entry["outputs"].size())
    return fmt::format("{} outputs instead of {}", outputs.size(), entry["outputs"].size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor want = tensor_of(entry["outputs"][i]);
    const auto problem = compare(outputs[i], want, std::max(extra, type_tolerance(want.dtype())));
    if (!problem.empty()) return fmt::format("output {}: {}", i, problem);
  }
  if (entry.contains("follow")) {
    const auto problem = compare(ops::rand({2}, nullptr, DType::Float32), tensor_of(entry["follow"]), 0);
    if (!problem.empty()) return "the stream continues differently: " + problem;
  }
  if (!entry.contains("gradients")) return "";
  std::vector<Tensor> cotangents, chosen;
  for (const json& value : entry["cotangents"]) cotangents.push_back(tensor_of(value));
  for (const Tensor& output : outputs) {
    if (output.requires_grad()) chosen.push_back(output);
  }
  if (chosen.size() != cotangents.size())
    return fmt::format("{} differentiable outputs instead of {}", chosen.size(), cotangents.size());
  const auto gradients = compute_gradients(chosen, leaves, cotangents, false, false, true);
  for (size_t i = 0; i < leaves.size(); ++i) {
    const json& want = entry["gradients"][i];
    if (want.is_null()) continue;
    const Tensor expected = tensor_of(want);
    if (!gradients[i].defined()) {
      if (expected.abs().sum().item<double>() == 0) continue;
      return fmt::format("input {} has no gradient", i);
    }
    const auto problem =
        compare(gradients[i], expected,
                std::max({extra, type_tolerance(expected.dtype()) * 10, type_tolerance(outputs[0].dtype())}));
    if (!problem.empty()) return fmt::format("gradient {}: {}", i, problem);
  }
  bool wide = true;
  for (const Tensor& output : outputs) wide &= output.dtype() == DType::Float64 || !output.is_floating_point();
  if (entry["numeric"].get<bool>() && wide) {
    const auto problem = check_numeric(call, outputs, cotangents, leaves, gradients);
    if (!problem.empty()) return problem;
  }
  if (entry.value("second", false)) return check_second(call, cotangents, leaves);
  return "";
}

}  // namespace

TEST(Golden, ValuesAndGradientsAreThoseOfPyTorch) {
  // As in the script that wrote the file.
  set_default_dtype(DType::Float64);
  size_t number = 0;
  for (const json& entry : read_cases()) {
    std::string problem;
    try {
      problem = check(entry);
    } catch (const std::exception& error) {
      problem = error.what();
    }
    std::string arguments;
    for (const json& value : entry["args"]) {
      arguments += value.is_object() && value.contains("shape")
                       ? fmt::format("{}{} ", value["dtype"].get<std::string>(), value["shape"].dump())
                       : value.dump().substr(0, 60) + " ";
    }
    if (!problem.empty())
      ADD_FAILURE() << "case " << number << ": " << entry["op"].get<std::string>() << " " << arguments << ": "
                    << problem;
    ++number;
  }
  set_default_dtype(DType::Float32);
}

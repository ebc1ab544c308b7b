// oneDNN primitives for convolution, made once per shape. oneDNN picks its own blocked layouts; we reorder at the
// borders.
#include <dnnl.hpp>

#include <list>
#include <mutex>
#include <unordered_map>

#include "nn/kernels/convolution.h"

namespace hiss::engine {
namespace {

using dnnl::memory;

enum class Pass : uint8_t { Forward, BackwardInput, BackwardWeight };

struct Key {
  ConvolutionShape shape;
  Pass pass;
  bool bias;
  bool operator==(const Key& other) const = default;
};
struct KeyHash {
  size_t operator()(const Key& key) const {
    size_t hash = static_cast<size_t>(key.pass) * 2 + key.bias;
    const auto mix = [&](int64_t value) {
      hash = (hash ^ static_cast<size_t>(value)) * 0x9E3779B97F4A7C15ull;
      hash ^= hash >> 29;
    };
    for (const Sizes* sizes :
         {&key.shape.input, &key.shape.kernel, &key.shape.stride, &key.shape.padding, &key.shape.dilation}) {
      for (const int64_t value : *sizes) mix(value);
    }
    for (const int64_t value : {key.shape.batch, key.shape.in_channels, key.shape.out_channels, key.shape.groups})
      mix(value);
    return hash;
  }
};

struct Plan {
  dnnl::primitive primitive;
  memory::desc plain_input, plain_weight, plain_output;  // As our tensors lie.
  memory::desc input, weight, output;                    // As the primitive wants them.
  memory::desc bias;
  memory::desc scratchpad;
  dnnl::reorder reorder_input, reorder_weight, reorder_output;
  bool usable = false;
};

dnnl::engine& cpu() {
  static auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}
dnnl::stream& stream() {
  static thread_local dnnl::stream instance(cpu());
  return instance;
}

memory::dims dims(IntList values) { return {values.begin(), values.end()}; }

memory::format_tag plain_tag(size_t rank) {
  switch (rank) {
    case 3:
      return memory::format_tag::abc;
    case 4:
      return memory::format_tag::abcd;
    case 5:
      return memory::format_tag::abcde;
    default:
      return memory::format_tag::abcdef;
  }
}

memory::desc desc(const memory::dims& shape, bool any) {
  return memory::desc(shape, memory::data_type::f32, any ? memory::format_tag::any : plain_tag(shape.size()));
}

Plan make_plan(const Key& key) {
  const ConvolutionShape& s = key.shape;
  Plan plan;
  memory::dims input{s.batch, s.in_channels}, output{s.batch, s.out_channels}, weight;
  if (s.groups > 1) {
    weight = {s.groups, s.out_channels / s.groups, s.in_channels / s.groups};
  } else {
    weight = {s.out_channels, s.in_channels};
  }
  input.insert(input.end(), s.input.begin(), s.input.end());
  output.insert(output.end(), s.output.begin(), s.output.end());
  weight.insert(weight.end(), s.kernel.begin(), s.kernel.end());
  memory::dims strides = dims(s.stride), dilates = dims(s.dilation), pad_left = dims(s.padding), pad_right;
  for (auto& d : dilates) d -= 1;
  for (int i = 0; i < s.spatial; ++i) {
    const auto k = static_cast<size_t>(i);
    const int64_t extent = (s.kernel[k] - 1) * s.dilation[k] + 1;
    pad_right.push_back((s.output[k] - 1) * s.stride[k] + extent - s.input[k] - s.padding[k]);
  }
  plan.plain_input = desc(input, false);
  plan.plain_weight = desc(weight, false);
  plan.plain_output = desc(output, false);
  plan.bias = memory::desc({s.out_channels}, memory::data_type::f32, memory::format_tag::a);
  const auto any_input = desc(input, true), any_weight = desc(weight, true), any_output = desc(output, true);
  const auto algorithm = dnnl::algorithm::convolution_direct;
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  try {
    using Forward = dnnl::convolution_forward;
    const auto kind = dnnl::prop_kind::forward_training;
    const Forward::desc forward_desc =
        key.bias && key.pass == Pass::Forward
            ? Forward::desc(kind, algorithm, any_input, any_weight, plan.bias, any_output, strides, dilates, pad_left,
                            pad_right)
            : Forward::desc(kind, algorithm, any_input, any_weight, any_output, strides, dilates, pad_left, pad_right);
    const Forward::primitive_desc forward(forward_desc, attributes, cpu());
    if (key.pass == Pass::Forward) {
      plan.input = forward.src_desc();
      plan.weight = forward.weights_desc();
      plan.output = forward.dst_desc();
      plan.scratchpad = forward.scratchpad_desc();
      plan.primitive = Forward(forward);
    } else if (key.pass == Pass::BackwardInput) {
      using Backward = dnnl::convolution_backward_data;
      const Backward::primitive_desc backward(
          Backward::desc(algorithm, any_input, any_weight, any_output, strides, dilates, pad_left, pad_right),
          attributes, cpu(), forward);
      plan.input = backward.diff_src_desc();
      plan.weight = backward.weights_desc();
      plan.output = backward.diff_dst_desc();
      plan.scratchpad = backward.scratchpad_desc();
      plan.primitive = Backward(backward);
    } else {
      using Backward = dnnl::convolution_backward_weights;
      const Backward::desc backward_desc = key.bias ? Backward::desc(algorithm, any_input, any_weight, plan.bias,
                                                                     any_output, strides, dilates, pad_left, pad_right)
                                                    : Backward::desc(algorithm, any_input, any_weight, any_output,
                                                                     strides, dilates, pad_left, pad_right);
      const Backward::primitive_desc backward(backward_desc, attributes, cpu(), forward);
      plan.input = backward.src_desc();
      plan.weight = backward.diff_weights_desc();
      plan.output = backward.diff_dst_desc();
      plan.scratchpad = backward.scratchpad_desc();
      plan.primitive = Backward(backward);
    }
    const auto reorder = [](const memory::desc& from, const memory::desc& to) {
      return dnnl::reorder(dnnl::reorder::primitive_desc(cpu(), from, cpu(), to));
    };
    const bool input_out = key.pass == Pass::BackwardInput, weight_out = key.pass == Pass::BackwardWeight,
               output_out = key.pass == Pass::Forward;
    if (plan.input != plan.plain_input) {
      plan.reorder_input = input_out ? reorder(plan.input, plan.plain_input) : reorder(plan.plain_input, plan.input);
    }
    if (plan.weight != plan.plain_weight) {
      plan.reorder_weight =
          weight_out ? reorder(plan.weight, plan.plain_weight) : reorder(plan.plain_weight, plan.weight);
    }
    if (plan.output != plan.plain_output) {
      plan.reorder_output =
          output_out ? reorder(plan.output, plan.plain_output) : reorder(plan.plain_output, plan.output);
    }
    plan.usable = true;
  } catch (const dnnl::error&) {
    plan.usable = false;
  }
  return plan;
}

/// Shapes in use are few; the oldest plan goes when a program keeps changing them.
std::shared_ptr<Plan> find_plan(const Key& key) {
  constexpr size_t kKept = 512;
  using Entry = std::pair<Key, std::shared_ptr<Plan>>;
  static auto* mutex = new std::mutex;
  static auto* order = new std::list<Entry>;
  static auto* index = new std::unordered_map<Key, std::list<Entry>::iterator, KeyHash>;
  std::lock_guard lock(*mutex);
  if (const auto found = index->find(key); found != index->end()) {
    order->splice(order->begin(), *order, found->second);
    return found->second->second;
  }
  order->emplace_front(key, std::make_shared<Plan>(make_plan(key)));
  (*index)[key] = order->begin();
  if (order->size() > kKept) {
    index->erase(order->back().first);
    order->pop_back();
  }
  return order->front().second;
}

/// Memory in the primitive's layout: the tensor's own, or a buffer from the cache.
class Side {
 public:
  Side(const memory::desc& plain, const memory::desc& wanted, const void* data)
      : plain_(plain, cpu(), const_cast<void*>(data)) {
    if (plain == wanted) {
      used_ = plain_;
    } else {
      buffer_ = Storage::allocate(static_cast<int64_t>(wanted.get_size()));
      used_ = memory(wanted, cpu(), buffer_->data());
    }
  }
  void load(dnnl::reorder& reorder) {
    if (buffer_) reorder.execute(stream(), plain_, used_);
  }
  void store(dnnl::reorder& reorder) {
    if (buffer_) reorder.execute(stream(), used_, plain_);
  }
  memory& used() { return used_; }

 private:
  memory plain_, used_;
  Ref<Storage> buffer_;
};

bool run(const Key& key, const float* input, const float* weight, const float* bias, const float* output) {
  const auto plan = find_plan(key);
  if (!plan->usable) return false;
  Side source(plan->plain_input, plan->input, input);
  Side kernel(plan->plain_weight, plan->weight, weight);
  Side target(plan->plain_output, plan->output, output);
  const auto scratch = Storage::allocate(static_cast<int64_t>(plan->scratchpad.get_size()) + 64);
  memory scratchpad(plan->scratchpad, cpu(), scratch->data());
  std::unordered_map<int, memory> arguments;
  arguments[DNNL_ARG_SCRATCHPAD] = scratchpad;
  try {
    switch (key.pass) {
      case Pass::Forward:
        source.load(plan->reorder_input);
        kernel.load(plan->reorder_weight);
        arguments[DNNL_ARG_SRC] = source.used();
        arguments[DNNL_ARG_WEIGHTS] = kernel.used();
        arguments[DNNL_ARG_DST] = target.used();
        if (key.bias) arguments[DNNL_ARG_BIAS] = memory(plan->bias, cpu(), const_cast<float*>(bias));
        plan->primitive.execute(stream(), arguments);
        target.store(plan->reorder_output);
        break;
      case Pass::BackwardInput:
        target.load(plan->reorder_output);
        kernel.load(plan->reorder_weight);
        arguments[DNNL_ARG_DIFF_DST] = target.used();
        arguments[DNNL_ARG_WEIGHTS] = kernel.used();
        arguments[DNNL_ARG_DIFF_SRC] = source.used();
        plan->primitive.execute(stream(), arguments);
        source.store(plan->reorder_input);
        break;
      case Pass::BackwardWeight:
        target.load(plan->reorder_output);
        source.load(plan->reorder_input);
        arguments[DNNL_ARG_DIFF_DST] = target.used();
        arguments[DNNL_ARG_SRC] = source.used();
        arguments[DNNL_ARG_DIFF_WEIGHTS] = kernel.used();
        if (key.bias) arguments[DNNL_ARG_DIFF_BIAS] = memory(plan->bias, cpu(), const_cast<float*>(bias));
        plan->primitive.execute(stream(), arguments);
        kernel.store(plan->reorder_weight);
        break;
    }
    stream().wait();
  } catch (const dnnl::error& error) {
    throw_error(ErrorKind::Runtime, "could not execute a convolution: {}", error.what());
  }
  return true;
}

}  // namespace

bool dnnl_convolution_forward(const ConvolutionShape& shape, const float* input, const float* weight, const float* bias,
                              float* output) {
  return run({shape, Pass::Forward, bias != nullptr}, input, weight, bias, output);
}
bool dnnl_convolution_backward_input(const ConvolutionShape& shape, const float* grad, const float* weight,
                                     float* result) {
  return run({shape, Pass::BackwardInput, false}, result, weight, nullptr, grad);
}
bool dnnl_convolution_backward_weight(const ConvolutionShape& shape, const float* grad, const float* input,
                                      float* weight, float* bias) {
  return run({shape, Pass::BackwardWeight, bias != nullptr}, input, weight, bias, grad);
}

}  // namespace hiss::engine

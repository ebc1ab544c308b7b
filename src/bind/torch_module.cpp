// _hiss_torch: what lib/torch is made of. Operations come from the registry; here are the tensor type, dtypes,
// gradients, optimizers and the switches of the engine.
#include <cstring>
#include <vector>

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "bind/tensor_object.h"
#include "nn/initialization.h"
#include "nn/optimizers.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "tensor/parallel.h"
#include "tensor/printing.h"
#include "tensor/random/generator.h"
#include "tensor/registry.h"
#include "vm/import.h"

namespace hiss::bind {

void finish_tensor_type();

namespace {

Result<std::vector<engine::Tensor>> tensor_list(Value v, bool allow_none = false) {
  std::vector<engine::Tensor> out;
  if (is_tensor(v)) {
    out.push_back(tensor_of(v));
    return out;
  }
  Ref items = TRY(to_tuple(v));
  for (Value item : *as<Tuple>(items)) {
    if (allow_none && item.is_none()) {
      out.emplace_back();
    } else if (is_tensor(item)) {
      out.push_back(tensor_of(item));
    } else {
      return fail(exc::TypeError, "expected a list of tensors, found {}", type_name(item));
    }
  }
  return out;
}

Ref tensor_function(Value, const Value* a) {
  // (data, *, dtype=None, device=None, requires_grad=False, pin_memory=False)
  std::optional<engine::DType> dtype;
  if (a[1] && !a[1].is_none()) dtype = TRY(dtype_of(a[1]));
  Ref t = TRY(tensor_from_data(a[0], dtype));
  if (a[3] && TRY(truth(a[3]))) TRY(set_attr(t, intern("requires_grad"), Value::boolean(true)));
  return t;
}
Ref is_grad_enabled(Value, const Value*) { return Ref::boolean(engine::GradMode::enabled()); }
Ref set_grad_enabled(Value, const Value* a) {
  engine::GradMode::set(TRY(truth(a[0])));
  return Ref::none();
}
Ref set_inference(Value, const Value* a) {
  const bool old = engine::InferenceMode::enabled();
  engine::InferenceMode::set(TRY(truth(a[0])));
  return Ref::boolean(old);
}
Ref manual_seed(Value, const Value* a) {
  const int64_t seed = TRY(to_int64(a[0]));
  engine::manual_seed(static_cast<uint64_t>(seed));
  return Ref::none();
}
Ref initial_seed(Value, const Value*) { return make_uint(engine::default_generator().initial_seed()); }
Ref get_rng_state(Value, const Value*) {
  return guarded([&]() -> Ref { return wrap(engine::default_generator().get_state()); });
}
Ref set_rng_state(Value, const Value* a) {
  if (!is_tensor(a[0])) return fail(exc::TypeError, "expected a torch.ByteTensor, but got {}", type_name(a[0]));
  return guarded([&]() -> Ref {
    engine::default_generator().set_state(tensor_of(a[0]));
    return Ref::none();
  });
}
Ref get_num_threads(Value, const Value*) { return make_int(engine::thread_count()); }
Ref set_num_threads(Value, const Value* a) {
  const int64_t n = TRY(to_int64(a[0]));
  if (n < 1) return fail(exc::RuntimeError, "set_num_threads expects a positive integer");
  engine::set_thread_count(static_cast<int>(n));
  return Ref::none();
}
Ref get_default_dtype(Value, const Value*) { return wrap_dtype(engine::default_dtype()); }

Ref grad_function(Value, const Value* a) {
  // (outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused)
  std::vector<engine::Tensor> outputs = TRY(tensor_list(a[0])), inputs = TRY(tensor_list(a[1])), seeds;
  if (!a[2].is_none()) seeds = TRY(tensor_list(a[2], true));
  const bool retain = TRY(truth(a[3])), create = TRY(truth(a[4])), unused = TRY(truth(a[5]));
  return guarded([&]() -> Ref {
    std::vector<engine::Tensor> gradients = engine::compute_gradients(outputs, inputs, seeds, retain, create, unused);
    std::vector<Ref> items;
    for (engine::Tensor& g : gradients) items.push_back(wrap(std::move(g)));
    std::vector<Value> values(items.begin(), items.end());
    return make_tuple(values.data(), static_cast<int64_t>(values.size()));
  });
}

// ---- Optimizers

Result<double> real(Value v) { return to_double(v); }

Ref adam_step(Value, const Value* a) {
  // (params, grads, averages, squares, max_squares, steps, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize,
  // decoupled)
  std::vector<engine::Tensor> lists[5];
  for (int i = 0; i < 5; ++i) lists[i] = TRY(tensor_list(a[i]));
  Ref step_items = TRY(to_tuple(a[5]));
  std::vector<double> steps;
  for (Value v : *as<Tuple>(step_items)) steps.push_back(TRY(real(v)));
  engine::AdamOptions o;
  o.lr = TRY(real(a[6]));
  o.beta1 = TRY(real(a[7]));
  o.beta2 = TRY(real(a[8]));
  o.eps = TRY(real(a[9]));
  o.weight_decay = TRY(real(a[10]));
  o.amsgrad = TRY(truth(a[11]));
  o.maximize = TRY(truth(a[12]));
  o.decoupled = TRY(truth(a[13]));
  return guarded([&]() -> Ref {
    engine::adam_step(lists[0], lists[1], lists[2], lists[3], lists[4], steps, o);
    return Ref::none();
  });
}
Ref sgd_step(Value, const Value* a) {
  // (params, grads, buffers, lr, momentum, dampening, weight_decay, nesterov, maximize) -> buffers
  std::vector<engine::Tensor> parameters = TRY(tensor_list(a[0])), gradients = TRY(tensor_list(a[1])),
                              buffers = TRY(tensor_list(a[2], true));
  engine::SgdOptions o;
  o.lr = TRY(real(a[3]));
  o.momentum = TRY(real(a[4]));
  o.dampening = TRY(real(a[5]));
  o.weight_decay = TRY(real(a[6]));
  o.nesterov = TRY(truth(a[7]));
  o.maximize = TRY(truth(a[8]));
  return guarded([&]() -> Ref {
    engine::sgd_step(parameters, gradients, buffers, o);
    Ref list = make_list();
    for (engine::Tensor& b : buffers) list_append(as<List>(list), wrap(b));
    return list;
  });
}
Ref lerp_all(Value, const Value* a) {
  std::vector<engine::Tensor> targets = TRY(tensor_list(a[0])), sources = TRY(tensor_list(a[1]));
  const double weight = TRY(real(a[2]));
  return guarded([&]() -> Ref {
    engine::lerp_all(targets, sources, weight);
    return Ref::none();
  });
}
Ref clip_grad_norm(Value, const Value* a) {
  std::vector<engine::Tensor> parameters = TRY(tensor_list(a[0]));
  const double max_norm = TRY(real(a[1])), norm_type = TRY(real(a[2]));
  const bool check = TRY(truth(a[3]));
  return guarded([&]() -> Ref { return wrap(engine::clip_grad_norm(parameters, max_norm, norm_type, check)); });
}

// ---- Initialization: (tensor, kind, numbers..., generator)

Ref init_fill(Value, const Value* a) {
  // (kind, tensor, x, y, mode, nonlinearity, generator)
  if (!is_tensor(a[1])) return fail(exc::TypeError, "expected a tensor, not {}", type_name(a[1]));
  const std::string kind = to_string(a[0]);
  const double x = TRY(real(a[2])), y = TRY(real(a[3]));
  const std::string mode = is<Str>(a[4]) ? to_string(a[4]) : "fan_in",
                    nonlinearity = is<Str>(a[5]) ? to_string(a[5]) : "leaky_relu";
  engine::RandomGenerator* g = a[6] ? generator_of(a[6]) : nullptr;
  return guarded([&]() -> Ref {
    engine::NoGrad no_grad;
    const engine::Tensor& t = tensor_of(a[1]);
    if (kind == "uniform") {
      engine::init::uniform_(t, x, y, g);
    } else if (kind == "normal") {
      engine::init::normal_(t, x, y, g);
    } else if (kind == "trunc_normal") {
      engine::init::trunc_normal_(t, x, y, -2, 2, g);
    } else if (kind == "constant") {
      engine::init::constant_(t, x);
    } else if (kind == "xavier_uniform") {
      engine::init::xavier_uniform_(t, x, g);
    } else if (kind == "xavier_normal") {
      engine::init::xavier_normal_(t, x, g);
    } else if (kind == "kaiming_uniform") {
      engine::init::kaiming_uniform_(t, x, mode, nonlinearity, g);
    } else if (kind == "kaiming_normal") {
      engine::init::kaiming_normal_(t, x, mode, nonlinearity, g);
    } else if (kind == "orthogonal") {
      engine::init::orthogonal_(t, x, g);
    } else {
      return fail(exc::ValueError, "unknown initialization '{}'", kind);
    }
    return Ref::share(a[1]);
  });
}
Ref calculate_gain(Value, const Value* a) {
  std::optional<double> parameter;
  if (a[1] && !a[1].is_none()) parameter = TRY(real(a[1]));
  return guarded([&]() -> Ref { return make_float(engine::init::calculate_gain(to_string(a[0]), parameter)); });
}

// ---- Bytes of tensors, for files

Ref tensor_bytes(Value, const Value* a) {
  if (!is_tensor(a[0])) return fail(exc::TypeError, "expected a tensor, not {}", type_name(a[0]));
  Ref dense = TRY(call_operation("contiguous", {a[0]}));
  const engine::Tensor& t = tensor_of(dense);
  return make_bytes(t.raw_data(), t.numel() * static_cast<int64_t>(t.item_size()));
}
Ref tensor_from_bytes(Value, const Value* a) {
  // (data, dtype, shape)
  BufferView view(TRY(get_buffer(a[0])));
  const engine::DType dtype = TRY(dtype_of(a[1]));
  Ref sizes = TRY(to_tuple(a[2]));
  std::vector<int64_t> shape;
  for (Value v : *as<Tuple>(sizes)) shape.push_back(TRY(to_index(v)));
  return guarded([&]() -> Ref {
    const int64_t bytes = engine::checked_numel(engine::IntList(shape), engine::item_size(dtype)) *
                          static_cast<int64_t>(engine::item_size(dtype));
    if (bytes != view.length())
      return fail(exc::ValueError, "{} bytes cannot fill a tensor of {} bytes", view.length(), bytes);
    engine::Tensor t = engine::new_tensor(engine::IntList(shape), dtype);
    if (bytes) std::memcpy(t.raw_data(), view.data(), static_cast<size_t>(bytes));
    return wrap(std::move(t));
  });
}

// The names of registered functions of a module ("" for torch itself) with their callables.
Ref operations(Value, const Value* a) {
  const std::string wanted = to_string(a[0]);
  Ref dict = make_dict();
  for (const engine::OpDescriptor& op : engine::all_ops()) {
    if (!op.function || op.module != wanted) continue;
    Str* name = intern(op.name);
    if (!dict_get(as<Dict>(dict), name)) dict_set(as<Dict>(dict), name, make_operation(op.name, false));
  }
  for (const engine::OpAlias& alias : engine::all_op_aliases()) {
    if (alias.module != wanted) continue;
    auto found = engine::find_ops(alias.target);
    if (!found.empty() && found[0].function && !dict_get(as<Dict>(dict), intern(alias.name))) {
      dict_set(as<Dict>(dict), intern(alias.name), make_operation(alias.target, false));
    }
  }
  return dict;
}

Ref set_printoptions(Value, const Value* a) {
  engine::PrintOptions& o = engine::print_options();
  if (a[0] && !a[0].is_none()) o.precision = static_cast<int>(TRY(to_int64(a[0])));
  if (a[1] && !a[1].is_none()) o.threshold = TRY(to_int64(a[1]));
  if (a[2] && !a[2].is_none()) o.edge_items = TRY(to_int64(a[2]));
  if (a[3] && !a[3].is_none()) o.line_width = static_cast<int>(TRY(to_int64(a[3])));
  if (a[4] && !a[4].is_none()) o.sci_mode = TRY(truth(a[4]));
  return Ref::none();
}

const NativeDef kFunctions[] = {
    {"tensor", "($module, data, *, dtype=None, device=None, requires_grad=False, pin_memory=False)", tensor_function,
     "A tensor from numbers or nested sequences."},
    {"is_grad_enabled", "($module, /)", is_grad_enabled, "Whether operations are recorded."},
    {"_set_grad_enabled", "($module, mode, /)", set_grad_enabled, nullptr},
    {"_set_inference_mode", "($module, mode, /)", set_inference, nullptr},
    {"_manual_seed", "($module, seed, /)", manual_seed, nullptr},
    {"initial_seed", "($module, /)", initial_seed, "The seed of the default generator."},
    {"get_rng_state", "($module, /)", get_rng_state, "The default generator's state."},
    {"set_rng_state", "($module, new_state, /)", set_rng_state, "Restores the default generator's state."},
    {"get_num_threads", "($module, /)", get_num_threads, "Threads that kernels use."},
    {"set_num_threads", "($module, n, /)", set_num_threads, "Sets the threads that kernels use."},
    {"get_default_dtype", "($module, /)", get_default_dtype, "The floating-point type of new tensors."},
    {"_grad", "($module, outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused, /)", grad_function,
     nullptr},
    {"_adam_step", "($module, p, g, m, v, x, t, lr, b1, b2, eps, wd, ams, maximize, decoupled, /)", adam_step, nullptr},
    {"_sgd_step", "($module, p, g, b, lr, momentum, dampening, wd, nesterov, maximize, /)", sgd_step, nullptr},
    {"_foreach_lerp_", "($module, targets, sources, weight, /)", lerp_all, nullptr},
    {"_clip_grad_norm", "($module, parameters, max_norm, norm_type, error_if_nonfinite, /)", clip_grad_norm, nullptr},
    {"_init_fill", "($module, kind, tensor, x, y, mode, nonlinearity, generator, /)", init_fill, nullptr},
    {"_calculate_gain", "($module, nonlinearity, param=None, /)", calculate_gain, nullptr},
    {"_tensor_bytes", "($module, tensor, /)", tensor_bytes, nullptr},
    {"_tensor_from_bytes", "($module, data, dtype, shape, /)", tensor_from_bytes, nullptr},
    {"_operations", "($module, module, /)", operations, nullptr},
    {"set_printoptions", "($module, precision=None, threshold=None, edgeitems=None, linewidth=None, sci_mode=None)",
     set_printoptions, "How tensors are printed."},
    {}};

Status initialize(Value module) {
  define_dtype_type();
  define_generator_type();
  finish_tensor_type();
  define_tensor_type();
  Dict* dict = module_dict(module);
  dict_set(dict, intern("Tensor"), to_value(&tensor_type));
  dict_set(dict, intern("Size"), to_value(&size_type));
  dict_set(dict, intern("dtype"), to_value(&dtype_type));
  dict_set(dict, intern("Generator"), to_value(&generator_type));
  const std::pair<const char*, engine::DType> dtypes[] = {
      {"float32", engine::DType::Float32},   {"float", engine::DType::Float32},   {"float64", engine::DType::Float64},
      {"double", engine::DType::Float64},    {"float16", engine::DType::Float16}, {"half", engine::DType::Float16},
      {"bfloat16", engine::DType::BFloat16}, {"int8", engine::DType::Int8},       {"uint8", engine::DType::UInt8},
      {"int16", engine::DType::Int16},       {"short", engine::DType::Int16},     {"int32", engine::DType::Int32},
      {"int", engine::DType::Int32},         {"int64", engine::DType::Int64},     {"long", engine::DType::Int64},
      {"bool", engine::DType::Bool}};
  for (auto [name, dtype] : dtypes) dict_set(dict, intern(name), wrap_dtype(dtype));
  return kOk;
}

}  // namespace

extern const ModuleDef torch_native_module;
const ModuleDef torch_native_module = {"_hiss_torch", "The engine's tensors as Python objects.", kFunctions,
                                       initialize};

}  // namespace hiss::bind

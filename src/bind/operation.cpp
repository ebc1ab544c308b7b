// Calling registered operations from Python: arguments are matched against the overloads' declarations, results are
// wrapped.
#include <cstring>
#include <vector>

#include "bind/tensor_object.h"
#include "tensor/random/generator.h"
#include "tensor/registry.h"

namespace hiss::bind {

namespace {

using engine::Arg;
using engine::ArgKind;
using engine::ArgSpec;
using engine::OpDescriptor;

Type operation_type;

struct OperationObject : Object {
  std::span<const OpDescriptor> overloads;
  bool method;
};

constexpr size_t kMaxArguments = 24;

// Converted arguments and what they point to.
struct Converted {
  Arg args[kMaxArguments];
  std::vector<std::vector<int64_t>> ints;
  std::vector<std::vector<double>> floats;
  std::vector<std::vector<engine::Tensor>> lists;
};

bool number(Value v, engine::Scalar& out) {
  if (v.is_integer()) {
    out = engine::Scalar(v.integer());
  } else if (v.is_number()) {
    out = engine::Scalar(v.number());
  } else if (v.is_bool()) {
    out = engine::Scalar(v.is_true());
  } else if (is_float(v)) {
    out = engine::Scalar(float_value(v));
  } else if (is_int(v)) {
    const auto n = int_value(v);
    if (!n) return false;
    out = engine::Scalar(*n);
  } else {
    return false;
  }
  return true;
}

// An int, or something with __index__ such as a zero-dimensional integer tensor.
bool integer(Value v, int64_t& out) {
  if (v.is_integer()) {
    out = v.integer();
    return true;
  }
  if (v.is_bool() || is_float(v) || !type_of(v)->slots.index) {
    if (v.is_bool()) {
      out = v.is_true();
      return true;
    }
    return false;
  }
  Ref n = index(v);
  if (n.is_error()) {
    clear_pending();
    return false;
  }
  const auto value = int_value(n);
  if (!value) return false;
  out = *value;
  return true;
}

bool convert(const ArgSpec& spec, Value v, Arg& out, Converted& store) {
  if (v.is_none() && (spec.optional || spec.kind == ArgKind::Generator)) {
    out = Arg::none();
    return true;
  }
  switch (spec.kind) {
    case ArgKind::Tensor:
      if (!is_tensor(v)) return false;
      out = Arg(tensor_of(v));
      return true;
    case ArgKind::Operand: {
      if (is_tensor(v)) {
        out = Arg(tensor_of(v));
        return true;
      }
      engine::Scalar s;
      if (!number(v, s)) return false;
      out = Arg(s);
      return true;
    }
    case ArgKind::TensorList: {
      if (!is<Tuple>(v) && !is<List>(v)) return false;
      Ref items = to_tuple(v);
      std::vector<engine::Tensor> list;
      for (Value item : *as<Tuple>(items)) {
        if (item.is_none() && spec.optional_elements) {
          list.emplace_back();
        } else if (is_tensor(item)) {
          list.push_back(tensor_of(item));
        } else {
          return false;
        }
      }
      store.lists.push_back(std::move(list));
      out = Arg(engine::TensorList(store.lists.back()));
      return true;
    }
    case ArgKind::Scalar: {
      engine::Scalar s;
      if (is_tensor(v) && tensor_of(v).dim() == 0 && !tensor_of(v).requires_grad()) {
        s = tensor_of(v).item();
      } else if (!number(v, s)) {
        return false;
      }
      out = Arg(s);
      return true;
    }
    case ArgKind::Int: {
      int64_t n;
      if (v.is_bool() || !integer(v, n)) return false;
      out = Arg(n);
      return true;
    }
    case ArgKind::IntList: {
      std::vector<int64_t> list;
      int64_t n;
      if (is<Tuple>(v) || is<List>(v)) {
        const int64_t count = is<Tuple>(v) ? as<Tuple>(v)->size : as<List>(v)->size;
        for (int64_t i = 0; i < count; ++i) {
          if (!integer(is<Tuple>(v) ? as<Tuple>(v)->items[i] : as<List>(v)->items[i], n)) return false;
          list.push_back(n);
        }
        if (spec.list_size > 1 && count == 1) list.assign(static_cast<size_t>(spec.list_size), list[0]);
      } else if ((spec.list_size > 0 || spec.varargs) && !v.is_bool() && integer(v, n)) {
        list.assign(static_cast<size_t>(spec.list_size > 0 ? spec.list_size : 1), n);
      } else {
        return false;
      }
      store.ints.push_back(std::move(list));
      out = Arg(engine::IntList(store.ints.back()));
      return true;
    }
    case ArgKind::Float: {
      engine::Scalar s;
      if (is_tensor(v) && tensor_of(v).dim() == 0) {
        s = tensor_of(v).item();
      } else if (!number(v, s)) {
        return false;
      }
      out = Arg(s.to_double());
      return true;
    }
    case ArgKind::FloatList: {
      std::vector<double> list;
      engine::Scalar s;
      if (is<Tuple>(v) || is<List>(v)) {
        Ref items = to_tuple(v);
        for (Value item : *as<Tuple>(items)) {
          if (!number(item, s)) return false;
          list.push_back(s.to_double());
        }
      } else if (number(v, s)) {
        list.push_back(s.to_double());
      } else {
        return false;
      }
      store.floats.push_back(std::move(list));
      out = Arg(engine::FloatList(store.floats.back()));
      return true;
    }
    case ArgKind::Bool:
      if (!v.is_bool()) {
        if (!v.is_integer()) return false;
        out = Arg(v.integer() != 0);
        return true;
      }
      out = Arg(v.is_true());
      return true;
    case ArgKind::DType: {
      Result<engine::DType> d = dtype_of(v);
      if (d.is_error()) {
        clear_pending();
        return false;
      }
      out = Arg(d.value());
      return true;
    }
    case ArgKind::String: {
      if (!is<Str>(v)) return false;
      out = Arg(utf8_view(as<Str>(v)));
      return true;
    }
    case ArgKind::Generator: {
      engine::RandomGenerator* g = generator_of(v);
      if (!g) return false;
      out = Arg(g);
      return true;
    }
  }
  return false;
}

bool same_name(const ArgSpec& spec, std::string_view keyword) {
  if (spec.name == keyword) return true;
  if (keyword == "input" && spec.name == "self") return true;
  if (keyword == "axis" && spec.name == "dim") return true;
  if (keyword == "from" && spec.name == "from_") return true;
  return keyword == "size" && spec.name == "shape";
}

// Options of creation functions that concern every operation alike.
struct Common {
  bool requires_grad = false;
  Value out;
};

// True when the keyword was taken care of here.
Result<bool> take_common(std::string_view keyword, Value v, Common& common) {
  if (keyword == "requires_grad") {
    common.requires_grad = TRY(truth(v));
    return true;
  }
  if (keyword == "out") {
    if (!v.is_none()) common.out = v;
    return true;
  }
  if (keyword == "device") {
    if (v.is_none()) return true;
    Ref text = TRY(str(v));
    const std::string name = to_string(text);
    if (name.compare(0, 3, "cpu") == 0) return true;
    if (name.compare(0, 4, "cuda") == 0) return fail(exc::AssertionError, "Torch not compiled with CUDA enabled");
    return fail(exc::RuntimeError, "Hiss has no device '{}': tensors live in main memory (cpu)", name);
  }
  return keyword == "layout" || keyword == "pin_memory" || keyword == "memory_format" || keyword == "non_blocking";
}

// Fills `store.args`; false when the arguments do not fit this overload. Errors that no overload can mend are failures.
Result<bool> match(const OpDescriptor& op, const Args& args, Converted& store, Common& common) {
  const auto& specs = op.arguments;
  bool given[kMaxArguments] = {};
  size_t next = 0;
  size_t positional = 0;
  for (const ArgSpec& s : specs) positional += !s.keyword_only;
  for (uint32_t i = 0; i < args.count; ++i) {
    if (next >= positional) return false;
    const ArgSpec& spec = specs[next];
    // x.view(2, 3): the rest of the positional arguments are the sizes.
    if (spec.varargs && args.count - i >= 1 && !is<Tuple>(args[i]) && !is<List>(args[i])) {
      std::vector<int64_t> list;
      for (; i < args.count; ++i) {
        int64_t n;
        if (!integer(args[i], n)) return false;
        list.push_back(n);
      }
      store.ints.push_back(std::move(list));
      store.args[next] = Arg(engine::IntList(store.ints.back()));
      given[next++] = true;
      break;
    }
    if (!convert(spec, args[i], store.args[next], store)) return false;
    given[next++] = true;
  }
  for (uint32_t k = 0; k < args.keyword_count(); ++k) {
    const std::string_view keyword = utf8_view(args.keyword_name(k));
    bool found = false;
    for (size_t i = 0; i < specs.size(); ++i) {
      if (!same_name(specs[i], keyword)) continue;
      if (given[i]) return false;
      if (!convert(specs[i], args.keyword_value(k), store.args[i], store)) return false;
      given[i] = found = true;
      break;
    }
    if (found) continue;
    if (!TRY(take_common(keyword, args.keyword_value(k), common))) return false;
  }
  for (size_t i = 0; i < specs.size(); ++i) {
    if (!given[i] && !specs[i].has_default) {
      // torch.zeros() of no sizes is a scalar.
      if (specs[i].varargs) {
        store.ints.emplace_back();
        store.args[i] = Arg(engine::IntList(store.ints.back()));
      } else {
        return false;
      }
    }
  }
  return true;
}

Ref wrap_one(engine::Outputs& outputs, size_t i) {
  if (outputs.is_tensor(i)) return wrap(std::move(outputs.tensor(i)));
  engine::Output& o = outputs.other(i);
  switch (o.tag) {
    case engine::Output::Tag::Tensor:
      return wrap(std::move(o.tensor));
    case engine::Output::Tag::Scalar:
      return wrap_scalar(o.scalar);
    case engine::Output::Tag::TensorList: {
      std::vector<Ref> items;
      for (engine::Tensor& t : o.list) items.push_back(wrap(std::move(t)));
      std::vector<Value> values(items.begin(), items.end());
      return make_tuple(values.data(), static_cast<int64_t>(values.size()));
    }
  }
  return Ref::none();
}

// torch.max(x, dim) gives a named tuple: torch.return_types.max.
Ref named_result(const OpDescriptor& op, const std::vector<Ref>& items) {
  static Ref cache = make_dict();
  Str* key = intern(op.name);
  Ref cls = Ref::share(dict_get(as<Dict>(cache), key));
  if (cls.is_empty()) {
    Ref collections = TRY(import_module("collections"));
    Ref fields = make_list();
    for (std::string_view n : op.return_names) list_append(as<List>(fields), make_str(n));
    cls = TRY(call_method(collections, "namedtuple", {to_value(key), fields}));
    TRY(set_attr(cls, names.__module__, make_str("torch.return_types")));
    dict_set(as<Dict>(cache), key, cls);
  }
  std::vector<Value> values(items.begin(), items.end());
  return call(cls, Args{values.data(), static_cast<uint32_t>(values.size())});
}

Ref wrap_outputs(const OpDescriptor& op, engine::Outputs& outputs) {
  if (outputs.size() == 0) return Ref::none();
  if (outputs.size() == 1) return wrap_one(outputs, 0);
  std::vector<Ref> items;
  for (size_t i = 0; i < outputs.size(); ++i) items.push_back(wrap_one(outputs, i));
  if (!op.return_names.empty()) return named_result(op, items);
  std::vector<Value> values(items.begin(), items.end());
  return make_tuple(values.data(), static_cast<int64_t>(values.size()));
}

Ref run(const OpDescriptor& op, Converted& store, const Common& common, Value self) {
  return guarded([&]() -> Ref {
    engine::Outputs outputs;
    op.call(std::span<const Arg>(store.args, op.arguments.size()), outputs);
    if (op.inplace && self) return Ref::share(self);
    if (common.out && is_tensor(common.out)) {
      engine::write_out(tensor_of(common.out), outputs.tensor(0));
      return Ref::share(common.out);
    }
    if (common.requires_grad && outputs.size() == 1 && outputs.is_tensor(0)) outputs.tensor(0).set_requires_grad(true);
    return wrap_outputs(op, outputs);
  });
}

std::string describe(const Args& args) {
  std::string out;
  for (uint32_t i = 0; i < args.count; ++i) out += (i ? ", " : "") + std::string(type_name(args[i]));
  for (uint32_t k = 0; k < args.keyword_count(); ++k) {
    out += (out.empty() ? "" : ", ") + to_string(args.keyword_name(k)) + "=" +
           std::string(type_name(args.keyword_value(k)));
  }
  return out;
}

Ref call_overloads(std::span<const OpDescriptor> overloads, bool method, const Args& args) {
  for (const OpDescriptor& op : overloads) {
    if (op.arguments.size() > kMaxArguments || !(method ? op.method : op.function)) continue;
    Converted store;
    // Lists are pointed to from the arguments, so they must not move.
    store.ints.reserve(kMaxArguments);
    store.floats.reserve(kMaxArguments);
    store.lists.reserve(kMaxArguments);
    Common common;
    if (!TRY(match(op, args, store, common))) continue;
    return run(op, store, common, op.inplace && args.count ? args[0] : Value());
  }
  std::string expected;
  for (const OpDescriptor& op : overloads) expected += fmt::format("\n * {}", op.schema);
  return fail(exc::TypeError, "{}() received an invalid combination of arguments - got ({}), but expected one of:{}",
              overloads[0].name, describe(args), expected);
}

OperationObject* self_operation(Value v) { return static_cast<OperationObject*>(v.object()); }
Ref operation_call(Value self, const Args& args) {
  return call_overloads(self_operation(self)->overloads, self_operation(self)->method, args);
}
Ref operation_get(Value self, Value instance, Value) {
  if (!instance || !self_operation(self)->method) return Ref::share(self);
  return make_method(self, instance);
}
Ref operation_repr(Value self) {
  return make_str(fmt::format("<{} {}>", self_operation(self)->method ? "method" : "built-in function",
                              self_operation(self)->overloads[0].name));
}
Ref operation_name(Value self) { return make_str(self_operation(self)->overloads[0].name); }
Ref operation_doc(Value self) {
  std::string text;
  for (const OpDescriptor& op : self_operation(self)->overloads) text += std::string(op.schema) + "\n";
  return make_str(text + "\n" + std::string(self_operation(self)->overloads[0].doc));
}
Ref operation_module(Value) { return make_str("torch"); }
const GetSetDef kGetSets[] = {{"__name__", operation_name, nullptr},
                              {"__qualname__", operation_name, nullptr},
                              {"__doc__", operation_doc, nullptr},
                              {"__module__", operation_module, nullptr},
                              {}};

void define_operation_type() {
  define_type(operation_type, {.name = "torch._Operation",
                               .size = sizeof(OperationObject),
                               .flags = Type::kNoInstances | Type::kMethodDescriptor | Type::kWeakReferable});
  operation_type.slots.call = operation_call;
  operation_type.slots.descr_get = operation_get;
  operation_type.slots.repr = operation_repr;
  operation_type.getsets = kGetSets;
  operation_type.dealloc = [](Object* o) { free_object(o); };
  ready_type(operation_type);
}

}  // namespace

Ref make_operation(std::string_view name, bool method) {
  if (!operation_type.has(Type::kReady)) define_operation_type();
  auto* o = allocate_as<OperationObject>(operation_type);
  o->overloads = engine::find_ops(name);
  o->method = method;
  return Ref::steal(o);
}

Ref call_operation(std::string_view name, std::initializer_list<Value> args) {
  auto overloads = engine::find_ops(name);
  if (overloads.empty())
    return fail(exc::NotImplementedError, "the operation '{}' is not part of this build of Hiss", name);
  return call_overloads(overloads, overloads[0].method, Args{args.begin(), static_cast<uint32_t>(args.size())});
}

}  // namespace hiss::bind

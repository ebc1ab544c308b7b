// Attributes and methods of torch.Tensor that are not registered operations: shape, grad, item(), to(), backward(),
// indexing.
#include <vector>

#include "autograd/engine.h"
#include "autograd/node.h"
#include "bind/tensor_object.h"
#include "object/shape.h"
#include "tensor/indexing.h"
#include "tensor/printing.h"
#include "tensor/registry.h"

namespace hiss::bind {

namespace {

using engine::IndexItem;

// ---- Attributes

Ref get_shape(Value self) { return make_size(tensor_of(self).sizes()); }
Ref get_dtype(Value self) { return wrap_dtype(tensor_of(self).dtype()); }
Ref get_ndim(Value self) { return make_int(tensor_of(self).dim()); }
Ref get_requires_grad(Value self) { return Ref::boolean(tensor_of(self).requires_grad()); }
Status set_requires_grad(Value self, Value value) {
  if (!value) return fail(exc::AttributeError, "cannot delete requires_grad");
  const bool on = TRY(truth(value));
  Ref done = guarded([&]() -> Ref {
    tensor_of(self).set_requires_grad(on);
    return Ref::none();
  });
  TRY(std::move(done));
  return kOk;
}
Ref get_grad(Value self) { return wrap(tensor_of(self).grad()); }
Status set_grad(Value self, Value value) {
  if (value && !value.is_none() && !is_tensor(value))
    return fail(exc::TypeError, "assigned grad expected to be a Tensor or None but got grad of type {}",
                type_name(value));
  Ref done = guarded([&]() -> Ref {
    tensor_of(self).set_grad(value && is_tensor(value) ? tensor_of(value) : engine::Tensor());
    return Ref::none();
  });
  TRY(std::move(done));
  return kOk;
}
Ref get_is_leaf(Value self) { return Ref::boolean(tensor_of(self).is_leaf()); }
Ref get_data(Value self) {
  return guarded([&]() -> Ref { return wrap(tensor_of(self).variable_data()); });
}
Status set_data(Value self, Value value) {
  if (!value || !is_tensor(value))
    return fail(exc::TypeError, "Variable data has to be a tensor, but got {}", value ? type_name(value) : "nothing");
  Ref done = guarded([&]() -> Ref {
    engine::TensorImpl* to = tensor_of(self).impl();
    const engine::TensorImpl* from = tensor_of(value).impl();
    to->storage = from->storage;
    to->dtype = from->dtype;
    to->offset = from->offset;
    to->sizes = from->sizes;
    to->strides = from->strides;
    to->refresh();
    return Ref::none();
  });
  TRY(std::move(done));
  return kOk;
}
Ref get_is_cuda(Value) { return Ref::boolean(false); }
Ref get_device(Value) {
  Ref torch = TRY(import_module("torch"));
  return get_attr(torch, "_cpu");
}
Ref get_transposed(Value self) {
  if (tensor_of(self).dim() < 2) return Ref::share(self);
  return call_operation("transpose", {self, Value::integer(0), Value::integer(1)});
}
Ref get_matrix_transposed(Value self) {
  return call_operation("transpose", {self, Value::integer(-2), Value::integer(-1)});
}
Ref get_itemsize(Value self) { return make_int(static_cast<int64_t>(tensor_of(self).item_size())); }
Ref get_nbytes(Value self) {
  return make_int(static_cast<int64_t>(tensor_of(self).item_size()) * tensor_of(self).numel());
}

// grad_fn: shown by name; it lives as long as somebody looks at it.
Type node_type;
struct NodeObject : Object {
  engine::Ref<engine::Node> node;
};
Ref node_name(Value self, const Value*) { return make_str(static_cast<NodeObject*>(self.object())->node->name()); }
Ref node_repr(Value self) {
  return make_str(
      fmt::format("<{} object at {:#x}>", static_cast<NodeObject*>(self.object())->node->name(), self.bits()));
}
Ref wrap_node(engine::Ref<engine::Node> node);
Ref node_next(Value self) {
  Ref list = make_list();
  for (const engine::Edge& e : static_cast<NodeObject*>(self.object())->node->edges()) {
    list_append(as<List>(list), make_tuple({wrap_node(e.node), Value::integer(e.input)}));
  }
  return list_to_tuple(as<List>(list));
}
const NativeDef kNodeMethods[] = {{"name", "($self, /)", node_name, nullptr}, {}};
const GetSetDef kNodeGetSets[] = {{"next_functions", node_next, nullptr}, {}};
Ref wrap_node(engine::Ref<engine::Node> node) {
  if (!node) return Ref::none();
  if (!node_type.has(Type::kReady)) {
    define_type(node_type,
                {.name = "torch.autograd.graph.Node", .size = sizeof(NodeObject), .flags = Type::kNoInstances});
    node_type.slots.repr = node_repr;
    node_type.methods = kNodeMethods;
    node_type.getsets = kNodeGetSets;
    node_type.dealloc = [](Object* o) {
      static_cast<NodeObject*>(o)->node.~Ref();
      free_object(o);
    };
    ready_type(node_type);
  }
  auto* o = allocate_as<NodeObject>(node_type);
  new (&o->node) engine::Ref<engine::Node>(std::move(node));
  return Ref::steal(o);
}
Ref get_grad_fn(Value self) { return wrap_node(tensor_of(self).grad_fn()); }

// ---- Values

Ref item(Value self, const Value*) {
  return guarded([&]() -> Ref { return wrap_scalar(tensor_of(self).item()); });
}

template <typename T>
Ref list_of(const T* data, const engine::Tensor& t, size_t dim, int64_t offset) {
  if (dim == t.sizes().size()) {
    const T v = data[offset];
    if constexpr (std::is_same_v<T, bool>) {
      return Ref::boolean(v);
    } else if constexpr (std::is_integral_v<T>) {
      return make_int(static_cast<int64_t>(v));
    } else {
      return make_float(static_cast<double>(v));
    }
  }
  Ref list = make_list(t.sizes()[dim]);
  for (int64_t i = 0; i < t.sizes()[dim]; ++i)
    list_append(as<List>(list), list_of(data, t, dim + 1, offset + i * t.strides()[dim]));
  return list;
}
Ref tolist(Value self, const Value*) {
  return guarded([&]() -> Ref {
    const engine::Tensor& t = tensor_of(self);
    switch (t.dtype()) {
      case engine::DType::Float32:
        return list_of(t.data<float>(), t, 0, 0);
      case engine::DType::Float64:
        return list_of(t.data<double>(), t, 0, 0);
      case engine::DType::Int64:
        return list_of(t.data<int64_t>(), t, 0, 0);
      case engine::DType::Int32:
        return list_of(t.data<int32_t>(), t, 0, 0);
      case engine::DType::Int16:
        return list_of(t.data<int16_t>(), t, 0, 0);
      case engine::DType::Int8:
        return list_of(t.data<int8_t>(), t, 0, 0);
      case engine::DType::UInt8:
        return list_of(t.data<uint8_t>(), t, 0, 0);
      case engine::DType::Bool:
        return list_of(t.data<bool>(), t, 0, 0);
      default: {
        Ref wide = TRY(call_operation("cast", {self, wrap_dtype(engine::DType::Float32)}));
        return list_of(tensor_of(wide).data<float>(), tensor_of(wide), 0, 0);
      }
    }
  });
}

Ref method_size(Value self, const Value* a) {
  if (!a[0] || a[0].is_none()) return get_shape(self);
  const int64_t dim = TRY(to_index(a[0]));
  return guarded([&]() -> Ref { return make_int(tensor_of(self).size(dim)); });
}
Ref method_stride(Value self, const Value* a) {
  if (a[0] && !a[0].is_none()) {
    const int64_t dim = TRY(to_index(a[0]));
    return guarded([&]() -> Ref { return make_int(tensor_of(self).stride(dim)); });
  }
  std::vector<Value> items;
  for (int64_t s : tensor_of(self).strides()) items.push_back(Value::integer(s));
  return make_tuple(items.data(), static_cast<int64_t>(items.size()));
}
Ref method_dim(Value self, const Value*) { return make_int(tensor_of(self).dim()); }
Ref method_numel(Value self, const Value*) { return make_int(tensor_of(self).numel()); }
Ref method_is_contiguous(Value self, const Value*) { return Ref::boolean(tensor_of(self).is_contiguous()); }
Ref method_is_floating_point(Value self, const Value*) { return Ref::boolean(tensor_of(self).is_floating_point()); }
Ref method_data_ptr(Value self, const Value*) {
  return make_int(reinterpret_cast<int64_t>(tensor_of(self).raw_data()));
}
Ref method_storage_offset(Value self, const Value*) { return make_int(tensor_of(self).storage_offset()); }
Ref method_element_size(Value self, const Value*) { return get_itemsize(self); }
Ref return_self(Value self, const Value*) { return Ref::share(self); }

// ---- Conversions

// to(dtype), to(device), to(device, dtype), to(other), with dtype=, device=, copy=, non_blocking=.
Ref method_to(Value self, const Value* a) {
  auto* positional = as<Tuple>(a[0]);
  auto* keywords = as<Dict>(a[1]);
  std::optional<engine::DType> dtype;
  bool copy = false;
  auto consider = [&](Value v) -> Status {
    if (v.is_none() || v.is_bool()) return kOk;
    if (is_tensor(v)) {
      dtype = tensor_of(v).dtype();
    } else if (is_exact(v, dtype_type)) {
      dtype = TRY(dtype_of(v));
    } else {
      Ref text = TRY(str(v));
      const std::string name = to_string(text);
      if (name.compare(0, 4, "cuda") == 0) return fail(exc::AssertionError, "Torch not compiled with CUDA enabled");
      if (name.compare(0, 3, "cpu") != 0)
        return fail(exc::RuntimeError, "Hiss has no device '{}': tensors live in main memory (cpu)", name);
    }
    return kOk;
  };
  for (Value v : *positional) TRY(consider(v));
  for (int64_t i = 0; DictEntry* e = dict_next(keywords, i);) {
    const std::string name = to_string(e->key);
    if (name == "copy") {
      copy = TRY(truth(e->value));
    } else if (name == "dtype" || name == "device" || name == "other") {
      TRY(consider(e->value));
    } else if (name != "non_blocking" && name != "memory_format") {
      return fail(exc::TypeError, "to() got an unexpected keyword argument '{}'", name);
    }
  }
  if (!dtype || *dtype == tensor_of(self).dtype()) return copy ? call_operation("clone", {self}) : Ref::share(self);
  return call_operation("cast", {self, wrap_dtype(*dtype)});
}
template <engine::DType dtype>
Ref method_cast(Value self, const Value*) {
  if (tensor_of(self).dtype() == dtype) return Ref::share(self);
  return call_operation("cast", {self, wrap_dtype(dtype)});
}

// ---- Autograd

Ref method_backward(Value self, const Value* a) {
  // (gradient=None, retain_graph=None, create_graph=False, inputs=None)
  const bool create = a[2] ? TRY(truth(a[2])) : false;
  const bool retain = a[1] && !a[1].is_none() ? TRY(truth(a[1])) : create;
  engine::Tensor gradient;
  if (a[0] && !a[0].is_none()) {
    if (!is_tensor(a[0]))
      return fail(exc::TypeError, "gradients can be either Tensors, Scalars, or None, but got {}", type_name(a[0]));
    gradient = tensor_of(a[0]);
  }
  return guarded([&]() -> Ref {
    tensor_of(self).backward(gradient, retain, create);
    return Ref::none();
  });
}
Ref method_requires_grad(Value self, const Value* a) {
  TRY(set_requires_grad(self, a[0] ? a[0] : Value::boolean(true)));
  return Ref::share(self);
}
Ref method_retain_grad(Value self, const Value*) {
  return guarded([&]() -> Ref {
    tensor_of(self).retain_grad();
    return Ref::none();
  });
}
Ref method_detach_(Value self, const Value*) {
  if (!tensor_of(self).is_leaf())
    return fail(exc::NotImplementedError,
                "detach_() of a tensor with history is not supported by Hiss yet: use detach()");
  TRY(set_requires_grad(self, Value::boolean(false)));
  return Ref::share(self);
}

Ref tensor_new(Type* cls, const Args& args) {
  if (args.count == 0)
    return guarded([&]() -> Ref {
      return wrap_as(cls, engine::new_tensor(engine::IntList(std::vector<int64_t>{0}), engine::DType::Float32));
    });
  if (is_tensor(args[0])) {
    return guarded([&]() -> Ref { return wrap_as(cls, tensor_of(args[0]).variable_data()); });
  }
  if (args[0].is_integer()) {
    Ref made = TRY(call(TRY(make_operation("empty", false)), args));
    return made;
  }
  return tensor_from_data(args[0], engine::DType::Float32);
}

// _make_subclass(cls, data, requires_grad): nn.Parameter.
Ref make_subclass(Value, const Value* a) {
  if (!is<Type>(a[0]) || !is_tensor(a[1])) return fail(exc::TypeError, "_make_subclass() needs a class and a tensor");
  const bool grad = a[2] ? TRY(truth(a[2])) : false;
  return guarded([&]() -> Ref {
    engine::Tensor t = tensor_of(a[1]).variable_data();
    Ref object = wrap_as(as<Type>(a[0]), t);
    t.set_requires_grad(grad);
    return object;
  });
}

// ---- Text

Ref repr_method(Value self) {
  return guarded([&]() -> Ref { return make_str(engine::to_text(tensor_of(self))); });
}
Ref format_method(Value self, const Value* a) {
  if (tensor_of(self).dim() == 0) {
    Ref value = TRY(item(self, nullptr));
    return format(value, a[0]);
  }
  if (is<Str>(a[0]) && as<Str>(a[0])->length)
    return fail(exc::TypeError, "unsupported format string passed to Tensor.__format__");
  return str(self);
}

// ---- Indexing

Result<std::vector<IndexItem>> index_items(Value key) {
  std::vector<IndexItem> items;
  auto add = [&](Value v) -> Status {
    if (v.is_integer()) {
      items.push_back(IndexItem::of(v.integer()));
    } else if (v.is_none()) {
      items.push_back(IndexItem::none());
    } else if (v.is_ellipsis()) {
      items.push_back(IndexItem::ellipsis());
    } else if (v.is_bool()) {
      items.push_back(IndexItem::boolean(v.is_true()));
    } else if (is<Slice>(v)) {
      std::optional<int64_t> parts[3];
      const Value sources[] = {as<Slice>(v)->start, as<Slice>(v)->stop, as<Slice>(v)->step};
      for (int i = 0; i < 3; ++i) {
        if (!sources[i].is_none()) parts[i] = TRY(to_index(sources[i]));
      }
      items.push_back(IndexItem::slice(parts[0], parts[1], parts[2]));
    } else if (is_tensor(v)) {
      items.push_back(IndexItem::of(tensor_of(v)));
    } else if (is<List>(v) || is<Tuple>(v)) {
      Ref t = TRY(tensor_from_data(v, std::nullopt));
      items.push_back(IndexItem::of(tensor_of(t)));
    } else if (type_of(v)->slots.index) {
      items.push_back(IndexItem::of(TRY(to_index(v))));
    } else {
      return fail(
          exc::IndexError,
          "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {})",
          type_name(v));
    }
    return kOk;
  };
  if (is<Tuple>(key)) {
    for (Value v : *as<Tuple>(key)) TRY(add(v));
  } else {
    TRY(add(key));
  }
  return items;
}

// ---- Data

struct Shape {
  std::vector<int64_t> sizes;
  bool any_float = false, any_int = false, any_bool = false;
};

Status read_shape(Value data, Shape& shape, size_t depth, bool first) {
  if (depth > 64) return fail(exc::ValueError, "too many dimensions in nested sequence");
  if (is<List>(data) || is<Tuple>(data)) {
    const int64_t n = is<List>(data) ? as<List>(data)->size : as<Tuple>(data)->size;
    if (first) {
      shape.sizes.push_back(n);
    } else if (depth >= shape.sizes.size() || shape.sizes[depth] != n) {
      if (depth >= shape.sizes.size()) return fail(exc::TypeError, "not a sequence");
      return fail(exc::ValueError, "expected sequence of length {} at dim {} (got {})", shape.sizes[depth], depth, n);
    }
    for (int64_t i = 0; i < n; ++i) {
      TRY(read_shape(is<List>(data) ? as<List>(data)->items[i] : as<Tuple>(data)->items[i], shape, depth + 1,
                     first && i == 0));
    }
    return kOk;
  }
  if (!first && depth != shape.sizes.size())
    return fail(exc::ValueError, "expected sequence of length {} at dim {}", shape.sizes[depth], depth);
  if (data.is_bool()) {
    shape.any_bool = true;
  } else if (is_float(data)) {
    shape.any_float = true;
  } else if (is_int(data)) {
    shape.any_int = true;
  } else if (is_tensor(data) && tensor_of(data).numel() == 1) {
    (tensor_of(data).is_floating_point() ? shape.any_float : shape.any_int) = true;
  } else {
    return fail(exc::TypeError, "new(): data must be numbers or sequences of numbers (got {})", type_name(data));
  }
  return kOk;
}

template <typename T>
Status fill(Value data, T*& out) {
  if (is<List>(data) || is<Tuple>(data)) {
    const int64_t n = is<List>(data) ? as<List>(data)->size : as<Tuple>(data)->size;
    for (int64_t i = 0; i < n; ++i)
      TRY(fill(is<List>(data) ? as<List>(data)->items[i] : as<Tuple>(data)->items[i], out));
    return kOk;
  }
  if (is_tensor(data)) {
    *out++ = tensor_of(data).item<T>();
  } else if constexpr (std::is_integral_v<T>) {
    if (is_float(data)) {
      *out++ = static_cast<T>(float_value(data));
    } else {
      Ref n = TRY(index(data));
      const auto value = int_value(n);
      if (!value) return fail(exc::RuntimeError, "Overflow when unpacking long");
      *out++ = static_cast<T>(*value);
    }
  } else {
    *out++ = static_cast<T>(TRY(to_double(data)));
  }
  return kOk;
}

}  // namespace

Ref tensor_from_data(Value data, std::optional<engine::DType> dtype) {
  if (is_tensor(data)) {
    Ref copy = TRY(call_operation("detach", {data}));
    copy = TRY(call_operation("clone", {copy}));
    if (dtype) return call_operation("cast", {copy, wrap_dtype(*dtype)});
    return copy;
  }
  Ref list = Ref::share(data);
  if (!is<List>(data) && !is<Tuple>(data) && type_of(data)->slots.iter && type_of(data)->slots.length && !is<Str>(data))
    list = TRY(to_list(data));
  Shape shape;
  TRY(read_shape(list, shape, 0, true));
  return guarded([&]() -> Ref {
    const engine::DType wanted = dtype                                                   ? *dtype
                                 : shape.any_float || !(shape.any_int || shape.any_bool) ? engine::default_dtype()
                                 : shape.any_int                                         ? engine::DType::Int64
                                                                                         : engine::DType::Bool;
    const bool integral = !engine::is_floating(wanted);
    const engine::DType made = integral ? engine::DType::Int64 : engine::DType::Float64;
    engine::Tensor t = engine::new_tensor(engine::IntList(shape.sizes), made);
    if (integral) {
      auto* out = t.data<int64_t>();
      TRY(fill(list, out));
    } else {
      auto* out = t.data<double>();
      TRY(fill(list, out));
    }
    Ref wrapped = wrap(std::move(t));
    if (made == wanted) return wrapped;
    return call_operation("cast", {wrapped, wrap_dtype(wanted)});
  });
}

Ref tensor_getitem(Value self, Value key) {
  std::vector<IndexItem> items = TRY(index_items(key));
  return guarded([&]() -> Ref { return wrap(engine::get_item(tensor_of(self), items)); });
}

Status tensor_setitem(Value self, Value key, Value value) {
  if (!value) return fail(exc::TypeError, "Tensor does not support deleting items");
  std::vector<IndexItem> items = TRY(index_items(key));
  Ref hold;
  Ref done = guarded([&]() -> Ref {
    if (is_tensor(value)) {
      engine::set_item(tensor_of(self), items, tensor_of(value));
    } else if (value.is_bool()) {
      engine::set_item(tensor_of(self), items, engine::Operand(value.is_true()));
    } else if (value.is_integer()) {
      engine::set_item(tensor_of(self), items, engine::Operand(value.integer()));
    } else if (is_float(value)) {
      engine::set_item(tensor_of(self), items, engine::Operand(float_value(value)));
    } else {
      hold = TRY(tensor_from_data(value, tensor_of(self).dtype()));
      engine::set_item(tensor_of(self), items, tensor_of(hold));
    }
    return Ref::none();
  });
  TRY(std::move(done));
  return kOk;
}

void finish_tensor_type() {
  tensor_type.slots.repr = repr_method;
  tensor_type.slots.new_ = tensor_new;
}

const GetSetDef kTensorGetSets[] = {{"shape", get_shape, nullptr},
                                    {"dtype", get_dtype, nullptr},
                                    {"device", get_device, nullptr},
                                    {"ndim", get_ndim, nullptr},
                                    {"requires_grad", get_requires_grad, set_requires_grad},
                                    {"grad", get_grad, set_grad},
                                    {"grad_fn", get_grad_fn, nullptr},
                                    {"is_leaf", get_is_leaf, nullptr},
                                    {"data", get_data, set_data},
                                    {"is_cuda", get_is_cuda, nullptr},
                                    {"is_sparse", get_is_cuda, nullptr},
                                    {"is_quantized", get_is_cuda, nullptr},
                                    {"T", get_transposed, nullptr},
                                    {"mT", get_matrix_transposed, nullptr},
                                    {"itemsize", get_itemsize, nullptr},
                                    {"nbytes", get_nbytes, nullptr},
                                    {}};

const NativeDef kTensorMethods[] = {
    {"item", "($self, /)", item, "The value of a one-element tensor as a Python number."},
    {"tolist", "($self, /)", tolist, "The values as nested lists."},
    {"size", "($self, /, dim=None)", method_size, "The size of a dimension, or torch.Size."},
    {"stride", "($self, /, dim=None)", method_stride, "The stride of a dimension, or all."},
    {"dim", "($self, /)", method_dim, "The number of dimensions."},
    {"ndimension", "($self, /)", method_dim, "The number of dimensions."},
    {"numel", "($self, /)", method_numel, "The number of elements."},
    {"nelement", "($self, /)", method_numel, "The number of elements."},
    {"is_contiguous", "($self, /, memory_format=None)", method_is_contiguous,
     "Whether the elements lie in order without gaps."},
    {"is_floating_point", "($self, /)", method_is_floating_point, "Whether the dtype is a floating-point type."},
    {"data_ptr", "($self, /)", method_data_ptr, "The address of the first element."},
    {"storage_offset", "($self, /)", method_storage_offset, "The offset in the storage, in elements."},
    {"element_size", "($self, /)", method_element_size, "The bytes of one element."},
    {"to", "($self, /, *args, **kwargs)", method_to, "Converts dtype and device."},
    {"cpu", "($self, /)", return_self, "The tensor in main memory: itself."},
    {"float", "($self, /)", method_cast<engine::DType::Float32>, "to(torch.float32)"},
    {"double", "($self, /)", method_cast<engine::DType::Float64>, "to(torch.float64)"},
    {"half", "($self, /)", method_cast<engine::DType::Float16>, "to(torch.float16)"},
    {"bfloat16", "($self, /)", method_cast<engine::DType::BFloat16>, "to(torch.bfloat16)"},
    {"long", "($self, /)", method_cast<engine::DType::Int64>, "to(torch.int64)"},
    {"int", "($self, /)", method_cast<engine::DType::Int32>, "to(torch.int32)"},
    {"short", "($self, /)", method_cast<engine::DType::Int16>, "to(torch.int16)"},
    {"char", "($self, /)", method_cast<engine::DType::Int8>, "to(torch.int8)"},
    {"byte", "($self, /)", method_cast<engine::DType::UInt8>, "to(torch.uint8)"},
    {"bool", "($self, /)", method_cast<engine::DType::Bool>, "to(torch.bool)"},
    {"backward", "($self, /, gradient=None, retain_graph=None, create_graph=False, inputs=None)", method_backward,
     "Computes gradients of the graph's leaves."},
    {"requires_grad_", "($self, /, requires_grad=True)", method_requires_grad,
     "Changes in place whether operations are recorded."},
    {"retain_grad", "($self, /)", method_retain_grad, "Keeps the gradient of a tensor that is no leaf."},
    {"detach_", "($self, /)", method_detach_, "Detaches in place."},
    {"__format__", "($self, spec, /)", format_method, nullptr},
    {"_make_subclass", "(cls, data, require_grad=False, /)", make_subclass, nullptr, NativeDef::StaticMethod},
    {}};

}  // namespace hiss::bind

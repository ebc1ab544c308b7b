// The type torch.Tensor: identity, slots, and the objects that belong to it (torch.Size, torch.dtype, torch.Generator).
#include "bind/tensor_object.h"

#include <new>
#include <utility>

#include "base/error.h"
#include "memory/collector.h"
#include "object/shape.h"
#include "tensor/indexing.h"
#include "tensor/random/generator.h"
#include "tensor/registry.h"
#include "vm/operations.h"

namespace hiss::bind {

Type tensor_type, size_type, dtype_type, generator_type;

namespace {

struct DTypeObject : Object {
  engine::DType dtype;
};
struct GeneratorObject : Object {
  engine::Ref<engine::RandomGenerator> generator;
};

void tensor_dealloc(Object* o) {
  untrack(o);
  auto* t = static_cast<TensorObject*>(o);
  clear_attributes(o, &t->attributes);
  if (t->tensor.defined() && t->tensor.impl()->python_object == o) t->tensor.impl()->python_object = nullptr;
  t->tensor.~Tensor();
  free_object(o);
}
void tensor_traverse(Object* o, Visitor& visit) {
  traverse_attributes(&static_cast<TensorObject*>(o)->attributes, visit);
}
void tensor_clear(Object* o) { clear_attributes(o, &static_cast<TensorObject*>(o)->attributes); }

// Calls a one- or two-operand operation whose descriptor was looked up once.
struct Operation {
  const engine::OpDescriptor* descriptor;
  explicit Operation(std::string_view name) {
    auto found = engine::find_ops(name);
    descriptor = found.empty() ? nullptr : &found[0];
  }
};

// False when v is neither a tensor nor a number.
bool read_operand(Value v, engine::Arg& out, engine::Scalar& scalar) {
  if (is_tensor(v)) {
    out = engine::Arg(tensor_of(v));
    return true;
  }
  if (v.is_integer()) {
    scalar = engine::Scalar(v.integer());
  } else if (v.is_number()) {
    scalar = engine::Scalar(v.number());
  } else if (v.is_bool()) {
    scalar = engine::Scalar(v.is_true());
  } else if (is_float(v)) {
    scalar = engine::Scalar(float_value(v));
  } else if (is_int(v)) {
    const auto n = int_value(v);
    if (!n) return false;
    scalar = engine::Scalar(*n);
  } else {
    return false;
  }
  out = engine::Arg(scalar);
  return true;
}

// A dying temporary that only the interpreter's register refers to may give its buffer to the result.
const engine::Tensor* reusable(Value left, Value right) {
  // Taken once: whatever the slot calls from here on has operands of its own.
  const uint8_t dying = std::exchange(dying_operands, uint8_t{0});
  if ((dying & 1) && left.is_object() && left.object()->refs == 1 && is_tensor(left) &&
      tensor_of(left).use_count() == 1)
    return &tensor_of(left);
  if ((dying & 2) && right.is_object() && right.object()->refs == 1 && is_tensor(right) &&
      tensor_of(right).use_count() == 1)
    return &tensor_of(right);
  return nullptr;
}

Ref run_binary(const engine::OpDescriptor* op, Value left, Value right) {
  engine::Arg args[2];
  engine::Scalar scalars[2];
  if (!read_operand(left, args[0], scalars[0]) || !read_operand(right, args[1], scalars[1]))
    return Ref::not_implemented();
  return guarded([&]() -> Ref {
    engine::Outputs outputs;
    if (const engine::Tensor* candidate = reusable(left, right)) {
      engine::ReuseScope scope(*candidate);
      op->call(std::span<const engine::Arg>(args, 2), outputs);
    } else {
      op->call(std::span<const engine::Arg>(args, 2), outputs);
    }
    return wrap(std::move(outputs.tensor(0)));
  });
}

// For a number on the left of a commutative operation: the marks of dying operands change places with the operands.
Ref run_swapped(const engine::OpDescriptor* op, Value left, Value right) {
  dying_operands = static_cast<uint8_t>((dying_operands & 1) << 1 | dying_operands >> 1);
  return run_binary(op, right, left);
}

template <const char* name>
const engine::OpDescriptor* operation() {
  static const Operation op(name);
  return op.descriptor;
}

constexpr char kAdd[] = "add", kSub[] = "sub", kRsub[] = "rsub", kMul[] = "mul", kDiv[] = "div", kPow[] = "pow",
               kFloorDivide[] = "floor_divide", kRemainder[] = "remainder", kMatmul[] = "matmul",
               kAnd[] = "bitwise_and", kOr[] = "bitwise_or", kXor[] = "bitwise_xor", kLshift[] = "bitwise_left_shift",
               kRshift[] = "bitwise_right_shift", kAddI[] = "add_", kSubI[] = "sub_", kMulI[] = "mul_",
               kDivI[] = "div_", kPowI[] = "pow_", kFloorI[] = "floor_divide_", kRemI[] = "remainder_",
               kAndI[] = "bitwise_and_", kOrI[] = "bitwise_or_", kXorI[] = "bitwise_xor_", kNeg[] = "neg",
               kAbs[] = "abs", kNot[] = "bitwise_not", kLt[] = "lt", kLe[] = "le", kEq[] = "eq", kNe[] = "ne",
               kGt[] = "gt", kGe[] = "ge", kReciprocal[] = "reciprocal";

// The operation when the left operand is the tensor; a number on the left becomes a tensor of its own where order
// matters.
template <const char* name>
Ref binary_slot(Value left, Value right) {
  if (!is_tensor(left)) {
    engine::Arg arg;
    engine::Scalar scalar;
    if (!read_operand(left, arg, scalar)) return Ref::not_implemented();
    Ref number = guarded([&]() -> Ref {
      const engine::DType dtype =
          scalar.is_floating() && !tensor_of(right).is_floating_point() ? engine::default_dtype()
          : scalar.is_bool()                                            ? engine::DType::Bool
          : scalar.is_floating() || tensor_of(right).is_floating_point()
              ? (tensor_of(right).is_floating_point() ? tensor_of(right).dtype() : engine::default_dtype())
              : (tensor_of(right).dtype() == engine::DType::Bool ? engine::DType::Int64 : tensor_of(right).dtype());
      return wrap(engine::scalar_tensor(scalar, dtype));
    });
    if (number.is_error()) return number;
    return run_binary(operation<name>(), number, right);
  }
  return run_binary(operation<name>(), left, right);
}
template <const char* name>
Ref commutative_slot(Value left, Value right) {
  return is_tensor(left) ? run_binary(operation<name>(), left, right) : run_swapped(operation<name>(), left, right);
}
Ref subtract_slot(Value left, Value right) {
  return is_tensor(left) ? run_binary(operation<kSub>(), left, right) : run_swapped(operation<kRsub>(), left, right);
}
Ref divide_slot(Value left, Value right) {
  if (is_tensor(left)) return run_binary(operation<kDiv>(), left, right);
  engine::Arg probe;
  engine::Scalar scalar;
  if (!read_operand(left, probe, scalar)) return Ref::not_implemented();
  Ref inverse = call_operation("reciprocal", {right});
  if (inverse.is_error()) return inverse;
  return run_binary(operation<kMul>(), inverse, left);
}
Ref power_slot(Value base, Value exponent, Value modulus) {
  if (!modulus.is_none()) return Ref::not_implemented();
  if (is_tensor(base)) return run_binary(operation<kPow>(), base, exponent);
  return call_operation("pow", {base, exponent});
}
// In-place operators change the tensor and give the same object back.
template <const char* name>
Ref inplace_slot(Value left, Value right) {
  const engine::OpDescriptor* op = operation<name>();
  engine::Arg args[2];
  engine::Scalar scalars[2];
  if (!op || !read_operand(left, args[0], scalars[0]) || !read_operand(right, args[1], scalars[1]))
    return Ref::not_implemented();
  return guarded([&]() -> Ref {
    engine::Outputs outputs;
    op->call(std::span<const engine::Arg>(args, 2), outputs);
    return Ref::share(left);
  });
}
Ref inplace_power_slot(Value base, Value exponent, Value) { return inplace_slot<kPowI>(base, exponent); }

template <const char* name>
Ref unary_slot(Value self) {
  return guarded([&]() -> Ref {
    const engine::Arg args[] = {engine::Arg(tensor_of(self))};
    engine::Outputs outputs;
    operation<name>()->call(std::span<const engine::Arg>(args, 1), outputs);
    return wrap(std::move(outputs.tensor(0)));
  });
}
Ref positive_slot(Value self) { return Ref::share(self); }

Ref compare_slot(Value self, Value other, CompareOp op) {
  switch (op) {
    case CompareOp::Lt:
      return run_binary(operation<kLt>(), self, other);
    case CompareOp::Le:
      return run_binary(operation<kLe>(), self, other);
    case CompareOp::Eq:
      return run_binary(operation<kEq>(), self, other);
    case CompareOp::Ne:
      return run_binary(operation<kNe>(), self, other);
    case CompareOp::Gt:
      return run_binary(operation<kGt>(), self, other);
    default:
      return run_binary(operation<kGe>(), self, other);
  }
}
Result<int64_t> hash_slot(Value self) { return static_cast<int64_t>(self.bits() >> 4); }

Result<bool> truth_slot(Value self) {
  try {
    const engine::Tensor& t = tensor_of(self);
    if (t.numel() == 0) return fail(exc::RuntimeError, "Boolean value of Tensor with no values is ambiguous");
    if (t.numel() > 1) return fail(exc::RuntimeError, "Boolean value of Tensor with more than one value is ambiguous");
    return t.item().to_bool();
  } catch (...) {
    return translate_exception();
  }
}
Result<int64_t> length_slot(Value self) {
  if (tensor_of(self).dim() == 0) return fail(exc::TypeError, "len() of a 0-d tensor");
  return tensor_of(self).size(0);
}
Result<bool> contains_slot(Value self, Value item) {
  Ref equal_items = TRY(compare_slot(self, item, CompareOp::Eq));
  if (!is_tensor(equal_items)) return false;
  Ref any = TRY(call_operation("any", {equal_items}));
  return truth_slot(any);
}
Ref iter_slot(Value self) {
  if (tensor_of(self).dim() == 0) return fail(exc::TypeError, "iteration over a 0-d tensor");
  Ref parts = TRY(call_operation("unbind", {self, Value::integer(0)}));
  return get_iter(parts);
}
Result<engine::Scalar> one_item(Value self) {
  try {
    return tensor_of(self).item();
  } catch (...) {
    return translate_exception();
  }
}
Ref to_int_slot(Value self) {
  const engine::Scalar s = TRY(one_item(self));
  if (s.is_floating()) return int_from_double(s.to_double());
  return make_int(s.to_int());
}
Ref to_float_slot(Value self) { return make_float(TRY(one_item(self)).to_double()); }
Ref index_slot(Value self) {
  const engine::Scalar s = TRY(one_item(self));
  if (s.is_floating() || tensor_of(self).numel() != 1)
    return fail(exc::TypeError, "only integer tensors of a single element can be converted to an index");
  return make_int(s.to_int());
}

// ---- torch.Size

Ref size_repr(Value self) {
  std::string text = "torch.Size([";
  auto* t = as<Tuple>(self);
  for (int64_t i = 0; i < t->size; ++i) text += (i ? ", " : "") + repr_text(t->items[i]);
  return make_str(text + "])");
}
Ref size_numel(Value self, const Value*) {
  int64_t n = 1;
  for (Value v : *as<Tuple>(self)) n *= v.integer();
  return make_int(n);
}
const NativeDef kSizeMethods[] = {
    {"numel", "($self, /)", size_numel, "The number of elements of a tensor of this size."}, {}};

// ---- torch.dtype

DTypeObject* dtype_objects[16];

engine::DType self_dtype(Value v) { return static_cast<DTypeObject*>(v.object())->dtype; }
Ref dtype_repr(Value self) { return make_str(fmt::format("torch.{}", engine::dtype_name(self_dtype(self)))); }
Ref dtype_is_floating(Value self) { return Ref::boolean(engine::is_floating(self_dtype(self))); }
Ref dtype_is_complex(Value) { return Ref::boolean(false); }
Ref dtype_itemsize(Value self) { return make_int(static_cast<int64_t>(engine::item_size(self_dtype(self)))); }
Ref dtype_reduce(Value self, const Value*) { return make_str(engine::dtype_name(self_dtype(self))); }
const GetSetDef kDTypeGetSets[] = {{"is_floating_point", dtype_is_floating, nullptr},
                                   {"is_complex", dtype_is_complex, nullptr},
                                   {"itemsize", dtype_itemsize, nullptr},
                                   {}};
const NativeDef kDTypeMethods[] = {{"__reduce__", "($self, /)", dtype_reduce, nullptr}, {}};
void plain_dealloc(Object* o) { free_object(o); }

// ---- torch.Generator

Ref generator_new(Type* cls, const Args&) {
  auto* g = static_cast<GeneratorObject*>(allocate(cls));
  new (&g->generator) engine::Ref<engine::RandomGenerator>(new engine::RandomGenerator());
  return Ref::steal(g);
}
void generator_dealloc(Object* o) {
  static_cast<GeneratorObject*>(o)->generator.~Ref();
  free_object(o);
}
Ref generator_manual_seed(Value self, const Value* a) {
  const int64_t seed = TRY(to_int64(a[0]));
  generator_of(self)->set_seed(static_cast<uint64_t>(seed));
  return Ref::share(self);
}
Ref generator_initial_seed(Value self, const Value*) { return make_uint(generator_of(self)->initial_seed()); }
Ref generator_seed(Value self, const Value*) { return make_uint(generator_of(self)->seed()); }
Ref generator_get_state(Value self, const Value*) {
  return guarded([&]() -> Ref { return wrap(generator_of(self)->get_state()); });
}
Ref generator_set_state(Value self, const Value* a) {
  if (!is_tensor(a[0])) return fail(exc::TypeError, "expected a torch.ByteTensor, but got {}", type_name(a[0]));
  return guarded([&]() -> Ref {
    generator_of(self)->set_state(tensor_of(a[0]));
    return Ref::share(self);
  });
}
const NativeDef kGeneratorMethods[] = {
    {"manual_seed", "($self, seed, /)", generator_manual_seed, "Sets the seed for generating random numbers."},
    {"initial_seed", "($self, /)", generator_initial_seed, "Returns the initial seed."},
    {"seed", "($self, /)", generator_seed, "Seeds from the system and returns the seed."},
    {"get_state", "($self, /)", generator_get_state, "The state as a torch.uint8 tensor."},
    {"set_state", "($self, new_state, /)", generator_set_state, "Restores a state."},
    {}};

}  // namespace

Failure translate_exception() {
  try {
    throw;
  } catch (const Error& e) {
    switch (e.kind()) {
      case ErrorKind::Type:
        return fail(exc::TypeError, "{}", e.what());
      case ErrorKind::Value:
        return fail(exc::ValueError, "{}", e.what());
      case ErrorKind::Index:
        return fail(exc::IndexError, "{}", e.what());
      case ErrorKind::Memory:
        return fail(exc::MemoryError, "{}", e.what());
      case ErrorKind::NotImplemented:
        return fail(exc::NotImplementedError, "{}", e.what());
      case ErrorKind::File:
        return fail(exc::OSError, "{}", e.what());
      default:
        return fail(exc::RuntimeError, "{}", e.what());
    }
  } catch (const std::bad_alloc&) {
    return fail(exc::MemoryError, "out of memory");
  } catch (const std::exception& e) {
    return fail(exc::RuntimeError, "{}", e.what());
  }
}

Ref wrap_as(Type* cls, engine::Tensor tensor) {
  auto* o = static_cast<TensorObject*>(allocate(cls));
  new (&o->tensor) engine::Tensor(std::move(tensor));
  o->tensor.impl()->python_object = o;
  track(o);
  return Ref::steal(o);
}

Ref wrap(engine::Tensor tensor) {
  if (!tensor.defined()) return Ref::none();
  if (void* existing = tensor.impl()->python_object) return Ref::share(static_cast<Object*>(existing));
  return wrap_as(&tensor_type, std::move(tensor));
}

Ref wrap_scalar(const engine::Scalar& s) {
  if (s.is_bool()) return Ref::boolean(s.to_bool());
  if (s.is_integral()) return make_int(s.to_int());
  return make_float(s.to_double());
}

Ref make_size(const engine::Sizes& sizes) {
  auto* t = static_cast<Tuple*>(allocate(&size_type, sizes.size() * sizeof(Value)));
  t->size = static_cast<int64_t>(sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) t->items[i] = make_int(sizes[i]).release();
  return Ref::steal(t);
}

Ref wrap_dtype(engine::DType dtype) {
  DTypeObject*& slot = dtype_objects[static_cast<size_t>(dtype)];
  if (!slot) {
    slot = allocate_as<DTypeObject>(dtype_type);
    slot->dtype = dtype;
  }
  return Ref::share(slot);
}

Result<engine::DType> dtype_of(Value v) {
  if (is_exact(v, dtype_type)) return self_dtype(v);
  if (v == to_value(&float_type)) return engine::default_dtype();
  if (v == to_value(&int_type)) return engine::DType::Int64;
  if (v == to_value(&bool_type)) return engine::DType::Bool;
  return fail(exc::TypeError, "expected torch.dtype, but got {}", type_name(v));
}

engine::RandomGenerator* generator_of(Value v) {
  return is_exact(v, generator_type) ? static_cast<GeneratorObject*>(v.object())->generator.get() : nullptr;
}

void define_dtype_type() {
  define_type(dtype_type, {.name = "torch.dtype", .size = sizeof(DTypeObject), .flags = Type::kNoInstances});
  dtype_type.slots.repr = dtype_repr;
  dtype_type.getsets = kDTypeGetSets;
  dtype_type.methods = kDTypeMethods;
  dtype_type.dealloc = plain_dealloc;
  ready_type(dtype_type);
  define_type(size_type, {.name = "torch.Size",
                          .size = sizeof(Tuple),
                          .layout = Layout::Tuple,
                          .flags = Type::kHasGc | Type::kVariableSize,
                          .base = &tuple_type});
  size_type.slots.repr = size_repr;
  size_type.methods = kSizeMethods;
  ready_type(size_type);
}

void define_generator_type() {
  define_type(generator_type, {.name = "torch.Generator", .size = sizeof(GeneratorObject)});
  generator_type.slots.new_ = generator_new;
  generator_type.methods = kGeneratorMethods;
  generator_type.dealloc = generator_dealloc;
  ready_type(generator_type);
}

void define_tensor_type() {
  define_type(tensor_type, {.name = "torch.Tensor",
                            .size = sizeof(TensorObject),
                            .layout = Layout::Native,
                            .flags = Type::kHasGc | Type::kBaseType | Type::kWeakReferable,
                            .doc = "A multi-dimensional array with automatic differentiation."});
  tensor_type.attributes_offset = offsetof(TensorObject, attributes);
  Slots& s = tensor_type.slots;
  s.add = commutative_slot<kAdd>;
  s.subtract = subtract_slot;
  s.multiply = commutative_slot<kMul>;
  s.true_divide = divide_slot;
  s.floor_divide = binary_slot<kFloorDivide>;
  s.remainder = binary_slot<kRemainder>;
  s.power = power_slot;
  s.matrix_multiply = binary_slot<kMatmul>;
  s.and_ = commutative_slot<kAnd>;
  s.or_ = commutative_slot<kOr>;
  s.xor_ = commutative_slot<kXor>;
  s.lshift = binary_slot<kLshift>;
  s.rshift = binary_slot<kRshift>;
  s.inplace_add = inplace_slot<kAddI>;
  s.inplace_subtract = inplace_slot<kSubI>;
  s.inplace_multiply = inplace_slot<kMulI>;
  s.inplace_true_divide = inplace_slot<kDivI>;
  s.inplace_floor_divide = inplace_slot<kFloorI>;
  s.inplace_remainder = inplace_slot<kRemI>;
  s.inplace_and_ = inplace_slot<kAndI>;
  s.inplace_or_ = inplace_slot<kOrI>;
  s.inplace_xor_ = inplace_slot<kXorI>;
  s.inplace_power = inplace_power_slot;
  s.negative = unary_slot<kNeg>;
  s.positive = positive_slot;
  s.absolute = unary_slot<kAbs>;
  s.invert = unary_slot<kNot>;
  s.compare = compare_slot;
  s.hash = hash_slot;
  s.truth = truth_slot;
  s.length = length_slot;
  s.contains = contains_slot;
  s.iter = iter_slot;
  s.to_int = to_int_slot;
  s.to_float = to_float_slot;
  s.index = index_slot;
  s.getitem = tensor_getitem;
  s.setitem = tensor_setitem;
  tensor_type.methods = kTensorMethods;
  tensor_type.getsets = kTensorGetSets;
  tensor_type.dealloc = tensor_dealloc;
  tensor_type.traverse = tensor_traverse;
  tensor_type.clear = tensor_clear;
  ready_type(tensor_type);
  // Every operation that is a method.
  auto* dict = as<Dict>(tensor_type.dict);
  for (const engine::OpDescriptor& op : engine::all_ops()) {
    if (!op.method) continue;
    Str* name = intern(op.name);
    if (!dict_get(dict, name)) dict_set(dict, name, make_operation(op.name, true));
  }
  for (const engine::OpAlias& alias : engine::all_op_aliases()) {
    auto found = engine::find_ops(alias.target);
    if (found.empty() || !found[0].method) continue;
    if (!dict_get(dict, intern(alias.name))) dict_set(dict, intern(alias.name), make_operation(alias.target, true));
  }
  type_modified(&tensor_type);
}

}  // namespace hiss::bind

// Calls of any callable from native code.
#include <vector>

#include "memory/native_objects.h"
#include "object/class_builder.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "vm/calls.h"

namespace hiss {

Ref call(Value callable, const Args& args) {
  if (is<Function>(callable)) return call_function(as<Function>(callable), args);
  CallSlot slot = type_of(callable)->slots.call;
  if (!slot) return fail(exc::TypeError, "'{}' object is not callable", type_name(callable));
  RecursionCheck recursion(" while calling a Python object");
  TRY(recursion.status());
  Ref hold = Ref::share(callable);
  return slot(callable, args);
}

Ref call(Value callable, std::initializer_list<Value> args) {
  return call(callable, Args{args.begin(), static_cast<uint32_t>(args.size())});
}

Ref call_method(Value object, Str* name, std::initializer_list<Value> args) {
  // A plain function found on the type is called with the object in front, without a bound method.
  if (type_of(object)->slots.getattr == generic_get_attr) {
    Value found = lookup(type_of(object), name);
    Attributes* attributes = object.is_object() ? attributes_of(object.object()) : nullptr;
    if (found && type_of(found)->has(Type::kMethodDescriptor) && (!attributes || !attribute_get(attributes, name))) {
      Ref hold = Ref::share(found);
      std::vector<Value> values;
      values.reserve(args.size() + 1);
      values.push_back(object);
      values.insert(values.end(), args);
      return call(found, Args{values.data(), static_cast<uint32_t>(values.size())});
    }
  }
  Ref method = TRY(get_attr(object, name));
  return call(method, args);
}

Ref call_method(Value object, const char* name, std::initializer_list<Value> args) {
  return call_method(object, intern(name), args);
}

Ref call_with(Value callable, Tuple* args, Dict* kwargs) {
  if (!kwargs || kwargs->used == 0)
    return call(callable, Args{args ? args->items : nullptr, args ? static_cast<uint32_t>(args->size) : 0});
  std::vector<Value> values;
  if (args) values.assign(args->begin(), args->end());
  const auto count = static_cast<uint32_t>(values.size());
  std::vector<Value> keys;
  std::vector<Ref> holds;
  for (int64_t i = 0; DictEntry* e = dict_next(kwargs, i);) {
    if (!is<Str>(e->key)) return fail(exc::TypeError, "keywords must be strings");
    keys.push_back(e->key);
    values.push_back(e->value);
    holds.push_back(Ref::share(e->value));
  }
  Ref names_tuple = make_tuple(keys.data(), static_cast<int64_t>(keys.size()));
  return call(callable, Args{values.data(), count, as<Tuple>(names_tuple)});
}

bool is_callable(Value v) { return type_of(v)->slots.call != nullptr; }

// ---- Bound methods

Type method_type;

Ref make_method(Value function, Value self) {
  auto* m = allocate_tracked<Method>(method_type);
  m->function = Ref::share(function).release();
  m->self = Ref::share(self).release();
  return Ref::steal(m);
}

namespace {

void method_dealloc(Object* o) {
  unlink(o);
  release(static_cast<Method*>(o)->function);
  release(static_cast<Method*>(o)->self);
  free_unlinked(o);
}
void method_traverse(Object* o, Visitor& visit) {
  visit(static_cast<Method*>(o)->function);
  visit(static_cast<Method*>(o)->self);
}

Ref method_call(Value self, const Args& args) {
  auto* m = as<Method>(self);
  const uint32_t total = args.count + args.keyword_count();
  Value small[8];
  std::vector<Value> large;
  Value* values = small;
  if (total + 1 > 8) {
    large.resize(total + 1);
    values = large.data();
  }
  values[0] = m->self;
  for (uint32_t i = 0; i < total; ++i) values[i + 1] = args.values[i];
  return call(m->function, Args{values, args.count + 1, args.names});
}

Ref method_repr(Value self) {
  auto* m = as<Method>(self);
  Ref name = TRY(get_attr_or_empty(m->function, names.__qualname__));
  if (name.is_empty()) name = TRY(get_attr_or_empty(m->function, names.__name__));
  Ref object = TRY(repr(m->self));
  return make_str(fmt::format("<bound method {} of {}>", is<Str>(name) ? to_string(name) : "?", to_string(object)));
}

Ref method_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::Eq && op != CompareOp::Ne) || !is<Method>(b)) return Ref::not_implemented();
  bool same = as<Method>(a)->self == as<Method>(b)->self;
  if (same) same = TRY(equal(as<Method>(a)->function, as<Method>(b)->function));
  return Ref::boolean(same == (op == CompareOp::Eq));
}

Result<int64_t> method_hash(Value self) {
  const int64_t f = TRY(hash(as<Method>(self)->function));
  const int64_t h = static_cast<int64_t>((as<Method>(self)->self.bits() >> 4)) ^ f;
  return h == -1 ? -2 : h;
}

// Other attributes are the function's.
Ref method_getattr(Value self, Str* name) {
  Value own = lookup(&method_type, name);
  if (own) {
    if (DescrGetSlot get = type_of(own)->slots.descr_get) return get(own, self, to_value(&method_type));
    return Ref::share(own);
  }
  return get_attr(as<Method>(self)->function, name);
}

Ref method_new(Type*, const Args& args) {
  if (args.count != 2 || args.keyword_count())
    return fail(exc::TypeError, "method expected 2 arguments, got {}", args.count);
  if (!is_callable(args[0])) return fail(exc::TypeError, "first argument must be callable");
  if (args[1].is_none()) return fail(exc::TypeError, "self must not be None");
  return make_method(args[0], args[1]);
}

Ref method_function(Value self) { return Ref::share(as<Method>(self)->function); }
Ref method_self(Value self) { return Ref::share(as<Method>(self)->self); }
Ref method_doc(Value self) { return get_attr(as<Method>(self)->function, names.__doc__); }
Ref method_reduce(Value self, const Value*) {
  Ref getattr = TRY(get_builtin("getattr"));
  Ref name = TRY(get_attr(as<Method>(self)->function, names.__name__));
  Ref args = make_tuple({as<Method>(self)->self, name});
  return make_tuple({getattr, args});
}

const GetSetDef kGetSets[] = {
    {"__func__", method_function, nullptr}, {"__self__", method_self, nullptr}, {"__doc__", method_doc, nullptr}, {}};
const NativeDef kMethods[] = {{"__reduce__", "($self, /)", method_reduce, "Helper for pickle."}, {}};

}  // namespace

void init_method_type() {
  define_type(method_type, {.name = "method",
                            .size = sizeof(Method),
                            .layout = Layout::Method,
                            .flags = Type::kHasGc | Type::kWeakReferable,
                            .doc = "A function together with the object that it gets as its first argument."});
  method_type.slots.call = method_call;
  method_type.slots.repr = method_repr;
  method_type.slots.compare = method_compare;
  method_type.slots.hash = method_hash;
  method_type.slots.getattr = method_getattr;
  method_type.slots.new_ = method_new;
  method_type.getsets = kGetSets;
  method_type.methods = kMethods;
  method_type.dealloc = method_dealloc;
  method_type.traverse = method_traverse;
  ready_type(method_type);
}

}  // namespace hiss

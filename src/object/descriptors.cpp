// Descriptors of native types (methods, slot wrappers, getsets, members), and property, staticmethod, classmethod.
#include <vector>

#include "memory/collector.h"
#include "object/class_builder.h"
#include "object/function.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "object/slot_table.h"

namespace hiss {

Type method_descriptor_type, classmethod_descriptor_type, wrapper_descriptor_type, method_wrapper_type,
    member_descriptor_type, getset_descriptor_type;

namespace {

struct MethodWrapper : Object {  // a slot wrapper bound to an instance
  Value descriptor;
  Value self;
};

Descriptor* make_descriptor(Type& type, Type* owner, Str* name) {
  auto* d = allocate_as<Descriptor>(type);
  d->owner = owner;
  if (owner->is_heap()) retain(static_cast<Object*>(owner));
  d->name = Ref::share(name).release();
  return d;
}

Descriptor* self_descriptor(Value v) { return as<Descriptor>(v); }

void descriptor_dealloc(Object* o) {
  untrack(o);
  auto* d = static_cast<Descriptor*>(o);
  if (d->owner->is_heap()) release(static_cast<Object*>(d->owner));
  release(d->name);
  free_object(o);
}
void descriptor_traverse(Object* o, Visitor& visit) { visit(static_cast<Object*>(static_cast<Descriptor*>(o)->owner)); }

Ref descriptor_name(Value self) { return Ref::share(self_descriptor(self)->name); }
Ref descriptor_owner(Value self) { return Ref::share(self_descriptor(self)->owner); }
Ref descriptor_qualname(Value self) {
  return make_str(
      fmt::format("{}.{}", to_string(self_descriptor(self)->owner->qualname), to_string(self_descriptor(self)->name)));
}
Ref descriptor_doc(Value self) {
  auto* d = self_descriptor(self);
  const char* doc = d->def ? d->def->doc : d->wrapper ? d->wrapper->doc : d->getset ? d->getset->doc : nullptr;
  return doc ? make_str(doc) : Ref::none();
}
Ref descriptor_signature(Value self) {
  auto* d = self_descriptor(self);
  const char* text = d->def ? d->def->signature : d->wrapper ? d->wrapper->signature : nullptr;
  return text ? make_str(text) : Ref::none();
}
Ref descriptor_reduce(Value self, const Value*) {
  Ref getattr = TRY(get_builtin("getattr"));
  Ref args = make_tuple({to_value(self_descriptor(self)->owner), self_descriptor(self)->name});
  return make_tuple({getattr, args});
}

const GetSetDef kGetSets[] = {{"__name__", descriptor_name, nullptr},
                              {"__objclass__", descriptor_owner, nullptr},
                              {"__qualname__", descriptor_qualname, nullptr},
                              {"__doc__", descriptor_doc, nullptr},
                              {"__text_signature__", descriptor_signature, nullptr},
                              {}};
const NativeDef kMethods[] = {{"__reduce__", "($self, /)", descriptor_reduce, "Helper for pickle."}, {}};

Status check_instance(Descriptor* d, Value instance) {
  if (is_subtype(type_of(instance), d->owner)) return kOk;
  return fail(exc::TypeError, "descriptor '{}' for '{}' objects doesn't apply to a '{}' object", to_string(d->name),
              type_name(d->owner), type_name(instance));
}

// ---- method_descriptor

Ref bind_native(Descriptor* d, Value self) {
  // Bound anew for each use: the signature must not be parsed as often.
  if (!d->spec) d->spec = parse_native_signature(d->def);
  Ref bound = make_native_function(d->def, self);
  as<NativeFunction>(bound)->spec = d->spec;
  as<NativeFunction>(bound)->owner = d->owner;
  return bound;
}

Ref method_descr_get(Value descriptor, Value instance, Value) {
  auto* d = self_descriptor(descriptor);
  if (!instance) return Ref::share(descriptor);
  TRY(check_instance(d, instance));
  return bind_native(d, instance);
}

Ref method_descr_call(Value self, const Args& args) {
  auto* d = self_descriptor(self);
  if (args.count == 0) {
    return fail(exc::TypeError, "unbound method {}.{}() needs an argument", type_name(d->owner), to_string(d->name));
  }
  TRY(check_instance(d, args[0]));
  return call_native(d->def, d->spec, d->owner, args[0], Args{args.values + 1, args.count - 1, args.names});
}

Ref method_descr_repr(Value self) {
  auto* d = self_descriptor(self);
  return make_str(fmt::format("<method '{}' of '{}' objects>", to_string(d->name), type_name(d->owner)));
}

Ref classmethod_descr_get(Value descriptor, Value instance, Value owner) {
  auto* d = self_descriptor(descriptor);
  Value cls = owner ? owner : to_value(type_of(instance));
  return bind_native(d, cls);
}
Ref classmethod_descr_call(Value self, const Args& args) {
  auto* d = self_descriptor(self);
  if (args.count == 0)
    return fail(exc::TypeError, "descriptor '{}' of '{}' object needs an argument", to_string(d->name),
                type_name(d->owner));
  return call_native(d->def, d->spec, d->owner, args[0], Args{args.values + 1, args.count - 1, args.names});
}

// ---- wrapper_descriptor

Ref call_wrapper(Descriptor* d, Value self, const Args& args) {
  return d->wrapper->call(slot_at(d->owner, d->wrapper->offset), self, args);
}

Ref wrapper_descr_get(Value descriptor, Value instance, Value) {
  if (!instance) return Ref::share(descriptor);
  TRY(check_instance(self_descriptor(descriptor), instance));
  auto* bound = allocate_as<MethodWrapper>(method_wrapper_type);
  bound->descriptor = Ref::share(descriptor).release();
  bound->self = Ref::share(instance).release();
  track(bound);
  return Ref::steal(bound);
}

Ref wrapper_descr_call(Value self, const Args& args) {
  auto* d = self_descriptor(self);
  if (args.count == 0) {
    return fail(exc::TypeError, "descriptor '{}' of '{}' object needs an argument", to_string(d->name),
                type_name(d->owner));
  }
  if (!is_subtype(type_of(args[0]), d->owner)) {
    return fail(exc::TypeError, "descriptor '{}' requires a '{}' object but received a '{}'", to_string(d->name),
                type_name(d->owner), type_name(args[0]));
  }
  return call_wrapper(d, args[0], Args{args.values + 1, args.count - 1, args.names});
}

Ref wrapper_descr_repr(Value self) {
  auto* d = self_descriptor(self);
  return make_str(fmt::format("<slot wrapper '{}' of '{}' objects>", to_string(d->name), type_name(d->owner)));
}

MethodWrapper* self_wrapper(Value v) { return static_cast<MethodWrapper*>(v.object()); }
void method_wrapper_dealloc(Object* o) {
  untrack(o);
  release(static_cast<MethodWrapper*>(o)->descriptor);
  release(static_cast<MethodWrapper*>(o)->self);
  free_object(o);
}
void method_wrapper_traverse(Object* o, Visitor& visit) {
  visit(static_cast<MethodWrapper*>(o)->descriptor);
  visit(static_cast<MethodWrapper*>(o)->self);
}
Ref method_wrapper_call(Value self, const Args& args) {
  return call_wrapper(self_descriptor(self_wrapper(self)->descriptor), self_wrapper(self)->self, args);
}
Ref method_wrapper_repr(Value self) {
  return make_str(fmt::format("<method-wrapper '{}' of {} object at {:#x}>",
                              to_string(self_descriptor(self_wrapper(self)->descriptor)->name),
                              type_name(self_wrapper(self)->self), self_wrapper(self)->self.bits()));
}
Ref method_wrapper_compare(Value a, Value b, CompareOp op) {
  if ((op != CompareOp::Eq && op != CompareOp::Ne) || !is_exact(b, method_wrapper_type)) return Ref::not_implemented();
  const bool same =
      self_wrapper(a)->descriptor == self_wrapper(b)->descriptor && self_wrapper(a)->self == self_wrapper(b)->self;
  return Ref::boolean(same == (op == CompareOp::Eq));
}
Result<int64_t> method_wrapper_hash(Value self) {
  return static_cast<int64_t>((self_wrapper(self)->self.bits() >> 4) ^ (self_wrapper(self)->descriptor.bits() >> 4));
}
Ref method_wrapper_self(Value self) { return Ref::share(self_wrapper(self)->self); }
Ref method_wrapper_name(Value self) { return descriptor_name(self_wrapper(self)->descriptor); }
Ref method_wrapper_doc(Value self) { return descriptor_doc(self_wrapper(self)->descriptor); }
Ref method_wrapper_qualname(Value self) { return descriptor_qualname(self_wrapper(self)->descriptor); }
Ref method_wrapper_owner(Value self) { return descriptor_owner(self_wrapper(self)->descriptor); }
Ref method_wrapper_signature(Value self) { return descriptor_signature(self_wrapper(self)->descriptor); }
Ref method_wrapper_reduce(Value self, const Value*) {
  Ref getattr = TRY(get_builtin("getattr"));
  Ref args = make_tuple({self_wrapper(self)->self, self_descriptor(self_wrapper(self)->descriptor)->name});
  return make_tuple({getattr, args});
}
const GetSetDef kWrapperGetSets[] = {{"__self__", method_wrapper_self, nullptr},
                                     {"__name__", method_wrapper_name, nullptr},
                                     {"__doc__", method_wrapper_doc, nullptr},
                                     {"__qualname__", method_wrapper_qualname, nullptr},
                                     {"__objclass__", method_wrapper_owner, nullptr},
                                     {"__text_signature__", method_wrapper_signature, nullptr},
                                     {}};
const NativeDef kWrapperMethods[] = {{"__reduce__", "($self, /)", method_wrapper_reduce, "Helper for pickle."}, {}};

// ---- getset and member

Ref getset_get(Value descriptor, Value instance, Value) {
  auto* d = self_descriptor(descriptor);
  if (!instance) return Ref::share(descriptor);
  TRY(check_instance(d, instance));
  if (!d->getset->get)
    return fail(exc::AttributeError, "attribute '{}' of '{}' objects is not readable", to_string(d->name),
                type_name(d->owner));
  return d->getset->get(instance);
}
Status getset_set(Value descriptor, Value instance, Value value) {
  auto* d = self_descriptor(descriptor);
  TRY(check_instance(d, instance));
  if (!d->getset->set && d->getset->member) return fail(exc::AttributeError, "readonly attribute");
  if (!d->getset->set)
    return fail(exc::AttributeError, "attribute '{}' of '{}' objects is not writable", to_string(d->name),
                d->owner->native_name ? d->owner->native_name : type_name(d->owner));
  return d->getset->set(instance, value);
}
Ref getset_repr(Value self) {
  auto* d = self_descriptor(self);
  return make_str(fmt::format("<attribute '{}' of '{}' objects>", to_string(d->name), type_name(d->owner)));
}

Value& member_slot(Descriptor* d, Value instance) {
  return *reinterpret_cast<Value*>(reinterpret_cast<char*>(instance.object()) + d->offset);
}
Ref member_get(Value descriptor, Value instance, Value owner) {
  auto* d = self_descriptor(descriptor);
  if (d->getset) return getset_get(descriptor, instance, owner);
  if (!instance) return Ref::share(descriptor);
  TRY(check_instance(d, instance));
  Value v = member_slot(d, instance);
  if (!v) {
    return fail_attribute(instance, as<Str>(d->name),
                          fmt::format("'{}' object has no attribute '{}'", type_name(instance), to_string(d->name)));
  }
  return Ref::share(v);
}
Status member_set(Value descriptor, Value instance, Value value) {
  auto* d = self_descriptor(descriptor);
  if (d->getset) return getset_set(descriptor, instance, value);
  TRY(check_instance(d, instance));
  Value& slot = member_slot(d, instance);
  Value old = slot;
  if (!value && !old) return fail(exc::AttributeError, "{}", to_string(d->name));
  retain(value);
  slot = value;
  release(old);
  return kOk;
}
Ref member_repr(Value self) {
  auto* d = self_descriptor(self);
  return make_str(fmt::format("<member '{}' of '{}' objects>", to_string(d->name), type_name(d->owner)));
}

void define_descriptor(Type& type, const char* name, UnarySlot repr_slot, DescrGetSlot get, DescrSetSlot set,
                       CallSlot call_slot, uint32_t flags = 0) {
  define_type(type, {.name = name,
                     .size = sizeof(Descriptor),
                     .layout = Layout::Descriptor,
                     .flags = Type::kHasGc | Type::kNoInstances | flags});
  type.slots.repr = repr_slot;
  type.slots.descr_get = get;
  type.slots.descr_set = set;
  type.slots.call = call_slot;
  type.getsets = kGetSets;
  type.methods = kMethods;
  type.dealloc = descriptor_dealloc;
  type.traverse = descriptor_traverse;
  ready_type(type);
}

}  // namespace

Ref make_method_descriptor(Type* owner, const NativeDef* def) {
  if (def->kind == NativeDef::StaticMethod) {
    Ref function = make_native_function(def);
    as<NativeFunction>(function)->owner = owner;
    return make_static_method(function);
  }
  Descriptor* d =
      make_descriptor(def->kind == NativeDef::ClassMethod ? classmethod_descriptor_type : method_descriptor_type, owner,
                      intern(def->name));
  d->def = def;
  track(d);
  return Ref::steal(d);
}
Ref make_getset_descriptor(Type* owner, const GetSetDef* def) {
  Descriptor* d =
      make_descriptor(def->member ? member_descriptor_type : getset_descriptor_type, owner, intern(def->name));
  d->getset = def;
  track(d);
  return Ref::steal(d);
}
Ref make_member_descriptor(Type* owner, Str* name, uint32_t offset) {
  Descriptor* d = make_descriptor(member_descriptor_type, owner, name);
  d->offset = offset;
  track(d);
  return Ref::steal(d);
}
Ref make_wrapper_descriptor(Type* owner, const SlotWrapper* wrapper) {
  Descriptor* d = make_descriptor(wrapper_descriptor_type, owner, wrapper->interned);
  d->wrapper = wrapper;
  track(d);
  return Ref::steal(d);
}

namespace {

// T.__new__(cls, ...): checks that cls is a subclass whose instances T's function can make.
Ref new_function(Value self, const Value* args) {
  Type* type = as<Type>(self);
  auto* positional = as<Tuple>(args[0]);
  if (positional->size == 0) return fail(exc::TypeError, "{}.__new__(): not enough arguments", type_name(type));
  Value cls = positional->items[0];
  if (!is<Type>(cls))
    return fail(exc::TypeError, "{}.__new__(X): X is not a type object ({})", type_name(type), type_name(cls));
  Type* wanted = as<Type>(cls);
  if (!is_subtype(wanted, type)) {
    return fail(exc::TypeError, "{}.__new__({}): {} is not a subtype of {}", type_name(type), type_name(wanted),
                type_name(wanted), type_name(type));
  }
  Type* native = wanted;
  // The class may be one that C++ code has given a __new__ of its own (ast.AST).
  while (native->is_heap() && native != type) native = native->base;
  if (native->slots.new_ != type->slots.new_ && native != type) {
    return fail(exc::TypeError, "{}.__new__({}) is not safe, use {}.__new__()", type_name(type), type_name(wanted),
                type_name(native));
  }
  std::vector<Value> values(positional->begin() + 1, positional->end());
  const auto count = static_cast<uint32_t>(values.size());
  auto* kwargs = as<Dict>(args[1]);
  std::vector<Value> keys;
  for (int64_t i = 0; DictEntry* e = dict_next(kwargs, i);) {
    keys.push_back(e->key);
    values.push_back(e->value);
  }
  Ref keyword_names = keys.empty() ? Ref() : make_tuple(keys.data(), static_cast<int64_t>(keys.size()));
  return track_instance(
      wanted, type->slots.new_(wanted, Args{values.data(), count, keys.empty() ? nullptr : as<Tuple>(keyword_names)}));
}
const NativeDef kNewFunction = {"__new__", "($type, *args, **kwargs)", new_function,
                                "Make an instance of the class; __init__ then receives the same arguments."};

}  // namespace

Ref make_new_function(Type* type) { return make_native_function(&kNewFunction, to_value(type)); }

void init_method_descriptor_type() {
  define_descriptor(method_descriptor_type, "method_descriptor", method_descr_repr, method_descr_get, nullptr,
                    method_descr_call, Type::kMethodDescriptor);
}
void init_classmethod_descriptor_type() {
  define_descriptor(classmethod_descriptor_type, "classmethod_descriptor", method_descr_repr, classmethod_descr_get,
                    nullptr, classmethod_descr_call);
}
void init_wrapper_descriptor_type() {
  define_descriptor(wrapper_descriptor_type, "wrapper_descriptor", wrapper_descr_repr, wrapper_descr_get, nullptr,
                    wrapper_descr_call, Type::kMethodDescriptor);
}
void init_getset_descriptor_type() {
  define_descriptor(getset_descriptor_type, "getset_descriptor", getset_repr, getset_get, getset_set, nullptr);
}
void init_member_descriptor_type() {
  define_descriptor(member_descriptor_type, "member_descriptor", member_repr, member_get, member_set, nullptr);
}
void init_method_wrapper_type() {
  define_type(method_wrapper_type,
              {.name = "method-wrapper", .size = sizeof(MethodWrapper), .flags = Type::kHasGc | Type::kNoInstances});
  method_wrapper_type.slots.call = method_wrapper_call;
  method_wrapper_type.slots.repr = method_wrapper_repr;
  method_wrapper_type.slots.compare = method_wrapper_compare;
  method_wrapper_type.slots.hash = method_wrapper_hash;
  method_wrapper_type.getsets = kWrapperGetSets;
  method_wrapper_type.methods = kWrapperMethods;
  method_wrapper_type.dealloc = method_wrapper_dealloc;
  method_wrapper_type.traverse = method_wrapper_traverse;
  ready_type(method_wrapper_type);
}

}  // namespace hiss

#include "object/slot_table.h"

#include <cstring>
#include <unordered_map>
#include <vector>

#include "object/class_builder.h"
#include "object/function.h"
#include "object/generic_slots.h"
#include "object/protocol.h"

namespace hiss {

namespace {

// ---- Native slot seen as a special method: checks the arguments and calls the slot.

Failure expected(const Args& args, uint32_t wanted) {
  if (args.keyword_count()) return fail(exc::TypeError, "wrapper takes no keyword arguments");
  return fail(exc::TypeError, "expected {} argument{}, got {}", wanted, wanted == 1 ? "" : "s", args.count);
}

#define CHECK_COUNT(n) \
  if (args.count != (n) || args.keyword_count()) return expected(args, n)

inline AnySlot to_any_slot(std::nullptr_t) { return nullptr; }
template <typename Function>
AnySlot to_any_slot(Function function) {
  return reinterpret_cast<AnySlot>(function);
}

template <typename Signature>
Signature as_slot(AnySlot slot) {
  return reinterpret_cast<Signature>(slot);
}

Ref wrap_unary(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(0);
  return as_slot<UnarySlot>(slot)(self);
}
Ref wrap_next(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(0);
  Ref item = as_slot<UnarySlot>(slot)(self);
  if (item.is_empty()) return fail_with(to_value(&exc::StopIteration));
  return item;
}
Ref wrap_hash(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(0);
  return make_int(TRY(as_slot<HashSlot>(slot)(self)));
}
Ref wrap_length(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(0);
  return make_int(TRY(as_slot<LengthSlot>(slot)(self)));
}
Ref wrap_truth(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(0);
  return Ref::boolean(TRY(as_slot<TruthSlot>(slot)(self)));
}
Ref wrap_contains(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(1);
  return Ref::boolean(TRY(as_slot<ContainsSlot>(slot)(self, args[0])));
}
Ref wrap_binary(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(1);
  return as_slot<BinarySlot>(slot)(self, args[0]);
}
Ref wrap_reflected(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(1);
  return as_slot<BinarySlot>(slot)(args[0], self);
}
Ref wrap_power(AnySlot slot, Value self, const Args& args) {
  if (args.count < 1 || args.count > 2 || args.keyword_count()) return expected(args, 1);
  return as_slot<TernarySlot>(slot)(self, args[0], args.count == 2 ? args[1] : Value::none());
}
Ref wrap_reflected_power(AnySlot slot, Value self, const Args& args) {
  if (args.count < 1 || args.count > 2 || args.keyword_count()) return expected(args, 1);
  return as_slot<TernarySlot>(slot)(args[0], self, args.count == 2 ? args[1] : Value::none());
}
Ref wrap_repeat(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(1);
  return as_slot<RepeatSlot>(slot)(self, TRY(to_index(args[0])));
}
template <CompareOp op>
Ref wrap_compare(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(1);
  return as_slot<CompareSlot>(slot)(self, args[0], op);
}
Ref wrap_setitem(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(2);
  TRY(as_slot<SetItemSlot>(slot)(self, args[0], args[1]));
  return Ref::none();
}
Ref wrap_delitem(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(1);
  TRY(as_slot<SetItemSlot>(slot)(self, args[0], Value()));
  return Ref::none();
}
Result<Str*> attribute_name(Value name) {
  if (!is<Str>(name)) return fail(exc::TypeError, "attribute name must be string, not '{}'", type_name(name));
  return as<Str>(name);
}
Ref wrap_getattr(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(1);
  return as_slot<GetAttrSlot>(slot)(self, TRY(attribute_name(args[0])));
}
// object.__setattr__(int, 'x', 1) must not get around the rules of a native class.
Status check_setattr_override(AnySlot slot, Value self) {
  Type* type = type_of(self);
  while (type && type->is_heap()) type = type->base;
  if (type && type->slots.setattr && reinterpret_cast<AnySlot>(type->slots.setattr) != slot &&
      !is_instance_of(self, module_type)) {
    return fail(exc::TypeError, "can't apply this __setattr__ to {} object", type_name(type));
  }
  return kOk;
}
Ref wrap_setattr(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(2);
  TRY(check_setattr_override(slot, self));
  TRY(as_slot<SetAttrSlot>(slot)(self, TRY(attribute_name(args[0])), args[1]));
  return Ref::none();
}
Ref wrap_delattr(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(1);
  TRY(check_setattr_override(slot, self));
  TRY(as_slot<SetAttrSlot>(slot)(self, TRY(attribute_name(args[0])), Value()));
  return Ref::none();
}
Ref wrap_get(AnySlot slot, Value self, const Args& args) {
  if (args.count < 1 || args.count > 2 || args.keyword_count()) return expected(args, 1);
  Value instance = args[0].is_none() ? Value() : args[0];
  Value owner = args.count == 2 && !args[1].is_none() ? args[1] : Value();
  if (!instance && !owner) return fail(exc::TypeError, "__get__(None, None) is invalid");
  return as_slot<DescrGetSlot>(slot)(self, instance, owner);
}
Ref wrap_set(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(2);
  TRY(as_slot<DescrSetSlot>(slot)(self, args[0], args[1]));
  return Ref::none();
}
Ref wrap_delete(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(1);
  TRY(as_slot<DescrSetSlot>(slot)(self, args[0], Value()));
  return Ref::none();
}
Ref wrap_init(AnySlot slot, Value self, const Args& args) {
  TRY(as_slot<InitSlot>(slot)(self, args));
  return Ref::none();
}
Ref wrap_call(AnySlot slot, Value self, const Args& args) { return as_slot<CallSlot>(slot)(self, args); }
Ref wrap_finalize(AnySlot slot, Value self, const Args& args) {
  CHECK_COUNT(0);
  as_slot<FinalizeSlot>(slot)(self);
  return Ref::none();
}

#define GENERIC(function) to_any_slot(function)
#define ENTRY(name, field, wrapper, generic, signature, doc) \
  { name, offsetof(Slots, field), wrapper, GENERIC(generic), signature, doc }

std::vector<SlotWrapper>& table() {
  static std::vector<SlotWrapper> entries = {
      ENTRY("__repr__", repr, wrap_unary, (generic_text<&Slots::repr, &Names::__repr__>), "($self, /)",
            "Return repr(self)."),
      ENTRY("__str__", str, wrap_unary, (generic_text<&Slots::str, &Names::__str__>), "($self, /)",
            "Return str(self)."),
      ENTRY("__hash__", hash, wrap_hash, generic_hash, "($self, /)", "Return hash(self)."),
      ENTRY("__call__", call, wrap_call, generic_call, "($self, /, *args, **kwargs)", "Run self(*args, **kwargs)."),
      ENTRY("__getattribute__", getattr, wrap_getattr, generic_getattr, "($self, name, /)",
            "Return getattr(self, name)."),
      ENTRY("__getattr__", getattr, nullptr, generic_getattr, nullptr, nullptr),
      ENTRY("__setattr__", setattr, wrap_setattr, generic_setattr, "($self, name, value, /)",
            "Implement setattr(self, name, value)."),
      ENTRY("__delattr__", setattr, wrap_delattr, generic_setattr, "($self, name, /)",
            "Implement delattr(self, name)."),
      ENTRY("__lt__", compare, wrap_compare<CompareOp::Lt>, generic_compare, "($self, value, /)", "Return self<value."),
      ENTRY("__le__", compare, wrap_compare<CompareOp::Le>, generic_compare, "($self, value, /)",
            "Return self<=value."),
      ENTRY("__eq__", compare, wrap_compare<CompareOp::Eq>, generic_compare, "($self, value, /)",
            "Return self==value."),
      ENTRY("__ne__", compare, wrap_compare<CompareOp::Ne>, generic_compare, "($self, value, /)",
            "Return self!=value."),
      ENTRY("__gt__", compare, wrap_compare<CompareOp::Gt>, generic_compare, "($self, value, /)", "Return self>value."),
      ENTRY("__ge__", compare, wrap_compare<CompareOp::Ge>, generic_compare, "($self, value, /)",
            "Return self>=value."),
      ENTRY("__iter__", iter, wrap_unary, generic_iter, "($self, /)", "Implement iter(self)."),
      ENTRY("__next__", next, wrap_next, generic_next, "($self, /)", "Implement next(self)."),
      ENTRY("__get__", descr_get, wrap_get, generic_descr_get, "($self, instance, owner=None, /)",
            "What reading the attribute gives, on instance, or on the class owner if that is None."),
      ENTRY("__set__", descr_set, wrap_set, generic_descr_set, "($self, instance, value, /)",
            "Assign value as instance's attribute."),
      ENTRY("__delete__", descr_set, wrap_delete, generic_descr_set, "($self, instance, /)",
            "Take the attribute away from instance."),
      ENTRY("__init__", init, wrap_init, generic_init, "($self, /, *args, **kwargs)",
            "Set up a new instance from the arguments of the call."),
      ENTRY("__new__", new_, nullptr, generic_new, nullptr, nullptr),
      ENTRY("__del__", finalize, wrap_finalize, generic_finalize, "($self, /)", "Runs before the object goes away."),
      ENTRY("__await__", await, wrap_unary, (generic_unary<&Names::__await__>), "($self, /)",
            "What await runs through until it has the result."),
      ENTRY("__aiter__", aiter, wrap_unary, (generic_unary<&Names::__aiter__>), "($self, /)",
            "The asynchronous iterator for async for."),
      ENTRY("__anext__", anext, wrap_unary, (generic_unary<&Names::__anext__>), "($self, /)",
            "An awaitable of the next item; StopAsyncIteration marks the end."),
      ENTRY("__bool__", truth, wrap_truth, generic_truth, "($self, /)", "True if self else False"),
      ENTRY("__len__", length, wrap_length, generic_length, "($self, /)", "Return len(self)."),
      ENTRY("__getitem__", getitem, wrap_binary, (generic_method1<&Names::__getitem__>), "($self, key, /)",
            "Return self[key]."),
      ENTRY("__setitem__", setitem, wrap_setitem, generic_setitem, "($self, key, value, /)", "Set self[key] to value."),
      ENTRY("__delitem__", setitem, wrap_delitem, generic_setitem, "($self, key, /)", "Delete self[key]."),
      ENTRY("__contains__", contains, wrap_contains, generic_contains, "($self, key, /)", "Whether key is in self."),
      ENTRY("__neg__", negative, wrap_unary, (generic_unary<&Names::__neg__>), "($self, /)", "-self"),
      ENTRY("__pos__", positive, wrap_unary, (generic_unary<&Names::__pos__>), "($self, /)", "+self"),
      ENTRY("__abs__", absolute, wrap_unary, (generic_unary<&Names::__abs__>), "($self, /)", "abs(self)"),
      ENTRY("__invert__", invert, wrap_unary, (generic_unary<&Names::__invert__>), "($self, /)", "~self"),
      ENTRY("__int__", to_int, wrap_unary, (generic_unary<&Names::__int__>), "($self, /)", "int(self)"),
      ENTRY("__float__", to_float, wrap_unary, (generic_unary<&Names::__float__>), "($self, /)", "float(self)"),
      ENTRY("__index__", index, wrap_unary, (generic_unary<&Names::__index__>), "($self, /)",
            "The value of self as an int, where only an exact integer will do."),
      ENTRY("__pow__", power, wrap_power, generic_power, "($self, value, mod=None, /)",
            "Return pow(self, value, mod)."),
      ENTRY("__rpow__", power, wrap_reflected_power, generic_power, "($self, value, mod=None, /)",
            "Return pow(value, self, mod)."),
      ENTRY("__ipow__", inplace_power, wrap_power, generic_inplace_power, "($self, value, /)", "Return self**=value."),
#define BINARY_OPERATION(field, dunder, symbol)                                                                        \
  ENTRY("__" #dunder "__", field, wrap_binary, (generic_binary<&Slots::field, BinaryOp::field>), "($self, value, /)",  \
        symbol[0] == 'd' ? "Return divmod(self, value)." : "Return self" symbol "value."),                             \
      ENTRY("__r" #dunder "__", field, wrap_reflected, (generic_binary<&Slots::field, BinaryOp::field>),               \
            "($self, value, /)", symbol[0] == 'd' ? "Return divmod(value, self)." : "Return value" symbol "self."),    \
      ENTRY("__i" #dunder "__", inplace_##field, wrap_binary, (generic_inplace<BinaryOp::field>), "($self, value, /)", \
            "Return self" symbol "=value."),
#include "object/binary_operations.def"
#undef BINARY_OPERATION
      // A sequence's + and * are tried after the numbers'; a class that defines them fills the numeric slot.
      ENTRY("__add__", concat, wrap_binary, nullptr, "($self, value, /)", "Return self+value."),
      ENTRY("__mul__", repeat, wrap_repeat, nullptr, "($self, value, /)", "Return self*value."),
      ENTRY("__rmul__", repeat, wrap_repeat, nullptr, "($self, value, /)", "Return value*self."),
      ENTRY("__iadd__", inplace_concat, wrap_binary, nullptr, "($self, value, /)", "Implement self+=value."),
      ENTRY("__imul__", inplace_repeat, wrap_repeat, nullptr, "($self, value, /)", "Implement self*=value."),
  };
  return entries;
}

AnySlot& slot_ref(Type* type, size_t offset) {
  return *reinterpret_cast<AnySlot*>(reinterpret_cast<char*>(&type->slots) + offset);
}

std::unordered_multimap<Str*, SlotWrapper*>& by_name() {
  static std::unordered_multimap<Str*, SlotWrapper*> map;
  return map;
}

// The slot of a class for one table offset: the native function when every special method found is that native type's
// own, else the generic function that calls the methods.
AnySlot choose_slot(Type* type, size_t offset) {
  AnySlot native = nullptr, generic = nullptr;
  bool use_generic = false;
  for (SlotWrapper& entry : table()) {
    if (entry.offset != offset) continue;
    Value attribute = lookup(type, entry.interned);
    if (!attribute) continue;
    const auto* descriptor = is_exact(attribute, wrapper_descriptor_type) ? as<Descriptor>(attribute) : nullptr;
    if (descriptor && descriptor->wrapper->offset == offset && is_subtype(type, descriptor->owner)) {
      AnySlot slot = slot_at(descriptor->owner, offset);
      if (!native) native = slot;
      if (native != slot) use_generic = true;
    } else if (entry.offset == offsetof(Slots, hash) && attribute.is_none()) {
      return GENERIC(hash_not_implemented);
    } else if (entry.offset == offsetof(Slots, new_) && is_exact(attribute, native_function_type)) {
      return slot_at(as<Type>(as<NativeFunction>(attribute)->self), offset);
    } else if (descriptor && descriptor->wrapper->interned == entry.interned && descriptor->wrapper->offset != offset &&
               is_subtype(type, descriptor->owner)) {
      continue;  // list's __add__ is its concat slot, which serves the operator too
    } else {
      use_generic = true;
    }
    if (entry.generic) generic = entry.generic;
  }
  return use_generic ? generic : native;
}

void note_pure_slots(Type* type) {
  type->type_flags &= ~(Type::kPureGetAttr | Type::kPureSetAttr | Type::kPureNew);
  if (type->slots.getattr == generic_get_attr) type->type_flags |= Type::kPureGetAttr;
  if (type->slots.setattr == generic_set_attr) type->type_flags |= Type::kPureSetAttr;
  if (type->slots.new_ == object_type.slots.new_) type->type_flags |= Type::kPureNew;
}

}  // namespace

AnySlot slot_at(const Type* type, size_t offset) {
  return *reinterpret_cast<const AnySlot*>(reinterpret_cast<const char*>(&type->slots) + offset);
}

void init_slot_table() {
  for (SlotWrapper& entry : table()) {
    entry.interned = intern(entry.name);
    by_name().emplace(entry.interned, &entry);
  }
}

void add_slot_wrappers(Type* type) {
  auto* dict = as<Dict>(type->dict);
  for (SlotWrapper& entry : table()) {
    if (!entry.call || !slot_at(type, entry.offset)) continue;
    if (dict_get(dict, entry.interned)) continue;
    if (entry.offset == offsetof(Slots, hash) && type->slots.hash == hash_not_implemented) {
      dict_set(dict, entry.interned, Value::none());
      continue;
    }
    dict_set(dict, entry.interned, make_wrapper_descriptor(type, &entry));
  }
}

void inherit_slots(Type* type) {
  for (Value t : *as<Tuple>(type->mro)) {
    Type* base = as<Type>(t);
    if (base == type) continue;
    // compare and hash come together: a type with its own __eq__ does not inherit __hash__.
    const bool own_compare = type->slots.compare && base->slots.compare && type->slots.compare != base->slots.compare;
    for (size_t offset = 0; offset < sizeof(Slots); offset += sizeof(AnySlot)) {
      if (offset == offsetof(Slots, hash) && own_compare) continue;
      if (offset == offsetof(Slots, new_) && base == &object_type && type->base != &object_type) continue;
      if (offset == offsetof(Slots, new_) && type->has(Type::kNoInstances)) continue;
      AnySlot& slot = slot_ref(type, offset);
      if (!slot) slot = slot_at(base, offset);
    }
  }
  note_pure_slots(type);
}

void compute_slots(Type* type) {
  auto* bases = as<Tuple>(type->bases);
  auto* dict = as<Dict>(type->dict);
  if (bases->size == 1) {
    type->slots = type->base->slots;
    for (int64_t i = 0; DictEntry* e = dict_next(dict, i);) {
      if (!is<Str>(e->key)) continue;
      auto range = by_name().equal_range(as<Str>(e->key));
      for (auto it = range.first; it != range.second; ++it)
        slot_ref(type, it->second->offset) = choose_slot(type, it->second->offset);
    }
  } else {
    for (size_t offset = 0; offset < sizeof(Slots); offset += sizeof(AnySlot))
      slot_ref(type, offset) = choose_slot(type, offset);
  }
  note_pure_slots(type);
}

void update_slot(Type* type, Str* name) {
  auto range = by_name().equal_range(name);
  if (range.first == range.second) return;
  if (name == names.__get__ || name == names.__set__ || name == names.__delete__) {
    // Instances in the dicts of other classes become descriptors, or cease to be some: what is cached may be wrong.
    type_modified(&object_type);
  }
  for (auto it = range.first; it != range.second; ++it)
    slot_ref(type, it->second->offset) = choose_slot(type, it->second->offset);
  if (name == names.__hash__ && type->instance_layout == Layout::Tuple) tuple_hashes_last = false;
  note_pure_slots(type);
  if (type->subclasses) {
    for (Type* sub : *type->subclasses) update_slot(sub, name);
  }
}

}  // namespace hiss

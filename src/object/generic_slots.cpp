#include "object/generic_slots.h"

#include "object/class_builder.h"
#include "object/exception.h"
#include "object/function.h"
#include "object/slot_table.h"

#include <vector>

namespace hiss {

namespace {

// Calls a method found on the type without making a bound method where that is not needed.
Ref call_found(Value function, Value self, std::initializer_list<Value> args) {
  Type* type = type_of(function);
  if (type == &function_type && args.size() == 1) {
    const Value values[] = {self, *args.begin()};
    return type->slots.call(function, Args{values, 2});
  }
  Ref hold = Ref::share(function);
  if (type->has(Type::kMethodDescriptor)) {
    Value values[8];
    uint32_t n = 0;
    values[n++] = self;
    for (Value v : args) values[n++] = v;
    return call(function, Args{values, n});
  }
  if (DescrGetSlot get = type->slots.descr_get) {
    Ref bound = TRY(get(function, self, to_value(type_of(self))));
    return call(bound, args);
  }
  return call(function, args);
}

Ref call_found_args(Value function, Value self, const Args& args) {
  Ref hold = Ref::share(function);
  Type* type = type_of(function);
  if (type->has(Type::kMethodDescriptor)) {
    std::vector<Value> values;
    values.reserve(args.count + args.keyword_count() + 1);
    values.push_back(self);
    values.insert(values.end(), args.values, args.values + args.count + args.keyword_count());
    return call(function, Args{values.data(), args.count + 1, args.names});
  }
  if (DescrGetSlot get = type->slots.descr_get) {
    Ref bound = TRY(get(function, self, to_value(type_of(self))));
    return call(bound, args);
  }
  return call(function, args);
}

bool overrides(Value left, Value right, Str* name) {
  return lookup(type_of(right), name) != lookup(type_of(left), name);
}

}  // namespace

BinaryNames binary_names(BinaryOp op) {
  switch (op) {
#define BINARY_OPERATION(field, dunder, symbol)                         \
  case BinaryOp::field: {                                               \
    static Str* const inplace_name = intern("__i" #dunder "__");        \
    return {names.__##dunder##__, names.__r##dunder##__, inplace_name}; \
  }
#include "object/binary_operations.def"
#undef BINARY_OPERATION
  }
  return {};
}

Ref call_method_or_empty(Value self, Str* name, std::initializer_list<Value> args) {
  Value function = lookup(type_of(self), name);
  if (!function) return Ref::empty();
  return call_found(function, self, args);
}

Ref call_special_method(Value self, Str* name, std::initializer_list<Value> args) {
  Value function = lookup(type_of(self), name);
  if (!function)
    return fail_attribute(self, name,
                          fmt::format("'{}' object has no attribute '{}'", type_name(self), to_string(name)));
  return call_found(function, self, args);
}

Ref generic_binary_dispatch(Value left, Value right, BinarySlot own, BinarySlot left_slot, BinarySlot right_slot,
                            BinaryOp op) {
  const BinaryNames n = binary_names(op);
  bool try_right = type_of(left) != type_of(right) && right_slot == own;
  if (left_slot == own) {
    if (try_right && is_subtype(type_of(right), type_of(left)) && overrides(left, right, n.reflected)) {
      Ref result = TRY(call_method_or_empty(right, n.reflected, {left}));
      if (!result.is_empty() && !result.is_not_implemented()) return result;
      try_right = false;
    }
    Ref result = TRY(call_method_or_empty(left, n.direct, {right}));
    if (!result.is_empty() && !result.is_not_implemented()) return result;
    if (type_of(left) == type_of(right)) return Ref::not_implemented();
  }
  if (try_right) {
    Ref result = TRY(call_method_or_empty(right, n.reflected, {left}));
    if (!result.is_empty()) return result;
  }
  return Ref::not_implemented();
}

Ref generic_power(Value base, Value exponent, Value modulus) {
  const auto own = reinterpret_cast<TernarySlot>(generic_power);
  if (modulus.is_none()) {
    bool try_right = type_of(base) != type_of(exponent) && type_of(exponent)->slots.power == own;
    if (type_of(base)->slots.power == own) {
      if (try_right && is_subtype(type_of(exponent), type_of(base)) && overrides(base, exponent, names.__rpow__)) {
        Ref result = TRY(call_method_or_empty(exponent, names.__rpow__, {base}));
        if (!result.is_empty() && !result.is_not_implemented()) return result;
        try_right = false;
      }
      Ref result = TRY(call_method_or_empty(base, names.__pow__, {exponent}));
      if (!result.is_empty() && !result.is_not_implemented()) return result;
    }
    if (try_right) {
      Ref result = TRY(call_method_or_empty(exponent, names.__rpow__, {base}));
      if (!result.is_empty()) return result;
    }
    return Ref::not_implemented();
  }
  if (type_of(base)->slots.power == own) {
    Ref result = TRY(call_method_or_empty(base, names.__pow__, {exponent, modulus}));
    if (!result.is_empty()) return result;
  }
  return Ref::not_implemented();
}

Ref generic_inplace_power(Value base, Value exponent, Value) {
  Ref result = call_method_or_empty(base, names.__ipow__, {exponent});
  return result.is_empty() ? Ref::not_implemented() : std::move(result);
}

Result<int64_t> generic_hash(Value self) {
  Value function = lookup(type_of(self), names.__hash__);
  if (!function || function.is_none()) return hash_not_implemented(self);
  Ref result = TRY(call_found(function, self, {}));
  if (!is_int(result)) return fail(exc::TypeError, "__hash__ method should return an integer");
  const auto small = int_value(result);
  const int64_t h = small ? *small : hash_int(result);
  return h == -1 ? -2 : h;
}

Ref generic_call(Value self, const Args& args) {
  Value function = lookup(type_of(self), names.__call__);
  if (!function) return fail(exc::TypeError, "'{}' object is not callable", type_name(self));
  return call_found_args(function, self, args);
}

namespace {

// An AttributeError that Python code raised without saying of what: the attribute that was asked for, for the message
// that suggests another.
Ref with_attribute_context(Value self, Str* name, Ref result) {
  if (!result.is_error() || !pending_is(exc::AttributeError)) return result;
  Ref error = take_pending();
  auto given = [&](const char* field) {
    Value v = exception_field(error, field);
    return v && !v.is_none();
  };
  if (!given("name") && !given("obj")) {
    set_exception_field(error, "name", to_value(name));
    set_exception_field(error, "obj", self);
  }
  return restore_pending(std::move(error));
}

}  // namespace

Ref generic_getattr(Value self, Str* name) {
  Type* type = type_of(self);
  Value getattribute = lookup(type, names.__getattribute__);
  Value getattr = lookup(type, names.__getattr__);
  Ref hold = Ref::share(getattr);  // __getattribute__ may delete __getattr__ from the class
  Ref result;
  const bool native = is_exact(getattribute, wrapper_descriptor_type);
  if (native) {
    auto slot = reinterpret_cast<GetAttrSlot>(slot_at(as<Descriptor>(getattribute)->owner, offsetof(Slots, getattr)));
    if (slot == generic_get_attr && getattr) {
      result = generic_get_attr_or_empty(self, name);  // no AttributeError needs to be made only to be dropped
      if (!result.is_empty() && !result.is_error()) return result;
    } else {
      result = slot(self, name);
    }
  } else {
    result = call_found(getattribute, self, {to_value(name)});
  }
  if (getattr && (result.is_empty() || (result.is_error() && pending_is(exc::AttributeError)))) {
    if (result.is_error()) clear_pending();
    return with_attribute_context(self, name, call_found(getattr, self, {to_value(name)}));
  }
  return with_attribute_context(self, name, std::move(result));
}

Status generic_setattr(Value self, Str* name, Value value) {
  if (value) {
    TRY(call_special_method(self, names.__setattr__, {to_value(name), value}));
  } else {
    TRY(call_special_method(self, names.__delattr__, {to_value(name)}));
  }
  return kOk;
}

Ref generic_compare(Value self, Value other, CompareOp op) {
  Str* const ops[] = {names.__lt__, names.__le__, names.__eq__, names.__ne__, names.__gt__, names.__ge__};
  Str* name = ops[static_cast<int>(op)];
  Value function = lookup(type_of(self), name);
  if (function && !type_of(function)->has(Type::kMethodDescriptor)) {
    // A descriptor that fails to make a method says nothing about the comparison.
    Ref method = lookup_special(self, name);
    if (!method.is_error()) return call(method, {other});
    clear_pending();
    return Ref::not_implemented();
  }
  Ref result = call_method_or_empty(self, name, {other});
  return result.is_empty() ? Ref::not_implemented() : std::move(result);
}

Ref generic_iter(Value self) {
  Value function = lookup(type_of(self), names.__iter__);
  if (function.is_none()) return fail(exc::TypeError, "'{}' object is not iterable", type_name(self));
  if (function) return call_found(function, self, {});
  if (!lookup(type_of(self), names.__getitem__))
    return fail(exc::TypeError, "'{}' object is not iterable", type_name(self));
  return make_sequence_iterator(self);
}

Ref generic_next(Value self) {
  // A StopIteration stays pending: its value may be wanted.
  return call_special_method(self, names.__next__, {});
}

Ref generic_descr_get(Value descriptor, Value instance, Value owner) {
  Value function = lookup(type_of(descriptor), names.__get__);
  if (!function) return Ref::share(descriptor);
  return call_found(function, descriptor, {instance ? instance : Value::none(), owner ? owner : Value::none()});
}

Status generic_descr_set(Value descriptor, Value instance, Value value) {
  if (value) {
    Ref r = TRY(call_method_or_empty(descriptor, names.__set__, {instance, value}));
    if (r.is_empty()) return fail(exc::AttributeError, "__set__");
  } else {
    Ref r = TRY(call_method_or_empty(descriptor, names.__delete__, {instance}));
    if (r.is_empty()) return fail(exc::AttributeError, "__delete__");
  }
  return kOk;
}

Status generic_init(Value self, const Args& args) {
  Ref result = TRY(call_found_args(lookup(type_of(self), names.__init__), self, args));
  if (!result.is_none()) return fail(exc::TypeError, "__init__() should return None, not '{}'", type_name(result));
  return kOk;
}

Ref generic_new(Type* cls, const Args& args) {
  Ref function = TRY(get_attr(to_value(cls), names.__new__));
  std::vector<Value> values;
  values.reserve(args.count + args.keyword_count() + 1);
  values.push_back(to_value(cls));
  values.insert(values.end(), args.values, args.values + args.count + args.keyword_count());
  return call(function, Args{values.data(), args.count + 1, args.names});
}

void generic_finalize(Value self) {
  Value function = lookup(type_of(self), names.__del__);
  if (!function) return;
  Ref hold = Ref::share(function);
  Ref result = call_found(function, self, {});
  if (result.is_error()) report_unraisable(hold);
}

Result<bool> generic_truth(Value self) {
  Ref result = TRY(call_method_or_empty(self, names.__bool__, {}));
  if (!result.is_empty()) {
    if (!result.value().is_bool())
      return fail(exc::TypeError, "__bool__ should return bool, returned {}", type_name(result));
    return result.value().is_true();
  }
  if (!lookup(type_of(self), names.__len__)) return true;
  return TRY(generic_length(self)) != 0;
}

Result<int64_t> generic_length(Value self) {
  Ref result = TRY(call_special_method(self, names.__len__, {}));
  Ref number = TRY(index(result));
  const auto n = int_value(number);
  if (int_sign(number) < 0) return fail(exc::ValueError, "__len__() should return >= 0");
  if (!n) return fail(exc::OverflowError, "cannot fit 'int' into an index-sized integer");
  return *n;
}

Status generic_setitem(Value self, Value key, Value value) {
  if (value) {
    TRY(call_special_method(self, names.__setitem__, {key, value}));
  } else {
    TRY(call_special_method(self, names.__delitem__, {key}));
  }
  return kOk;
}

Result<bool> generic_contains(Value self, Value item) {
  Value function = lookup(type_of(self), names.__contains__);
  if (function.is_none()) return fail(exc::TypeError, "'{}' object is not a container", type_name(self));
  if (function) {
    Ref result = TRY(call_found(function, self, {item}));
    return truth(result);
  }
  return contains_by_iteration(self, item);
}

}  // namespace hiss

// The slots of classes that define special methods in Python: each looks the method up and calls it.
#pragma once

#include "object/protocol.h"

namespace hiss {

struct BinaryNames {
  Str *direct, *reflected, *inplace;
};
BinaryNames binary_names(BinaryOp op);

/// type(self).name(self, args...); empty when the method is absent.
Ref call_method_or_empty(Value self, Str* name, std::initializer_list<Value> args);
/// The same; AttributeError when absent.
Ref call_special_method(Value self, Str* name, std::initializer_list<Value> args);
Ref generic_binary_dispatch(Value left, Value right, BinarySlot own, BinarySlot left_slot, BinarySlot right_slot,
                            BinaryOp op);

template <Str* Names::*name>
Ref generic_unary(Value self) {
  return call_special_method(self, names.*name, {});
}
template <Str* Names::*name>
Ref generic_method1(Value self, Value argument) {
  return call_special_method(self, names.*name, {argument});
}
template <UnarySlot Slots::*slot, Str* Names::*name>
Ref generic_text(Value self) {
  Ref result = call_method_or_empty(self, names.*name, {});
  if (result.is_empty()) return (object_type.slots.*slot)(self);
  return result;
}
template <BinarySlot Slots::*slot, BinaryOp op>
Ref generic_binary(Value left, Value right) {
  return generic_binary_dispatch(left, right, &generic_binary<slot, op>, type_of(left)->slots.*slot,
                                 type_of(right)->slots.*slot, op);
}
template <BinaryOp op>
Ref generic_inplace(Value self, Value other) {
  Ref result = call_method_or_empty(self, binary_names(op).inplace, {other});
  return result.is_empty() ? Ref::not_implemented() : std::move(result);
}

Ref generic_power(Value base, Value exponent, Value modulus);
Ref generic_inplace_power(Value base, Value exponent, Value modulus);
Result<int64_t> generic_hash(Value self);
Ref generic_call(Value self, const Args& args);
Ref generic_getattr(Value self, Str* name);
Status generic_setattr(Value self, Str* name, Value value);
Ref generic_compare(Value self, Value other, CompareOp op);
Ref generic_iter(Value self);
Ref generic_next(Value self);
Ref generic_descr_get(Value descriptor, Value instance, Value owner);
Status generic_descr_set(Value descriptor, Value instance, Value value);
Status generic_init(Value self, const Args& args);
Ref generic_new(Type* cls, const Args& args);
void generic_finalize(Value self);
Result<bool> generic_truth(Value self);
Result<int64_t> generic_length(Value self);
Status generic_setitem(Value self, Value key, Value value);
Result<bool> generic_contains(Value self, Value item);

}  // namespace hiss

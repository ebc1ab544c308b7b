// Operators on any values: which operand's slot is asked first, and what is said when nobody answers.
#include "object/generic_slots.h"
#include "object/protocol.h"

namespace hiss {

namespace {

struct Operation {
  BinarySlot Slots::*slot;
  BinarySlot Slots::*inplace;
  const char* symbol;
};
constexpr Operation kOperations[] = {
#define BINARY_OPERATION(field, dunder, symbol) {&Slots::field, &Slots::inplace_##field, symbol},
#include "object/binary_operations.def"
#undef BINARY_OPERATION
};

Ref try_binary(BinarySlot Slots::*slot, Value a, Value b) {
  Type* ta = type_of(a);
  Type* tb = type_of(b);
  BinarySlot left = ta->slots.*slot;
  BinarySlot right = tb == ta ? nullptr : tb->slots.*slot;
  if (right == left) right = nullptr;
  if (left) {
    if (right && is_subtype(tb, ta)) {
      Ref result = right(a, b);
      if (!result.is_not_implemented()) return result;
      right = nullptr;
    }
    Ref result = left(a, b);
    if (!result.is_not_implemented()) return result;
  }
  if (right) return right(a, b);
  return Ref::not_implemented();
}

Ref repeat_sequence(RepeatSlot repeat, Value sequence, Value count) {
  if (!is_int(count) && !type_of(count)->slots.index) {
    return fail(exc::TypeError, "can't multiply sequence by non-int of type '{}'", type_name(count));
  }
  Ref times = TRY(index(count));
  const auto number = int_value(times);
  if (!number) return fail(exc::OverflowError, "cannot fit '{}' into an index-sized integer", type_name(count));
  return repeat(sequence, *number);
}

Failure fail_operands(std::string_view symbol, Value a, Value b) {
  return fail(exc::TypeError, "unsupported operand type(s) for {}: '{}' and '{}'", symbol, type_name(a), type_name(b));
}

Ref try_ternary(Value a, Value b, Value c) {
  TernarySlot left = type_of(a)->slots.power;
  TernarySlot right = type_of(b) == type_of(a) ? nullptr : type_of(b)->slots.power;
  if (right == left) right = nullptr;
  if (left) {
    if (right && is_subtype(type_of(b), type_of(a))) {
      Ref result = right(a, b, c);
      if (!result.is_not_implemented()) return result;
      right = nullptr;
    }
    Ref result = left(a, b, c);
    if (!result.is_not_implemented()) return result;
  }
  if (right) {
    Ref result = right(a, b, c);
    if (!result.is_not_implemented()) return result;
  }
  if (!c.is_none()) {
    TernarySlot third = type_of(c)->slots.power;
    if (third && third != left && third != right) return third(a, b, c);
  }
  return Ref::not_implemented();
}

}  // namespace

Ref binary(BinaryOp op, Value a, Value b) {
  const Operation& operation = kOperations[static_cast<int>(op)];
  Ref result = try_binary(operation.slot, a, b);
  if (!result.is_not_implemented()) return result;
  if (op == BinaryOp::add) {
    if (BinarySlot concat = type_of(a)->slots.concat) return concat(a, b);
  } else if (op == BinaryOp::multiply) {
    if (RepeatSlot repeat = type_of(a)->slots.repeat) return repeat_sequence(repeat, a, b);
    if (RepeatSlot repeat = type_of(b)->slots.repeat) return repeat_sequence(repeat, b, a);
  } else if (op == BinaryOp::rshift && is_exact(a, native_function_type) &&
             std::string_view(as<NativeFunction>(a)->def->name) == "print") {
    return fail(
        exc::TypeError,
        "unsupported operand type(s) for >>: '{}' and '{}'. Did you mean \"print(<message>, file=<output_stream>)\"?",
        type_name(a), type_name(b));
  }
  return fail_operands(operation.symbol, a, b);
}

Ref inplace(BinaryOp op, Value a, Value b) {
  const Operation& operation = kOperations[static_cast<int>(op)];
  if (BinarySlot slot = type_of(a)->slots.*(operation.inplace)) {
    Ref result = slot(a, b);
    if (!result.is_not_implemented()) return result;
  }
  Ref result = try_binary(operation.slot, a, b);
  if (!result.is_not_implemented()) return result;
  if (op == BinaryOp::add) {
    if (BinarySlot concat = type_of(a)->slots.inplace_concat) return concat(a, b);
    if (BinarySlot concat = type_of(a)->slots.concat) return concat(a, b);
  } else if (op == BinaryOp::multiply) {
    if (RepeatSlot repeat = type_of(a)->slots.inplace_repeat) return repeat_sequence(repeat, a, b);
    if (RepeatSlot repeat = type_of(a)->slots.repeat) return repeat_sequence(repeat, a, b);
    if (RepeatSlot repeat = type_of(b)->slots.repeat) return repeat_sequence(repeat, b, a);
  }
  return unsupported_operands(op, true, a, b);
}

Failure unsupported_operands(BinaryOp op, bool inplace_form, Value a, Value b) {
  const char* symbol = kOperations[static_cast<int>(op)].symbol;
  return inplace_form ? fail_operands(fmt::format("{}=", symbol), a, b) : fail_operands(symbol, a, b);
}

Ref power(Value base, Value exponent, Value modulus) {
  Ref result = try_ternary(base, exponent, modulus);
  if (!result.is_not_implemented()) return result;
  if (modulus.is_none()) return fail_operands("** or pow()", base, exponent);
  return fail(exc::TypeError, "unsupported operand type(s) for ** or pow(): '{}', '{}', '{}'", type_name(base),
              type_name(exponent), type_name(modulus));
}

Ref inplace_power(Value base, Value exponent) {
  if (TernarySlot slot = type_of(base)->slots.inplace_power) {
    Ref result = slot(base, exponent, Value::none());
    if (!result.is_not_implemented()) return result;
  }
  Ref result = try_ternary(base, exponent, Value::none());
  if (!result.is_not_implemented()) return result;
  return fail_operands("**=", base, exponent);
}

Ref negative(Value v) {
  if (UnarySlot slot = type_of(v)->slots.negative) return slot(v);
  return fail(exc::TypeError, "bad operand type for unary -: '{}'", type_name(v));
}
Ref positive(Value v) {
  if (UnarySlot slot = type_of(v)->slots.positive) return slot(v);
  return fail(exc::TypeError, "bad operand type for unary +: '{}'", type_name(v));
}
Ref invert(Value v) {
  if (UnarySlot slot = type_of(v)->slots.invert) return slot(v);
  return fail(exc::TypeError, "bad operand type for unary ~: '{}'", type_name(v));
}
Ref absolute(Value v) {
  if (UnarySlot slot = type_of(v)->slots.absolute) return slot(v);
  return fail(exc::TypeError, "bad operand type for abs(): '{}'", type_name(v));
}

Ref index(Value v) {
  if (is_int(v)) return plain_int(v);
  UnarySlot slot = type_of(v)->slots.index;
  if (!slot) return fail(exc::TypeError, "'{}' object cannot be interpreted as an integer", type_name(v));
  Ref result = TRY(slot(v));
  if (!is_int(result)) return fail(exc::TypeError, "__index__ returned non-int (type {})", type_name(result));
  if (!result.value().is_integer() && !is_exact(result, int_type)) {
    TRY(warn(exc::DeprecationWarning, fmt::format("__index__ returned non-int (type {}).  The ability to return an "
                                                  "instance of a strict subclass of int is deprecated, and may "
                                                  "not be supported in a future version of Python.",
                                                  type_name(result))));
    return plain_int(result);
  }
  return result;
}

Result<int64_t> to_index(Value v) {
  if (v.is_integer()) return v.integer();
  Ref number = TRY(index(v));
  const auto n = int_value(number);
  if (!n) return fail(exc::IndexError, "cannot fit '{}' into an index-sized integer", type_name(v));
  return *n;
}

Result<int64_t> to_int64(Value v) {
  if (v.is_integer()) return v.integer();
  Ref number = TRY(index(v));
  const auto n = int_value(number);
  if (!n) return fail(exc::OverflowError, "Python int too large to convert to C long");
  return *n;
}

Result<double> to_double(Value v) {
  if (v.is_number()) return v.number();
  if (is_float(v)) return float_value(v);
  if (UnarySlot slot = type_of(v)->slots.to_float) {
    Ref result = TRY(slot(v));
    if (!is_float(result))
      return fail(exc::TypeError, "{}.__float__ returned non-float (type {})", type_name(v), type_name(result));
    return float_value(result);
  }
  if (is_int(v) || type_of(v)->slots.index) {
    Ref number = TRY(index(v));
    bool overflow = false;
    const double d = int_to_double(number, &overflow);
    if (overflow) return fail(exc::OverflowError, "int too large to convert to float");
    return d;
  }
  return fail(exc::TypeError, "must be real number, not {}", type_name(v));
}

Result<bool> to_bool(Value v) { return truth(v); }

Result<std::string_view> to_utf8(Value v) {
  if (!is<Str>(v)) return fail(exc::TypeError, "expected str, not {}", type_name(v));
  return utf8_view(as<Str>(v));
}

}  // namespace hiss

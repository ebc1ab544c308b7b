// int and bool: slots and construction.
#include <cmath>

#include "object/buffer.h"
#include "object/index.h"
#include "object/int_internal.h"
#include "object/number_text.h"

namespace hiss {

Type int_type, bool_type;

namespace {

void int_dealloc(Object* self) {
  const int64_t n = static_cast<Int*>(self)->size;
  free_object(self, static_cast<size_t>(n < 0 ? -n : n) * sizeof(mp_limb_t));
}

Ref int_repr(Value self) { return make_str_ascii(TRY(int_to_text(self))); }
Result<int64_t> int_hash(Value self) { return hash_int(self); }
Result<bool> int_truth(Value self) { return int_sign(self) != 0; }

Ref int_compare(Value a, Value b, CompareOp op) {
  if (!is_int(a) || !is_int(b)) return Ref::not_implemented();
  const int order = compare_ints(a, b);
  switch (op) {
    case CompareOp::Lt:
      return Ref::boolean(order < 0);
    case CompareOp::Le:
      return Ref::boolean(order <= 0);
    case CompareOp::Eq:
      return Ref::boolean(order == 0);
    case CompareOp::Ne:
      return Ref::boolean(order != 0);
    case CompareOp::Gt:
      return Ref::boolean(order > 0);
    default:
      return Ref::boolean(order >= 0);
  }
}

Ref int_negative(Value v) {
  if (v.is_integer()) return make_int(-v.integer());
  return int_binary(BinaryOp::subtract, Value::integer(0), v);
}
Ref int_positive(Value v) { return plain_int(v); }
Ref int_absolute(Value v) { return int_sign(v) < 0 ? int_negative(v) : plain_int(v); }
Ref int_invert(Value v) { return int_binary(BinaryOp::subtract, Value::integer(-1), v); }
Ref int_to_float(Value v) {
  bool overflow;
  const double d = int_to_double(v, &overflow);
  if (overflow) return fail(exc::OverflowError, "int too large to convert to float");
  return make_float(d);
}

template <BinaryOp op>
Ref int_op(Value a, Value b) {
  return int_binary(op, a, b);
}

/// The number that int() makes of anything but text.
Ref int_from_number(Value v) {
  if (v.is_integer() || is_exact(v, int_type)) return Ref::share(v);
  Type* type = type_of(v);
  if (type->slots.to_int) {
    Ref r = TRY(type->slots.to_int(v));
    if (!is_int(r)) return fail(exc::TypeError, "__int__ returned non-int (type {})", type_name(r));
    if (!r.value().is_integer() && !is_exact(r, int_type)) {
      TRY(warn(
          exc::DeprecationWarning,
          fmt::format(
              "__int__ returned non-int (type {}).  The ability to return an instance of a strict subclass of int is "
              "deprecated, and may not be supported in a future version of Python.",
              type_name(r))));
    }
    return plain_int(r);
  }
  if (type->slots.index) return index(v);
  Ref truncated = TRY(call_special(v, names.__trunc__));
  if (truncated) {
    TRY(warn(exc::DeprecationWarning, "The delegation of int() to __trunc__ is deprecated."));
    if (is_int(truncated)) return plain_int(truncated);
    if (!type_of(truncated)->slots.index) {
      return fail(exc::TypeError, "__trunc__ returned non-Integral (type {})", type_name(truncated));
    }
    return index(truncated);
  }
  if (is<Str>(v)) return parse_int(TRY(number_text(as<Str>(v))), 10, v);
  Result<std::string> bytes = bytes_like_text(v);
  if (!bytes.is_error()) return parse_int_bytes(bytes.value(), 10, v);
  if (!pending_is(exc::TypeError)) return Failure{};
  clear_pending();
  return fail(exc::TypeError, "int() argument must be a string, a bytes-like object or a real number, not '{}'",
              type_name(v));
}

}  // namespace

Ref parse_int_bytes(const std::string& text, int base, Value original) { return parse_int(text, base, original); }

Ref int_new(Type* cls, const Args& args) {
  Value x, base;
  if (args.keyword_count() == 0 && args.count <= 1) {
    if (args.count == 1) x = args[0];
  } else {
    if (args.count + args.keyword_count() > 2) {
      return fail(exc::TypeError, "int() takes at most 2 arguments ({} given)", args.count + args.keyword_count());
    }
    if (args.count > 0) x = args[0];
    if (args.count > 1) base = args[1];
    for (uint32_t i = 0; i < args.keyword_count(); ++i) {
      if (!equal(args.keyword_name(i), "base")) {
        return fail(exc::TypeError, "'{}' is an invalid keyword argument for int()", to_string(args.keyword_name(i)));
      }
      base = args.keyword_value(i);
    }
  }
  if (!x) {
    if (base) return fail(exc::TypeError, "int() missing string argument");
    return int_of_class(cls, Value::integer(0));
  }
  Ref result;
  if (!base) {
    result = TRY(int_from_number(x));
  } else {
    const int64_t b = TRY(clamped_index(base));
    if (b != 0 && (b < 2 || b > 36)) return fail(exc::ValueError, "int() base must be >= 2 and <= 36, or 0");
    if (is<Str>(x)) {
      result = TRY(parse_int(TRY(number_text(as<Str>(x))), static_cast<int>(b), x));
    } else if (is_instance_of(x, bytes_type) || is_instance_of(x, bytearray_type)) {
      result = TRY(parse_int_bytes(TRY(bytes_like_text(x)), static_cast<int>(b), x));
    } else {
      return fail(exc::TypeError, "int() can't convert non-string with explicit base");
    }
  }
  return int_of_class(cls, result);
}

void init_int_type() {
  define_type(int_type, {.name = "int",
                         .size = sizeof(Int),
                         .layout = Layout::Int,
                         .flags = Type::kBaseType | Type::kVariableSize | Type::kMatchSelf | Type::kOwnsNothing,
                         .doc = "int([x]) -> integer\nint(x, base=10) -> integer\n\nThe integer in x, a number, whose "
                                "fraction is dropped, or text with digits of the base,\n2 to 36. With base 0 the text "
                                "tells it: 0b, 0o, 0x or no prefix. Without x: 0."});
  Slots& s = int_type.slots;
  s.new_ = int_new;
  s.repr = int_repr;
  s.hash = int_hash;
  s.compare = int_compare;
  s.truth = int_truth;
  s.negative = int_negative;
  s.positive = int_positive;
  s.absolute = int_absolute;
  s.invert = int_invert;
  s.to_int = int_positive;
  s.to_float = int_to_float;
  s.index = int_positive;
  s.power = int_power;
  s.add = int_op<BinaryOp::add>;
  s.subtract = int_op<BinaryOp::subtract>;
  s.multiply = int_op<BinaryOp::multiply>;
  s.true_divide = int_op<BinaryOp::true_divide>;
  s.floor_divide = int_op<BinaryOp::floor_divide>;
  s.remainder = int_op<BinaryOp::remainder>;
  s.divmod = int_op<BinaryOp::divmod>;
  s.lshift = int_op<BinaryOp::lshift>;
  s.rshift = int_op<BinaryOp::rshift>;
  s.and_ = int_op<BinaryOp::and_>;
  s.or_ = int_op<BinaryOp::or_>;
  s.xor_ = int_op<BinaryOp::xor_>;
  int_type.methods = kIntMethods;
  int_type.getsets = kIntGetSets;
  int_type.dealloc = int_dealloc;
  ready_type(int_type);
}

// ---- bool

namespace {

Ref bool_new(Type*, const Args& args) {
  if (args.keyword_count()) return fail(exc::TypeError, "bool() takes no keyword arguments");
  if (args.count > 1) return fail(exc::TypeError, "bool expected at most 1 argument, got {}", args.count);
  if (args.count == 0) return Ref::boolean(false);
  return Ref::boolean(TRY(truth(args[0])));
}
Ref bool_repr(Value self) { return Ref::share(intern(self.is_true() ? "True" : "False")); }

template <BinaryOp op>
Ref bool_op(Value a, Value b) {
  if (!a.is_bool() || !b.is_bool()) return int_binary(op, a, b);
  const bool x = a.is_true(), y = b.is_true();
  return Ref::boolean(op == BinaryOp::and_ ? x && y : op == BinaryOp::or_ ? x || y : x != y);
}

}  // namespace

void init_bool_type() {
  define_type(bool_type, {.name = "bool",
                          .size = sizeof(Int),
                          .layout = Layout::Int,
                          .base = &int_type,
                          .doc = "bool(x) -> bool\n\nThe truth of x; without x, False. There are no instances besides "
                                 "True and False,\nwhich are also the integers 1 and 0. The class has no subclasses."});
  Slots& s = bool_type.slots;
  s.new_ = bool_new;
  s.repr = bool_repr;
  s.and_ = bool_op<BinaryOp::and_>;
  s.or_ = bool_op<BinaryOp::or_>;
  s.xor_ = bool_op<BinaryOp::xor_>;
  ready_type(bool_type);
}

}  // namespace hiss

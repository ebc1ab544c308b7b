// float: slots and arithmetic.
#include "object/float.h"
#include "memory/collector.h"

#include <cmath>

#include "object/buffer.h"
#include "object/float_text.h"
#include "object/int_internal.h"
#include "object/number_text.h"
#include "object/str_hash.h"

namespace hiss {

Type float_type;

Ref make_float_of(Type* cls, double d) {
  if (cls == &float_type && !std::isnan(d)) return Ref::steal(Value::number(d));
  Float* f = static_cast<Float*>(allocate(cls));
  f->number = d;
  if (has_gc(f)) track(f);
  return Ref::steal(f);
}

Ref make_float(double d) {
  if (d == d) [[likely]]
    return Ref::steal(Value::number(d));
  return make_float_of(&float_type, d);
}

double float_value(Value v) { return v.is_number() ? v.number() : as<Float>(v)->number; }

int64_t hash_double(double d, Value self) {
  if (!std::isfinite(d)) {
    if (std::isinf(d)) return d > 0 ? 314159 : -314159;
    return self.is_object() ? hash_pointer(self.object()) : 0;
  }
  // The value modulo 2^61-1, as ints hash: an integral float hashes like the int.
  int exponent;
  double m = std::frexp(std::fabs(d), &exponent);
  constexpr uint64_t kModulus = (uint64_t{1} << 61) - 1;
  uint64_t x = 0;
  while (m != 0) {
    x = ((x << 28) & kModulus) | (x >> (61 - 28));
    m *= 268435456.0;  // 2^28
    exponent -= 28;
    const auto y = static_cast<uint64_t>(m);
    m -= static_cast<double>(y);
    x += y;
    if (x >= kModulus) x -= kModulus;
  }
  const int turn = exponent >= 0 ? exponent % 61 : 60 - ((-1 - exponent) % 61);
  x = ((x << turn) & kModulus) | (x >> (61 - turn));
  const int64_t hash = d < 0 ? -static_cast<int64_t>(x) : static_cast<int64_t>(x);
  return hash == -1 ? -2 : hash;
}

Result<std::optional<double>> operand_as_double(Value v) {
  if (v.is_number()) return std::optional<double>(v.number());
  if (v.is_integer()) return std::optional<double>(static_cast<double>(v.integer()));
  if (is<Float>(v)) return std::optional<double>(as<Float>(v)->number);
  if (!is_int(v)) return std::optional<double>();
  bool overflow;
  const double d = int_to_double(v, &overflow);
  if (overflow) return fail(exc::OverflowError, "int too large to convert to float");
  return std::optional<double>(d);
}

namespace {

void float_dealloc(Object* self) { free_object(self); }

/// Both operands as doubles; NotImplemented when one is no number.
#define HISS_OPERANDS                                          \
  double x, y;                                                 \
  if (a.is_number() && b.is_number()) {                        \
    x = a.number();                                            \
    y = b.number();                                            \
  } else {                                                     \
    const std::optional<double> p = TRY(operand_as_double(a)); \
    if (!p) return Ref::not_implemented();                     \
    const std::optional<double> q = TRY(operand_as_double(b)); \
    if (!q) return Ref::not_implemented();                     \
    x = *p;                                                    \
    y = *q;                                                    \
  }

Ref float_add(Value a, Value b) {
  HISS_OPERANDS
  return make_float(x + y);
}
Ref float_subtract(Value a, Value b) {
  HISS_OPERANDS
  return make_float(x - y);
}
Ref float_multiply(Value a, Value b) {
  HISS_OPERANDS
  return make_float(x * y);
}
Ref float_divide(Value a, Value b) {
  HISS_OPERANDS
  if (y == 0.0) return fail(exc::ZeroDivisionError, "float division by zero");
  return make_float(x / y);
}

/// Python's remainder has the sign of the divisor; the quotient is the floor that goes with it.
void divide_floor(double x, double y, double& quotient, double& remainder) {
  remainder = std::fmod(x, y);
  quotient = (x - remainder) / y;
  if (remainder != 0.0) {
    if ((y < 0) != (remainder < 0)) {
      remainder += y;
      quotient -= 1.0;
    }
  } else {
    remainder = std::copysign(0.0, y);
  }
  if (quotient != 0.0) {
    double floor = std::floor(quotient);
    if (quotient - floor > 0.5) floor += 1.0;
    quotient = floor;
  } else {
    quotient = std::copysign(0.0, x / y);
  }
}

Ref float_remainder(Value a, Value b) {
  HISS_OPERANDS
  if (y == 0.0) return fail(exc::ZeroDivisionError, "float modulo");
  double r = std::fmod(x, y);
  if (r != 0.0) {
    if ((y < 0) != (r < 0)) r += y;
  } else {
    r = std::copysign(0.0, y);
  }
  return make_float(r);
}
Ref float_floor_divide(Value a, Value b) {
  HISS_OPERANDS
  if (y == 0.0) return fail(exc::ZeroDivisionError, "float floor division by zero");
  double q, r;
  divide_floor(x, y, q, r);
  return make_float(q);
}
Ref float_divmod(Value a, Value b) {
  HISS_OPERANDS
  if (y == 0.0) return fail(exc::ZeroDivisionError, "float divmod()");
  double q, r;
  divide_floor(x, y, q, r);
  Ref quotient = make_float(q), remainder = make_float(r);
  return make_tuple({quotient, remainder});
}

Ref float_power(Value a, Value b, Value modulus) {
  if (!modulus.is_none())
    return fail(exc::TypeError, "pow() 3rd argument not allowed unless all arguments are integers");
  HISS_OPERANDS
  if (y == 0) return make_float(1.0);
  if (x == 1.0) return make_float(1.0);
  if (x == 0.0 && y < 0 && std::isfinite(y)) {
    return fail(exc::ZeroDivisionError, "0.0 cannot be raised to a negative power");
  }
  if (x == 0.0 && y < 0) return make_float(HUGE_VAL);
  if (x < 0 && std::isfinite(x) && std::isfinite(y) && y != std::floor(y)) {
    // A negative number to a fraction is complex.
    return complex_type.slots.power(a, b, modulus);
  }
  const double r = std::pow(x, y);
  if (std::isinf(r) && std::isfinite(x) && std::isfinite(y)) {
    Ref text = make_str_ascii("Numerical result out of range");
    return fail_with(TRY(call(to_value(&exc::OverflowError), {Value::integer(34), text})));
  }
  return make_float(r);
}
#undef HISS_OPERANDS

/// Exact comparison of a double with any int.
int compare_with_int(double d, Value i) {
  if (std::isinf(d)) return d > 0 ? 1 : -1;
  if (i.is_integer()) {
    const auto x = static_cast<double>(i.integer());
    return d < x ? -1 : d > x;
  }
  const int order = mpz_cmp_d(MpzView(i), d);
  return order > 0 ? -1 : order < 0;
}

Ref float_compare(Value a, Value b, CompareOp op) {
  if (!is_float(a)) return Ref::not_implemented();
  const double x = float_value(a);
  if (is_float(b)) {
    const double y = float_value(b);
    switch (op) {
      case CompareOp::Lt:
        return Ref::boolean(x < y);
      case CompareOp::Le:
        return Ref::boolean(x <= y);
      case CompareOp::Eq:
        return Ref::boolean(x == y);
      case CompareOp::Ne:
        return Ref::boolean(x != y);
      case CompareOp::Gt:
        return Ref::boolean(x > y);
      default:
        return Ref::boolean(x >= y);
    }
  }
  if (!is_int(b)) return Ref::not_implemented();
  if (std::isnan(x)) return Ref::boolean(op == CompareOp::Ne);
  const int order = compare_with_int(x, b);
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

Ref float_repr_slot(Value self) { return make_str_ascii(float_repr(float_value(self))); }
Result<int64_t> float_hash(Value self) { return hash_double(float_value(self), self); }
Result<bool> float_truth(Value self) { return float_value(self) != 0.0; }
Ref float_negative(Value v) { return make_float(-float_value(v)); }
Ref float_positive(Value v) {
  return is_exact(v, float_type) || v.is_number() ? Ref::share(v) : make_float(float_value(v));
}
Ref float_absolute(Value v) { return make_float(std::fabs(float_value(v))); }
Ref float_to_int(Value v) { return int_from_double(float_value(v)); }

Ref float_from_text(std::string_view text, Value original) {
  if (const auto d = parse_float_text(text)) return make_float(*d);
  return fail(exc::ValueError, "could not convert string to float: {}", repr_text(original));
}

Ref float_from(Value v) {
  if (v.is_number() || is_exact(v, float_type)) return Ref::share(v);
  if (type_of(v)->slots.to_float) {
    Ref r = TRY(type_of(v)->slots.to_float(v));
    if (!is_float(r)) {
      return fail(exc::TypeError, "{}.__float__ returned non-float (type {})", type_name(v), type_name(r));
    }
    if (!r.value().is_number() && !is_exact(r, float_type)) {
      TRY(warn(exc::DeprecationWarning,
               fmt::format("{}.__float__ returned non-float (type {}).  The ability to return an instance of a strict "
                           "subclass of float is "
                           "deprecated, and may not be supported in a future version of Python.",
                           type_name(v), type_name(r))));
      return make_float(float_value(r));
    }
    return r;
  }
  if (type_of(v)->slots.index) return make_float(TRY(to_double(v)));
  if (is<Str>(v)) return float_from_text(TRY(number_text(as<Str>(v))), v);
  if (has_buffer(v)) return float_from_text(TRY(bytes_like_text(v)), v);
  return fail(exc::TypeError, "float() argument must be a string or a real number, not '{}'", type_name(v));
}

Ref float_new(Type* cls, const Args& args) {
  if (args.keyword_count() && cls->slots.init == float_type.slots.init)
    return fail(exc::TypeError, "float() takes no keyword arguments");
  if (args.count > 1) return fail(exc::TypeError, "float expected at most 1 argument, got {}", args.count);
  Ref plain = args.count ? TRY(float_from(args[0])) : make_float(0.0);
  return cls == &float_type ? plain : make_float_of(cls, float_value(plain));
}

const GetSetDef kFloatGetSets[] = {{"real", float_positive, nullptr, "the number itself"},
                                   {"imag", [](Value) { return make_float(0.0); }, nullptr, "always 0.0"},
                                   {}};

}  // namespace

void init_float_type() {
  define_type(float_type,
              {.name = "float",
               .size = sizeof(Float),
               .layout = Layout::Float,
               .flags = Type::kOwnsNothing | Type::kBaseType | Type::kMatchSelf,
               .doc = "The floating-point number nearest to x, a number or text such as '1e3'; without x, 0.0."});
  Slots& s = float_type.slots;
  s.new_ = float_new;
  s.repr = float_repr_slot;
  s.hash = float_hash;
  s.compare = float_compare;
  s.truth = float_truth;
  s.negative = float_negative;
  s.positive = float_positive;
  s.absolute = float_absolute;
  s.to_int = float_to_int;
  s.to_float = float_positive;
  s.power = float_power;
  s.add = float_add;
  s.subtract = float_subtract;
  s.multiply = float_multiply;
  s.true_divide = float_divide;
  s.floor_divide = float_floor_divide;
  s.remainder = float_remainder;
  s.divmod = float_divmod;
  float_type.methods = kFloatMethods;
  float_type.getsets = kFloatGetSets;
  float_type.dealloc = float_dealloc;
  ready_type(float_type);
}

}  // namespace hiss

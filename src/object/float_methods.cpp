// The methods of float.
#include <cmath>

#include "object/float.h"
#include "object/float_text.h"
#include "object/format_spec.h"
#include "object/index.h"
#include "object/int_internal.h"

namespace hiss {

Ref double_as_integer_ratio(double d) {
  if (std::isinf(d)) return fail(exc::OverflowError, "cannot convert Infinity to integer ratio");
  if (std::isnan(d)) return fail(exc::ValueError, "cannot convert NaN to integer ratio");
  int exponent;
  double m = std::frexp(d, &exponent);
  for (int i = 0; i < 300 && m != std::floor(m); ++i) {
    m *= 2.0;
    --exponent;
  }
  Mpz n, denominator;
  mpz_set_d(n, m);
  mpz_set_ui(denominator, 1);
  if (exponent > 0) {
    mpz_mul_2exp(n, n, static_cast<mp_bitcnt_t>(exponent));
  } else {
    mpz_mul_2exp(denominator, denominator, static_cast<mp_bitcnt_t>(-exponent));
  }
  Ref a = n.to_int(), b = denominator.to_int();
  return make_tuple({a, b});
}

Ref round_double(double d, int64_t digits) {
  if (!std::isfinite(d) || d == 0.0 || digits > 323) return make_float(d);
  if (digits < -308) return make_float(0.0 * d);
  double result;
  if (digits >= 0) {
    result = *parse_double(format_double(d, 'f', static_cast<int>(digits), false, false));
  } else {
    // Integers round exactly; what is below the point can only break a tie.
    double whole = std::trunc(d);
    Ref i = TRY(int_from_double(whole));
    if (whole != d) {
      // Doubled, with a sticky last bit: 2n+1 lies between 2n and 2n+2 as the fraction does.
      Mpz unit, twice;
      mpz_ui_pow_ui(unit, 10, static_cast<unsigned long>(-digits));
      mpz_mul_2exp(twice, MpzView(i), 1);
      if (d > 0) {
        mpz_add_ui(twice, twice, 1);
      } else {
        mpz_sub_ui(twice, twice, 1);
      }
      // floor((2n±1 + unit) / (2 unit)) rounds to nearest; a tie is impossible because 2n±1 is odd and unit is even.
      mpz_add(twice, twice, unit);
      Mpz double_unit, quotient;
      mpz_mul_2exp(double_unit, unit, 1);
      mpz_fdiv_q(quotient, twice, double_unit);
      mpz_mul(quotient, quotient, unit);
      i = quotient.to_int();
    } else {
      Ref n = make_int(digits);
      i = TRY(call_method(i, "__round__", {n}));
    }
    bool overflow;
    result = std::copysign(int_to_double(i, &overflow), d);
  }
  if (std::isinf(result)) return fail(exc::OverflowError, "rounded value too large to represent");
  return make_float(result);
}

std::string double_to_hex(double d) {
  if (!std::isfinite(d)) return float_repr(d);
  std::string text = std::signbit(d) ? "-0x" : "0x";
  d = std::fabs(d);
  if (d == 0) return text + "0.0p+0";
  int exponent;
  double m = std::frexp(d, &exponent);
  const int shift = 1 - std::max(-1021 - exponent, 0);
  m = std::ldexp(m, shift);
  exponent -= shift;
  const char* hex = "0123456789abcdef";
  text += hex[static_cast<int>(m)];
  m -= static_cast<int>(m);
  text += '.';
  for (int i = 0; i < 13; ++i) {
    m *= 16;
    text += hex[static_cast<int>(m)];
    m -= static_cast<int>(m);
  }
  return text + 'p' + (exponent < 0 ? '-' : '+') + std::to_string(std::abs(exponent));
}

namespace {

Ref float_hex(Value self, const Value*) { return make_str_ascii(double_to_hex(float_value(self))); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
  return -1;
}

/// [sign] [0x] hex digits [. hex digits] [p exponent], correctly rounded by building the exact number.
Ref parse_hex(std::string_view text) {
  auto malformed = [] { return fail(exc::ValueError, "invalid hexadecimal floating-point string"); };
  auto too_large = [] { return fail(exc::OverflowError, "hexadecimal value too large to represent as a float"); };
  auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  std::string_view body = text;
  bool negative = false;
  if (!body.empty() && (body[0] == '-' || body[0] == '+')) {
    negative = body[0] == '-';
    body.remove_prefix(1);
  }
  if (!body.empty() && ((body[0] | 32) == 'i' || (body[0] | 32) == 'n')) {
    if (const auto d = parse_double(text)) return make_float(*d);
    return malformed();
  }
  if (body.size() > 1 && body[0] == '0' && (body[1] | 32) == 'x') body.remove_prefix(2);
  std::string digits;
  int64_t fraction = 0;
  bool point = false;
  size_t i = 0;
  for (; i < body.size(); ++i) {
    if (body[i] == '.' && !point) {
      point = true;
    } else if (hex_digit(body[i]) >= 0) {
      digits += body[i];
      if (point) ++fraction;
    } else {
      break;
    }
  }
  if (digits.empty()) return malformed();
  int64_t exponent = 0;
  if (i < body.size() && (body[i] | 32) == 'p') {
    ++i;
    bool minus = false;
    if (i < body.size() && (body[i] == '-' || body[i] == '+')) minus = body[i++] == '-';
    const size_t start = i;
    for (; i < body.size() && body[i] >= '0' && body[i] <= '9'; ++i) {
      exponent = std::min<int64_t>(exponent * 10 + (body[i] - '0'), INT64_C(1) << 40);
    }
    if (i == start) return malformed();
    if (minus) exponent = -exponent;
  }
  if (i != body.size()) return malformed();
  const size_t first = digits.find_first_not_of('0');
  if (first == digits.npos) return make_float(negative ? -0.0 : 0.0);
  exponent -= 4 * fraction;
  Mpz z;
  mpz_set_str(z, digits.c_str(), 16);
  const auto bits = static_cast<int64_t>(mpz_sizeinbase(z, 2));
  const int64_t top = bits + exponent;
  if (top > 1024) return too_large();
  if (top < -1080) return make_float(negative ? -0.0 : 0.0);
  // How many bits may stay: 53, fewer among the subnormals. The rest is rounded to even.
  const int64_t lowest = std::max<int64_t>(top - 53, -1074);
  const int64_t drop = lowest - exponent;
  if (drop > 0) {
    Mpz rest;
    mpz_fdiv_r_2exp(rest, z, static_cast<mp_bitcnt_t>(drop));
    mpz_fdiv_q_2exp(z, z, static_cast<mp_bitcnt_t>(drop));
    Mpz half;
    mpz_setbit(half, static_cast<mp_bitcnt_t>(drop - 1));
    const int order = mpz_cmp(rest, half);
    if (order > 0 || (order == 0 && mpz_odd_p(static_cast<mpz_srcptr>(z)))) mpz_add_ui(z, z, 1);
    exponent = lowest;
  }
  const double d = std::ldexp(mpz_get_d(z), static_cast<int>(exponent));
  if (std::isinf(d)) return too_large();
  return make_float(negative ? -d : d);
}

Ref float_fromhex(Value cls, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "bad argument type for built-in operation");
  Ref d = TRY(parse_hex(to_string(args[0])));
  if (cls == to_value(&float_type)) return d;
  return call(cls, {d});
}

Ref float_round(Value self, const Value* args) {
  const double d = float_value(self);
  if (args[0] && !args[0].is_none()) {
    if (!has_index(args[0])) TRY(index(args[0]));
    return round_double(d, TRY(clamped_index(args[0])));
  }
  if (!std::isfinite(d)) return int_from_double(d);
  double rounded = std::round(d);
  if (std::fabs(d - rounded) == 0.5) rounded = 2.0 * std::round(d / 2.0);
  return int_from_double(rounded);
}

Ref float_getnewargs(Value self, const Value*) {
  Ref d = make_float(float_value(self));
  return make_tuple({d});
}
Ref float_conjugate(Value self, const Value*) { return make_float(float_value(self)); }
Ref float_trunc(Value self, const Value*) { return int_from_double(float_value(self)); }
Ref float_floor(Value self, const Value*) { return int_from_double(std::floor(float_value(self))); }
Ref float_ceil(Value self, const Value*) { return int_from_double(std::ceil(float_value(self))); }
Ref float_is_integer(Value self, const Value*) {
  const double d = float_value(self);
  return Ref::boolean(std::isfinite(d) && std::floor(d) == d);
}
Ref float_as_integer_ratio(Value self, const Value*) { return double_as_integer_ratio(float_value(self)); }

Ref float_getformat(Value, const Value* args) {
  if (is<Str>(args[0]) && (equal(as<Str>(args[0]), "double") || equal(as<Str>(args[0]), "float"))) {
    return make_str_ascii("IEEE, little-endian");
  }
  if (!is<Str>(args[0]))
    return fail(exc::TypeError, "__getformat__() argument must be str, not {}", type_name(args[0]));
  return fail(exc::ValueError, "__getformat__() argument 1 must be 'double' or 'float'");
}

Ref float_format(Value self, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "__format__() argument must be str, not {}", type_name(args[0]));
  return format_float(self, as<Str>(args[0]));
}

}  // namespace

const NativeDef kFloatMethods[] = {
    {"conjugate", "($self, /)", float_conjugate, "The number itself, since it has no imaginary part."},
    {"__trunc__", "($self, /)", float_trunc, "The int that is left without the fraction."},
    {"__floor__", "($self, /)", float_floor, "The largest int that is not above the number."},
    {"__ceil__", "($self, /)", float_ceil, "The smallest int that is not below the number."},
    {"__round__", "($self, ndigits=None, /)", float_round,
     "Round to ndigits decimal places, halves going to the even neighbour.\n\nWithout ndigits the result is an int."},
    {"as_integer_ratio", "($self, /)", float_as_integer_ratio,
     "The exact value as a fraction in lowest terms: (numerator, denominator > 0).\n\nInfinities raise OverflowError, "
     "NaN raises ValueError."},
    {"fromhex", "($type, string, /)", float_fromhex, "Read the text that hex() writes, such as '0x1.8p+1'.",
     NativeDef::ClassMethod},
    {"hex", "($self, /)", float_hex, "The exact value with hexadecimal digits: (3.0).hex() == '0x1.8000000000000p+1'."},
    {"is_integer", "($self, /)", float_is_integer, "Whether the value is finite and has no fraction."},
    {"__getnewargs__", "($self, /)", float_getnewargs, nullptr},
    {"__getformat__", "($type, typestr, /)", float_getformat,
     "How the machine stores C's 'float' or 'double'. For CPython's own tests.", NativeDef::ClassMethod},
    {"__format__", "($self, format_spec, /)", float_format, "The number as text, laid out the way format_spec says."},
    {}};

}  // namespace hiss

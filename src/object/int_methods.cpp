// The methods of int.
#include <algorithm>
#include <cstring>

#include "object/bytes.h"
#include "object/index.h"
#include "object/int_internal.h"

namespace hiss {

namespace {

Ref int_self(Value self, const Value*) { return plain_int(self); }
Ref int_bit_length(Value self, const Value*) { return make_int(bit_length(self)); }
Ref int_bit_count(Value self, const Value*) {
  Mpz z;
  mpz_abs(z, MpzView(self));
  return make_uint(mpz_popcount(z));
}

Ref int_as_integer_ratio(Value self, const Value*) {
  Ref n = plain_int(self);
  return make_tuple({n, Value::integer(1)});
}

/// Rounds to a multiple of 10^-digits, ties to the even multiple.
Ref int_round(Value self, const Value* args) {
  if (!args[0] || args[0].is_none()) return plain_int(self);
  Ref digits = TRY(index(args[0]));
  if (int_sign(digits) >= 0) return plain_int(self);
  const auto n = int_value(digits);
  if (!n || -*n > bit_length(self) + 1) return make_int(0);
  Mpz unit, quotient, remainder, twice;
  mpz_ui_pow_ui(unit, 10, static_cast<unsigned long>(-*n));
  mpz_fdiv_qr(quotient, remainder, MpzView(self), unit);
  mpz_mul_2exp(twice, remainder, 1);
  const int order = mpz_cmp(twice, unit);
  if (order > 0 || (order == 0 && mpz_odd_p(static_cast<mpz_srcptr>(quotient)))) mpz_add_ui(quotient, quotient, 1);
  mpz_mul(quotient, quotient, unit);
  return quotient.to_int();
}

Ref int_getnewargs(Value self, const Value*) {
  Ref n = plain_int(self);
  return make_tuple({n});
}

Ref int_sizeof(Value self, const Value*) {
  const int64_t bits = bit_length(self);
  return make_int(24 + 4 * std::max<int64_t>((bits + 29) / 30, 0));
}

Result<bool> is_little(Value order, const char* function) {
  if (!order) return false;
  if (!is<Str>(order))
    return fail(exc::TypeError, "{}() argument 'byteorder' must be str, not {}", function, type_name(order));
  if (equal(as<Str>(order), "little")) return true;
  if (equal(as<Str>(order), "big")) return false;
  return fail(exc::ValueError, "byteorder must be either 'little' or 'big'");
}

Ref int_to_bytes(Value self, const Value* args) {
  const int64_t length = args[0] ? TRY(to_index(args[0])) : 1;
  const bool little = TRY(is_little(args[1], "to_bytes"));
  const bool is_signed = args[2] ? TRY(truth(args[2])) : false;
  if (length < 0) return fail(exc::ValueError, "length argument must be non-negative");
  const int sign = int_sign(self);
  if (sign < 0 && !is_signed) return fail(exc::OverflowError, "can't convert negative int to unsigned");
  // A negative number is stored as the complement of -n-1.
  Mpz z;
  if (sign < 0) {
    mpz_com(z, MpzView(self));
  } else {
    mpz_set(z, MpzView(self));
  }
  const int64_t bits = mpz_sgn(static_cast<mpz_srcptr>(z)) == 0 ? 0 : static_cast<int64_t>(mpz_sizeinbase(z, 2));
  if ((bits + (is_signed ? 1 : 0) + 7) / 8 > length && !(bits == 0 && sign == 0)) {
    return fail(exc::OverflowError, "int too big to convert");
  }
  Bytes* bytes = allocate_bytes(length);
  Ref result = Ref::steal(bytes);
  memset(bytes->data, 0, static_cast<size_t>(length));
  size_t written = 0;
  if (bits) mpz_export(bytes->data, &written, -1, 1, 0, 0, z);
  if (sign < 0) {
    for (int64_t i = 0; i < length; ++i) bytes->data[i] = static_cast<uint8_t>(~bytes->data[i]);
  }
  if (!little) std::reverse(bytes->data, bytes->data + length);
  return result;
}

Ref int_from_bytes(Value cls, const Value* args) {
  const bool little = TRY(is_little(args[1], "from_bytes"));
  const bool is_signed = args[2] ? TRY(truth(args[2])) : false;
  Ref bytes = TRY(to_bytes_object(args[0]));
  const Bytes* b = as<Bytes>(bytes);
  Mpz z;
  if (b->length > 0) {
    mpz_import(z, static_cast<size_t>(b->length), little ? -1 : 1, 1, 0, 0, b->data);
    const uint8_t top = b->data[little ? b->length - 1 : 0];
    if (is_signed && (top & 0x80)) {
      Mpz range;
      mpz_setbit(range, static_cast<mp_bitcnt_t>(b->length) * 8);
      mpz_sub(z, z, range);
    }
  }
  Ref plain = z.to_int();
  if (cls == to_value(&int_type)) return plain;
  return call(cls, {plain});
}

}  // namespace

const NativeDef kIntMethods[] = {
    {"conjugate", "($self, /)", int_self, "The number itself, since it has no imaginary part."},
    {"bit_length", "($self, /)", int_bit_length,
     "How many binary digits the absolute value has; none for 0.\n\n>>> (37).bit_length()\n6"},
    {"bit_count", "($self, /)", int_bit_count,
     "How many binary digits of the absolute value are 1.\n\n>>> (13).bit_count()\n3"},
    {"to_bytes", "($self, /, length=1, byteorder='big', *, signed=False)", int_to_bytes,
     "The value in length bytes, the 'big' or 'little' end first; signed means two's complement. OverflowError if it "
     "does not fit, or is negative without signed."},
    {"from_bytes", "($type, /, bytes, byteorder='big', *, signed=False)", int_from_bytes,
     "The value of bytes whose 'big' or 'little' end comes first; signed means two's complement.",
     NativeDef::ClassMethod},
    {"as_integer_ratio", "($self, /)", int_as_integer_ratio,
     "The pair (number, 1): an integer as a fraction in lowest terms."},
    {"__trunc__", "($self, /)", int_self, "The integer itself."},
    {"__floor__", "($self, /)", int_self, "The integer itself."},
    {"__ceil__", "($self, /)", int_self, "The integer itself."},
    {"__round__", "($self, ndigits=<unrepresentable>, /)", int_round,
     "The integer itself, or with a negative ndigits the nearest multiple of 10**-ndigits.\n\nOf two nearest "
     "multiples, the even one is chosen."},
    {"__getnewargs__", "($self, /)", int_getnewargs, nullptr},
    {"__format__", "($self, format_spec, /)", int_format, "The number as text, laid out the way format_spec says."},
    {"__sizeof__", "($self, /)", int_sizeof, "Memory of the object, in bytes."},
    {}};

const GetSetDef kIntGetSets[] = {{"real", plain_int, nullptr, "the number itself"},
                                 {"imag", [](Value) { return make_int(0); }, nullptr, "always 0"},
                                 {"numerator", plain_int, nullptr, "the number itself"},
                                 {"denominator", [](Value) { return make_int(1); }, nullptr, "always 1"},
                                 {}};

}  // namespace hiss

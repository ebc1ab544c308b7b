// int: immediate when it fits 49 bits, otherwise a heap object of 64-bit limbs on which GMP works. bool is immediate.
#pragma once

#include <gmp.h>

#include <optional>
#include <string>
#include <string_view>

#include "object/type.h"

namespace hiss {

/// A big integer, or any instance of a subclass of int. Immutable. The value is sign(size) * limbs (little-endian),
/// size 0: zero.
struct Int : Object {
  static constexpr Layout kLayout = Layout::Int;
  int64_t size;
  mp_limb_t limbs[];
};

Ref make_int_object(int64_t value);  // the slow part of make_int
inline Ref make_int(int64_t value) {
  if (Value::fits_integer(value)) [[likely]]
    return Ref::steal(Value::integer(value));
  return make_int_object(value);
}
Ref make_uint(uint64_t value);
Ref int_from_mpz(const mpz_t z);  // immediate when it fits
Ref int_from_double(double d);    // truncated; OverflowError / ValueError for infinity and NaN
/// A view of any int (immediate, bool, big, subclass instance) as GMP's integer, valid while the view lives.
class MpzView {
 public:
  explicit MpzView(Value v);
  const __mpz_struct* get() const { return z_; }
  operator const __mpz_struct*() const { return z_; }

 private:
  mpz_t z_;
  mp_limb_t limb_;
};

/// True for every int: immediate ints, bools, big ints, instances of subclasses.
inline bool is_int(Value v) { return v.is_integer() || is<Int>(v) || v.is_bool(); }
/// The value when it fits 64 bits; `v` must be an int.
std::optional<int64_t> int_value(Value v);
int int_sign(Value v);
/// The exact int of the same value (a bool or subclass instance becomes a plain int).
Ref plain_int(Value v);
double int_to_double(Value v, bool* overflow);  // correctly rounded
int64_t hash_int(Value v);                      // modulo 2^61-1 as CPython
bool equal_ints(Value a, Value b);
int compare_ints(Value a, Value b);
/// Digits in base 2..36, without prefix. ValueError beyond sys.set_int_max_str_digits for decimal.
Result<std::string> int_to_text(Value v, int base = 10);
/// sys.set_int_max_str_digits; 0: no limit.
extern int32_t int_max_str_digits;
/// int(text, base) with CPython's errors; base 0 reads a prefix.
Ref parse_int(std::string_view text, int base, Value original);
/// Digits already checked by the lexer ("0x1F", "123").
Ref int_from_literal(std::string_view digits);

enum class BinaryOp : uint8_t {
#define BINARY_OPERATION(field, dunder, symbol) field,
#include "object/binary_operations.def"
#undef BINARY_OPERATION
};
/// Arithmetic on two ints of any kind; NotImplemented when one is not an int.
Ref int_binary(BinaryOp op, Value a, Value b);
Ref int_power(Value base, Value exponent, Value modulus);

}  // namespace hiss

// Arithmetic on immediate numbers, for the interpreter's fast paths.
#pragma once

#include <cstdint>

#include "object/value.h"

namespace hiss {

// The sum, difference or product of two immediate ints; false when it is no immediate int. The operands are shifted to
// the top of the word, so that the processor's overflow flag tells.
inline bool add_integers(Value a, Value b, Value& out) {
  int64_t sum;
  if (__builtin_add_overflow(static_cast<int64_t>(a.bits() << 15), static_cast<int64_t>(b.bits() << 15), &sum))
    return false;
  out = Value::integer(sum >> 15);
  return true;
}
inline bool subtract_integers(Value a, Value b, Value& out) {
  int64_t difference;
  if (__builtin_sub_overflow(static_cast<int64_t>(a.bits() << 15), static_cast<int64_t>(b.bits() << 15), &difference))
    return false;
  out = Value::integer(difference >> 15);
  return true;
}
inline bool multiply_integers(Value a, Value b, Value& out) {
  int64_t product;
  if (__builtin_mul_overflow(static_cast<int64_t>(a.bits() << 15), b.integer(), &product)) return false;
  out = Value::integer(product >> 15);
  return true;
}
// Python's // and %: the quotient is rounded down, the remainder has the divisor's sign.
inline int64_t floor_divide(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}
inline int64_t floor_remainder(int64_t a, int64_t b) {
  const int64_t r = a % b;
  return (r != 0 && ((r < 0) != (b < 0))) ? r + b : r;
}

inline bool to_number(Value v, double& out) {
  if (v.is_number()) {
    out = v.number();
    return true;
  }
  if (v.is_integer()) {
    out = static_cast<double>(v.integer());
    return true;
  }
  return false;
}

}  // namespace hiss

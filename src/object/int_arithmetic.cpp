// Arithmetic on ints: immediates in registers, everything else through GMP.
#include <cmath>

#include "object/index.h"
#include "object/int_internal.h"

namespace hiss {

namespace {

constexpr int64_t kMaxBits = int64_t{1} << 36;  // beyond this a number is refused as memory would be

Ref make_int128(__int128 value) {
  if (value >= INT64_MIN && value <= INT64_MAX) return make_int(static_cast<int64_t>(value));
  const bool negative = value < 0;
  const auto magnitude = negative ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
  const mp_limb_t limbs[2] = {static_cast<mp_limb_t>(magnitude), static_cast<mp_limb_t>(magnitude >> 64)};
  mpz_t z;
  const mp_size_t n = limbs[1] ? 2 : 1;
  return int_from_mpz(mpz_roinit_n(z, limbs, negative ? -n : n));
}

int64_t floor_divide(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
}
int64_t floor_remainder(int64_t a, int64_t b) {
  const int64_t r = a % b;
  return (r != 0 && (r < 0) != (b < 0)) ? r + b : r;
}

Failure fail_zero(BinaryOp op) {
  if (op == BinaryOp::true_divide) return fail(exc::ZeroDivisionError, "division by zero");
  if (op == BinaryOp::remainder) return fail(exc::ZeroDivisionError, "integer modulo by zero");
  return fail(exc::ZeroDivisionError, "integer division or modulo by zero");
}

Ref shift_left(Value a, Value b) {
  if (int_sign(b) < 0) return fail(exc::ValueError, "negative shift count");
  if (int_sign(a) == 0) return make_int(0);
  const auto bits = int_value(b);
  if (!bits) return fail(exc::OverflowError, "too many digits in integer");
  if (a.is_integer() && *bits < 15) return make_int(a.integer() << *bits);
  if (*bits > kMaxBits) return fail_memory();
  TRY(repeated_size(*bits / 8 + 1, 1, 1));
  Mpz r;
  mpz_mul_2exp(r, MpzView(a), static_cast<mp_bitcnt_t>(*bits));
  return r.to_int();
}

Ref shift_right(Value a, Value b) {
  if (int_sign(b) < 0) return fail(exc::ValueError, "negative shift count");
  const auto bits = int_value(b);
  if (!bits) return make_int(int_sign(a) < 0 ? -1 : 0);
  if (a.is_integer()) return make_int(a.integer() >> std::min<int64_t>(*bits, 63));
  Mpz r;
  mpz_fdiv_q_2exp(r, MpzView(a), static_cast<mp_bitcnt_t>(*bits));
  return r.to_int();
}

// a op b of ints of 64 bits. Empty: GMP is needed, or an error is to be raised.
Ref binary_words(BinaryOp op, int64_t a, int64_t b) {
  int64_t result;
  switch (op) {
    case BinaryOp::add:
      return __builtin_add_overflow(a, b, &result) ? Ref() : make_int(result);
    case BinaryOp::subtract:
      return __builtin_sub_overflow(a, b, &result) ? Ref() : make_int(result);
    case BinaryOp::multiply:
      if (!__builtin_mul_overflow(a, b, &result)) return make_int(result);
      return make_int128(static_cast<__int128>(a) * b);
    case BinaryOp::floor_divide:
      return b == 0 || a == INT64_MIN ? Ref() : make_int(floor_divide(a, b));
    case BinaryOp::remainder:
      return b == 0 || a == INT64_MIN ? Ref() : make_int(floor_remainder(a, b));
    case BinaryOp::and_:
      return make_int(a & b);
    case BinaryOp::or_:
      return make_int(a | b);
    case BinaryOp::xor_:
      return make_int(a ^ b);
    case BinaryOp::rshift:
      return b < 0 ? Ref() : make_int(a >> std::min<int64_t>(b, 63));
    default:
      return Ref();
  }
}

// The same for ints of 49 bits.
Ref binary_small(BinaryOp op, int64_t a, int64_t b) {
  const bool divides = op == BinaryOp::floor_divide || op == BinaryOp::remainder || op == BinaryOp::divmod ||
                       op == BinaryOp::true_divide;
  if (divides && b == 0) return fail_zero(op);
  switch (op) {
    case BinaryOp::divmod: {
      Ref q = make_int(floor_divide(a, b)), r = make_int(floor_remainder(a, b));
      return make_tuple({q, r});
    }
    case BinaryOp::true_divide:
      // Both are exact as doubles, so the quotient is rounded once.
      return make_float(static_cast<double>(a) / static_cast<double>(b));
    case BinaryOp::lshift:
      if (b >= 0 && b < 15) return make_int(a * (int64_t{1} << b));
      return shift_left(Value::integer(a), Value::integer(b));
    case BinaryOp::rshift:
      return shift_right(Value::integer(a), Value::integer(b));
    default: {
      Ref result = binary_words(op, a, b);
      return result.is_empty() ? Ref::not_implemented() : result;
    }
  }
}

// The magnitude of an int that is not negative and has one limb or none.
inline bool word_of(Value v, uint64_t& word) {
  if (v.is_integer()) {
    word = static_cast<uint64_t>(v.integer());
    return v.integer() >= 0;
  }
  if (as<Int>(v)->size != 1) return false;
  word = as<Int>(v)->limbs[0];
  return true;
}

// Bitwise operations on hashes of 64 bits, the commonest of the ints that are not immediate.
Ref bitwise_words(BinaryOp op, uint64_t a, uint64_t b) {
  if (op == BinaryOp::xor_) return make_uint(a ^ b);
  if (op == BinaryOp::and_) return make_uint(a & b);
  if (op == BinaryOp::or_) return make_uint(a | b);
  return Ref();
}

}  // namespace

Ref divide_exactly_rounded(Value numerator, Value denominator) {
  constexpr int kMantissa = 53, kMinExponent = -1021;
  const MpzView a(numerator), b(denominator);
  if (mpz_sgn(a.get()) == 0) return make_float(mpz_sgn(b.get()) < 0 ? -0.0 : 0.0);
  const bool negative = (mpz_sgn(a.get()) < 0) != (mpz_sgn(b.get()) < 0);
  const int64_t difference = bit_length(numerator) - bit_length(denominator);
  if (difference > 1024) return fail(exc::OverflowError, "integer division result too large for a float");
  if (difference < kMinExponent - kMantissa - 1) return make_float(negative ? -0.0 : 0.0);
  // A quotient of at least two bits more than a double holds; the remainder is folded into the last bit.
  const int64_t shift = std::max<int64_t>(difference, kMinExponent) - kMantissa - 2;
  Mpz n, d, q, r;
  mpz_abs(n, a);
  mpz_abs(d, b);
  if (shift <= 0) {
    mpz_mul_2exp(n, n, static_cast<mp_bitcnt_t>(-shift));
  } else {
    mpz_mul_2exp(d, d, static_cast<mp_bitcnt_t>(shift));
  }
  mpz_tdiv_qr(q, r, n, d);
  uint64_t x = mpz_get_ui(q);
  const bool inexact = mpz_sgn(static_cast<mpz_srcptr>(r)) != 0;
  const int64_t bits = x ? 64 - __builtin_clzll(x) : 0;
  const int64_t extra = std::max<int64_t>(bits, kMinExponent - shift) - kMantissa;
  const uint64_t half = uint64_t{1} << (extra - 1);
  const uint64_t low = x | (inexact ? 1 : 0);
  if ((low & half) && (low & (3 * half - 1))) x += half;
  x &= ~(2 * half - 1);
  const double result = std::ldexp(static_cast<double>(x), static_cast<int>(shift));
  if (std::isinf(result)) return fail(exc::OverflowError, "integer division result too large for a float");
  return make_float(negative ? -result : result);
}

Ref int_binary(BinaryOp op, Value a, Value b) {
  if (Value::both_integers(a, b)) [[likely]]
    return binary_small(op, a.integer(), b.integer());
  if (!is_int(a) || !is_int(b)) return Ref::not_implemented();
  if (a.is_bool()) a = Value::integer(a.boolean());
  if (b.is_bool()) b = Value::integer(b.boolean());
  if (Value::both_integers(a, b)) return binary_small(op, a.integer(), b.integer());
  uint64_t left_word, right_word;
  if (word_of(a, left_word) && word_of(b, right_word)) {
    if (Ref result = bitwise_words(op, left_word, right_word)) return result;
  }
  if (const auto left = int_value(a), right = int_value(b); left && right) {
    if (Ref result = binary_words(op, *left, *right)) return result;
  }
  const MpzView x(a), y(b);
  const bool by_zero = mpz_sgn(y.get()) == 0;
  Mpz r;
  switch (op) {
    case BinaryOp::add:
      mpz_add(r, x, y);
      break;
    case BinaryOp::subtract:
      mpz_sub(r, x, y);
      break;
    case BinaryOp::multiply:
      if (bit_length(a) + bit_length(b) > kMaxBits) return fail_memory();
      mpz_mul(r, x, y);
      break;
    case BinaryOp::floor_divide:
      if (by_zero) return fail_zero(op);
      mpz_fdiv_q(r, x, y);
      break;
    case BinaryOp::remainder:
      if (by_zero) return fail_zero(op);
      mpz_fdiv_r(r, x, y);
      break;
    case BinaryOp::divmod: {
      if (by_zero) return fail_zero(op);
      Mpz q;
      mpz_fdiv_qr(q, r, x, y);
      Ref quotient = q.to_int(), remainder = r.to_int();
      return make_tuple({quotient, remainder});
    }
    case BinaryOp::true_divide:
      if (by_zero) return fail_zero(op);
      return divide_exactly_rounded(a, b);
    case BinaryOp::and_:
      mpz_and(r, x, y);
      break;
    case BinaryOp::or_:
      mpz_ior(r, x, y);
      break;
    case BinaryOp::xor_:
      mpz_xor(r, x, y);
      break;
    case BinaryOp::lshift:
      return shift_left(a, b);
    case BinaryOp::rshift:
      return shift_right(a, b);
    default:
      return Ref::not_implemented();
  }
  return r.to_int();
}

Ref int_power(Value base, Value exponent, Value modulus) {
  if (!is_int(base) || !is_int(exponent)) return Ref::not_implemented();
  if (!modulus.is_none()) {
    if (!is_int(modulus)) return Ref::not_implemented();
    const MpzView m(modulus), e(exponent);
    if (mpz_sgn(m.get()) == 0) return fail(exc::ValueError, "pow() 3rd argument cannot be 0");
    Mpz r, positive;
    mpz_abs(positive, m);
    if (mpz_sgn(e.get()) < 0) {
      Mpz inverse, minus;
      if (!mpz_invert(inverse, MpzView(base), positive)) {
        if (mpz_cmp_ui(static_cast<mpz_srcptr>(positive), 1) != 0) {
          return fail(exc::ValueError, "base is not invertible for the given modulus");
        }
        return make_int(0);
      }
      mpz_neg(minus, e);
      mpz_powm(r, inverse, minus, positive);
    } else {
      mpz_powm(r, MpzView(base), e, positive);
    }
    if (mpz_sgn(m.get()) < 0 && mpz_sgn(static_cast<mpz_srcptr>(r)) != 0) mpz_add(r, r, m);
    return r.to_int();
  }
  if (int_sign(exponent) < 0) {
    bool overflow = false;
    const double x = int_to_double(base, &overflow);
    if (overflow) return fail(exc::OverflowError, "int too large to convert to float");
    const double y = int_to_double(exponent, &overflow);
    if (overflow) return fail(exc::OverflowError, "int too large to convert to float");
    Ref fx = make_float(x), fy = make_float(y);
    return power(fx, fy);
  }
  const auto e = int_value(exponent);
  if (base.is_integer()) {
    const int64_t b = base.integer();
    if (b == 0 || b == 1) return make_int(e && *e == 0 ? 1 : b);
    if (b == -1) {
      Ref odd = int_binary(BinaryOp::and_, exponent, Value::integer(1));
      return make_int(int_sign(odd) ? -1 : 1);
    }
    if (e) {
      // Square and multiply in 64 bits for as long as nothing overflows.
      int64_t result = 1, square = b;
      bool fits = true;
      for (int64_t n = *e; n > 0;) {
        if ((n & 1) && __builtin_mul_overflow(result, square, &result)) fits = false;
        n >>= 1;
        if (n && __builtin_mul_overflow(square, square, &square)) fits = false;
        if (!fits) break;
      }
      if (fits) return make_int(result);
    }
  }
  if (int_sign(base) == 0) return make_int(e && *e == 0 ? 1 : 0);
  if (!e || static_cast<__int128>(bit_length(base) - 1) * *e > kMaxBits) return fail_memory();
  Mpz r;
  mpz_pow_ui(r, MpzView(base), static_cast<unsigned long>(*e));
  return r.to_int();
}

}  // namespace hiss

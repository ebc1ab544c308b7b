// int: representation, conversion from and to C++ numbers, comparison, hash.
#include "object/int.h"
#include "memory/collector.h"

#include <cmath>
#include <cstring>

#include "memory/small_objects.h"
#include "object/int_internal.h"

namespace hiss {

namespace {
constexpr uint64_t kHashModulus = (uint64_t{1} << 61) - 1;

int64_t limb_count(const Int* i) { return i->size < 0 ? -i->size : i->size; }

// A plain int of one limb, the commonest heap object: its header is written here, field by field.
Int* allocate_one_limb() {
  auto* i = static_cast<Int*>(allocate_small(sizeof(Int) + sizeof(mp_limb_t)));
  i->refs = 1;
  i->layout = Layout::Int;
  i->flags = 0;
  i->value_capacity = 0;
  i->type = &int_type;
  return i;
}

Int* allocate_int(Type* type, int64_t limbs) {
  return static_cast<Int*>(allocate(type, static_cast<size_t>(limbs) * sizeof(mp_limb_t)));
}

/// The word of an exact small int: immediate ints and bools.
bool small_value(Value v, int64_t& out) {
  if (v.is_integer()) {
    out = v.integer();
    return true;
  }
  if (v.is_bool()) {
    out = v.boolean();
    return true;
  }
  return false;
}
}  // namespace

Ref make_int_object(int64_t value) {
  Int* i = allocate_one_limb();
  i->size = value < 0 ? -1 : 1;
  i->limbs[0] = value < 0 ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  return Ref::steal(i);
}

Ref make_uint(uint64_t value) {
  if (value <= static_cast<uint64_t>(kMaxImmediateInt)) return Ref::steal(Value::integer(static_cast<int64_t>(value)));
  Int* i = allocate_one_limb();
  i->size = 1;
  i->limbs[0] = value;
  return Ref::steal(i);
}

Ref int_from_mpz(const mpz_t z) {
  const int64_t n = z->_mp_size < 0 ? -z->_mp_size : z->_mp_size;
  if (n == 0) return Ref::steal(Value::integer(0));
  if (n == 1) {
    const uint64_t limb = z->_mp_d[0];
    if (limb <= static_cast<uint64_t>(INT64_MAX)) {
      return make_int(z->_mp_size < 0 ? -static_cast<int64_t>(limb) : static_cast<int64_t>(limb));
    }
  }
  Int* i = allocate_int(&int_type, n);
  i->size = z->_mp_size;
  memcpy(i->limbs, z->_mp_d, static_cast<size_t>(n) * sizeof(mp_limb_t));
  return Ref::steal(i);
}

Ref int_of_class(Type* cls, Value plain) {
  if (cls == &int_type) return Ref::share(plain);
  const MpzView z(plain);
  const int64_t n = static_cast<int64_t>(mpz_size(z));
  Int* i = allocate_int(cls, n);
  i->size = z.get()->_mp_size;
  if (n) memcpy(i->limbs, z.get()->_mp_d, static_cast<size_t>(n) * sizeof(mp_limb_t));
  if (has_gc(i)) track(i);
  return Ref::steal(i);
}

MpzView::MpzView(Value v) {
  int64_t small;
  if (small_value(v, small)) {
    limb_ = small < 0 ? uint64_t{0} - static_cast<uint64_t>(small) : static_cast<uint64_t>(small);
    mpz_roinit_n(z_, &limb_, small < 0 ? -1 : small > 0 ? 1 : 0);
  } else {
    Int* i = as<Int>(v);
    mpz_roinit_n(z_, i->limbs, i->size);
  }
}

std::optional<int64_t> int_value(Value v) {
  int64_t small;
  if (small_value(v, small)) return small;
  const Int* i = as<Int>(v);
  if (i->size == 0) return 0;
  if (i->size == 1) {
    if (i->limbs[0] <= static_cast<uint64_t>(INT64_MAX)) return static_cast<int64_t>(i->limbs[0]);
  } else if (i->size == -1) {
    if (i->limbs[0] <= uint64_t{1} << 63) return static_cast<int64_t>(uint64_t{0} - i->limbs[0]);
  }
  return std::nullopt;
}

int int_sign(Value v) {
  int64_t small;
  if (!small_value(v, small)) small = as<Int>(v)->size;
  return small < 0 ? -1 : small > 0;
}

Ref plain_int(Value v) {
  if (v.is_integer() || is_exact(v, int_type)) return Ref::share(v);
  if (v.is_bool()) return Ref::steal(Value::integer(v.boolean()));
  return int_from_mpz(MpzView(v));
}

Ref int_from_double(double d) {
  if (std::isinf(d)) return fail(exc::OverflowError, "cannot convert float infinity to integer");
  if (std::isnan(d)) return fail(exc::ValueError, "cannot convert float NaN to integer");
  if (std::fabs(d) < 9.2e18) return make_int(static_cast<int64_t>(d));
  Mpz z;
  mpz_set_d(z, d);
  return z.to_int();
}

int64_t bit_length(Value v) {
  const MpzView z(v);
  return mpz_sgn(z.get()) == 0 ? 0 : static_cast<int64_t>(mpz_sizeinbase(z, 2));
}

double int_to_double(Value v, bool* overflow) {
  *overflow = false;
  int64_t small;
  if (small_value(v, small)) return static_cast<double>(small);
  const Int* i = as<Int>(v);
  const int64_t n = limb_count(i);
  if (n == 0) return 0.0;
  double d;
  int64_t exponent = 0;
  if (n == 1) {
    d = static_cast<double>(i->limbs[0]);
  } else {
    // The top 64 bits, with every lower bit folded into the last: the conversion then rounds as the whole number would.
    const int shift = __builtin_clzll(i->limbs[n - 1]);
    uint64_t top = i->limbs[n - 1] << shift;
    bool sticky = false;
    if (shift) {
      top |= i->limbs[n - 2] >> (64 - shift);
      sticky = (i->limbs[n - 2] << shift) != 0;
    } else {
      sticky = i->limbs[n - 2] != 0;
    }
    for (int64_t k = n - 3; k >= 0 && !sticky; --k) sticky = i->limbs[k] != 0;
    if (sticky) top |= 1;
    exponent = (n - 1) * 64 - shift;
    if (exponent > 1100) {
      *overflow = true;
      return HUGE_VAL;
    }
    d = std::ldexp(static_cast<double>(top), static_cast<int>(exponent));
    if (std::isinf(d)) *overflow = true;
  }
  return i->size < 0 ? -d : d;
}

int64_t hash_int(Value v) {
  int64_t small;
  if (small_value(v, small)) return small == -1 ? -2 : small;
  const Int* i = as<Int>(v);
  uint64_t h = 0;
  for (int64_t k = limb_count(i); k-- > 0;) {
    const unsigned __int128 x = (static_cast<unsigned __int128>(h) << 64) | i->limbs[k];
    // 2^61 is 1 modulo 2^61-1: the parts of 61 bits are added.
    h = (static_cast<uint64_t>(x) & kHashModulus) + static_cast<uint64_t>((x >> 61) & kHashModulus) +
        static_cast<uint64_t>(x >> 122);
    h = (h & kHashModulus) + (h >> 61);
    if (h >= kHashModulus) h -= kHashModulus;
  }
  const int64_t hash = i->size < 0 ? -static_cast<int64_t>(h) : static_cast<int64_t>(h);
  return hash == -1 ? -2 : hash;
}

int compare_ints(Value a, Value b) {
  int64_t x, y;
  if (small_value(a, x) && small_value(b, y)) return x < y ? -1 : x > y;
  const int order = mpz_cmp(MpzView(a), MpzView(b));
  return order < 0 ? -1 : order > 0;
}

bool equal_ints(Value a, Value b) { return a == b || compare_ints(a, b) == 0; }

}  // namespace hiss

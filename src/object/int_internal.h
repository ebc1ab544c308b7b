// What the files of int need of each other.
#pragma once

#include "object/int.h"
#include "object/protocol.h"

namespace hiss {

/// A GMP integer that is freed on scope exit.
class Mpz {
 public:
  Mpz() { mpz_init(z_); }
  explicit Mpz(Value v) { mpz_init_set(z_, MpzView(v)); }
  Mpz(const Mpz&) = delete;
  Mpz& operator=(const Mpz&) = delete;
  ~Mpz() { mpz_clear(z_); }
  operator mpz_ptr() { return z_; }
  operator mpz_srcptr() const { return z_; }
  Ref to_int() const { return int_from_mpz(z_); }

 private:
  mpz_t z_;
};

/// Any real int as an instance of `cls` (a subclass of int).
Ref int_of_class(Type* cls, Value plain);
/// Bits of the absolute value.
int64_t bit_length(Value v);
/// The float of numerator / denominator, correctly rounded. `denominator` is not zero.
Ref divide_exactly_rounded(Value numerator, Value denominator);
extern const NativeDef kIntMethods[];
extern const GetSetDef kIntGetSets[];
Ref int_new(Type* cls, const Args& args);
Ref int_format(Value self, const Value* args);

}  // namespace hiss

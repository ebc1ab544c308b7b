// math: the C library's functions with Python's errors, and exact integer functions.
#include <cfloat>
#include <cmath>
#include <vector>

#include "object/function.h"
#include "object/int.h"
#include "object/int_internal.h"
#include "object/protocol.h"

namespace hiss {

namespace {

Failure domain() { return fail(exc::ValueError, "math domain error"); }
Failure range() { return fail(exc::OverflowError, "math range error"); }

// NaN from numbers is a domain error; infinity from finite numbers is an overflow (or a domain error at a pole).
template <double (*function)(double), bool can_overflow = false>
Ref unary(Value, const Value* a) {
  const double x = TRY(to_double(a[0]));
  const double y = function(x);
  if (std::isnan(y) && !std::isnan(x)) return domain();
  if (std::isinf(y) && std::isfinite(x)) return can_overflow ? range() : domain();
  return make_float(y);
}
double sin_(double x) { return std::sin(x); }
double cos_(double x) { return std::cos(x); }
double tan_(double x) { return std::tan(x); }
double asin_(double x) { return std::asin(x); }
double acos_(double x) { return std::acos(x); }
double atan_(double x) { return std::atan(x); }
double sinh_(double x) { return std::sinh(x); }
double cosh_(double x) { return std::cosh(x); }
double tanh_(double x) { return std::tanh(x); }
double asinh_(double x) { return std::asinh(x); }
double acosh_(double x) { return std::acosh(x); }
double atanh_(double x) { return std::atanh(x); }
double exp_(double x) { return std::exp(x); }
double exp2_(double x) { return std::exp2(x); }
double expm1_(double x) { return std::expm1(x); }
double log1p_(double x) { return std::log1p(x); }
double sqrt_(double x) { return std::sqrt(x); }
double cbrt_(double x) { return std::cbrt(x); }
double erf_(double x) { return std::erf(x); }
double erfc_(double x) { return std::erfc(x); }
double fabs_(double x) { return std::fabs(x); }
double gamma_(double x) {
  if (x == 0 || (x < 0 && (std::isinf(x) || x == std::floor(x)))) return NAN;
  return std::tgamma(x);
}
double lgamma_(double x) {
  if (x <= 0 && std::isfinite(x) && x == std::floor(x)) return NAN;
  return std::lgamma(x);
}

// log of ints beyond double: log(m * 2^e).
Result<double> log_of(Value v, double (*function)(double), double ln2_in_base) {
  if (is_int(v)) {
    if (int_sign(v) <= 0) return domain();
    bool overflow = false;
    const double d = int_to_double(v, &overflow);
    if (!overflow) return function(d);
    MpzView z(v);
    signed long exponent;
    const double m = mpz_get_d_2exp(&exponent, z);
    return function(m) + static_cast<double>(exponent) * ln2_in_base;
  }
  const double x = TRY(to_double(v));
  if (std::isnan(x)) return x;
  if (x <= 0) return domain();
  return function(x);
}
double ln(double x) { return std::log(x); }
double log2_(double x) { return std::log2(x); }
double log10_(double x) { return std::log10(x); }
Ref math_log(Value, const Value* a) {
  const double x = TRY(log_of(a[0], ln, M_LN2));
  if (!a[1]) return make_float(x);
  const double base = TRY(log_of(a[1], ln, M_LN2));
  if (base == 0) return fail(exc::ZeroDivisionError, "float division by zero");
  return make_float(x / base);
}
Ref math_log2(Value, const Value* a) { return make_float(TRY(log_of(a[0], log2_, 1.0))); }
Ref math_log10(Value, const Value* a) { return make_float(TRY(log_of(a[0], log10_, M_LN2 / M_LN10))); }

Ref math_atan2(Value, const Value* a) { return make_float(std::atan2(TRY(to_double(a[0])), TRY(to_double(a[1])))); }
Ref math_copysign(Value, const Value* a) {
  return make_float(std::copysign(TRY(to_double(a[0])), TRY(to_double(a[1]))));
}
Ref math_remainder(Value, const Value* a) {
  const double x = TRY(to_double(a[0])), y = TRY(to_double(a[1]));
  const double r = std::remainder(x, y);
  if (std::isnan(r) && !std::isnan(x) && !std::isnan(y)) return domain();
  return make_float(r);
}
Ref math_fmod(Value, const Value* a) {
  const double x = TRY(to_double(a[0])), y = TRY(to_double(a[1]));
  const double r = std::fmod(x, y);
  if (std::isnan(r) && !std::isnan(x) && !std::isnan(y)) return domain();
  return make_float(r);
}
Ref math_pow(Value, const Value* a) {
  const double x = TRY(to_double(a[0])), y = TRY(to_double(a[1]));
  const double r = std::pow(x, y);
  if (std::isfinite(x) && std::isfinite(y)) {
    if (std::isnan(r)) return domain();
    if (std::isinf(r)) return x == 0 ? domain() : range();
  }
  return make_float(r);
}
Ref math_ldexp(Value, const Value* a) {
  const double x = TRY(to_double(a[0]));
  if (!is_int(a[1])) return fail(exc::TypeError, "Expected an int as second argument to ldexp.");
  const auto e = int_value(a[1]);
  if (x == 0 || !std::isfinite(x)) return make_float(x);
  if (!e || *e > 100000) return int_sign(a[1]) > 0 ? Ref(range()) : make_float(std::copysign(0.0, x));
  if (*e < -100000) return make_float(std::copysign(0.0, x));
  const double r = std::ldexp(x, static_cast<int>(*e));
  if (std::isinf(r)) return range();
  return make_float(r);
}
Ref math_frexp(Value, const Value* a) {
  const double x = TRY(to_double(a[0]));
  int e = 0;
  const double m = std::isfinite(x) ? std::frexp(x, &e) : x;
  Ref mantissa = make_float(m);
  return make_tuple({mantissa, Value::integer(e)});
}
Ref math_modf(Value, const Value* a) {
  const double x = TRY(to_double(a[0]));
  double whole;
  Ref fraction = make_float(std::isinf(x) ? std::copysign(0.0, x) : std::modf(x, &whole));
  if (std::isinf(x)) whole = x;
  if (std::isnan(x)) whole = x;
  Ref w = make_float(whole);
  return make_tuple({fraction, w});
}
Ref math_nextafter(Value, const Value* a) {
  return make_float(std::nextafter(TRY(to_double(a[0])), TRY(to_double(a[1]))));
}
Ref math_ulp(Value, const Value* a) {
  double x = std::fabs(TRY(to_double(a[0])));
  if (!std::isfinite(x)) return make_float(x);
  const double next_up = std::nextafter(x, INFINITY);
  if (std::isinf(next_up)) return make_float(x - std::nextafter(x, -INFINITY));
  return make_float(next_up - x);
}

Ref rounded(Value v, Str* method_name, double (*function)(double)) {
  if (!is_exact(v, float_type) && !v.is_number()) {
    Ref method = TRY(lookup_special(v, method_name));
    if (!method.is_empty()) return call(method);
  }
  return int_from_double(function(TRY(to_double(v))));
}
double floor_(double x) { return std::floor(x); }
double ceil_(double x) { return std::ceil(x); }
Ref math_floor(Value, const Value* a) { return rounded(a[0], names.__floor__, floor_); }
Ref math_ceil(Value, const Value* a) { return rounded(a[0], names.__ceil__, ceil_); }
Ref math_trunc(Value, const Value* a) {
  if (a[0].is_number()) return int_from_double(a[0].number());
  Ref method = TRY(lookup_special(a[0], names.__trunc__));
  if (method.is_empty()) return fail(exc::TypeError, "type {} doesn't define __trunc__ method", type_name(a[0]));
  return call(method);
}
Ref math_isfinite(Value, const Value* a) { return Ref::boolean(std::isfinite(TRY(to_double(a[0])))); }
Ref math_isinf(Value, const Value* a) { return Ref::boolean(std::isinf(TRY(to_double(a[0])))); }
Ref math_isnan(Value, const Value* a) { return Ref::boolean(std::isnan(TRY(to_double(a[0])))); }
Ref math_isclose(Value, const Value* a) {
  const double x = TRY(to_double(a[0])), y = TRY(to_double(a[1]));
  const double relative = a[2] ? TRY(to_double(a[2])) : 1e-9, absolute = a[3] ? TRY(to_double(a[3])) : 0.0;
  if (relative < 0 || absolute < 0) return fail(exc::ValueError, "tolerances must be non-negative");
  if (x == y) return Ref::boolean(true);
  if (std::isinf(x) || std::isinf(y)) return Ref::boolean(false);
  const double difference = std::fabs(y - x);
  return Ref::boolean(difference <= std::fabs(relative * y) || difference <= std::fabs(relative * x) ||
                      difference <= absolute);
}
Ref math_degrees(Value, const Value* a) { return make_float(TRY(to_double(a[0])) * (180.0 / M_PI)); }
Ref math_radians(Value, const Value* a) { return make_float(TRY(to_double(a[0])) * (M_PI / 180.0)); }

// Euclidean length without overflow or underflow on the way (scaled, compensated).
double vector_norm(std::vector<double>& v) {
  double largest = 0;
  bool nan = false;
  for (double& x : v) {
    x = std::fabs(x);
    if (std::isinf(x)) return INFINITY;
    nan |= std::isnan(x);
    largest = std::max(largest, x);
  }
  if (nan) return NAN;
  if (largest == 0) return 0;
  int e;
  std::frexp(largest, &e);
  long double sum = 0;
  for (double x : v) {
    const long double scaled = std::ldexp(static_cast<long double>(x), -e);
    sum += scaled * scaled;
  }
  return static_cast<double>(std::ldexp(std::sqrt(sum), e));
}
Ref math_hypot(Value, const Value* a) {
  std::vector<double> v;
  for (Value x : *as<Tuple>(a[0])) v.push_back(TRY(to_double(x)));
  return make_float(vector_norm(v));
}
Ref math_dist(Value, const Value* a) {
  Ref p = TRY(to_tuple(a[0])), q = TRY(to_tuple(a[1]));
  if (as<Tuple>(p)->size != as<Tuple>(q)->size)
    return fail(exc::ValueError, "both points must have the same number of dimensions");
  std::vector<double> v;
  for (int64_t i = 0; i < as<Tuple>(p)->size; ++i)
    v.push_back(TRY(to_double(as<Tuple>(p)->items[i])) - TRY(to_double(as<Tuple>(q)->items[i])));
  return make_float(vector_norm(v));
}

// Shewchuk's algorithm: the exact sum, rounded once.
Ref math_fsum(Value, const Value* a) {
  std::vector<double> partials;
  double special = 0, infinities = 0;
  TRY(for_each(a[0], [&](Value item) -> Status {
    double x = TRY(to_double(item));
    const double original = x;
    size_t kept = 0;
    for (double y : partials) {
      if (std::fabs(x) < std::fabs(y)) std::swap(x, y);
      const volatile double high = x + y;
      const volatile double low = y - (high - x);
      if (low != 0) partials[kept++] = low;
      x = high;
    }
    partials.resize(kept);
    if (x != 0) {
      if (!std::isfinite(x)) {
        if (std::isfinite(original)) return fail(exc::OverflowError, "intermediate overflow in fsum");
        if (std::isinf(original)) infinities += original;
        special += original;
        partials.clear();
      } else {
        partials.push_back(x);
      }
    }
    return kOk;
  }));
  if (special != 0) {
    if (std::isnan(infinities)) return fail(exc::ValueError, "-inf + inf in fsum");
    return make_float(special);
  }
  double high = 0;
  size_t n = partials.size();
  if (n > 0) {
    high = partials[--n];
    double low = 0;
    while (n > 0) {
      const double x = high, y = partials[--n];
      high = x + y;
      low = y - (high - x);
      if (low != 0) break;
    }
    if (n > 0 && ((low < 0 && partials[n - 1] < 0) || (low > 0 && partials[n - 1] > 0))) {
      const double y = low * 2, x = high + y;
      if (y == x - high) high = x;
    }
  }
  return make_float(high);
}

Ref math_prod(Value, const Value* a) {
  Ref product = a[1] ? Ref::share(a[1]) : make_int(1);
  TRY(for_each(a[0], [&](Value item) -> Status {
    product = TRY(binary(BinaryOp::multiply, product, item));
    return kOk;
  }));
  return product;
}

// ---- Integers

Ref math_factorial(Value, const Value* a) {
  if (is_float(a[0])) return fail(exc::TypeError, "'float' object cannot be interpreted as an integer");
  Ref n = TRY(index(a[0]));
  if (int_sign(n) < 0) return fail(exc::ValueError, "factorial() not defined for negative values");
  const auto value = int_value(n);
  if (!value || *value > 10000000)
    return fail(exc::OverflowError, "factorial() argument should not exceed {}", INT64_MAX);
  mpz_t z;
  mpz_init(z);
  mpz_fac_ui(z, static_cast<unsigned long>(*value));
  Ref result = int_from_mpz(z);
  mpz_clear(z);
  return result;
}
Ref fold_integers(Value items, int64_t start, void (*combine)(mpz_ptr, mpz_srcptr, mpz_srcptr)) {
  mpz_t z;
  mpz_init_set_si(z, start);
  for (Value v : *as<Tuple>(items)) {
    Ref n = index(v);
    if (n.is_error()) {
      mpz_clear(z);
      return n;
    }
    MpzView view(n);
    combine(z, z, view);
  }
  mpz_abs(z, z);
  Ref result = int_from_mpz(z);
  mpz_clear(z);
  return result;
}
void gcd_step(mpz_ptr out, mpz_srcptr a, mpz_srcptr b) { mpz_gcd(out, a, b); }
void lcm_step(mpz_ptr out, mpz_srcptr a, mpz_srcptr b) { mpz_lcm(out, a, b); }
Ref math_gcd(Value, const Value* a) { return fold_integers(a[0], 0, gcd_step); }
Ref math_lcm(Value, const Value* a) { return fold_integers(a[0], 1, lcm_step); }
Ref math_isqrt(Value, const Value* a) {
  Ref n = TRY(index(a[0]));
  if (int_sign(n) < 0) return fail(exc::ValueError, "isqrt() argument must be nonnegative");
  MpzView view(n);
  mpz_t z;
  mpz_init(z);
  mpz_sqrt(z, view);
  Ref result = int_from_mpz(z);
  mpz_clear(z);
  return result;
}
Ref choose(const Value* a, bool ordered, const char* n_name) {
  Ref n = TRY(index(a[0]));
  Ref k = a[1] && !a[1].is_none() ? TRY(index(a[1])) : n;
  if (int_sign(n) < 0) return fail(exc::ValueError, "{} must be a non-negative integer", n_name);
  if (int_sign(k) < 0) return fail(exc::ValueError, "k must be a non-negative integer");
  if (compare_ints(k, n) > 0) return make_int(0);
  const auto count = int_value(k);
  mpz_t z;
  mpz_init(z);
  MpzView view(n);
  if (!ordered) {
    // C(n, k) = C(n, n - k): the smaller one.
    mpz_sub_ui(z, view, 0);
    mpz_t other;
    mpz_init(other);
    MpzView k_view(k);
    mpz_sub(other, view, k_view);
    if (mpz_cmp(other, k_view) > 0) mpz_set(other, k_view);
    if (!mpz_fits_ulong_p(other)) {
      mpz_clear(other);
      mpz_clear(z);
      return fail(exc::OverflowError, "min(n - k, k) must not exceed {}", INT64_MAX);
    }
    mpz_bin_ui(z, view, mpz_get_ui(other));
    mpz_clear(other);
  } else {
    if (!count) {
      mpz_clear(z);
      return fail(exc::OverflowError, "k must not exceed {}", INT64_MAX);
    }
    mpz_set_ui(z, 1);
    mpz_t factor;
    mpz_init(factor);
    for (int64_t i = 0; i < *count; ++i) {
      mpz_sub_ui(factor, view, static_cast<unsigned long>(i));
      mpz_mul(z, z, factor);
    }
    mpz_clear(factor);
  }
  Ref result = int_from_mpz(z);
  mpz_clear(z);
  return result;
}
Ref math_comb(Value, const Value* a) { return choose(a, false, "n"); }
Ref math_perm(Value, const Value* a) { return choose(a, true, "n"); }

#define UNARY(name, overflows, text) \
  { #name, "($module, x, /)", unary < name##_, overflows>, text }
const NativeDef kFunctions[] = {
    UNARY(sin, false, "The sine of the angle x, in radians."),
    UNARY(cos, false, "The cosine of the angle x, in radians."),
    UNARY(tan, false, "The tangent of the angle x, in radians."),
    UNARY(asin, false, "The angle in radians, from -pi/2 to pi/2, whose sine is x."),
    UNARY(acos, false, "The angle in radians, from 0 to pi, whose cosine is x."),
    UNARY(atan, false, "The angle in radians, from -pi/2 to pi/2, whose tangent is x."),
    UNARY(sinh, true, "The hyperbolic sine of x: (e**x - e**-x) / 2."),
    UNARY(cosh, true, "The hyperbolic cosine of x: (e**x + e**-x) / 2."),
    UNARY(tanh, false, "The hyperbolic tangent of x: sinh(x) / cosh(x)."),
    UNARY(asinh, false, "The number whose hyperbolic sine is x."),
    UNARY(acosh, false, "The number, at least 0, whose hyperbolic cosine is x."),
    UNARY(atanh, false, "The number whose hyperbolic tangent is x."),
    UNARY(exp, true, "e**x, where e is the base of natural logarithms."),
    UNARY(exp2, true, "2**x as a float."),
    UNARY(expm1, true, "e**x - 1, exact even for x near 0."),
    UNARY(log1p, false, "The natural logarithm of 1 + x, exact even for x near 0."),
    UNARY(sqrt, false, "The square root of x; ValueError if x is below 0."),
    UNARY(cbrt, false, "The cube root of x, which has the sign of x."),
    UNARY(erf, false, "The error function of x."),
    UNARY(erfc, false, "1 - erf(x), exact even where that is near 0."),
    UNARY(fabs, false, "The absolute value of x as a float."),
    UNARY(gamma, true, "The gamma function of x, which is (x-1)! for whole x."),
    UNARY(lgamma, true, "log(abs(gamma(x))), without overflow in between."),
    {"log", "($module, x, base=math.e, /)", math_log, "The logarithm of x to base, by default e."},
    {"log2", "($module, x, /)", math_log2, "The logarithm of x to base 2."},
    {"log10", "($module, x, /)", math_log10, "The logarithm of x to base 10."},
    {"atan2", "($module, y, x, /)", math_atan2, "The angle in radians, from -pi to pi, of the point (x, y)."},
    {"copysign", "($module, x, y, /)", math_copysign, "abs(x) with the sign of y, as a float."},
    {"remainder", "($module, x, y, /)", math_remainder,
     "x - n*y, where n is the integer nearest to x/y, even in a tie."},
    {"fmod", "($module, x, y, /)", math_fmod, "x - n*y, where n is x/y rounded towards 0; it has the sign of x."},
    {"pow", "($module, x, y, /)", math_pow, "x**y, computed with floats."},
    {"ldexp", "($module, x, i, /)", math_ldexp, "x * 2**i, the inverse of frexp()."},
    {"frexp", "($module, x, /)", math_frexp,
     "The pair (m, e) with x == m * 2**e, where abs(m) is below 1 and at least 0.5, or m is 0."},
    {"modf", "($module, x, /)", math_modf,
     "The pair of the parts of x after and before the decimal point, as floats with the sign of x."},
    {"nextafter", "($module, x, y, /)", math_nextafter, "The float next to x in the direction of y."},
    {"ulp", "($module, x, /)", math_ulp, "The distance from abs(x) to the next larger float."},
    {"floor", "($module, x, /)", math_floor, "The largest integer that is at most x."},
    {"ceil", "($module, x, /)", math_ceil, "The smallest integer that is at least x."},
    {"trunc", "($module, x, /)", math_trunc, "The whole part of x, from x.__trunc__()."},
    {"isfinite", "($module, x, /)", math_isfinite, "Whether x is an ordinary number: not infinite, not NaN."},
    {"isinf", "($module, x, /)", math_isinf, "Whether x is inf or -inf."},
    {"isnan", "($module, x, /)", math_isnan, "Whether x is NaN."},
    {"isclose", "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)", math_isclose,
     "Whether a and b differ by at most abs_tol, or by rel_tol times the larger of them."},
    {"degrees", "($module, x, /)", math_degrees, "The angle x, given in radians, in degrees."},
    {"radians", "($module, x, /)", math_radians, "The angle x, given in degrees, in radians."},
    {"hypot", "($module, /, *coordinates)", math_hypot, "hypot(*coordinates) -> value"},
    {"dist", "($module, p, q, /)", math_dist,
     "The length of the line from p to q, which must have as many coordinates each."},
    {"fsum", "($module, seq, /)", math_fsum, "The sum of seq as a float, rounded only once."},
    {"prod", "($module, iterable, /, *, start=1)", math_prod, "start times all items of iterable."},
    {"factorial", "($module, n, /)", math_factorial, "n!, the product of the integers from 1 to n."},
    {"gcd", "($module, /, *integers)", math_gcd, "The largest integer that divides all arguments; gcd() is 0."},
    {"lcm", "($module, /, *integers)", math_lcm,
     "The smallest positive integer that all arguments divide, or 0 if one of them is 0; lcm() is 1."},
    {"isqrt", "($module, n, /)", math_isqrt, "The largest integer whose square is at most n."},
    {"comb", "($module, n, k, /)", math_comb,
     "The number of subsets of k items that a set of n items has; 0 if k exceeds n."},
    {"perm", "($module, n, k=None, /)", math_perm,
     "The number of ways to pick k of n items one after another; 0 if k exceeds n, n! if k is None."},
    {}};
#undef UNARY

Status initialize(Value module) {
  Dict* dict = module_dict(module);
  const std::pair<const char*, double> constants[] = {
      {"pi", M_PI}, {"e", M_E}, {"tau", 2 * M_PI}, {"inf", INFINITY}, {"nan", NAN}};
  for (auto [name, value] : constants) dict_set(dict, intern(name), make_float(value));
  return kOk;
}

}  // namespace

extern const ModuleDef math_module;
const ModuleDef math_module = {"math", "Mathematical functions of real numbers, mostly those of the C library.",
                               kFunctions, initialize};

}  // namespace hiss

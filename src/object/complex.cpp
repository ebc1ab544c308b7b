// complex: arithmetic, text, parsing.
#include "object/complex.h"

#include <cmath>
#include <complex>

#include "object/float.h"
#include "object/float_text.h"
#include "object/format_spec.h"
#include "object/number_text.h"

namespace hiss {

Type complex_type;

namespace {

struct Parts {
  double re, im;
};

Ref make_complex_of(Type* cls, double re, double im) {
  Complex* c = static_cast<Complex*>(allocate(cls));
  c->real = re;
  c->imaginary = im;
  return Ref::steal(c);
}

/// An operand as a complex number; nullopt when it is no number.
Result<std::optional<Parts>> operand(Value v) {
  if (is<Complex>(v)) return std::optional<Parts>({as<Complex>(v)->real, as<Complex>(v)->imaginary});
  const std::optional<double> d = TRY(operand_as_double(v));
  if (!d) return std::optional<Parts>();
  return std::optional<Parts>({*d, 0.0});
}

#define HISS_OPERANDS                                 \
  const std::optional<Parts> p = TRY(operand(left));  \
  if (!p) return Ref::not_implemented();              \
  const std::optional<Parts> q = TRY(operand(right)); \
  if (!q) return Ref::not_implemented();              \
  const Parts a = *p, b = *q;

Ref complex_add(Value left, Value right) {
  HISS_OPERANDS
  return make_complex(a.re + b.re, a.im + b.im);
}
Ref complex_subtract(Value left, Value right) {
  HISS_OPERANDS
  return make_complex(a.re - b.re, a.im - b.im);
}
Parts multiply(Parts a, Parts b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
Ref complex_multiply(Value left, Value right) {
  HISS_OPERANDS
  const Parts r = multiply(a, b);
  return make_complex(r.re, r.im);
}

/// Smith's method: dividing by the larger part first keeps the intermediate values in range.
bool divide(Parts a, Parts b, Parts& r) {
  const double re = std::fabs(b.re), im = std::fabs(b.im);
  if (re >= im) {
    if (re == 0.0) return false;
    const double ratio = b.im / b.re, d = b.re + b.im * ratio;
    r = {(a.re + a.im * ratio) / d, (a.im - a.re * ratio) / d};
  } else if (im >= re) {
    const double ratio = b.re / b.im, d = b.re * ratio + b.im;
    r = {(a.re * ratio + a.im) / d, (a.im * ratio - a.re) / d};
  } else {
    r = {NAN, NAN};
  }
  return true;
}
Ref complex_divide(Value left, Value right) {
  HISS_OPERANDS
  Parts r;
  if (!divide(a, b, r)) return fail(exc::ZeroDivisionError, "complex division by zero");
  return make_complex(r.re, r.im);
}

Ref complex_power(Value left, Value right, Value modulus) {
  HISS_OPERANDS
  if (!modulus.is_none()) return fail(exc::ValueError, "complex modulo");
  Parts r{1.0, 0.0};
  if (b.re == 0.0 && b.im == 0.0) return make_complex(1.0, 0.0);
  if (b.im == 0.0 && b.re == std::floor(b.re) && std::fabs(b.re) <= 100.0) {
    Parts base = a;
    auto n = static_cast<int>(std::fabs(b.re));
    for (int bit = 1; bit <= n; bit <<= 1) {
      if (n & bit) r = multiply(r, base);
      base = multiply(base, base);
    }
    if (b.re < 0) {
      const Parts power = r;
      if (!divide({1.0, 0.0}, power, r)) return fail(exc::ZeroDivisionError, "0.0 to a negative or complex power");
    }
  } else if (a.re == 0.0 && a.im == 0.0) {
    if (b.im != 0.0 || b.re < 0.0) return fail(exc::ZeroDivisionError, "0.0 to a negative or complex power");
    r = {0.0, 0.0};
  } else {
    const double magnitude = std::hypot(a.re, a.im);
    double length = std::pow(magnitude, b.re);
    const double angle = std::atan2(a.im, a.re);
    double phase = angle * b.re;
    if (b.im != 0.0) {
      length *= std::exp(-angle * b.im);
      phase += b.im * std::log(magnitude);
    }
    r = {length * std::cos(phase), length * std::sin(phase)};
  }
  if ((std::isinf(r.re) || std::isinf(r.im)) && std::isfinite(a.re) && std::isfinite(a.im) && std::isfinite(b.re) &&
      std::isfinite(b.im)) {
    return fail(exc::OverflowError, "complex exponentiation");
  }
  return make_complex(r.re, r.im);
}
#undef HISS_OPERANDS

Ref complex_compare(Value left, Value right, CompareOp op) {
  if (op != CompareOp::Eq && op != CompareOp::Ne) return Ref::not_implemented();
  if (!is<Complex>(left)) return Ref::not_implemented();
  const Complex* a = as<Complex>(left);
  bool same;
  if (is<Complex>(right)) {
    same = a->real == as<Complex>(right)->real && a->imaginary == as<Complex>(right)->imaginary;
  } else if (is_float(right)) {
    same = a->imaginary == 0.0 && a->real == float_value(right);
  } else if (is_int(right)) {
    // Compared as ints compare with floats: without rounding the int.
    if (a->imaginary == 0.0) {
      Ref real = make_float(a->real);
      same = TRY(equal(real, right));
    } else {
      same = false;
    }
  } else {
    return Ref::not_implemented();
  }
  return Ref::boolean(same == (op == CompareOp::Eq));
}

Result<int64_t> complex_hash(Value self) {
  const Complex* c = as<Complex>(self);
  const auto re = static_cast<uint64_t>(hash_double(c->real, self)),
             im = static_cast<uint64_t>(hash_double(c->imaginary, self));
  const auto hash = static_cast<int64_t>(re + 1000003u * im);
  return hash == -1 ? -2 : hash;
}

std::string signed_text(double d) {
  std::string text = format_double(d, 'r', 0, false, false);
  return text[0] == '-' ? text : "+" + text;
}

Ref complex_repr(Value self) {
  const Complex* c = as<Complex>(self);
  if (c->real == 0.0 && !std::signbit(c->real))
    return make_str_ascii(format_double(c->imaginary, 'r', 0, false, false) + "j");
  return make_str_ascii("(" + format_double(c->real, 'r', 0, false, false) + signed_text(c->imaginary) + "j)");
}

Result<bool> complex_truth(Value self) { return as<Complex>(self)->real != 0.0 || as<Complex>(self)->imaginary != 0.0; }
Ref complex_negative(Value v) { return make_complex(-as<Complex>(v)->real, -as<Complex>(v)->imaginary); }
Ref complex_positive(Value v) {
  return is_exact(v, complex_type) ? Ref::share(v) : make_complex(as<Complex>(v)->real, as<Complex>(v)->imaginary);
}
Ref complex_absolute(Value v) {
  const double r = std::hypot(as<Complex>(v)->real, as<Complex>(v)->imaginary);
  if (std::isinf(r) && std::isfinite(as<Complex>(v)->real) && std::isfinite(as<Complex>(v)->imaginary)) {
    return fail(exc::OverflowError, "absolute value too large");
  }
  return make_float(r);
}

/// Length of the float literal at the start of `s` (with sign), 0 when there is none.
size_t float_prefix(std::string_view s) {
  size_t i = 0;
  if (i < s.size() && (s[i] == '+' || s[i] == '-')) ++i;
  auto word = [&](std::string_view w) {
    if (s.size() - i < w.size()) return false;
    for (size_t k = 0; k < w.size(); ++k) {
      if ((s[i + k] | 32) != w[k]) return false;
    }
    return true;
  };
  if (word("infinity")) return i + 8;
  if (word("inf") || word("nan")) return i + 3;
  size_t digits = 0;
  auto run = [&] {
    for (; i < s.size() && ((s[i] >= '0' && s[i] <= '9') || s[i] == '_'); ++i) ++digits;
  };
  run();
  if (i < s.size() && s[i] == '.') {
    ++i;
    run();
  }
  if (!digits) return 0;
  if (i < s.size() && (s[i] | 32) == 'e') {
    size_t k = i + 1;
    if (k < s.size() && (s[k] == '+' || s[k] == '-')) ++k;
    if (k < s.size() && s[k] >= '0' && s[k] <= '9') {
      i = k;
      run();
    }
  }
  return i;
}

Ref parse_complex(Type* cls, std::string_view s) {
  auto malformed = [] { return fail(exc::ValueError, "complex() arg is a malformed string"); };
  auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  auto trim = [&] {
    while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
    while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  };
  trim();
  if (!s.empty() && s.front() == '(') {
    if (s.back() != ')' || s.size() < 2) return malformed();
    s = s.substr(1, s.size() - 2);
    trim();
  }
  double re = 0, im = 0;
  const size_t n = float_prefix(s);
  auto value = [&](std::string_view text) { return parse_float_text(text); };
  if (n > 0) {
    const auto first = value(s.substr(0, n));
    if (!first) return malformed();
    s.remove_prefix(n);
    if (!s.empty() && (s[0] == '+' || s[0] == '-')) {
      re = *first;
      const size_t m = float_prefix(s);
      if (m > 0) {
        const auto second = value(s.substr(0, m));
        if (!second) return malformed();
        im = *second;
        s.remove_prefix(m);
      } else {
        im = s[0] == '-' ? -1.0 : 1.0;
        s.remove_prefix(1);
      }
      if (s.empty() || (s[0] | 32) != 'j') return malformed();
      s.remove_prefix(1);
    } else if (!s.empty() && (s[0] | 32) == 'j') {
      im = *first;
      s.remove_prefix(1);
    } else {
      re = *first;
    }
  } else {
    if (!s.empty() && (s[0] == '+' || s[0] == '-')) {
      im = s[0] == '-' ? -1.0 : 1.0;
      s.remove_prefix(1);
    } else {
      im = 1.0;
    }
    if (s.empty() || (s[0] | 32) != 'j') return malformed();
    s.remove_prefix(1);
  }
  if (!s.empty()) return malformed();
  return make_complex_of(cls, re, im);
}

/// __complex__ of the object, or empty.
Ref try_complex_method(Value v) {
  if (is<Complex>(v) && is_exact(v, complex_type)) return Ref::share(v);
  Ref r = TRY(call_special(v, names.dunder_complex));
  if (r.is_empty()) return is<Complex>(v) ? Ref::share(v) : std::move(r);
  if (!is<Complex>(r)) return fail(exc::TypeError, "__complex__ returned non-complex (type {})", type_name(r));
  if (!is_exact(r, complex_type)) {
    TRY(warn(exc::DeprecationWarning, fmt::format("__complex__ returned non-complex (type {}).  The ability to return "
                                                  "an instance of a strict subclass of complex is "
                                                  "deprecated, and may not be supported in a future version of Python.",
                                                  type_name(r))));
  }
  return r;
}

bool is_real_number(Value v) {
  return is_float(v) || is_int(v) || type_of(v)->slots.to_float || type_of(v)->slots.index;
}

Ref complex_new(Type* cls, const Args& args) {
  Arguments bound("complex", "(real=0, imag=0)");
  TRY(bound.bind(args));
  Value r = bound[0], i = bound[1];
  if (!r && !i) return make_complex_of(cls, 0.0, 0.0);
  if (r && !i && cls == &complex_type && is_exact(r, complex_type)) return Ref::share(r);
  if (r && is<Str>(r)) {
    if (i) return fail(exc::TypeError, "complex() can't take second arg if first is a string");
    return parse_complex(cls, TRY(number_text(as<Str>(r))));
  }
  if (i && is<Str>(i)) return fail(exc::TypeError, "complex() second arg can't be a string");
  Parts a{0, 0}, b{0, 0};
  bool complex_imaginary = false;
  bool complex_real = false;
  if (r) {
    Ref c = TRY(try_complex_method(r));
    if (c) {
      a = {as<Complex>(c)->real, as<Complex>(c)->imaginary};
      complex_real = true;
    } else if (is_real_number(r)) {
      a.re = TRY(to_double(r));
    } else {
      return fail(exc::TypeError, "complex() first argument must be a string or a number, not '{}'", type_name(r));
    }
  }
  if (i) {
    if (is<Complex>(i)) {
      b = {as<Complex>(i)->real, as<Complex>(i)->imaginary};
      complex_imaginary = true;
    } else if (is_real_number(i)) {
      b.re = TRY(to_double(i));
    } else {
      return fail(exc::TypeError, "complex() second argument must be a number, not '{}'", type_name(i));
    }
  }
  // r + i*1j, without disturbing the signs of zeros when the parts are real.
  double re = a.re, im = i ? b.re : 0.0;
  if (complex_imaginary) re -= b.im;
  if (complex_real) im = i ? im + a.im : a.im;
  return make_complex_of(cls, re, im);
}

Ref complex_conjugate(Value self, const Value*) {
  return make_complex(as<Complex>(self)->real, -as<Complex>(self)->imaginary);
}
Ref complex_self(Value self, const Value*) { return complex_positive(self); }
Ref complex_getnewargs(Value self, const Value*) {
  Ref re = make_float(as<Complex>(self)->real), im = make_float(as<Complex>(self)->imaginary);
  return make_tuple({re, im});
}
Ref complex_format(Value self, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "__format__() argument must be str, not {}", type_name(args[0]));
  return format_complex(self, as<Str>(args[0]));
}

const NativeDef kComplexMethods[] = {
    {"conjugate", "($self, /)", complex_conjugate,
     "The number with the sign of its imaginary part changed: (3-4j).conjugate() == 3+4j."},
    {"__complex__", "($self, /)", complex_self, "The same number as a plain complex, not a subclass."},
    {"__getnewargs__", "($self, /)", complex_getnewargs, nullptr},
    {"__format__", "($self, format_spec, /)", complex_format, "The number as text, laid out the way format_spec says."},
    {}};
const GetSetDef kComplexGetSets[] = {
    {"real", [](Value self) { return make_float(as<Complex>(self)->real); }, nullptr, "the real part, a float", true},
    {"imag", [](Value self) { return make_float(as<Complex>(self)->imaginary); }, nullptr,
     "the imaginary part, a float", true},
    {}};
void complex_dealloc(Object* self) { free_object(self); }

}  // namespace

Ref make_complex(double re, double im) { return make_complex_of(&complex_type, re, im); }

void init_complex_type() {
  define_type(
      complex_type,
      {.name = "complex",
       .size = sizeof(Complex),
       .layout = Layout::Complex,
       .flags = Type::kOwnsNothing | Type::kBaseType,
       .doc = "The number real + imag*1j, where parts left out are 0.\n\nA single string is parsed, as '1+2j' is."});
  Slots& s = complex_type.slots;
  s.new_ = complex_new;
  s.repr = complex_repr;
  s.hash = complex_hash;
  s.compare = complex_compare;
  s.truth = complex_truth;
  s.negative = complex_negative;
  s.positive = complex_positive;
  s.absolute = complex_absolute;
  s.power = complex_power;
  s.add = complex_add;
  s.subtract = complex_subtract;
  s.multiply = complex_multiply;
  s.true_divide = complex_divide;
  complex_type.methods = kComplexMethods;
  complex_type.getsets = kComplexGetSets;
  complex_type.dealloc = complex_dealloc;
  ready_type(complex_type);
}

}  // namespace hiss

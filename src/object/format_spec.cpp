#include "object/format_spec.h"

#include <cmath>

#include "object/complex.h"
#include "object/float_text.h"
#include "object/index.h"
#include "object/int_internal.h"
#include "object/str_internal.h"

namespace hiss {

namespace {

bool is_align(uint32_t c) { return c == '<' || c == '>' || c == '=' || c == '^'; }

/// A run of decimal digits; -1 when there is none.
Result<int64_t> read_number(const Str* s, int64_t& at) {
  int64_t value = -1;
  while (at < s->length && s->at(at) - '0' < 10) {
    if (value < 0) value = 0;
    if (value > (INT64_MAX - 9) / 10) return fail(exc::ValueError, "Too many decimal digits in format string");
    value = value * 10 + (s->at(at++) - '0');
  }
  return value;
}

Failure fail_unknown_type(uint32_t type, std::string_view type_name) {
  std::string shown;
  if (type > 32 && type < 128) {
    shown = static_cast<char>(type);
  } else {
    shown = fmt::format("\\x{:x}", type);
  }
  return fail(exc::ValueError, "Unknown format code '{}' for object of type '{}'", shown, type_name);
}

/// A number taken apart: what padding goes between.
struct NumberText {
  std::string sign, prefix, digits, rest;  // rest: the point and what follows
};

/// Digits with separators; zeros are added until `min_width` characters are reached.
std::string group_digits(const std::string& digits, char separator, int group, int64_t min_width) {
  if (!separator) {
    const int64_t missing = min_width - static_cast<int64_t>(digits.size());
    return missing > 0 ? std::string(static_cast<size_t>(missing), '0') + digits : digits;
  }
  std::string reversed;
  auto remaining = static_cast<int64_t>(digits.size());
  for (;;) {
    const int64_t take = std::min<int64_t>(group, std::max<int64_t>(std::max(remaining, min_width), 1));
    const int64_t chars = std::min(remaining, take);
    for (int64_t i = 0; i < chars; ++i) reversed += digits[static_cast<size_t>(--remaining)];
    reversed.append(static_cast<size_t>(take - chars), '0');
    min_width -= take;
    if (remaining <= 0 && min_width <= 0) break;
    --min_width;
    reversed += separator;
  }
  return std::string(reversed.rbegin(), reversed.rend());
}

constexpr int64_t kWidthNobodyHas = int64_t{1} << 40;  // characters

Ref lay_out(const NumberText& n, const FormatSpec& f, char default_align) {
  const char align = f.align ? f.align : default_align;
  const bool zeros = f.fill == '0' && align == '=';
  const auto fixed = static_cast<int64_t>(n.sign.size() + n.prefix.size() + n.rest.size());
  const int group = f.type == 'x' || f.type == 'X' || f.type == 'o' || f.type == 'b' ? 4 : 3;
  if (f.width > (1 << 20)) TRY(repeated_size(1, f.width, 4));
  if (f.width > kWidthNobodyHas) return fail_memory();
  const std::string digits =
      n.digits.empty() ? "" : group_digits(n.digits, f.grouping, group, zeros ? f.width - fixed : 0);
  const int64_t pad = std::max<int64_t>(f.width - fixed - static_cast<int64_t>(digits.size()), 0);
  int64_t left = 0, middle = 0, right = 0;
  if (align == '<') {
    right = pad;
  } else if (align == '^') {
    left = pad / 2;
    right = pad - left;
  } else if (align == '=') {
    middle = pad;
  } else {
    left = pad;
  }
  StrBuilder out;
  out.append_fill(f.fill, left);
  out.append_ascii(n.sign);
  out.append_ascii(n.prefix);
  out.append_fill(f.fill, middle);
  out.append_ascii(digits);
  out.append_ascii(n.rest);
  out.append_fill(f.fill, right);
  return out.finish();
}

std::string sign_text(bool negative, char sign) {
  if (negative) return "-";
  return sign == '+' ? "+" : sign == ' ' ? " " : "";
}

/// Takes a formatted double apart: digits before the point, and the rest.
NumberText take_apart(std::string text, char sign) {
  NumberText n;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.erase(0, 1);
  n.sign = sign_text(negative, sign);
  size_t i = 0;
  while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
  n.digits = text.substr(0, i);
  n.rest = text.substr(i);
  return n;
}

bool is_negative_zero(const std::string& text) {
  return !text.empty() && text[0] == '-' && text.find_first_of("123456789inIN") == text.npos;
}

std::string double_text(double d, const FormatSpec& f) {
  char code = static_cast<char>(f.type);
  bool point_zero = false, percent = false;
  int64_t precision = f.precision;
  if (code == 0) {
    point_zero = true;
    code = precision < 0 ? 'r' : 'g';
  } else if (code == 'n') {
    code = 'g';
  } else if (code == '%') {
    code = 'f';
    percent = true;
    d *= 100;
  }
  if (precision < 0) precision = 6;
  std::string text = format_double(d, code, static_cast<int>(precision), f.alternate, point_zero);
  if (f.no_negative_zero && is_negative_zero(text.substr(0, text.find_first_of("eE")))) text.erase(0, 1);
  return percent ? text + '%' : text;
}

Ref format_double_value(double d, const FormatSpec& f) {
  if (f.precision > INT32_MAX) return fail(exc::ValueError, "precision too big");
  return lay_out(take_apart(double_text(d, f), f.sign), f, '>');
}

}  // namespace

Result<FormatSpec> parse_format_spec(const Str* s, char default_align, std::string_view type_name) {
  FormatSpec f;
  int64_t i = 0;
  const int64_t n = s->length;
  auto peek = [&] { return i < n ? s->at(i) : 0xffffffffu; };
  bool fill_given = false, align_given = false;
  if (n >= 2 && is_align(s->at(1))) {
    f.fill = s->at(0);
    f.align = static_cast<char>(s->at(1));
    fill_given = align_given = true;
    i = 2;
  } else if (n >= 1 && is_align(s->at(0))) {
    f.align = static_cast<char>(s->at(0));
    align_given = true;
    i = 1;
  }
  if (peek() == '+' || peek() == '-' || peek() == ' ') f.sign = static_cast<char>(s->at(i++));
  if (peek() == 'z') {
    f.no_negative_zero = true;
    ++i;
  }
  if (peek() == '#') {
    f.alternate = true;
    ++i;
  }
  if (!fill_given && peek() == '0') {
    f.fill = '0';
    if (!align_given && default_align == '>') f.align = '=';
    ++i;
  }
  f.width = TRY(read_number(s, i));
  if (peek() == ',' || peek() == '_') {
    f.grouping = static_cast<char>(peek());
    ++i;
    const char other = f.grouping == ',' ? '_' : ',';
    if (peek() == static_cast<uint32_t>(other)) return fail(exc::ValueError, "Cannot specify both ',' and '_'.");
  }
  if (peek() == '.') {
    ++i;
    f.precision = TRY(read_number(s, i));
    if (f.precision < 0) return fail(exc::ValueError, "Format specifier missing precision");
  }
  if (n - i > 1) {
    return fail(exc::ValueError, "Invalid format specifier '{}' for object of type '{}'", to_string(s), type_name);
  }
  if (n - i == 1) f.type = s->at(i);
  if (f.grouping) {
    const uint32_t type = f.type ? f.type : type_name == "str" ? 's' : 0;
    switch (type) {
      case 'd':
      case 'e':
      case 'f':
      case 'g':
      case 'E':
      case 'G':
      case '%':
      case 'F':
      case 0:
        break;
      case 'b':
      case 'o':
      case 'x':
      case 'X':
        if (f.grouping == '_') break;
        [[fallthrough]];
      default:
        if (type > 32 && type < 128)
          return fail(exc::ValueError, "Cannot specify '{}' with '{}'.", f.grouping, static_cast<char>(type));
        return fail(exc::ValueError, "Cannot specify '{}' with '\\x{:x}'.", f.grouping, type);
    }
  }
  return f;
}

Ref pad_text(const Str* text, uint32_t fill, char align, int64_t width) {
  const int64_t pad = width - text->length;
  if (pad <= 0) return plain_str(to_value(text));
  if (width > (1 << 20)) TRY(repeated_size(1, width, 4));
  const int64_t left = align == '<' ? 0 : align == '^' ? pad / 2 : pad;
  StrBuilder out;
  out.append_fill(fill, left);
  out.append(text);
  out.append_fill(fill, pad - left);
  return out.finish();
}

Ref format_str(Value v, const Str* spec) {
  if (spec->length == 0) return str(v);
  const FormatSpec f = TRY(parse_format_spec(spec, '<', type_name(v)));
  if (f.type && f.type != 's') return fail_unknown_type(f.type, type_name(v));
  if (f.sign == ' ') return fail(exc::ValueError, "Space not allowed in string format specifier");
  if (f.sign) return fail(exc::ValueError, "Sign not allowed in string format specifier");
  if (f.no_negative_zero)
    return fail(exc::ValueError, "Negative zero coercion (z) not allowed in string format specifier");
  if (f.alternate) return fail(exc::ValueError, "Alternate form (#) not allowed in string format specifier");
  if (f.align == '=') return fail(exc::ValueError, "'=' alignment not allowed in string format specifier");
  Ref text = plain_str(v);
  if (f.precision >= 0 && f.precision < as<Str>(text)->length) text = substring(as<Str>(text), 0, f.precision);
  return pad_text(as<Str>(text), f.fill, f.align ? f.align : '<', f.width);
}

Ref format_int(Value v, const Str* spec) {
  if (spec->length == 0) return str(v);
  const FormatSpec f = TRY(parse_format_spec(spec, '>', type_name(v)));
  int base = 10;
  switch (f.type) {
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case '%': {
      bool overflow;
      const double d = int_to_double(v, &overflow);
      if (overflow) return fail(exc::OverflowError, "int too large to convert to float");
      return format_double_value(d, f);
    }
    case 0:
    case 'd':
    case 'n':
      break;
    case 'b':
      base = 2;
      break;
    case 'o':
      base = 8;
      break;
    case 'x':
    case 'X':
      base = 16;
      break;
    case 'c':
      break;
    default:
      return fail_unknown_type(f.type, type_name(v));
  }
  if (f.no_negative_zero)
    return fail(exc::ValueError, "Negative zero coercion (z) not allowed in integer format specifier");
  if (f.precision >= 0) return fail(exc::ValueError, "Precision not allowed in integer format specifier");
  if (f.type == 'c') {
    if (f.sign) return fail(exc::ValueError, "Sign not allowed with integer format specifier 'c'");
    if (f.alternate) return fail(exc::ValueError, "Alternate form (#) not allowed with integer format specifier 'c'");
    const auto c = int_value(v);
    if (!c) return fail(exc::OverflowError, "Python int too large to convert to C long");
    if (*c < 0 || *c > 0x10ffff) return fail(exc::OverflowError, "%c arg not in range(0x110000)");
    Ref text = make_char(static_cast<uint32_t>(*c));
    const char align = f.align ? f.align : '<';
    return pad_text(as<Str>(text), f.fill, align == '=' ? '>' : align, f.width);
  }
  std::string text = TRY(int_to_text(v, base));
  NumberText n;
  const bool negative = text[0] == '-';
  n.sign = sign_text(negative, f.sign);
  n.digits = negative ? text.substr(1) : text;
  if (f.alternate) n.prefix = base == 2 ? "0b" : base == 8 ? "0o" : base == 16 ? (f.type == 'X' ? "0X" : "0x") : "";
  if (f.type == 'X') {
    for (char& c : n.digits) c = static_cast<char>(std::toupper(c));
  }
  return lay_out(n, f, '>');
}

Ref format_float(Value v, const Str* spec) {
  if (spec->length == 0) return str(v);
  const FormatSpec f = TRY(parse_format_spec(spec, '>', type_name(v)));
  switch (f.type) {
    case 0:
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'n':
    case '%':
      return format_double_value(float_value(v), f);
    default:
      return fail_unknown_type(f.type, type_name(v));
  }
}

Ref format_complex(Value v, const Str* spec) {
  if (spec->length == 0) return str(v);
  FormatSpec f = TRY(parse_format_spec(spec, '>', type_name(v)));
  switch (f.type) {
    case 0:
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'n':
      break;
    default:
      return fail_unknown_type(f.type, type_name(v));
  }
  if (f.fill == '0') return fail(exc::ValueError, "Zero padding is not allowed in complex format specifier");
  if (f.align == '=') return fail(exc::ValueError, "'=' alignment flag is not allowed in complex format specifier");
  if (f.precision > INT32_MAX) return fail(exc::ValueError, "precision too big");
  const Complex* c = as<Complex>(v);
  FormatSpec part = f;
  part.width = -1;
  part.align = 0;
  bool parentheses = f.type == 0;
  const bool skip_real = f.type == 0 && c->real == 0.0 && !std::signbit(c->real);
  auto text_of = [&](double d, char sign) -> Ref {
    std::string text;
    if (f.type == 0) {
      text = format_double(d, f.precision < 0 ? 'r' : 'g', static_cast<int>(f.precision < 0 ? 6 : f.precision),
                           f.alternate, false);
      if (f.no_negative_zero && is_negative_zero(text)) text.erase(0, 1);
    } else {
      text = double_text(d, part);
    }
    return lay_out(take_apart(text, sign), part, '>');
  };
  StrBuilder out;
  if (skip_real) parentheses = false;
  if (parentheses) out.append_char('(');
  if (!skip_real) {
    Ref real = TRY(text_of(c->real, f.sign));
    out.append(as<Str>(real));
  }
  Ref imaginary = TRY(text_of(c->imaginary, skip_real ? f.sign : '+'));
  out.append(as<Str>(imaginary));
  out.append_char('j');
  if (parentheses) out.append_char(')');
  Ref text = out.finish();
  return pad_text(as<Str>(text), f.fill, f.align ? f.align : '>', f.width);
}

Ref int_format(Value self, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "__format__() argument must be str, not {}", type_name(args[0]));
  return format_int(self, as<Str>(args[0]));
}

Ref str_format_spec(Value self, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "__format__() argument must be str, not {}", type_name(args[0]));
  return format_str(self, as<Str>(args[0]));
}

}  // namespace hiss

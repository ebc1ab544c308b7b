#include "object/percent_format.h"

#include "object/float_text.h"
#include "object/index.h"
#include "object/str_internal.h"

namespace hiss {

PercentArguments::PercentArguments(Value arguments) : arguments_(arguments) {
  count_ = is<Tuple>(arguments) ? as<Tuple>(arguments)->size : -1;
  const Type* type = type_of(arguments);
  if (type->slots.getitem && !is<Tuple>(arguments) && !is<Str>(arguments) && !is_instance_of(arguments, bytes_type) &&
      !is_instance_of(arguments, bytearray_type)) {
    mapping_ = arguments;
  }
}

Ref PercentArguments::next() {
  if (keyed_) {
    Ref v = std::move(keyed_);
    return v;
  }
  if (count_ == -1) {
    count_ = -2;
    return Ref::share(arguments_);
  }
  if (count_ >= 0 && index_ < count_) return Ref::share(as<Tuple>(arguments_)->items[index_++]);
  return fail(exc::TypeError, "not enough arguments for format string");
}

Ref PercentArguments::by_key(Value key) {
  if (!mapping_) return fail(exc::TypeError, "format requires a mapping");
  keyed_ = TRY(get_item(mapping_, key));
  count_ = -2;
  return Ref::none();
}

Status PercentArguments::finish() {
  const bool left = count_ >= 0 ? index_ < count_ : count_ == -1;
  if (left && !mapping_) return fail(exc::TypeError, "not all arguments converted during string formatting");
  return kOk;
}

namespace {

/// The int that %d or %x shows.
Ref percent_int(Value v, uint32_t conversion) {
  const bool any_number = conversion == 'd' || conversion == 'i' || conversion == 'u';
  if (is_int(v)) return plain_int(v);
  Type* type = type_of(v);
  if (any_number) {
    if (is_float(v)) return int_from_double(float_value(v));
    const bool number = type->slots.to_int || type->slots.index || type->slots.to_float;
    if (number) {
      Ref r = type->slots.to_int ? type->slots.to_int(v) : type->slots.index ? index(v) : Ref::empty();
      if (r.is_error() && !pending_is(exc::TypeError)) return r;
      if (!r.is_error() && !r.is_empty() && is_int(r)) return plain_int(r);
      if (r.is_error()) clear_pending();
    }
    return fail(exc::TypeError, "%{} format: a real number is required, not {}", static_cast<char>(conversion),
                type_name(v));
  }
  if (type->slots.index) {
    Ref r = index(v);
    if (!r.is_error() || !pending_is(exc::TypeError)) return r;
    clear_pending();
  }
  return fail(exc::TypeError, "%{} format: an integer is required, not {}", static_cast<char>(conversion),
              type_name(v));
}

}  // namespace

Result<PercentNumber> percent_number(Value v, const PercentSpec& spec) {
  PercentNumber n;
  const uint32_t c = spec.conversion;
  std::string text;
  switch (c) {
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': {
      const double d = TRY(to_double(v));
      const int64_t precision = spec.precision < 0 ? 6 : spec.precision;
      text = format_double(d, static_cast<char>(c), static_cast<int>(precision), spec.alternate, false);
      break;
    }
    default: {
      Ref number = TRY(percent_int(v, c));
      const int base = c == 'o' ? 8 : (c | 32) == 'x' ? 16 : 10;
      text = TRY(int_to_text(number, base));
      const bool negative = text[0] == '-';
      std::string digits = negative ? text.substr(1) : text;
      if (spec.precision > static_cast<int64_t>(digits.size())) {
        TRY(repeated_size(1, spec.precision, 1));
        digits.insert(0, static_cast<size_t>(spec.precision) - digits.size(), '0');
      }
      if (c == 'X') {
        for (char& d : digits) d = static_cast<char>(std::toupper(d));
      }
      if (spec.alternate && base != 10) n.prefix = base == 8 ? "0o" : c == 'X' ? "0X" : "0x";
      text = (negative ? "-" : "") + digits;
    }
  }
  if (text[0] == '-') {
    n.sign = "-";
    n.digits = text.substr(1);
  } else {
    n.sign = spec.plus ? "+" : spec.space ? " " : "";
    n.digits = text;
  }
  return n;
}

std::string pad_percent_number(const PercentNumber& n, const PercentSpec& spec) {
  const auto length = static_cast<int64_t>(n.sign.size() + n.prefix.size() + n.digits.size());
  const auto pad = static_cast<size_t>(std::max<int64_t>(spec.width - length, 0));
  if (spec.left) return n.sign + n.prefix + n.digits + std::string(pad, ' ');
  if (spec.zero) return n.sign + n.prefix + std::string(pad, '0') + n.digits;
  return std::string(pad, ' ') + n.sign + n.prefix + n.digits;
}

Ref str_percent(Value self, Value values) {
  const Str* s = as<Str>(self);
  PercentArguments arguments(values);
  StrBuilder out;
  int64_t at = 0;
  const int64_t end = s->length;
  while (at < end) {
    const int64_t start = at;
    while (at < end && s->at(at) != '%') ++at;
    out.append(s, start, at);
    if (at >= end) break;
    ++at;
    if (at < end && s->at(at) == '%') {
      out.append_char('%');
      ++at;
      continue;
    }
    const PercentSpec spec = TRY(parse_percent(
        at, end, arguments, [&](int64_t i) { return s->at(i); },
        [&](int64_t a, int64_t b) { return substring(s, a, b); }));
    Ref v = TRY(arguments.next());
    if (is_number_conversion(spec.conversion)) {
      const PercentNumber n = TRY(percent_number(v, spec));
      if (spec.width > (1 << 20)) TRY(repeated_size(1, spec.width, 1));
      out.append_ascii(pad_percent_number(n, spec));
      continue;
    }
    Ref text;
    switch (spec.conversion) {
      case 's':
        text = TRY(str(v));
        break;
      case 'r':
        text = TRY(repr(v));
        break;
      case 'a':
        text = TRY(ascii(v));
        break;
      case 'c':
        if (is<Str>(v) && as<Str>(v)->length == 1) {
          text = Ref::share(v);
        } else if (is_int(v) || type_of(v)->slots.index) {
          Ref number = TRY(index(v));
          const auto n = int_value(number);
          if (!n || *n < 0 || *n > 0x10ffff) return fail(exc::OverflowError, "%c arg not in range(0x110000)");
          text = make_char(static_cast<uint32_t>(*n));
        } else {
          return fail(exc::TypeError, "%c requires int or char");
        }
        break;
      default: {
        Ref shown = make_char(spec.conversion);
        const uint32_t c = spec.conversion;
        return fail(exc::ValueError, "unsupported format character '{}' (0x{:x}) at index {}",
                    31 < c && c < 127 ? to_string(shown) : "?", c, at - 1);
      }
    }
    const Str* t = as<Str>(text);
    int64_t length = t->length;
    if (spec.precision >= 0 && spec.conversion != 'c') length = std::min(length, spec.precision);
    const int64_t pad = std::max<int64_t>(spec.width - length, 0);
    if (!spec.left) out.append_fill(' ', pad);
    out.append(t, 0, length);
    if (spec.left) out.append_fill(' ', pad);
  }
  TRY(arguments.finish());
  return out.finish();
}

}  // namespace hiss

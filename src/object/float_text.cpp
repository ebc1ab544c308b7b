#include "object/float_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace hiss {

namespace {

/// The decimal digits of a positive number: 0.DIGITS times ten to the `point`.
struct Decimal {
  std::string digits;
  int point;
};

Decimal parse_scientific(const char* begin, const char* end) {
  Decimal d{{}, 0};
  const char* p = begin;
  for (; p < end && *p != 'e'; ++p) {
    if (*p != '.') d.digits += *p;
  }
  int exponent = 0;
  if (p < end) {
    ++p;
    if (p < end && *p == '+') ++p;
    std::from_chars(p, end, exponent);
  }
  d.point = exponent + 1;
  return d;
}

Decimal shortest(double d) {
  char buffer[64];
  const auto r = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::scientific);
  return parse_scientific(buffer, r.ptr);
}

/// `count` significant digits, correctly rounded.
Decimal significant(double d, int count) {
  // No double has more than 767 significant digits; zeros follow.
  const int asked = std::min(count, 800);
  std::string buffer(static_cast<size_t>(asked) + 32, '\0');
  const auto r =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), d, std::chars_format::scientific, asked - 1);
  Decimal result = parse_scientific(buffer.data(), r.ptr);
  result.digits.resize(static_cast<size_t>(count), '0');
  return result;
}

std::string fixed(double d, int precision) {
  const int asked = std::min(precision, 1100);
  std::string buffer(static_cast<size_t>(asked) + 340, '\0');
  const auto r = std::to_chars(buffer.data(), buffer.data() + buffer.size(), d, std::chars_format::fixed, asked);
  buffer.resize(static_cast<size_t>(r.ptr - buffer.data()));
  if (precision > asked) buffer.append(static_cast<size_t>(precision - asked), '0');
  return buffer;
}

std::string with_exponent(const Decimal& d, bool alternate) {
  std::string text = d.digits.substr(0, 1);
  if (d.digits.size() > 1 || alternate) text += '.';
  text += d.digits.substr(1);
  const int exponent = d.point - 1;
  text += exponent < 0 ? "e-" : "e+";
  const int magnitude = std::abs(exponent);
  if (magnitude < 10) text += '0';
  return text + std::to_string(magnitude);
}

std::string positional(const Decimal& d, bool alternate, bool point_zero) {
  std::string text;
  const int n = static_cast<int>(d.digits.size());
  if (d.point <= 0) {
    text = "0." + std::string(static_cast<size_t>(-d.point), '0') + d.digits;
  } else if (d.point >= n) {
    text = d.digits + std::string(static_cast<size_t>(d.point - n), '0');
    if (point_zero) {
      text += ".0";
    } else if (alternate) {
      text += '.';
    }
  } else {
    text = d.digits.substr(0, static_cast<size_t>(d.point)) + '.' + d.digits.substr(static_cast<size_t>(d.point));
  }
  return text;
}

void strip_zeros(Decimal& d) {
  while (d.digits.size() > 1 && d.digits.back() == '0') d.digits.pop_back();
}

}  // namespace

std::string format_double(double value, char code, int precision, bool alternate, bool point_zero) {
  const bool upper = code >= 'A' && code <= 'Z';
  if (upper) code = static_cast<char>(code | 32);
  std::string text;
  const double d = std::fabs(value);
  if (std::isnan(value)) return upper ? "NAN" : "nan";
  if (std::isinf(value)) {
    text = "inf";
  } else if (code == 'e') {
    text = with_exponent(significant(d, precision + 1), alternate);
  } else if (code == 'f') {
    text = fixed(d, precision);
    if (precision == 0 && alternate) text += '.';
  } else if (code == 'g') {
    if (precision == 0) precision = 1;
    Decimal decimal = d == 0 ? Decimal{std::string(static_cast<size_t>(precision), '0'), 1} : significant(d, precision);
    const bool exponential = decimal.point <= -4 || decimal.point > precision - (point_zero ? 1 : 0);
    if (!alternate) strip_zeros(decimal);
    text = exponential ? with_exponent(decimal, alternate) : positional(decimal, alternate, point_zero);
  } else {
    Decimal decimal = d == 0 ? Decimal{"0", 1} : shortest(d);
    const bool exponential = decimal.point <= -4 || decimal.point > 16;
    text = exponential ? with_exponent(decimal, alternate) : positional(decimal, alternate, point_zero);
  }
  if (upper) {
    for (char& c : text) c = static_cast<char>(std::toupper(c));
  }
  return std::signbit(value) ? "-" + text : text;
}

std::string float_repr(double d) { return format_double(d, 'r', 0, false, true); }

std::optional<double> parse_double(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  auto is = [&](std::string_view word) {
    return text.size() == word.size() &&
           std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) { return (a | 32) == b; });
  };
  if (is("inf") || is("infinity")) return negative ? -HUGE_VAL : HUGE_VAL;
  if (is("nan")) return std::copysign(std::numeric_limits<double>::quiet_NaN(), negative ? -1.0 : 1.0);
  size_t i = 0, digits = 0;
  long first = -1, integer_digits = 0;  // position of the first digit that is not zero, and of the point
  auto digit = [&](size_t k) { return k < text.size() && text[k] >= '0' && text[k] <= '9'; };
  for (; digit(i); ++i, ++digits) {
    if (first < 0 && text[i] != '0') first = static_cast<long>(digits);
  }
  integer_digits = static_cast<long>(digits);
  if (i < text.size() && text[i] == '.') {
    for (++i; digit(i); ++i, ++digits) {
      if (first < 0 && text[i] != '0') first = static_cast<long>(digits);
    }
  }
  if (digits == 0) return std::nullopt;
  long exponent = 0;
  if (i < text.size() && (text[i] | 32) == 'e') {
    size_t k = i + 1;
    bool minus = false;
    if (k < text.size() && (text[k] == '-' || text[k] == '+')) minus = text[k++] == '-';
    if (!digit(k)) return std::nullopt;
    for (; digit(k); ++k) exponent = std::min(exponent * 10 + (text[k] - '0'), 100000000L);
    if (minus) exponent = -exponent;
    i = k;
  }
  if (i != text.size()) return std::nullopt;
  double value = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), value);
  if (r.ec == std::errc::result_out_of_range) {
    // The value is left alone: whether it was too large or too small follows from the place of the first digit.
    value = first >= 0 && integer_digits - first + exponent > 0 ? HUGE_VAL : 0.0;
  }
  return negative ? -value : value;
}

std::optional<double> parse_float_text(std::string_view text) {
  auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.find('_') == text.npos) return parse_double(text);
  std::string clean;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      clean += text[i];
      continue;
    }
    auto digit = [&](size_t k) { return k < text.size() && text[k] >= '0' && text[k] <= '9'; };
    if (i == 0 || !digit(i - 1) || !digit(i + 1)) return std::nullopt;
  }
  return parse_double(clean);
}

}  // namespace hiss

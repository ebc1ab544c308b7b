// The values of numeric literals.
#include <charconv>
#include <cstdlib>
#include <string>

#include "syntax/parser_impl.h"

namespace hiss::syntax {

namespace {

double to_double(const std::string& digits) {
  double value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  // Out of range: strtod says whether that means infinity or zero.
  if (error != std::errc()) return std::strtod(digits.c_str(), nullptr);
  return value;
}

}  // namespace

bool parse_number(std::string_view text, Arena& arena, Constant& out, int max_digits, int& digit_count) {
  // Most literals are short decimal integers.
  if (text.size() <= 18) {
    int64_t value = 0;
    bool plain = true;
    for (char c : text) {
      if (c < '0' || c > '9') {
        plain = false;
        break;
      }
      value = value * 10 + (c - '0');
    }
    if (plain) {
      out.constant_kind = ConstantKind::Int;
      out.fits = true;
      out.small_int = value;
      return true;
    }
  }
  std::string digits;
  digits.reserve(text.size());
  for (char c : text) {
    if (c != '_') digits += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  int radix = 10;
  if (digits.size() > 2 && digits[0] == '0') {
    radix = digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : digits[1] == 'b' ? 2 : 10;
  }
  if (radix == 10) {
    if (digits.back() == 'j') {
      digits.pop_back();
      out.constant_kind = ConstantKind::Complex;
      out.number = to_double(digits);
      return true;
    }
    if (digits.find_first_of(".e") != std::string::npos) {
      out.constant_kind = ConstantKind::Float;
      out.number = to_double(digits);
      return true;
    }
    if (max_digits > 0 && digits.size() > static_cast<size_t>(max_digits)) {
      digit_count = static_cast<int>(digits.size());
      return false;
    }
  }
  out.constant_kind = ConstantKind::Int;
  const char* first = digits.data() + (radix == 10 ? 0 : 2);
  auto [end, error] = std::from_chars(first, digits.data() + digits.size(), out.small_int, radix);
  out.fits = error == std::errc();
  if (!out.fits) {
    out.small_int = 0;
    out.text = arena.copy_text(digits);
  }
  return true;
}

}  // namespace hiss::syntax

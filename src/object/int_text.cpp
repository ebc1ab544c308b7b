// ints as text and text as ints.
#include <charconv>

#include "object/int_internal.h"
#include "object/text_units.h"

namespace hiss {

int32_t int_max_str_digits = 4300;

namespace {

Failure fail_digits() {
  return fail(
      exc::ValueError,
      "Exceeds the limit ({} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase "
      "the limit",
      int_max_str_digits);
}
Failure fail_digits(int64_t digits) {
  return fail(exc::ValueError,
              "Exceeds the limit ({} digits) for integer string conversion: value has {} digits; use "
              "sys.set_int_max_str_digits() to increase the limit",
              int_max_str_digits, digits);
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

bool power_of_two(int base) { return (base & (base - 1)) == 0; }

/// Digits with single underscores between them; false when malformed. `clean` gets the digits.
bool clean_digits(std::string_view text, int base, std::string& clean) {
  if (text.empty() || text.front() == '_' || text.back() == '_') return false;
  bool after_underscore = false;
  for (char c : text) {
    if (c == '_') {
      if (after_underscore) return false;
      after_underscore = true;
      continue;
    }
    if (digit_of(c) >= base) return false;
    clean += c;
    after_underscore = false;
  }
  return true;
}

Ref int_of_digits(const std::string& digits, int base, bool negative) {
  if (digits.size() <= 12 || (base == 10 && digits.size() <= 18)) {
    int64_t value = 0;
    for (char c : digits) value = value * base + digit_of(c);
    return make_int(negative ? -value : value);
  }
  if (!power_of_two(base) && int_max_str_digits > 0 && static_cast<int64_t>(digits.size()) > int_max_str_digits) {
    return fail_digits(static_cast<int64_t>(digits.size()));
  }
  Mpz z;
  mpz_set_str(z, digits.c_str(), base);
  if (negative) mpz_neg(z, z);
  return z.to_int();
}

}  // namespace

Result<std::string> int_to_text(Value v, int base) {
  if (v.is_bool()) v = Value::integer(v.boolean());
  if (v.is_integer()) {
    char buffer[72];
    auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, v.integer(), base);
    return std::string(buffer, end);
  }
  const MpzView z(v);
  const size_t estimate = mpz_sizeinbase(z, base);  // exact or one too many
  const bool limited = base == 10 && int_max_str_digits > 0;
  if (limited && estimate > static_cast<size_t>(int_max_str_digits) + 1) return fail_digits();
  std::string text(estimate + 2, '\0');
  mpz_get_str(text.data(), base, z);
  text.resize(text.find('\0'));
  if (limited && text.size() - (text[0] == '-') > static_cast<size_t>(int_max_str_digits)) return fail_digits();
  return text;
}

Ref parse_int(std::string_view text, int base, Value original) {
  const int shown_base = base;
  auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  auto malformed = [&]() -> Failure {
    std::string shown = repr_text(original);
    keep_characters(shown, 200);
    return fail(exc::ValueError, "invalid literal for int() with base {}: {}", shown_base, shown);
  };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  bool zero_only = false;
  auto prefix_base = [](char c) { return (c | 32) == 'x' ? 16 : (c | 32) == 'o' ? 8 : (c | 32) == 'b' ? 2 : 0; };
  if (base == 0) {
    if (text.size() > 1 && text[0] == '0') {
      base = prefix_base(text[1]);
      if (base == 0) {
        base = 10;
        zero_only = true;  // old octal literals are refused, 00 is not
      }
    } else {
      base = 10;
    }
  }
  if (text.size() > 1 && text[0] == '0' && prefix_base(text[1]) == base) {
    text.remove_prefix(2);
    if (!text.empty() && text[0] == '_') text.remove_prefix(1);
  }
  std::string digits;
  if (!clean_digits(text, base, digits)) return malformed();
  if (zero_only && digits.find_first_not_of('0') != digits.npos) return malformed();
  return int_of_digits(digits, base, negative);
}

Ref int_from_literal(std::string_view text) {
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char c = static_cast<char>(text[1] | 32);
    base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
    if (base != 10) text.remove_prefix(2);
  }
  std::string digits;
  for (char c : text) {
    if (c != '_') digits += c;
  }
  return int_of_digits(digits, base, false);
}

}  // namespace hiss

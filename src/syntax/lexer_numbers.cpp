// Numeric literals: where they end and how they can be wrong.
#include <fmt/format.h>

#include "syntax/lexer.h"
#include "syntax/lexer_characters.h"

namespace hiss::syntax {

/// A name right after a number is an error, except the few keywords that may follow: those are still only deprecated.
bool Lexer::verify_end_of_number(const char* kind) {
  const char* p = at_;
  if (!kIdentifierCharacter[static_cast<unsigned char>(*p)] || (*p & 0x80)) return true;
  std::string_view rest{p, static_cast<size_t>(end_ - p)};
  auto is_word = [&](std::string_view word) {
    return rest.starts_with(word) && !kIdentifierCharacter[static_cast<unsigned char>(p[word.size()])];
  };
  bool keyword = false;
  switch (*p) {
    case 'a':
      keyword = is_word("and");
      break;
    case 'e':
      keyword = is_word("else");
      break;
    case 'f':
      keyword = is_word("for");
      break;
    case 'i':
      // Two letters are enough here: 1ifx is the number 1 and the name ifx.
      keyword = p[1] == 'f' || p[1] == 'n' || p[1] == 's';
      break;
    case 'o':
      keyword = is_word("or");
      break;
    case 'n':
      keyword = is_word("not");
      break;
    default:
      break;
  }
  if (keyword) {
    warn_number(kind);
    return true;
  }
  return fail_here(fmt::format("invalid {} literal", kind));
}

/// Digits with single underscores between them; at_ is on a digit or just after one.
bool Lexer::decimal_tail() {
  for (;;) {
    while (is_digit(*at_)) ++at_;
    if (*at_ != '_') return true;
    ++at_;
    if (!is_digit(*at_)) return fail_here("invalid decimal literal");
  }
}

bool Lexer::read_radix(const char* name, int radix) {
  auto is_own_digit = [radix](char c) { return radix == 16 ? is_hex_digit(c) : c >= '0' && c < '0' + radix; };
  ++at_;  // x, o or b
  do {
    if (*at_ == '_') ++at_;
    if (!is_own_digit(*at_)) {
      if (is_digit(*at_)) {
        ++at_;
        return fail_here(fmt::format("invalid digit '{}' in {} literal", at_[-1], name));
      }
      return fail_here(fmt::format("invalid {} literal", name));
    }
    while (is_own_digit(*at_)) ++at_;
  } while (*at_ == '_');
  if (is_digit(*at_)) {
    ++at_;
    return fail_here(fmt::format("invalid digit '{}' in {} literal", at_[-1], name));
  }
  if (!verify_end_of_number(name)) return false;
  emit(TokenKind::Number, token_start_, at_);
  return true;
}

bool Lexer::read_zero_number() {
  switch (*at_ | 0x20) {
    case 'x':
      return read_radix("hexadecimal", 16);
    case 'o':
      return read_radix("octal", 8);
    case 'b':
      return read_radix("binary", 2);
    default:
      break;
  }
  bool nonzero = false;
  for (;;) {
    if (*at_ == '_') {
      ++at_;
      if (!is_digit(*at_)) return fail_here("invalid decimal literal");
    }
    if (*at_ != '0') break;
    ++at_;
  }
  const char* zeros_end = at_;
  if (is_digit(*at_)) {
    nonzero = true;
    if (!decimal_tail()) return false;
  }
  char c = *at_;
  if (c == '.') {
    ++at_;
    return read_fraction();
  }
  if ((c | 0x20) == 'e' || (c | 0x20) == 'j') return read_exponent_or_suffix(c);
  if (nonzero) {
    // 0777 was octal in Python 2: say what to write instead.
    return fail_range(
        "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
        column_of(token_start_) + 1, column_of(zeros_end) + 1);
  }
  if (!verify_end_of_number("decimal")) return false;
  emit(TokenKind::Number, token_start_, at_);
  return true;
}

bool Lexer::read_number(char first) {
  if (first == '0') return read_zero_number();
  if (!decimal_tail()) return false;
  if (*at_ == '.') {
    ++at_;
    return read_fraction();
  }
  return read_exponent_or_suffix(*at_);
}

/// After the decimal point.
bool Lexer::read_fraction() {
  if (is_digit(*at_) && !decimal_tail()) return false;
  return read_exponent_or_suffix(*at_);
}

bool Lexer::read_exponent_or_suffix(char after) {
  if ((after | 0x20) == 'e') {
    const char* e = at_++;
    if (*at_ == '+' || *at_ == '-') {
      ++at_;
      if (!is_digit(*at_)) return fail_here("invalid decimal literal");
    } else if (!is_digit(*at_)) {
      // No exponent after all: the e begins a keyword, or is an error.
      at_ = e;
      if (!verify_end_of_number("decimal")) return false;
      emit(TokenKind::Number, token_start_, at_);
      return true;
    }
    if (!decimal_tail()) return false;
  }
  if ((*at_ | 0x20) == 'j') {
    ++at_;
    if (!verify_end_of_number("imaginary")) return false;
  } else if (!verify_end_of_number("decimal")) {
    return false;
  }
  emit(TokenKind::Number, token_start_, at_);
  return true;
}

}  // namespace hiss::syntax

// %-formatting, shared by str, bytes and bytearray.
#pragma once

#include "object/protocol.h"

namespace hiss {

/// One conversion specification: %[(key)][flags][width][.precision][length]conversion.
struct PercentSpec {
  bool left = false, plus = false, space = false, alternate = false, zero = false;
  int64_t width = -1;
  int64_t precision = -1;
  uint32_t conversion = 0;
};

/// Where values come from: a tuple, one value, or a mapping.
class PercentArguments {
 public:
  explicit PercentArguments(Value arguments);
  Ref next();             // TypeError when there are not enough
  Ref by_key(Value key);  // TypeError "format requires a mapping"
  Status finish();        // TypeError when some were not used

 private:
  Value arguments_;
  Value mapping_;
  Ref keyed_;
  int64_t index_ = 0;
  int64_t count_;  // -1: a single value not used yet, -2: used
};

/// Reads what follows a '%'; `character(i)` gives the i-th character, `substring` a key.
template <typename Character, typename Key>
Result<PercentSpec> parse_percent(int64_t& at, int64_t end, PercentArguments& arguments, Character&& character,
                                  Key&& key);

/// The text of d i u x X o e E f F g G conversions: everything but the padding to the width is decided by sign and
/// zeros.
struct PercentNumber {
  std::string sign, prefix, digits;
};
Result<PercentNumber> percent_number(Value v, const PercentSpec& spec);
/// Sign, prefix and digits padded to the width.
std::string pad_percent_number(const PercentNumber& n, const PercentSpec& spec);

inline bool is_number_conversion(uint32_t c) {
  switch (c) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return true;
    default:
      return false;
  }
}

template <typename Character, typename Key>
Result<PercentSpec> parse_percent(int64_t& at, int64_t end, PercentArguments& arguments, Character&& character,
                                  Key&& key) {
  PercentSpec spec;
  if (at < end && character(at) == '(') {
    const int64_t start = ++at;
    int depth = 1;
    for (; at < end; ++at) {
      if (character(at) == ')') {
        if (--depth == 0) break;
      } else if (character(at) == '(') {
        ++depth;
      }
    }
    if (at >= end) return fail(exc::ValueError, "incomplete format key");
    Ref name = key(start, at);
    ++at;
    TRY(arguments.by_key(name));
  }
  for (; at < end; ++at) {
    const uint32_t c = character(at);
    if (c == '-') {
      spec.left = true;
    } else if (c == '+') {
      spec.plus = true;
    } else if (c == ' ') {
      spec.space = true;
    } else if (c == '#') {
      spec.alternate = true;
    } else if (c == '0') {
      spec.zero = true;
    } else {
      break;
    }
  }
  auto number = [&](const char* too_big, const char* star_wants) -> Result<int64_t> {
    if (at < end && character(at) == '*') {
      ++at;
      Ref v = TRY(arguments.next());
      if (!is_int(v)) return fail(exc::TypeError, "{}", star_wants);
      const auto n = int_value(v);
      if (!n) return fail(exc::OverflowError, "Python int too large to convert to C ssize_t");
      if (*n > INT32_MAX || *n < -INT64_C(0x7fffffff))
        return fail(exc::OverflowError, "Python int too large to convert to C int");
      return *n;
    }
    int64_t n = 0;
    for (; at < end && character(at) - '0' < 10; ++at) {
      n = n * 10 + (character(at) - '0');
      if (n > INT64_C(0x7fffffff)) return fail(exc::ValueError, "{}", too_big);
    }
    return n;
  };
  if (at < end && (character(at) == '*' || character(at) - '0' < 10)) {
    spec.width = TRY(number("width too big", "* wants int"));
    if (spec.width < 0) {
      spec.left = true;
      spec.width = -spec.width;
    }
  }
  if (at < end && character(at) == '.') {
    ++at;
    spec.precision = 0;
    if (at < end && (character(at) == '*' || character(at) - '0' < 10)) {
      spec.precision = std::max<int64_t>(TRY(number("precision too big", "* wants int")), 0);
    }
  }
  if (at < end && (character(at) == 'h' || character(at) == 'l' || character(at) == 'L')) ++at;
  if (at >= end) return fail(exc::ValueError, "incomplete format");
  spec.conversion = character(at++);
  return spec;
}

}  // namespace hiss

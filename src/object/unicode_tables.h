// Properties of characters, Unicode 14.0.0. The tables are made by data/make_unicode.py.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hiss::unicode {

struct Record {
  uint8_t category;
  uint8_t combining;
  int8_t decimal, digit;
  uint8_t numeric;  // index of the value, 0: none
  uint16_t flags;
  int32_t upper, lower, title, fold;  // difference to the character, or index of a longer text (flag)
  int32_t simple_lower;
  uint8_t bidirectional, width;
};

enum Flag : uint16_t {
  kAlpha = 1,
  kSpace = 2,
  kPrintable = 4,
  kIdStart = 8,
  kIdContinue = 16,
  kUpper = 32,
  kLower = 64,
  kTitle = 128,
  kCaseIgnorable = 256,
  kLineBreak = 512,
  kLongUpper = 1024,
  kLongLower = 2048,
  kLongTitle = 4096,
  kLongFold = 8192,
  kMirrored = 16384,
};

const Record& record(uint32_t c);

inline bool has(uint32_t c, uint16_t flag) { return (record(c).flags & flag) != 0; }
inline bool is_ascii_space(uint32_t c) { return c == ' ' || (c - 9 < 5) || (c - 0x1c < 4); }
inline bool is_space(uint32_t c) { return c < 0x80 ? is_ascii_space(c) : has(c, kSpace); }
inline bool is_alpha(uint32_t c) { return c < 0x80 ? ((c | 32) - 'a' < 26) : has(c, kAlpha); }
inline bool is_printable(uint32_t c) { return c < 0x7f ? c >= 32 : has(c, kPrintable); }
inline bool is_upper(uint32_t c) { return c < 0x80 ? c - 'A' < 26 : has(c, kUpper); }
inline bool is_lower(uint32_t c) { return c < 0x80 ? c - 'a' < 26 : has(c, kLower); }
inline bool is_title(uint32_t c) { return c >= 0x80 && has(c, kTitle); }
inline bool is_cased(uint32_t c) { return c < 0x80 ? ((c | 32) - 'a' < 26) : has(c, kUpper | kLower | kTitle); }
inline bool is_case_ignorable(uint32_t c) { return has(c, kCaseIgnorable); }
inline bool is_line_break(uint32_t c) { return c < 0x80 ? (c - 10 < 4) || (c - 0x1c < 3) : has(c, kLineBreak); }
inline bool is_identifier_start(uint32_t c) { return c < 0x80 ? ((c | 32) - 'a' < 26) || c == '_' : has(c, kIdStart); }
inline bool is_identifier_continue(uint32_t c) {
  return c < 0x80 ? ((c | 32) - 'a' < 26) || c == '_' || c - '0' < 10 : has(c, kIdContinue);
}
inline int decimal(uint32_t c) {
  return c < 0x80 ? (c - '0' < 10 ? static_cast<int>(c - '0') : -1) : record(c).decimal;
}
inline int digit(uint32_t c) { return record(c).digit; }
inline bool is_numeric(uint32_t c) { return record(c).numeric != 0; }
double numeric_value(uint32_t c);
inline bool is_alnum(uint32_t c) { return is_alpha(c) || decimal(c) >= 0 || digit(c) >= 0 || is_numeric(c); }
/// The one-to-one mapping that regular expressions use.
inline uint32_t simple_lower(uint32_t c) {
  return c < 0x80 ? (c - 'A' < 26 ? c + 32 : c) : c + static_cast<uint32_t>(record(c).simple_lower);
}

/// Full case mappings: writes one to three characters, returns how many.
int to_upper(uint32_t c, uint32_t out[3]);
int to_lower(uint32_t c, uint32_t out[3]);
int to_title(uint32_t c, uint32_t out[3]);
int to_fold(uint32_t c, uint32_t out[3]);

const char* category_name(const Record& r);
const char* bidirectional_name(const Record& r);
const char* width_name(const Record& r);

/// Unicode 3.2.0, which internationalized domain names are defined with: false for characters that came later.
bool known_in_3_2(uint32_t c);
/// The record of that version, as far as it differs: category, bidirectional, width, decimal, numeric, mirrored.
Record record_in_3_2(uint32_t c);
/// What a character decomposed to before a correction of the standard; 0: no correction.
uint32_t corrected_since_3_2(uint32_t c);

enum class Form { C, D, KC, KD };
std::vector<uint32_t> normalize(const std::vector<uint32_t>& text, Form form, bool in_3_2 = false);
/// The decomposition as the database writes it: "<compat> 0020 0308".
std::string decomposition(uint32_t c);
/// Identifiers are compared in this form.
std::string normalize_nfkc(std::string_view utf8);

}  // namespace hiss::unicode

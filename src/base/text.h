// UTF-8: decoding, encoding, validation, counting. Functions that accept WTF-8 say so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace hiss {

inline constexpr char32_t kInvalidCodePoint = 0xFFFFFFFF;

/// True when every byte is below 0x80.
bool is_ascii(std::string_view text);

/// Appends the code point; surrogates are written as three bytes (WTF-8).
void append_utf8(std::string& out, char32_t code_point);
/// Writes at most 4 bytes, returns how many.
int encode_utf8(char32_t code_point, char* out);

/// Decodes the code point at `at` and moves past it. Malformed bytes give kInvalidCodePoint and move by one byte.
/// With allow_surrogates, three-byte surrogates are decoded (WTF-8).
char32_t decode_utf8(const char*& at, const char* end, bool allow_surrogates = true);

/// Bytes of a code point in UTF-8.
constexpr int utf8_length(char32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

/// Where and why UTF-8 is malformed, in the words of Python's codec.
struct Utf8Error {
  size_t start = 0;
  size_t end = 0;
  const char* reason = nullptr;  ///< null: well formed
};
Utf8Error validate_utf8(std::string_view text);

/// Code points of well-formed text; every byte that is not a continuation byte counts.
size_t count_code_points(std::string_view text);

/// Malformed sequences replaced by U+FFFD as Python's 'replace' handler does.
std::string replace_malformed_utf8(std::string_view text);

/// Unicode 14's XID_Start and XID_Continue, as identifiers need them, and str.isprintable.
bool is_identifier_start(char32_t c);
bool is_identifier_continue(char32_t c);
bool is_printable(char32_t c);

}  // namespace hiss

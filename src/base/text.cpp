#include "base/text.h"

namespace hiss {

bool is_ascii(std::string_view text) {
  const char* at = text.data();
  size_t left = text.size();
  while (left >= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    if (word & 0x8080808080808080ull) return false;
    at += 8;
    left -= 8;
  }
  while (left--) {
    if (static_cast<unsigned char>(*at++) >= 0x80) return false;
  }
  return true;
}

int encode_utf8(char32_t c, char* out) {
  if (c < 0x80) {
    out[0] = static_cast<char>(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = static_cast<char>(0xC0 | (c >> 6));
    out[1] = static_cast<char>(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = static_cast<char>(0xE0 | (c >> 12));
    out[1] = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out[2] = static_cast<char>(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = static_cast<char>(0xF0 | (c >> 18));
  out[1] = static_cast<char>(0x80 | ((c >> 12) & 0x3F));
  out[2] = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
  out[3] = static_cast<char>(0x80 | (c & 0x3F));
  return 4;
}

void append_utf8(std::string& out, char32_t code_point) {
  char bytes[4];
  out.append(bytes, encode_utf8(code_point, bytes));
}

namespace {

/// The length of the sequence at `at`, or 0 with the length of the malformed prefix and the reason.
struct Sequence {
  int length = 0;
  int bad_length = 1;
  const char* reason = nullptr;
};

Sequence scan_sequence(const char* at, const char* end, bool allow_surrogates) {
  auto byte = [&](int i) { return static_cast<unsigned char>(at[i]); };
  unsigned char first = byte(0);
  if (first < 0x80) return {1};
  if (first < 0xC2 || first > 0xF4) return {0, 1, "invalid start byte"};
  int length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  unsigned char low = 0x80, high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED && !allow_surrogates) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  for (int i = 1; i < length; ++i) {
    if (at + i >= end) return {0, i, "unexpected end of data"};
    if (byte(i) < low || byte(i) > high) return {0, i, "invalid continuation byte"};
    low = 0x80;
    high = 0xBF;
  }
  return {length};
}

}  // namespace

char32_t decode_utf8(const char*& at, const char* end, bool allow_surrogates) {
  Sequence sequence = scan_sequence(at, end, allow_surrogates);
  const char* s = at;
  switch (sequence.length) {
    case 0:
      ++at;
      return kInvalidCodePoint;
    case 1:
      ++at;
      return static_cast<unsigned char>(s[0]);
    case 2:
      at += 2;
      return ((s[0] & 0x1F) << 6) | (s[1] & 0x3F);
    case 3:
      at += 3;
      return ((s[0] & 0x0F) << 12) | ((s[1] & 0x3F) << 6) | (s[2] & 0x3F);
    default:
      at += 4;
      return ((s[0] & 0x07) << 18) | ((s[1] & 0x3F) << 12) | ((s[2] & 0x3F) << 6) | (s[3] & 0x3F);
  }
}

Utf8Error validate_utf8(std::string_view text) {
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    if (end - at >= 8) {
      uint64_t word;
      std::memcpy(&word, at, 8);
      if ((word & 0x8080808080808080ull) == 0) {
        at += 8;
        continue;
      }
    }
    Sequence sequence = scan_sequence(at, end, false);
    if (sequence.length == 0) {
      size_t start = at - text.data();
      return {start, start + sequence.bad_length, sequence.reason};
    }
    at += sequence.length;
  }
  return {};
}

size_t count_code_points(std::string_view text) {
  size_t count = 0;
  for (char c : text) count += (c & 0xC0) != 0x80;
  return count;
}

std::string replace_malformed_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    Sequence sequence = scan_sequence(at, end, false);
    if (sequence.length == 0) {
      out += "\xEF\xBF\xBD";
      at += sequence.bad_length;
    } else {
      out.append(at, sequence.length);
      at += sequence.length;
    }
  }
  return out;
}

}  // namespace hiss

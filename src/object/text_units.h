// Characters of 1, 2 and 4 bytes: widths, copying between them, UTF-8.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "object/str.h"

namespace hiss {

inline int width_for(uint32_t max_char) { return max_char < 0x100 ? 1 : max_char < 0x10000 ? 2 : 4; }

/// Bytes behind the struct Str: the characters and a terminating zero, rounded up so that attributes may follow.
inline size_t str_extra(int64_t length, int width) {
  return (static_cast<size_t>(length + 1) * static_cast<size_t>(width) + 7) & ~size_t{7};
}

inline bool is_ascii(const uint8_t* p, size_t n) {
  uint64_t bits = 0;
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    bits |= word;
  }
  for (; n > 0; --n) bits |= *p++;
  return (bits & 0x8080808080808080u) == 0;
}

template <typename To, typename From>
void copy_units(To* to, const From* from, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<To>(from[i]);
}

/// Reads one character of valid UTF-8 (lone surrogates in three bytes included).
inline uint32_t next_utf8(const uint8_t*& p) {
  const uint32_t c = *p++;
  if (c < 0x80) return c;
  if (c < 0xE0) return ((c & 0x1F) << 6) | (*p++ & 0x3F);
  if (c < 0xF0) {
    const uint32_t r = ((c & 0x0F) << 12) | ((p[0] & 0x3Fu) << 6) | (p[1] & 0x3Fu);
    p += 2;
    return r;
  }
  const uint32_t r = ((c & 0x07) << 18) | ((p[0] & 0x3Fu) << 12) | ((p[1] & 0x3Fu) << 6) | (p[2] & 0x3Fu);
  p += 3;
  return r;
}

/// Shortens valid UTF-8 to at most `count` characters.
inline void keep_characters(std::string& text, size_t count) {
  const auto* begin = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t *p = begin, *end = begin + text.size();
  while (p < end && count > 0) {
    next_utf8(p);
    --count;
  }
  text.resize(static_cast<size_t>(p - begin));
}

inline void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

/// Copies characters into a string at least as wide as the source.
void copy_chars(Str* target, int64_t at, const Str* source, int64_t start, int64_t count);
Str* allocate_str_of(Type* type, int64_t length, uint32_t max_char);
void str_dealloc(Object* self);

/// Calls `f` with the characters as a typed pointer.
template <typename F>
decltype(auto) with_units(const Str* s, F&& f) {
  if (s->width == 1) return f(s->data1());
  if (s->width == 2) return f(s->data2());
  return f(s->data4());
}

}  // namespace hiss

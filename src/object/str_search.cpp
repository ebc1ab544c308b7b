#include "object/str_search.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "object/text_units.h"

namespace hiss {

namespace {

template <typename Unit>
int64_t find_one(const Unit* s, Unit c, int64_t start, int64_t end) {
  const Unit* p = std::find(s + start, s + end, c);
  return p == s + end ? -1 : p - s;
}
template <>
int64_t find_one(const uint8_t* s, uint8_t c, int64_t start, int64_t end) {
  const void* p = memchr(s + start, c, static_cast<size_t>(end - start));
  return p ? static_cast<const uint8_t*>(p) - s : -1;
}

template <typename Unit>
int64_t rfind_one(const Unit* s, Unit c, int64_t start, int64_t end) {
  for (int64_t i = end; i-- > start;) {
    if (s[i] == c) return i;
  }
  return -1;
}

template <typename Unit>
bool same(const Unit* a, const Unit* b, int64_t n) {
  return memcmp(a, b, static_cast<size_t>(n) * sizeof(Unit)) == 0;
}

/// Horspool's shifts hashed by the low byte of the last character: sublinear on ordinary text, any width.
template <typename Unit>
int64_t find_horspool(const Unit* s, const Unit* needle, int64_t m, int64_t start, int64_t end) {
  int64_t shift[256];
  std::fill(shift, shift + 256, m);
  for (int64_t i = 0; i < m - 1; ++i) shift[needle[i] & 0xff] = m - 1 - i;
  const Unit last = needle[m - 1];
  for (int64_t i = start; i <= end - m;) {
    const Unit c = s[i + m - 1];
    if (c == last && same(s + i, needle, m - 1)) return i;
    i += shift[c & 0xff];
  }
  return -1;
}

template <typename Unit>
int64_t find_in(const Unit* s, const Unit* needle, int64_t m, int64_t start, int64_t end) {
  if (end - start < m) return -1;
  if (m == 0) return start;
  if (m == 1) return find_one(s, needle[0], start, end);
  if constexpr (sizeof(Unit) == 1) {
    const void* p = memmem(s + start, static_cast<size_t>(end - start), needle, static_cast<size_t>(m));
    return p ? static_cast<const uint8_t*>(p) - s : -1;
  } else {
    return find_horspool(s, needle, m, start, end);
  }
}

template <typename Unit>
int64_t rfind_in(const Unit* s, const Unit* needle, int64_t m, int64_t start, int64_t end) {
  if (end - start < m) return -1;
  if (m == 0) return end;
  if (m == 1) return rfind_one(s, needle[0], start, end);
  int64_t shift[256];
  std::fill(shift, shift + 256, m);
  for (int64_t i = m - 1; i > 0; --i) shift[needle[i] & 0xff] = i;
  const Unit first = needle[0];
  for (int64_t i = end - m; i >= start;) {
    if (s[i] == first && same(s + i + 1, needle + 1, m - 1)) return i;
    i -= shift[s[i] & 0xff];
  }
  return -1;
}

/// Calls f(characters of s, characters of needle) with both in the width of s; false when the needle is too wide to
/// occur.
template <typename F>
int64_t with_needle(const Str* s, const Str* needle, F&& f) {
  if (needle->width > s->width) return needle->length == 0 ? 0 : -1;
  if (s->width == 1) return f(s->data1(), needle->data1());
  if (s->width == 2) {
    if (needle->width == 2) return f(s->data2(), needle->data2());
    std::vector<uint16_t> wide(static_cast<size_t>(needle->length) + 1);
    copy_units(wide.data(), needle->data1(), needle->length);
    return f(s->data2(), static_cast<const uint16_t*>(wide.data()));
  }
  if (needle->width == 4) return f(s->data4(), needle->data4());
  std::vector<uint32_t> wide(static_cast<size_t>(needle->length) + 1);
  if (needle->width == 1) {
    copy_units(wide.data(), needle->data1(), needle->length);
  } else {
    copy_units(wide.data(), needle->data2(), needle->length);
  }
  return f(s->data4(), static_cast<const uint32_t*>(wide.data()));
}

}  // namespace

int64_t find_units(const uint8_t* s, const uint8_t* needle, int64_t m, int64_t start, int64_t end) {
  return find_in(s, needle, m, start, end);
}
int64_t rfind_units(const uint8_t* s, const uint8_t* needle, int64_t m, int64_t start, int64_t end) {
  return rfind_in(s, needle, m, start, end);
}

int64_t find(const Str* s, const Str* needle, int64_t start, int64_t end) {
  if (end > s->length) end = s->length;
  if (end - start < needle->length) return -1;
  return with_needle(s, needle, [&](auto* p, auto* n) -> int64_t { return find_in(p, n, needle->length, start, end); });
}

int64_t rfind(const Str* s, const Str* needle, int64_t start, int64_t end) {
  if (end > s->length) end = s->length;
  if (end - start < needle->length) return -1;
  return with_needle(s, needle,
                     [&](auto* p, auto* n) -> int64_t { return rfind_in(p, n, needle->length, start, end); });
}

int64_t count(const Str* s, const Str* needle, int64_t start, int64_t end, int64_t limit) {
  if (end > s->length) end = s->length;
  const int64_t m = needle->length;
  if (end - start < m) return 0;
  if (m == 0) return std::min(limit, end - start + 1);
  if (needle->width > s->width) return 0;
  return with_needle(s, needle, [&](auto* p, auto* n) -> int64_t {
    int64_t found = 0;
    for (int64_t at = start; found < limit; ++found) {
      at = find_in(p, n, m, at, end);
      if (at < 0) break;
      at += m;
    }
    return found;
  });
}

int64_t find_char(const Str* s, uint32_t c, int64_t start, int64_t end) {
  if (width_for(c) > s->width || end <= start) return -1;
  if (s->width == 1) return find_one(s->data1(), static_cast<uint8_t>(c), start, end);
  if (s->width == 2) return find_one(s->data2(), static_cast<uint16_t>(c), start, end);
  return find_one(s->data4(), c, start, end);
}

int64_t rfind_char(const Str* s, uint32_t c, int64_t start, int64_t end) {
  if (width_for(c) > s->width) return -1;
  if (s->width == 1) return rfind_one(s->data1(), static_cast<uint8_t>(c), start, end);
  if (s->width == 2) return rfind_one(s->data2(), static_cast<uint16_t>(c), start, end);
  return rfind_one(s->data4(), c, start, end);
}

bool matches_at(const Str* s, const Str* part, int64_t at) {
  if (at < 0 || at > s->length - part->length) return false;
  if (part->width == s->width) {
    return memcmp(s->data1() + at * s->width, part->data1(), static_cast<size_t>(part->length) * s->width) == 0;
  }
  for (int64_t i = 0; i < part->length; ++i) {
    if (s->at(at + i) != part->at(i)) return false;
  }
  return true;
}

}  // namespace hiss

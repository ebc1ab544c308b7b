// str: 1, 2 or 4 bytes per character, as PEP 393. Immutable; the hash is cached; identifiers are interned.
#pragma once

#include <string>
#include <string_view>

#include "object/type.h"

namespace hiss {

struct Str : Object {
  static constexpr Layout kLayout = Layout::Str;
  int64_t length;        // in characters
  mutable int64_t hash;  // -1: not computed yet
  uint8_t width;         // bytes per character: 1 (up to U+00FF), 2, 4; always the smallest that fits
  bool ascii;
  bool interned;
  mutable char* utf8;  // cached encoding of a non-ASCII string (malloc), or null
  mutable int64_t utf8_length;

  const uint8_t* data1() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  const uint16_t* data2() const { return reinterpret_cast<const uint16_t*>(this + 1); }
  const uint32_t* data4() const { return reinterpret_cast<const uint32_t*>(this + 1); }
  uint8_t* data1() { return reinterpret_cast<uint8_t*>(this + 1); }
  uint16_t* data2() { return reinterpret_cast<uint16_t*>(this + 1); }
  uint32_t* data4() { return reinterpret_cast<uint32_t*>(this + 1); }
  uint32_t at(int64_t i) const { return width == 1 ? data1()[i] : width == 2 ? data2()[i] : data4()[i]; }
  /// The characters of an ASCII string as text.
  std::string_view ascii_view() const { return {reinterpret_cast<const char*>(data1()), static_cast<size_t>(length)}; }
};

/// A new uninitialised string for characters up to `max_char`; fill data and, for non-ASCII, nothing else.
Str* allocate_str(int64_t length, uint32_t max_char);
/// From UTF-8 known to be valid (WTF-8: lone surrogates may be encoded as three bytes, as the parser makes them).
Ref make_str(std::string_view utf8);
Ref make_str_ascii(std::string_view ascii);
Ref make_str_latin1(const uint8_t* data, int64_t length);
Ref make_str_ucs2(const uint16_t* data, int64_t length);  // narrows when it can
Ref make_str_ucs4(const uint32_t* data, int64_t length);  // narrows when it can
Ref make_char(uint32_t code_point);                       // cached below 256
Ref empty_str();
Ref substring(const Str* s, int64_t start, int64_t end);
/// One object for each distinct text; the returned pointer lives as long as the process (identifiers, attribute names).
Str* intern(std::string_view utf8);
/// Interns the string object itself if no equal one is interned; returns the interned one.
Str* intern(Str* s);

/// UTF-8 of the string; lone surrogates come out as three bytes (never fails). ASCII strings are viewed in place.
std::string_view utf8_view(const Str* s);
inline std::string to_string(const Str* s) { return std::string(utf8_view(s)); }
inline std::string to_string(Value str) { return to_string(as<Str>(str)); }

int64_t compute_hash(const Str* s);
inline int64_t hash_of(const Str* s) { return s->hash != -1 ? s->hash : compute_hash(s); }
bool equal(const Str* a, const Str* b);
bool equal(const Str* a, std::string_view ascii);
int compare(const Str* a, const Str* b);
Ref concat(const Str* a, const Str* b);
int64_t find(const Str* s, const Str* needle, int64_t start, int64_t end);  // -1 when absent
uint32_t max_char(const Str* s);

/// Collects text and makes a str of the right width.
class StrBuilder {
 public:
  void append(const Str* s) { append(s, 0, s->length); }
  void append(const Str* s, int64_t start, int64_t end);
  void append(std::string_view utf8);
  void append_ascii(std::string_view ascii);
  void append_char(uint32_t c);
  void append_fill(uint32_t c, int64_t count);
  int64_t size() const { return size_; }
  Ref finish();

 private:
  void reserve(int64_t more, uint32_t max_char);
  std::string bytes_;  // characters of `width_` bytes each
  int64_t size_ = 0;
  uint8_t width_ = 1;
  uint32_t max_char_ = 0;
};

/// Keeps interned strings for names that C++ code uses: names.__init__ and so on. Declared in names.def.
struct Names {
#define NAME(n) Str* n;
#include "object/names.def"
#undef NAME
};
extern Names names;

}  // namespace hiss

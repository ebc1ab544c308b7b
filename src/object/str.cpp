// str: allocation, conversion from and to UTF-8, interning, hash, comparison, concatenation.
#include "object/str.h"

#include <cstdlib>
#include <cstring>
#include <vector>

#include "object/str_hash.h"
#include "object/text_units.h"

namespace hiss {

namespace {

Str* latin1_chars[256];
Str* the_empty_str;

Str* cached_char(uint32_t c) {
  Str*& slot = latin1_chars[c];
  if (!slot) {
    slot = allocate_str(1, c);
    slot->data1()[0] = static_cast<uint8_t>(c);
  }
  return slot;
}

}  // namespace

Str* allocate_str_of(Type* type, int64_t length, uint32_t max_char) {
  const int width = width_for(max_char);
  Str* s = static_cast<Str*>(allocate(type, str_extra(length, width)));
  s->length = length;
  s->hash = -1;
  s->width = static_cast<uint8_t>(width);
  s->ascii = max_char < 0x80;
  s->interned = false;
  s->utf8 = nullptr;
  s->utf8_length = 0;
  memset(s->data1() + length * width, 0, static_cast<size_t>(width));
  return s;
}

Str* allocate_str(int64_t length, uint32_t max_char) { return allocate_str_of(&str_type, length, max_char); }

void str_dealloc(Object* self) {
  Str* s = static_cast<Str*>(self);
  const size_t extra = str_extra(s->length, s->width);
  free(s->utf8);
  free_object(self, extra);
}

Ref empty_str() {
  if (!the_empty_str) the_empty_str = allocate_str(0, 0);
  return Ref::share(the_empty_str);
}

Ref make_char(uint32_t c) {
  if (c < 256) return Ref::share(cached_char(c));
  Str* s = allocate_str(1, c);
  if (s->width == 2) {
    s->data2()[0] = static_cast<uint16_t>(c);
  } else {
    s->data4()[0] = c;
  }
  return Ref::steal(s);
}

Ref make_str_ascii(std::string_view text) {
  if (text.size() <= 1) return text.empty() ? empty_str() : make_char(static_cast<uint8_t>(text[0]));
  Str* s = allocate_str(static_cast<int64_t>(text.size()), 0x7f);
  memcpy(s->data1(), text.data(), text.size());
  return Ref::steal(s);
}

Ref make_str_latin1(const uint8_t* data, int64_t length) {
  if (length <= 1) return length == 0 ? empty_str() : make_char(data[0]);
  const bool ascii = is_ascii(data, static_cast<size_t>(length));
  Str* s = allocate_str(length, ascii ? 0x7f : 0xff);
  memcpy(s->data1(), data, static_cast<size_t>(length));
  return Ref::steal(s);
}

namespace {
template <typename Unit>
Ref make_narrowest(const Unit* data, int64_t length) {
  if (length <= 1) return length == 0 ? empty_str() : make_char(data[0]);
  uint32_t bits = 0;
  for (int64_t i = 0; i < length; ++i) bits |= data[i];
  // The union of bits is enough to choose the width and to know ASCII.
  Str* s = allocate_str(length, bits);
  if (s->width == 1) {
    copy_units(s->data1(), data, length);
  } else if (s->width == 2) {
    copy_units(s->data2(), data, length);
  } else {
    copy_units(s->data4(), data, length);
  }
  return Ref::steal(s);
}
}  // namespace

Ref make_str_ucs2(const uint16_t* data, int64_t length) { return make_narrowest(data, length); }
Ref make_str_ucs4(const uint32_t* data, int64_t length) { return make_narrowest(data, length); }

Ref make_str(std::string_view utf8) {
  const auto* p = reinterpret_cast<const uint8_t*>(utf8.data());
  if (is_ascii(p, utf8.size())) return make_str_ascii(utf8);
  const uint8_t* end = p + utf8.size();
  int64_t length = 0;
  uint32_t bits = 0;
  for (const uint8_t* q = p; q < end; ++length) bits |= next_utf8(q);
  if (length == 1) return make_char(bits);
  Str* s = allocate_str(length, bits);
  const uint8_t* q = p;
  if (s->width == 1) {
    for (int64_t i = 0; i < length; ++i) s->data1()[i] = static_cast<uint8_t>(next_utf8(q));
  } else if (s->width == 2) {
    for (int64_t i = 0; i < length; ++i) s->data2()[i] = static_cast<uint16_t>(next_utf8(q));
  } else {
    for (int64_t i = 0; i < length; ++i) s->data4()[i] = next_utf8(q);
  }
  return Ref::steal(s);
}

uint32_t max_char(const Str* s) {
  if (s->ascii) return 0x7f;
  return s->width == 1 ? 0xff : s->width == 2 ? 0xffff : 0x10ffff;
}

Ref substring(const Str* s, int64_t start, int64_t end) {
  if (start < 0) start = 0;
  if (end > s->length) end = s->length;
  if (start >= end) return empty_str();
  const int64_t length = end - start;
  if (length == s->length && s->type == &str_type) return Ref::share(const_cast<Str*>(s));
  if (s->width == 1) {
    if (length == 1) return make_char(s->data1()[start]);
    if (!s->ascii) return make_str_latin1(s->data1() + start, length);
    Str* r = allocate_str(length, 0x7f);
    memcpy(r->data1(), s->data1() + start, static_cast<size_t>(length));
    return Ref::steal(r);
  }
  if (s->width == 2) return make_str_ucs2(s->data2() + start, length);
  return make_str_ucs4(s->data4() + start, length);
}

std::string_view utf8_view(const Str* s) {
  if (s->ascii) return s->ascii_view();
  if (!s->utf8) {
    std::string text;
    text.reserve(static_cast<size_t>(s->length * 2));
    for (int64_t i = 0; i < s->length; ++i) append_utf8(text, s->at(i));
    s->utf8 = static_cast<char*>(malloc(text.size() + 1));
    memcpy(s->utf8, text.c_str(), text.size() + 1);
    s->utf8_length = static_cast<int64_t>(text.size());
  }
  return {s->utf8, static_cast<size_t>(s->utf8_length)};
}

int64_t compute_hash(const Str* s) {
  return s->hash = hash_bytes(s->data1(), static_cast<size_t>(s->length) * s->width);
}

bool equal(const Str* a, const Str* b) {
  if (a == b) return true;
  if (a->length != b->length || a->width != b->width) return false;
  return memcmp(a->data1(), b->data1(), static_cast<size_t>(a->length) * a->width) == 0;
}

bool equal(const Str* a, std::string_view ascii) {
  return a->ascii && static_cast<size_t>(a->length) == ascii.size() &&
         memcmp(a->data1(), ascii.data(), ascii.size()) == 0;
}

int compare(const Str* a, const Str* b) {
  const int64_t shorter = std::min(a->length, b->length);
  int order = 0;
  if (a->width == 1 && b->width == 1) {
    order = memcmp(a->data1(), b->data1(), static_cast<size_t>(shorter));
  } else {
    for (int64_t i = 0; i < shorter; ++i) {
      const uint32_t x = a->at(i), y = b->at(i);
      if (x != y) return x < y ? -1 : 1;
    }
  }
  if (order == 0) return a->length < b->length ? -1 : a->length > b->length;
  return order < 0 ? -1 : 1;
}

void copy_chars(Str* target, int64_t at, const Str* source, int64_t start, int64_t count) {
  if (target->width == source->width) {
    memcpy(target->data1() + at * target->width, source->data1() + start * source->width,
           static_cast<size_t>(count) * source->width);
  } else if (target->width == 2) {
    copy_units(target->data2() + at, source->data1() + start, count);
  } else if (source->width == 1) {
    copy_units(target->data4() + at, source->data1() + start, count);
  } else {
    copy_units(target->data4() + at, source->data2() + start, count);
  }
}

Ref concat(const Str* a, const Str* b) {
  if (a->length == 0 && b->type == &str_type) return Ref::share(const_cast<Str*>(b));
  if (b->length == 0 && a->type == &str_type) return Ref::share(const_cast<Str*>(a));
  Str* s = allocate_str(a->length + b->length, std::max(max_char(a), max_char(b)));
  copy_chars(s, 0, a, 0, a->length);
  copy_chars(s, a->length, b, 0, b->length);
  return Ref::steal(s);
}

// Interning: an open-addressing table that owns one count of each string.
namespace {

class InternTable {
 public:
  template <typename Same>
  Str** slot(int64_t hash, Same&& same) {
    if (used_ * 2 >= table_.size()) grow();
    const size_t mask = table_.size() - 1;
    for (size_t i = static_cast<size_t>(hash) & mask;; i = (i + 1) & mask) {
      if (!table_[i] || (table_[i]->hash == hash && same(table_[i]))) return &table_[i];
    }
  }
  void added() { ++used_; }

 private:
  void grow() {
    std::vector<Str*> old(std::max<size_t>(4096, table_.size() * 2));
    old.swap(table_);
    const size_t mask = table_.size() - 1;
    for (Str* s : old) {
      if (!s) continue;
      size_t i = static_cast<size_t>(s->hash) & mask;
      while (table_[i]) i = (i + 1) & mask;
      table_[i] = s;
    }
  }
  std::vector<Str*> table_;
  size_t used_ = 0;
};

InternTable& intern_table() {
  static InternTable* table = new InternTable;
  return *table;
}

}  // namespace

Str* intern(std::string_view utf8) {
  if (utf8.size() > 1 && is_ascii(reinterpret_cast<const uint8_t*>(utf8.data()), utf8.size())) {
    const int64_t hash = hash_bytes(utf8.data(), utf8.size());
    Str** slot = intern_table().slot(hash, [&](const Str* s) { return equal(s, utf8); });
    if (!*slot) {
      Str* s = as<Str>(make_str_ascii(utf8).release());
      s->hash = hash;
      s->interned = true;
      *slot = s;
      intern_table().added();
    }
    return *slot;
  }
  Ref text = make_str(utf8);
  return intern(as<Str>(text));
}

Str* intern(Str* s) {
  if (s->interned) return s;
  const int64_t hash = hash_of(s);
  Str** slot = intern_table().slot(hash, [&](const Str* other) { return equal(s, other); });
  if (!*slot) {
    // A subclass instance is never shared under its text; the table gets a plain copy.
    Str* kept = s;
    if (s->type != &str_type) {
      kept = allocate_str(s->length, max_char(s));
      copy_chars(kept, 0, s, 0, s->length);
      kept->hash = hash;
    } else {
      retain(s);
    }
    kept->interned = true;
    *slot = kept;
    intern_table().added();
  }
  return *slot;
}

Names names;

void init_names() {
  auto make = [](std::string_view text) {
    // C++ keywords are written with an underscore behind: throw_ stands for "throw".
    if (text[0] != '_' && text.back() == '_') text.remove_suffix(1);
    return intern(text);
  };
#define NAME(n) names.n = make(#n);
#define NAME_TEXT(n, text) names.n = intern(text);
#include "object/names.def"
#undef NAME
}

}  // namespace hiss

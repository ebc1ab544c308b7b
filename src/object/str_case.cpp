// Case mappings and character tests.
#include "object/str_internal.h"
#include "object/unicode_tables.h"

namespace hiss {

namespace {

using Mapping = int (*)(uint32_t, uint32_t[3]);

void append_mapped(StrBuilder& out, Mapping map, uint32_t c) {
  uint32_t mapped[3];
  const int n = map(c, mapped);
  for (int i = 0; i < n; ++i) out.append_char(mapped[i]);
}

template <typename F>
Ref map_ascii(const Str* s, F&& f) {
  Str* r = allocate_str(s->length, 0x7f);
  for (int64_t i = 0; i < s->length; ++i) r->data1()[i] = static_cast<uint8_t>(f(s->data1()[i]));
  return Ref::steal(r);
}

constexpr uint32_t kSigma = 0x3A3;

/// A capital sigma at the end of a word becomes the final form.
uint32_t lower_sigma(const Str* s, int64_t i) {
  int64_t j = i - 1;
  while (j >= 0 && unicode::is_case_ignorable(s->at(j))) --j;
  bool final = j >= 0 && unicode::is_cased(s->at(j));
  if (final) {
    j = i + 1;
    while (j < s->length && unicode::is_case_ignorable(s->at(j))) ++j;
    final = j == s->length || !unicode::is_cased(s->at(j));
  }
  return final ? 0x3C2 : 0x3C3;
}

void append_lower(StrBuilder& out, const Str* s, int64_t i) {
  const uint32_t c = s->at(i);
  if (c == kSigma) {
    out.append_char(lower_sigma(s, i));
  } else {
    append_mapped(out, unicode::to_lower, c);
  }
}

uint32_t ascii_upper(uint32_t c) { return c - 'a' < 26 ? c - 32 : c; }
uint32_t ascii_lower(uint32_t c) { return c - 'A' < 26 ? c + 32 : c; }

template <typename Test>
Ref all(Value self, Test&& test) {
  const Str* s = as<Str>(self);
  if (s->length == 0) return Ref::boolean(false);
  for (int64_t i = 0; i < s->length; ++i) {
    if (!test(s->at(i))) return Ref::boolean(false);
  }
  return Ref::boolean(true);
}

}  // namespace

Ref str_upper(Value self, const Value*) {
  const Str* s = as<Str>(self);
  if (s->ascii) return map_ascii(s, ascii_upper);
  StrBuilder out;
  for (int64_t i = 0; i < s->length; ++i) append_mapped(out, unicode::to_upper, s->at(i));
  return out.finish();
}

Ref str_lower(Value self, const Value*) {
  const Str* s = as<Str>(self);
  if (s->ascii) return map_ascii(s, ascii_lower);
  StrBuilder out;
  for (int64_t i = 0; i < s->length; ++i) append_lower(out, s, i);
  return out.finish();
}

Ref str_casefold(Value self, const Value*) {
  const Str* s = as<Str>(self);
  if (s->ascii) return map_ascii(s, ascii_lower);
  StrBuilder out;
  for (int64_t i = 0; i < s->length; ++i) append_mapped(out, unicode::to_fold, s->at(i));
  return out.finish();
}

Ref str_title(Value self, const Value*) {
  const Str* s = as<Str>(self);
  StrBuilder out;
  bool after_cased = false;
  for (int64_t i = 0; i < s->length; ++i) {
    if (after_cased) {
      append_lower(out, s, i);
    } else {
      append_mapped(out, unicode::to_title, s->at(i));
    }
    after_cased = unicode::is_cased(s->at(i));
  }
  return out.finish();
}

Ref str_capitalize(Value self, const Value*) {
  const Str* s = as<Str>(self);
  StrBuilder out;
  for (int64_t i = 0; i < s->length; ++i) {
    if (i == 0) {
      append_mapped(out, unicode::to_title, s->at(0));
    } else {
      append_lower(out, s, i);
    }
  }
  return out.finish();
}

Ref str_swapcase(Value self, const Value*) {
  const Str* s = as<Str>(self);
  StrBuilder out;
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    if (unicode::is_upper(c)) {
      append_lower(out, s, i);
    } else if (unicode::is_lower(c)) {
      append_mapped(out, unicode::to_upper, c);
    } else {
      out.append_char(c);
    }
  }
  return out.finish();
}

Ref str_isalpha(Value self, const Value*) { return all(self, unicode::is_alpha); }
Ref str_isalnum(Value self, const Value*) { return all(self, unicode::is_alnum); }
Ref str_isdecimal(Value self, const Value*) {
  return all(self, [](uint32_t c) { return unicode::decimal(c) >= 0; });
}
Ref str_isdigit(Value self, const Value*) {
  return all(self, [](uint32_t c) { return unicode::digit(c) >= 0; });
}
Ref str_isnumeric(Value self, const Value*) { return all(self, unicode::is_numeric); }
Ref str_isspace(Value self, const Value*) { return all(self, unicode::is_space); }
Ref str_isascii(Value self, const Value*) { return Ref::boolean(as<Str>(self)->ascii); }

Ref str_isprintable(Value self, const Value*) {
  return Ref::boolean(as<Str>(self)->length == 0 || all(self, unicode::is_printable).value().is_true());
}

Ref str_isidentifier(Value self, const Value*) {
  const Str* s = as<Str>(self);
  if (s->length == 0 || !unicode::is_identifier_start(s->at(0))) return Ref::boolean(false);
  return all(self, unicode::is_identifier_continue);
}

Ref str_isupper(Value self, const Value*) {
  const Str* s = as<Str>(self);
  bool cased = false;
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    if (unicode::is_lower(c) || unicode::is_title(c)) return Ref::boolean(false);
    cased = cased || unicode::is_upper(c);
  }
  return Ref::boolean(cased);
}

Ref str_islower(Value self, const Value*) {
  const Str* s = as<Str>(self);
  bool cased = false;
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    if (unicode::is_upper(c) || unicode::is_title(c)) return Ref::boolean(false);
    cased = cased || unicode::is_lower(c);
  }
  return Ref::boolean(cased);
}

Ref str_istitle(Value self, const Value*) {
  const Str* s = as<Str>(self);
  bool cased = false, previous = false;
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    if (unicode::is_upper(c) || unicode::is_title(c)) {
      if (previous) return Ref::boolean(false);
      previous = cased = true;
    } else if (unicode::is_lower(c)) {
      if (!previous) return Ref::boolean(false);
      previous = cased = true;
    } else {
      previous = false;
    }
  }
  return Ref::boolean(cased);
}

}  // namespace hiss

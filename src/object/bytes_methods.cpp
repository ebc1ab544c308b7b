// The methods of bytes and bytearray.
#include <algorithm>
#include <cstring>

#include "object/bytes_internal.h"
#include "object/codecs_text.h"
#include "object/index.h"
#include "object/percent_format.h"
#include "object/str_search.h"

namespace hiss {

namespace {

bool is_space(uint8_t c) { return c == ' ' || (c >= 9 && c <= 13); }
bool is_upper(uint8_t c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(uint8_t c) { return c >= 'a' && c <= 'z'; }
bool is_alpha(uint8_t c) { return is_upper(c) || is_lower(c); }
bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
uint8_t upper(uint8_t c) { return is_lower(c) ? c - 32 : c; }
uint8_t lower(uint8_t c) { return is_upper(c) ? c + 32 : c; }

/// A bytes-like argument, or a single int as one byte (search methods).
class Needle {
 public:
  Status set(Value v) {
    if (has_index(v) && !has_buffer(v)) {
      byte_ = TRY(byte_value(v));
      data_ = &byte_;
      length_ = 1;
      return kOk;
    }
    if (!has_buffer(v))
      return fail(exc::TypeError, "argument should be integer or bytes-like object, not '{}'", type_name(v));
    view_.emplace(TRY(get_buffer(v)));
    data_ = view_->data();
    length_ = view_->length();
    return kOk;
  }
  const uint8_t* data() const { return data_; }
  int64_t length() const { return length_; }

 private:
  std::optional<BufferView> view_;
  uint8_t byte_ = 0;
  const uint8_t* data_ = nullptr;
  int64_t length_ = 0;
};

Result<int64_t> search(Value self, const Value* args, bool from_right) {
  Needle needle;
  TRY(needle.set(args[0]));
  int64_t start = TRY(bound_argument(args[1], 0)), end = TRY(bound_argument(args[2], INT64_MAX));
  const ByteSpan s = span_of(self);
  adjust_bounds(start, end, s.length);
  if (start > end) return -1;
  return from_right ? rfind_units(s.data, needle.data(), needle.length(), start, end)
                    : find_units(s.data, needle.data(), needle.length(), start, end);
}

Ref bytes_find(Value self, const Value* args) { return make_int(TRY(search(self, args, false))); }
Ref bytes_rfind(Value self, const Value* args) { return make_int(TRY(search(self, args, true))); }
Ref bytes_index(Value self, const Value* args) {
  const int64_t i = TRY(search(self, args, false));
  if (i < 0) return fail(exc::ValueError, "subsection not found");
  return make_int(i);
}
Ref bytes_rindex(Value self, const Value* args) {
  const int64_t i = TRY(search(self, args, true));
  if (i < 0) return fail(exc::ValueError, "subsection not found");
  return make_int(i);
}
Ref bytes_count(Value self, const Value* args) {
  Needle needle;
  TRY(needle.set(args[0]));
  int64_t start = TRY(bound_argument(args[1], 0)), end = TRY(bound_argument(args[2], INT64_MAX));
  const ByteSpan s = span_of(self);
  adjust_bounds(start, end, s.length);
  if (start > end) return make_int(0);
  if (needle.length() == 0) return make_int(end - start + 1);
  int64_t n = 0;
  for (int64_t at = start; (at = find_units(s.data, needle.data(), needle.length(), at, end)) >= 0;
       at += needle.length())
    ++n;
  return make_int(n);
}

Ref tail_match(Value self, const Value* args, bool at_end, const char* name) {
  int64_t start = TRY(bound_argument(args[1], 0)), end = TRY(bound_argument(args[2], INT64_MAX));
  const ByteSpan s = span_of(self);
  adjust_bounds(start, end, s.length);
  auto matches = [&](Value v) -> Result<bool> {
    BufferView part(TRY(get_buffer(v)));
    if (start > end || part.length() > end - start) return false;
    return part.length() == 0 || memcmp(s.data + (at_end ? end - part.length() : start), part.data(),
                                        static_cast<size_t>(part.length())) == 0;
  };
  if (is<Tuple>(args[0])) {
    for (Value v : *as<Tuple>(args[0])) {
      if (TRY(matches(v))) return Ref::boolean(true);
    }
    return Ref::boolean(false);
  }
  if (!has_buffer(args[0])) {
    return fail(exc::TypeError, "{} first arg must be bytes or a tuple of bytes, not {}", name, type_name(args[0]));
  }
  return Ref::boolean(TRY(matches(args[0])));
}
Ref bytes_startswith(Value self, const Value* args) { return tail_match(self, args, false, "startswith"); }
Ref bytes_endswith(Value self, const Value* args) { return tail_match(self, args, true, "endswith"); }

void append_part(Ref& list, Value self, int64_t start, int64_t end) {
  list_append_owned(as<List>(list), make_like(self, span_of(self).data + start, end - start).release());
}

Ref split_whitespace(Value self, int64_t limit, bool from_right) {
  const ByteSpan s = span_of(self);
  Ref list = make_list();
  if (!from_right) {
    int64_t i = 0;
    for (;;) {
      while (i < s.length && is_space(s.data[i])) ++i;
      if (i == s.length) break;
      if (limit-- <= 0) {
        append_part(list, self, i, s.length);
        break;
      }
      const int64_t start = i;
      while (i < s.length && !is_space(s.data[i])) ++i;
      append_part(list, self, start, i);
    }
    return list;
  }
  int64_t i = s.length;
  for (;;) {
    while (i > 0 && is_space(s.data[i - 1])) --i;
    if (i == 0) break;
    if (limit-- <= 0) {
      append_part(list, self, 0, i);
      break;
    }
    const int64_t end = i;
    while (i > 0 && !is_space(s.data[i - 1])) --i;
    append_part(list, self, i, end);
  }
  std::reverse(as<List>(list)->begin(), as<List>(list)->end());
  return list;
}

Ref split(Value self, const Value* args, bool from_right) {
  int64_t limit = args[1] ? TRY(to_index(args[1])) : -1;
  if (limit < 0) limit = INT64_MAX;
  if (!args[0] || args[0].is_none()) return split_whitespace(self, limit, from_right);
  BufferView sep(TRY(get_buffer(args[0])));
  if (sep.length() == 0) return fail(exc::ValueError, "empty separator");
  const ByteSpan s = span_of(self);
  Ref list = make_list();
  if (!from_right) {
    int64_t start = 0;
    for (int64_t n = 0; n < limit; ++n) {
      const int64_t at = find_units(s.data, sep.data(), sep.length(), start, s.length);
      if (at < 0) break;
      append_part(list, self, start, at);
      start = at + sep.length();
    }
    append_part(list, self, start, s.length);
    return list;
  }
  int64_t end = s.length;
  for (int64_t n = 0; n < limit; ++n) {
    const int64_t at = rfind_units(s.data, sep.data(), sep.length(), 0, end);
    if (at < 0) break;
    append_part(list, self, at + sep.length(), end);
    end = at;
  }
  append_part(list, self, 0, end);
  std::reverse(as<List>(list)->begin(), as<List>(list)->end());
  return list;
}
Ref bytes_split(Value self, const Value* args) { return split(self, args, false); }
Ref bytes_rsplit(Value self, const Value* args) { return split(self, args, true); }

Ref bytes_splitlines(Value self, const Value* args) {
  const bool keep = args[0] ? TRY(truth(args[0])) : false;
  const ByteSpan s = span_of(self);
  Ref list = make_list();
  for (int64_t i = 0; i < s.length;) {
    const int64_t start = i;
    while (i < s.length && s.data[i] != '\n' && s.data[i] != '\r') ++i;
    int64_t end = i;
    if (i < s.length) {
      i += s.data[i] == '\r' && i + 1 < s.length && s.data[i + 1] == '\n' ? 2 : 1;
      if (keep) end = i;
    }
    append_part(list, self, start, end);
  }
  return list;
}

Ref partition(Value self, Value separator, bool last) {
  BufferView sep(TRY(get_buffer(separator)));
  if (sep.length() == 0) return fail(exc::ValueError, "empty separator");
  const ByteSpan s = span_of(self);
  const int64_t at = last ? rfind_units(s.data, sep.data(), sep.length(), 0, s.length)
                          : find_units(s.data, sep.data(), sep.length(), 0, s.length);
  if (at < 0) {
    Ref whole = is<Bytes>(self) ? same_or_copy(self) : make_like(self, s.view());
    Ref a = make_like(self, std::string_view()), b = make_like(self, std::string_view());
    return last ? make_tuple({a, b, whole}) : make_tuple({whole, a, b});
  }
  Ref head = make_like(self, s.data, at),
      tail = make_like(self, s.data + at + sep.length(), s.length - at - sep.length());
  Ref middle = make_like(self, sep.text());
  return make_tuple({head, middle, tail});
}
Ref bytes_partition(Value self, const Value* args) { return partition(self, args[0], false); }
Ref bytes_rpartition(Value self, const Value* args) { return partition(self, args[0], true); }

Ref strip(Value self, Value chars, int sides) {
  bool in_set[256] = {};
  if (chars && !chars.is_none()) {
    BufferView set(TRY(get_buffer(chars)));
    for (int64_t i = 0; i < set.length(); ++i) in_set[set.data()[i]] = true;
  } else {
    for (int c = 0; c < 256; ++c) in_set[c] = is_space(static_cast<uint8_t>(c));
  }
  const ByteSpan s = span_of(self);
  int64_t start = 0, end = s.length;
  if (sides & 1) {
    while (start < end && in_set[s.data[start]]) ++start;
  }
  if (sides & 2) {
    while (end > start && in_set[s.data[end - 1]]) --end;
  }
  if (start == 0 && end == s.length) return same_or_copy(self);
  return make_like(self, s.data + start, end - start);
}
Ref bytes_strip(Value self, const Value* args) { return strip(self, args[0], 3); }
Ref bytes_lstrip(Value self, const Value* args) { return strip(self, args[0], 1); }
Ref bytes_rstrip(Value self, const Value* args) { return strip(self, args[0], 2); }

Ref bytes_removeprefix(Value self, const Value* args) {
  BufferView part(TRY(get_buffer(args[0])));
  const ByteSpan s = span_of(self);
  if (part.length() > 0 && s.view().starts_with(part.text())) {
    return make_like(self, s.data + part.length(), s.length - part.length());
  }
  return same_or_copy(self);
}
Ref bytes_removesuffix(Value self, const Value* args) {
  BufferView part(TRY(get_buffer(args[0])));
  const ByteSpan s = span_of(self);
  if (part.length() > 0 && s.view().ends_with(part.text())) return make_like(self, s.data, s.length - part.length());
  return same_or_copy(self);
}

Ref bytes_replace(Value self, const Value* args) {
  BufferView old(TRY(get_buffer(args[0]))), fresh(TRY(get_buffer(args[1])));
  int64_t limit = args[2] ? TRY(to_index(args[2])) : -1;
  if (limit < 0) limit = INT64_MAX;
  const ByteSpan s = span_of(self);
  std::string out;
  int64_t at = 0, n = 0;
  if (old.length() == 0) {
    for (; n < limit && at <= s.length; ++n, ++at) {
      out += fresh.text();
      if (at < s.length) out += static_cast<char>(s.data[at]);
    }
  } else {
    for (; n < limit; ++n) {
      const int64_t next = find_units(s.data, old.data(), old.length(), at, s.length);
      if (next < 0) break;
      out.append(reinterpret_cast<const char*>(s.data) + at, static_cast<size_t>(next - at));
      out += fresh.text();
      at = next + old.length();
    }
  }
  if (n == 0) return same_or_copy(self);
  if (at < s.length) out.append(reinterpret_cast<const char*>(s.data) + at, static_cast<size_t>(s.length - at));
  return make_like(self, out);
}

Ref bytes_join(Value self, const Value* args) {
  Ref items = to_tuple(args[0]);
  if (items.is_error()) {
    if (pending_is(exc::TypeError) && !type_of(args[0])->slots.iter && !type_of(args[0])->slots.getitem) {
      clear_pending();
      return fail(exc::TypeError, "can only join an iterable");
    }
    return items;
  }
  const ByteSpan s = span_of(self);
  Tuple* t = as<Tuple>(items);
  if (t->size == 1 && is_exact(self, bytes_type) && is_exact(t->items[0], bytes_type)) return Ref::share(t->items[0]);
  std::string out;
  for (int64_t i = 0; i < t->size; ++i) {
    if (!has_buffer(t->items[i])) {
      return fail(exc::TypeError, "sequence item {}: expected a bytes-like object, {} found", i,
                  type_name(t->items[i]));
    }
    BufferView part(TRY(get_buffer(t->items[i])));
    if (i) out += s.view();
    out += part.text();
  }
  return make_like(self, out);
}

template <uint8_t (*map)(uint8_t)>
Ref mapped(Value self, const Value*) {
  std::string out(span_of(self).view());
  for (char& c : out) c = static_cast<char>(map(static_cast<uint8_t>(c)));
  return make_like(self, out);
}
uint8_t swap_case(uint8_t c) { return is_upper(c) ? lower(c) : upper(c); }

Ref bytes_capitalize(Value self, const Value*) {
  std::string out(span_of(self).view());
  for (size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<uint8_t>(out[i]);
    out[i] = static_cast<char>(i == 0 ? upper(c) : lower(c));
  }
  return make_like(self, out);
}
Ref bytes_title(Value self, const Value*) {
  std::string out(span_of(self).view());
  bool after = false;
  for (char& ch : out) {
    const auto c = static_cast<uint8_t>(ch);
    ch = static_cast<char>(after ? lower(c) : upper(c));
    after = is_alpha(c);
  }
  return make_like(self, out);
}

template <bool (*test)(uint8_t)>
Ref all(Value self, const Value*) {
  const ByteSpan s = span_of(self);
  for (int64_t i = 0; i < s.length; ++i) {
    if (!test(s.data[i])) return Ref::boolean(false);
  }
  return Ref::boolean(s.length > 0);
}
bool is_alnum(uint8_t c) { return is_alpha(c) || is_digit(c); }
Ref bytes_isascii(Value self, const Value*) {
  const ByteSpan s = span_of(self);
  return Ref::boolean(std::all_of(s.data, s.data + s.length, [](uint8_t c) { return c < 0x80; }));
}
Ref cased(Value self, bool (*good)(uint8_t), bool (*bad)(uint8_t)) {
  const ByteSpan s = span_of(self);
  bool any = false;
  for (int64_t i = 0; i < s.length; ++i) {
    if (bad(s.data[i])) return Ref::boolean(false);
    any = any || good(s.data[i]);
  }
  return Ref::boolean(any);
}
Ref bytes_isupper(Value self, const Value*) { return cased(self, is_upper, is_lower); }
Ref bytes_islower(Value self, const Value*) { return cased(self, is_lower, is_upper); }
Ref bytes_istitle(Value self, const Value*) {
  const ByteSpan s = span_of(self);
  bool any = false, previous = false;
  for (int64_t i = 0; i < s.length; ++i) {
    const uint8_t c = s.data[i];
    if (is_upper(c)) {
      if (previous) return Ref::boolean(false);
      previous = any = true;
    } else if (is_lower(c)) {
      if (!previous) return Ref::boolean(false);
    } else {
      previous = false;
    }
  }
  return Ref::boolean(any);
}

Result<uint8_t> fill_byte(Value v, const char* name) {
  if (!v) return uint8_t{' '};
  if (is_bytes_or_bytearray(v) && span_of(v).length == 1) return span_of(v).data[0];
  return fail(exc::TypeError, "{}() argument 2 must be a byte string of length 1, not {}", name, type_name(v));
}
Ref padded(Value self, int64_t left, int64_t right, uint8_t fill) {
  const ByteSpan s = span_of(self);
  if (left <= 0 && right <= 0) return same_or_copy(self);
  TRY(repeated_size(1, s.length + left + right, 1));
  std::string out(static_cast<size_t>(std::max<int64_t>(left, 0)), static_cast<char>(fill));
  out += s.view();
  out.append(static_cast<size_t>(std::max<int64_t>(right, 0)), static_cast<char>(fill));
  return make_like(self, out);
}
Ref bytes_center(Value self, const Value* args) {
  const int64_t width = TRY(to_index(args[0]));
  const uint8_t fill = TRY(fill_byte(args[1], "center"));
  const int64_t pad = width - span_of(self).length;
  if (pad <= 0) return same_or_copy(self);
  const int64_t left = pad / 2 + (pad & width & 1);
  return padded(self, left, pad - left, fill);
}
Ref bytes_ljust(Value self, const Value* args) {
  const int64_t width = TRY(to_index(args[0]));
  return padded(self, 0, width - span_of(self).length, TRY(fill_byte(args[1], "ljust")));
}
Ref bytes_rjust(Value self, const Value* args) {
  const int64_t width = TRY(to_index(args[0]));
  return padded(self, width - span_of(self).length, 0, TRY(fill_byte(args[1], "rjust")));
}
Ref bytes_zfill(Value self, const Value* args) {
  const ByteSpan s = span_of(self);
  const int64_t fill = TRY(to_index(args[0])) - s.length;
  if (fill <= 0) return same_or_copy(self);
  TRY(repeated_size(1, s.length + fill, 1));
  const size_t sign = s.length > 0 && (s.data[0] == '+' || s.data[0] == '-') ? 1 : 0;
  std::string out(s.view().substr(0, sign));
  out.append(static_cast<size_t>(fill), '0');
  out += s.view().substr(sign);
  return make_like(self, out);
}
Ref bytes_expandtabs(Value self, const Value* args) {
  const int64_t size = args[0] ? TRY(to_int64(args[0])) : 8;
  const ByteSpan s = span_of(self);
  std::string out;
  int64_t column = 0;
  for (int64_t i = 0; i < s.length; ++i) {
    const uint8_t c = s.data[i];
    if (c == '\t') {
      if (size > 0) {
        const int64_t n = size - column % size;
        if (n > (int64_t{1} << 32)) return fail(exc::OverflowError, "result too long");
        out.append(static_cast<size_t>(n), ' ');
        column += n;
      }
      continue;
    }
    ++column;
    out += static_cast<char>(c);
    if (c == '\n' || c == '\r') column = 0;
  }
  return make_like(self, out);
}

Ref bytes_translate(Value self, const Value* args) {
  uint8_t table[256];
  for (int c = 0; c < 256; ++c) table[c] = static_cast<uint8_t>(c);
  if (!args[0].is_none()) {
    BufferView given(TRY(get_buffer(args[0])));
    if (given.length() != 256) return fail(exc::ValueError, "translation table must be 256 characters long");
    memcpy(table, given.data(), 256);
  }
  bool gone[256] = {};
  if (args[1]) {
    BufferView remove(TRY(get_buffer(args[1])));
    for (int64_t i = 0; i < remove.length(); ++i) gone[remove.data()[i]] = true;
  }
  const ByteSpan s = span_of(self);
  std::string out;
  out.reserve(static_cast<size_t>(s.length));
  for (int64_t i = 0; i < s.length; ++i) {
    if (!gone[s.data[i]]) out += static_cast<char>(table[s.data[i]]);
  }
  return make_like(self, out);
}

Ref bytes_maketrans(Value, const Value* args) {
  BufferView from(TRY(get_buffer(args[0]))), to(TRY(get_buffer(args[1])));
  if (from.length() != to.length()) return fail(exc::ValueError, "maketrans arguments must have same length");
  uint8_t table[256];
  for (int c = 0; c < 256; ++c) table[c] = static_cast<uint8_t>(c);
  for (int64_t i = 0; i < from.length(); ++i) table[from.data()[i]] = to.data()[i];
  return make_bytes(table, 256);
}

int hex_digit(uint32_t c) {
  if (c >= '0' && c <= '9') return static_cast<int>(c - '0');
  if ((c | 32) >= 'a' && (c | 32) <= 'f') return static_cast<int>((c | 32) - 'a' + 10);
  return -1;
}

Ref bytes_fromhex(Value cls, const Value* args) {
  if (!is<Str>(args[0])) return fail(exc::TypeError, "fromhex() argument must be str, not {}", type_name(args[0]));
  const Str* s = as<Str>(args[0]);
  std::string out;
  for (int64_t i = 0; i < s->length;) {
    const uint32_t c = s->at(i);
    if (c == ' ' || (c >= 9 && c <= 13)) {
      ++i;
      continue;
    }
    const int high = hex_digit(c);
    if (high < 0) return fail(exc::ValueError, "non-hexadecimal number found in fromhex() arg at position {}", i);
    const int low = i + 1 < s->length ? hex_digit(s->at(i + 1)) : -1;
    if (low < 0) return fail(exc::ValueError, "non-hexadecimal number found in fromhex() arg at position {}", i + 1);
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  const bool array = is_subtype(as<Type>(cls), &bytearray_type);
  Ref data = make_bytes(out);
  if (cls == to_value(&bytes_type)) return data;
  if (cls == to_value(&bytearray_type)) return make_bytearray(out.data(), static_cast<int64_t>(out.size()));
  if (array) data = make_bytearray(out.data(), static_cast<int64_t>(out.size()));
  return call(cls, {data});
}

Ref bytes_hex(Value self, const Value* args) {
  return hex_text(span_of(self).data, span_of(self).length, args[0], args[1]);
}

Ref bytes_decode(Value self, const Value* args) { return decode_object(self, args[0], args[1]); }

Ref bytes_getnewargs(Value self, const Value*) {
  Ref data = make_bytes(span_of(self).data, span_of(self).length);
  return make_tuple({data});
}
Ref bytes_bytes(Value self, const Value*) { return make_bytes_exact(self); }

}  // namespace

Ref make_bytes_exact(Value self) {
  if (is_exact(self, bytes_type)) return Ref::share(self);
  return make_bytes(span_of(self).data, span_of(self).length);
}

/// CPython asks for len() first, and so its message comes first.
static Status length_of_separator(Value v) {
  if (TRY(length(v)) != 1) return fail(exc::ValueError, "sep must be length 1.");
  return kOk;
}

Ref hex_text(const uint8_t* data, int64_t length, Value separator, Value group_size) {
  const char* hex = "0123456789abcdef";
  int64_t group = group_size ? TRY(to_int64(group_size)) : 1;
  char sep = 0;
  bool has_separator = false;
  if (separator) {
    uint32_t c;
    if (is<Str>(separator)) {
      if (as<Str>(separator)->length != 1) return fail(exc::ValueError, "sep must be length 1.");
      c = as<Str>(separator)->at(0);
    } else if (is_bytes_or_bytearray(separator)) {
      if (span_of(separator).length != 1) return fail(exc::ValueError, "sep must be length 1.");
      c = span_of(separator).data[0];
    } else {
      TRY(length_of_separator(separator));
      return fail(exc::TypeError, "sep must be str or bytes.");
    }
    if (c > 127) return fail(exc::ValueError, "sep must be ASCII.");
    sep = static_cast<char>(c);
    has_separator = true;
  }
  if (!has_separator) group = 0;
  const int64_t size = group < 0 ? -group : group;
  std::string out;
  for (int64_t i = 0; i < length; ++i) {
    // Groups are counted from the right, or from the left when the size is negative.
    if (size && i && (group > 0 ? (length - i) % size == 0 : i % size == 0)) out += sep;
    out += hex[data[i] >> 4];
    out += hex[data[i] & 15];
  }
  return make_str_ascii(out);
}

Ref bytes_percent(Value self, Value values) {
  const std::string format(span_of(self).view());
  PercentArguments arguments(values);
  std::string out;
  int64_t at = 0;
  const auto end = static_cast<int64_t>(format.size());
  while (at < end) {
    const size_t found = format.find('%', static_cast<size_t>(at));
    const int64_t stop = found == format.npos ? end : static_cast<int64_t>(found);
    out.append(format, static_cast<size_t>(at), static_cast<size_t>(stop - at));
    at = stop;
    if (at >= end) break;
    ++at;
    if (at < end && format[static_cast<size_t>(at)] == '%') {
      out += '%';
      ++at;
      continue;
    }
    const PercentSpec spec = TRY(parse_percent(
        at, end, arguments, [&](int64_t i) { return uint32_t{static_cast<uint8_t>(format[static_cast<size_t>(i)])}; },
        [&](int64_t a, int64_t b) { return make_bytes(format.data() + a, b - a); }));
    Ref v = TRY(arguments.next());
    if (is_number_conversion(spec.conversion)) {
      if (spec.width > (1 << 20)) TRY(repeated_size(1, spec.width, 1));
      out += pad_percent_number(TRY(percent_number(v, spec)), spec);
      continue;
    }
    std::string text;
    switch (spec.conversion) {
      case 's':
      case 'b': {
        if (has_buffer(v)) {
          BufferView b(TRY(get_buffer(v)));
          text = b.text();
          break;
        }
        Ref special = TRY(call_special(v, names.__bytes__));
        if (special.is_empty()) {
          return fail(exc::TypeError,
                      "%b requires a bytes-like object, or an object that implements __bytes__, not '{}'",
                      type_name(v));
        }
        if (!is<Bytes>(special))
          return fail(exc::TypeError, "__bytes__ returned non-bytes (type {})", type_name(special));
        text = as<Bytes>(special)->view();
        break;
      }
      case 'a':
      case 'r': {
        Ref shown = TRY(ascii(v));
        text = to_string(shown);
        break;
      }
      case 'c': {
        if (is_bytes_or_bytearray(v) && span_of(v).length == 1) {
          text = span_of(v).view();
        } else if (is_int(v) || type_of(v)->slots.index) {
          Ref n = TRY(index(v));
          const auto c = int_value(n);
          if (!c || *c < 0 || *c > 255) return fail(exc::OverflowError, "%c arg not in range(256)");
          text = static_cast<char>(*c);
        } else {
          return fail(exc::TypeError, "%c requires an integer in range(256) or a single byte");
        }
        break;
      }
      default: {
        const uint32_t c = spec.conversion;
        return fail(exc::ValueError, "unsupported format character '{}' (0x{:x}) at index {}",
                    static_cast<char>(31 < c && c < 127 ? c : '?'), c, at - 1);
      }
    }
    if (spec.precision >= 0 && spec.conversion != 'c') text = text.substr(0, static_cast<size_t>(spec.precision));
    const auto pad = static_cast<size_t>(std::max<int64_t>(spec.width - static_cast<int64_t>(text.size()), 0));
    if (!spec.left) out.append(pad, ' ');
    out += text;
    if (spec.left) out.append(pad, ' ');
  }
  const Status done = arguments.finish();
  if (done.is_error()) {
    clear_pending();
    return fail(exc::TypeError, "not all arguments converted during bytes formatting");
  }
  return make_like(self, out);
}

#define HISS_BYTES_SHARED                                                                                              \
  {"capitalize", "($self, /)", bytes_capitalize,                                                                       \
   "B.capitalize() -> B with an ASCII capital first and every other ASCII letter in lowercase."},                      \
      {"center", "($self, width, fillchar=b' ', /)", bytes_center,                                                     \
       "Put the contents in the middle of width bytes, padding both sides with fillchar."},                            \
      {"count", "($self, sub, start=None, end=None, /)", bytes_count,                                                  \
       "How often sub occurs in B[start:end], overlaps not counted. sub is bytes-like or one byte's value.",           \
       NativeDef::OldStyle},                                                                                           \
      {"decode", "($self, /, encoding='utf-8', errors='strict')", bytes_decode,                                        \
       "Turn the bytes into a str. errors names the handler for what the encoding does not allow."},                   \
      {"endswith", "($self, suffix, start=None, end=None, /)", bytes_endswith,                                         \
       "Whether B[start:end] has suffix, or one of a tuple of them, at its end.", NativeDef::OldStyle},                \
      {"expandtabs", "($self, /, tabsize=8)", bytes_expandtabs,                                                        \
       "Replace each tab by the spaces that lead to the next multiple of tabsize columns."},                           \
      {"find", "($self, sub, start=None, end=None, /)", bytes_find,                                                    \
       "Position of the first sub inside B[start:end], or -1 if there is none.", NativeDef::OldStyle},                 \
      {"fromhex", "($type, string, /)", bytes_fromhex,                                                                 \
       "Read two hexadecimal digits per byte; whitespace between the pairs is skipped.", NativeDef::ClassMethod},      \
      {"hex", "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", bytes_hex,                                         \
       "Two hexadecimal digits per byte. sep goes between groups of bytes_per_sep bytes, counted from the right, or "  \
       "from the left if negative."},                                                                                  \
      {"index", "($self, sub, start=None, end=None, /)", bytes_index,                                                  \
       "Position of the first sub, as from find; ValueError if there is none.", NativeDef::OldStyle},                  \
      {"isalnum", "($self, /)", all<is_alnum>, "Whether B has only ASCII letters and digits. Empty: False."},          \
      {"isalpha", "($self, /)", all<is_alpha>, "Whether B has only ASCII letters. Empty: False."},                     \
      {"isascii", "($self, /)", bytes_isascii, "Whether every byte is below 128. Empty: True."},                       \
      {"isdigit", "($self, /)", all<is_digit>, "Whether B has only the digits 0 to 9. Empty: False."},                 \
      {"islower", "($self, /)", bytes_islower, "Whether B has an ASCII lowercase letter and no uppercase one."},       \
      {"isspace", "($self, /)", all<is_space>, "Whether B has only ASCII whitespace. Empty: False."},                  \
      {"istitle", "($self, /)", bytes_istitle,                                                                         \
       "Whether B has letters, and each run of them is one uppercase letter followed by lowercase ones."},             \
      {"isupper", "($self, /)", bytes_isupper, "Whether B has an ASCII uppercase letter and no lowercase one."},       \
      {"join", "($self, iterable_of_bytes, /)", bytes_join,                                                            \
       "Chain the bytes-like objects of the iterable, with B between each two."},                                      \
      {"ljust", "($self, width, fillchar=b' ', /)", bytes_ljust, "Append fillchar until there are width bytes."},      \
      {"lower", "($self, /)", mapped<lower>, "B with its ASCII capitals made lowercase."},                             \
      {"lstrip", "($self, bytes=None, /)", bytes_lstrip,                                                               \
       "Drop from the start every byte that occurs in bytes; None stands for ASCII whitespace."},                      \
      {"maketrans", "(frm, to, /)", bytes_maketrans,                                                                   \
       "A 256-byte table for translate() that maps each byte of frm to the one at the same place in to.",              \
       NativeDef::StaticMethod},                                                                                       \
      {"partition", "($self, sep, /)", bytes_partition,                                                                \
       "Cut at the first sep: (before, sep, after), or (everything, b'', b'') if sep does not occur."},                \
      {"removeprefix", "($self, prefix, /)", bytes_removeprefix,                                                       \
       "B without prefix at its start; all of B if it starts otherwise."},                                             \
      {"removesuffix", "($self, suffix, /)", bytes_removesuffix,                                                       \
       "B without suffix at its end; all of B if it ends otherwise."},                                                 \
      {"replace", "($self, old, new, count=-1, /)", bytes_replace,                                                     \
       "Put new in the place of old, count times at most from the left; -1 means everywhere."},                        \
      {"rfind", "($self, sub, start=None, end=None, /)", bytes_rfind,                                                  \
       "Position of the last sub inside B[start:end], or -1 if there is none.", NativeDef::OldStyle},                  \
      {"rindex", "($self, sub, start=None, end=None, /)", bytes_rindex,                                                \
       "Position of the last sub, as from rfind; ValueError if there is none.", NativeDef::OldStyle},                  \
      {"rjust", "($self, width, fillchar=b' ', /)", bytes_rjust, "Prepend fillchar until there are width bytes."},     \
      {"rpartition", "($self, sep, /)", bytes_rpartition,                                                              \
       "Cut at the last sep: (before, sep, after), or (b'', b'', everything) if sep does not occur."},                 \
      {"rsplit", "($self, /, sep=None, maxsplit=-1)", bytes_rsplit,                                                    \
       "The parts between the seps as a list; maxsplit cuts at most, the rightmost ones first."},                      \
      {"rstrip", "($self, bytes=None, /)", bytes_rstrip,                                                               \
       "Drop from the end every byte that occurs in bytes; None stands for ASCII whitespace."},                        \
      {"split", "($self, /, sep=None, maxsplit=-1)", bytes_split,                                                      \
       "The parts between the seps as a list; maxsplit cuts at most, -1 for no limit. None as sep cuts at runs of "    \
       "ASCII whitespace."},                                                                                           \
      {"splitlines", "($self, /, keepends=False)", bytes_splitlines,                                                   \
       "The lines as a list, cut after \\n, \\r or \\r\\n, which stay only with keepends."},                           \
      {"startswith", "($self, prefix, start=None, end=None, /)", bytes_startswith,                                     \
       "Whether B[start:end] has prefix, or one of a tuple of them, at its start.", NativeDef::OldStyle},              \
      {"strip", "($self, bytes=None, /)", bytes_strip,                                                                 \
       "Drop from both ends every byte that occurs in bytes; None stands for ASCII whitespace."},                      \
      {"swapcase", "($self, /)", mapped<swap_case>, "B with ASCII capitals and small letters exchanged."},             \
      {"title", "($self, /)", bytes_title,                                                                             \
       "B with a capital at the start of every run of ASCII letters, small letters elsewhere."},                       \
      {"translate", "($self, table, /, delete=b'')", bytes_translate,                                                  \
       "Drop the bytes that occur in delete, then look up the others in table, 256 bytes long, or None to leave them " \
       "alone."},                                                                                                      \
      {"upper", "($self, /)", mapped<upper>, "B with its small ASCII letters made capitals."}, {                       \
    "zfill", "($self, width, /)", bytes_zfill,                                                                         \
        "Put zeros before the digits, but after a sign, until there are width bytes."                                  \
  }

const NativeDef kBytesMethods[] = {
    HISS_BYTES_SHARED,
    {"__getnewargs__", "($self, /)", bytes_getnewargs, nullptr},
    {"__bytes__", "($self, /)", bytes_bytes, "The same bytes as a plain bytes object, not a subclass."},
    {}};

const NativeDef kByteArrayMethods[] = {
    HISS_BYTES_SHARED,
    {"__alloc__", "($self, /)", bytearray_alloc,
     "B.__alloc__() -> int\n\nHow many bytes are reserved for the contents, spare room included."},
    {"__reduce__", "($self, /)", bytearray_reduce, kReduceDoc},
    {"__reduce_ex__", "($self, proto=0, /)", bytearray_reduce_ex, kReduceDoc},
    {"__sizeof__", "($self, /)", bytearray_sizeof, "Memory of the object and its contents, in bytes."},
    {"append", "($self, item, /)", bytearray_append, "Add one integer from 0 to 255 at the end."},
    {"clear", "($self, /)", bytearray_clear, "Make the array empty."},
    {"copy", "($self, /)", bytearray_copy, "A new bytearray with the same contents."},
    {"extend", "($self, iterable_of_ints, /)", bytearray_extend,
     "Add every integer of the iterable, each from 0 to 255, at the end."},
    {"insert", "($self, index, item, /)", bytearray_insert,
     "Put item at index and move the rest up; an index out of range means the nearer end."},
    {"pop", "($self, index=-1, /)", bytearray_pop,
     "Take out the byte at index and return it; IndexError if there is none."},
    {"remove", "($self, value, /)", bytearray_remove,
     "Take out the leftmost byte equal to value; ValueError if there is none."},
    {"reverse", "($self, /)", bytearray_reverse, "Turn the array back to front."},
    {}};
#undef HISS_BYTES_SHARED

}  // namespace hiss

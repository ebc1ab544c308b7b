// bytes -> str: UTF-8, UTF-16, UTF-32, Latin-1, ASCII and the escape encodings.
#include "object/bytes_internal.h"
#include "object/codecs_text.h"
#include "object/str_internal.h"
#include "object/unicode_names.h"

namespace hiss {

namespace {

/// A decoder's state: what is collected, and what to do with malformed input.
class Decoder {
 public:
  Decoder(const char* name, const DecodeInput& in) : name_(name), in_(in) { object_ = Ref::share(in.object); }

  StrBuilder out;
  const uint8_t* data() const { return data_ ? data_ : in_.data; }
  int64_t length() const { return data_ ? new_length_ : in_.length; }

  /// Bytes [start, end) are malformed; the position where decoding goes on.
  Result<int64_t> malformed(int64_t start, int64_t end, const char* reason) {
    const std::string_view errors = in_.errors;
    const uint8_t* p = data();
    if (errors == "ignore") return end;
    if (errors == "replace") {
      out.append_char(0xFFFD);
      return end;
    }
    if (errors == "backslashreplace") {
      for (int64_t i = start; i < end; ++i) {
        const char* hex = "0123456789abcdef";
        const char text[] = {'\\', 'x', hex[p[i] >> 4], hex[p[i] & 15]};
        out.append_ascii({text, 4});
      }
      return end;
    }
    if (errors == "surrogateescape") {
      int64_t i = start;
      for (; i < end && i < start + 4 && p[i] >= 0x80; ++i) out.append_char(0xDC00u + p[i]);
      if (i > start) return i;
      return fail_decode(name_, object(), start, end, reason);
    }
    if (errors == "surrogatepass") {
      if (const int64_t next = pass_surrogate(start)) return next;
      return fail_decode(name_, object(), start, end, reason);
    }
    if (errors == "strict") return fail_decode(name_, object(), start, end, reason);
    Ref label = make_str(name_), from = make_int(start), to = make_int(end), why = make_str(reason);
    Ref exception = TRY(call(to_value(&exc::UnicodeDecodeError), {label, object(), from, to, why}));
    Replacement r = TRY(call_error_handler(errors, exception, length(), false));
    out.append(as<Str>(r.text));
    // The handler may have put other bytes into the exception.
    Ref now = TRY(get_attr(exception, "object"));
    if (is<Bytes>(now) && now.value() != object_.value()) {
      object_ = now;
      data_ = as<Bytes>(object_)->data;
      new_length_ = as<Bytes>(object_)->length;
      if (r.position > new_length_)
        return fail(exc::IndexError, "position {} from error handler out of bounds", r.position);
    }
    return r.position;
  }

 private:
  Value object() {
    if (!object_) object_ = make_bytes(in_.data, in_.length);
    return object_;
  }

  /// A surrogate encoded on its own: the position behind it, 0 when there is none.
  int64_t pass_surrogate(int64_t at) {
    const uint8_t* p = data() + at;
    const int64_t left = length() - at;
    const std::string_view name = name_;
    uint32_t c = 0;
    int64_t size = 0;
    if (name == "utf-8") {
      if (left >= 3 && p[0] == 0xED && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80)
        c = 0xD000u | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
      size = 3;
    } else if (name.starts_with("utf-16") && left >= 2) {
      c = name == "utf-16-be" ? p[0] << 8u | p[1] : p[1] << 8u | p[0];
      size = 2;
    } else if (name.starts_with("utf-32") && left >= 4) {
      c = name == "utf-32-be" ? uint32_t{p[0]} << 24 | p[1] << 16 | p[2] << 8 | p[3]
                              : uint32_t{p[3]} << 24 | p[2] << 16 | p[1] << 8 | p[0];
      size = 4;
    }
    if (c < 0xD800 || c > 0xDFFF) return 0;
    out.append_char(c);
    return at + size;
  }

  const char* name_;
  const DecodeInput& in_;
  Ref object_;
  const uint8_t* data_ = nullptr;  // set when an error handler exchanged the input
  int64_t new_length_ = 0;
};

/// How many bytes at p form one character (1..4), or a malformed prefix: minus its length; `reason` says why. 0:
/// incomplete at the end.
int utf8_sequence(const uint8_t* p, int64_t left, const char*& reason) {
  const uint8_t c = p[0];
  if (c < 0x80) return 1;
  if (c < 0xC2 || c > 0xF4) {
    reason = "invalid start byte";
    return -1;
  }
  const int size = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
  uint8_t low = 0x80, high = 0xBF;
  if (c == 0xE0) low = 0xA0;
  if (c == 0xED) high = 0x9F;
  if (c == 0xF0) low = 0x90;
  if (c == 0xF4) high = 0x8F;
  for (int i = 1; i < size; ++i) {
    if (i >= left) {
      reason = "unexpected end of data";
      return 0;
    }
    if (p[i] < low || p[i] > high) {
      reason = "invalid continuation byte";
      return -i;
    }
    low = 0x80;
    high = 0xBF;
  }
  return size;
}

}  // namespace

Ref decode_utf8(const DecodeInput& in, int64_t* consumed) {
  if (is_ascii(in.data, static_cast<size_t>(in.length))) {
    if (consumed) *consumed = in.length;
    return make_str_ascii({reinterpret_cast<const char*>(in.data), static_cast<size_t>(in.length)});
  }
  Decoder d("utf-8", in);
  int64_t at = 0;
  while (at < d.length()) {
    const uint8_t* p = d.data();
    if (p[at] < 0x80) {
      const int64_t start = at;
      while (at < d.length() && p[at] < 0x80) ++at;
      d.out.append_ascii({reinterpret_cast<const char*>(p) + start, static_cast<size_t>(at - start)});
      continue;
    }
    const char* reason = nullptr;
    const int n = utf8_sequence(p + at, d.length() - at, reason);
    if (n > 0) {
      const uint8_t* q = p + at;
      d.out.append_char(next_utf8(q));
      at += n;
    } else if (n == 0) {
      if (consumed) break;
      at = TRY(d.malformed(at, d.length(), reason));
    } else {
      at = TRY(d.malformed(at, at - n, reason));
    }
  }
  if (consumed) *consumed = at;
  return d.out.finish();
}

Ref decode_latin1(const DecodeInput& in) { return make_str_latin1(in.data, in.length); }

Ref decode_ascii(const DecodeInput& in) {
  if (is_ascii(in.data, static_cast<size_t>(in.length))) {
    return make_str_ascii({reinterpret_cast<const char*>(in.data), static_cast<size_t>(in.length)});
  }
  Decoder d("ascii", in);
  for (int64_t at = 0; at < d.length();) {
    if (d.data()[at] < 0x80) {
      d.out.append_char(d.data()[at++]);
    } else {
      at = TRY(d.malformed(at, at + 1, "ordinal not in range(128)"));
    }
  }
  return d.out.finish();
}

Ref decode_utf16(const DecodeInput& in, int& order, int64_t* consumed) {
  int64_t at = 0;
  const char* name = order > 0 ? "utf-16-be" : "utf-16-le";
  if (order == 0 && in.length >= 2) {
    if (in.data[0] == 0xFF && in.data[1] == 0xFE) {
      order = -1;
      at = 2;
    } else if (in.data[0] == 0xFE && in.data[1] == 0xFF) {
      order = 1;
      at = 2;
    }
    name = order > 0 ? "utf-16-be" : "utf-16-le";
  }
  const bool big = order > 0;
  Decoder d(name, in);
  auto unit = [&](int64_t i) {
    return static_cast<uint32_t>(big ? d.data()[i] << 8 | d.data()[i + 1] : d.data()[i + 1] << 8 | d.data()[i]);
  };
  while (at < d.length()) {
    if (d.length() - at < 2) {
      if (consumed) break;
      at = TRY(d.malformed(at, d.length(), "truncated data"));
      continue;
    }
    const uint32_t c = unit(at);
    if (c < 0xD800 || c > 0xDFFF) {
      d.out.append_char(c);
      at += 2;
    } else if (c >= 0xDC00) {
      at = TRY(d.malformed(at, at + 2, "illegal encoding"));
    } else if (d.length() - at < 4) {
      if (consumed) break;
      at = TRY(d.malformed(at, d.length(), "unexpected end of data"));
    } else {
      const uint32_t low = unit(at + 2);
      if (low >= 0xDC00 && low <= 0xDFFF) {
        d.out.append_char(0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
        at += 4;
      } else {
        at = TRY(d.malformed(at, at + 2, "illegal UTF-16 surrogate"));
      }
    }
  }
  if (consumed) *consumed = at;
  return d.out.finish();
}

Ref decode_utf32(const DecodeInput& in, int& order, int64_t* consumed) {
  int64_t at = 0;
  const char* name = order > 0 ? "utf-32-be" : "utf-32-le";
  if (order == 0 && in.length >= 4) {
    if (in.data[0] == 0xFF && in.data[1] == 0xFE && in.data[2] == 0 && in.data[3] == 0) {
      order = -1;
      at = 4;
    } else if (in.data[0] == 0 && in.data[1] == 0 && in.data[2] == 0xFE && in.data[3] == 0xFF) {
      order = 1;
      at = 4;
    }
    name = order > 0 ? "utf-32-be" : "utf-32-le";
  }
  const bool big = order > 0;
  Decoder d(name, in);
  while (at < d.length()) {
    if (d.length() - at < 4) {
      if (consumed) break;
      at = TRY(d.malformed(at, d.length(), "truncated data"));
      continue;
    }
    const uint8_t* p = d.data() + at;
    const uint32_t c = big ? uint32_t{p[0]} << 24 | p[1] << 16 | p[2] << 8 | p[3]
                           : uint32_t{p[3]} << 24 | p[2] << 16 | p[1] << 8 | p[0];
    if (c >= 0xD800 && c <= 0xDFFF) {
      at = TRY(d.malformed(at, at + 4, "code point in surrogate code point range(0xd800, 0xe000)"));
    } else if (c > 0x10FFFF) {
      at = TRY(d.malformed(at, at + 4, "code point not in range(0x110000)"));
    } else {
      d.out.append_char(c);
      at += 4;
    }
  }
  if (consumed) *consumed = at;
  return d.out.finish();
}

namespace {
int hex_value(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
  return -1;
}
}  // namespace

Ref decode_unicode_escape(const DecodeInput& in, int64_t* consumed) {
  Decoder d("unicodeescape", in);
  int64_t at = 0;
  int first_invalid = -1;
  while (at < d.length()) {
    const uint8_t* p = d.data();
    if (p[at] != '\\') {
      d.out.append_char(p[at++]);
      continue;
    }
    const int64_t start = at++;
    if (at >= d.length()) {
      if (consumed) {
        at = start;
        break;
      }
      at = TRY(d.malformed(start, d.length(), "\\ at end of string"));
      continue;
    }
    const uint8_t c = p[at++];
    int digits = 0;
    const char* reason = "";
    switch (c) {
      case '\n':
        continue;
      case '\\':
      case '\'':
      case '"':
        d.out.append_char(c);
        continue;
      case 'b':
        d.out.append_char('\b');
        continue;
      case 't':
        d.out.append_char('\t');
        continue;
      case 'n':
        d.out.append_char('\n');
        continue;
      case 'r':
        d.out.append_char('\r');
        continue;
      case 'f':
        d.out.append_char('\f');
        continue;
      case 'v':
        d.out.append_char('\v');
        continue;
      case 'a':
        d.out.append_char('\a');
        continue;
      case '0':
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7': {
        uint32_t value = c - '0';
        for (int i = 0; i < 2 && at < d.length() && p[at] >= '0' && p[at] <= '7'; ++i)
          value = value * 8 + (p[at++] - '0');
        d.out.append_char(value);
        continue;
      }
      case 'x':
        digits = 2;
        reason = "truncated \\xXX escape";
        break;
      case 'u':
        digits = 4;
        reason = "truncated \\uXXXX escape";
        break;
      case 'U':
        digits = 8;
        reason = "truncated \\UXXXXXXXX escape";
        break;
      case 'N': {
        reason = "malformed \\N character escape";
        int64_t end = at;
        if (at < d.length() && p[at] == '{') {
          while (end < d.length() && p[end] != '}') ++end;
          if (end < d.length() && end > at + 1) {
            const std::string name(reinterpret_cast<const char*>(p) + at + 1, static_cast<size_t>(end - at - 1));
            const int64_t code = unicode::character_by_name(name);
            if (code >= 0) {
              d.out.append_char(static_cast<uint32_t>(code));
              at = end + 1;
              continue;
            }
            reason = "unknown Unicode character name";
            at = TRY(d.malformed(start, end + 1, reason));
            continue;
          }
        }
        if (consumed && end >= d.length()) {
          at = start;
          goto done;
        }
        at = TRY(d.malformed(start, std::min(end + (end < d.length() && p[end] == '}' ? 1 : 0), d.length()), reason));
        continue;
      }
      default:
        if (first_invalid < 0) first_invalid = c;
        d.out.append_char('\\');
        d.out.append_char(c);
        continue;
    }
    {
      uint32_t value = 0;
      int64_t i = at;
      for (; i < at + digits && i < d.length() && hex_value(p[i]) >= 0; ++i)
        value = value << 4 | static_cast<uint32_t>(hex_value(p[i]));
      if (i < at + digits) {
        if (consumed && i >= d.length()) {
          at = start;
          break;
        }
        at = TRY(d.malformed(start, i, reason));
      } else if (value > 0x10FFFF) {
        at = TRY(d.malformed(start, i, "illegal Unicode character"));
      } else {
        d.out.append_char(value);
        at = i;
      }
    }
  }
done:
  if (first_invalid >= 0) {
    std::string message = "invalid escape sequence '\\";
    append_utf8(message, static_cast<uint32_t>(first_invalid));  // any byte may stand there
    TRY(warn(exc::DeprecationWarning, message + "'"));
  }
  if (consumed) *consumed = at;
  return d.out.finish();
}

Ref decode_raw_unicode_escape(const DecodeInput& in, int64_t* consumed) {
  Decoder d("rawunicodeescape", in);
  int64_t at = 0;
  while (at < d.length()) {
    const uint8_t* p = d.data();
    if (p[at] != '\\') {
      d.out.append_char(p[at++]);
      continue;
    }
    // A run of backslashes: only an odd one can begin an escape.
    if (at + 1 >= d.length()) {
      if (consumed) break;
      d.out.append_char(p[at++]);
      continue;
    }
    const uint8_t c = p[at + 1];
    if (c != 'u' && c != 'U') {
      d.out.append_char('\\');
      if (c == '\\') d.out.append_char('\\');
      at += c == '\\' ? 2 : 1;
      continue;
    }
    const int digits = c == 'u' ? 4 : 8;
    uint32_t value = 0;
    int64_t i = at + 2;
    for (; i < at + 2 + digits && i < d.length() && hex_value(p[i]) >= 0; ++i)
      value = value << 4 | static_cast<uint32_t>(hex_value(p[i]));
    if (i < at + 2 + digits) {
      if (consumed && i >= d.length()) break;
      at = TRY(d.malformed(at, i, c == 'u' ? "truncated \\uXXXX escape" : "truncated \\UXXXXXXXX escape"));
    } else if (value > 0x10FFFF) {
      at = TRY(d.malformed(at, i, "\\Uxxxxxxxx out of range"));
    } else {
      d.out.append_char(value);
      at = i;
    }
  }
  if (consumed) *consumed = at;
  return d.out.finish();
}

}  // namespace hiss

// str -> bytes: UTF-8, UTF-16, UTF-32, Latin-1, ASCII and the escape encodings.
#include <cstdio>

#include "object/bytes_internal.h"
#include "object/codecs_text.h"
#include "object/str_internal.h"
#include "object/unicode_names.h"

namespace hiss {

namespace {

std::string escaped(uint32_t c) {
  char buffer[16];
  snprintf(buffer, sizeof buffer, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
  return buffer;
}

std::string named(uint32_t c) {
  const std::string name = unicode::character_name(c);
  return name.empty() ? escaped(c) : "\\N{" + name + "}";
}

bool is_surrogate(uint32_t c) { return c >= 0xD800 && c < 0xE000; }

/// An encoder for one kind of code unit. `put(c)` appends a character that can be encoded.
struct Encoder {
  const char* name;
  const char* reason;
  std::string_view errors;
  Value object;
  bool (*encodable)(uint32_t c);
  void (*put)(std::string& out, uint32_t c);
  bool surrogate_pass;  // the encoding can hold surrogates
  int64_t unit;         // bytes of a code unit: a replacement in bytes must be a multiple
  std::string out;

  Status run() {
    const Str* s = as<Str>(object);
    for (int64_t i = 0; i < s->length;) {
      const uint32_t c = s->at(i);
      if (encodable(c)) {
        put(out, c);
        ++i;
        continue;
      }
      int64_t end = i + 1;
      while (unit == 1 && end < s->length && !encodable(s->at(end))) ++end;
      i = TRY(replace(s, i, end));
    }
    return kOk;
  }

  /// Text that stands for characters; it must itself be encodable.
  Status put_text(std::string_view ascii) {
    for (char c : ascii) put(out, static_cast<uint8_t>(c));
    return kOk;
  }

  Result<int64_t> replace(const Str* s, int64_t start, int64_t end) {
    if (errors == "strict") return fail_encode(name, object, start, end, reason);
    if (errors == "ignore") return end;
    if (errors == "replace") {
      TRY(put_text(std::string(static_cast<size_t>(end - start), '?')));
      return end;
    }
    if (errors == "backslashreplace" || errors == "xmlcharrefreplace" || errors == "namereplace") {
      for (int64_t i = start; i < end; ++i) {
        const uint32_t c = s->at(i);
        TRY(put_text(errors[0] == 'x' ? "&#" + std::to_string(c) + ";" : errors[0] == 'n' ? named(c) : escaped(c)));
      }
      return end;
    }
    if (errors == "surrogateescape") {
      int64_t i = start;
      for (; i < end && s->at(i) >= 0xDC80 && s->at(i) <= 0xDCFF; ++i) {
        if (unit > 1) break;
        out += static_cast<char>(s->at(i) - 0xDC00);
      }
      if (i == start) return fail_encode(name, object, start, end, reason);
      return i;
    }
    if (errors == "surrogatepass" && surrogate_pass) {
      int64_t i = start;
      for (; i < end && is_surrogate(s->at(i)); ++i) put(out, s->at(i));
      if (i == start) return fail_encode(name, object, start, end, reason);
      return i;
    }
    if (errors == "surrogatepass") return fail_encode(name, object, start, end, reason);
    // A registered handler.
    Ref label = make_str(name), from = make_int(start), to = make_int(end), why = make_str(reason);
    Ref exception = TRY(call(to_value(&exc::UnicodeEncodeError), {label, object, from, to, why}));
    Replacement r = TRY(call_error_handler(errors, exception, s->length, true));
    if (is<Bytes>(r.text)) {
      if (as<Bytes>(r.text)->length % unit) return fail_encode(name, object, start, end, reason);
      out += as<Bytes>(r.text)->view();
    } else {
      const Str* text = as<Str>(r.text);
      for (int64_t i = 0; i < text->length; ++i) {
        if (!encodable(text->at(i))) return fail_encode(name, object, start, end, reason);
        put(out, text->at(i));
      }
    }
    return r.position;
  }
};

template <int order>
void put16(std::string& out, uint32_t c) {
  auto unit = [&](uint32_t u) {
    if (order > 0) {
      out += static_cast<char>(u >> 8);
      out += static_cast<char>(u);
    } else {
      out += static_cast<char>(u);
      out += static_cast<char>(u >> 8);
    }
  };
  if (c >= 0x10000) {
    unit(0xD800 + ((c - 0x10000) >> 10));
    unit(0xDC00 + ((c - 0x10000) & 0x3FF));
  } else {
    unit(c);
  }
}

template <int order>
void put32(std::string& out, uint32_t c) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(c >> (order > 0 ? 24 - 8 * i : 8 * i));
}

bool not_surrogate(uint32_t c) { return !is_surrogate(c); }
void put_byte(std::string& out, uint32_t c) { out += static_cast<char>(c); }

}  // namespace

Ref encode_utf8(Value text, std::string_view errors) {
  const Str* s = as<Str>(text);
  if (s->ascii) return make_bytes(s->ascii_view());
  if (s->width == 1) return make_bytes(utf8_view(s));
  Encoder e{"utf-8", "surrogates not allowed", errors, text, not_surrogate, append_utf8, true, 1, {}};
  TRY(e.run());
  return make_bytes(e.out);
}

Ref encode_utf16(Value text, std::string_view errors, int order) {
  const char* name = order < 0 ? "utf-16-le" : order > 0 ? "utf-16-be" : "utf-16";
  Encoder e{name, "surrogates not allowed", errors, text, not_surrogate, order > 0 ? put16<1> : put16<-1>, true, 2, {}};
  if (order == 0) e.out = "\xff\xfe";
  TRY(e.run());
  return make_bytes(e.out);
}

Ref encode_utf32(Value text, std::string_view errors, int order) {
  const char* name = order < 0 ? "utf-32-le" : order > 0 ? "utf-32-be" : "utf-32";
  Encoder e{name, "surrogates not allowed", errors, text, not_surrogate, order > 0 ? put32<1> : put32<-1>, true, 4, {}};
  if (order == 0) e.out = std::string("\xff\xfe\0\0", 4);
  TRY(e.run());
  return make_bytes(e.out);
}

Ref encode_latin1(Value text, std::string_view errors) {
  const Str* s = as<Str>(text);
  if (s->width == 1) return make_bytes(s->data1(), s->length);
  Encoder e{
      "latin-1", "ordinal not in range(256)", errors, text, [](uint32_t c) { return c < 256; }, put_byte, false, 1, {}};
  TRY(e.run());
  return make_bytes(e.out);
}

Ref encode_ascii(Value text, std::string_view errors) {
  const Str* s = as<Str>(text);
  if (s->ascii) return make_bytes(s->ascii_view());
  Encoder e{"ascii", "ordinal not in range(128)", errors, text, [](uint32_t c) { return c < 128; }, put_byte, false, 1,
            {}};
  TRY(e.run());
  return make_bytes(e.out);
}

Ref encode_unicode_escape(Value text) {
  const Str* s = as<Str>(text);
  std::string out;
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (c >= ' ' && c < 0x7f) {
          out += static_cast<char>(c);
        } else {
          out += escaped(c);
        }
    }
  }
  return make_bytes(out);
}

Ref encode_raw_unicode_escape(Value text) {
  const Str* s = as<Str>(text);
  std::string out;
  for (int64_t i = 0; i < s->length; ++i) {
    const uint32_t c = s->at(i);
    if (c < 256) {
      out += static_cast<char>(c);
    } else {
      out += escaped(c);
    }
  }
  return make_bytes(out);
}

}  // namespace hiss

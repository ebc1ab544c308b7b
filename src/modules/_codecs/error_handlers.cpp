// The standard error handlers of codecs.
#include "modules/_codecs/codecs.h"
#include "object/exception.h"
#include "object/unicode_names.h"

namespace hiss {

namespace {

struct Span {
  Value object;
  int64_t start, end, size;
};
Result<Span> span_of_error(Value e) {
  Span s;
  s.object = exception_field(e, "object");
  if (!s.object) return fail(exc::TypeError, "object attribute not set");
  s.size = TRY(length(s.object));
  const Value start = exception_field(e, "start"), end = exception_field(e, "end");
  s.start = start && is_int(start) ? int_value(start).value_or(0) : 0;
  s.end = end && is_int(end) ? int_value(end).value_or(0) : 0;
  // An exception's fields can be set to anything: keep them inside the object.
  if (s.start < 0) s.start = 0;
  if (s.start >= s.size) s.start = s.size - 1 < 0 ? 0 : s.size - 1;
  if (s.end < 1) s.end = 1;
  if (s.end > s.size) s.end = s.size;
  return s;
}
Failure wrong_type(Value e) {
  return fail(exc::TypeError, "don't know how to handle {} in error callback", type_name(e));
}
bool is_encode(Value e) { return is_instance_of(e, exc::UnicodeEncodeError); }
bool is_decode(Value e) { return is_instance_of(e, exc::UnicodeDecodeError); }
bool is_translate(Value e) { return is_instance_of(e, exc::UnicodeTranslateError); }
Ref answer(Ref text, int64_t position) {
  if (text.is_error()) return text;
  Ref p = make_int(position);
  return make_tuple({text, p});
}
std::string hex_escape(uint32_t c) {
  if (c <= 0xFF) return fmt::format("\\x{:02x}", c);
  if (c <= 0xFFFF) return fmt::format("\\u{:04x}", c);
  return fmt::format("\\U{:08x}", c);
}

Ref strict(Value, const Value* a) {
  if (!is<Exception>(a[0])) return fail(exc::TypeError, "codec must pass exception instance");
  return fail_with(a[0]);
}
Ref ignore(Value, const Value* a) {
  if (!is_encode(a[0]) && !is_decode(a[0]) && !is_translate(a[0])) return wrong_type(a[0]);
  const Span s = TRY(span_of_error(a[0]));
  return answer(empty_str(), s.end);
}
Ref replace(Value, const Value* a) {
  const bool encode = is_encode(a[0]), decode = is_decode(a[0]);
  if (!encode && !decode && !is_translate(a[0])) return wrong_type(a[0]);
  const Span s = TRY(span_of_error(a[0]));
  StrBuilder out;
  out.append_fill(encode ? '?' : 0xFFFD, decode ? 1 : std::max<int64_t>(s.end - s.start, 0));
  return answer(out.finish(), s.end);
}
Ref xmlcharrefreplace(Value, const Value* a) {
  if (!is_encode(a[0])) return wrong_type(a[0]);
  const Span s = TRY(span_of_error(a[0]));
  std::string out;
  for (int64_t i = s.start; i < s.end; ++i) out += fmt::format("&#{};", as<Str>(s.object)->at(i));
  return answer(make_str_ascii(out), s.end);
}
Ref backslashreplace(Value, const Value* a) {
  const Value e = a[0];
  if (is_decode(e)) {
    const Span s = TRY(span_of_error(e));
    BufferView view(TRY(get_buffer(s.object)));
    std::string out;
    for (int64_t i = s.start; i < s.end; ++i) out += fmt::format("\\x{:02x}", view.data()[i]);
    return answer(make_str_ascii(out), s.end);
  }
  if (!is_encode(e) && !is_translate(e)) return wrong_type(e);
  const Span s = TRY(span_of_error(e));
  std::string out;
  for (int64_t i = s.start; i < s.end; ++i) out += hex_escape(as<Str>(s.object)->at(i));
  return answer(make_str_ascii(out), s.end);
}
Ref namereplace(Value, const Value* a) {
  if (!is_encode(a[0])) return wrong_type(a[0]);
  const Span s = TRY(span_of_error(a[0]));
  std::string out;
  for (int64_t i = s.start; i < s.end; ++i) {
    const uint32_t c = as<Str>(s.object)->at(i);
    const std::string name = unicode::character_name(c);
    out += name.empty() ? hex_escape(c) : "\\N{" + name + "}";
  }
  return answer(make_str_ascii(out), s.end);
}

enum class Form { Unknown, Utf8, Utf16Le, Utf16Be, Utf32Le, Utf32Be };
Form form_of(Value encoding) {
  if (!is<Str>(encoding)) return Form::Unknown;
  std::string name = normalize_encoding_name(utf8_view(as<Str>(encoding)));
  if (name == "cp65001") return Form::Utf8;
  if (name.compare(0, 3, "utf") != 0) return Form::Unknown;
  name.erase(0, 3);
  if (!name.empty() && name[0] == '-') name.erase(0, 1);
  if (name == "8") return Form::Utf8;
  if (name == "16" || name == "16-le" || name == "16le") return Form::Utf16Le;
  if (name == "16-be" || name == "16be") return Form::Utf16Be;
  if (name == "32" || name == "32-le" || name == "32le") return Form::Utf32Le;
  if (name == "32-be" || name == "32be") return Form::Utf32Be;
  return Form::Unknown;
}
Ref surrogatepass(Value, const Value* a) {
  const Value e = a[0];
  if (!is_encode(e) && !is_decode(e)) return wrong_type(e);
  const Span s = TRY(span_of_error(e));
  const Form form = form_of(exception_field(e, "encoding"));
  if (form == Form::Unknown) return fail_with(e);
  if (is_encode(e)) {
    std::string out;
    for (int64_t i = s.start; i < s.end; ++i) {
      const uint32_t c = as<Str>(s.object)->at(i);
      if (c < 0xD800 || c > 0xDFFF) return fail_with(e);
      const char high = static_cast<char>(c >> 8), low = static_cast<char>(c);
      switch (form) {
        case Form::Utf8:
          out += static_cast<char>(0xE0 | c >> 12);
          out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
          out += static_cast<char>(0x80 | (c & 0x3F));
          break;
        case Form::Utf16Le:
          out += low, out += high;
          break;
        case Form::Utf16Be:
          out += high, out += low;
          break;
        case Form::Utf32Le:
          out += low, out += high, out.append(2, '\0');
          break;
        default:
          out.append(2, '\0'), out += high, out += low;
          break;
      }
    }
    return answer(make_bytes(out), s.end);
  }
  BufferView view(TRY(get_buffer(s.object)));
  const uint8_t* p = view.data() + s.start;
  const int64_t left = view.length() - s.start;
  uint32_t c = 0;
  int64_t width = 0;
  if (form == Form::Utf8) {
    width = 3;
    if (left >= 3 && (p[0] & 0xF0) == 0xE0 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80)
      c = (p[0] & 0xFu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
  } else if (form == Form::Utf16Le || form == Form::Utf16Be) {
    width = 2;
    if (left >= 2) c = form == Form::Utf16Le ? p[0] | p[1] << 8u : p[1] | p[0] << 8u;
  } else {
    width = 4;
    if (left >= 4) {
      c = form == Form::Utf32Le ? p[0] | p[1] << 8u | p[2] << 16u | uint32_t{p[3]} << 24u
                                : p[3] | p[2] << 8u | p[1] << 16u | uint32_t{p[0]} << 24u;
    }
  }
  if (c < 0xD800 || c > 0xDFFF) return fail_with(e);
  return answer(make_char(c), s.start + width);
}
Ref surrogateescape(Value, const Value* a) {
  const Value e = a[0];
  if (!is_encode(e) && !is_decode(e)) return wrong_type(e);
  const Span s = TRY(span_of_error(e));
  if (is_encode(e)) {
    std::string out;
    for (int64_t i = s.start; i < s.end; ++i) {
      const uint32_t c = as<Str>(s.object)->at(i);
      if (c < 0xDC80 || c > 0xDCFF) return fail_with(e);
      out += static_cast<char>(c - 0xDC00);
    }
    return answer(make_bytes(out), s.end);
  }
  BufferView view(TRY(get_buffer(s.object)));
  StrBuilder out;
  int64_t n = 0;
  while (n < 4 && s.start + n < s.end) {
    const uint8_t byte = view.data()[s.start + n];
    if (byte < 128) break;
    out.append_char(0xDC00u + byte);
    ++n;
  }
  if (n == 0) return fail_with(e);
  return answer(out.finish(), s.start + n);
}

struct Handler {
  const char* name;
  NativeDef def;
};
const Handler kHandlers[] = {
    {"strict", {"strict_errors", "($self, exc, /)", strict, "The 'strict' handler: raises exc."}},
    {"ignore",
     {"ignore_errors", "($self, exc, /)", ignore, "The 'ignore' handler: leaves out what cannot be converted."}},
    {"replace",
     {"replace_errors", "($self, exc, /)", replace,
      "The 'replace' handler: puts '?' where encoding failed and U+FFFD where decoding did."}},
    {"xmlcharrefreplace",
     {"xmlcharrefreplace_errors", "($self, exc, /)", xmlcharrefreplace,
      "The 'xmlcharrefreplace' handler: encodes a character as its number, such as &#8364;."}},
    {"backslashreplace",
     {"backslashreplace_errors", "($self, exc, /)", backslashreplace,
      "The 'backslashreplace' handler: puts \\x, \\u and \\U escapes for what cannot be converted."}},
    {"namereplace",
     {"namereplace_errors", "($self, exc, /)", namereplace,
      "The 'namereplace' handler: encodes a character as \\N{...} with its Unicode name in the braces."}},
    {"surrogatepass", {"surrogatepass", "($self, exc, /)", surrogatepass, nullptr}},
    {"surrogateescape", {"surrogateescape", "($self, exc, /)", surrogateescape, nullptr}},
};

}  // namespace

void add_standard_handlers(Dict* registry) {
  for (const Handler& h : kHandlers) dict_set(registry, intern(h.name), make_native_function(&h.def));
}

}  // namespace hiss

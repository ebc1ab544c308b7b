// The built-in encodings' front: names, error handlers, dispatch.
#include "object/codecs_text.h"

#include "object/bytes_internal.h"
#include "object/str_internal.h"

namespace hiss {

Ref (*codec_encode_hook)(Value object, Str* encoding, Str* errors) = nullptr;
Ref (*codec_decode_hook)(Value object, Str* encoding, Str* errors) = nullptr;
Ref (*codec_error_hook)(Str* name) = nullptr;

std::string normalize_encoding_name(std::string_view name) {
  std::string out;
  for (char c : name) out += c == '_' || c == ' ' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

namespace {

Ref make_unicode_error(Type& type, std::string_view encoding, Value object, int64_t start, int64_t end,
                       std::string_view reason) {
  Ref name = make_str(encoding), from = make_int(start), to = make_int(end), why = make_str(reason);
  return call(to_value(&type), {name, object, from, to, why});
}

}  // namespace

Failure fail_encode(std::string_view encoding, Value object, int64_t start, int64_t end, std::string_view reason) {
  Ref e = make_unicode_error(exc::UnicodeEncodeError, encoding, object, start, end, reason);
  return e.is_error() ? Failure{} : fail_with(e);
}
Failure fail_decode(std::string_view encoding, Value object, int64_t start, int64_t end, std::string_view reason) {
  Ref e = make_unicode_error(exc::UnicodeDecodeError, encoding, object, start, end, reason);
  return e.is_error() ? Failure{} : fail_with(e);
}

Result<Replacement> call_error_handler(std::string_view errors, Value exception, int64_t length, bool encoding) {
  Ref name = make_str(errors);
  if (!codec_error_hook) return fail(exc::LookupError, "unknown error handler name '{}'", errors);
  Ref handler = TRY(codec_error_hook(as<Str>(name)));
  Ref answer = TRY(call(handler, {exception}));
  const char* shape = encoding ? "encoding error handler must return (str/bytes, int) tuple"
                               : "decoding error handler must return (str, int) tuple";
  if (!is<Tuple>(answer) || as<Tuple>(answer)->size != 2) return fail(exc::TypeError, "{}", shape);
  Tuple* t = as<Tuple>(answer);
  if (!is<Str>(t->items[0]) && !(encoding && is<Bytes>(t->items[0]))) return fail(exc::TypeError, "{}", shape);
  if (!is_int(t->items[1])) return fail(exc::TypeError, "{}", shape);
  int64_t position = TRY(to_index(t->items[1]));
  if (position < 0) position += length;
  if (position < 0 || position > length)
    return fail(exc::IndexError, "position {} from error handler out of bounds", position);
  return Replacement{Ref::share(t->items[0]), position};
}

namespace {

enum class Codec {
  Utf8,
  Latin1,
  Ascii,
  Utf16,
  Utf16Le,
  Utf16Be,
  Utf32,
  Utf32Le,
  Utf32Be,
  UnicodeEscape,
  RawUnicodeEscape,
  Other
};

Codec codec_of(std::string_view name) {
  const std::string n = normalize_encoding_name(name);
  if (n == "utf-8" || n == "utf8") return Codec::Utf8;
  if (n == "latin-1" || n == "latin1" || n == "iso-8859-1" || n == "iso8859-1") return Codec::Latin1;
  if (n == "ascii" || n == "us-ascii") return Codec::Ascii;
  if (n == "utf-16" || n == "utf16") return Codec::Utf16;
  if (n == "utf-16-le" || n == "utf-16le") return Codec::Utf16Le;
  if (n == "utf-16-be" || n == "utf-16be") return Codec::Utf16Be;
  if (n == "utf-32" || n == "utf32") return Codec::Utf32;
  if (n == "utf-32-le" || n == "utf-32le") return Codec::Utf32Le;
  if (n == "utf-32-be" || n == "utf-32be") return Codec::Utf32Be;
  if (n == "unicode-escape" || n == "unicodeescape") return Codec::UnicodeEscape;
  if (n == "raw-unicode-escape" || n == "rawunicodeescape") return Codec::RawUnicodeEscape;
  return Codec::Other;
}

Result<std::string_view> text_argument(Value v, std::string_view absent, const char* function, const char* name) {
  if (!v) return absent;
  if (!is<Str>(v)) return fail(exc::TypeError, "{}() argument '{}' must be str, not {}", function, name, type_name(v));
  const std::string_view text = utf8_view(as<Str>(v));
  if (text.find('\0') != text.npos) return fail(exc::ValueError, "embedded null character");
  return text;
}

}  // namespace

bool check_codec_names = false;

namespace {

Status check_handler(std::string_view handler) {
  if (!check_codec_names || handler == "strict" || !codec_error_hook) return kOk;
  Ref name = make_str(handler);
  TRY(codec_error_hook(as<Str>(name)));
  return kOk;
}

}  // namespace

Status check_codec_arguments(const char* function, Value encoding, Value errors) {
  TRY(text_argument(encoding, "", function, "encoding"));
  TRY(text_argument(errors, "", function, "errors"));
  return kOk;
}

Ref encode_object(Value text, Value encoding, Value errors) {
  const std::string_view name = TRY(text_argument(encoding, "utf-8", "encode", "encoding"));
  const std::string_view handler = TRY(text_argument(errors, "strict", "encode", "errors"));
  TRY(check_handler(handler));
  switch (codec_of(name)) {
    case Codec::Utf8:
      return encode_utf8(text, handler);
    case Codec::Latin1:
      return encode_latin1(text, handler);
    case Codec::Ascii:
      return encode_ascii(text, handler);
    case Codec::Utf16:
      return encode_utf16(text, handler, 0);
    case Codec::Utf16Le:
      return encode_utf16(text, handler, -1);
    case Codec::Utf16Be:
      return encode_utf16(text, handler, 1);
    case Codec::Utf32:
      return encode_utf32(text, handler, 0);
    case Codec::Utf32Le:
      return encode_utf32(text, handler, -1);
    case Codec::Utf32Be:
      return encode_utf32(text, handler, 1);
    case Codec::UnicodeEscape:
      return encode_unicode_escape(text);
    case Codec::RawUnicodeEscape:
      return encode_raw_unicode_escape(text);
    case Codec::Other:
      break;
  }
  if (!codec_encode_hook) return fail(exc::LookupError, "unknown encoding: {}", name);
  Ref codec = make_str(name), mode = make_str(handler);
  Ref result = TRY(codec_encode_hook(text, as<Str>(codec), as<Str>(mode)));
  if (is<Bytes>(result)) return result;
  if (is<ByteArray>(result)) {
    TRY(warn(
        exc::RuntimeWarning,
        fmt::format("encoder {} returned bytearray instead of bytes; use codecs.encode() to encode to arbitrary types",
                    name)));
    return make_bytes(span_of(result).view());
  }
  return fail(exc::TypeError,
              "'{}' encoder returned '{}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types", name,
              type_name(result));
}

Ref decode_object(Value data, Value encoding, Value errors) {
  const std::string_view name = TRY(text_argument(encoding, "utf-8", "decode", "encoding"));
  const std::string_view handler = TRY(text_argument(errors, "strict", "decode", "errors"));
  TRY(check_handler(handler));
  const Codec codec = codec_of(name);
  if (codec != Codec::Other) {
    BufferView view(TRY(get_buffer(data)));
    const DecodeInput in{view.data(), view.length(), is<Bytes>(data) ? data : Value(), handler};
    int order = codec == Codec::Utf16Le || codec == Codec::Utf32Le   ? -1
                : codec == Codec::Utf16Be || codec == Codec::Utf32Be ? 1
                                                                     : 0;
    switch (codec) {
      case Codec::Utf8:
        return decode_utf8(in);
      case Codec::Latin1:
        return decode_latin1(in);
      case Codec::Ascii:
        return decode_ascii(in);
      case Codec::UnicodeEscape:
        return decode_unicode_escape(in);
      case Codec::RawUnicodeEscape:
        return decode_raw_unicode_escape(in);
      case Codec::Utf16:
      case Codec::Utf16Le:
      case Codec::Utf16Be:
        return decode_utf16(in, order);
      default:
        return decode_utf32(in, order);
    }
  }
  if (!codec_decode_hook) return fail(exc::LookupError, "unknown encoding: {}", name);
  Ref codec_name = make_str(name), mode = make_str(handler);
  Ref result = TRY(codec_decode_hook(data, as<Str>(codec_name), as<Str>(mode)));
  if (!is<Str>(result)) {
    return fail(exc::TypeError,
                "'{}' decoder returned '{}' instead of 'str'; use codecs.decode() to decode to arbitrary types", name,
                type_name(result));
  }
  return result;
}

Ref str_encode(Value self, const Value* args) { return encode_object(self, args[0], args[1]); }

Ref str_from_bytes(Value object, Value encoding, Value errors) {
  if (is<Str>(object)) return fail(exc::TypeError, "decoding str is not supported");
  if (!has_buffer(object))
    return fail(exc::TypeError, "decoding to str: need a bytes-like object, {} found", type_name(object));
  return decode_object(object, encoding, errors);
}

}  // namespace hiss

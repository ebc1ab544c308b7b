#include "compile/source_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "compile/compiler.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "object/codecs_text.h"
#include "object/protocol.h"
#include "syntax/source.h"

namespace hiss {

namespace {

// A SyntaxError about the file as a whole.
Failure raise_decoding_error(const std::string& message, const std::string& filename) {
  Ref details = make_tuple({make_str(filename), Value::integer(0), Value::integer(-1), Value::none()});
  Ref error = TRY(call(to_value(&exc::SyntaxError), {make_str(message), details}));
  return fail_with(error);
}

// Line ends become '\n' before decoding, as positions in decoding errors show.
std::string with_unix_newlines(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + 1);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\r') {
      text += '\n';
      if (i + 1 < bytes.size() && bytes[i + 1] == '\n') ++i;
    } else {
      text += bytes[i];
    }
  }
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

Result<std::string> decode_with_codec(std::string_view bytes, const std::string& encoding) {
  Ref decoded = TRY(decode_object(make_bytes(with_unix_newlines(bytes)), make_str(encoding), Value()));
  Ref encoded = TRY(encode_utf8(decoded, "strict"));
  return std::string(as<Bytes>(encoded)->view());
}

bool is_ascii(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

Result<SourceText> decode_source(std::string_view bytes, const std::string& filename) {
  const syntax::SourceEncoding encoding = syntax::find_source_encoding(bytes);
  if (!encoding.problem.empty()) return raise_decoding_error(encoding.problem, filename);
  if (encoding.name == "utf-8" || (encoding.name == "iso-8859-1" && is_ascii(encoding.text))) {
    return SourceText{std::string(encoding.text), !encoding.declared};
  }
  Result<std::string> text = decode_with_codec(encoding.text, encoding.name);
  if (!text.is_error()) return SourceText{std::move(text.value())};
  if (!pending_is(exc::LookupError) && !pending_is(exc::SyntaxError) && !pending_is(exc::ValueError)) return Failure{};
  Ref message = TRY(str(take_pending()));
  return raise_decoding_error(to_string(message), filename);
}

Result<SourceText> decode_script(std::string_view bytes, const std::string& filename) {
  const syntax::SourceEncoding encoding = syntax::find_source_encoding(bytes);
  if (!encoding.problem.empty()) return fail(exc::SyntaxError, "{}", encoding.problem);
  if (!encoding.declared) {
    if (std::string message = syntax::non_utf8_message(encoding.text, filename); !message.empty()) {
      return fail(exc::SyntaxError, "{}", message);
    }
  }
  std::string text(encoding.text);
  if (encoding.name != "utf-8") {
    Result<std::string> decoded = decode_with_codec(encoding.text, encoding.name);
    if (decoded.is_error()) {
      clear_pending();
      return fail(exc::SyntaxError, "encoding problem: {}", encoding.name);
    }
    text = std::move(decoded.value());
  }
  if (const size_t null = text.find('\0'); null != text.npos) {
    ast::SyntaxErrorInfo error;
    error.message = "source code cannot contain null bytes";
    error.lineno = error.end_lineno =
        1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(null), '\n'));
    error.line_text = "\n";
    return raise_syntax_error(error, filename);
  }
  return SourceText{std::move(text), !encoding.declared};
}

Result<SourceText> source_argument(Value source, const char* function, const char* what, const std::string& filename) {
  if (!is<Str>(source) && !has_buffer(source)) {
    return fail(exc::TypeError, "{}() arg 1 must be a {}", function, what);
  }
  Ref encoded;
  if (is<Str>(source)) encoded = TRY(encode_utf8(source, "strict"));
  BufferView view(TRY(get_buffer(encoded.is_empty() ? source : encoded.value())));
  std::string_view bytes(reinterpret_cast<const char*>(view.data()), static_cast<size_t>(view.length()));
  if (bytes.find('\0') != bytes.npos) return fail(exc::ValueError, "source code string cannot contain null bytes");
  if (is<Str>(source)) return SourceText{std::string(bytes)};
  return decode_source(bytes, filename);
}

Result<std::string> filename_argument(Value name) {
  Ref path = Ref::share(name);
  if (!is<Str>(path) && !has_buffer(path)) {
    path = TRY(call_special(name, names.__fspath__));
    if (path.is_empty() || (!is<Str>(path) && !has_buffer(path))) {
      return fail(exc::TypeError, "expected str, bytes or os.PathLike object, not {}", type_name(name));
    }
  } else if (!is<Str>(path) && !is_instance_of(path, bytes_type)) {
    TRY(warn(exc::DeprecationWarning,
             fmt::format("path should be string, bytes, or os.PathLike, not {}", type_name(name))));
  }
  std::string text;
  if (is<Str>(path)) {
    text = to_string(path);
  } else {
    BufferView view(TRY(get_buffer(path)));
    const DecodeInput input{view.data(), view.length(), Value(), "surrogateescape"};
    Ref decoded = TRY(decode_utf8(input));
    text = to_string(decoded);
  }
  if (text.find('\0') != text.npos) return fail(exc::ValueError, "embedded null character");
  return text;
}

}  // namespace hiss

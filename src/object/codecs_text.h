// Text encodings built in, with their error handlers. Others are found through hooks that the _codecs module sets.
#pragma once

#include <string>
#include <string_view>

#include "object/protocol.h"

namespace hiss {

/// str -> bytes. `encoding` and `errors` are str values or empty (utf-8, strict).
Ref encode_object(Value text, Value encoding, Value errors);
/// bytes-like -> str.
Ref decode_object(Value data, Value encoding, Value errors);

/// TypeError "bytes() argument 'encoding' must be str, not int" for arguments that are given and no str.
Status check_codec_arguments(const char* function, Value encoding, Value errors);

/// Encoders of one encoding each: text is a str, the result bytes. `errors` names a handler ("strict", ...).
Ref encode_utf8(Value text, std::string_view errors);
Ref encode_utf16(Value text, std::string_view errors, int byte_order);  // -1 little, 1 big, 0 native with a mark
Ref encode_utf32(Value text, std::string_view errors, int byte_order);
Ref encode_latin1(Value text, std::string_view errors);
Ref encode_ascii(Value text, std::string_view errors);
Ref encode_unicode_escape(Value text);
Ref encode_raw_unicode_escape(Value text);

/// Decoders: `data` lies in `object` (for exceptions). With `consumed`, an incomplete sequence at the end is left for
/// later.
struct DecodeInput {
  const uint8_t* data;
  int64_t length;
  Value object;  // bytes of the input; empty: made when an error needs it
  std::string_view errors;
};
Ref decode_utf8(const DecodeInput& in, int64_t* consumed = nullptr);
/// `byte_order`: in and out, as for encoding; 0 reads a mark.
Ref decode_utf16(const DecodeInput& in, int& byte_order, int64_t* consumed = nullptr);
Ref decode_utf32(const DecodeInput& in, int& byte_order, int64_t* consumed = nullptr);
Ref decode_latin1(const DecodeInput& in);
Ref decode_ascii(const DecodeInput& in);
Ref decode_unicode_escape(const DecodeInput& in, int64_t* consumed = nullptr);
Ref decode_raw_unicode_escape(const DecodeInput& in, int64_t* consumed = nullptr);

/// Calls the handler named `errors` with an exception; its answer (replacement, position).
struct Replacement {
  Ref text;  // str, or bytes when encoding
  int64_t position;
};
Result<Replacement> call_error_handler(std::string_view errors, Value exception, int64_t length, bool encoding);

/// Set by _codecs: codecs and error handlers registered from Python.
extern Ref (*codec_encode_hook)(Value object, Str* encoding, Str* errors);
extern Ref (*codec_decode_hook)(Value object, Str* encoding, Str* errors);
extern Ref (*codec_error_hook)(Str* name);  // the handler; LookupError when unknown
/// Development mode: the names of error handlers are looked up even when no error needs them.
extern bool check_codec_names;
/// "UTF_8" -> "utf-8": lower case, underscores as hyphens.
std::string normalize_encoding_name(std::string_view name);

Failure fail_encode(std::string_view encoding, Value object, int64_t start, int64_t end, std::string_view reason);
Failure fail_decode(std::string_view encoding, Value object, int64_t start, int64_t end, std::string_view reason);

}  // namespace hiss

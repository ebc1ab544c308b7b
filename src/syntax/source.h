// The bytes of a source file -> UTF-8 text for the parser: byte order mark, PEP 263 cookie, decoding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "syntax/parser.h"

namespace hiss::syntax {

/// Decodes bytes of an encoding the front end does not know. Returns false when the encoding is unknown; on a decoding
/// error it fills `error` and returns true.
using DecodeFunction = bool (*)(std::string_view encoding, std::string_view bytes, std::string& utf8,
                                std::string& error);
void set_decode_hook(DecodeFunction hook);

struct DecodedSource {
  bool ok = false;
  std::string text;       ///< UTF-8 without byte order mark
  std::string encoding;   ///< normalised name, e.g. "utf-8", "iso-8859-1"
  SyntaxErrorInfo error;  ///< when not ok
};

/// For a bytes object given to compile(), as import does. The text may hold malformed UTF-8, which the parser reports.
DecodedSource decode_source(std::string_view bytes);

/// For the main script, whose malformed UTF-8 is reported at once with the file's name.
DecodedSource decode_script(std::string_view bytes, std::string_view filename);

/// The cookie in one of the first two lines, if any (PEP 263).
std::optional<std::string> find_encoding_cookie(std::string_view bytes);

}  // namespace hiss::syntax

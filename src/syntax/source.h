// What the bytes of a source file say about their encoding: byte order mark and PEP 263 cookie.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hiss::syntax {

struct SourceEncoding {
  std::string name = "utf-8";  ///< normalised: "utf-8" and "iso-8859-1" for their usual spellings, others as written
  bool declared = false;       ///< a cookie or a mark names it
  std::string_view text;       ///< the bytes behind the byte order mark
  std::string problem;         ///< the message of a SyntaxError when mark and cookie contradict each other, else empty
};

SourceEncoding find_source_encoding(std::string_view bytes);

/// The message for a script that names no encoding and is not UTF-8; empty when it is.
std::string non_utf8_message(std::string_view text, std::string_view filename);

/// The cookie in one of the first two lines, if any (PEP 263).
std::optional<std::string> find_encoding_cookie(std::string_view bytes);

}  // namespace hiss::syntax

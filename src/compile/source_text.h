// Source as compile(), exec(), symtable() and scripts get it -> UTF-8 text for the parser.
#pragma once

#include <string>
#include <string_view>

#include "object/error.h"

namespace hiss {

struct SourceText {
  std::string text;           ///< UTF-8
  bool byte_columns = false;  ///< syntax::ParseOptions::byte_columns
};

/// The text of a bytes object or a file of a package, decoded as its mark or cookie says. Text said to be UTF-8 may be
/// malformed: the parser reports that where it matters.
Result<SourceText> decode_source(std::string_view bytes, const std::string& filename);

/// The text of the main script, whose malformed UTF-8 is an error wherever it stands.
Result<SourceText> decode_script(std::string_view bytes, const std::string& filename);

/// The source argument of a built-in function: str or bytes; `what` names further kinds it takes.
Result<SourceText> source_argument(Value source, const char* function, const char* what, const std::string& filename);

/// A file name given as str, bytes, os.PathLike or, with a warning, another bytes-like object.
Result<std::string> filename_argument(Value name);

}  // namespace hiss

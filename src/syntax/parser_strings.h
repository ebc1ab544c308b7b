// What strings.cpp and parser_fstrings.cpp share.
#pragma once

#include <string>

#include "syntax/parser_impl.h"

namespace hiss::syntax {

/// One literal token taken apart. `raw` also when there is no backslash to look at.
struct Parser::StringLiteral {
  std::string_view body;
  bool bytes = false;
  bool raw = false;
  bool formatted = false;
  bool u_prefix = false;
};

/// Gathers literal text and replacement fields of adjacent literals, or of one format specification.
struct Parser::FstringBuilder {
  Start first = nullptr;  ///< every node made has the position of the whole run of literals
  Start last = nullptr;
  std::string literal;
  Exprs values;
  bool formatted = false;
  bool u_prefix = false;
};

}  // namespace hiss::syntax

// What the tests of the front end share: a tree or an error as one line of text.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "syntax/parser.h"

namespace hiss::syntax {

inline std::string describe(const SyntaxErrorInfo& error) {
  static const char* kKinds[] = {"SyntaxError",    "IndentationError", "TabError",    "MemoryError",
                                 "RecursionError", "ValueError",       "UnicodeError"};
  return fmt::format("{}: {} ({}, {}, {}, {}) {}", kKinds[error.kind], error.message, error.lineno, error.offset,
                     error.end_lineno, error.end_offset, error.line_text);
}

inline std::string tree(std::string_view source, bool attributes = true, const ParseOptions& options = {}) {
  Arena arena;
  ParseResult result = parse(source, options, arena);
  return result ? dump(result.module, attributes) : describe(result.error);
}

inline std::string error(std::string_view source, const ParseOptions& options = {}) {
  Arena arena;
  ParseResult result = parse(source, options, arena);
  return result ? dump(result.module) : describe(result.error);
}

}  // namespace hiss::syntax

// Source text -> syntax tree. No knowledge of runtime objects: errors and warnings come back as plain data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "syntax/ast.h"

namespace hiss::syntax {

enum class Mode : uint8_t { Exec, Eval, Single, FuncType };

/// NFKC normalisation of a non-ASCII identifier. Null: names pass through unchanged.
using NfkcFunction = std::string (*)(std::string_view utf8);
/// \N{NAME} in string literals: the code point, or a negative number when there is no such character.
using UnicodeNameFunction = int32_t (*)(std::string_view name);

struct UnicodeHooks {
  NfkcFunction nfkc = nullptr;
  UnicodeNameFunction lookup_name = nullptr;
};
/// Set once at start-up by whoever owns the Unicode tables.
void set_unicode_hooks(const UnicodeHooks& hooks);
const UnicodeHooks& unicode_hooks();

struct SyntaxErrorInfo {
  enum Kind : uint8_t {
    SyntaxError,
    IndentationError,
    TabError,
    MemoryError,
    RecursionError,
    ValueError,
    UnicodeError
  };
  Kind kind = SyntaxError;
  std::string message;
  int lineno = 0;  ///< from 1
  int offset = 0;  ///< from 1, in characters
  int end_lineno = 0;
  int end_offset = 0;
  std::string line_text;    ///< UTF-8, with its newline when it has one: SyntaxError.text
  bool has_text = true;     ///< false: SyntaxError.text, end_lineno and end_offset are None
  bool incomplete = false;  ///< the input ended before the statement did: a REPL may ask for another line
};

struct Warning {
  enum Category : uint8_t { DeprecationWarning, SyntaxWarning };
  Category category = DeprecationWarning;
  std::string message;
  int lineno = 0;
  /// Where a SyntaxError would point when the warning is turned into an error.
  int col_offset = 0;
  int end_lineno = 0;
  int end_col_offset = 0;
};

struct ParseOptions {
  Mode mode = Mode::Exec;
  bool dont_imply_dedent = false;  ///< PyCF_DONT_IMPLY_DEDENT
  bool type_comments = false;      ///< PyCF_TYPE_COMMENTS
  bool barry_as_bdfl = false;      ///< from __future__ import barry_as_FLUFL
  bool allow_incomplete = false;   ///< PyCF_ALLOW_INCOMPLETE_INPUT: "incomplete input" when the end is reached early
  bool byte_columns = false;       ///< the parser's errors count bytes: CPython does where no encoding is declared
  int max_int_digits = 4300;       ///< of a decimal literal (sys.set_int_max_str_digits); 0: any number
  int feature_minor = 11;          ///< 3.x, the feature_version of ast.parse
};

struct ParseResult {
  Mod* module = nullptr;  ///< null: see error
  SyntaxErrorInfo error;
  std::vector<Warning> warnings;
  explicit operator bool() const { return module != nullptr; }
};

/// The text is UTF-8 (see source.h for files). It need not outlive the call; the tree lives in the arena.
ParseResult parse(std::string_view utf8_source, const ParseOptions& options, Arena& arena);

}  // namespace hiss::syntax

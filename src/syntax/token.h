#pragma once

#include <cstdint>

namespace hiss::syntax {

enum class TokenKind : uint8_t {
#define TOKEN(Kind) Kind,
#define PUNCTUATION(Kind, text) Kind,
#define KEYWORD(Kind, text) Kind,
#include "syntax/tokens.def"
};

/// The text of a punctuation mark or keyword; the name of the class otherwise.
const char* token_text(TokenKind kind);

/// Offsets are bytes into the lexer's source. Columns are -1 for tokens without text (Indent, Dedent, EndMarker).
struct Token {
  TokenKind kind;
  uint8_t level;  ///< open brackets after this token
  int32_t start;
  int32_t end;
  int32_t lineno;
  int32_t col_offset;
  int32_t end_lineno;
  int32_t end_col_offset;
};

}  // namespace hiss::syntax

// Source text -> tokens. The whole text is read at once; a lexical error becomes the last token, and is reported only
// if the parser gets there, because an earlier syntax error comes first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "syntax/parser.h"
#include "syntax/token.h"

namespace hiss::syntax {

struct LexerOptions {
  bool type_comments = false;
  bool single = false;  ///< Mode::Single: the end of input also ends the statement
  bool dont_imply_dedent = false;
  int first_line = 1;    ///< for the expressions of f-strings
  int first_column = 0;  ///< added to the columns of the first line
};

struct TypeIgnoreComment {
  int lineno;
  std::string_view tag;
};

class Lexer {
 public:
  /// `source` must have '\n' as its only line ending, and at least 8 zero bytes must follow it.
  Lexer(std::string_view source, const LexerOptions& options, std::vector<Warning>* warnings);

  void run();
  /// Before Python 3.7 async and await were names outside of functions that begin with async def.
  void take_async_as_name();

  const std::vector<Token>& tokens() const { return tokens_; }
  const std::vector<TypeIgnoreComment>& type_ignores() const { return type_ignores_; }
  std::string_view source() const { return source_; }
  std::string_view text(const Token& token) const { return source_.substr(token.start, token.end - token.start); }

  bool failed() const { return failed_; }
  const SyntaxErrorInfo& error() const { return error_; }
  /// Errors about indentation and line continuation do not take precedence over a syntax error before them.
  bool error_is_strong() const { return strong_; }
  /// Brackets were open where the lexer stopped: the innermost one's error.
  bool unclosed_bracket() const { return level_ > 0; }
  int unclosed_line() const { return brackets_[level_ - 1].lineno; }
  SyntaxErrorInfo unclosed_error(int current_line) const;

  /// CPython's line buffer holds more than one line when a token or a continued line began earlier: the first of them.
  int first_buffered_line(int lineno) const;
  /// That buffer: the lines from there to the given one, with the newline when there is one.
  std::string buffered_text(int lineno) const;

  int first_line() const { return options_.first_line; }
  int first_column() const { return options_.first_column; }

  /// The text of a line (counted as tokens count), without its newline.
  std::string_view line(int lineno) const;
  /// Where the line starts in the source.
  size_t line_start_of_offset(size_t offset) const;

 private:
  bool line_beginning();
  bool next_token();
  void skip_comment();
  bool read_identifier();
  bool verify_identifier();
  bool read_number(char first);
  bool read_zero_number();
  bool read_radix(const char* name, int radix);
  bool read_fraction();
  bool read_exponent_or_suffix(char after);
  bool decimal_tail();
  bool verify_end_of_number(const char* kind);
  bool read_string();
  bool read_operator();
  bool open_bracket(TokenKind kind, char c);
  bool close_bracket(TokenKind kind, char c);
  bool continuation_line();
  bool type_comment();
  void finish();

  void emit(TokenKind kind, const char* start, const char* end);
  void emit_without_text(TokenKind kind);
  bool fail_here(const std::string& message);
  bool fail_range(const std::string& message, int column, int end_column);
  bool fail_malformed();
  bool fail_line(SyntaxErrorInfo::Kind kind, const char* message, int offset, int end_offset);
  void set_error(SyntaxErrorInfo error);
  void warn_number(const char* kind);
  int column_of(const char* at) const { return static_cast<int>(at - line_start_); }
  const char* line_end() const;

  static constexpr int kMaxLevel = 200;
  static constexpr int kMaxIndent = 100;

  std::string_view source_;
  LexerOptions options_;
  std::vector<Warning>* warnings_;
  std::vector<Token> tokens_;
  std::vector<TypeIgnoreComment> type_ignores_;

  const char* begin_;
  const char* end_;
  const char* at_;  ///< next character
  const char* token_start_;
  const char* line_start_;
  int lineno_;
  bool blank_line_ = false;

  int indents_[kMaxIndent] = {0};
  int alt_indents_[kMaxIndent] = {0};
  int indent_ = 0;

  struct Bracket {
    char open;
    int lineno;
    int column;
  };
  Bracket brackets_[kMaxLevel];
  int level_ = 0;

  bool failed_ = false;
  bool strong_ = false;
  SyntaxErrorInfo error_;
};

/// A copy with '\n' line endings and eight zero bytes behind it; exec input always ends with a newline.
std::string_view prepare_source(std::string_view source, bool end_with_newline, Arena& arena);

/// What CPython says about text that is no UTF-8; empty when it is.
std::string malformed_utf8_message(std::string_view text);

/// The keyword's token, or Name.
TokenKind keyword_kind(const char* text, size_t size);

}  // namespace hiss::syntax

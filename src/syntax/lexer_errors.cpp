// How the lexer reports: positions in characters, the offending line, as SyntaxError shows them.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "syntax/lexer.h"

namespace hiss::syntax {

const char* Lexer::line_end() const {
  const void* newline = std::memchr(line_start_, '\n', end_ - line_start_);
  return newline ? static_cast<const char*>(newline) : end_;
}

std::string_view Lexer::line(int lineno) const {
  const char* at = begin_;
  for (int i = options_.first_line; i < lineno; ++i) {
    const void* newline = std::memchr(at, '\n', end_ - at);
    if (newline == nullptr || static_cast<const char*>(newline) + 1 >= end_) break;
    at = static_cast<const char*>(newline) + 1;
  }
  const void* newline = std::memchr(at, '\n', end_ - at);
  const char* stop = newline ? static_cast<const char*>(newline) : end_;
  return {at, static_cast<size_t>(stop - at)};
}

size_t Lexer::line_start_of_offset(size_t offset) const {
  // The end of the text belongs to its last line, even when that line has its newline.
  if (offset >= source_.size() && offset > 0) offset = source_.size() - 1;
  size_t newline = offset == 0 ? std::string_view::npos : source_.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

SyntaxErrorInfo Lexer::unclosed_error(int current_line) const {
  const Bracket& open = brackets_[level_ - 1];
  std::string_view text = line(open.lineno);
  SyntaxErrorInfo error;
  error.message = fmt::format("'{}' was never closed", open.open);
  error.lineno = error.end_lineno = open.lineno;
  error.offset = static_cast<int>(count_code_points(text.substr(0, std::min<size_t>(text.size(), open.column)))) + 1;
  error.end_offset = 0;
  error.line_text = replace_malformed_utf8(text);
  if (current_line <= open.lineno) error.line_text = replace_malformed_utf8(buffered_text(open.lineno));
  return error;
}

int Lexer::first_buffered_line(int lineno) const {
  while (lineno > options_.first_line) {
    // The first token that ends on this line or later tells whether the line began inside it.
    auto token = std::lower_bound(tokens_.begin(), tokens_.end(), lineno,
                                  [](const Token& t, int line) { return t.end_lineno < line; });
    if (token != tokens_.end() && token->lineno < lineno && token->kind != TokenKind::Error) {
      lineno = token->lineno;
      continue;
    }
    if (token == tokens_.begin()) break;
    const Token& before = *std::prev(token);
    bool line_open = before.level > 0 || before.kind < TokenKind::Newline || before.kind > TokenKind::Dedent;
    std::string_view previous = line(lineno - 1);
    if (!line_open || !previous.ends_with('\\')) break;
    if (before.end_lineno == lineno - 1) {
      std::string_view gap(begin_ + before.end,
                           static_cast<size_t>(previous.data() + previous.size() - (begin_ + before.end)));
      if (gap.find('#') != std::string_view::npos) break;
    } else if (previous.find('#') != std::string_view::npos) {
      break;
    }
    --lineno;
  }
  return lineno;
}

std::string Lexer::buffered_text(int lineno) const {
  const char* first = line(first_buffered_line(lineno)).data();
  std::string_view last = line(lineno);
  const char* stop = last.data() + last.size();
  if (stop < end_) ++stop;
  return {first, stop};
}

std::string malformed_utf8_message(std::string_view text) {
  const Utf8Error bad = validate_utf8(text);
  if (!bad.reason) return "";
  const std::string where =
      bad.end - bad.start == 1
          ? fmt::format("byte 0x{:02x} in position {}", static_cast<unsigned char>(text[bad.start]), bad.start)
          : fmt::format("bytes in position {}-{}", bad.start, bad.end - 1);
  return fmt::format("(unicode error) 'utf-8' codec can't decode {}: {}", where, bad.reason);
}

void Lexer::set_error(SyntaxErrorInfo error) {
  failed_ = true;
  error_ = std::move(error);
  emit_without_text(TokenKind::Error);
}

/// The identifier before at_ is no UTF-8. CPython's offset counts the bytes of the line up to there.
bool Lexer::fail_malformed() {
  SyntaxErrorInfo error;
  error.message = malformed_utf8_message(std::string_view(token_start_, static_cast<size_t>(at_ - token_start_)));
  error.lineno = error.end_lineno = lineno_;
  error.offset = static_cast<int>(at_ - line_start_);
  error.end_offset = -1;
  error.line_text = replace_malformed_utf8(buffered_text(lineno_));
  set_error(std::move(error));
  return false;
}

/// The error lies just before at_: its offset counts the characters of the line read so far.
bool Lexer::fail_here(const std::string& message) { return fail_range(message, -1, -1); }

bool Lexer::fail_range(const std::string& message, int column, int end_column) {
  size_t read = static_cast<size_t>(at_ - line_start_);
  std::string_view whole{line_start_, static_cast<size_t>(line_end() - line_start_)};
  if (column < 0) column = static_cast<int>(count_code_points({line_start_, read}));
  if (end_column < 0) end_column = column;
  SyntaxErrorInfo error;
  error.message = message;
  error.lineno = error.end_lineno = lineno_;
  error.offset = column;
  error.end_offset = end_column;
  error.line_text = replace_malformed_utf8(whole);
  strong_ = true;
  set_error(std::move(error));
  return false;
}

/// Errors that CPython's tokenizer leaves to the parser to word: the text keeps its newline.
bool Lexer::fail_line(SyntaxErrorInfo::Kind kind, const char* message, int offset, int end_offset) {
  SyntaxErrorInfo error;
  error.kind = kind;
  error.message = message;
  error.lineno = error.end_lineno = lineno_;
  error.offset = offset;
  error.end_offset = end_offset;
  error.line_text = replace_malformed_utf8(buffered_text(lineno_));
  set_error(std::move(error));
  return false;
}

void Lexer::warn_number(const char* kind) {
  if (warnings_ == nullptr) return;
  Warning warning;
  warning.category = Warning::SyntaxWarning;
  warning.message = std::string("invalid ") + kind + " literal";
  warning.lineno = warning.end_lineno = lineno_;
  // As an error it points at the last character of the number.
  warning.col_offset = warning.end_col_offset = column_of(at_) - 1;
  warnings_->push_back(std::move(warning));
}

}  // namespace hiss::syntax

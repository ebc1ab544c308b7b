#include "syntax/lexer.h"

#include <fmt/format.h>

#include "base/text.h"
#include "syntax/lexer_characters.h"

namespace hiss::syntax {

const char* token_text(TokenKind kind) {
  static constexpr const char* kTexts[] = {
#define TOKEN(Kind) #Kind,
#define PUNCTUATION(Kind, text) text,
#define KEYWORD(Kind, text) text,
#include "syntax/tokens.def"
  };
  return kTexts[static_cast<int>(kind)];
}

namespace {

constexpr uint64_t pack(std::string_view word) {
  uint64_t packed = 0;
  for (size_t i = 0; i < word.size(); ++i) packed |= uint64_t(static_cast<unsigned char>(word[i])) << (8 * i);
  return packed;
}

}  // namespace

TokenKind keyword_kind(const char* text, size_t size) {
  // Every keyword has 2 to 8 letters, so one 8-byte word tells them apart.
  if (size < 2 || size > 8) return TokenKind::Name;
  uint64_t word;
  std::memcpy(&word, text, 8);
  if (size < 8) word &= (uint64_t{1} << (8 * size)) - 1;
  switch (word) {
#define KEYWORD(Kind, text) \
  case pack(text):          \
    return TokenKind::Kind;
#include "syntax/tokens.def"
    default:
      return TokenKind::Name;
  }
}

Lexer::Lexer(std::string_view source, const LexerOptions& options, std::vector<Warning>* warnings)
    : source_(source),
      options_(options),
      warnings_(warnings),
      begin_(source.data()),
      end_(source.data() + source.size()),
      at_(begin_),
      token_start_(begin_),
      line_start_(begin_),
      // An empty text has no first line.
      lineno_(source.empty() ? options.first_line - 1 : options.first_line) {
  tokens_.reserve(source.size() / 4 + 16);
}

void Lexer::run() {
  bool ok = line_beginning();
  while (ok) ok = next_token();
}

void Lexer::emit(TokenKind kind, const char* start, const char* end) {
  int shift = lineno_ == options_.first_line ? options_.first_column : 0;
  tokens_.push_back({kind, static_cast<uint8_t>(level_), static_cast<int32_t>(start - begin_),
                     static_cast<int32_t>(end - begin_), lineno_, column_of(start) + shift, lineno_,
                     column_of(end) + shift});
}

void Lexer::emit_without_text(TokenKind kind) {
  int32_t here = static_cast<int32_t>(at_ - begin_);
  tokens_.push_back({kind, static_cast<uint8_t>(level_), here, here, lineno_, -1, lineno_, -1});
}

/// Measures the indentation of a line and emits Indent and Dedent tokens. False: an error or nothing more to do.
bool Lexer::line_beginning() {
  int column = 0;
  int alt_column = 0;
  int continued_column = 0;
  blank_line_ = false;
  for (;; ++at_) {
    char c = *at_;
    if (c == ' ') {
      ++column;
      ++alt_column;
    } else if (c == '\t') {
      // A tab goes to the next multiple of 8 in one count and of 1 in the other: lines on which they disagree are
      // ambiguous.
      column = (column / 8 + 1) * 8;
      ++alt_column;
    } else if (c == '\f') {
      column = alt_column = 0;
    } else if (c == '\\' && at_ < end_) {
      // The indentation that counts is the one before the first backslash.
      continued_column = continued_column ? continued_column : column;
      ++at_;
      if (!continuation_line()) return false;
      --at_;
    } else {
      break;
    }
  }
  if (*at_ == '#' || *at_ == '\n') {
    blank_line_ = true;
    return true;
  }
  if (level_ > 0) return true;
  if (continued_column) column = alt_column = continued_column;
  if (column == indents_[indent_]) {
    if (alt_column == alt_indents_[indent_]) return true;
    return fail_line(SyntaxErrorInfo::TabError, "inconsistent use of tabs and spaces in indentation", 1, 0);
  }
  if (column > indents_[indent_]) {
    if (indent_ + 1 >= kMaxIndent) {
      return fail_line(SyntaxErrorInfo::IndentationError, "too many levels of indentation", 1, 0);
    }
    if (alt_column <= alt_indents_[indent_]) {
      return fail_line(SyntaxErrorInfo::TabError, "inconsistent use of tabs and spaces in indentation", 1, 0);
    }
    ++indent_;
    indents_[indent_] = column;
    alt_indents_[indent_] = alt_column;
    emit_without_text(TokenKind::Indent);
    return true;
  }
  int dedents = 0;
  while (indent_ > 0 && column < indents_[indent_]) {
    --indent_;
    ++dedents;
  }
  if (column != indents_[indent_]) {
    const char* line_limit = line_end();
    int characters = static_cast<int>(count_code_points({line_start_, static_cast<size_t>(line_limit - line_start_)}) +
                                      (line_limit < end_));
    return fail_line(SyntaxErrorInfo::IndentationError, "unindent does not match any outer indentation level",
                     characters, -1);
  }
  if (alt_column != alt_indents_[indent_]) {
    return fail_line(SyntaxErrorInfo::TabError, "inconsistent use of tabs and spaces in indentation", 1, 0);
  }
  while (dedents-- > 0) emit_without_text(TokenKind::Dedent);
  return true;
}

/// Reads one token (several after an indentation). False when the text has ended or an error was met.
bool Lexer::next_token() {
  for (;;) {
    while (*at_ == ' ' || *at_ == '\t' || *at_ == '\f') ++at_;
    token_start_ = at_;
    unsigned char c = static_cast<unsigned char>(*at_);
    switch (kCharacterClass[c]) {
      case CharacterClass::Letter:
        return read_identifier();
      case CharacterClass::Digit:
        ++at_;
        return read_number(static_cast<char>(c));
      case CharacterClass::Quote:
        return read_string();
      case CharacterClass::Newline: {
        const char* newline = at_++;
        bool significant = !blank_line_ && level_ == 0;
        if (significant) emit(TokenKind::Newline, token_start_, newline);
        if (at_ < end_) {
          ++lineno_;
          line_start_ = at_;
        }
        blank_line_ = false;
        if (level_ == 0) return line_beginning();
        continue;
      }
      case CharacterClass::Hash: {
        while (*at_ != '\n' && at_ < end_) ++at_;
        if (options_.type_comments && type_comment()) return true;
        if (*at_ == '\n') {
          // The Newline token begins where the comment does.
          const char* newline = at_++;
          bool significant = !blank_line_ && level_ == 0;
          if (significant) emit(TokenKind::Newline, token_start_, newline);
          if (at_ < end_) {
            ++lineno_;
            line_start_ = at_;
          }
          blank_line_ = false;
          if (level_ == 0) return line_beginning();
        }
        continue;
      }
      case CharacterClass::Backslash:
        ++at_;
        if (!continuation_line()) return false;
        continue;
      case CharacterClass::End:
        if (at_ >= end_) {
          finish();
          return false;
        }
        ++at_;
        return fail_here("invalid non-printable character U+0000");
      case CharacterClass::Operator:
        return read_operator();
      case CharacterClass::Control:
        ++at_;
        return fail_here(fmt::format("invalid non-printable character U+{:04X}", c));
    }
  }
}

void Lexer::finish() {
  if (level_ > 0) {
    SyntaxErrorInfo error = unclosed_error(lineno_);
    error.incomplete = true;
    set_error(std::move(error));
    return;
  }
  if (options_.single && !tokens_.empty()) {
    // The end of an interactive input ends its statement too; codeop asks that it does not end the block.
    emit_without_text(TokenKind::Newline);
    if (indent_ > 0 && !options_.dont_imply_dedent) {
      while (indent_ > 0) {
        --indent_;
        emit_without_text(TokenKind::Dedent);
      }
      // A compound statement wants a newline of its own.
      emit_without_text(TokenKind::Newline);
    }
  }
  emit_without_text(TokenKind::EndMarker);
}

bool Lexer::read_identifier() {
  const char* start = at_;
  // Prefixes of string literals: each of b, u, r, f at most once, u alone, b and f not together.
  bool saw_b = false, saw_u = false, saw_r = false, saw_f = false;
  for (;;) {
    char c = static_cast<char>(*at_ | 0x20);
    if (c == 'b' && !(saw_b || saw_u || saw_f)) {
      saw_b = true;
    } else if (c == 'u' && !(saw_b || saw_u || saw_r || saw_f)) {
      saw_u = true;
    } else if (c == 'r' && !(saw_r || saw_u)) {
      saw_r = true;
    } else if (c == 'f' && !(saw_f || saw_b || saw_u)) {
      saw_f = true;
    } else {
      break;
    }
    ++at_;
    if (*at_ == '"' || *at_ == '\'') return read_string();
  }
  unsigned char any = 0;
  while (kIdentifierCharacter[static_cast<unsigned char>(*at_)]) any |= static_cast<unsigned char>(*at_++);
  if (any & 0x80) {
    if (!verify_identifier()) return false;
    emit(TokenKind::Name, start, at_);
    return true;
  }
  emit(keyword_kind(start, at_ - start), start, at_);
  return true;
}

void Lexer::take_async_as_name() {
  int indent = 0;
  int async_indent = -1;   // of the line with async def; -1: outside of such functions
  bool in_header = false;  // in that line
  for (size_t i = 0; i < tokens_.size(); ++i) {
    Token& t = tokens_[i];
    if (t.kind == TokenKind::Indent) ++indent;
    if (t.kind == TokenKind::Dedent) --indent;
    if (t.kind == TokenKind::Newline && async_indent >= 0) {
      in_header = false;
    } else if (t.kind != TokenKind::Indent && t.kind != TokenKind::Dedent && t.kind != TokenKind::TypeComment &&
               async_indent >= indent && !in_header) {
      async_indent = -1;
    }
    if (async_indent >= 0 || (t.kind != TokenKind::Async && t.kind != TokenKind::Await)) continue;
    if (t.kind == TokenKind::Async && i + 1 < tokens_.size() && tokens_[i + 1].kind == TokenKind::Def) {
      async_indent = indent;
      in_header = true;
    } else {
      t.kind = TokenKind::Name;
    }
  }
}

bool Lexer::verify_identifier() {
  const char* limit = at_;
  const char* at = token_start_;
  bool first = true;
  while (at < limit) {
    const char* before = at;
    char32_t c = decode_utf8(at, limit, false);
    if (c == kInvalidCodePoint) {
      at_ = limit;
      return fail_malformed();
    }
    bool fine = first ? is_identifier_start(c) : is_identifier_continue(c);
    first = false;
    if (fine) continue;
    at_ = at;
    std::string_view shown{before, static_cast<size_t>(at - before)};
    if (is_printable(c))
      return fail_here(fmt::format("invalid character '{}' (U+{:04X})", shown, static_cast<uint32_t>(c)));
    return fail_here(fmt::format("invalid non-printable character U+{:04X}", static_cast<uint32_t>(c)));
  }
  return true;
}

bool Lexer::read_string() {
  const char quote = *at_;
  const char* start = token_start_;
  int first_line = lineno_;
  const char* first_line_start = line_start_;
  ++at_;
  bool triple = at_[0] == quote && at_[1] == quote;
  if (triple) {
    at_ += 2;
  } else if (*at_ == quote) {
    ++at_;
    emit(TokenKind::String, start, at_);
    return true;
  }
  int run = 0;
  for (;;) {
    while (!kEndsStringRun[static_cast<unsigned char>(*at_)]) {
      ++at_;
      run = 0;
    }
    char c = *at_;
    if ((c == 0 && at_ >= end_) || (c == '\n' && !triple)) {
      int detected = lineno_;
      at_ = start + 1;
      line_start_ = first_line_start;
      lineno_ = first_line;
      bool at_end = c == 0;
      fail_here(
          fmt::format("unterminated {}string literal (detected at line {})", triple ? "triple-quoted " : "", detected));
      error_.incomplete = triple || at_end;
      return false;
    }
    ++at_;
    if (c == quote) {
      if (!triple || ++run == 3) break;
      continue;
    }
    run = 0;
    if (c == '\\') {
      if (at_ >= end_) continue;
      c = *at_++;
    }
    if (c == '\n' && at_ < end_) {
      ++lineno_;
      line_start_ = at_;
    }
  }
  int shift = lineno_ == options_.first_line ? options_.first_column : 0;
  tokens_.push_back({TokenKind::String, static_cast<uint8_t>(level_), static_cast<int32_t>(start - begin_),
                     static_cast<int32_t>(at_ - begin_), first_line, static_cast<int>(start - first_line_start) + shift,
                     lineno_, column_of(at_) + shift});
  return true;
}

bool Lexer::open_bracket(TokenKind kind, char c) {
  if (level_ >= kMaxLevel) return fail_here("too many nested parentheses");
  brackets_[level_++] = {c, lineno_, column_of(token_start_)};
  emit(kind, token_start_, at_);
  return true;
}

bool Lexer::close_bracket(TokenKind kind, char c) {
  if (level_ == 0) return fail_here(fmt::format("unmatched '{}'", c));
  const Bracket& open = brackets_[--level_];
  char wanted = open.open == '(' ? ')' : open.open == '[' ? ']' : '}';
  if (c != wanted) {
    if (open.lineno != lineno_) {
      return fail_here(fmt::format("closing parenthesis '{}' does not match opening parenthesis '{}' on line {}", c,
                                   open.open, open.lineno));
    }
    return fail_here(fmt::format("closing parenthesis '{}' does not match opening parenthesis '{}'", c, open.open));
  }
  emit(kind, token_start_, at_);
  return true;
}

bool Lexer::read_operator() {
  using enum TokenKind;
  char c = *at_++;
  auto take = [&](TokenKind kind, int more) {
    at_ += more;
    emit(kind, token_start_, at_);
    return true;
  };
  auto with_equal = [&](TokenKind plain, TokenKind assigned) {
    return *at_ == '=' ? take(assigned, 1) : take(plain, 0);
  };
  auto doubled = [&](TokenKind plain, TokenKind assigned, TokenKind twice, TokenKind twice_assigned) {
    if (*at_ == c) return at_[1] == '=' ? take(twice_assigned, 2) : take(twice, 1);
    return with_equal(plain, assigned);
  };
  switch (c) {
    case '(':
      return open_bracket(LeftParen, c);
    case '[':
      return open_bracket(LeftBracket, c);
    case '{':
      return open_bracket(LeftBrace, c);
    case ')':
      return close_bracket(RightParen, c);
    case ']':
      return close_bracket(RightBracket, c);
    case '}':
      return close_bracket(RightBrace, c);
    case ':':
      return with_equal(Colon, ColonEqual);
    case ',':
      return take(Comma, 0);
    case ';':
      return take(Semicolon, 0);
    case '.':
      if (*at_ >= '0' && *at_ <= '9') return read_fraction();
      if (at_[0] == '.' && at_[1] == '.') return take(Ellipsis, 2);
      return take(Dot, 0);
    case '=':
      return with_equal(Equal, EqualEqual);
    case '+':
      return with_equal(Plus, PlusEqual);
    case '-':
      if (*at_ == '>') return take(Arrow, 1);
      return with_equal(Minus, MinusEqual);
    case '*':
      return doubled(Star, StarEqual, DoubleStar, DoubleStarEqual);
    case '/':
      return doubled(Slash, SlashEqual, DoubleSlash, DoubleSlashEqual);
    case '<':
      if (*at_ == '>') return take(NotEqual, 1);
      return doubled(Less, LessEqual, LeftShift, LeftShiftEqual);
    case '>':
      return doubled(Greater, GreaterEqual, RightShift, RightShiftEqual);
    case '%':
      return with_equal(Percent, PercentEqual);
    case '@':
      return with_equal(At, AtEqual);
    case '|':
      return with_equal(Bar, BarEqual);
    case '^':
      return with_equal(Caret, CaretEqual);
    case '&':
      return with_equal(Ampersand, AmpersandEqual);
    case '~':
      return take(Tilde, 0);
    case '!':
      if (*at_ == '=') return take(NotEqual, 1);
      return take(Unknown, 0);
    default:
      return take(Unknown, 0);
  }
}

/// After a backslash: the rest of the line must be empty and another line must follow.
bool Lexer::continuation_line() {
  if (*at_ != '\n' || at_ >= end_) {
    // CPython counts from the start of its line buffer.
    const char* buffer = line(first_buffered_line(lineno_)).data();
    const char* stop = at_ + (at_ < end_ ? 1 : 0);
    int offset = static_cast<int>(count_code_points({buffer, static_cast<size_t>(stop - buffer)}));
    return fail_line(SyntaxErrorInfo::SyntaxError, "unexpected character after line continuation character", offset, 0);
  }
  ++at_;
  if (at_ >= end_) {
    if (level_ > 0) {
      finish();
      return false;
    }
    int offset = static_cast<int>(count_code_points({line_start_, static_cast<size_t>(at_ - line_start_)}));
    fail_line(SyntaxErrorInfo::SyntaxError, "unexpected EOF while parsing", offset, -1);
    error_.incomplete = true;
    return false;
  }
  ++lineno_;
  line_start_ = at_;
  return true;
}

/// "# type: ..." when asked for. True when a token was made (or, for "ignore", the comment was noted).
bool Lexer::type_comment() {
  const char* p = token_start_;
  for (const char* prefix = "# type: "; *prefix; ++prefix) {
    if (*prefix == ' ') {
      while (p < at_ && (*p == ' ' || *p == '\t')) ++p;
    } else if (p < at_ && *p == *prefix) {
      ++p;
    } else {
      return false;
    }
  }
  std::string_view rest{p, static_cast<size_t>(at_ - p)};
  auto is_word = [](char c) {
    return static_cast<unsigned char>(c) >= 0x80 || (kIdentifierCharacter[static_cast<unsigned char>(c)] && c != '_');
  };
  if (rest.starts_with("ignore") && (rest.size() == 6 || !is_word(rest[6]))) {
    type_ignores_.push_back({lineno_, rest.substr(6)});
    return false;
  }
  emit(TokenKind::TypeComment, p, at_);
  // It is a token, so its line is not blank: a Newline follows.
  blank_line_ = false;
  return true;
}

}  // namespace hiss::syntax

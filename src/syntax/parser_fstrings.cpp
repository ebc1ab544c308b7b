// f-strings as Python 3.11 reads them: replacement fields are found by scanning characters, and each expression is
// parsed as a parenthesised text of its own. Hence "f-string:" errors that point into that text, and no backslashes in
// expressions.
#include <fmt/format.h>

#include <cstring>

#include "syntax/parser_impl.h"
#include "syntax/parser_strings.h"

namespace hiss::syntax {

namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

char closing(char open) { return open == '(' ? ')' : open == '[' ? ']' : '}'; }

}  // namespace

Expr* Parser::joined_string(FstringBuilder& builder, Start first, Start last) {
  auto place = [&](Node* made) {
    made->lineno = first->lineno;
    made->col_offset = first->col_offset;
    made->end_lineno = last->end_lineno;
    made->end_col_offset = last->end_col_offset;
  };
  if (!builder.literal.empty()) {
    Constant* text = arena_.make<Constant>();
    place(text);
    text->constant_kind = ConstantKind::Str;
    text->text = arena_.copy_text(builder.literal);
    if (builder.u_prefix) text->u_prefix = "u";
    builder.values.push(text);
    builder.literal.clear();
  }
  JoinedStr* joined = arena_.make<JoinedStr>();
  place(joined);
  joined->values = builder.values.seq(arena_);
  return joined;
}

/// Reads text and fields until the end of the literal, or, in a format specification, until its '}'.
void Parser::fstring_parts(FstringBuilder& builder, const char*& at, const char* end, bool raw, int level,
                           const Token& token) {
  for (;;) {
    // A doubled brace ends a piece of text but not the literal.
    if (fstring_literal(builder, at, end, raw, level, token)) continue;
    if (at >= end || *at == '}') break;
    std::string before = std::move(builder.literal);
    builder.literal.clear();
    std::string debug_text;
    Expr* field = fstring_field(builder, at, end, raw, level, token);
    debug_text = std::move(builder.literal);
    builder.literal = before + debug_text;
    if (!builder.literal.empty()) {
      Constant* text = arena_.make<Constant>();
      text->lineno = builder.first->lineno;
      text->col_offset = builder.first->col_offset;
      text->end_lineno = builder.last->end_lineno;
      text->end_col_offset = builder.last->end_col_offset;
      text->constant_kind = ConstantKind::Str;
      text->text = arena_.copy_text(builder.literal);
      if (builder.u_prefix) text->u_prefix = "u";
      builder.values.push(text);
      builder.literal.clear();
    }
    builder.values.push(field);
  }
  if (level == 0 && at < end - 1) raise_last("f-string: unexpected end of string");
  if (level != 0 && (at >= end || *at != '}')) raise_last("f-string: expecting '}'");
}

/// Reads text up to a field or the end. True: it stopped after one brace of a doubled pair.
bool Parser::fstring_literal(FstringBuilder& builder, const char*& at, const char* end, bool raw, int level,
                             const Token& token) {
  const char* start = at;
  const char* s = at;
  bool doubled = false;
  while (s < end) {
    char c = *s++;
    if (!raw && c == '\\' && s < end) {
      c = *s++;
      if (c == 'N') {
        // The braces of \N{name} begin no field.
        if (s < end && *s++ == '{') {
          while (s < end && *s++ != '}') {
          }
        }
        continue;
      }
      if (c == '{') warn_invalid_escape(token, s - 1);
    }
    if (c != '{' && c != '}') continue;
    if (level == 0) {
      if (s < end && *s == c) {
        at = s + 1;
        doubled = true;
        break;
      }
      if (c == '}') raise_last("f-string: single '}' is not allowed");
    }
    --s;
    break;
  }
  if (!doubled) at = s;
  if (s != start) builder.literal += decode_string(token, {start, static_cast<size_t>(s - start)}, raw);
  return doubled;
}

/// Reads {expression=!conversion:specification}. The text that `=` asks for is left in builder.literal.
Expr* Parser::fstring_field(FstringBuilder& builder, const char*& at, const char* end, bool raw, int level,
                            const Token& token) {
  if (level >= 2) raise_last("f-string: expressions nested too deeply");
  ++at;
  const char* start = at;
  char quote = 0;
  bool triple = false;
  std::string brackets;
  for (; at < end; ++at) {
    char c = *at;
    if (c == '\\') raise_last("f-string expression part cannot include a backslash");
    bool tripled = at + 2 < end && at[1] == c && at[2] == c;
    if (quote) {
      if (c != quote) continue;
      if (triple) {
        if (!tripled) continue;
        at += 2;
      }
      quote = 0;
      continue;
    }
    if (c == '\'' || c == '"') {
      triple = tripled;
      if (triple) at += 2;
      quote = c;
      continue;
    }
    if (c == '[' || c == '{' || c == '(') {
      if (brackets.size() >= 200) raise_last("f-string: too many nested parenthesis");
      brackets += c;
      continue;
    }
    if (c == '#') raise_last("f-string expression part cannot include '#'");
    if (brackets.empty() && (c == '!' || c == ':' || c == '}' || c == '=' || c == '>' || c == '<')) {
      if (at + 1 < end && at[1] == '=' && (c == '!' || c == '=' || c == '<' || c == '>')) {
        ++at;
        continue;
      }
      if (c == '>' || c == '<') continue;
      break;
    }
    if (c == ']' || c == '}' || c == ')') {
      if (brackets.empty()) raise_last(fmt::format("f-string: unmatched '{}'", c));
      char open = brackets.back();
      brackets.pop_back();
      if (c != closing(open)) {
        raise_last(fmt::format("f-string: closing parenthesis '{}' does not match opening parenthesis '{}'", c, open));
      }
    }
  }
  const char* stop = at;
  if (quote) raise_last("f-string: unterminated string");
  if (!brackets.empty()) raise_last(fmt::format("f-string: unmatched '{}'", brackets.back()));
  auto need_more = [&] {
    if (at >= end) raise_last("f-string: expecting '}'");
  };
  need_more();
  Expr* value = fstring_expression(start, stop, token);
  bool debug = false;
  if (*at == '=') {
    if (options_.feature_minor < 8)
      raise_last("f-string: self documenting expressions are only supported in Python 3.8 and greater");
    debug = true;
    ++at;
    while (at < end && is_space(*at)) ++at;
    need_more();
    builder.literal.assign(start, at - start);
  }
  int conversion = -1;
  if (*at == '!') {
    ++at;
    need_more();
    conversion = static_cast<unsigned char>(*at++);
    if (conversion != 's' && conversion != 'r' && conversion != 'a') {
      raise_last("f-string: invalid conversion character: expected 's', 'r', or 'a'");
    }
  }
  need_more();
  Expr* specification = nullptr;
  if (*at == ':') {
    ++at;
    need_more();
    FstringBuilder inner;
    inner.first = builder.first;
    inner.last = builder.last;
    fstring_parts(inner, at, end, raw, level + 1, token);
    // The specification has the place of its own literal, the fields inside that of the whole run.
    specification = joined_string(inner, &token, &token);
  }
  if (at >= end || *at != '}') raise_last("f-string: expecting '}'");
  ++at;
  if (debug && !specification && conversion == -1) conversion = 'r';
  FormattedValue* field = arena_.make<FormattedValue>();
  field->lineno = builder.first->lineno;
  field->col_offset = builder.first->col_offset;
  field->end_lineno = builder.last->end_lineno;
  field->end_col_offset = builder.last->end_col_offset;
  field->value = value;
  field->conversion = conversion;
  field->format_spec = specification;
  return field;
}

Expr* Parser::fstring_expression(const char* begin, const char* end, const Token& token) {
  const char* s = begin;
  while (s < end && (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\f')) ++s;
  if (s == end) {
    if (*end == '!' || *end == ':' || *end == '=')
      raise_last(fmt::format("f-string: expression required before '{}'", *end));
    raise_last("f-string: empty expression not allowed");
  }
  // Where the expression's "(" stands, as 3.11 computes it: in columns of the literal's own line.
  std::string_view literal = text(token);
  const char* brace = begin - 1;
  bool newline_after_brace = true;
  for (const char* p = begin; p < literal.data() + literal.size() && *p != '}' && *p != '\n'; ++p) {
    if (*p != ' ' && *p != '\t' && *p != '\f') {
      newline_after_brace = false;
      break;
    }
  }
  int columns = 0;
  if (!newline_after_brace) {
    const char* p = brace;
    while (p > literal.data() && *p != '\n') --p;
    columns = static_cast<int>(brace - p);
    if (*p == '\n') --columns;
  }
  int lines = 0;
  for (const char* p = literal.data(); p < brace; ++p) lines += *p == '\n';

  size_t size = end - begin;
  char* copy = static_cast<char*>(arena_.allocate(size + 3 + 8, 8));
  copy[0] = '(';
  std::memcpy(copy + 1, begin, size);
  std::memcpy(copy + 1 + size, ")\n\0\0\0\0\0\0\0\0", 10);
  LexerOptions lexer_options;
  lexer_options.first_line = token.lineno + lines;
  lexer_options.first_column = lines != 0 ? columns : token.col_offset + columns;
  Lexer lexer({copy, size + 3}, lexer_options, phase_ == Phase::Diagnosing ? nullptr : &context_.warnings);
  lexer.run();
  Parser parser(context_, lexer, true);
  parser.base_depth_ = depth_ + 1;
  return parser.parse_fstring_expression();
}

}  // namespace hiss::syntax

// Wording and placing syntax errors.
#include "syntax/parser_impl.h"

#include <fmt/format.h>

#include "base/text.h"

namespace hiss::syntax {

const char* expression_name(const Expr* expr) {
  switch (expr->kind) {
    case NodeKind::Attribute:
      return "attribute";
    case NodeKind::Subscript:
      return "subscript";
    case NodeKind::Starred:
      return "starred";
    case NodeKind::Name:
      return "name";
    case NodeKind::List:
      return "list";
    case NodeKind::Tuple:
      return "tuple";
    case NodeKind::Lambda:
      return "lambda";
    case NodeKind::Call:
      return "function call";
    case NodeKind::BoolOp:
    case NodeKind::BinOp:
    case NodeKind::UnaryOp:
      return "expression";
    case NodeKind::GeneratorExp:
      return "generator expression";
    case NodeKind::Yield:
    case NodeKind::YieldFrom:
      return "yield expression";
    case NodeKind::Await:
      return "await expression";
    case NodeKind::ListComp:
      return "list comprehension";
    case NodeKind::SetComp:
      return "set comprehension";
    case NodeKind::DictComp:
      return "dict comprehension";
    case NodeKind::Dict:
      return "dict literal";
    case NodeKind::Set:
      return "set display";
    case NodeKind::JoinedStr:
    case NodeKind::FormattedValue:
      return "f-string expression";
    case NodeKind::Compare:
      return "comparison";
    case NodeKind::IfExp:
      return "conditional expression";
    case NodeKind::NamedExpr:
      return "named expression";
    case NodeKind::Constant:
      switch (expr->as<Constant>()->constant_kind) {
        case ConstantKind::None:
          return "None";
        case ConstantKind::True:
          return "True";
        case ConstantKind::False:
          return "False";
        case ConstantKind::Ellipsis:
          return "ellipsis";
        default:
          return "literal";
      }
    default:
      return "expression";
  }
}

/// The end of the last token read, as the tokenizer of CPython stands there: a Newline has been stepped over.
int Parser::current_column() const {
  const Token& last = tokens_[furthest_ < 0 ? 0 : furthest_];
  size_t end = last.end;
  if (last.kind == TokenKind::Newline && end < lexer_.source().size()) ++end;
  return static_cast<int>(end - lexer_.line_start_of_offset(last.end));
}

int Parser::current_line() const { return tokens_[furthest_ < 0 ? 0 : furthest_].end_lineno; }

namespace {

/// Characters in the first `offset` bytes of the line; one more past its end.
int to_characters(std::string_view line, int offset) {
  if (offset <= 0) return offset;
  int size = static_cast<int>(line.size());
  if (offset > size) return static_cast<int>(count_code_points(line)) + 1;
  return static_cast<int>(count_code_points(line.substr(0, offset)));
}

}  // namespace

/// Offsets count bytes from 1 here, and characters in the result.
SyntaxErrorInfo Parser::error_here(int lineno, int offset, int end_lineno, int end_offset, const std::string& message,
                                   SyntaxErrorInfo::Kind kind) {
  SyntaxErrorInfo error;
  error.kind = kind;
  error.message = in_fstring_ ? "f-string: " + message : message;
  error.lineno = lineno;
  error.end_lineno = end_lineno;
  // CPython shows what its buffer holds: the line with its newline while it is the line being read.
  std::string line = current_line() <= lineno ? lexer_.buffered_text(lineno) : std::string(lexer_.line(lineno));
  if (in_fstring_) {
    offset -= lexer_.first_column();
    end_offset -= lexer_.first_column();
  } else if (!options_.byte_columns) {
    offset = to_characters(line, offset);
    if (end_offset > 0) end_offset = to_characters(line, end_offset);
  }
  error.offset = offset;
  error.end_offset = end_offset;
  error.line_text = replace_malformed_utf8(line);
  return error;
}

void Parser::raise_at(int lineno, int column, int end_lineno, int end_column, const std::string& message,
                      SyntaxErrorInfo::Kind kind) {
  int end_offset = end_column + 1;
  if (end_lineno == kCurrentPosition) end_lineno = current_line();
  if (end_column == kCurrentPosition) end_offset = current_column();
  throw RaisedSyntaxError{error_here(lineno, column + 1, end_lineno, end_offset, message, kind)};
}

void Parser::raise_range(const Node* first, const Node* last, const std::string& message) {
  raise_at(first->lineno, first->col_offset, last->end_lineno, last->end_col_offset, message);
}

void Parser::raise_token(const Token& token, const std::string& message) {
  raise_at(token.lineno, token.col_offset, token.end_lineno, token.end_col_offset, message);
}

void Parser::raise_tokens(const Node* first, const Token& last, const std::string& message) {
  raise_at(first->lineno, first->col_offset, last.end_lineno, last.end_col_offset, message);
}

void Parser::raise_from(const Node* node, const std::string& message) {
  raise_at(node->lineno, node->col_offset, kCurrentPosition, kCurrentPosition, message);
}

void Parser::check_version(int minor, const char* what) {
  if (options_.feature_minor < minor)
    raise_last(fmt::format("{} only supported in Python 3.{} and greater", what, minor));
}

void Parser::raise_last(const std::string& message, SyntaxErrorInfo::Kind kind) {
  const Token& last = tokens_[furthest_ < 0 ? 0 : furthest_];
  int offset = last.col_offset == -1 ? current_column() : last.col_offset + 1;
  int end_offset = last.end_col_offset == -1 ? -1 : last.end_col_offset + 1;
  throw RaisedSyntaxError{error_here(last.lineno, offset, last.end_lineno, end_offset, message, kind)};
}

void Parser::raise_memory_error() {
  SyntaxErrorInfo error;
  error.kind = SyntaxErrorInfo::MemoryError;
  error.has_text = false;
  throw RaisedSyntaxError{std::move(error)};
}

void Parser::raise_recursion_error() {
  SyntaxErrorInfo error;
  error.kind = SyntaxErrorInfo::RecursionError;
  error.message = "maximum recursion depth exceeded during compilation";
  error.has_text = false;
  throw RaisedSyntaxError{std::move(error)};
}

void Parser::raise_lexer_error() { throw RaisedSyntaxError{lexer_.error()}; }

void Parser::reach(int position) {
  furthest_ = position;
  if (tokens_[position].kind == TokenKind::Error) raise_lexer_error();
}

void Parser::force(TokenKind wanted) {
  if (accept(wanted)) return;
  if (!careful()) throw RaisedSyntaxError{};
  raise_token(token(), fmt::format("expected '{}'", token_text(wanted)));
}

/// A syntax error gives way to a lexical error further on; unclosed brackets only count when they opened before the
/// error's line.
void Parser::prefer_lexer_error(SyntaxErrorInfo& error) {
  if (!lexer_.failed()) return;
  if (lexer_.error_is_strong()) {
    error = lexer_.error();
  } else if (lexer_.unclosed_bracket() && current_line_of_last() > lexer_.unclosed_line()) {
    error = lexer_.unclosed_error(lexer_.tokens().back().lineno);
  }
}

SyntaxErrorInfo Parser::generic_error(int last_position) {
  const Token& last = tokens_[last_position < 0 ? 0 : last_position];
  try {
    if (last.kind == TokenKind::Indent) raise_last("unexpected indent", SyntaxErrorInfo::IndentationError);
    if (last.kind == TokenKind::Dedent) raise_last("unexpected unindent", SyntaxErrorInfo::IndentationError);
    raise_token(last, "invalid syntax");
  } catch (RaisedSyntaxError& raised) {
    bool indentation = last.kind == TokenKind::Indent || last.kind == TokenKind::Dedent;
    if (!indentation) prefer_lexer_error(raised.error);
    return std::move(raised.error);
  }
}

namespace {

/// The part of a would-be target that cannot be assigned to or deleted; null when all of it can.
const Expr* invalid_part(const Expr* expr, bool deleting, bool in_for) {
  switch (expr->kind) {
    case NodeKind::Name:
    case NodeKind::Attribute:
    case NodeKind::Subscript:
      return nullptr;
    case NodeKind::List:
    case NodeKind::Tuple: {
      Seq<Expr*> elements = expr->is<List>() ? expr->as<List>()->elts : expr->as<Tuple>()->elts;
      for (const Expr* element : elements) {
        if (const Expr* part = invalid_part(element, deleting, in_for)) return part;
      }
      return nullptr;
    }
    case NodeKind::Starred:
      return deleting ? expr : invalid_part(expr->as<Starred>()->value, deleting, in_for);
    case NodeKind::Compare:
      // `for f() in y` reads as a comparison: its left side is the target.
      if (!in_for) return expr;
      return expr->as<Compare>()->ops[0] == CmpOp::In ? invalid_part(expr->as<Compare>()->left, deleting, in_for)
                                                      : nullptr;
    default:
      return expr;
  }
}

}  // namespace

void Parser::raise_invalid_target(Targets targets, Expr* expr) {
  const Expr* part = invalid_part(expr, targets == Targets::Del, targets == Targets::For);
  if (!part) return;
  raise_node(part,
             fmt::format("cannot {} {}", targets == Targets::Del ? "delete" : "assign to", expression_name(part)));
}

}  // namespace hiss::syntax

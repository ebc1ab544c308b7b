// Blocks and compound statements.
#include <fmt/format.h>

#include "syntax/parser_impl.h"

namespace hiss::syntax {

bool Parser::statements(Seq<Stmt*>& out) {
  Gather<Stmt*, 16> list;
  while (!at(TokenKind::Dedent) && !at(TokenKind::EndMarker)) {
    int mark = pos_;
    int before = list.size();
    if (!statement(list)) {
      if (!careful()) return false;
      pos_ = mark;
      while (list.size() > before) list.pop();
      break;
    }
  }
  out = list.seq(arena_);
  return !list.empty();
}

bool Parser::statement(Gather<Stmt*, 16>& out) {
  Stmt* compound = nullptr;
  if (compound_stmt(compound)) {
    out.push(compound);
    return true;
  }
  if (compound) return false;
  return simple_stmts(out);
}

/// True: `out` is a compound statement. False: none begins here, or it does not match.
bool Parser::compound_stmt(Stmt*& out) {
  int mark = pos_;
  switch (kind()) {
    case TokenKind::Def:
      out = function_def({});
      break;
    case TokenKind::At:
      out = decorated();
      break;
    case TokenKind::Class:
      out = class_def({});
      break;
    case TokenKind::If:
      out = if_stmt();
      break;
    case TokenKind::While:
      out = while_stmt();
      break;
    case TokenKind::For:
      out = for_stmt();
      break;
    case TokenKind::With:
      out = with_stmt();
      break;
    case TokenKind::Try:
      out = try_stmt();
      break;
    case TokenKind::Async:
      if (kind_at(1) == TokenKind::Def) {
        out = function_def({});
      } else if (kind_at(1) == TokenKind::With) {
        out = with_stmt();
      } else if (kind_at(1) == TokenKind::For) {
        out = for_stmt();
      }
      break;
    case TokenKind::Name:
      if (text(token()) == "match" && (careful() || match_ahead())) out = match_stmt();
      break;
    default:
      return false;
  }
  if (!out) pos_ = mark;
  return out != nullptr;
}

bool Parser::block(Seq<Stmt*>& out) {
  Depth depth(*this, 3);
  if (!at(TokenKind::Newline)) {
    Gather<Stmt*, 16> list;
    NEED(simple_stmts(list));
    out = list.seq(arena_);
    return true;
  }
  ++pos_;
  if (!accept(TokenKind::Indent)) {
    if (diagnosing()) raise_last("expected an indented block", SyntaxErrorInfo::IndentationError);
    return false;
  }
  NEED(statements(out));
  return accept(TokenKind::Dedent);
}

void Parser::check_header_end(Start keyword, const char* what, bool colon_error) {
  if (!diagnosing()) return;
  if (colon_error && at(TokenKind::Newline)) raise_last("expected ':'");
  if (at(TokenKind::Colon) && kind_at(1) == TokenKind::Newline && kind_at(2) != TokenKind::Indent) {
    raise_last(fmt::format("expected an indented block after {} on line {}", what, keyword->lineno),
               SyntaxErrorInfo::IndentationError);
  }
}

Stmt* Parser::decorated() {
  Exprs decorators;
  while (accept(TokenKind::At)) {
    decorators.push(NEED(named_expression()));
    EXPECT(Newline);
  }
  Seq<Expr*> list = decorators.seq(arena_);
  if (at(TokenKind::Class)) return class_def(list);
  if (at(TokenKind::Def) || at(TokenKind::Async)) return function_def(list);
  return nullptr;
}

std::string_view Parser::func_type_comment() {
  if (at(TokenKind::Newline) && kind_at(1) == TokenKind::TypeComment) {
    if (kind_at(2) == TokenKind::Newline && kind_at(3) == TokenKind::Indent) {
      ++pos_;
      return type_comment();
    }
  }
  if (diagnosing() && at(TokenKind::TypeComment) && kind_at(1) == TokenKind::Newline &&
      kind_at(2) == TokenKind::TypeComment && kind_at(3) == TokenKind::Newline && kind_at(4) == TokenKind::Indent) {
    raise_last("Cannot have two type comments on def");
  }
  return type_comment();
}

Stmt* Parser::function_def(Seq<Expr*> decorators) {
  Start start = here();
  bool is_async = accept(TokenKind::Async);
  Start keyword = here();
  EXPECT(Def);
  if (!at(TokenKind::Name)) return nullptr;
  std::string_view name = identifier(token());
  ++pos_;
  force(TokenKind::LeftParen);
  Arguments* args = NEED(parameters(false));
  EXPECT(RightParen);
  Expr* returns = nullptr;
  if (at(TokenKind::Arrow)) {
    int mark = pos_++;
    returns = expression();
    if (!returns) pos_ = mark;
  }
  check_header_end(keyword, "function definition", false);
  force(TokenKind::Colon);
  std::string_view comment = func_type_comment();
  Seq<Stmt*> body;
  NEED(block(body));
  auto fill = [&](auto* result) -> Stmt* {
    result->name = name;
    result->args = args;
    result->body = body;
    result->decorator_list = decorators;
    result->returns = returns;
    result->type_comment = comment;
    return result;
  };
  if (is_async) {
    check_version(5, "Async functions are");
    return fill(node<AsyncFunctionDef>(start));
  }
  return fill(node<FunctionDef>(start));
}

Stmt* Parser::class_def(Seq<Expr*> decorators) {
  Start start = here();
  EXPECT(Class);
  if (!at(TokenKind::Name)) return nullptr;
  std::string_view name = identifier(token());
  ++pos_;
  CallArguments bases;
  if (at(TokenKind::LeftParen)) {
    int mark = pos_++;
    if (!at(TokenKind::RightParen) && !arguments(bases) && !careful()) return nullptr;
    if (!accept(TokenKind::RightParen)) pos_ = mark;
  }
  check_header_end(start, "class definition");
  EXPECT(Colon);
  Seq<Stmt*> body;
  NEED(block(body));
  ClassDef* result = node<ClassDef>(start);
  result->name = name;
  result->bases = bases.positional.seq(arena_);
  result->keywords = bases.keywords.seq(arena_);
  result->body = body;
  result->decorator_list = decorators;
  return result;
}

/// if, and every elif, which is an `if` of its own in the else branch.
Stmt* Parser::if_stmt() {
  struct Branch {
    Start start;
    Expr* test;
    Seq<Stmt*> body;
  };
  Gather<Branch> branches;
  Seq<Stmt*> orelse;
  do {
    Start start = here();
    ++pos_;
    Expr* test = NEED(named_expression());
    check_header_end(start, start->kind == TokenKind::If ? "'if' statement" : "'elif' statement");
    EXPECT(Colon);
    Seq<Stmt*> body;
    NEED(block(body));
    branches.push({start, test, body});
    if (depth_ + branches.size() > kMaxDepth) raise_memory_error();
  } while (at(TokenKind::Elif));
  if (at(TokenKind::Else)) NEED(else_block(orelse));
  Stmt* inner = nullptr;
  for (int i = branches.size() - 1; i >= 0; --i) {
    If* result = node<If>(branches[i].start);
    result->test = branches[i].test;
    result->body = branches[i].body;
    result->orelse = orelse;
    if (i > 0) orelse = arena_.make_seq<Stmt*>({result});
    inner = result;
  }
  return inner;
}

bool Parser::else_block(Seq<Stmt*>& out) {
  Start start = here();
  EXPECT(Else);
  check_header_end(start, "'else' statement", false);
  force(TokenKind::Colon);
  return block(out);
}

bool Parser::finally_block(Seq<Stmt*>& out) {
  Start start = here();
  EXPECT(Finally);
  check_header_end(start, "'finally' statement", false);
  force(TokenKind::Colon);
  return block(out);
}

Stmt* Parser::while_stmt() {
  Start start = here();
  EXPECT(While);
  Expr* test = NEED(named_expression());
  check_header_end(start, "'while' statement");
  EXPECT(Colon);
  Seq<Stmt*> body, orelse;
  NEED(block(body));
  if (at(TokenKind::Else)) NEED(else_block(orelse));
  While* result = node<While>(start);
  result->test = test;
  result->body = body;
  result->orelse = orelse;
  return result;
}

Stmt* Parser::for_stmt() {
  Start start = here();
  int mark = pos_;
  bool is_async = accept(TokenKind::Async);
  Start keyword = here();
  EXPECT(For);
  Expr* target = star_targets();
  if (!target || !accept(TokenKind::In)) {
    pos_ = mark;
    if (diagnosing()) invalid_for_target();
    return nullptr;
  }
  Expr* iter = NEED(star_expressions());
  check_header_end(keyword, "'for' statement");
  EXPECT(Colon);
  std::string_view comment = type_comment();
  Seq<Stmt*> body, orelse;
  NEED(block(body));
  if (at(TokenKind::Else)) NEED(else_block(orelse));
  auto fill = [&](auto* result) -> Stmt* {
    result->target = target;
    result->iter = iter;
    result->body = body;
    result->orelse = orelse;
    result->type_comment = comment;
    return result;
  };
  if (is_async) {
    check_version(5, "Async for loops are");
    return fill(node<AsyncFor>(start));
  }
  return fill(node<For>(start));
}

/// Fast pass: whether `with (` opens a parenthesised list of items, and not an expression. Looks at the tokens up to
/// the matching ')'.
bool Parser::with_items_parenthesized_ahead() {
  int depth = 0;
  bool start_of_item = true;
  int lambdas = 0;
  for (int i = pos_; i < token_count_; ++i) {
    TokenKind kind = tokens_[i].kind;
    if (depth == 1 && i > pos_) {
      if (kind == TokenKind::As) return true;
      // These make the parentheses a generator expression, a group or a tuple.
      if (kind == TokenKind::For || kind == TokenKind::ColonEqual ||
          (start_of_item && (kind == TokenKind::Star || kind == TokenKind::Yield))) {
        return false;
      }
      if (kind == TokenKind::Lambda) ++lambdas;
      if (start_of_item && kind == TokenKind::RightParen && i == pos_ + 1) return false;
      start_of_item = kind == TokenKind::Comma;
    }
    switch (kind) {
      case TokenKind::LeftParen:
      case TokenKind::LeftBracket:
      case TokenKind::LeftBrace:
        ++depth;
        break;
      case TokenKind::RightParen:
      case TokenKind::RightBracket:
      case TokenKind::RightBrace:
        if (--depth == 0) return i + 1 < token_count_ && tokens_[i + 1].kind == TokenKind::Colon;
        break;
      case TokenKind::EndMarker:
      case TokenKind::Error:
        return false;
      default:
        break;
    }
  }
  return false;
}

WithItem* Parser::with_item() {
  auto finish = [&](Expr* context, Expr* variables) {
    WithItem* item = arena_.make<WithItem>();
    item->context_expr = context;
    item->optional_vars = variables;
    return item;
  };
  Expr* context = NEED(expression());
  if (!at(TokenKind::As)) return finish(context, nullptr);
  int mark = pos_++;
  Expr* target = star_target();
  if (target && (at(TokenKind::Comma) || at(TokenKind::RightParen) || at(TokenKind::Colon)))
    return finish(context, target);
  pos_ = mark;
  if (diagnosing()) {
    invalid_with_item();
    pos_ = mark;
  }
  return finish(context, nullptr);
}

Stmt* Parser::with_stmt() {
  Start start = here();
  int mark = pos_;
  if (diagnosing()) {
    invalid_with_stmt(true);
    pos_ = mark;
  }
  bool is_async = accept(TokenKind::Async);
  EXPECT(With);
  int after_with = pos_;
  Gather<WithItem*> items;
  std::string_view comment;
  Seq<Stmt*> body;
  auto item = [&]() -> bool {
    items.push(NEED(with_item()));
    return true;
  };
  auto parenthesized = [&]() -> bool {
    EXPECT(LeftParen);
    NEED(gather(item));
    accept(TokenKind::Comma);
    EXPECT(RightParen);
    EXPECT(Colon);
    if (options_.feature_minor < 9)
      raise_last("Parenthesized context managers are only supported in Python 3.9 and greater");
    return block(body);
  };
  auto plain = [&]() -> bool {
    NEED(gather(item));
    EXPECT(Colon);
    comment = type_comment();
    return block(body);
  };
  bool matched = false;
  if (!careful()) {
    matched = at(TokenKind::LeftParen) && with_items_parenthesized_ahead() ? parenthesized() : plain();
  } else {
    matched = parenthesized();
    if (!matched) {
      pos_ = after_with;
      items.clear();
      matched = plain();
    }
  }
  if (!matched) {
    pos_ = mark;
    if (diagnosing()) invalid_with_stmt(false);
    return nullptr;
  }
  auto fill = [&](auto* result) -> Stmt* {
    result->items = items.seq(arena_);
    result->body = body;
    result->type_comment = comment;
    return result;
  };
  if (is_async) {
    check_version(5, "Async with statements are");
    return fill(node<AsyncWith>(start));
  }
  return fill(node<With>(start));
}

Stmt* Parser::try_stmt() {
  Start start = here();
  if (diagnosing()) {
    int mark = pos_;
    invalid_try_stmt();
    pos_ = mark;
  }
  EXPECT(Try);
  force(TokenKind::Colon);
  Seq<Stmt*> body, orelse, finalbody;
  Gather<ExceptHandler*> handlers;
  NEED(block(body));
  bool star = at(TokenKind::Except) && kind_at(1) == TokenKind::Star;
  while (at(TokenKind::Except)) {
    ExceptHandler* handler = attempt([&] { return except_block(star); });
    if (!handler) {
      if (!careful()) return nullptr;
      break;
    }
    handlers.push(handler);
  }
  if (handlers.empty()) {
    NEED(finally_block(finalbody));
  } else {
    if (at(TokenKind::Else)) NEED(else_block(orelse));
    if (at(TokenKind::Finally)) NEED(finally_block(finalbody));
  }
  auto fill = [&](auto* result) -> Stmt* {
    result->body = body;
    result->handlers = handlers.seq(arena_);
    result->orelse = orelse;
    result->finalbody = finalbody;
    return result;
  };
  if (star && !handlers.empty()) {
    if (options_.feature_minor < 11) raise_last("Exception groups are only supported in Python 3.11 and greater");
    return fill(node<TryStar>(start));
  }
  return fill(node<Try>(start));
}

ExceptHandler* Parser::except_block(bool star) {
  Start start = here();
  int mark = pos_;
  if (diagnosing()) {
    invalid_except_indent(star);
    pos_ = mark;
  }
  ExceptHandler* result = attempt([&]() -> ExceptHandler* {
    EXPECT(Except);
    Expr* type = nullptr;
    std::string_view name;
    if (star) EXPECT(Star);
    if (star || !at(TokenKind::Colon)) {
      type = NEED(expression());
      if (at(TokenKind::As) && kind_at(1) == TokenKind::Name) {
        ++pos_;
        name = identifier(token());
        ++pos_;
      }
    }
    EXPECT(Colon);
    Seq<Stmt*> body;
    NEED(block(body));
    ExceptHandler* made = node<ExceptHandler>(start);
    made->type = type;
    made->name = name;
    made->body = body;
    return made;
  });
  if (!result && diagnosing()) {
    invalid_except_stmt();
    pos_ = mark;
  }
  return result;
}

}  // namespace hiss::syntax

// Statements that fit on one line.
#include <string>

#include "syntax/parser_impl.h"

namespace hiss::syntax {

namespace {

bool is_augmented(TokenKind kind) { return kind >= TokenKind::PlusEqual && kind <= TokenKind::DoubleSlashEqual; }

Operator augmented_operator(TokenKind kind) {
  return static_cast<Operator>(static_cast<int>(kind) - static_cast<int>(TokenKind::PlusEqual));
}

}  // namespace

/// The text of a type comment, if there is one here.
std::string_view Parser::type_comment() {
  if (!at(TokenKind::TypeComment)) return {};
  std::string_view comment = arena_.copy_text(text(token()));
  ++pos_;
  return comment;
}

bool Parser::simple_stmts(Gather<Stmt*, 16>& out) {
  Stmt* first = NEED(simple_stmt());
  out.push(first);
  while (accept(TokenKind::Semicolon)) {
    if (at(TokenKind::Newline)) break;
    Stmt* next = attempt([&] { return simple_stmt(); });
    if (!next) break;
    out.push(next);
  }
  return accept(TokenKind::Newline);
}

Stmt* Parser::simple_stmt() {
  if (!careful()) [[likely]]
    return plain_simple_stmt();
  return memoized(Rule::SimpleStmt, [&] { return attempt([&] { return plain_simple_stmt(); }); });
}

Stmt* Parser::plain_simple_stmt() {
  Start start = here();
  switch (start->kind) {
    case TokenKind::Return:
      return return_stmt();
    case TokenKind::Import:
      return import_name();
    case TokenKind::From:
      return import_from();
    case TokenKind::Raise:
      return raise_stmt();
    case TokenKind::Pass:
      ++pos_;
      return node<Pass>(start);
    case TokenKind::Break:
      ++pos_;
      return node<Break>(start);
    case TokenKind::Continue:
      ++pos_;
      return node<Continue>(start);
    case TokenKind::Del:
      return del_stmt();
    case TokenKind::Assert:
      return assert_stmt();
    case TokenKind::Global:
    case TokenKind::Nonlocal:
      return scope_stmt();
    default:
      return expression_or_assignment();
  }
}

Stmt* Parser::expression_or_assignment() {
  Start start = here();
  auto expression_statement = [&](Expr* value) {
    ExprStmt* result = node<ExprStmt>(start);
    result->value = value;
    return result;
  };
  if (careful()) {
    if (Stmt* assignment = attempt([&] { return careful_assignment(); })) return assignment;
    return expression_statement(NEED(yield_or_star_expressions()));
  }
  Expr* first = NEED(yield_or_star_expressions());
  switch (kind()) {
    case TokenKind::Newline:
    case TokenKind::Semicolon:
      return expression_statement(first);
    case TokenKind::Equal: {
      Exprs targets;
      Expr* value = first;
      while (accept(TokenKind::Equal)) {
        if (!make_target(value, ExprContext::Store)) return nullptr;
        targets.push(value);
        value = NEED(yield_or_star_expressions());
      }
      std::string_view comment = type_comment();
      Assign* result = node<Assign>(start);
      result->targets = targets.seq(arena_);
      result->value = value;
      result->type_comment = comment;
      return result;
    }
    case TokenKind::Colon: {
      bool single = first->is<Name>() || first->is<Attribute>() || first->is<Subscript>();
      if (!single || !make_target(first, ExprContext::Store)) return nullptr;
      return annotated(start, first, start->kind == TokenKind::Name && first->is<Name>());
    }
    default: {
      if (!is_augmented(kind())) return expression_statement(first);
      bool single = first->is<Name>() || first->is<Attribute>() || first->is<Subscript>();
      if (!single || !make_target(first, ExprContext::Store)) return nullptr;
      if (at(TokenKind::AtEqual)) check_version(5, "The '@' operator is");
      Operator op = augmented_operator(kind());
      ++pos_;
      Expr* value = NEED(yield_or_star_expressions());
      AugAssign* result = node<AugAssign>(start);
      result->target = first;
      result->op = op;
      result->value = value;
      return result;
    }
  }
}

/// At the colon after the target.
Stmt* Parser::annotated(Start start, Expr* target, bool simple) {
  EXPECT(Colon);
  Expr* annotation = NEED(expression());
  Expr* value = nullptr;
  if (at(TokenKind::Equal)) {
    int mark = pos_++;
    value = yield_or_star_expressions();
    if (!value) pos_ = mark;
  }
  if (options_.feature_minor < 6) raise_last("Variable annotation syntax is only supported in Python 3.6 and greater");
  AnnAssign* result = node<AnnAssign>(start);
  result->target = target;
  result->annotation = annotation;
  result->value = value;
  result->simple = simple;
  return result;
}

Stmt* Parser::careful_assignment() {
  Start start = here();
  int mark = pos_;
  if (at(TokenKind::Name) && kind_at(1) == TokenKind::Colon) {
    ++pos_;
    if (Stmt* result = annotated(start, name_node(*start, ExprContext::Store), true)) return result;
    pos_ = mark;
  }
  Expr* target = attempt([&]() -> Expr* {
    EXPECT(LeftParen);
    Expr* inner = NEED(single_target());
    EXPECT(RightParen);
    return inner;
  });
  if (!target) target = attempt([&] { return attribute_or_subscript_target(ExprContext::Store); });
  if (target && at(TokenKind::Colon)) {
    if (Stmt* result = annotated(start, target, false)) return result;
  }
  pos_ = mark;

  Exprs targets;
  while (Expr* next = attempt([&]() -> Expr* {
           Expr* found = NEED(star_targets());
           EXPECT(Equal);
           return found;
         })) {
    targets.push(next);
  }
  if (!targets.empty()) {
    Expr* value = attempt([&] { return yield_or_star_expressions(); });
    if (value && !at(TokenKind::Equal)) {
      std::string_view comment = type_comment();
      Assign* result = node<Assign>(start);
      result->targets = targets.seq(arena_);
      result->value = value;
      result->type_comment = comment;
      return result;
    }
  }
  pos_ = mark;

  if (Expr* single = single_target(); single && is_augmented(kind())) {
    // Past the operator there is no other reading.
    if (at(TokenKind::AtEqual)) check_version(5, "The '@' operator is");
    Operator op = augmented_operator(kind());
    ++pos_;
    Expr* value = NEED(yield_or_star_expressions());
    AugAssign* result = node<AugAssign>(start);
    result->target = single;
    result->op = op;
    result->value = value;
    return result;
  }
  pos_ = mark;
  if (diagnosing()) {
    invalid_assignment();
    pos_ = mark;
  }
  return nullptr;
}

Stmt* Parser::return_stmt() {
  Start start = here();
  EXPECT(Return);
  Expr* value = nullptr;
  if (!at(TokenKind::Newline)) value = attempt([&] { return star_expressions(); });
  Return* result = node<Return>(start);
  result->value = value;
  return result;
}

Stmt* Parser::raise_stmt() {
  Start start = here();
  EXPECT(Raise);
  Expr* exc = attempt([&] { return expression(); });
  Expr* cause = nullptr;
  if (exc && at(TokenKind::From)) {
    int mark = pos_++;
    cause = expression();
    if (!cause) pos_ = mark;
  }
  Raise* result = node<Raise>(start);
  result->exc = exc;
  result->cause = cause;
  return result;
}

Stmt* Parser::assert_stmt() {
  Start start = here();
  EXPECT(Assert);
  Expr* test = NEED(expression());
  Expr* message = nullptr;
  if (at(TokenKind::Comma)) {
    int mark = pos_++;
    message = expression();
    if (!message) pos_ = mark;
  }
  Assert* result = node<Assert>(start);
  result->test = test;
  result->msg = message;
  return result;
}

Stmt* Parser::del_stmt() {
  Start start = here();
  int mark = pos_;
  Delete* result = attempt([&]() -> Delete* {
    EXPECT(Del);
    Exprs targets;
    NEED(del_targets(targets));
    if (!at(TokenKind::Semicolon) && !at(TokenKind::Newline)) return nullptr;
    Delete* made = node<Delete>(start);
    made->targets = targets.seq(arena_);
    return made;
  });
  if (!result && diagnosing()) {
    invalid_del_stmt();
    pos_ = mark;
  }
  return result;
}

Stmt* Parser::scope_stmt() {
  Start start = here();
  ++pos_;
  Gather<std::string_view> names;
  NEED(gather([&]() -> bool {
    if (!at(TokenKind::Name)) return false;
    names.push(identifier(token()));
    ++pos_;
    return true;
  }));
  if (start->kind == TokenKind::Global) {
    Global* result = node<Global>(start);
    result->names = names.seq(arena_);
    return result;
  }
  Nonlocal* result = node<Nonlocal>(start);
  result->names = names.seq(arena_);
  return result;
}

/// a.b.c as one identifier.
bool Parser::dotted_name(std::string_view& out) {
  if (!at(TokenKind::Name)) return false;
  out = identifier(token());
  ++pos_;
  if (!at(TokenKind::Dot)) return true;
  std::string joined(out);
  while (at(TokenKind::Dot) && kind_at(1) == TokenKind::Name) {
    ++pos_;
    joined += '.';
    joined += identifier(token());
    ++pos_;
  }
  out = arena_.intern(joined);
  return true;
}

Stmt* Parser::import_name() {
  Start start = here();
  EXPECT(Import);
  Gather<Alias*> names;
  NEED(gather([&]() -> bool {
    Start first = here();
    std::string_view name;
    NEED(dotted_name(name));
    std::string_view as_name;
    if (at(TokenKind::As) && kind_at(1) == TokenKind::Name) {
      ++pos_;
      as_name = identifier(token());
      ++pos_;
    }
    Alias* alias = node<Alias>(first);
    alias->name = name;
    alias->asname = as_name;
    names.push(alias);
    return true;
  }));
  Import* result = node<Import>(start);
  result->names = names.seq(arena_);
  return result;
}

bool Parser::import_from_as_names(Gather<Alias*>& out) {
  return gather([&]() -> bool {
    if (!at(TokenKind::Name)) return false;
    Start first = here();
    ++pos_;
    std::string_view as_name;
    if (at(TokenKind::As) && kind_at(1) == TokenKind::Name) {
      ++pos_;
      as_name = identifier(token());
      ++pos_;
    }
    Alias* alias = node<Alias>(first);
    alias->name = identifier(*first);
    alias->asname = as_name;
    out.push(alias);
    return true;
  });
}

bool Parser::import_from_targets(Seq<Alias*>& out) {
  Gather<Alias*> names;
  if (at(TokenKind::Star)) {
    Start star = here();
    ++pos_;
    Alias* alias = node<Alias>(star);
    alias->name = arena_.intern("*");
    names.push(alias);
  } else if (accept(TokenKind::LeftParen)) {
    NEED(import_from_as_names(names));
    accept(TokenKind::Comma);
    EXPECT(RightParen);
  } else {
    NEED(import_from_as_names(names));
    if (at(TokenKind::Comma)) {
      if (diagnosing() && kind_at(1) == TokenKind::Newline) {
        raise_last("trailing comma not allowed without surrounding parentheses");
      }
      return false;
    }
  }
  out = names.seq(arena_);
  return true;
}

Stmt* Parser::import_from() {
  Start start = here();
  EXPECT(From);
  int level = 0;
  while (at(TokenKind::Dot) || at(TokenKind::Ellipsis)) {
    level += at(TokenKind::Dot) ? 1 : 3;
    ++pos_;
  }
  std::string_view module;
  if (!dotted_name(module) && level == 0) return nullptr;
  EXPECT(Import);
  Seq<Alias*> names;
  NEED(import_from_targets(names));
  ImportFrom* result = node<ImportFrom>(start);
  result->module = module;
  result->names = names;
  result->level = level;
  return result;
}

}  // namespace hiss::syntax

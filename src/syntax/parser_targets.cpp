// Targets of assignments, loops, with statements and del.
#include "syntax/parser_impl.h"

namespace hiss::syntax {

/// Turns an expression that has been read into a target. False: it cannot be one.
bool Parser::make_target(Expr* expr, ExprContext context) {
  switch (expr->kind) {
    case NodeKind::Name:
      expr->as<Name>()->ctx = context;
      return true;
    case NodeKind::Attribute:
      expr->as<Attribute>()->ctx = context;
      return true;
    case NodeKind::Subscript:
      expr->as<Subscript>()->ctx = context;
      return true;
    case NodeKind::Starred:
      expr->as<Starred>()->ctx = context;
      return context == ExprContext::Store && make_target(expr->as<Starred>()->value, context);
    case NodeKind::Tuple:
      expr->as<Tuple>()->ctx = context;
      for (Expr* element : expr->as<Tuple>()->elts) {
        if (!make_target(element, context)) return false;
      }
      return true;
    case NodeKind::List:
      expr->as<List>()->ctx = context;
      for (Expr* element : expr->as<List>()->elts) {
        if (!make_target(element, context)) return false;
      }
      return true;
    default:
      return false;
  }
}

Expr* Parser::star_targets() {
  Start start = here();
  Expr* first = NEED(star_target());
  if (!at(TokenKind::Comma)) return first;
  Exprs elements;
  elements.push(first);
  while (accept(TokenKind::Comma)) {
    Expr* next = attempt([&] { return star_target(); });
    if (!next) break;
    elements.push(next);
  }
  return tuple_node(start, elements, ExprContext::Store);
}

Expr* Parser::star_target() {
  auto starred = [&]() -> Expr* {
    Start start = here();
    EXPECT(Star);
    if (at(TokenKind::Star)) return nullptr;
    Expr* value = NEED(star_target());
    Starred* result = node<Starred>(start);
    result->value = value;
    result->ctx = ExprContext::Store;
    return result;
  };
  if (!careful()) {
    if (at(TokenKind::Star)) return starred();
    Expr* target = NEED(primary());
    return make_target(target, ExprContext::Store) ? target : nullptr;
  }
  return memoized(Rule::StarTarget, [&]() -> Expr* {
    if (Expr* result = attempt(starred)) return result;
    return target_with_star_atom();
  });
}

Expr* Parser::target_with_star_atom() {
  return memoized(Rule::TargetWithStarAtom, [&]() -> Expr* {
    if (Expr* result = attempt([&] { return attribute_or_subscript_target(ExprContext::Store); })) return result;
    return attempt([&] { return star_atom(); });
  });
}

bool Parser::t_lookahead() { return at(TokenKind::LeftParen) || at(TokenKind::LeftBracket) || at(TokenKind::Dot); }

Expr* Parser::attribute_or_subscript_target(ExprContext context) {
  Start start = here();
  Expr* value = NEED(t_primary());
  if (accept(TokenKind::Dot)) {
    if (!at(TokenKind::Name)) return nullptr;
    const Token& name = token();
    ++pos_;
    if (t_lookahead()) return nullptr;
    Attribute* result = node<Attribute>(start);
    result->value = value;
    result->attr = identifier(name);
    result->ctx = context;
    return result;
  }
  EXPECT(LeftBracket);
  Expr* slice = NEED(slices());
  EXPECT(RightBracket);
  if (t_lookahead()) return nullptr;
  Subscript* result = node<Subscript>(start);
  result->value = value;
  result->slice = slice;
  result->ctx = context;
  return result;
}

/// A primary followed by another '.', '(' or '[': the longest part of a target that is only read.
Expr* Parser::t_primary() {
  return memoized(Rule::TPrimary, [&] {
    return attempt([&]() -> Expr* {
      Start start = here();
      Expr* left = NEED(atom());
      if (!t_lookahead()) return nullptr;
      for (;;) {
        int mark = pos_;
        invalid_comprehension_after_primary();
        Expr* longer = nullptr;
        if (at(TokenKind::LeftParen)) {
          longer = call_suffix(start, left);
        } else if (accept(TokenKind::Dot)) {
          if (at(TokenKind::Name)) {
            const Token& name = token();
            ++pos_;
            Attribute* attribute = node<Attribute>(start);
            attribute->value = left;
            attribute->attr = identifier(name);
            longer = attribute;
          }
        } else if (accept(TokenKind::LeftBracket)) {
          Expr* slice = slices();
          if (slice && accept(TokenKind::RightBracket)) {
            Subscript* subscript = node<Subscript>(start);
            subscript->value = left;
            subscript->slice = slice;
            longer = subscript;
          }
        }
        if (!longer || !t_lookahead()) {
          pos_ = mark;
          return left;
        }
        left = longer;
      }
    });
  });
}

Expr* Parser::star_atom() {
  Start start = here();
  if (accept(TokenKind::Name)) return name_node(*start, ExprContext::Store);
  if (accept(TokenKind::LeftParen)) {
    int mark = pos_;
    if (Expr* target = target_with_star_atom(); target && accept(TokenKind::RightParen)) return target;
    pos_ = mark;
    Exprs elements;
    if (Expr* first = attempt([&] { return star_target(); })) {
      elements.push(first);
      // One element needs its comma to be a tuple.
      if (!at(TokenKind::Comma)) return nullptr;
      while (accept(TokenKind::Comma)) {
        Expr* next = attempt([&] { return star_target(); });
        if (!next) break;
        elements.push(next);
      }
    }
    EXPECT(RightParen);
    return tuple_node(start, elements, ExprContext::Store);
  }
  EXPECT(LeftBracket);
  Exprs elements;
  if (Expr* first = attempt([&] { return star_target(); })) {
    elements.push(first);
    while (accept(TokenKind::Comma)) {
      Expr* next = attempt([&] { return star_target(); });
      if (!next) break;
      elements.push(next);
    }
  }
  EXPECT(RightBracket);
  List* result = node<List>(start);
  result->elts = elements.seq(arena_);
  result->ctx = ExprContext::Store;
  return result;
}

Expr* Parser::single_target() {
  Depth depth(*this);
  if (Expr* result = attempt([&] { return attribute_or_subscript_target(ExprContext::Store); })) return result;
  Start start = here();
  if (accept(TokenKind::Name)) return name_node(*start, ExprContext::Store);
  return attempt([&]() -> Expr* {
    EXPECT(LeftParen);
    Expr* target = NEED(single_target());
    EXPECT(RightParen);
    return target;
  });
}

bool Parser::del_targets(Exprs& out) {
  NEED(gather([&]() -> bool {
    Expr* target = NEED(del_target());
    out.push(target);
    return true;
  }));
  accept(TokenKind::Comma);
  return true;
}

Expr* Parser::del_target() {
  if (!careful()) {
    Expr* target = NEED(primary());
    return make_target(target, ExprContext::Del) ? target : nullptr;
  }
  return memoized(Rule::DelTarget, [&]() -> Expr* {
    if (Expr* result = attempt([&] { return attribute_or_subscript_target(ExprContext::Del); })) return result;
    return attempt([&] { return del_atom(); });
  });
}

Expr* Parser::del_atom() {
  Start start = here();
  if (accept(TokenKind::Name)) return name_node(*start, ExprContext::Del);
  if (accept(TokenKind::LeftParen)) {
    int mark = pos_;
    if (Expr* target = del_target(); target && accept(TokenKind::RightParen)) return target;
    pos_ = mark;
    Exprs elements;
    if (!del_targets(elements)) pos_ = mark;
    EXPECT(RightParen);
    return tuple_node(start, elements, ExprContext::Del);
  }
  EXPECT(LeftBracket);
  int mark = pos_;
  Exprs elements;
  if (!del_targets(elements)) pos_ = mark;
  EXPECT(RightBracket);
  List* result = node<List>(start);
  result->elts = elements.seq(arena_);
  result->ctx = ExprContext::Del;
  return result;
}

}  // namespace hiss::syntax

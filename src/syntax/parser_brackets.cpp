// Parentheses, brackets and braces: tuples, groups, displays and comprehensions.
#include "syntax/parser_impl.h"

namespace hiss::syntax {

// ---- fast: the token after the first element tells what the bracket holds.

Expr* Parser::parenthesized() {
  Start start = here();
  ++pos_;
  Exprs elements;
  if (accept(TokenKind::RightParen)) return tuple_node(start, elements);
  if (at(TokenKind::Yield)) {
    Expr* value = NEED(yield_expr());
    EXPECT(RightParen);
    return value;
  }
  bool starred = at(TokenKind::Star);
  Expr* first = NEED(star_named_expression());
  switch (kind()) {
    case TokenKind::RightParen:
      if (starred) return nullptr;
      ++pos_;
      return first;
    case TokenKind::Comma: {
      ++pos_;
      elements.push(first);
      while (!at(TokenKind::RightParen)) {
        elements.push(NEED(star_named_expression()));
        if (!accept(TokenKind::Comma)) break;
      }
      EXPECT(RightParen);
      return tuple_node(start, elements);
    }
    case TokenKind::For:
    case TokenKind::Async: {
      if (starred) return nullptr;
      Seq<Comprehension*> generators;
      NEED(for_if_clauses(generators));
      EXPECT(RightParen);
      GeneratorExp* result = node<GeneratorExp>(start);
      result->elt = first;
      result->generators = generators;
      return result;
    }
    default:
      return nullptr;
  }
}

Expr* Parser::bracketed() {
  Start start = here();
  ++pos_;
  Exprs elements;
  if (!at(TokenKind::RightBracket)) {
    bool starred = at(TokenKind::Star);
    Expr* first = NEED(star_named_expression());
    if (at(TokenKind::For) || at(TokenKind::Async)) {
      if (starred) return nullptr;
      Seq<Comprehension*> generators;
      NEED(for_if_clauses(generators));
      EXPECT(RightBracket);
      ListComp* result = node<ListComp>(start);
      result->elt = first;
      result->generators = generators;
      return result;
    }
    elements.push(first);
    while (accept(TokenKind::Comma)) {
      if (at(TokenKind::RightBracket)) break;
      elements.push(NEED(star_named_expression()));
    }
  }
  EXPECT(RightBracket);
  List* result = node<List>(start);
  result->elts = elements.seq(arena_);
  return result;
}

Expr* Parser::braced() {
  Start start = here();
  ++pos_;
  Exprs keys, values;
  bool is_dict = at(TokenKind::RightBrace) || at(TokenKind::DoubleStar);
  if (!is_dict) {
    bool starred = at(TokenKind::Star);
    bool named = at(TokenKind::Name) && kind_at(1) == TokenKind::ColonEqual;
    Expr* first = NEED(star_named_expression());
    if (at(TokenKind::Colon) && !starred && !named) {
      ++pos_;
      Expr* value = NEED(expression());
      if (at(TokenKind::For) || at(TokenKind::Async)) {
        Seq<Comprehension*> generators;
        NEED(for_if_clauses(generators));
        EXPECT(RightBrace);
        DictComp* result = node<DictComp>(start);
        result->key = first;
        result->value = value;
        result->generators = generators;
        return result;
      }
      keys.push(first);
      values.push(value);
      if (!accept(TokenKind::Comma) && !at(TokenKind::RightBrace)) return nullptr;
      is_dict = true;
    } else if (at(TokenKind::For) || at(TokenKind::Async)) {
      if (starred) return nullptr;
      Seq<Comprehension*> generators;
      NEED(for_if_clauses(generators));
      EXPECT(RightBrace);
      SetComp* result = node<SetComp>(start);
      result->elt = first;
      result->generators = generators;
      return result;
    } else {
      values.push(first);
    }
  }
  if (is_dict) {
    while (!at(TokenKind::RightBrace)) {
      NEED(double_starred_kvpair(keys, values));
      if (!accept(TokenKind::Comma)) break;
    }
    EXPECT(RightBrace);
    Dict* result = node<Dict>(start);
    result->keys = keys.seq(arena_);
    result->values = values.seq(arena_);
    return result;
  }
  while (accept(TokenKind::Comma)) {
    if (at(TokenKind::RightBrace)) break;
    values.push(NEED(star_named_expression()));
  }
  EXPECT(RightBrace);
  Set* result = node<Set>(start);
  result->elts = values.seq(arena_);
  return result;
}

bool Parser::kvpair(Expr*& key, Expr*& value) {
  key = NEED(expression());
  EXPECT(Colon);
  value = NEED(expression());
  return true;
}

bool Parser::double_starred_kvpair(Exprs& keys, Exprs& values) {
  Expr* key = nullptr;
  Expr* value = nullptr;
  if (accept(TokenKind::DoubleStar)) {
    value = NEED(bitwise_or());
  } else {
    NEED(kvpair(key, value));
  }
  keys.push(key);
  values.push(value);
  return true;
}

bool Parser::for_if_clauses(Seq<Comprehension*>& out) {
  Gather<Comprehension*> clauses;
  while (at(TokenKind::For) || at(TokenKind::Async)) {
    Comprehension* clause = attempt([&] { return for_if_clause(); });
    if (!clause) {
      if (!careful()) return false;
      break;
    }
    clauses.push(clause);
  }
  out = clauses.seq(arena_);
  return !clauses.empty();
}

Comprehension* Parser::for_if_clause() {
  int mark = pos_;
  bool is_async = accept(TokenKind::Async);
  Expr* target = nullptr;
  if (accept(TokenKind::For)) target = star_targets();
  if (!target || !accept(TokenKind::In)) {
    pos_ = mark;
    if (diagnosing()) invalid_for_target();
    return nullptr;
  }
  if (is_async && options_.feature_minor < 6)
    raise_last("Async comprehensions are only supported in Python 3.6 and greater");
  Expr* iter = NEED(disjunction());
  Exprs conditions;
  while (at(TokenKind::If)) {
    int before = pos_++;
    Expr* condition = disjunction();
    if (!condition) {
      pos_ = before;
      break;
    }
    conditions.push(condition);
  }
  Comprehension* clause = arena_.make<Comprehension>();
  clause->target = target;
  clause->iter = iter;
  clause->ifs = conditions.seq(arena_);
  clause->is_async = is_async;
  return clause;
}

// ---- careful: the grammar's alternatives, in its order.

Expr* Parser::careful_parenthesized() {
  if (Expr* result = attempt([&] { return tuple(); })) return result;
  if (Expr* result = attempt([&] { return group(); })) return result;
  return genexp();
}

Expr* Parser::careful_bracketed() {
  if (Expr* result = attempt([&] { return list(); })) return result;
  return list_comprehension();
}

Expr* Parser::careful_braced() {
  if (Expr* result = attempt([&] { return dict(); })) return result;
  if (Expr* result = attempt([&] { return set(); })) return result;
  if (Expr* result = attempt([&] { return dict_comprehension(); })) return result;
  return set_comprehension();
}

Expr* Parser::tuple() {
  Start start = here();
  EXPECT(LeftParen);
  Exprs elements;
  int mark = pos_;
  Expr* first = attempt([&] { return star_named_expression(); });
  if (first && accept(TokenKind::Comma)) {
    elements.push(first);
    star_named_expressions(elements);
  } else {
    pos_ = mark;
  }
  EXPECT(RightParen);
  return tuple_node(start, elements);
}

Expr* Parser::group() {
  int mark = pos_;
  Expr* result = attempt([&]() -> Expr* {
    EXPECT(LeftParen);
    Expr* value = NEED(at(TokenKind::Yield) ? yield_expr() : named_expression());
    EXPECT(RightParen);
    return value;
  });
  if (!result && diagnosing()) {
    invalid_group();
    pos_ = mark;
  }
  return result;
}

Expr* Parser::genexp() {
  int mark = pos_;
  Start start = here();
  Expr* result = attempt([&]() -> Expr* {
    EXPECT(LeftParen);
    Expr* element = attempt([&] { return assignment_expression(); });
    if (!element) {
      element = NEED(expression());
      if (at(TokenKind::ColonEqual)) return nullptr;
    }
    Seq<Comprehension*> generators;
    NEED(for_if_clauses(generators));
    EXPECT(RightParen);
    GeneratorExp* made = node<GeneratorExp>(start);
    made->elt = element;
    made->generators = generators;
    return made;
  });
  if (!result && diagnosing()) {
    invalid_comprehension();
    pos_ = mark;
  }
  return result;
}

Expr* Parser::list() {
  Start start = here();
  EXPECT(LeftBracket);
  Exprs elements;
  star_named_expressions(elements);
  EXPECT(RightBracket);
  List* result = node<List>(start);
  result->elts = elements.seq(arena_);
  return result;
}

Expr* Parser::list_comprehension() {
  int mark = pos_;
  Start start = here();
  Expr* result = attempt([&]() -> Expr* {
    EXPECT(LeftBracket);
    Expr* element = NEED(named_expression());
    Seq<Comprehension*> generators;
    NEED(for_if_clauses(generators));
    EXPECT(RightBracket);
    ListComp* made = node<ListComp>(start);
    made->elt = element;
    made->generators = generators;
    return made;
  });
  if (!result && diagnosing()) {
    invalid_comprehension();
    pos_ = mark;
  }
  return result;
}

Expr* Parser::dict() {
  int mark = pos_;
  Start start = here();
  Expr* result = attempt([&]() -> Expr* {
    EXPECT(LeftBrace);
    Exprs keys, values;
    while (attempt([&] { return double_starred_kvpair(keys, values); })) {
      if (!accept(TokenKind::Comma)) break;
    }
    EXPECT(RightBrace);
    Dict* made = node<Dict>(start);
    made->keys = keys.seq(arena_);
    made->values = values.seq(arena_);
    return made;
  });
  if (!result) {
    // Unlike the other mistakes, these are looked for in every careful pass, as CPython does.
    ++pos_;
    invalid_double_starred_kvpairs();
    pos_ = mark;
  }
  return result;
}

Expr* Parser::set() {
  Start start = here();
  EXPECT(LeftBrace);
  Exprs elements;
  NEED(star_named_expressions(elements));
  EXPECT(RightBrace);
  Set* result = node<Set>(start);
  result->elts = elements.seq(arena_);
  return result;
}

Expr* Parser::dict_comprehension() {
  int mark = pos_;
  Start start = here();
  Expr* result = attempt([&]() -> Expr* {
    EXPECT(LeftBrace);
    Expr* key;
    Expr* value;
    NEED(kvpair(key, value));
    Seq<Comprehension*> generators;
    NEED(for_if_clauses(generators));
    EXPECT(RightBrace);
    DictComp* made = node<DictComp>(start);
    made->key = key;
    made->value = value;
    made->generators = generators;
    return made;
  });
  if (!result && diagnosing()) {
    invalid_dict_comprehension();
    pos_ = mark;
  }
  return result;
}

Expr* Parser::set_comprehension() {
  int mark = pos_;
  Start start = here();
  Expr* result = attempt([&]() -> Expr* {
    EXPECT(LeftBrace);
    Expr* element = NEED(named_expression());
    Seq<Comprehension*> generators;
    NEED(for_if_clauses(generators));
    EXPECT(RightBrace);
    SetComp* made = node<SetComp>(start);
    made->elt = element;
    made->generators = generators;
    return made;
  });
  if (!result && diagnosing()) {
    invalid_comprehension();
    pos_ = mark;
  }
  return result;
}

}  // namespace hiss::syntax

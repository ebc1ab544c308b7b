// Call arguments.
#include "syntax/parser_impl.h"

namespace hiss::syntax {

Expr* Parser::starred_expression() {
  Start start = here();
  EXPECT(Star);
  Expr* value = NEED(expression());
  Starred* result = node<Starred>(start);
  result->value = value;
  return result;
}

Expr* Parser::call_suffix(Start start, Expr* function) {
  Start open = here();
  CallArguments found;
  if (careful()) {
    if (Expr* generator = attempt([&] { return genexp(); })) {
      found.positional.push(generator);
    } else {
      ++pos_;
      arguments(found);
      EXPECT(RightParen);
    }
  } else {
    ++pos_;
    if (!at(TokenKind::RightParen)) NEED(fast_arguments(found));
    if (at(TokenKind::For) || at(TokenKind::Async)) {
      // A generator expression may be the only argument, without parentheses of its own.
      bool alone = found.positional.size() == 1 && found.keywords.empty() && !found.positional[0]->is<Starred>() &&
                   tokens_[pos_ - 1].kind != TokenKind::Comma;
      if (!alone) return nullptr;
      Seq<Comprehension*> generators;
      NEED(for_if_clauses(generators));
      EXPECT(RightParen);
      GeneratorExp* generator = node<GeneratorExp>(open);
      generator->elt = found.positional[0];
      generator->generators = generators;
      found.positional[0] = generator;
    } else {
      EXPECT(RightParen);
    }
  }
  Call* call = node<Call>(start);
  call->func = function;
  call->args = found.positional.seq(arena_);
  call->keywords = found.keywords.seq(arena_);
  return call;
}

bool Parser::arguments(CallArguments& out) {
  if (!careful()) return fast_arguments(out);
  ArgumentsHolder* holder = memoized(Rule::Arguments, [&] { return careful_arguments(); });
  if (!holder) return false;
  for (Expr* argument : holder->positional) out.positional.push(argument);
  for (Keyword* keyword : holder->keywords) out.keywords.push(keyword);
  return true;
}

bool Parser::fast_arguments(CallArguments& out) {
  bool unpacked_mapping = false;
  while (!at(TokenKind::RightParen)) {
    Start start = here();
    TokenKind kind = start->kind;
    if (kind == TokenKind::Star) {
      if (unpacked_mapping) return false;
      out.positional.push(NEED(starred_expression()));
    } else if (kind == TokenKind::DoubleStar) {
      ++pos_;
      Expr* value = NEED(expression());
      Keyword* keyword = node<Keyword>(start);
      keyword->value = value;
      out.keywords.push(keyword);
      unpacked_mapping = true;
    } else if (kind == TokenKind::Name && kind_at(1) == TokenKind::Equal) {
      pos_ += 2;
      Expr* value = NEED(expression());
      Keyword* keyword = node<Keyword>(start);
      keyword->arg = identifier(*start);
      keyword->value = value;
      out.keywords.push(keyword);
    } else {
      if (!out.keywords.empty()) return false;
      bool named = kind == TokenKind::Name && kind_at(1) == TokenKind::ColonEqual;
      out.positional.push(NEED(named ? assignment_expression() : expression()));
    }
    if (!accept(TokenKind::Comma)) break;
  }
  return true;
}

Parser::ArgumentsHolder* Parser::careful_arguments() {
  int mark = pos_;
  CallArguments found;
  if (careful_args(found)) {
    accept(TokenKind::Comma);
    if (at(TokenKind::RightParen)) {
      ArgumentsHolder* holder = arena_.make<ArgumentsHolder>();
      holder->positional = found.positional.seq(arena_);
      holder->keywords = found.keywords.seq(arena_);
      return holder;
    }
  }
  pos_ = mark;
  if (diagnosing()) {
    invalid_arguments();
    pos_ = mark;
  }
  return nullptr;
}

bool Parser::careful_positional(CallArguments& out) {
  return gather([&]() -> bool {
    Expr* argument = nullptr;
    if (at(TokenKind::Star)) {
      argument = NEED(starred_expression());
    } else {
      argument = attempt([&] { return assignment_expression(); });
      if (!argument) {
        argument = NEED(expression());
        if (at(TokenKind::ColonEqual)) return false;
      }
      if (at(TokenKind::Equal)) return false;
    }
    out.positional.push(argument);
    return true;
  });
}

bool Parser::careful_args(CallArguments& out) {
  if (!careful_positional(out)) return careful_kwargs(out);
  int mark = pos_;
  if (!accept(TokenKind::Comma) || !careful_kwargs(out)) pos_ = mark;
  return true;
}

bool Parser::careful_kwargs(CallArguments& out) {
  auto first = [&] { return kwarg_or_starred(out); };
  auto second = [&] { return kwarg_or_double_starred(out); };
  if (!gather(first)) return gather(second);
  int mark = pos_;
  if (!accept(TokenKind::Comma) || !gather(second)) pos_ = mark;
  return true;
}

bool Parser::kwarg_or_starred(CallArguments& out) {
  int mark = pos_;
  if (diagnosing()) {
    invalid_kwarg();
    pos_ = mark;
  }
  Start start = here();
  if (at(TokenKind::Name) && kind_at(1) == TokenKind::Equal) {
    pos_ += 2;
    if (Expr* value = expression()) {
      Keyword* keyword = node<Keyword>(start);
      keyword->arg = identifier(*start);
      keyword->value = value;
      out.keywords.push(keyword);
      return true;
    }
    pos_ = mark;
  }
  out.positional.push(NEED(starred_expression()));
  return true;
}

bool Parser::kwarg_or_double_starred(CallArguments& out) {
  int mark = pos_;
  if (diagnosing()) {
    invalid_kwarg();
    pos_ = mark;
  }
  Start start = here();
  std::string_view name;
  if (at(TokenKind::Name) && kind_at(1) == TokenKind::Equal) {
    pos_ += 2;
    name = identifier(*start);
  } else {
    EXPECT(DoubleStar);
  }
  Expr* value = NEED(expression());
  Keyword* keyword = node<Keyword>(start);
  keyword->arg = name;
  keyword->value = value;
  out.keywords.push(keyword);
  return true;
}

}  // namespace hiss::syntax

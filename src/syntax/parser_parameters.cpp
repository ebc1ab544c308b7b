// Parameters of functions and lambdas.
#include "syntax/parser_impl.h"

namespace hiss::syntax {

struct Parser::ParameterLists {
  Gather<Arg*> positional_only, positional, keyword_only;
  Exprs defaults, keyword_defaults;
  Arg* rest = nullptr;
  Arg* keyword_rest = nullptr;
};

/// A name, with its annotation in functions.
Arg* Parser::parameter(bool is_lambda, bool star_annotation) {
  if (!at(TokenKind::Name)) return nullptr;
  Start start = here();
  ++pos_;
  Expr* annotation = nullptr;
  if (!is_lambda && at(TokenKind::Colon)) {
    int mark = pos_++;
    annotation = star_annotation && at(TokenKind::Star) ? star_expression() : expression();
    if (!annotation) pos_ = mark;
  }
  Arg* arg = node<Arg>(start);
  arg->arg = identifier(*start);
  arg->annotation = annotation;
  return arg;
}

/// What must follow a parameter: a comma, or the end of the list; a type comment may come with it.
bool Parser::parameter_separator(bool is_lambda, Arg* arg) {
  if (accept(TokenKind::Comma)) {
    if (!is_lambda && at(TokenKind::TypeComment)) arg->type_comment = type_comment();
    return true;
  }
  if (!is_lambda && at(TokenKind::TypeComment)) arg->type_comment = type_comment();
  return at_parameters_end(is_lambda);
}

bool Parser::parameter_default(Expr*& value) {
  Start equal = here();
  EXPECT(Equal);
  value = expression();
  if (value) return true;
  --pos_;
  bool nothing = kind_at(1) == TokenKind::RightParen || kind_at(1) == TokenKind::Comma;
  if (diagnosing() && nothing) raise_token(*equal, "expected default value expression");
  return false;
}

/// Reads as many parameters as match: the caller finds out whether the list ends there.
Arguments* Parser::parameters(bool is_lambda) {
  if (diagnosing()) {
    int mark = pos_;
    invalid_parameters(is_lambda);
    pos_ = mark;
  }
  ParameterLists lists;
  bool slash = false;
  for (;;) {
    int mark = pos_;
    if (at(TokenKind::Name)) {
      Arg* arg = parameter(is_lambda);
      Expr* value = nullptr;
      bool ok = at(TokenKind::Equal) ? parameter_default(value) : lists.defaults.empty();
      if (!ok || !parameter_separator(is_lambda, arg)) {
        pos_ = mark;
        break;
      }
      lists.positional.push(arg);
      if (value) lists.defaults.push(value);
    } else if (at(TokenKind::Slash) && !slash && !lists.positional.empty()) {
      ++pos_;
      if (!accept(TokenKind::Comma) && !at_parameters_end(is_lambda)) {
        pos_ = mark;
        break;
      }
      slash = true;
      lists.positional_only = std::move(lists.positional);
      lists.positional.clear();
    } else {
      break;
    }
  }
  if (slash && options_.feature_minor < 8)
    raise_last("Positional-only parameters are only supported in Python 3.8 and greater");
  int mark = pos_;
  if (!at_parameters_end(is_lambda) && !star_etc(lists, is_lambda)) pos_ = mark;
  Arguments* result = arena_.make<Arguments>();
  result->posonlyargs = lists.positional_only.seq(arena_);
  result->args = lists.positional.seq(arena_);
  result->vararg = lists.rest;
  result->kwonlyargs = lists.keyword_only.seq(arena_);
  result->kw_defaults = lists.keyword_defaults.seq(arena_);
  result->kwarg = lists.keyword_rest;
  result->defaults = lists.defaults.seq(arena_);
  return result;
}

bool Parser::star_etc(ParameterLists& lists, bool is_lambda) {
  if (diagnosing()) {
    int mark = pos_;
    invalid_star_etc(is_lambda);
    pos_ = mark;
  }
  if (!at(TokenKind::Star)) return keyword_rest(lists, is_lambda);
  ++pos_;
  bool bare = at(TokenKind::Comma);
  if (bare) {
    ++pos_;
  } else {
    lists.rest = NEED(parameter(is_lambda, true));
    NEED(parameter_separator(is_lambda, lists.rest));
  }
  while (at(TokenKind::Name)) {
    int mark = pos_;
    Arg* arg = parameter(is_lambda);
    Expr* value = nullptr;
    if ((at(TokenKind::Equal) && !parameter_default(value)) || !parameter_separator(is_lambda, arg)) {
      pos_ = mark;
      break;
    }
    lists.keyword_only.push(arg);
    lists.keyword_defaults.push(value);
  }
  if (bare && lists.keyword_only.empty()) return false;
  int mark = pos_;
  if (!at_parameters_end(is_lambda) && !keyword_rest(lists, is_lambda)) pos_ = mark;
  return true;
}

bool Parser::keyword_rest(ParameterLists& lists, bool is_lambda) {
  if (diagnosing()) {
    int mark = pos_;
    invalid_kwds(is_lambda);
    pos_ = mark;
  }
  EXPECT(DoubleStar);
  Arg* arg = NEED(parameter(is_lambda));
  NEED(parameter_separator(is_lambda, arg));
  lists.keyword_rest = arg;
  return true;
}

// ---- recognisers for the diagnosing pass

Arg* Parser::param_no_default(bool is_lambda) {
  return attempt([&]() -> Arg* {
    Arg* arg = NEED(parameter(is_lambda));
    NEED(parameter_separator(is_lambda, arg));
    return arg;
  });
}

bool Parser::param_with_default(bool is_lambda) {
  return attempt([&]() -> bool {
    Arg* arg = NEED(parameter(is_lambda));
    Expr* value;
    NEED(parameter_default(value));
    return parameter_separator(is_lambda, arg);
  });
}

bool Parser::param_maybe_default(bool is_lambda) {
  return attempt([&]() -> bool {
    Arg* arg = NEED(parameter(is_lambda));
    Expr* value;
    if (at(TokenKind::Equal)) NEED(parameter_default(value));
    return parameter_separator(is_lambda, arg);
  });
}

bool Parser::slash_no_default(bool is_lambda) {
  return attempt([&]() -> bool {
    NEED(param_no_default(is_lambda));
    while (param_no_default(is_lambda)) {
    }
    EXPECT(Slash);
    return accept(TokenKind::Comma) || at_parameters_end(is_lambda);
  });
}

bool Parser::slash_with_default(bool is_lambda) {
  return attempt([&]() -> bool {
    while (param_no_default(is_lambda)) {
    }
    NEED(param_with_default(is_lambda));
    while (param_with_default(is_lambda)) {
    }
    EXPECT(Slash);
    return accept(TokenKind::Comma) || at_parameters_end(is_lambda);
  });
}

void Parser::invalid_parameters(bool is_lambda) {
  int mark = pos_;
  auto skip_plain = [&] {
    while (param_no_default(is_lambda)) {
    }
  };
  auto skip_any = [&] {
    while (param_maybe_default(is_lambda)) {
    }
  };
  skip_plain();
  bool defaults = slash_with_default(is_lambda);
  if (!defaults) {
    while (param_with_default(is_lambda)) defaults = true;
  }
  if (defaults) {
    if (Arg* arg = param_no_default(is_lambda)) raise_node(arg, "non-default argument follows default argument");
  }

  pos_ = mark;
  skip_plain();
  if (at(TokenKind::LeftParen)) {
    const Token& open = token();
    ++pos_;
    bool some = false;
    if (is_lambda) {
      some = gather([&]() -> bool { return parameter(true) != nullptr; });
    } else {
      while (param_no_default(false)) some = true;
    }
    if (some) {
      accept(TokenKind::Comma);
      if (at(TokenKind::RightParen)) {
        const Token& close = token();
        raise_at(open.lineno, open.col_offset, close.end_lineno, close.end_col_offset,
                 is_lambda ? "Lambda expression parameters cannot be parenthesized"
                           : "Function parameters cannot be parenthesized");
      }
    }
  }

  pos_ = mark;
  if (at(TokenKind::Slash) && kind_at(1) == TokenKind::Comma)
    raise_token(token(), "at least one argument must precede /");

  pos_ = mark;
  if (slash_params(is_lambda)) {
    skip_any();
    if (at(TokenKind::Slash)) raise_token(token(), "/ may appear only once");
  }

  pos_ = mark;
  slash_params(is_lambda);
  skip_any();
  if (accept(TokenKind::Star) && (accept(TokenKind::Comma) || param_no_default(is_lambda))) {
    skip_any();
    if (at(TokenKind::Slash)) raise_token(token(), "/ must be ahead of *");
  }

  pos_ = mark;
  if (param_maybe_default(is_lambda)) {
    skip_any();
    if (accept(TokenKind::Slash) && at(TokenKind::Star)) raise_token(token(), "expected comma between / and *");
  }
}

void Parser::invalid_star_etc(bool is_lambda) {
  if (!at(TokenKind::Star)) return;
  Start star = here();
  TokenKind end = is_lambda ? TokenKind::Colon : TokenKind::RightParen;
  int mark = pos_;
  bool bare = kind_at(1) == end;
  if (!bare && kind_at(1) == TokenKind::Comma) bare = kind_at(2) == end || kind_at(2) == TokenKind::DoubleStar;
  if (bare) {
    if (is_lambda) raise_last("named arguments must follow bare *");
    raise_token(*star, "named arguments must follow bare *");
  }
  if (!is_lambda && kind_at(1) == TokenKind::Comma && kind_at(2) == TokenKind::TypeComment) {
    raise_last("bare * has associated type comment");
  }
  ++pos_;
  if (parameter(is_lambda) && at(TokenKind::Equal))
    raise_token(token(), "var-positional argument cannot have default value");

  pos_ = mark + 1;
  if (param_no_default(is_lambda) || accept(TokenKind::Comma)) {
    while (param_maybe_default(is_lambda)) {
    }
    if (at(TokenKind::Star)) {
      const Token& second = token();
      ++pos_;
      if (param_no_default(is_lambda) || at(TokenKind::Comma)) raise_token(second, "* argument may appear only once");
    }
  }
}

void Parser::invalid_kwds(bool is_lambda) {
  if (!accept(TokenKind::DoubleStar)) return;
  if (!parameter(is_lambda)) return;
  if (at(TokenKind::Equal)) raise_token(token(), "var-keyword argument cannot have default value");
  if (!accept(TokenKind::Comma)) return;
  int mark = pos_;
  if (Arg* arg = parameter(is_lambda)) raise_node(arg, "arguments cannot follow var-keyword argument");
  pos_ = mark;
  if (at(TokenKind::Star) || at(TokenKind::DoubleStar) || at(TokenKind::Slash)) {
    raise_token(token(), "arguments cannot follow var-keyword argument");
  }
}

}  // namespace hiss::syntax

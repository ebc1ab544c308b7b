// Common mistakes that have a message of their own: the "invalid_" rules of Python's grammar. They run only in the
// diagnosing pass; each recognises its mistake at the current position and raises, or returns having found nothing (the
// caller goes back).
#include <fmt/format.h>

#include "syntax/parser_impl.h"

namespace hiss::syntax {

namespace {

/// The last expression of a comprehension: its last condition, or what it iterates over.
const Expr* last_item(const Comprehension* clause) { return clause->ifs.empty() ? clause->iter : clause->ifs.back(); }

bool is_legacy_statement(const Expr* expr) {
  return expr->is<Name>() && (expr->as<Name>()->id == "print" || expr->as<Name>()->id == "exec");
}

}  // namespace

bool Parser::at_soft_keyword() {
  if (!at(TokenKind::Name)) return false;
  // CPython compares only as many letters as the name has: "c" and "mat" count as soft keywords.
  std::string_view word = text(token());
  return std::string_view("_").starts_with(word) || std::string_view("case").starts_with(word) ||
         std::string_view("match").starts_with(word);
}

Expr* Parser::expression_without_invalid() {
  bool before = invalid_rules_;
  invalid_rules_ = false;
  Expr* result = attempt([&] { return conditional(); });
  invalid_rules_ = before;
  return result;
}

void Parser::invalid_expression() {
  int mark = pos_;
  // NAME STRING is left alone, so that a wrong string prefix is not called a missing comma.
  bool prefix = at(TokenKind::Name) && kind_at(1) == TokenKind::String;
  if (!prefix && !at_soft_keyword()) {
    if (Expr* left = disjunction()) {
      if (Expr* right = expression_without_invalid()) {
        if (!is_legacy_statement(left) && tokens_[pos_ - 1].level != 0) {
          raise_range(left, right, "invalid syntax. Perhaps you forgot a comma?");
        }
      }
    }
  }
  pos_ = mark;
  Expr* body = disjunction();
  if (!body || !accept(TokenKind::If)) return;
  Expr* test = disjunction();
  if (!test || at(TokenKind::Else) || at(TokenKind::Colon)) return;
  raise_range(body, test, "expected 'else' after 'if' expression");
}

void Parser::invalid_legacy_expression() {
  if (!at(TokenKind::Name)) return;
  const Token& name = token();
  ++pos_;
  if (at(TokenKind::LeftParen)) return;
  Expr* operand = star_expressions();
  std::string_view word = text(name);
  if (!operand || (word != "print" && word != "exec")) return;
  raise_at(name.lineno, name.col_offset, operand->end_lineno, operand->end_col_offset,
           fmt::format("Missing parentheses in call to '{0}'. Did you mean {0}(...)?", word));
}

void Parser::invalid_named_expression() {
  // Remembered, so that nested brackets do not repeat the search.
  memoized(Rule::InvalidNamedExpression, [&]() -> Expr* {
    int mark = pos_;
    if (Expr* target = expression(); target && accept(TokenKind::ColonEqual) && expression()) {
      raise_node(target, fmt::format("cannot use assignment expressions with {}", expression_name(target)));
    }
    pos_ = mark;
    auto no_assignment_next = [&] { return !at(TokenKind::Equal) && !at(TokenKind::ColonEqual); };
    if (at(TokenKind::Name) && kind_at(1) == TokenKind::Equal) {
      const Token& name = token();
      pos_ += 2;
      if (Expr* value = bitwise_or(); value && no_assignment_next()) {
        raise_at(name.lineno, name.col_offset, value->end_lineno, value->end_col_offset,
                 "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
      }
      pos_ = mark;
    }
    auto is_display = [&]() -> bool {
      switch (kind()) {
        case TokenKind::LeftBracket:
          return attempt([&] { return list(); }) != nullptr;
        case TokenKind::LeftParen:
          return attempt([&] { return tuple(); }) || attempt([&] { return genexp(); });
        case TokenKind::True:
        case TokenKind::None:
        case TokenKind::False:
          return true;
        default:
          return false;
      }
    };
    bool display = is_display();
    pos_ = mark;
    if (!display) {
      if (Expr* left = bitwise_or(); left && accept(TokenKind::Equal)) {
        if (bitwise_or() && no_assignment_next()) {
          raise_node(left, fmt::format("cannot assign to {} here. Maybe you meant '==' instead of '='?",
                                       expression_name(left)));
        }
      }
    }
    pos_ = mark;
    return nullptr;
  });
}

void Parser::invalid_comprehension() {
  int mark = pos_;
  bool paren = at(TokenKind::LeftParen);
  ++pos_;
  Seq<Comprehension*> clauses;
  if (Expr* element = attempt([&] { return starred_expression(); }); element && for_if_clauses(clauses)) {
    raise_node(element, "iterable unpacking cannot be used in comprehension");
  }
  pos_ = mark + 1;
  if (paren) return;
  Expr* first = attempt([&] { return star_named_expression(); });
  if (!first || !at(TokenKind::Comma)) return;
  const Token& comma = token();
  ++pos_;
  int after = pos_;
  Exprs more;
  if (star_named_expressions(more) && for_if_clauses(clauses)) {
    raise_range(first, more.back(), "did you forget parentheses around the comprehension target?");
  }
  pos_ = after;
  if (for_if_clauses(clauses))
    raise_tokens(first, comma, "did you forget parentheses around the comprehension target?");
}

void Parser::invalid_group() {
  int mark = pos_;
  ++pos_;
  if (Expr* starred = attempt([&] { return starred_expression(); }); starred && at(TokenKind::RightParen)) {
    raise_node(starred, "cannot use starred expression here");
  }
  pos_ = mark + 1;
  if (!at(TokenKind::DoubleStar)) return;
  const Token& stars = token();
  ++pos_;
  if (expression() && at(TokenKind::RightParen)) raise_token(stars, "cannot use double starred expression here");
}

void Parser::invalid_dict_comprehension() {
  ++pos_;
  if (!at(TokenKind::DoubleStar)) return;
  const Token& stars = token();
  ++pos_;
  Seq<Comprehension*> clauses;
  if (bitwise_or() && for_if_clauses(clauses) && at(TokenKind::RightBrace)) {
    raise_token(stars, "dict unpacking cannot be used in dict comprehension");
  }
}

/// After the opening brace of a dict.
void Parser::invalid_double_starred_kvpairs() {
  int mark = pos_;
  Exprs keys, values;
  if (gather([&] { return double_starred_kvpair(keys, values); }) && accept(TokenKind::Comma)) invalid_kvpair();
  pos_ = mark;
  Expr* key = expression();
  if (!key || !at(TokenKind::Colon)) return;
  const Token& colon = token();
  ++pos_;
  int after = pos_;
  if (at(TokenKind::Star)) {
    const Token& star = token();
    ++pos_;
    if (bitwise_or()) {
      raise_at(star.lineno, star.col_offset, kCurrentPosition, kCurrentPosition,
               "cannot use a starred expression in a dictionary value");
    }
  }
  pos_ = after;
  if (at(TokenKind::RightBrace) || at(TokenKind::Comma))
    raise_token(colon, "expression expected after dictionary key and ':'");
}

bool Parser::invalid_kvpair() {
  int mark = pos_;
  Expr* key = expression();
  if (!key) return false;
  if (!at(TokenKind::Colon)) {
    raise_at(key->lineno, key->end_col_offset - 1, key->end_lineno, -1, "':' expected after dictionary key");
  }
  pos_ = mark;
  Exprs keys;
  key = expression();
  const Token& colon = token();
  ++pos_;
  int after = pos_;
  if (at(TokenKind::Star)) {
    const Token& star = token();
    ++pos_;
    if (bitwise_or()) {
      raise_at(star.lineno, star.col_offset, kCurrentPosition, kCurrentPosition,
               "cannot use a starred expression in a dictionary value");
    }
  }
  pos_ = after;
  if (at(TokenKind::RightBrace) || at(TokenKind::Comma))
    raise_token(colon, "expression expected after dictionary key and ':'");
  return false;
}

void Parser::nonparenthesized_genexp_in_call(CallArguments& args, Seq<Comprehension*> clauses) {
  // A sole argument is dict((a, b) for a, b in x), which is right.
  int count = args.positional.size();
  if (count <= 1) return;
  raise_range(args.positional[count - 1], last_item(clauses.back()), "Generator expression must be parenthesized");
}

void Parser::invalid_arguments() {
  int mark = pos_;
  Seq<Comprehension*> clauses;
  {
    // Keyword arguments, perhaps after positional ones.
    CallArguments args;
    bool keywords = careful_positional(args) && accept(TokenKind::Comma) && careful_kwargs(args);
    if (!keywords) {
      pos_ = mark;
      keywords = careful_kwargs(args);
    }
    const int behind = pos_;
    if (keywords && accept(TokenKind::Comma) && at(TokenKind::Star)) {
      const Token &first = tokens_[mark], &last = tokens_[behind - 1];
      raise_at(first.lineno, first.col_offset, last.end_lineno, last.end_col_offset,
               "iterable argument unpacking follows keyword argument unpacking");
    }
  }
  pos_ = mark;
  if (Expr* element = expression(); element && for_if_clauses(clauses) && accept(TokenKind::Comma)) {
    CallArguments more;
    int after = pos_;
    if (!careful_args(more)) {
      pos_ = after;
      Seq<Comprehension*> ignored;
      if (!expression() || !for_if_clauses(ignored)) pos_ = after;
    }
    raise_range(element, last_item(clauses.back()), "Generator expression must be parenthesized");
  }
  pos_ = mark;
  if (at(TokenKind::Name) && kind_at(1) == TokenKind::Equal) {
    const Token& name = token();
    const Token& equal = tokens_[pos_ + 1];
    pos_ += 2;
    if (expression() && for_if_clauses(clauses)) {
      raise_at(name.lineno, name.col_offset, equal.end_lineno, equal.end_col_offset,
               "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
    }
  }
  pos_ = mark;
  CallArguments args;
  if (!careful_args(args)) return;
  int after_args = pos_;
  if (for_if_clauses(clauses)) nonparenthesized_genexp_in_call(args, clauses);
  pos_ = after_args;
  if (!accept(TokenKind::Comma)) return;
  int after_comma = pos_;
  if (Expr* element = expression(); element && for_if_clauses(clauses)) {
    raise_range(element, last_item(clauses.back()), "Generator expression must be parenthesized");
  }
  pos_ = after_comma;
  CallArguments more;
  if (!careful_args(more)) return;
  bool unpacked = false;
  for (int i = 0; i < args.keywords.size(); ++i) unpacked |= args.keywords[i]->arg.data() == nullptr;
  raise_last(unpacked ? "positional argument follows keyword argument unpacking"
                      : "positional argument follows keyword argument");
}

void Parser::invalid_kwarg() {
  int mark = pos_;
  bool singleton = at(TokenKind::True) || at(TokenKind::False) || at(TokenKind::None);
  if (singleton && kind_at(1) == TokenKind::Equal) {
    const Token& name = token();
    const Token& equal = tokens_[pos_ + 1];
    raise_at(name.lineno, name.col_offset, equal.end_lineno, equal.end_col_offset,
             fmt::format("cannot assign to {}", text(name)));
  }
  bool keyword = at(TokenKind::Name) && kind_at(1) == TokenKind::Equal;
  if (keyword) {
    const Token& name = token();
    const Token& equal = tokens_[pos_ + 1];
    pos_ += 2;
    Seq<Comprehension*> clauses;
    if (expression() && for_if_clauses(clauses)) {
      raise_at(name.lineno, name.col_offset, equal.end_lineno, equal.end_col_offset,
               "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
    }
    return;
  }
  pos_ = mark;
  if (Expr* left = expression(); left && at(TokenKind::Equal)) {
    raise_tokens(left, token(), "expression cannot contain assignment, perhaps you meant \"==\"?");
  }
}

Expr* Parser::invalid_ann_assign_target() {
  Depth depth(*this);
  if (at(TokenKind::LeftBracket)) return attempt([&] { return list(); });
  if (!at(TokenKind::LeftParen)) return nullptr;
  if (Expr* found = attempt([&] { return tuple(); })) return found;
  return attempt([&]() -> Expr* {
    EXPECT(LeftParen);
    Expr* inner = NEED(invalid_ann_assign_target());
    EXPECT(RightParen);
    return inner;
  });
}

void Parser::invalid_assignment() {
  int mark = pos_;
  if (Expr* target = invalid_ann_assign_target(); target && accept(TokenKind::Colon) && expression()) {
    raise_node(target, fmt::format("only single target (not {}) can be annotated", expression_name(target)));
  }
  pos_ = mark;
  if (Expr* first = star_named_expression(); first && accept(TokenKind::Comma)) {
    Exprs more;
    while (star_named_expressions(more)) {
    }
    if (accept(TokenKind::Colon) && expression()) raise_node(first, "only single target (not tuple) can be annotated");
  }
  pos_ = mark;
  if (Expr* target = expression(); target && accept(TokenKind::Colon) && expression()) {
    raise_node(target, "illegal target for annotation");
  }
  pos_ = mark;
  auto skip_targets = [&] {
    while (attempt([&]() -> Expr* {
      Expr* found = NEED(star_targets());
      EXPECT(Equal);
      return found;
    })) {
    }
  };
  skip_targets();
  int after_targets = pos_;
  if (Expr* target = star_expressions(); target && at(TokenKind::Equal)) {
    ++pos_;
    raise_invalid_target(Targets::Star, target);
  }
  pos_ = after_targets;
  if (at(TokenKind::Yield)) {
    if (Expr* value = yield_expr(); value && at(TokenKind::Equal))
      raise_node(value, "assignment to yield expression not possible");
  }
  pos_ = mark;
  Expr* target = star_expressions();
  if (!target || kind() < TokenKind::PlusEqual || kind() > TokenKind::DoubleSlashEqual) return;
  ++pos_;
  if (yield_or_star_expressions()) {
    raise_node(target, fmt::format("'{}' is an illegal expression for augmented assignment", expression_name(target)));
  }
}

void Parser::invalid_del_stmt() {
  ++pos_;
  if (Expr* targets = star_expressions()) raise_invalid_target(Targets::Del, targets);
}

/// At the `as` of an item.
void Parser::invalid_with_item() {
  if (!accept(TokenKind::As)) return;
  Expr* target = expression();
  if (!target) return;
  if (at(TokenKind::Comma) || at(TokenKind::RightParen) || at(TokenKind::Colon))
    raise_invalid_target(Targets::Star, target);
}

void Parser::invalid_for_target() {
  accept(TokenKind::Async);
  if (!accept(TokenKind::For)) return;
  if (Expr* target = star_expressions()) raise_invalid_target(Targets::For, target);
}

/// The header of a with statement that ends without its colon, or (indent) without an indented block after it.
void Parser::invalid_with_stmt(bool indent) {
  accept(TokenKind::Async);
  Start keyword = here();
  if (!accept(TokenKind::With)) return;
  int mark = pos_;
  auto target = [&] {
    if (!at(TokenKind::As)) return;
    int before = pos_++;
    if (!star_target()) pos_ = before;
  };
  auto item = [&]() -> bool {
    NEED(expression());
    target();
    return true;
  };
  auto parenthesized_item = [&]() -> bool {
    NEED(expressions());
    target();
    return true;
  };
  auto check = [&] {
    if (!indent) {
      if (at(TokenKind::Newline)) raise_last("expected ':'");
    } else {
      check_header_end(keyword, "'with' statement", false);
    }
  };
  if (gather(item)) check();
  pos_ = mark;
  if (!accept(TokenKind::LeftParen) || !gather(parenthesized_item)) return;
  accept(TokenKind::Comma);
  if (accept(TokenKind::RightParen)) check();
}

void Parser::invalid_try_stmt() {
  Start keyword = here();
  ++pos_;
  check_header_end(keyword, "'try' statement", false);
  if (!accept(TokenKind::Colon)) return;
  int mark = pos_;
  Seq<Stmt*> body;
  auto any_block = [&] { return attempt([&] { return block(body); }); };
  if (any_block() && !at(TokenKind::Except) && !at(TokenKind::Finally))
    raise_last("expected 'except' or 'finally' block");
  pos_ = mark;
  while (any_block()) {
  }
  auto skip_name = [&] {
    if (at(TokenKind::As) && kind_at(1) == TokenKind::Name) pos_ += 2;
  };
  auto blocks = [&](bool star) {
    bool some = false;
    while (at(TokenKind::Except) && attempt([&] { return except_block(star); })) some = true;
    return some;
  };
  int after_body = pos_;
  const char* both = "cannot have both 'except' and 'except*' on the same 'try'";
  if (blocks(false) && at(TokenKind::Except) && kind_at(1) == TokenKind::Star) {
    const Token& keyword_token = token();
    const Token& star = tokens_[pos_ + 1];
    pos_ += 2;
    if (expression()) {
      skip_name();
      if (at(TokenKind::Colon)) {
        raise_at(keyword_token.lineno, keyword_token.col_offset, star.end_lineno, star.end_col_offset, both);
      }
    }
  }
  pos_ = after_body;
  if (blocks(true) && at(TokenKind::Except)) {
    const Token& keyword_token = token();
    ++pos_;
    if (attempt([&] { return expression(); })) skip_name();
    if (at(TokenKind::Colon)) raise_token(keyword_token, both);
  }
}

void Parser::invalid_except_indent(bool star) {
  Start keyword = here();
  if (!accept(TokenKind::Except)) return;
  if (star && !accept(TokenKind::Star)) return;
  if (star || !at(TokenKind::Colon)) {
    if (!expression()) return;
    if (at(TokenKind::As) && kind_at(1) == TokenKind::Name) pos_ += 2;
  }
  check_header_end(keyword, star ? "'except*' statement" : "'except' statement", false);
}

void Parser::invalid_except_stmt() {
  int mark = pos_;
  if (!accept(TokenKind::Except)) return;
  bool star = accept(TokenKind::Star);
  int after_star = pos_;
  auto name = [&] {
    if (at(TokenKind::As) && kind_at(1) == TokenKind::Name) pos_ += 2;
  };
  if (Expr* type = expression(); type && accept(TokenKind::Comma) && expressions()) {
    name();
    if (accept(TokenKind::Colon)) raise_from(type, "multiple exception types must be parenthesized");
  }
  pos_ = after_star;
  if (expression()) {
    name();
    if (at(TokenKind::Newline)) raise_last("expected ':'");
  }
  pos_ = mark + 1;
  if (at(TokenKind::Newline)) raise_last("expected ':'");
  pos_ = after_star;
  if (star && (at(TokenKind::Newline) || at(TokenKind::Colon))) raise_last("expected one or more exception types");
}

void Parser::invalid_as_pattern() {
  if (!or_pattern() || !accept(TokenKind::As)) return;
  if (at_word("_")) raise_token(token(), "cannot use '_' as a target");
  if (at(TokenKind::Name)) return;
  if (Expr* target = expression()) raise_node(target, "invalid pattern target");
}

/// At the parenthesis of a class pattern.
void Parser::invalid_class_pattern() {
  if (!accept(TokenKind::LeftParen)) return;
  Gather<Pattern*> after_keywords;
  auto keyword = [&]() -> bool {
    if (!at(TokenKind::Name) || kind_at(1) != TokenKind::Equal) return false;
    pos_ += 2;
    return pattern() != nullptr;
  };
  auto positional = [&]() -> bool { return pattern() != nullptr; };
  int mark = pos_;
  if (!gather(positional) || !accept(TokenKind::Comma)) pos_ = mark;
  if (!gather(keyword) || !accept(TokenKind::Comma)) return;
  if (!gather([&]() -> bool {
        after_keywords.push(NEED(pattern()));
        return true;
      })) {
    return;
  }
  raise_range(after_keywords[0], after_keywords.back(), "positional patterns follow keyword patterns");
}

}  // namespace hiss::syntax

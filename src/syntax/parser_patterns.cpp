// match statements and their patterns.
#include "syntax/parser_impl.h"

namespace hiss::syntax {

/// Fast pass: `match` begins a statement when its logical line ends with a colon and an indented `case` follows;
/// otherwise it is a name.
bool Parser::match_ahead() {
  int i = pos_ + 1;
  switch (tokens_[i].kind) {
    // What follows a name far more often than a subject.
    case TokenKind::Dot:
    case TokenKind::Equal:
    case TokenKind::Comma:
    case TokenKind::Colon:
    case TokenKind::Newline:
    case TokenKind::RightParen:
      return false;
    default:
      break;
  }
  while (tokens_[i].kind != TokenKind::Newline && tokens_[i].kind != TokenKind::EndMarker &&
         tokens_[i].kind != TokenKind::Error)
    ++i;
  if (tokens_[i].kind != TokenKind::Newline || tokens_[i - 1].kind != TokenKind::Colon) return false;
  if (i + 2 >= token_count_ || tokens_[i + 1].kind != TokenKind::Indent) return false;
  const Token& next = tokens_[i + 2];
  return next.kind == TokenKind::Name && text(next) == "case";
}

Expr* Parser::subject_expr() {
  Start start = here();
  int mark = pos_;
  Expr* first = star_named_expression();
  if (first && at(TokenKind::Comma)) {
    ++pos_;
    Exprs elements;
    elements.push(first);
    star_named_expressions(elements);
    return tuple_node(start, elements);
  }
  if (first && !first->is<Starred>()) return first;
  pos_ = mark;
  return careful() ? attempt([&] { return named_expression(); }) : nullptr;
}

Stmt* Parser::match_stmt() {
  Start start = here();
  ++pos_;
  Expr* subject = NEED(subject_expr());
  if (options_.feature_minor < 10) raise_last("Pattern matching is only supported in Python 3.10 and greater");
  int after_subject = pos_;
  Match* result = attempt([&]() -> Match* {
    EXPECT(Colon);
    EXPECT(Newline);
    EXPECT(Indent);
    Gather<MatchCase*> cases;
    while (at_word("case")) {
      MatchCase* found = attempt([&] { return case_block(); });
      if (!found) {
        if (!careful()) return nullptr;
        break;
      }
      cases.push(found);
    }
    if (cases.empty()) return nullptr;
    EXPECT(Dedent);
    Match* made = node<Match>(start);
    made->subject = subject;
    made->cases = cases.seq(arena_);
    // The statement ends with the last case's body; the Dedent has no text of its own.
    return made;
  });
  if (!result) {
    pos_ = after_subject;
    check_header_end(start, "'match' statement");
  }
  return result;
}

bool Parser::guard(Expr*& out) {
  if (!at(TokenKind::If)) return true;
  int mark = pos_++;
  out = named_expression();
  if (!out) pos_ = mark;
  return true;
}

MatchCase* Parser::case_block() {
  Start start = here();
  ++pos_;
  Pattern* pattern = NEED(patterns());
  Expr* condition = nullptr;
  guard(condition);
  check_header_end(start, "'case' statement");
  EXPECT(Colon);
  Seq<Stmt*> body;
  NEED(block(body));
  MatchCase* result = arena_.make<MatchCase>();
  result->pattern = pattern;
  result->guard = condition;
  result->body = body;
  return result;
}

/// The pattern of a case: without brackets, commas make it a sequence.
Pattern* Parser::patterns() {
  Start start = here();
  Pattern* first = NEED(maybe_star_pattern());
  if (!at(TokenKind::Comma)) return first->is<MatchStar>() ? nullptr : first;
  Gather<Pattern*> elements;
  elements.push(first);
  while (accept(TokenKind::Comma)) {
    Pattern* next = attempt([&] { return maybe_star_pattern(); });
    if (!next) break;
    elements.push(next);
  }
  MatchSequence* result = node<MatchSequence>(start);
  result->patterns = elements.seq(arena_);
  return result;
}

Pattern* Parser::maybe_star_pattern() {
  Start start = here();
  if (!accept(TokenKind::Star)) return pattern();
  if (!at(TokenKind::Name)) return nullptr;
  const Token& name = token();
  bool wildcard = text(name) == "_";
  ++pos_;
  // A capture is not the beginning of a dotted value, a call or a keyword pattern.
  if (!wildcard && (at(TokenKind::Dot) || at(TokenKind::LeftParen) || at(TokenKind::Equal))) return nullptr;
  MatchStar* result = node<MatchStar>(start);
  if (!wildcard) result->name = identifier(name);
  return result;
}

Pattern* Parser::pattern() {
  Depth depth(*this, 4);
  return as_pattern();
}

Pattern* Parser::as_pattern() {
  Start start = here();
  int mark = pos_;
  Pattern* inner = NEED(or_pattern());
  if (!at(TokenKind::As)) return inner;
  int after = pos_++;
  if (at(TokenKind::Name) && text(token()) != "_") {
    const Token& name = token();
    ++pos_;
    if (!at(TokenKind::Dot) && !at(TokenKind::LeftParen) && !at(TokenKind::Equal)) {
      MatchAs* result = node<MatchAs>(start);
      result->pattern = inner;
      result->name = identifier(name);
      return result;
    }
  }
  if (diagnosing()) {
    pos_ = mark;
    invalid_as_pattern();
  }
  pos_ = after;
  return inner;
}

Pattern* Parser::or_pattern() {
  Start start = here();
  Pattern* first = NEED(closed_pattern());
  if (!at(TokenKind::Bar)) return first;
  Gather<Pattern*> alternatives;
  alternatives.push(first);
  while (at(TokenKind::Bar)) {
    int mark = pos_++;
    Pattern* next = attempt([&] { return closed_pattern(); });
    if (!next) {
      pos_ = mark;
      break;
    }
    alternatives.push(next);
  }
  if (alternatives.size() == 1) return first;
  MatchOr* result = node<MatchOr>(start);
  result->patterns = alternatives.seq(arena_);
  return result;
}

/// Remembered, because a bracket is tried as a group and as a sequence, and a call with and without keywords: nested
/// ones would take twice the time at each level.
Pattern* Parser::closed_pattern() {
  return memoized(Rule::ClosedPattern, [&] { return attempt([&] { return plain_closed_pattern(); }); });
}

Pattern* Parser::plain_closed_pattern() {
  switch (kind()) {
    case TokenKind::Number:
    case TokenKind::Minus:
    case TokenKind::String:
    case TokenKind::None:
    case TokenKind::True:
    case TokenKind::False:
      return literal_pattern();
    case TokenKind::Name:
      return name_pattern();
    case TokenKind::LeftParen:
    case TokenKind::LeftBracket:
      return group_or_sequence_pattern();
    case TokenKind::LeftBrace:
      return mapping_pattern();
    default:
      return nullptr;
  }
}

Pattern* Parser::literal_pattern() {
  Start start = here();
  auto singleton = [&](ConstantKind kind) {
    ++pos_;
    MatchSingleton* result = node<MatchSingleton>(start);
    result->value = kind;
    return result;
  };
  switch (kind()) {
    case TokenKind::None:
      return singleton(ConstantKind::None);
    case TokenKind::True:
      return singleton(ConstantKind::True);
    case TokenKind::False:
      return singleton(ConstantKind::False);
    default:
      break;
  }
  Expr* value = NEED(literal_expr());
  MatchValue* result = node<MatchValue>(start);
  result->value = value;
  return result;
}

/// A number with an optional minus sign.
Expr* Parser::signed_number() {
  Start start = here();
  bool negative = accept(TokenKind::Minus);
  if (!at(TokenKind::Number)) return nullptr;
  Expr* value = number();
  if (!negative) return value;
  UnaryOp* result = node<UnaryOp>(start);
  result->op = UnaryOpKind::USub;
  result->operand = value;
  return result;
}

/// A number, a complex number written as a sum, a string, or (as a key of a mapping) a singleton.
Expr* Parser::literal_expr() {
  if (at(TokenKind::String)) return strings();
  if (!at(TokenKind::Number) && !at(TokenKind::Minus)) {
    bool singleton = at(TokenKind::None) || at(TokenKind::True) || at(TokenKind::False);
    return singleton ? atom() : nullptr;
  }
  Start start = here();
  Expr* left = NEED(signed_number());
  if (!at(TokenKind::Plus) && !at(TokenKind::Minus)) return left;
  const Expr* first = left->is<UnaryOp>() ? left->as<UnaryOp>()->operand : left;
  if (first->as<Constant>()->constant_kind == ConstantKind::Complex)
    raise_node(first, "real number required in complex literal");
  int mark = pos_;
  bool plus = at(TokenKind::Plus);
  ++pos_;
  if (!at(TokenKind::Number)) {
    pos_ = mark;
    return nullptr;
  }
  Expr* right = number();
  if (right->as<Constant>()->constant_kind != ConstantKind::Complex)
    raise_node(right, "imaginary number required in complex literal");
  BinOp* result = node<BinOp>(start);
  result->left = left;
  result->op = plus ? Operator::Add : Operator::Sub;
  result->right = right;
  return result;
}

/// a or a.b.c
Expr* Parser::name_or_attr() {
  Start start = here();
  if (!accept(TokenKind::Name)) return nullptr;
  Expr* result = name_node(*start, ExprContext::Load);
  while (at(TokenKind::Dot) && kind_at(1) == TokenKind::Name) {
    ++pos_;
    const Token& name = token();
    ++pos_;
    Attribute* attribute = node<Attribute>(start);
    attribute->value = result;
    attribute->attr = identifier(name);
    result = attribute;
  }
  return result;
}

/// A capture, the wildcard, a dotted value or a class.
Pattern* Parser::name_pattern() {
  Start start = here();
  // The wildcard wins over everything else that begins with its name.
  bool wildcard = text(*start) == "_";
  TokenKind next = kind_at(1);
  if (wildcard || (next != TokenKind::Dot && next != TokenKind::LeftParen && next != TokenKind::Equal)) {
    ++pos_;
    MatchAs* result = node<MatchAs>(start);
    if (!wildcard) result->name = identifier(*start);
    return result;
  }
  Expr* value = NEED(name_or_attr());
  if (at(TokenKind::LeftParen)) return class_pattern(start, value);
  if (at(TokenKind::Equal) || value->is<Name>()) return nullptr;
  MatchValue* result = node<MatchValue>(start);
  result->value = value;
  return result;
}

Pattern* Parser::group_or_sequence_pattern() {
  Start start = here();
  bool parens = at(TokenKind::LeftParen);
  TokenKind close = parens ? TokenKind::RightParen : TokenKind::RightBracket;
  ++pos_;
  Gather<Pattern*> elements;
  bool comma = false;
  while (!at(close)) {
    elements.push(NEED(maybe_star_pattern()));
    comma = accept(TokenKind::Comma);
    if (!comma) break;
  }
  if (!accept(close)) return nullptr;
  if (parens && elements.size() == 1 && !comma) return elements[0]->is<MatchStar>() ? nullptr : elements[0];
  MatchSequence* result = node<MatchSequence>(start);
  result->patterns = elements.seq(arena_);
  return result;
}

Pattern* Parser::mapping_pattern() {
  Start start = here();
  ++pos_;
  Exprs keys;
  Gather<Pattern*> values;
  std::string_view rest;
  while (!at(TokenKind::RightBrace)) {
    if (accept(TokenKind::DoubleStar)) {
      if (!at(TokenKind::Name) || text(token()) == "_") return nullptr;
      const Token& name = token();
      ++pos_;
      if (at(TokenKind::Dot) || at(TokenKind::LeftParen) || at(TokenKind::Equal)) return nullptr;
      rest = identifier(name);
      accept(TokenKind::Comma);
      break;
    }
    Expr* key = nullptr;
    if (at(TokenKind::Name)) {
      key = NEED(name_or_attr());
      if (key->is<Name>()) return nullptr;
    } else {
      key = NEED(literal_expr());
    }
    EXPECT(Colon);
    Pattern* value = NEED(pattern());
    keys.push(key);
    values.push(value);
    if (!accept(TokenKind::Comma)) break;
  }
  EXPECT(RightBrace);
  MatchMapping* result = node<MatchMapping>(start);
  result->keys = keys.seq(arena_);
  result->patterns = values.seq(arena_);
  result->rest = rest;
  return result;
}

/// At the parenthesis after the class.
Pattern* Parser::class_pattern(Start start, Expr* cls) {
  int open = pos_;
  MatchClass* result = attempt([&]() -> MatchClass* {
    EXPECT(LeftParen);
    Gather<Pattern*> positional, keyword_patterns;
    Gather<std::string_view> names;
    while (!at(TokenKind::RightParen)) {
      if (at(TokenKind::Name) && kind_at(1) == TokenKind::Equal) {
        names.push(identifier(token()));
        pos_ += 2;
        keyword_patterns.push(NEED(pattern()));
      } else {
        if (!names.empty()) return nullptr;
        positional.push(NEED(pattern()));
      }
      if (!accept(TokenKind::Comma)) break;
    }
    EXPECT(RightParen);
    MatchClass* made = node<MatchClass>(start);
    made->cls = cls;
    made->patterns = positional.seq(arena_);
    made->kwd_attrs = names.seq(arena_);
    made->kwd_patterns = keyword_patterns.seq(arena_);
    return made;
  });
  if (!result && diagnosing()) {
    pos_ = open;
    invalid_class_pattern();
  }
  return result;
}

}  // namespace hiss::syntax

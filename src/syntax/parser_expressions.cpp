// Expressions, from the loosest binding to atoms. Rules are named as in Python's grammar.
#include <fmt/format.h>

#include <array>

#include "syntax/parser_impl.h"

namespace hiss::syntax {

namespace {

constexpr std::array<uint8_t, 256> kPrecedence = [] {
  std::array<uint8_t, 256> table{};
  auto set = [&](TokenKind kind, int level) { table[static_cast<int>(kind)] = static_cast<uint8_t>(level); };
  set(TokenKind::Bar, 1);
  set(TokenKind::Caret, 2);
  set(TokenKind::Ampersand, 3);
  set(TokenKind::LeftShift, 4);
  set(TokenKind::RightShift, 4);
  set(TokenKind::Plus, 5);
  set(TokenKind::Minus, 5);
  for (TokenKind kind : {TokenKind::Star, TokenKind::Slash, TokenKind::DoubleSlash, TokenKind::Percent, TokenKind::At})
    set(kind, 6);
  return table;
}();

Operator operator_of(TokenKind kind) {
  return static_cast<Operator>(static_cast<int>(kind) - static_cast<int>(TokenKind::Plus));
}

}  // namespace

Expr* Parser::name_node(const Token& token, ExprContext context) {
  Name* name = arena_.make<Name>();
  name->lineno = token.lineno;
  name->col_offset = token.col_offset;
  name->end_lineno = token.end_lineno;
  name->end_col_offset = token.end_col_offset;
  name->id = identifier(token);
  name->ctx = context;
  return name;
}

Expr* Parser::tuple_node(Start start, Exprs& elements, ExprContext context) {
  Tuple* tuple = node<Tuple>(start);
  tuple->elts = elements.seq(arena_);
  tuple->ctx = context;
  return tuple;
}

Expr* Parser::star_expressions() {
  Start start = here();
  Expr* first = NEED(star_expression());
  if (!at(TokenKind::Comma)) return first;
  Exprs elements;
  elements.push(first);
  while (accept(TokenKind::Comma)) {
    Expr* next = attempt([&] { return star_expression(); });
    if (!next) break;
    elements.push(next);
  }
  return tuple_node(start, elements);
}

Expr* Parser::star_expression() {
  if (at(TokenKind::Star)) {
    auto starred = [&]() -> Expr* {
      Start start = here();
      ++pos_;
      Expr* value = NEED(bitwise_or());
      Starred* result = node<Starred>(start);
      result->value = value;
      return result;
    };
    return careful() ? memoized(Rule::StarExpression, [&] { return attempt(starred); }) : starred();
  }
  return expression();
}

Expr* Parser::star_named_expression() {
  if (at(TokenKind::Star)) return attempt([&] { return star_expression(); });
  return named_expression();
}

bool Parser::star_named_expressions(Exprs& out) {
  Expr* first = NEED(attempt([&] { return star_named_expression(); }));
  out.push(first);
  while (at(TokenKind::Comma)) {
    ++pos_;
    Expr* next = attempt([&] { return star_named_expression(); });
    if (!next) break;
    out.push(next);
  }
  return true;
}

/// Without stars: the grammar's `expressions`.
Expr* Parser::expressions() {
  Start start = here();
  Expr* first = NEED(expression());
  if (!at(TokenKind::Comma)) return first;
  Exprs elements;
  elements.push(first);
  while (accept(TokenKind::Comma)) {
    Expr* next = attempt([&] { return expression(); });
    if (!next) break;
    elements.push(next);
  }
  return tuple_node(start, elements);
}

Expr* Parser::assignment_expression() {
  if (!at(TokenKind::Name) || kind_at(1) != TokenKind::ColonEqual) return nullptr;
  Start start = here();
  ++pos_;
  if (options_.feature_minor < 8) raise_last("Assignment expressions are only supported in Python 3.8 and greater");
  ++pos_;
  Expr* value = NEED(expression());
  NamedExpr* named = node<NamedExpr>(start);
  named->target = name_node(*start, ExprContext::Store);
  named->value = value;
  return named;
}

Expr* Parser::named_expression() {
  if (careful()) return careful_named_expression();
  if (at(TokenKind::Name) && kind_at(1) == TokenKind::ColonEqual) return assignment_expression();
  Expr* result = NEED(expression());
  return at(TokenKind::ColonEqual) ? nullptr : result;
}

Expr* Parser::careful_named_expression() {
  int mark = pos_;
  if (at(TokenKind::Name) && kind_at(1) == TokenKind::ColonEqual) {
    // Past ":=" there is no other reading.
    Expr* named = assignment_expression();
    if (!named) pos_ = mark;
    return named;
  }
  if (diagnosing()) {
    invalid_named_expression();
    pos_ = mark;
  }
  Expr* result = expression();
  if (!result || at(TokenKind::ColonEqual)) {
    pos_ = mark;
    return nullptr;
  }
  return result;
}

Expr* Parser::expression() {
  if (!careful()) [[likely]]
    return conditional();
  return memoized(Rule::Expression, [&] { return plain_expression(); });
}

Expr* Parser::plain_expression() {
  int mark = pos_;
  if (diagnosing()) {
    Depth depth(*this);
    invalid_expression();
    pos_ = mark;
    invalid_legacy_expression();
    pos_ = mark;
  }
  return attempt([&] { return conditional(); });
}

/// A disjunction, a conditional expression or a lambda.
Expr* Parser::conditional() {
  Depth depth(*this);
  if (at(TokenKind::Lambda)) return lambda();
  Start start = here();
  Expr* body = NEED(disjunction());
  if (!at(TokenKind::If)) return body;
  int mark = pos_;
  ++pos_;
  if (Expr* test = disjunction(); test && accept(TokenKind::Else)) {
    if (Expr* orelse = expression()) {
      IfExp* result = node<IfExp>(start);
      result->test = test;
      result->body = body;
      result->orelse = orelse;
      return result;
    }
  }
  pos_ = mark;
  return body;
}

Expr* Parser::disjunction() {
  if (!careful()) [[likely]]
    return plain_disjunction();
  return memoized(Rule::Disjunction, [&] { return attempt([&] { return plain_disjunction(); }); });
}

Expr* Parser::plain_disjunction() {
  Start start = here();
  Expr* first = NEED(conjunction());
  if (!at(TokenKind::Or)) return first;
  Exprs values;
  values.push(first);
  while (at(TokenKind::Or)) {
    int mark = pos_++;
    Expr* next = conjunction();
    if (!next) {
      pos_ = mark;
      break;
    }
    values.push(next);
  }
  if (values.size() == 1) return first;
  BoolOp* result = node<BoolOp>(start);
  result->op = BoolOpKind::Or;
  result->values = values.seq(arena_);
  return result;
}

Expr* Parser::conjunction() {
  Start start = here();
  Expr* first = NEED(inversion());
  if (!at(TokenKind::And)) return first;
  Exprs values;
  values.push(first);
  while (at(TokenKind::And)) {
    int mark = pos_++;
    Expr* next = inversion();
    if (!next) {
      pos_ = mark;
      break;
    }
    values.push(next);
  }
  if (values.size() == 1) return first;
  BoolOp* result = node<BoolOp>(start);
  result->op = BoolOpKind::And;
  result->values = values.seq(arena_);
  return result;
}

Expr* Parser::inversion() {
  if (!at(TokenKind::Not)) return comparison();
  Depth depth(*this);
  Start start = here();
  int mark = pos_++;
  Expr* operand = inversion();
  if (!operand) {
    pos_ = mark;
    return nullptr;
  }
  UnaryOp* result = node<UnaryOp>(start);
  result->op = UnaryOpKind::Not;
  result->operand = operand;
  return result;
}

/// Consumes a comparison operator.
bool Parser::comparison_operator(CmpOp& op) {
  switch (kind()) {
    case TokenKind::EqualEqual:
    case TokenKind::Less:
    case TokenKind::LessEqual:
    case TokenKind::Greater:
    case TokenKind::GreaterEqual:
      op = static_cast<CmpOp>(static_cast<int>(kind()) - static_cast<int>(TokenKind::EqualEqual));
      break;
    case TokenKind::NotEqual: {
      // PEP 401: with Barry as FLUFL, inequality is spelt <>.
      bool diamond = text(token()) == "<>";
      if (options_.barry_as_bdfl && !diamond) raise_last("with Barry as BDFL, use '<>' instead of '!='");
      if (diamond && !options_.barry_as_bdfl) return false;
      op = CmpOp::NotEq;
      break;
    }
    case TokenKind::In:
      op = CmpOp::In;
      break;
    case TokenKind::Not:
      if (kind_at(1) != TokenKind::In) return false;
      ++pos_;
      op = CmpOp::NotIn;
      break;
    case TokenKind::Is:
      op = CmpOp::Is;
      if (kind_at(1) == TokenKind::Not) {
        ++pos_;
        op = CmpOp::IsNot;
      }
      break;
    default:
      return false;
  }
  ++pos_;
  return true;
}

Expr* Parser::comparison() {
  Start start = here();
  Expr* left = NEED(bitwise_or());
  CmpOp op;
  int mark = pos_;
  if (!comparison_operator(op)) return left;
  Gather<CmpOp> ops;
  Exprs comparators;
  do {
    Expr* right = bitwise_or();
    if (!right) {
      pos_ = mark;
      break;
    }
    ops.push(op);
    comparators.push(right);
    mark = pos_;
  } while (comparison_operator(op));
  if (ops.empty()) return left;
  Compare* result = node<Compare>(start);
  result->left = left;
  result->ops = ops.seq(arena_);
  result->comparators = comparators.seq(arena_);
  return result;
}

Expr* Parser::bitwise_or() {
  if (!careful()) [[likely]]
    return binary(1);
  return memoized(Rule::BitwiseOr, [&] { return attempt([&] { return binary(1); }); });
}

/// Precedence climbing over the left-associative operators that bind at least as tightly as `lowest`.
Expr* Parser::binary(int lowest) {
  Start start = here();
  Expr* left = NEED(factor());
  for (int length = 0;; ++length) {
    check_chain(length);
    TokenKind kind = this->kind();
    int level = kPrecedence[static_cast<int>(kind)];
    if (level < lowest || level == 0) return left;
    int mark = pos_++;
    Expr* right = binary(level + 1);
    if (!right) {
      pos_ = mark;
      return left;
    }
    if (kind == TokenKind::At) check_version(5, "The '@' operator is");
    BinOp* result = node<BinOp>(start);
    result->left = left;
    result->op = operator_of(kind);
    result->right = right;
    left = result;
  }
}

Expr* Parser::factor() {
  TokenKind kind = this->kind();
  if (kind != TokenKind::Plus && kind != TokenKind::Minus && kind != TokenKind::Tilde) return power();
  Depth depth(*this);
  Start start = here();
  int mark = pos_++;
  Expr* operand = factor();
  if (!operand) {
    pos_ = mark;
    return nullptr;
  }
  UnaryOp* result = node<UnaryOp>(start);
  result->op = kind == TokenKind::Plus    ? UnaryOpKind::UAdd
               : kind == TokenKind::Minus ? UnaryOpKind::USub
                                          : UnaryOpKind::Invert;
  result->operand = operand;
  return result;
}

Expr* Parser::power() {
  Start start = here();
  Expr* base = NEED(await_primary());
  if (!at(TokenKind::DoubleStar)) return base;
  Depth depth(*this, 2);
  int mark = pos_++;
  Expr* exponent = factor();
  if (!exponent) {
    pos_ = mark;
    return base;
  }
  BinOp* result = node<BinOp>(start);
  result->left = base;
  result->op = Operator::Pow;
  result->right = exponent;
  return result;
}

Expr* Parser::await_primary() {
  if (!at(TokenKind::Await)) return primary();
  Start start = here();
  int mark = pos_++;
  Expr* value = primary();
  if (!value) {
    pos_ = mark;
    return nullptr;
  }
  check_version(5, "Await expressions are");
  Await* result = node<Await>(start);
  result->value = value;
  return result;
}

Expr* Parser::primary() {
  if (!careful()) [[likely]]
    return plain_primary();
  return memoized(Rule::Primary, [&] { return attempt([&] { return plain_primary(); }); });
}

Expr* Parser::plain_primary() {
  Start start = here();
  Expr* left = NEED(atom());
  for (int length = 0;; ++length) {
    check_chain(length);
    int mark = pos_;
    invalid_comprehension_after_primary();
    switch (kind()) {
      case TokenKind::Dot: {
        ++pos_;
        if (!at(TokenKind::Name)) {
          pos_ = mark;
          return left;
        }
        const Token& name = token();
        ++pos_;
        Attribute* result = node<Attribute>(start);
        result->value = left;
        result->attr = identifier(name);
        left = result;
        break;
      }
      case TokenKind::LeftParen: {
        Expr* call = call_suffix(start, left);
        if (!call) {
          pos_ = mark;
          return left;
        }
        left = call;
        break;
      }
      case TokenKind::LeftBracket: {
        ++pos_;
        Expr* slice = slices();
        if (!slice || !accept(TokenKind::RightBracket)) {
          pos_ = mark;
          return left;
        }
        Subscript* result = node<Subscript>(start);
        result->value = left;
        result->slice = slice;
        left = result;
        break;
      }
      default:
        return left;
    }
  }
}

Expr* Parser::atom() {
  Start start = here();
  auto constant = [&](ConstantKind kind) {
    ++pos_;
    Constant* result = node<Constant>(start);
    result->constant_kind = kind;
    return result;
  };
  switch (start->kind) {
    case TokenKind::Name:
      ++pos_;
      return name_node(*start, ExprContext::Load);
    case TokenKind::True:
      return constant(ConstantKind::True);
    case TokenKind::False:
      return constant(ConstantKind::False);
    case TokenKind::None:
      return constant(ConstantKind::None);
    case TokenKind::Ellipsis:
      return constant(ConstantKind::Ellipsis);
    case TokenKind::String:
      return strings();
    case TokenKind::Number:
      return number();
    case TokenKind::LeftParen:
      if (careful()) return memoized(Rule::Atom, [&] { return attempt([&] { return careful_parenthesized(); }); });
      return parenthesized();
    case TokenKind::LeftBracket:
      if (careful()) return memoized(Rule::Atom, [&] { return attempt([&] { return careful_bracketed(); }); });
      return bracketed();
    case TokenKind::LeftBrace:
      if (careful()) return memoized(Rule::Atom, [&] { return attempt([&] { return careful_braced(); }); });
      return braced();
    default:
      return nullptr;
  }
}

Expr* Parser::number() {
  Start start = here();
  ++pos_;
  Constant* result = node<Constant>(start);
  std::string_view digits = text(*start);
  int digit_count = 0;
  if (options_.feature_minor < 6 && digits.find('_') != std::string_view::npos) {
    raise_last("Underscores in numeric literals are only supported in Python 3.6 and greater");
  }
  if (!parse_number(digits, arena_, *result, options_.max_int_digits, digit_count)) {
    raise_at(
        start->lineno, -1, start->end_lineno, -1,
        fmt::format(
            "Exceeds the limit ({} digits) for integer string conversion: value has {} digits; use "
            "sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals to "
            "avoid decimal conversion limits.",
            options_.max_int_digits, digit_count));
  }
  return result;
}

Expr* Parser::yield_expr() {
  Start start = here();
  EXPECT(Yield);
  if (at(TokenKind::From)) {
    int mark = pos_++;
    if (Expr* value = expression()) {
      YieldFrom* result = node<YieldFrom>(start);
      result->value = value;
      return result;
    }
    pos_ = mark;
  }
  Expr* value = attempt([&] { return star_expressions(); });
  Yield* result = node<Yield>(start);
  result->value = value;
  return result;
}

Expr* Parser::yield_or_star_expressions() { return at(TokenKind::Yield) ? yield_expr() : star_expressions(); }

Expr* Parser::lambda() {
  Depth depth(*this);
  Start start = here();
  EXPECT(Lambda);
  Arguments* args = NEED(parameters(true));
  EXPECT(Colon);
  Expr* body = NEED(expression());
  Lambda* result = node<Lambda>(start);
  result->args = args;
  result->body = body;
  return result;
}

Expr* Parser::slices() {
  Start start = here();
  Exprs elements;
  if (!at(TokenKind::Star)) {
    Expr* first = NEED(attempt([&] { return slice(); }));
    if (!at(TokenKind::Comma)) return first;
    elements.push(first);
  } else {
    Expr* first = NEED(attempt([&] { return starred_expression(); }));
    elements.push(first);
  }
  while (accept(TokenKind::Comma)) {
    Expr* next = attempt([&] { return slice_or_starred(); });
    if (!next) break;
    elements.push(next);
  }
  return tuple_node(start, elements);
}

Expr* Parser::slice_or_starred() { return at(TokenKind::Star) ? starred_expression() : slice(); }

Expr* Parser::slice() {
  Start start = here();
  int mark = pos_;
  Expr* lower = nullptr;
  if (!at(TokenKind::Colon)) {
    if (!careful() && at(TokenKind::Name) && kind_at(1) == TokenKind::ColonEqual) return assignment_expression();
    lower = expression();
    if (!careful() && !lower) return nullptr;
    if (!lower || !at(TokenKind::Colon)) {
      if (!careful()) return at(TokenKind::ColonEqual) ? nullptr : lower;
      pos_ = mark;
      return named_expression();
    }
  }
  ++pos_;
  Expr* upper = nullptr;
  Expr* step = nullptr;
  if (!at(TokenKind::Colon) && !at(TokenKind::RightBracket)) upper = attempt([&] { return expression(); });
  if (accept(TokenKind::Colon)) step = attempt([&] { return expression(); });
  Slice* result = node<Slice>(start);
  result->lower = lower;
  result->upper = upper;
  result->step = step;
  return result;
}

}  // namespace hiss::syntax

// The recursive-descent parser. Private to the front end.
//
// A text is parsed at most three times. The fast pass decides with one or two tokens of lookahead and only says yes or
// no. When it says no, a careful pass follows the order of alternatives of Python's PEG grammar with backtracking: it
// finds the token at which CPython gives up. A third pass does the same with the "invalid_..." rules of the grammar
// switched on, which recognise common mistakes and raise the messages CPython has for them. Errors raised are C++
// exceptions caught in parse(); "does not match" is a null result.
#pragma once

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "syntax/ast.h"
#include "syntax/lexer.h"
#include "syntax/parser.h"

namespace hiss::syntax {

/// Returns from the calling function when the rule did not match.
#define NEED(...)             \
  ({                          \
    auto need_ = __VA_ARGS__; \
    if (!need_) return {};    \
    need_;                    \
  })
#define EXPECT(Kind)                         \
  do {                                       \
    if (!accept(TokenKind::Kind)) return {}; \
  } while (false)

/// A list under construction: short ones live on the stack.
template <class T, int kInline = 8>
class Gather {
 public:
  void push(T item) {
    if (size_ < kInline) {
      inline_[size_++] = item;
      return;
    }
    if (size_ == kInline) overflow_.assign(inline_, inline_ + kInline);
    overflow_.push_back(item);
    ++size_;
  }
  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](int i) { return data()[i]; }
  T& back() { return data()[size_ - 1]; }
  T* data() { return size_ <= kInline ? inline_ : overflow_.data(); }
  void clear() { size_ = 0; }
  void pop() {
    if (size_ > kInline) overflow_.pop_back();
    --size_;
    if (size_ == kInline) std::copy(overflow_.begin(), overflow_.end(), inline_);
  }
  Seq<T> seq(Arena& arena) { return arena.make_seq(data(), size_); }

 private:
  T inline_[kInline];
  int size_ = 0;
  std::vector<T> overflow_;
};

struct ParserContext {
  Arena& arena;
  const ParseOptions& options;
  std::vector<Warning>& warnings;
  bool malformed = false;  ///< the text holds malformed UTF-8: string literals must be checked
};

/// Thrown when an error has been worded.
struct RaisedSyntaxError {
  SyntaxErrorInfo error;
};

class Parser {
 public:
  enum class Phase : uint8_t { Fast, Careful, Diagnosing };

  Parser(ParserContext& context, Lexer& lexer, bool in_fstring);

  /// Parses a whole input; on failure `error` is filled.
  Mod* parse_module(Mode mode, SyntaxErrorInfo& error);
  /// The parenthesised expression of an f-string replacement field. Throws RaisedSyntaxError.
  Expr* parse_fstring_expression();

 private:
  enum class Rule : uint8_t {
    Expression,
    NamedExpression,
    StarExpression,
    StarNamedExpression,
    Disjunction,
    Conjunction,
    Inversion,
    BitwiseOr,
    Factor,
    Primary,
    Atom,
    Strings,
    Arguments,
    StarTarget,
    TargetWithStarAtom,
    TPrimary,
    DelTarget,
    SimpleStmt,
    Block,
    ClosedPattern,
    InvalidNamedExpression
  };
  enum class Targets : uint8_t { Star, Del, For };
  using Start = const Token*;
  using Exprs = Gather<Expr*>;

  // Tokens.
  const Token& token() {
    if (pos_ > furthest_) [[unlikely]]
      reach(pos_);
    return tokens_[pos_];
  }
  Start here() { return &token(); }
  TokenKind kind() { return token().kind; }
  TokenKind kind_at(int ahead) {
    int wanted = pos_ + ahead < token_count_ ? pos_ + ahead : token_count_ - 1;
    if (wanted > furthest_) reach(wanted);
    return tokens_[wanted].kind;
  }
  bool at(TokenKind wanted) { return kind() == wanted; }
  bool accept(TokenKind wanted) {
    if (kind() != wanted) return false;
    ++pos_;
    return true;
  }
  /// A token without which nothing else can follow: raises "expected '...'".
  void force(TokenKind wanted);
  void reach(int position);
  std::string_view text(const Token& token) const { return lexer_.text(token); }
  bool at_word(std::string_view word) { return kind() == TokenKind::Name && text(token()) == word; }
  bool at_soft_keyword();
  std::string_view identifier(const Token& token);
  bool careful() const { return phase_ != Phase::Fast; }
  bool diagnosing() const { return phase_ == Phase::Diagnosing && invalid_rules_; }

  // Nodes.
  template <class T>
  T* node(Start start) {
    T* made = arena_.make<T>();
    made->lineno = start->lineno;
    made->col_offset = start->col_offset;
    set_end(made);
    return made;
  }
  void set_end(Node* made) {
    // Newlines and indentation do not belong to the node before them.
    const Token* last = &tokens_[pos_ - 1];
    while (last->kind >= TokenKind::Newline && last->kind <= TokenKind::Dedent && last > tokens_) --last;
    made->end_lineno = last->end_lineno;
    made->end_col_offset = last->end_col_offset;
  }
  Expr* name_node(const Token& token, ExprContext context);
  Expr* tuple_node(Start start, Exprs& elements, ExprContext context = ExprContext::Load);

  template <class Function>
  auto memoized(Rule rule, Function function) -> decltype(function()) {
    uint64_t key = uint64_t(pos_) << 8 | static_cast<uint8_t>(rule);
    if (auto found = memo_.find(key); found != memo_.end()) {
      pos_ = found->second.end;
      return static_cast<decltype(function())>(found->second.node);
    }
    auto* result = function();
    memo_[key] = {result, pos_};
    return result;
  }
  /// Runs the function; when it does not match, goes back to where it began.
  template <class Function>
  auto attempt(Function function) -> decltype(function()) {
    int mark = pos_;
    auto result = function();
    if (!result) pos_ = mark;
    return result;
  }

  /// One or more elements between commas; a comma that no element follows is left alone.
  template <class Element>
  bool gather(Element element) {
    if (!attempt(element)) return false;
    while (at(TokenKind::Comma)) {
      int mark = pos_++;
      if (!attempt(element)) {
        pos_ = mark;
        break;
      }
    }
    return true;
  }

  // Expressions.
  Expr* star_expressions();
  Expr* star_expression();
  Expr* star_named_expression();
  bool star_named_expressions(Exprs& out);
  Expr* assignment_expression();
  Expr* named_expression();
  Expr* careful_named_expression();
  Expr* expression();
  Expr* plain_expression();
  Expr* conditional();
  Expr* expressions();
  Expr* disjunction();
  Expr* plain_disjunction();
  Expr* conjunction();
  Expr* inversion();
  Expr* comparison();
  bool comparison_operator(CmpOp& op);
  Expr* bitwise_or();
  Expr* binary(int lowest);
  Expr* factor();
  Expr* plain_factor();
  Expr* power();
  Expr* await_primary();
  Expr* primary();
  Expr* plain_primary();
  Expr* atom();
  Expr* number();
  Expr* yield_expr();
  Expr* yield_or_star_expressions();
  Expr* lambda();
  Expr* slices();
  Expr* slice();
  Expr* slice_or_starred();
  Expr* call_suffix(Start start, Expr* function);

  // Brackets.
  Expr* parenthesized();
  Expr* bracketed();
  Expr* braced();
  Expr* careful_parenthesized();
  Expr* careful_bracketed();
  Expr* careful_braced();
  Expr* tuple();
  Expr* group();
  Expr* genexp();
  Expr* list();
  Expr* list_comprehension();
  Expr* dict();
  Expr* set();
  Expr* dict_comprehension();
  Expr* set_comprehension();
  bool double_starred_kvpair(Exprs& keys, Exprs& values);
  bool kvpair(Expr*& key, Expr*& value);
  bool for_if_clauses(Seq<Comprehension*>& out);
  Comprehension* for_if_clause();

  // Calls.
  struct CallArguments {
    Exprs positional;
    Gather<Keyword*> keywords;
  };
  bool fast_arguments(CallArguments& out);
  struct ArgumentsHolder;
  ArgumentsHolder* careful_arguments();
  bool careful_args(CallArguments& out);
  bool careful_positional(CallArguments& out);
  bool careful_kwargs(CallArguments& out);
  bool kwarg_or_starred(CallArguments& out);
  bool kwarg_or_double_starred(CallArguments& out);
  Expr* starred_expression();
  /// [arguments] up to ')': for calls and class bases.
  bool arguments(CallArguments& out);

  // Strings and numbers.
  Expr* strings();
  Expr* plain_strings();
  struct FstringBuilder;
  struct StringLiteral;
  StringLiteral open_string(const Token& token);
  std::string_view decode_string(const Token& token, std::string_view body, bool raw);
  std::string_view decode_bytes(const Token& token, std::string_view body, bool raw);
  void check_utf8(std::string_view body);
  void warn_invalid_escape(const Token& token, const char* at);
  void fstring_parts(FstringBuilder& builder, const char*& at, const char* end, bool raw, int level,
                     const Token& token);
  bool fstring_literal(FstringBuilder& builder, const char*& at, const char* end, bool raw, int level,
                       const Token& token);
  Expr* fstring_field(FstringBuilder& builder, const char*& at, const char* end, bool raw, int level,
                      const Token& token);
  Expr* fstring_expression(const char* begin, const char* end, const Token& token);
  Expr* joined_string(FstringBuilder& builder, Start first, Start last);

  // Parameters.
  struct ParameterLists;
  Arguments* parameters(bool is_lambda);
  Arg* parameter(bool is_lambda, bool star_annotation = false);
  bool parameter_separator(bool is_lambda, Arg* arg);
  bool parameter_default(Expr*& value);
  bool star_etc(ParameterLists& lists, bool is_lambda);
  bool keyword_rest(ParameterLists& lists, bool is_lambda);
  void invalid_parameters(bool is_lambda);
  void invalid_star_etc(bool is_lambda);
  void invalid_kwds(bool is_lambda);
  Arg* param_no_default(bool is_lambda);
  bool param_with_default(bool is_lambda);
  bool param_maybe_default(bool is_lambda);
  bool slash_with_default(bool is_lambda);
  bool slash_no_default(bool is_lambda);
  bool slash_params(bool is_lambda) { return slash_no_default(is_lambda) || slash_with_default(is_lambda); }
  bool at_parameters_end(bool is_lambda) { return at(is_lambda ? TokenKind::Colon : TokenKind::RightParen); }

  // Targets.
  bool make_target(Expr* expr, ExprContext context);
  Expr* star_targets();
  Expr* star_target();
  Expr* target_with_star_atom();
  Expr* star_atom();
  Expr* t_primary();
  bool t_lookahead();
  Expr* attribute_or_subscript_target(ExprContext context);
  Expr* single_target();
  bool del_targets(Exprs& out);
  Expr* del_target();
  Expr* del_atom();

  // Statements.
  bool statements(Seq<Stmt*>& out);
  bool statement(Gather<Stmt*, 16>& out);
  bool simple_stmts(Gather<Stmt*, 16>& out);
  Stmt* simple_stmt();
  Stmt* plain_simple_stmt();
  Stmt* expression_or_assignment();
  Stmt* careful_assignment();
  Stmt* annotated(Start start, Expr* target, bool simple);
  Stmt* return_stmt();
  Stmt* import_name();
  Stmt* import_from();
  bool import_from_targets(Seq<Alias*>& out);
  bool import_from_as_names(Gather<Alias*>& out);
  bool dotted_name(std::string_view& out);
  Stmt* raise_stmt();
  Stmt* del_stmt();
  Stmt* assert_stmt();
  Stmt* scope_stmt();
  std::string_view type_comment();
  bool block(Seq<Stmt*>& out);
  bool compound_stmt(Stmt*& out);
  Stmt* function_def(Seq<Expr*> decorators);
  Stmt* class_def(Seq<Expr*> decorators);
  Stmt* decorated();
  Stmt* if_stmt();
  Stmt* while_stmt();
  Stmt* for_stmt();
  Stmt* with_stmt();
  Stmt* careful_with_stmt();
  bool with_items_parenthesized_ahead();
  WithItem* with_item();
  Stmt* try_stmt();
  ExceptHandler* except_block(bool star);
  bool else_block(Seq<Stmt*>& out);
  bool finally_block(Seq<Stmt*>& out);
  std::string_view func_type_comment();
  /// In the diagnosing pass: a missing ':' or a missing indented block after a header.
  void check_header_end(Start keyword, const char* what, bool colon_error = true);

  // Patterns.
  bool match_ahead();
  Stmt* match_stmt();
  Expr* subject_expr();
  MatchCase* case_block();
  bool guard(Expr*& out);
  Pattern* patterns();
  Pattern* pattern();
  Pattern* as_pattern();
  Pattern* or_pattern();
  Pattern* closed_pattern();
  Pattern* plain_closed_pattern();
  Pattern* literal_pattern();
  Expr* signed_number();
  Expr* literal_expr();
  Pattern* name_pattern();
  Pattern* group_or_sequence_pattern();
  Pattern* sequence_pattern();
  Pattern* mapping_pattern();
  Pattern* class_pattern(Start start, Expr* cls);
  Expr* name_or_attr();
  Pattern* maybe_star_pattern();
  bool open_sequence(Gather<Pattern*>& out, bool& had_comma);

  // Mistakes that have a message of their own ("invalid_" rules). They raise or do nothing.
  void invalid_expression();
  void invalid_legacy_expression();
  Expr* expression_without_invalid();
  void invalid_named_expression();
  void invalid_comprehension();
  /// The grammar looks for a generator expression after every primary, and with it for mistakes in any kind of bracket.
  void invalid_comprehension_after_primary() {
    if (!careful() || !diagnosing() || !(at(TokenKind::LeftBracket) || at(TokenKind::LeftBrace))) return;
    int mark = pos_;
    invalid_comprehension();
    pos_ = mark;
  }
  void invalid_group();
  void invalid_dict_comprehension();
  void invalid_double_starred_kvpairs();
  bool invalid_kvpair();
  void invalid_arguments();
  void invalid_kwarg();
  void invalid_assignment();
  Expr* invalid_ann_assign_target();
  void invalid_del_stmt();
  void invalid_with_item();
  void invalid_for_target();
  void invalid_with_stmt(bool indent);
  void invalid_try_stmt();
  void invalid_except_stmt();
  void invalid_except_indent(bool star);
  void invalid_as_pattern();
  void invalid_class_pattern();
  void nonparenthesized_genexp_in_call(CallArguments& args, Seq<Comprehension*> clauses);

  // Raising.
  static constexpr int kCurrentPosition = -5;
  [[noreturn]] void raise_at(int lineno, int column, int end_lineno, int end_column, const std::string& message,
                             SyntaxErrorInfo::Kind kind = SyntaxErrorInfo::SyntaxError);
  [[noreturn]] void raise_range(const Node* first, const Node* last, const std::string& message);
  [[noreturn]] void raise_node(const Node* node, const std::string& message) { raise_range(node, node, message); }
  [[noreturn]] void raise_token(const Token& token, const std::string& message);
  [[noreturn]] void raise_tokens(const Node* first, const Token& last, const std::string& message);
  [[noreturn]] void raise_from(const Node* node, const std::string& message);
  /// At the last token read, as CPython's RAISE_SYNTAX_ERROR.
  /// The feature_version of ast.parse: "Await expressions are" only supported in Python 3.`minor` and greater.
  void check_version(int minor, const char* what);
  [[noreturn]] void raise_last(const std::string& message, SyntaxErrorInfo::Kind kind = SyntaxErrorInfo::SyntaxError);
  [[noreturn]] void raise_memory_error();
  [[noreturn]] void raise_recursion_error();
  [[noreturn]] void raise_lexer_error();
  void raise_invalid_target(Targets targets, Expr* expr);
  int current_column() const;
  int current_line() const;
  int current_line_of_last() const { return tokens_[furthest_ < 0 ? 0 : furthest_].lineno; }
  SyntaxErrorInfo error_here(int lineno, int offset, int end_lineno, int end_offset, const std::string& message,
                             SyntaxErrorInfo::Kind kind);
  /// Lexical errors later in the text take precedence over a syntax error.
  void prefer_lexer_error(SyntaxErrorInfo& error);
  bool has_read_everything() const;
  SyntaxErrorInfo generic_error(int last_position);
  SyntaxErrorInfo incomplete_error();

  Mod* input(Mode mode);
  bool text_follows_statement() const;
  template <class Run>
  auto run_passes(Run run, SyntaxErrorInfo& error) -> decltype(run(Phase::Fast));
  void reset(Phase phase);

  struct Depth {
    explicit Depth(Parser& parser, int weight = 1) : parser_(parser), weight_(weight) {
      parser.depth_ += weight;
      if (parser.depth_ > kMaxDepth) [[unlikely]]
        parser.raise_memory_error();
    }
    ~Depth() { parser_.depth_ -= weight_; }
    Parser& parser_;
    int weight_;
  };
  static constexpr int kMaxDepth = 6000;
  /// a.b.c… and a + b + c… are read by loops but are as deep a tree: whoever walks it later must not run out of stack.
  void check_chain(int length) {
    if (length > kMaxDepth) [[unlikely]]
      raise_recursion_error();
  }

  struct Remembered {
    void* node;
    int end;
  };

  ParserContext& context_;
  Lexer& lexer_;
  Arena& arena_;
  const ParseOptions& options_;
  const Token* tokens_;
  int token_count_;
  int pos_ = 0;
  int furthest_ = -1;
  int depth_ = 0;
  int base_depth_ = 0;
  Phase phase_ = Phase::Fast;
  bool invalid_rules_ = true;
  bool in_fstring_;
  size_t lexer_warnings_;
  std::unordered_map<uint64_t, Remembered> memo_;
};

struct Parser::ArgumentsHolder {
  Seq<Expr*> positional;
  Seq<Keyword*> keywords;
};

/// How error messages call an expression: "function call", "literal", …
const char* expression_name(const Expr* expr);

/// The value of a numeric literal. False: more decimal digits than Python converts (digit_count says how many).
bool parse_number(std::string_view text, Arena& arena, Constant& out, int max_digits, int& digit_count);

}  // namespace hiss::syntax

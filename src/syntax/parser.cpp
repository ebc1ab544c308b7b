// Running the passes over a text, and the functions other layers call.
#include "syntax/parser.h"

#include <cstring>

#include "base/text.h"
#include "syntax/parser_impl.h"

namespace hiss::syntax {

namespace {

UnicodeHooks g_unicode_hooks;

bool is_about_text(const SyntaxErrorInfo& error) {
  return error.kind != SyntaxErrorInfo::MemoryError && error.kind != SyntaxErrorInfo::RecursionError;
}

}  // namespace

void set_unicode_hooks(const UnicodeHooks& hooks) { g_unicode_hooks = hooks; }
const UnicodeHooks& unicode_hooks() { return g_unicode_hooks; }

Parser::Parser(ParserContext& context, Lexer& lexer, bool in_fstring)
    : context_(context),
      lexer_(lexer),
      arena_(context.arena),
      options_(context.options),
      tokens_(lexer.tokens().data()),
      token_count_(static_cast<int>(lexer.tokens().size())),
      in_fstring_(in_fstring),
      lexer_warnings_(context.warnings.size()) {}

std::string_view Parser::identifier(const Token& token) {
  std::string_view name = text(token);
  if (!is_ascii(name) && g_unicode_hooks.nfkc) return arena_.intern(g_unicode_hooks.nfkc(name));
  return arena_.intern(name);
}

void Parser::reset(Phase phase) {
  phase_ = phase;
  pos_ = 0;
  depth_ = base_depth_;
  invalid_rules_ = true;
  memo_.clear();
  if (phase != Phase::Diagnosing) {
    // A pass starts from scratch, except that the diagnosing pass remembers how far the careful one has read.
    furthest_ = -1;
    context_.warnings.resize(lexer_warnings_);
  }
}

/// The last token read touches the end of the text, so that CPython's tokenizer has seen the end: it does not look for
/// lexical errors then.
bool Parser::has_read_everything() const {
  if (furthest_ < 0) return false;
  const Token& last = tokens_[furthest_];
  if (last.end != static_cast<int>(lexer_.source().size())) return false;
  if (last.kind == TokenKind::String) {
    // Only after '' must one look further, for a third quote.
    std::string_view literal = text(last);
    return literal.find_first_of("'\"") == literal.size() - 2;
  }
  // A newline with a place of its own is a character; without one it stands for the end of an interactive input.
  return last.kind != TokenKind::Newline || last.col_offset == -1;
}

SyntaxErrorInfo Parser::incomplete_error() {
  try {
    raise_last("incomplete input");
  } catch (RaisedSyntaxError& raised) {
    raised.error.incomplete = true;
    return std::move(raised.error);
  }
}

template <class Run>
auto Parser::run_passes(Run run, SyntaxErrorInfo& error) -> decltype(run(Phase::Fast)) {
  // A lexical error means that some pass will fail: only the careful one knows which error comes first.
  if (!lexer_.failed()) {
    try {
      reset(Phase::Fast);
      if (auto* result = run(Phase::Fast)) return result;
    } catch (RaisedSyntaxError&) {
    }
  }
  int last_read = -1;
  bool incomplete = false;
  try {
    reset(Phase::Careful);
    if (auto* result = run(Phase::Careful)) return result;
    last_read = furthest_;
    incomplete = has_read_everything();
    if (incomplete && options_.allow_incomplete) raise_last("incomplete input");
  } catch (RaisedSyntaxError& raised) {
    error = std::move(raised.error);
    bool lexical = furthest_ >= 0 && tokens_[furthest_].kind == TokenKind::Error;
    error.incomplete = lexical ? lexer_.error().incomplete : has_read_everything() && is_about_text(error);
    if (error.incomplete && options_.allow_incomplete) {
      error = incomplete_error();
      return nullptr;
    }
    if (!lexical && !has_read_everything() && is_about_text(error)) prefer_lexer_error(error);
    return nullptr;
  }
  try {
    reset(Phase::Diagnosing);
    run(Phase::Diagnosing);
  } catch (RaisedSyntaxError& raised) {
    error = std::move(raised.error);
    error.incomplete = incomplete;
    bool lexical = tokens_[furthest_].kind == TokenKind::Error;
    if (!lexical && !has_read_everything() && is_about_text(error)) prefer_lexer_error(error);
    return nullptr;
  }
  error = generic_error(last_read);
  error.incomplete = incomplete;
  return nullptr;
}

/// In single mode only blank lines and comments may follow the statement.
bool Parser::text_follows_statement() const {
  const Token& last = tokens_[furthest_];
  std::string_view rest = lexer_.source().substr(last.end);
  for (;;) {
    size_t at = rest.find_first_not_of(" \t\n\f");
    if (at == std::string_view::npos) return false;
    if (rest[at] != '#') return true;
    rest.remove_prefix(std::min(rest.size(), rest.find('\n', at)));
  }
}

Mod* Parser::input(Mode mode) {
  Start start = here();
  (void)start;
  switch (mode) {
    case Mode::Exec: {
      Seq<Stmt*> body;
      statements(body);
      EXPECT(EndMarker);
      Module* module = arena_.make<Module>();
      module->body = body;
      Gather<TypeIgnore*> ignores;
      for (const TypeIgnoreComment& comment : lexer_.type_ignores()) {
        TypeIgnore* ignore = arena_.make<TypeIgnore>();
        ignore->lineno = comment.lineno;
        ignore->tag = arena_.copy_text(comment.tag);
        ignores.push(ignore);
      }
      module->type_ignores = ignores.seq(arena_);
      return module;
    }
    case Mode::Eval: {
      Expr* body = NEED(expressions());
      while (accept(TokenKind::Newline)) {
      }
      EXPECT(EndMarker);
      Expression* result = arena_.make<Expression>();
      result->body = body;
      return result;
    }
    case Mode::Single: {
      Interactive* result = arena_.make<Interactive>();
      Gather<Stmt*, 16> body;
      // NEWLINE alone is a statement that does nothing.
      if (at(TokenKind::Newline)) {
        start = here();
        ++pos_;
        body.push(node<Pass>(start));
      } else {
        Stmt* compound = nullptr;
        if (compound_stmt(compound)) {
          EXPECT(Newline);
          body.push(compound);
        } else {
          NEED(simple_stmts(body));
        }
      }
      result->body = body.seq(arena_);
      return result;
    }
    case Mode::FuncType: {
      EXPECT(LeftParen);
      Exprs arguments;
      // Plain types, then at most one *type, then at most one **type.
      int stars = 0;
      auto argument = [&]() -> bool {
        int own_stars = at(TokenKind::Star) ? 1 : at(TokenKind::DoubleStar) ? 2 : 0;
        if (stars > 0 && own_stars <= stars) return false;
        stars = own_stars;
        if (stars > 0) ++pos_;
        arguments.push(NEED(expression()));
        return true;
      };
      if (!at(TokenKind::RightParen)) {
        NEED(attempt(argument));
        while (stars < 2 && accept(TokenKind::Comma)) NEED(argument());
      }
      EXPECT(RightParen);
      EXPECT(Arrow);
      Expr* returns = NEED(expression());
      while (accept(TokenKind::Newline)) {
      }
      EXPECT(EndMarker);
      FunctionType* result = arena_.make<FunctionType>();
      result->argtypes = arguments.seq(arena_);
      result->returns = returns;
      return result;
    }
  }
  return nullptr;
}

Mod* Parser::parse_module(Mode mode, SyntaxErrorInfo& error) {
  Mod* module = run_passes([&](Phase) { return input(mode); }, error);
  if (module && mode == Mode::Single && text_follows_statement()) {
    try {
      raise_last("multiple statements found while compiling a single statement");
    } catch (RaisedSyntaxError& raised) {
      error = std::move(raised.error);
      return nullptr;
    }
  }
  return module;
}

Expr* Parser::parse_fstring_expression() {
  SyntaxErrorInfo error;
  Expr* result = run_passes([&](Phase) { return star_expressions(); }, error);
  if (!result) throw RaisedSyntaxError{std::move(error)};
  return result;
}

std::string_view prepare_source(std::string_view source, bool end_with_newline, Arena& arena) {
  char* copy = static_cast<char*>(arena.allocate(source.size() + 1 + 8, 8));
  size_t size = 0;
  if (std::memchr(source.data(), '\r', source.size()) == nullptr) {
    std::memcpy(copy, source.data(), source.size());
    size = source.size();
  } else {
    for (size_t i = 0; i < source.size(); ++i) {
      char c = source[i];
      if (c == '\r') {
        c = '\n';
        if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
      }
      copy[size++] = c;
    }
  }
  if (end_with_newline && (size == 0 || copy[size - 1] != '\n')) copy[size++] = '\n';
  std::memset(copy + size, 0, 8);
  return {copy, size};
}

ParseResult parse(std::string_view utf8_source, const ParseOptions& options, Arena& arena) {
  ParseResult result;
  if (utf8_source.empty()) utf8_source = std::string_view("", 0);
  if (std::memchr(utf8_source.data(), 0, utf8_source.size()) != nullptr) {
    result.error.kind = SyntaxErrorInfo::ValueError;
    result.error.message = "source code string cannot contain null bytes";
    result.error.has_text = false;
    return result;
  }
  if (utf8_source.starts_with("\xEF\xBB\xBF")) utf8_source.remove_prefix(3);
  std::string_view source = prepare_source(utf8_source, options.mode == Mode::Exec, arena);
  LexerOptions lexer_options;
  lexer_options.type_comments = options.type_comments;
  lexer_options.single = options.mode == Mode::Single;
  lexer_options.dont_imply_dedent = options.dont_imply_dedent;
  Lexer lexer(source, lexer_options, &result.warnings);
  lexer.run();
  if (options.feature_minor < 7) lexer.take_async_as_name();
  ParserContext context{arena, options, result.warnings, validate_utf8(source).reason != nullptr};
  Parser parser(context, lexer, false);
  result.module = parser.parse_module(options.mode, result.error);
  return result;
}

}  // namespace hiss::syntax

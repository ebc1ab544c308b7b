// _tokenize: the tokens of the parser itself, for tokenize's tests and tools, with the numbers of the token module.
#include <fmt/core.h>

#include <string>

#include "base/text.h"
#include "compile/compiler.h"
#include "modules/module_content.h"
#include "syntax/lexer.h"

namespace hiss {

namespace {

using syntax::TokenKind;

Type iterator_type;

// The numbers of classes of tokens, and the order in which the token module numbers the punctuation marks.
enum TokenNumber : int { kName = 1, kNumber, kString, kNewline, kIndent, kDedent, kFirstMark, kOther = 54 };
constexpr int kAwait = 55, kAsync = 56, kTypeComment = 58;
constexpr std::string_view kMarks[] = {
    "(",  ")",  "[",  "]",  ":",  ",",   ";",   "+",   "-",  "*",   "/",  "|",  "&",  "<",   ">",  "=",
    ".",  "%",  "{",  "}",  "==", "!=",  "<=",  ">=",  "~",  "^",   "<<", ">>", "**", "+=",  "-=", "*=",
    "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "**=", "//", "//=", "@",  "@=", "->", "...", ":="};

int token_number(TokenKind kind) {
  switch (kind) {
    case TokenKind::Number:
      return kNumber;
    case TokenKind::String:
      return kString;
    case TokenKind::Newline:
      return kNewline;
    case TokenKind::Indent:
      return kIndent;
    case TokenKind::Dedent:
      return kDedent;
    case TokenKind::TypeComment:
      return kTypeComment;
    case TokenKind::Unknown:
      return kOther;
    case TokenKind::Async:
      return kAsync;
    case TokenKind::Await:
      return kAwait;
    default:
      break;
  }
  const std::string_view text = syntax::token_text(kind);
  for (size_t i = 0; i < std::size(kMarks); ++i) {
    if (kMarks[i] == text) return kFirstMark + static_cast<int>(i);
  }
  return kName;  // keywords too
}

struct Reading {
  syntax::Arena arena;
  syntax::Lexer lexer;
  size_t next = 0;

  explicit Reading(std::string_view source) : lexer(syntax::prepare_source(source, true, arena), {}, nullptr) {
    lexer.run();
  }
};

struct Iterator : Object {
  static constexpr Layout kLayout = Layout::Native;
  Reading* reading;
};
Iterator* self_iterator(Value v) { return static_cast<Iterator*>(v.object()); }

void iterator_dealloc(Object* o) {
  delete static_cast<Iterator*>(o)->reading;
  free_object(o);
}

Ref iterator_new(Type* cls, const Args& args) {
  Arguments bound("TokenizerIter", "(source)");
  TRY(bound.bind(args));
  const std::string source(TRY(to_utf8(bound[0])));
  if (source.find('\0') != source.npos) return fail(exc::ValueError, "embedded null character");
  auto* it = static_cast<Iterator*>(allocate(cls));
  it->reading = new Reading(source);
  return Ref::steal(it);
}

Ref iterator_next(Value self) {
  Reading& r = *self_iterator(self)->reading;
  const auto& tokens = r.lexer.tokens();
  if (r.next >= tokens.size()) return Ref();
  const syntax::Token& t = tokens[r.next++];
  if (t.kind == TokenKind::EndMarker || t.kind == TokenKind::Error) {
    r.next = tokens.size();
    // Wrong indentation only ends the tokens.
    if (t.kind == TokenKind::Error && r.lexer.error_is_strong()) return raise_syntax_error(r.lexer.error(), "<string>");
    return Ref();
  }
  const bool no_text = t.kind == TokenKind::Indent || t.kind == TokenKind::Dedent;
  return make_tuple({make_str(no_text ? std::string_view() : r.lexer.text(t)), make_int(token_number(t.kind)),
                     make_int(t.lineno), make_int(t.end_lineno), make_int(t.col_offset), make_int(t.end_col_offset),
                     make_str(r.lexer.buffered_text(t.end_lineno))});
}

Ref self_iter(Value self) { return Ref::share(self); }

Status initialize(Value module) {
  define_type(iterator_type, {.name = "_tokenize.TokenizerIter", .size = sizeof(Iterator), .layout = Layout::Native});
  iterator_type.slots.new_ = iterator_new;
  iterator_type.slots.iter = self_iter;
  iterator_type.slots.next = iterator_next;
  iterator_type.dealloc = iterator_dealloc;
  ready_type(iterator_type);
  add_type(module, iterator_type);
  return kOk;
}

const NativeDef kFunctions[] = {{}};

}  // namespace

extern const ModuleDef tokenize_module;
const ModuleDef tokenize_module = {"_tokenize", nullptr, kFunctions, initialize};

}  // namespace hiss

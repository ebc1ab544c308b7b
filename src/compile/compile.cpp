// The whole way from source text to a code object.
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "compile/compiler.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/protocol.h"

namespace hiss {

using namespace ast;

namespace {

// `from __future__ import annotations` at the head of a module; unknown features are errors.
Status read_future(Mod* module, CompileOptions& options) {
  if (!module->is<syntax::Module>()) return kOk;
  bool allowed = true;
  bool first = true;
  int32_t last_line = 0;  // of the last statement that belongs to the head
  for (Stmt* s : module->as<syntax::Module>()->body) {
    const bool doc = first && s->is<ExprStmt>() && s->as<ExprStmt>()->value->is<Constant>() &&
                     s->as<ExprStmt>()->value->as<Constant>()->constant_kind == ConstantKind::Str;
    first = false;
    if (allowed || s->lineno == last_line) last_line = s->lineno;
    if (doc) continue;
    if (!s->is<ImportFrom>() || s->as<ImportFrom>()->module != "__future__" || s->as<ImportFrom>()->level) {
      allowed = false;
      continue;
    }
    auto raise = [&](std::string message) {
      SyntaxErrorInfo info;
      info.message = std::move(message);
      info.lineno = s->lineno;
      info.offset = s->col_offset + 1;
      info.end_lineno = s->lineno;
      return raise_located_error(info, options.filename);
    };
    if (!allowed) {
      SyntaxErrorInfo info;
      info.message = "from __future__ imports must occur at the beginning of the file";
      info.lineno = s->lineno;
      if (s->lineno == last_line) {
        info.end_lineno = s->lineno;
        info.offset = s->col_offset;  // CPython forgets to count from 1 here
        return raise_located_error(info, options.filename);
      }
      info.offset = s->col_offset + 1;
      info.end_lineno = s->end_lineno;
      info.end_offset = s->end_col_offset + 1;
      return raise_syntax_error(info, options.filename);
    }
    for (Alias* a : s->as<ImportFrom>()->names) {
      if (a->name == "annotations") {
        options.future_annotations = true;
      } else if (a->name == "braces") {
        return raise("not a chance");
      } else {
        bool known = false;
        for (std::string_view k : {"nested_scopes", "generators", "division", "absolute_import", "with_statement",
                                   "print_function", "unicode_literals", "barry_as_FLUFL", "generator_stop"}) {
          known |= a->name == k;
        }
        if (!known) return raise("future feature " + std::string(a->name) + " is not defined");
      }
    }
  }
  return kOk;
}

Type& error_type(SyntaxErrorInfo::Kind kind) {
  switch (kind) {
    case SyntaxErrorInfo::IndentationError:
      return exc::IndentationError;
    case SyntaxErrorInfo::TabError:
      return exc::TabError;
    case SyntaxErrorInfo::MemoryError:
      return exc::MemoryError;
    case SyntaxErrorInfo::RecursionError:
      return exc::RecursionError;
    case SyntaxErrorInfo::ValueError:
      return exc::ValueError;
    default:
      return exc::SyntaxError;
  }
}

// The text of a line for an error that the parser did not find: only a file that can be read has it.
std::string source_line(const std::string& filename, int line) {
  std::ifstream file(filename, std::ios::binary);
  if (!file) return "";
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::string_view text = bytes;
  for (int i = 1; i < line && !text.empty(); ++i) {
    const size_t newline = text.find('\n');
    if (newline == text.npos) return "";
    text.remove_prefix(newline + 1);
  }
  const size_t newline = text.find('\n');
  return replace_malformed_utf8(newline == text.npos ? text : text.substr(0, newline + 1));
}

// A warning of the lexer or the parser. When the filter makes an exception of it, it is a syntax error instead, which
// says where.
Status show_warning(const syntax::Warning& w, const std::string& filename) {
  Type& category = w.category == syntax::Warning::SyntaxWarning ? exc::SyntaxWarning : exc::DeprecationWarning;
  if (!warn_explicit(category, w.message, filename, w.lineno).is_error()) return kOk;
  if (!pending_is(category)) return Failure{};
  clear_pending();
  SyntaxErrorInfo info;
  info.message = w.message;
  info.lineno = w.lineno;
  info.offset = w.col_offset + 1;
  info.end_lineno = w.end_lineno;
  info.end_offset = w.end_col_offset + 1;
  return raise_syntax_error(info, filename);
}

}  // namespace

Failure raise_syntax_error(const SyntaxErrorInfo& info, const std::string& filename) {
  Type& type = error_type(info.kind);
  if (info.kind == SyntaxErrorInfo::MemoryError || info.kind == SyntaxErrorInfo::RecursionError ||
      info.kind == SyntaxErrorInfo::ValueError) {
    return fail_text(type, info.message);
  }
  if (info.lineno == 0) return fail_text(type, info.message);
  std::string line_text = info.line_text;
  if (line_text.empty() && info.lineno > 0) line_text = source_line(filename, info.lineno);
  Ref text = line_text.empty() ? Ref::none() : make_str(line_text);
  Ref details = make_tuple({make_str(filename), Value::integer(info.lineno), Value::integer(info.offset), text,
                            Value::integer(info.end_lineno), Value::integer(info.end_offset)});
  Ref error = call(to_value(&type), {make_str(info.message), details});
  if (error.is_error()) return Failure{};
  return fail_with(error);
}

Failure raise_located_error(const SyntaxErrorInfo& info, const std::string& filename) {
  Ref error = TRY(call(to_value(&exc::SyntaxError), {make_str(info.message)}));
  const std::string line_text = source_line(filename, info.lineno);
  auto number_or_none = [](int number) { return number > 0 ? make_int(number) : Ref::none(); };
  TRY(set_attr(error, intern("filename"), make_str(filename)));
  TRY(set_attr(error, intern("lineno"), make_int(info.lineno)));
  TRY(set_attr(error, intern("offset"), make_int(info.offset)));
  TRY(set_attr(error, intern("end_lineno"), number_or_none(info.end_lineno)));
  TRY(set_attr(error, intern("end_offset"), number_or_none(info.end_offset)));
  if (!line_text.empty()) TRY(set_attr(error, intern("text"), make_str(line_text)));
  return fail_with(error);
}

Ref Compiler::compile(Mod* module) {
  push_unit(UnitKind::Module, module, "<module>");
  unit_->first_line = 1;
  unit_->position = {1, 1, 0, 0};
  switch (module->kind) {
    case NodeKind::Module: {
      auto statements = module->as<syntax::Module>()->body;
      bool annotated = false;
      auto has_annotation = [&](auto&& self, Seq<Stmt*> list) -> void {
        for (Stmt* x : list) {
          if (x->is<AnnAssign>()) annotated = true;
          if (x->is<If>()) self(self, x->as<If>()->body), self(self, x->as<If>()->orelse);
          if (x->is<For>()) self(self, x->as<For>()->body), self(self, x->as<For>()->orelse);
          if (x->is<While>()) self(self, x->as<While>()->body), self(self, x->as<While>()->orelse);
          if (x->is<With>()) self(self, x->as<With>()->body);
          if (x->is<Try>()) {
            self(self, x->as<Try>()->body), self(self, x->as<Try>()->orelse), self(self, x->as<Try>()->finalbody);
            for (ExceptHandler* h : x->as<Try>()->handlers) self(self, h->body);
          }
        }
      };
      has_annotation(has_annotation, statements);
      if (annotated) emit(Op::SetupAnnotations, 0, 0, 0, 0);
      Ref doc = docstring(statements);
      if (!doc.is_empty()) {
        at(statements[0]);
        const Register t = temporary();
        load_constant(t, doc);
        emit_wide(Op::StoreName, static_cast<uint32_t>(t), name("__doc__"));
        release(t);
        free_to(t);
      }
      body(statements);
      break;
    }
    case NodeKind::Interactive:
      interactive_ = true;
      body(module->as<Interactive>()->body);
      break;
    case NodeKind::Expression: {
      const Operand value = expression(module->as<Expression>()->body);
      emit_return(value.reg);
      unit_->unreachable = true;
      break;
    }
    default:
      fail(nullptr, "this kind of syntax tree cannot be compiled");
      break;
  }
  if (failed_) return Failure{};
  Ref code = finish_unit();
  if (failed_) return Failure{};
  return code;
}

Result<std::unique_ptr<ScopeTree>> analyze_module(Mod* module, CompileOptions& options) {
  TRY(read_future(module, options));
  auto scopes = analyze_scopes(module, options.future_annotations);
  if (!scopes->ok) return raise_located_error(scopes->error, options.filename);
  return scopes;
}

Ref compile_module(Mod* module, const CompileOptions& options_in) {
  CompileOptions options = options_in;
  auto scopes = TRY(analyze_module(module, options));
  return Compiler(options, *scopes).compile(module);
}

Result<Mod*> parse_source(std::string_view utf8, const std::string& filename, const ParseOptions& options,
                          Arena& arena) {
  ParseOptions parsing = options;
  parsing.max_int_digits = int_max_str_digits;
  ParseResult result = parse(utf8, parsing, arena);
  for (const auto& w : result.warnings) {
    TRY(show_warning(w, filename));
  }
  if (!result) return raise_syntax_error(result.error, filename);
  return result.module;
}

Ref compile_source(std::string_view utf8, const ParseOptions& parse_options, const CompileOptions& options) {
  Arena arena;
  Mod* module = TRY(parse_source(utf8, options.filename, parse_options, arena));
  return compile_module(module, options);
}

Ref compile_source(std::string_view utf8, const std::string& filename, Mode mode, const CompileOptions& options_in) {
  ParseOptions parse_options;
  parse_options.mode = mode;
  parse_options.byte_columns = options_in.byte_columns;
  CompileOptions options = options_in;
  options.filename = filename;
  return compile_source(utf8, parse_options, options);
}

}  // namespace hiss

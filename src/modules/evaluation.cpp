#include "modules/evaluation.h"

#include "compile/compiler.h"
#include "modules/_ast/tree.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "object/exception.h"
#include "object/frame.h"
#include "object/generator.h"
#include "object/protocol.h"
#include "syntax/source.h"
#include "vm/audit.h"
#include "vm/call_stack.h"
#include "vm/frame_access.h"
#include "vm/runtime.h"

namespace hiss {

Ref run_function_in(Function* function, Value locals) {
  ThreadState& ts = thread_state();
  CallRecord* record = TRY(push_record(ts, function, ts.record->top));
  record->locals = Ref::share(locals).release();
  record->kind = RecordKind::Entry;
  Ref hold = Ref::share(function);
  return interpret(ts);
}

Ref run_code(Code* code, Dict* globals, Value locals, Value closure) {
  if (!dict_get(globals, names.__builtins__)) dict_set(globals, names.__builtins__, TRY(import_module("builtins")));
  Ref function = TRY(make_function(code, globals));
  if (closure) as<Function>(function)->closure = Ref::share(closure).release();
  if (code->code_flags & kCodeOptimized) return call(function);
  if (code->code_flags & kCodeCoroutine) {
    Ref coroutine = make_generator(as<Function>(function), nullptr);
    if (!coroutine.is_error()) as<Generator>(coroutine)->locals = Ref::share(locals).release();
    return coroutine;
  }
  return run_function_in(as<Function>(function), locals);
}

namespace {

constexpr int64_t kOnlyAst = 0x400;
constexpr int64_t kFutureAnnotations = 0x1000000;
constexpr int64_t kTopLevelAwait = 0x2000;
constexpr int64_t kAllowIncomplete = 0x4000;
constexpr int64_t kDontImplyDedent = 0x200;
constexpr int64_t kTypeComments = 0x1000;
constexpr int64_t kBarry = 0x400000;
constexpr int64_t kKnownFlags = 0x1FE0000 | kOnlyAst | kTypeComments | kTopLevelAwait | kAllowIncomplete |
                                kDontImplyDedent | 0x10;  // those of __future__, and CO_NESTED, which means nothing now

// The text of source given as str or bytes; ValueError for null characters.
Result<std::string> source_text(Value source, const char* function, const std::string& filename) {
  std::string text;
  if (is<Str>(source)) {
    text = to_string(source);
    for (size_t i = 0; i + 2 < text.size(); ++i) {
      if (static_cast<uint8_t>(text[i]) == 0xED && static_cast<uint8_t>(text[i + 1]) >= 0xA0) {
        // A lone surrogate cannot be encoded: the codec's own error says where it stands.
        return fail(exc::UnicodeEncodeError, "'utf-8' codec can't encode character: surrogates not allowed");
      }
    }
  } else if (has_buffer(source)) {
    BufferView view(TRY(get_buffer(source)));
    std::string_view bytes(reinterpret_cast<const char*>(view.data()), static_cast<size_t>(view.length()));
    if (bytes.find('\0') != bytes.npos) return fail(exc::ValueError, "source code string cannot contain null bytes");
    syntax::DecodedSource decoded = syntax::decode_source(bytes);
    if (!decoded.ok) return raise_syntax_error(decoded.error, filename);
    return decoded.text;
  } else {
    return fail(exc::TypeError, "{}() arg 1 must be a string, bytes or {} object", function,
                std::string_view(function) == "compile" ? "AST" : "code");
  }
  if (text.find('\0') != text.npos) return fail(exc::ValueError, "source code string cannot contain null bytes");
  return text;
}

Status audit_source(const std::string& text, const std::string& filename) {
  return auditing ? audit("compile", {make_bytes(text), make_str(filename)}) : kOk;
}

bool inherited_future() {
  CallRecord* record = thread_state().record;
  return record->code && (record->code->code_flags & kCodeFutureAnnotations);
}

}  // namespace

Ref builtin_compile(Value, const Value* a) {
  // (source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)
  std::string filename;
  if (is<Str>(a[1])) {
    filename = to_string(a[1]);
  } else if (has_buffer(a[1])) {
    BufferView view(TRY(get_buffer(a[1])));
    filename.assign(reinterpret_cast<const char*>(view.data()), static_cast<size_t>(view.length()));
  } else {
    Ref path = TRY(call_special(a[1], names.__fspath__));
    if (!is<Str>(path))
      return fail(exc::TypeError, "expected str, bytes or os.PathLike object, not {}", type_name(a[1]));
    filename = to_string(path);
  }
  if (!is<Str>(a[2])) return fail(exc::TypeError, "compile() argument 'mode' must be str, not {}", type_name(a[2]));
  const std::string mode_text = to_string(a[2]);
  const int64_t flags = a[3] ? TRY(to_int64(a[3])) : 0;
  if (flags & ~kKnownFlags) return fail(exc::ValueError, "compile(): unrecognised flags");
  const bool inherit = !(a[4] && TRY(truth(a[4])));
  const int64_t optimize = a[5] ? TRY(to_int64(a[5])) : -1;
  if (optimize < -1 || optimize > 2) return fail(exc::ValueError, "compile(): invalid optimize value");
  syntax::Mode mode;
  if (mode_text == "exec") {
    mode = syntax::Mode::Exec;
  } else if (mode_text == "eval") {
    mode = syntax::Mode::Eval;
  } else if (mode_text == "single") {
    mode = syntax::Mode::Single;
  } else if (mode_text == "func_type") {
    if (!(flags & kOnlyAst)) return fail(exc::ValueError, "compile() mode 'func_type' requires flag PyCF_ONLY_AST");
    mode = syntax::Mode::FuncType;
  } else {
    return fail(exc::ValueError, "compile() mode must be 'exec', 'eval'{} or 'single'",
                flags & kOnlyAst ? ", 'single', 'func_type'" : "");
  }
  const bool tree_given = TRY(is_tree(a[0]));
  if (tree_given && (flags & kOnlyAst)) return Ref::share(a[0]);
  CompileOptions options;
  options.filename = filename;
  options.optimize = optimize < 0 ? runtime_options().optimize : static_cast<int>(optimize);
  options.future_annotations = (flags & kFutureAnnotations) || (inherit && inherited_future());
  options.top_level_await = flags & kTopLevelAwait;
  if (tree_given) {
    ObjectTree tree;
    TRY(object_to_tree(a[0], mode, tree));
    TRY(validate_tree(tree.module));
    return compile_module(tree.module, options);
  }
  std::string text = TRY(source_text(a[0], "compile", filename));
  TRY(audit_source(text, filename));
  syntax::ParseOptions parsing;
  parsing.mode = mode;
  parsing.dont_imply_dedent = flags & kDontImplyDedent;
  parsing.type_comments = flags & kTypeComments;
  parsing.barry_as_bdfl = flags & kBarry;
  parsing.allow_incomplete = flags & kAllowIncomplete;
  if (!(flags & kOnlyAst)) return compile_source(text, parsing, options);
  const int64_t feature_version = a[6] ? TRY(to_int64(a[6])) : -1;
  if (feature_version >= 0) parsing.feature_minor = static_cast<int>(feature_version);
  syntax::Arena arena;
  return tree_to_object(TRY(parse_source(text, filename, parsing, arena)));
}

namespace {

struct Namespaces {
  Ref globals, locals;
};

Result<Namespaces> namespaces(const Value* a, const char* function) {
  Namespaces out;
  Value globals = a[1] && !a[1].is_none() ? a[1] : Value();
  Value locals = a[2] && !a[2].is_none() ? a[2] : Value();
  if (globals && !is<Dict>(globals)) {
    return fail(exc::TypeError, "{}() globals must be a dict, not {}", function, type_name(globals));
  }
  if (locals && !type_of(locals)->slots.getitem) return fail(exc::TypeError, "locals must be a mapping");
  if (!globals) {
    CallRecord* record = thread_state().record;
    if (!record->code) return fail(exc::SystemError, "globals and locals cannot be NULL");
    out.globals = Ref::share(record->globals());
    out.locals = locals ? Ref::share(locals) : TRY(record_locals(record));
  } else {
    out.globals = Ref::share(globals);
    out.locals = Ref::share(locals ? locals : globals);
  }
  return out;
}

Ref evaluate(const Value* a, syntax::Mode mode, const char* function) {
  Namespaces spaces = TRY(namespaces(a, function));
  if (is<Code>(a[0])) {
    TRY(audit("exec", {a[0]}));
    auto* code = as<Code>(a[0]);
    const int64_t free_count = as<Tuple>(code->freevars)->size;
    Value closure = mode == syntax::Mode::Exec && a[3] && !a[3].is_none() ? a[3] : Value();
    if (free_count && !closure) {
      if (mode == syntax::Mode::Eval)
        return fail(exc::TypeError, "code object passed to eval() may not contain free variables");
      return fail(exc::TypeError, "code object requires a closure of exactly length {}", free_count);
    }
    return run_code(code, as<Dict>(spaces.globals), spaces.locals, closure);
  }
  std::string text = TRY(source_text(a[0], function, "<string>"));
  if (mode == syntax::Mode::Eval) text.erase(0, text.find_first_not_of(" \t"));
  CompileOptions options;
  options.optimize = runtime_options().optimize;
  options.future_annotations = inherited_future();
  TRY(audit_source(text, "<string>"));
  Ref code = TRY(compile_source(text, "<string>", mode, options));
  TRY(audit("exec", {code}));
  return run_code(as<Code>(code), as<Dict>(spaces.globals), spaces.locals);
}

}  // namespace

Ref builtin_eval(Value, const Value* a) {
  const Value padded[4] = {a[0], a[1], a[2], Value()};
  return evaluate(padded, syntax::Mode::Eval, "eval");
}
Ref builtin_exec(Value, const Value* a) {
  TRY(evaluate(a, syntax::Mode::Exec, "exec"));
  return Ref::none();
}

}  // namespace hiss

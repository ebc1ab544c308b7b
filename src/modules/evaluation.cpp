#include "modules/evaluation.h"

#include "compile/compiler.h"
#include "compile/source_text.h"
#include "modules/_ast/tree.h"
#include "object/bytes.h"
#include "object/exception.h"
#include "object/frame.h"
#include "object/generator.h"
#include "object/protocol.h"
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
  if (!dict_get(globals, names.__builtins__)) {
    CallRecord* record = thread_state().record;
    dict_set(globals, names.__builtins__, to_value(record && record->code ? record->builtins() : builtins_dict()));
  }
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
  const std::string filename = TRY(filename_argument(a[1]));
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
  const SourceText source = TRY(source_argument(a[0], "compile", "string, bytes or AST object", filename));
  const std::string& text = source.text;
  TRY(audit_source(text, filename));
  syntax::ParseOptions parsing;
  parsing.byte_columns = source.byte_columns;
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
  SourceText source = TRY(source_argument(a[0], function, "string, bytes or code object", "<string>"));
  std::string& text = source.text;
  if (mode == syntax::Mode::Eval) text.erase(0, text.find_first_not_of(" \t"));
  CompileOptions options;
  options.byte_columns = source.byte_columns;
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

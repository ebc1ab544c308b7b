// sys: the interpreter as Python sees it.
#include <unistd.h>
#include <algorithm>

#include <climits>
#include <cstdio>
#include <vector>

#include "compile/code.h"
#include "memory/collector.h"
#include "memory/small_objects.h"
#include "modules/_io/standard_streams.h"
#include "object/class_builder.h"
#include "object/codecs_text.h"
#include "object/exception.h"
#include "object/frame.h"
#include "object/generator.h"
#include "object/int.h"
#include "object/protocol.h"
#include "object/shape.h"
#include "object/struct_sequence.h"
#include "vm/audit.h"
#include "vm/finalize.h"
#include "vm/import.h"
#include "vm/library_path.h"
#include "vm/runtime.h"
#include "vm/threads.h"

namespace hiss {

extern int32_t int_max_str_digits;

namespace {

Ref module_ref;

Ref sys_exit(Value, const Value* a) {
  Ref code = a[0] ? Ref::share(a[0]) : Ref::none();
  Ref exit =
      code.is_none() && !a[0] ? TRY(call(to_value(&exc::SystemExit))) : TRY(call(to_value(&exc::SystemExit), {code}));
  return fail_with(exit);
}
Ref sys_getrefcount(Value, const Value* a) { return make_int(a[0].is_object() ? a[0].object()->refs : INT32_MAX); }
Ref sys_getrecursionlimit(Value, const Value*) { return make_int(recursion_limit); }
Ref sys_setrecursionlimit(Value, const Value* a) {
  const int64_t n = TRY(to_int64(a[0]));
  if (n < 1) return fail(exc::ValueError, "recursion limit must be greater or equal than 1");
  if (n > INT32_MAX - 1000) return fail(exc::OverflowError, "Python int too large to convert to C int");
  const int32_t depth = stack_depth(thread_state());
  if (depth >= n) {
    return fail(exc::RecursionError,
                "cannot set the recursion limit to {} at the recursion depth {}: the limit is too low", n, depth);
  }
  set_recursion_limit(static_cast<int32_t>(n));
  return Ref::none();
}
Ref sys_intern(Value, const Value* a) {
  if (!is_exact(a[0], str_type)) return fail(exc::TypeError, "can't intern {}", type_name(a[0]));
  return Ref::share(intern(as<Str>(a[0])));
}
Ref sys_exc_info(Value, const Value*) {
  Value e = handled_exception();
  if (!e) return make_tuple({Value::none(), Value::none(), Value::none()});
  Value t = as<Exception>(e)->traceback;
  return make_tuple({to_value(type_of(e)), e, t ? t : Value::none()});
}
Ref sys_exception(Value, const Value*) {
  Value e = handled_exception();
  return e ? Ref::share(e) : Ref::none();
}
Ref sys_getframe(Value, const Value* a) {
  int64_t depth = a[0] ? TRY(to_int64(a[0])) : 0;
  CallRecord* record = thread_state().record;
  while (depth > 0 && record->code) {
    --record;
    --depth;
  }
  if (!record->code) return fail(exc::ValueError, "call stack is not deep enough");
  Ref frame = Ref::share(frame_of(record));
  TRY(audit("sys._getframe", {frame}));
  return frame;
}
Ref sys_getsizeof(Value, const Value* a) {
  Ref method = TRY(lookup_special(a[0], names.__sizeof__));
  if (method.is_empty()) {
    if (a[1]) return Ref::share(a[1]);
    return fail(exc::TypeError, "Type {} doesn't define __sizeof__", type_name(a[0]));
  }
  Ref size = TRY(call(method));
  const int64_t n = TRY(to_int64(size));
  if (n < 0) return fail(exc::ValueError, "__sizeof__() should return >= 0");
  return make_int(n + (a[0].is_object() && has_gc(a[0].object()) ? 16 : 0));
}
Ref sys_getdefaultencoding(Value, const Value*) { return make_str("utf-8"); }
Ref sys_getfilesystemencoding(Value, const Value*) { return make_str("utf-8"); }
Ref sys_getfilesystemencodeerrors(Value, const Value*) { return make_str("surrogateescape"); }
Ref sys_is_finalizing(Value, const Value*) { return Ref::boolean(is_finalizing()); }
Ref sys_get_digits(Value, const Value*) { return make_int(int_max_str_digits); }
Ref sys_set_digits(Value, const Value* a) {
  const int64_t n = TRY(to_int64(a[0]));
  if (n != 0 && n < 640) return fail(exc::ValueError, "maxdigits must be 0 or larger than 640");
  int_max_str_digits = static_cast<int32_t>(n);
  return Ref::none();
}
Ref sys_unavailable_trace(Value, const Value* a) {
  if (a[0].is_none()) return Ref::none();
  return fail(exc::NotImplementedError, "sys.settrace() and sys.setprofile() are not supported by Hiss yet");
}
Ref sys_no_trace(Value, const Value*) { return Ref::none(); }
Ref sys_getallocatedblocks(Value, const Value*) { return make_int(allocated_blocks()); }
Ref sys_switch_interval(Value, const Value*) { return make_float(1e-6 * static_cast<double>(switch_interval)); }
Ref sys_set_switch_interval(Value, const Value* a) {
  const double seconds = TRY(to_double(a[0]));
  if (!(seconds > 0)) return fail(exc::ValueError, "switch interval must be strictly positive");
  switch_interval = seconds > 1e9 ? int64_t{1000000000000000} : static_cast<int64_t>(seconds * 1e6);
  return Ref::none();
}
Ref sys_current_frames(Value, const Value*) {
  Ref dict = make_dict();
  CallRecord* record = thread_state().record;
  if (record->code) TRY(dict_set(as<Dict>(dict), make_uint(thread_state().id), to_value(frame_of(record))));
  return dict;
}
StructSequenceType asyncgen_hooks_type;
const StructField kAsyncgenHooksFields[] = {{"firstiter", nullptr}, {"finalizer", nullptr}};

Ref sys_get_asyncgen_hooks(Value, const Value*) {
  ThreadState& ts = thread_state();
  return make_struct_sequence(asyncgen_hooks_type,
                              {Ref::share(ts.async_first_iteration), Ref::share(ts.async_finalizer)});
}
Ref sys_set_asyncgen_hooks(Value, const Value* a) {
  ThreadState& ts = thread_state();
  Value* slots[] = {&ts.async_first_iteration, &ts.async_finalizer};
  const char* hook_names[] = {"firstiter", "finalizer"};
  for (int i = 1; i >= 0; --i) {
    if (a[i] && !a[i].is_none() && !is_callable(a[i]))
      return fail(exc::TypeError, "callable {} expected, got {}", hook_names[i], type_name(a[i]));
  }
  for (int i = 0; i < 2; ++i) {
    if (!a[i]) continue;
    Value old = *slots[i];
    *slots[i] = a[i].is_none() ? Value() : Ref::share(a[i]).release();
    release(old);
  }
  return Ref::none();
}
Ref sys_get_origin_depth(Value, const Value*) { return make_int(thread_state().coroutine_origin_depth); }
Ref sys_set_origin_depth(Value, const Value* a) {
  const int64_t n = TRY(to_int64(a[0]));
  if (n < 0) return fail(exc::ValueError, "depth must be >= 0");
  thread_state().coroutine_origin_depth = static_cast<int32_t>(n);
  return Ref::none();
}
Ref sys_audit(Value, const Value* a) {
  auto* given = as<Tuple>(a[0]);
  if (given->size == 0) return fail(exc::TypeError, "audit() missing 1 required positional argument: 'event'");
  if (!is<Str>(given->items[0]))
    return fail(exc::TypeError, "expected str for argument 'event', not {}", type_name(given->items[0]));
  if (!auditing) return Ref::none();
  Ref rest = make_tuple(given->items + 1, given->size - 1);
  TRY(audit(given->items[0], rest));
  return Ref::none();
}
Ref sys_addaudithook(Value, const Value* a) {
  // The hooks that are there may refuse another one: by an Exception in silence, by other exceptions aloud.
  if (audit("sys.addaudithook", {}).is_error()) {
    if (!pending_is(exc::Exception)) return Failure{};
    clear_pending();
    return Ref::none();
  }
  add_audit_hook(a[0]);
  return Ref::none();
}

Ref sys_displayhook(Value, const Value* a) {
  if (a[0].is_none()) return Ref::none();
  Ref builtins = Ref::share(get_builtin_module());
  TRY(set_attr(builtins, intern("_"), Value::none()));
  Ref text = TRY(repr(a[0]));
  Ref out = TRY(get_attr_or_empty(module_ref, names.stdout));
  if (out.is_empty()) return fail(exc::RuntimeError, "lost sys.stdout");
  TRY(call_method(out, names.write, {text}));
  Ref newline = make_char('\n');
  TRY(call_method(out, names.write, {newline}));
  TRY(set_attr(builtins, intern("_"), a[0]));
  return Ref::none();
}
Ref sys_excepthook(Value, const Value* a) {
  Ref file = TRY(get_attr_or_empty(module_ref, names.stderr));
  if (is<Exception>(a[1])) {
    auto* e = as<Exception>(a[1]);
    if (is<Traceback>(a[2]) && !e->traceback) e->traceback = Ref::share(a[2]).release();
    if (!file.is_empty() && !file.is_none()) TRY(print_exception(a[1], file));
  }
  return Ref::none();
}
Ref sys_unraisablehook(Value, const Value* a) {
  Ref file = TRY(get_attr_or_empty(module_ref, names.stderr));
  if (file.is_empty() || file.is_none()) return Ref::none();
  Ref object = TRY(get_attr(a[0], names.object));
  Ref message = TRY(get_attr(a[0], "err_msg"));
  Ref value = TRY(get_attr(a[0], "exc_value"));
  std::string head;
  if (!object.is_none()) {
    head = fmt::format("{}: {}\n", message.is_none() ? "Exception ignored in" : to_string(message), repr_text(object));
  } else if (!message.is_none()) {
    head = to_string(message) + ":\n";
  }
  if (!head.empty()) {
    Ref text = make_str(head);
    TRY(call_method(file, names.write, {text}));
  }
  if (is<Exception>(value)) TRY(print_exception(value, file));
  return Ref::none();
}
Ref sys_breakpointhook(Value, const Value* a) {
  Ref pdb = TRY(import_module("pdb"));
  Ref function = TRY(get_attr(pdb, "set_trace"));
  return call_with(function, as<Tuple>(a[0]), as<Dict>(a[1]));
}

const NativeDef kFunctions[] = {
    {"exit", "($module, status=None, /)", sys_exit,
     "Raise SystemExit(status), which ends the program unless it is caught."},
    {"getrefcount", "($module, object, /)", sys_getrefcount,
     "How many references to object there are; the argument itself counts as one."},
    {"getrecursionlimit", "($module, /)", sys_getrecursionlimit,
     "How deep calls may nest before RecursionError is raised."},
    {"setrecursionlimit", "($module, limit, /)", sys_setrecursionlimit,
     "Set how deep calls may nest before RecursionError is raised."},
    {"intern", "($module, string, /)", sys_intern,
     "The one interned string that equals string, which can then be compared by identity."},
    {"exc_info", "($module, /)", sys_exc_info,
     "The type, value and traceback of the exception being handled, or (None, None, None)."},
    {"exception", "($module, /)", sys_exception, "The exception being handled, or None."},
    {"_getframe", "($module, depth=0, /)", sys_getframe,
     "The frame of the caller, or the one depth calls further out. ValueError if there are not so many."},
    {"getsizeof", "($module, object, default=None)", sys_getsizeof,
     "What object.__sizeof__() says, plus the collector's overhead, in bytes; default if it says nothing."},
    {"getdefaultencoding", "($module, /)", sys_getdefaultencoding,
     "The encoding str.encode() and bytes.decode() use by default: 'utf-8'."},
    {"getfilesystemencoding", "($module, /)", sys_getfilesystemencoding, "The encoding of file names."},
    {"getfilesystemencodeerrors", "($module, /)", sys_getfilesystemencodeerrors,
     "The error handler that goes with the encoding of file names."},
    {"is_finalizing", "($module, /)", sys_is_finalizing, "Whether the interpreter is shutting down."},
    {"get_int_max_str_digits", "($module, /)", sys_get_digits,
     "How many digits an int may have when it is converted to or from decimal text; 0 means no limit."},
    {"set_int_max_str_digits", "($module, /, maxdigits)", sys_set_digits,
     "Set how many digits an int may have when it is converted to or from decimal text: 0 for no limit, else at least "
     "640."},
    {"settrace", "($module, function, /)", sys_unavailable_trace, "Only None is accepted: Hiss has no tracing yet."},
    {"gettrace", "($module, /)", sys_no_trace, "The trace function, or None."},
    {"setprofile", "($module, function, /)", sys_unavailable_trace,
     "Only None is accepted: Hiss has no profiling yet."},
    {"getprofile", "($module, /)", sys_no_trace, "The profile function, or None."},
    {"getallocatedblocks", "($module, /)", sys_getallocatedblocks,
     "How many blocks of memory objects occupy now; they are counted when this is asked."},
    {"getswitchinterval", "($module, /)", sys_switch_interval,
     "How long a thread may run before another gets its turn, in seconds."},
    {"setswitchinterval", "($module, interval, /)", sys_set_switch_interval,
     "Let a thread run for this many seconds while others wait for their turn."},
    {"_current_frames", "($module, /)", sys_current_frames,
     "A dict from thread identifiers to the frames now running."},
    {"get_asyncgen_hooks", "($module, /)", sys_get_asyncgen_hooks,
     "The hooks (firstiter, finalizer) of asynchronous generators."},
    {"set_asyncgen_hooks", "($module, /, firstiter=None, finalizer=None)", sys_set_asyncgen_hooks,
     "Set the hooks of asynchronous generators: firstiter sees one that starts, finalizer one that is dropped "
     "unfinished."},
    {"get_coroutine_origin_tracking_depth", "($module, /)", sys_get_origin_depth,
     "How many frames cr_origin of a new coroutine remembers in this thread; 0 for none."},
    {"set_coroutine_origin_tracking_depth", "($module, /, depth)", sys_set_origin_depth,
     "Set how many frames cr_origin of a new coroutine remembers in this thread; 0 for none."},
    {"audit", "($module, /, *args)", sys_audit,
     "audit(event, *args): tell the audit hooks of an event. An exception of a hook comes back to the caller."},
    {"addaudithook", "($module, /, hook)", sys_addaudithook,
     "Call hook(event, args) for every event from now on. There is no way to take a hook away."},
    {"displayhook", "($module, object, /)", sys_displayhook,
     "Show the value of an expression typed at the prompt: write its repr() to sys.stdout and store it as _ in "
     "builtins. None is passed over."},
    {"excepthook", "($module, exctype, value, traceback, /)", sys_excepthook,
     "Report an uncaught exception: write it and its traceback to sys.stderr."},
    {"unraisablehook", "($module, unraisable, /)", sys_unraisablehook,
     "Report an exception that cannot be raised, such as one in a finalizer, on sys.stderr."},
    {"breakpointhook", "($module, /, *args, **kws)", sys_breakpointhook, "What breakpoint() calls: it starts pdb."},
    {}};

Ref string_list(const std::vector<std::string>& items) {
  Ref list = make_list();
  for (const std::string& s : items) list_append(as<List>(list), make_str(s));
  return list;
}

// A named tuple without a class of its own per name: attributes come from a SimpleNamespace-like class made here.
Ref named_tuple(const char* name, const std::vector<std::pair<const char*, Ref>>& fields) {
  static Ref maker;
  if (maker.is_empty()) {
    Ref code = TRY(get_builtin("exec"));
    Ref space = make_dict();
    dict_set(as<Dict>(space), names.__name__, make_str("sys"));
    Ref source = make_str(
        "def make(name, fields, values):\n"
        "    def show(self):\n"
        "        return f'sys.{name}(' + ', '.join(f'{k}={v!r}' for k, v in zip(fields, self)) + ')'\n"
        "    space = {'__slots__': (), '__repr__': show, 'n_fields': len(fields), 'n_sequence_fields': len(fields),\n"
        "             'n_unnamed_fields': 0, '__match_args__': tuple(fields), '__module__': 'sys',\n"
        "             '__reduce__': lambda self: (tuple, (tuple(self),))}\n"
        "    for i, key in enumerate(fields):\n"
        "        space[key] = property(lambda self, i=i: self[i])\n"
        "    return type(name, (tuple,), space)(values)\n");
    TRY(call(code, {source, space}));
    maker = Ref::share(dict_get(as<Dict>(space), intern("make")));
  }
  Ref keys = make_list();
  Ref values = make_list();
  for (const auto& [key, value] : fields) {
    list_append(as<List>(keys), to_value(intern(key)));
    list_append(as<List>(values), value);
  }
  Ref label = make_str(name);
  return call(maker, {label, keys, values});
}

Ref number(int64_t n) { return make_int(n); }

Status add_information(Dict* dict) {
  const RuntimeOptions& o = runtime_options();
  auto set = [&](const char* name, Ref v) { dict_set(dict, intern(name), v); };
  set("version", make_str("3.11.2 (Hiss " HISS_VERSION ") [GCC " __VERSION__ "]"));
  set("hexversion", number(0x030B02F0));
  set("api_version", number(1013));
  set("copyright", make_str("Copyright (c) 2026 The Hiss authors.\nThe standard library: Copyright (c) 2001-2023 "
                            "Python Software Foundation."));
  set("platform", make_str("linux"));
  set("byteorder", make_str("little"));
  set("maxsize", number(INT64_MAX));
  set("maxunicode", number(0x10FFFF));
  set("abiflags", make_str(""));
  set("platlibdir", make_str("lib"));
  set("float_repr_style", make_str("short"));
  set("dont_write_bytecode", Ref::boolean(o.dont_write_bytecode));
  set("pycache_prefix", Ref::none());
  set("executable", make_str(o.executable));
  set("_base_executable", make_str(o.executable));
  for (const char* p : {"prefix", "exec_prefix", "base_prefix", "base_exec_prefix"}) set(p, make_str(library_prefix()));
  set("_stdlib_dir", make_str(library_path()));
  set("_framework", make_str(""));
  set("_git", make_tuple({make_str("Hiss"), empty_str(), empty_str()}));
  set("argv", string_list(o.argv));
  set("orig_argv", string_list(o.orig_argv));
  set("path", string_list(module_search_path()));
  set("path_hooks", make_list());
  set("path_importer_cache", make_dict());
  set("meta_path", make_list());
  const bool dev_mode = std::find(o.x_options.begin(), o.x_options.end(), "dev") != o.x_options.end();
  check_codec_names = dev_mode;
  std::vector<std::string> warn_options = o.warn_options;
  if (dev_mode) warn_options.insert(warn_options.begin(), "default");
  set("warnoptions", string_list(warn_options));
  Ref x = make_dict();
  for (const std::string& option : o.x_options) {
    const size_t equals = option.find('=');
    dict_set(as<Dict>(x), intern(option.substr(0, equals)),
             equals == option.npos ? Ref::boolean(true) : make_str(option.substr(equals + 1)));
  }
  set("_xoptions", std::move(x));
  dict_set(dict, names.modules, to_value(sys_modules()));
  Ref builtin_names = make_list();
  for (const ModuleDef* def : native_modules()) list_append(as<List>(builtin_names), to_value(intern(def->name)));
  TRY(list_sort(as<List>(builtin_names), Value(), false));
  set("builtin_module_names", list_to_tuple(as<List>(builtin_names)));
  set("stdlib_module_names", make_frozenset(builtin_names));
  for (const char* hook : {"displayhook", "excepthook", "unraisablehook", "breakpointhook"}) {
    Value function = dict_get(dict, intern(hook));
    dict_set(dict, intern(fmt::format("__{}__", hook)), function);
  }
  return kOk;
}

Status add_structures(Dict* dict) {
  const RuntimeOptions& o = runtime_options();
  auto set = [&](const char* name, Ref v) { dict_set(dict, intern(name), v); };
  Ref version = TRY(named_tuple("version_info", {{"major", number(3)},
                                                 {"minor", number(11)},
                                                 {"micro", number(2)},
                                                 {"releaselevel", make_str("final")},
                                                 {"serial", number(0)}}));
  set("version_info", version);
  set("flags", TRY(named_tuple("flags", {{"debug", number(0)},
                                         {"inspect", number(o.inspect)},
                                         {"interactive", number(o.interactive)},
                                         {"optimize", number(o.optimize)},
                                         {"dont_write_bytecode", number(o.dont_write_bytecode)},
                                         {"no_user_site", number(o.no_user_site)},
                                         {"no_site", number(o.no_site)},
                                         {"ignore_environment", number(o.ignore_environment)},
                                         {"verbose", number(o.verbose)},
                                         {"bytes_warning", number(o.bytes_warning)},
                                         {"quiet", number(o.quiet)},
                                         {"hash_randomization", number(o.hash_seed != 0u)},
                                         {"isolated", number(o.isolated)},
                                         {"dev_mode", Ref::boolean(check_codec_names)},
                                         {"utf8_mode", number(0)},
                                         {"warn_default_encoding", number(0)},
                                         {"safe_path", Ref::boolean(o.safe_path)},
                                         {"int_max_str_digits", number(o.int_max_str_digits)}})));
  set("float_info", TRY(named_tuple("float_info", {{"max", make_float(1.7976931348623157e308)},
                                                   {"max_exp", number(1024)},
                                                   {"max_10_exp", number(308)},
                                                   {"min", make_float(2.2250738585072014e-308)},
                                                   {"min_exp", number(-1021)},
                                                   {"min_10_exp", number(-307)},
                                                   {"dig", number(15)},
                                                   {"mant_dig", number(53)},
                                                   {"epsilon", make_float(2.220446049250313e-16)},
                                                   {"radix", number(2)},
                                                   {"rounds", number(1)}})));
  set("int_info", TRY(named_tuple("int_info", {{"bits_per_digit", number(30)},
                                               {"sizeof_digit", number(4)},
                                               {"default_max_str_digits", number(4300)},
                                               {"str_digits_check_threshold", number(640)}})));
  set("hash_info", TRY(named_tuple("hash_info", {{"width", number(64)},
                                                 {"modulus", number((int64_t{1} << 61) - 1)},
                                                 {"inf", number(314159)},
                                                 {"nan", number(0)},
                                                 {"imag", number(1000003)},
                                                 {"algorithm", make_str("siphash13")},
                                                 {"hash_bits", number(64)},
                                                 {"seed_bits", number(128)},
                                                 {"cutoff", number(0)}})));
  set("thread_info", TRY(named_tuple("thread_info", {{"name", make_str("pthread")},
                                                     {"lock", make_str("mutex+cond")},
                                                     {"version", make_str("glibc")}})));
  Ref implementation = TRY(call(to_value(&simple_namespace_type)));
  TRY(set_attr(implementation, names.name, make_str("hiss")));
  TRY(set_attr(implementation, intern("cache_tag"), make_str(fmt::format("hiss-311-{:08x}", instruction_set_hash()))));
  TRY(set_attr(implementation, intern("version"), version));
  TRY(set_attr(implementation, intern("hexversion"), number(0x030B02F0)));
  TRY(set_attr(implementation, intern("_multiarch"), make_str("x86_64-linux-gnu")));
  set("implementation", implementation);
  return kOk;
}

Status initialize(Value module) {
  module_ref = Ref::share(module);
  define_struct_sequence(asyncgen_hooks_type, {"asyncgen_hooks", "The hooks of asynchronous generators.",
                                               kAsyncgenHooksFields, 2, 2, false});
  return add_information(module_dict(module));
}

}  // namespace

extern const ModuleDef sys_module;
const ModuleDef sys_module = {"sys", "The interpreter's state: its settings, streams, modules and hooks.", kFunctions,
                              initialize};

Status initialize_sys() {
  Ref module = TRY(load_native_module("sys"));
  return add_structures(module_dict(module));
}

Status initialize_streams() {
  Dict* dict = module_dict(module_ref);
  const std::pair<const char*, int> streams[] = {{"stdin", 0}, {"stdout", 1}, {"stderr", 2}};
  for (auto [name, fd] : streams) {
    Ref stream = TRY(make_standard_stream(fd, fmt::format("<{}>", name).c_str(), fd != 0));
    dict_set(dict, intern(name), stream);
    dict_set(dict, intern(fmt::format("__{}__", name)), stream);
  }
  return kOk;
}

void report_unraisable(Value where, const char* message) {
  Ref exception = take_pending();
  if (exception.is_empty()) return;
  Ref info = call(to_value(&simple_namespace_type));
  if (info.is_error()) return clear_pending();
  // An exception that native code made on its own is shown where it happened.
  CallRecord* record = thread_state().record;
  if (!as<Exception>(exception)->traceback && record && record->code) {
    Frame* frame = frame_of(record);
    const auto index = static_cast<int32_t>(record->pc - record->code->begin()) - 1;
    add_traceback(exception, to_value(frame), index, frame_line(frame));
  }
  Value traceback = as<Exception>(exception)->traceback;
  (void)set_attr(info, intern("exc_type"), to_value(type_of(exception))).is_error();
  (void)set_attr(info, intern("exc_value"), exception).is_error();
  (void)set_attr(info, intern("exc_traceback"), traceback ? traceback : Value::none()).is_error();
  (void)set_attr(info, intern("err_msg"), message ? make_str(message) : Ref::none()).is_error();
  (void)set_attr(info, names.object, where ? where : Value::none()).is_error();
  Ref hook = module_ref.is_empty() ? Ref() : get_attr_or_empty(module_ref, names.unraisablehook);
  Ref result = hook.is_empty() || hook.is_error() ? Ref() : call(hook, {info});
  if (has_pending()) clear_pending();
}

}  // namespace hiss

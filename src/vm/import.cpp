// Import: CPython's importlib does the finding and loading; here is what it stands on.
#include "vm/import.h"
#include "vm/audit.h"

#include <sys/stat.h>

#include <cstdio>

#include "compile/compiler.h"
#include "modules/evaluation.h"
#include "modules/marshal/marshal.h"
#include "object/bytes.h"
#include "object/exception.h"
#include "object/frame.h"
#include "object/protocol.h"
#include "vm/library_path.h"
#include "vm/runtime.h"

namespace hiss {

#define MODULE(definition) extern const ModuleDef definition;
#include "modules/modules.def"
#undef MODULE

namespace {

Value modules_dict;      // sys.modules
Value bootstrap_module;  // importlib._bootstrap

const ModuleDef* const kNativeModules[] = {
#define MODULE(definition) &definition,
#include "modules/modules.def"
#undef MODULE
};
std::vector<const ModuleDef*>& extra_modules() {
  static std::vector<const ModuleDef*> list;
  return list;
}

bool is_importlib_frame(Value traceback) {
  auto* t = as<Traceback>(traceback);
  const std::string file = to_string(as<Frame>(t->frame)->code->filename);
  return file == "<frozen importlib._bootstrap>" || file == "<frozen importlib._bootstrap_external>";
}

// Import errors do not show importlib's own frames, other errors not those between the import and the module's code.
Failure trim_traceback() {
  Ref exception = take_pending();
  if (exception.is_empty()) return Failure{};
  const bool always = is_instance_of(exception, exc::ImportError);
  Value* link = &as<Exception>(exception)->traceback;
  Value* chunk = nullptr;
  while (*link) {
    auto* t = as<Traceback>(*link);
    if (!is_importlib_frame(*link)) {
      chunk = nullptr;
      link = &t->next;
      continue;
    }
    if (!chunk) chunk = link;
    const bool removed_mark = equal(as<Str>(as<Frame>(t->frame)->code->name), "_call_with_frames_removed");
    if (always || removed_mark) {
      Ref rest = Ref::share(t->next);
      Value old = *chunk;
      *chunk = rest.release();
      release(old);
      link = chunk;
      chunk = nullptr;
      continue;
    }
    link = &t->next;
  }
  return restore_pending(std::move(exception));
}

Ref bootstrap_call(const char* function, std::initializer_list<Value> args) {
  Ref f = TRY(get_attr(bootstrap_module, function));
  Ref result = call(f, args);
  if (result.is_error()) return trim_traceback();
  return result;
}

Result<bool> is_initializing(Value module) {
  Ref spec = TRY(get_attr_or_empty(module, names.__spec__));
  if (spec.is_empty() || spec.is_none()) return false;
  Ref flag = TRY(get_attr_or_empty(spec, names._initializing));
  return !flag.is_empty() && TRY(truth(flag));
}

}  // namespace

Dict* sys_modules() {
  if (!modules_dict) modules_dict = make_dict().release();
  return as<Dict>(modules_dict);
}

void register_native_module(const ModuleDef* def) { extra_modules().push_back(def); }

const ModuleDef* find_native_module(std::string_view name) {
  for (const ModuleDef* def : kNativeModules) {
    if (name == def->name) return def;
  }
  for (const ModuleDef* def : extra_modules()) {
    if (name == def->name) return def;
  }
  return nullptr;
}

std::vector<const ModuleDef*> native_modules() {
  std::vector<const ModuleDef*> all(std::begin(kNativeModules), std::end(kNativeModules));
  all.insert(all.end(), extra_modules().begin(), extra_modules().end());
  return all;
}

Ref load_native_module(std::string_view name) {
  Value loaded = dict_get(sys_modules(), intern(name));
  if (loaded && !loaded.is_none()) return Ref::share(loaded);
  const ModuleDef* def = find_native_module(name);
  if (!def) return fail(exc::ImportError, "no built-in module named '{}'", name);
  Ref module = name == "builtins" ? Ref::share(get_builtin_module()) : TRY(make_native_module(*def));
  dict_set(sys_modules(), intern(name), module);
  return module;
}

namespace {

/// The event of a search for a module that is not loaded yet.
Status audit_import(Str* name, Value globals, int level) {
  std::string full = to_string(name);
  if (level > 0) {
    Value package = is<Dict>(globals) ? dict_get(as<Dict>(globals), names.__package__) : Value();
    if (!is<Str>(package)) return kOk;
    std::string base = to_string(package);
    for (int i = 1; i < level && !base.empty(); ++i) base.erase(base.rfind('.') == base.npos ? 0 : base.rfind('.'));
    full = full.empty() ? base : base + "." + full;
  }
  Ref absolute = make_str(full);
  if (!TRY(dict_get(sys_modules(), absolute.value())).is_empty()) return kOk;
  Dict* sys = module_dict(dict_get(sys_modules(), intern("sys")));
  auto of_sys = [&](const char* key) {
    Value v = dict_get(sys, intern(key));
    return v ? v : Value::none();
  };
  return audit("import", {absolute, Value::none(), of_sys("path"), of_sys("meta_path"), of_sys("path_hooks")});
}

}  // namespace

Ref import_module_level(Str* name, Value globals, Value fromlist, int level) {
  const bool from = !fromlist.is_none() && !(is<Tuple>(fromlist) && as<Tuple>(fromlist)->size == 0);
  if (level == 0) {
    Value found = dict_get(sys_modules(), name);
    if (found && !found.is_none()) {
      Ref module = Ref::share(found);
      if (!TRY(is_initializing(module))) {
        if (!from) {
          const std::string text = to_string(name);
          const size_t dot = text.find('.');
          if (dot == text.npos) return module;
          Value top = dict_get(sys_modules(), intern(text.substr(0, dot)));
          if (top) return Ref::share(top);
        } else {
          Ref path = TRY(get_attr_or_empty(module, names.__path__));
          if (path.is_empty()) return module;
          Ref importer = TRY(get_attr(bootstrap_module, "_gcd_import"));
          return bootstrap_call("_handle_fromlist", {module, fromlist, importer});
        }
      }
    }
  }
  if (!bootstrap_module) return load_native_module(to_string(name));
  if (level < 0) return fail(exc::ValueError, "level must be >= 0");
  if (level == 0 && name->length == 0) return fail(exc::ValueError, "Empty module name");
  if (auditing) TRY(audit_import(name, globals, level));
  Ref space = is<Dict>(globals) ? Ref::share(globals) : make_dict();
  Ref list = from ? Ref::share(fromlist) : empty_tuple();
  return bootstrap_call("__import__", {to_value(name), space, Value::none(), list, Value::integer(level)});
}

Ref import_module(const char* name) {
  Str* text = intern(name);
  Value loaded = dict_get(sys_modules(), text);
  if (loaded && !loaded.is_none()) return Ref::share(loaded);
  if (!bootstrap_module) return load_native_module(name);
  return bootstrap_call("_gcd_import", {to_value(text)});
}

Result<std::string> read_text_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) return fail_errno(errno, make_str(path));
  std::string text;
  char buffer[65536];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
  std::fclose(file);
  return text;
}

namespace {

// The compiled halves of importlib lie beside the program, written when it is built, so that a start need not compile
// them.
std::string prepared_path(bool external) {
  const std::string& program = runtime_options().executable;
  return program.substr(0, program.rfind('/') + 1) + (external ? "importlib_external.hiss-311" : "importlib.hiss-311");
}

// Size and time of the source and of the program that the code was made by, in front of the marshalled code: another
// build may have other instructions.
std::string stamp(const std::string& source) {
  struct stat text, program;
  if (stat(source.c_str(), &text) != 0 || stat(runtime_options().executable.c_str(), &program) != 0) return "";
  return fmt::format("hiss {} {} {}.{:09} {} {}.{:09}\n", HISS_VERSION, text.st_size, text.st_mtim.tv_sec,
                     text.st_mtim.tv_nsec, program.st_size, program.st_mtim.tv_sec, program.st_mtim.tv_nsec);
}

// Empty when there is none, or when it was made from another source.
Ref prepared_code(bool external, const std::string& source) {
  std::FILE* file = std::fopen(prepared_path(external).c_str(), "rb");
  if (!file) return Ref();
  std::string data;
  char buffer[65536];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) data.append(buffer, n);
  std::fclose(file);
  const std::string wanted = stamp(source);
  if (wanted.empty() || data.compare(0, wanted.size(), wanted) != 0) return Ref();
  Ref code = marshal_load(std::string_view(data).substr(wanted.size()));
  if (code.is_error()) clear_pending();
  return is<Code>(code) ? std::move(code) : Ref();
}

}  // namespace

Status write_prepared_code() {
  for (bool external : {false, true}) {
    const std::string source =
        library_path() + (external ? "/importlib/_bootstrap_external.py" : "/importlib/_bootstrap.py");
    std::string text = TRY(read_text_file(source));
    Ref code =
        TRY(compile_source(text, external ? "<frozen importlib._bootstrap_external>" : "<frozen importlib._bootstrap>",
                           syntax::Mode::Exec, {}));
    const std::string data = stamp(source) + TRY(marshal_dump(code));
    const std::string path = prepared_path(external), temporary = path + ".tmp";
    std::FILE* file = std::fopen(temporary.c_str(), "wb");
    if (!file) return fail_errno(errno, make_str(temporary));
    const bool written = std::fwrite(data.data(), 1, data.size(), file) == data.size();
    if (std::fclose(file) != 0 || !written || std::rename(temporary.c_str(), path.c_str()) != 0)
      return fail_errno(errno, make_str(path));
  }
  return kOk;
}

// importlib's two halves under the names that CPython's frozen ones have.
Ref frozen_code(std::string_view name) {
  const char* file = name == "_frozen_importlib" || name == "importlib._bootstrap" ? "/importlib/_bootstrap.py"
                     : name == "_frozen_importlib_external" || name == "importlib._bootstrap_external"
                         ? "/importlib/_bootstrap_external.py"
                         : nullptr;
  if (!file) return fail(exc::ImportError, "No such frozen object named {}", name);
  const std::string source = library_path() + file;
  const bool external = std::string_view(file).find("external") != std::string_view::npos;
  Ref prepared = TRY(prepared_code(external, source));
  if (!prepared.is_empty()) return prepared;
  std::string text = TRY(read_text_file(source));
  return compile_source(text, external ? "<frozen importlib._bootstrap_external>" : "<frozen importlib._bootstrap>",
                        syntax::Mode::Exec, {});
}

Status initialize_import() {
  struct stat info;
  if (stat((library_path() + "/importlib/_bootstrap.py").c_str(), &info) != 0) {
    std::fprintf(
        stderr,
        "hiss: the Python standard library was not found in %s\n"
        "Install Debian's package libpython3.11-stdlib, or set PYTHONHOME to a folder whose lib/python3.11 holds it.\n",
        library_path().c_str());
    return fail(exc::RuntimeError, "no standard library");
  }
  dict_set(sys_modules(), intern("builtins"), get_builtin_module());
  Ref code = TRY(frozen_code("_frozen_importlib"));
  Ref module = make_module("_frozen_importlib");
  Dict* dict = module_dict(module);
  dict_set(dict, names.__builtins__, get_builtin_module());
  dict_set(dict, intern("__origname__"), make_str("importlib._bootstrap"));
  TRY(run_code(as<Code>(code), dict, to_value(dict)));
  dict_set(sys_modules(), intern("_frozen_importlib"), module);
  Ref imp = TRY(load_native_module("_imp"));
  Ref sys = TRY(load_native_module("sys"));
  TRY(call_method(module, "_install", {sys, imp}));
  bootstrap_module = Ref::share(module).release();
  TRY(call_method(module, "_install_external_importers"));
  // Cached code of a build with other instructions must not run: the magic number of .pyc files follows the bytecode.
  Ref external = Ref::share(dict_get(sys_modules(), intern("_frozen_importlib_external")));
  if (!external.is_empty()) {
    const uint16_t magic = bytecode_fingerprint();
    const char bytes[4] = {static_cast<char>(magic), static_cast<char>(magic >> 8), '\r', '\n'};
    TRY(set_attr(external, intern("MAGIC_NUMBER"), make_bytes(bytes, 4)));
    TRY(set_attr(external, intern("_RAW_MAGIC_NUMBER"), make_int(magic | '\r' << 16 | '\n' << 24)));
  }
  return kOk;
}

}  // namespace hiss

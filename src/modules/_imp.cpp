// _imp: what importlib needs of the runtime. Hiss has no extension modules of CPython; a package that needs one is told
// so.
#include "compile/code.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "object/function.h"
#include "object/protocol.h"
#include "vm/import.h"

namespace hiss {

namespace {

Ref none(Value, const Value*) { return Ref::none(); }
Ref lock_held(Value, const Value*) { return Ref::boolean(false); }

Result<std::string> name_of(Value spec) {
  Ref name = TRY(get_attr(spec, names.name));
  return to_string(as<Str>(name));
}

Ref create_builtin(Value, const Value* a) { return load_native_module(TRY(name_of(a[0]))); }
Ref exec_builtin(Value, const Value*) { return Ref::steal(Value::integer(0)); }
Ref is_builtin(Value, const Value* a) {
  if (!is<Str>(a[0])) return fail(exc::TypeError, "is_builtin() argument must be str, not {}", type_name(a[0]));
  return Ref::steal(Value::integer(find_native_module(to_string(a[0])) ? 1 : 0));
}
bool frozen_name(Value name) {
  return is<Str>(name) &&
         (equal(as<Str>(name), "_frozen_importlib") || equal(as<Str>(name), "_frozen_importlib_external"));
}
Ref is_frozen(Value, const Value* a) { return Ref::boolean(frozen_name(a[0])); }
Ref is_frozen_package(Value, const Value*) { return Ref::boolean(false); }
Ref find_frozen(Value, const Value* a) {
  if (!frozen_name(a[0])) return Ref::none();
  const bool external = equal(as<Str>(a[0]), "_frozen_importlib_external");
  return make_tuple({Value::none(), Value::boolean(false),
                     make_str(external ? "importlib._bootstrap_external" : "importlib._bootstrap")});
}
Ref get_frozen_object(Value, const Value* a) { return frozen_code(to_string(a[0])); }
Ref frozen_module_names(Value, const Value*) {
  Ref list = make_list();
  for (const char* n : {"_frozen_importlib", "_frozen_importlib_external"})
    list_append(as<List>(list), to_value(intern(n)));
  return list;
}
Ref extension_suffixes(Value, const Value*) {
  // Listed so that importlib finds such files and create_dynamic can say clearly why they cannot be loaded.
  Ref list = make_list();
  for (const char* s : {".cpython-311-x86_64-linux-gnu.so", ".abi3.so", ".so"})
    list_append(as<List>(list), make_str(s));
  return list;
}
Ref create_dynamic(Value, const Value* a) {
  Ref name = TRY(get_attr(a[0], names.name));
  Ref origin = TRY(get_attr(a[0], "origin"));
  Ref error = TRY(call(to_value(&exc::ImportError),
                       {make_str(fmt::format("module '{}' is a CPython extension ({}), which Hiss cannot load",
                                             to_string(name), to_string(TRY(str(origin)))))}));
  TRY(set_attr(error, names.name, name));
  TRY(set_attr(error, names.path, origin));
  return fail_with(error);
}
Ref source_hash(Value, const Value* a) {
  BufferView view(TRY(get_buffer(a[1])));
  // A 64-bit FNV-1a hash: it only has to agree with itself.
  uint64_t h = 0xcbf29ce484222325ull ^ static_cast<uint64_t>(TRY(to_int64(a[0])));
  for (int64_t i = 0; i < view.length(); ++i) h = (h ^ view.data()[i]) * 0x100000001b3ull;
  return make_bytes(&h, 8);
}
Ref fix_co_filename(Value, const Value* a) {
  auto* code = as<Code>(a[0]);
  Value old = code->filename;
  code->filename = Ref::share(a[1]).release();
  release(old);
  for (Value c : *as<Tuple>(code->consts)) {
    if (!is<Code>(c)) continue;
    const Value inner[] = {c, a[1]};
    TRY(fix_co_filename(Value(), inner));
  }
  return Ref::none();
}

// The two frozen modules are the import system itself, which CPython too always takes from its frozen copy: whatever
// the setting, there is nothing to switch.
Ref override_frozen(Value, const Value* a) {
  TRY(to_int64(a[0]));
  return Ref::none();
}

const NativeDef kFunctions[] = {
    {"lock_held", "($module, /)", lock_held, nullptr},
    {"acquire_lock", "($module, /)", none, nullptr},
    {"release_lock", "($module, /)", none, nullptr},
    {"create_builtin", "($module, spec, /)", create_builtin, nullptr},
    {"exec_builtin", "($module, mod, /)", exec_builtin, nullptr},
    {"is_builtin", "($module, name, /)", is_builtin, nullptr},
    {"is_frozen", "($module, name, /)", is_frozen, nullptr},
    {"is_frozen_package", "($module, name, /)", is_frozen_package, nullptr},
    {"find_frozen", "($module, name, /, *, withdata=False)", find_frozen, nullptr},
    {"get_frozen_object", "($module, name, data=None, /)", get_frozen_object, nullptr},
    {"_frozen_module_names", "($module, /)", frozen_module_names, nullptr},
    {"extension_suffixes", "($module, /)", extension_suffixes, nullptr},
    {"create_dynamic", "($module, spec, file=None, /)", create_dynamic, nullptr},
    {"exec_dynamic", "($module, mod, /)", exec_builtin, nullptr},
    {"source_hash", "($module, key, source)", source_hash, nullptr},
    {"_fix_co_filename", "($module, code, path, /)", fix_co_filename, nullptr},
    {"_override_frozen_modules_for_tests", "($module, override, /)", override_frozen,
     "Choose whether frozen standard modules are used; Hiss has none but the import system."},
    {}};

Status initialize(Value module) {
  dict_set(module_dict(module), intern("check_hash_based_pycs"), make_str("default"));
  return kOk;
}

}  // namespace

extern const ModuleDef imp_module;
const ModuleDef imp_module = {
    "_imp", "What importlib needs from the interpreter: built-in and extension modules and the import lock.",
    kFunctions, initialize};

}  // namespace hiss

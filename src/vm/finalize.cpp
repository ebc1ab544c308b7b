#include "vm/finalize.h"

#include <utility>
#include <vector>

#include "memory/collector.h"
#include "memory/weak_references.h"
#include "object/function.h"
#include "object/protocol.h"
#include "vm/import.h"
#include "vm/threads.h"

namespace hiss {

namespace {

bool finalizing = false;

// sys and builtins are needed to print from a finalizer, importlib to say why an import fails now.
bool stays(Value name) {
  if (!is<Str>(name)) return false;
  for (const char* kept : {"sys", "builtins", "_frozen_importlib", "_frozen_importlib_external"}) {
    if (equal(as<Str>(name), kept)) return true;
  }
  return false;
}

// What hooks and the prompt left in sys and builtins keeps user objects alive.
void reset_sys() {
  Value sys = dict_get(sys_modules(), intern("sys"));
  if (is<Module>(sys)) {
    Dict* dict = module_dict(sys);
    for (const char* name : {"path", "argv", "ps1", "ps2", "last_type", "last_value", "last_traceback", "path_hooks",
                             "path_importer_cache", "meta_path", "__interactivehook__"}) {
      if (dict_get(dict, intern(name))) dict_set(dict, intern(name), Value::none());
    }
    for (const auto& [stream, original] :
         {std::pair{"stdin", "__stdin__"}, std::pair{"stdout", "__stdout__"}, std::pair{"stderr", "__stderr__"}}) {
      Ref value = Ref::share(dict_get(dict, intern(original)));
      dict_set(dict, intern(stream), value.is_empty() ? Value::none() : value.value());
    }
  }
  if (dict_get(builtins_dict(), intern("_"))) dict_set(builtins_dict(), intern("_"), Value::none());
}

// Empties sys.modules; returns weak references to the modules that were in it, in the order of their import.
std::vector<Ref> forget_modules() {
  std::vector<Ref> modules;
  Ref copy = dict_copy(sys_modules());
  dict_clear(sys_modules());
  for (int64_t i = 0; DictEntry* entry = dict_next(as<Dict>(copy), i);) {
    if (stays(entry->key)) {
      if (dict_set(sys_modules(), entry->key, entry->value).is_error()) clear_pending();
    } else if (is<Module>(entry->value)) {
      Ref reference = make_weak_reference(&weak_reference_type, entry->value, Value());
      if (reference.is_error()) {
        clear_pending();
      } else {
        modules.push_back(std::move(reference));
      }
    }
  }
  return modules;
}

// Sets the names of a module that something still refers to to None: first those with one leading underscore, so that
// the objects a module keeps for itself go while the rest is there for their finalizers.
void empty_module(Value module) {
  Dict* dict = module_dict(module);
  for (const bool private_names : {true, false}) {
    Ref names_list = to_list(to_value(dict));
    if (names_list.is_error()) return clear_pending();
    for (Value name : *as<List>(names_list)) {
      if (!is<Str>(name) || equal(as<Str>(name), "__builtins__")) continue;
      const std::string text = to_string(name);
      const bool is_private = text.size() > 1 && text[0] == '_' && text[1] != '_';
      if (is_private != private_names) continue;
      if (dict_set(dict, name, Value::none()).is_error()) clear_pending();
    }
  }
}

}  // namespace

bool is_finalizing() { return finalizing; }

void finalize_modules() {
  if (thread_states().size() > 1) return;
  finalizing = true;
  collector.collect(2);
  reset_sys();
  std::vector<Ref> modules = forget_modules();
  collector.collect(2);
  while (!modules.empty()) {
    Ref module = referent_of(static_cast<WeakReference*>(modules.back().object()));
    modules.pop_back();
    if (is<Module>(module)) empty_module(module);
  }
  collector.collect(2);
}

}  // namespace hiss

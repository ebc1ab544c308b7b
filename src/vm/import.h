// Import: sys.modules, native modules, and importlib's bootstrap.
#pragma once

#include <vector>

#include "object/native.h"

namespace hiss {

struct Dict;
struct Str;

Dict* sys_modules();
/// __import__(name, globals, None, fromlist, level).
Ref import_module_level(Str* name, Value globals, Value fromlist, int level);
bool is_default_import(Value function);
/// The definition of a native module by its full name, or null. Native modules register in modules/modules.def.
const ModuleDef* find_native_module(std::string_view name);
/// Makes the module (once) and puts it into sys.modules.
Ref load_native_module(std::string_view name);

/// Modules that a layer above the runtime brings (the engine's binding): found like native ones.
void register_native_module(const ModuleDef* def);
std::vector<const ModuleDef*> native_modules();
/// The code of a module that is built in as code (importlib's own); ImportError when there is none of that name.
Ref frozen_code(std::string_view name);
Status initialize_import();
/// Compiles importlib's halves into files beside the program; part of the build (hiss --prepare).
Status write_prepared_code();

}  // namespace hiss

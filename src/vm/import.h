// Import: sys.modules, native modules, and importlib's bootstrap.
#pragma once

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

}  // namespace hiss

// _typing: the native half of the typing module.
#include "object/native.h"

namespace hiss {

namespace {

Ref idfunc(Value, const Value* a) { return Ref::share(a[0]); }

const NativeDef kFunctions[] = {{"_idfunc", "($module, x, /)", idfunc, nullptr}, {}};

}  // namespace

extern const ModuleDef typing_module;
const ModuleDef typing_module = {"_typing", "What typing wants in native code.", kFunctions, nullptr};

}  // namespace hiss

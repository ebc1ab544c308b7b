// What machine code needs to know of a native function to call it without binding its arguments.
#pragma once

#include "object/native.h"

namespace hiss {

struct NativeArity {
  uint32_t least, values;       // how many arguments must be given; how many values the code takes
  bool positional_only_values;  // no *args, **kwargs or parameters that can only be given by name
};
/// The signature's counts; it is parsed when it has not been yet.
NativeArity native_arity(const NativeDef* def);
/// Runs native code whose arguments are bound: MemoryError for memory that is not there.
Ref run_native(const NativeDef* def, Value self, const Value* values);

}  // namespace hiss

// Calling Python functions from native code.
#pragma once

#include "object/type.h"

namespace hiss {

struct Function;

/// Runs a Python function (or makes its generator) with Python's argument binding.
Ref call_function(Function* function, const Args& args);

}  // namespace hiss

// Warnings from native code beyond warn() of protocol.h.
#pragma once

#include "object/protocol.h"

namespace hiss {

/// With the object the warning is about (ResourceWarning: tracemalloc shows where it was made).
Status warn_about(Type& category, std::string_view message, int stack_level, Value source);

}  // namespace hiss

// Warnings from native code beyond warn() of protocol.h.
#pragma once

#include "object/protocol.h"

namespace hiss {

/// With the object the warning is about (ResourceWarning: tracemalloc shows where it was made).
Status warn_about(Type& category, std::string_view message, int stack_level, Value source);
/// At a place in a source file (SyntaxWarning of the compiler).
Status warn_explicit(Type& category, std::string_view message, std::string_view file_name, int64_t line);

}  // namespace hiss

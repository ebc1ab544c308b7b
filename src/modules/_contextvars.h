// Contexts of context variables, for native code that runs callbacks in them.
#pragma once

#include "object/value.h"

namespace hiss {

/// contextvars.copy_context().
Ref copy_current_context();

}  // namespace hiss

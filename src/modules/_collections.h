// Deques, for native code that has one.
#pragma once

#include "object/value.h"

namespace hiss {

/// deque.append(item), when `deque` is one and of no subclass; else false, and nothing has happened.
bool append_to_deque(Value deque, Value item);

}  // namespace hiss

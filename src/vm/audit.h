// Audit hooks (PEP 578): functions that are told of security-relevant events, and may forbid them by raising.
#pragma once

#include <initializer_list>

#include "object/error.h"

namespace hiss {

/// True once a hook is there: arguments of events need not be made before.
extern bool auditing;
/// Tells the hooks of an event; fails when one of them raises.
Status audit(const char* event, std::initializer_list<Value> arguments);
/// The same, with the event and a tuple of arguments as sys.audit() has them.
Status audit(Value event, Value arguments);
void add_audit_hook(Value hook);

}  // namespace hiss

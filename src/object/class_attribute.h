// Attributes of classes, for callers that can do without an exception when there is none.
#pragma once

#include "object/type.h"

namespace hiss {

/// type.__getattribute__; empty when there is no such attribute.
Ref type_get_attr_or_empty(Value cls, Str* name);

}  // namespace hiss

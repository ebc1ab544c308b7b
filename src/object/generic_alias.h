// types.GenericAlias (list[int]) and types.UnionType (int | None).
#pragma once

#include "object/protocol.h"

namespace hiss {

struct GenericAlias : Object {
  Value origin;
  Value args;        // tuple
  Value parameters;  // tuple; empty: not computed yet
  bool starred;      // *tuple[int]
};
inline bool is_generic_alias(Value v) { return is_instance_of(v, generic_alias_type); }

/// The type variables in a tuple of arguments.
Ref collect_parameters(Tuple* args);
/// Replaces type variables: the new arguments. `self` is for messages.
Ref substitute_parameters(Value self, Tuple* args, Tuple* parameters, Value item);
/// An argument as it is written: "int", "typing.Any", "...".
Ref type_argument_text(Value v);

}  // namespace hiss

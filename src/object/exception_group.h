// ExceptionGroup (PEP 654).
#pragma once

#include "object/containers.h"

namespace hiss {

void define_exception_groups();
/// Splits `exception` for an except* clause: (match or None, rest or None). A bare exception that matches is wrapped
/// into a group.
Ref match_exception_group(Value exception, Value type);
/// What is raised after the clauses of try/except*: the exceptions raised or re-raised in them, merged; None when
/// nothing is left.
Ref prepare_reraise_group(Value original, List* raised);

}  // namespace hiss

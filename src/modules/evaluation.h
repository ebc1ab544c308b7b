// compile(), eval(), exec(), and running code objects in a namespace.
#pragma once

#include "object/function.h"

namespace hiss {

Ref builtin_compile(Value self, const Value* args);
Ref builtin_eval(Value self, const Value* args);
Ref builtin_exec(Value self, const Value* args);

/// Runs code with the given globals and locals (a mapping); the value of an expression, else None.
Ref run_code(Code* code, Dict* globals, Value locals, Value closure = Value());
/// Runs a class body: its namespace is `locals`.
Ref run_function_in(Function* function, Value locals);

}  // namespace hiss

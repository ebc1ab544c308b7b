// Calls of native functions and classes from machine code, once it has been seen that the callee is what was guessed.
// The callee lies at `callee`, its arguments behind it; all are used up unless the call fails.
#pragma once

#include "vm/call_stack.h"

namespace hiss::jit {

/// The word of the result, owned; kCallFailed: an exception is pending. `counts`: how many arguments are given, and in
/// the upper half how many there are with those left out.
using NativeCaller = uint64_t (*)(Value* callee, uint64_t counts);
inline constexpr uint64_t kCallFailed = Value::error().bits();

/// The caller for a native function or a method's descriptor. `pair`: a place for the object lies between the callee
/// and the arguments. `exact`: no optional argument is left out.
NativeCaller native_caller(bool function, bool pair, bool exact);
/// A native class with the metaclass `type`.
uint64_t construct_native(Value* callee, uint64_t count);
/// The iterator of range(stop) or range(start, stop); the arguments are immediate ints.
uint64_t construct_range_iterator(Value* callee, uint64_t count);

}  // namespace hiss::jit

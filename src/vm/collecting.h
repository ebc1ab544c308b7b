// Calls like tuple(generator) and any(generator) without leaving machine code: the generator's frame runs as if it had
// been called, and what it yields is collected at once, without suspending it for each value.
#pragma once

#include "vm/call_stack.h"

namespace hiss {

/// What the call `callee(generator)` collects; None: `callee` is not one of the builtins that this is done for.
Collecting collecting_of(Value callee);

/// Enters the generator that lies behind the callee in register `callee` of the innermost frame. The callee and the
/// generator are used up: the register holds what has been collected until the result goes to register `dst`. Null:
/// the recursion limit was reached; an exception is pending. The generator must be able to run.
CallRecord* enter_collecting(ThreadState& ts, Collecting what, uint32_t callee, uint32_t dst);

enum class Collected : uint8_t { Here, InOtherFrame, Failed };  // where the program goes on
/// The Yield at `pc`, in a frame that collects. A value whose collecting may run Python code finds the generator
/// suspended, as it would be in the loop of a native function.
Collected collect_yielded(ThreadState& ts, CallRecord* record, const Instruction* pc);

/// What a collecting record says about its caller: read before the record is dropped.
struct CollectingCall {
  Collecting what;
  uint16_t accumulator;
  uint32_t dst;

  static CollectingCall of(const CallRecord* record) { return {record->collecting, record->accumulator, record->dst}; }
};
/// The generator has ended and its record is gone: the innermost frame gets the result.
Status finish_collecting(ThreadState& ts, const CollectingCall& call);

}  // namespace hiss

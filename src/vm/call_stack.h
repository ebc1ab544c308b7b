// Call records: one for each running Python frame, on a stack of their own beside the register stack.
#pragma once

#include "compile/code.h"
#include "object/function.h"
#include "vm/thread_state.h"

namespace hiss {

struct Generator;

enum class RecordKind : uint8_t {
  Call,       // called by Python code: the result goes to caller.base[dst]
  Entry,      // called by native code: interpret() returns
  Init,       // __init__ run by calling a class: the result is `held`, the instance
  ForIter,    // a generator resumed by a for loop
  Send,       // a generator resumed by yield from or await
};

struct CallRecord {
  const Instruction* pc;   // of the next instruction; up to date whenever other code can look
  Value* base;             // registers
  Value* top;              // frames called from here may use the stack from here on
  Code* code;
  Function* function;      // borrowed
  Dict* globals;
  Dict* builtins;
  Value locals;            // owned: the namespace of module and class code; empty for functions
  Value held;              // owned: Init's instance, or the function of a bound method
  Value* callee_slot;      // where the caller keeps the callee; cleared on return (null: nowhere)
  Generator* generator;    // whose registers these are
  Frame* frame;            // the frame object once somebody asked; owned
  uint32_t dst;
  RecordKind kind;

  CallRecord* previous() { return this - 1; }
};

/// Runs the frame in ts.record (an Entry) until it returns, yields (generator) or fails.
/// `throwing`: the pending exception is raised at the frame's current instruction.
Ref interpret(ThreadState& ts, bool throwing = false);

/// Lays the arguments that lie at `base` (positional, then keyword values) out as the function's parameters, defaults filled in.
/// On failure they are released.
Status bind_parameters(Function* f, Value* base, uint32_t count, Tuple* keyword_names);
/// Checks limits and makes a record; its fields besides kind, dst and callee_slot are set.
Result<CallRecord*> push_record(ThreadState& ts, Function* f, Value* base);
/// Releases the registers (or hands them to the frame object) and drops the record.
void pop_record(ThreadState& ts, CallRecord* record);
/// The generator, coroutine or async generator of a call: takes the bound arguments at `base`.
Ref make_generator(Function* f, Value* base);

}  // namespace hiss

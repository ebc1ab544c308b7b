// Call records: one for each running Python frame, on a stack of their own beside the register stack.
#pragma once

#include "compile/code.h"
#include "object/function.h"
#include "vm/thread_state.h"

namespace hiss {

struct Generator;

enum class RecordKind : uint8_t {
  Call,     // called by Python code: the result goes to caller.base[dst]
  Entry,    // called by native code: interpret() returns
  Init,     // __init__ run by calling a class: the result is `held`, the instance
  ForIter,  // a generator resumed by a for loop
  Send,     // a generator resumed by yield from or await
};

struct CallRecord {
  const Instruction* pc;  // of the next instruction; up to date whenever other code can look
  Value* base;            // registers
  Value* top;             // frames called from here may use the stack from here on
  Code* code;
  Function* function;  // borrowed
  Dict* globals;
  Dict* builtins;
  Value locals;          // owned: the namespace of module and class code; empty for functions
  Value held;            // owned: Init's instance, or the function of a bound method
  Value* callee_slot;    // where the caller keeps the callee; cleared on return (null: nowhere)
  Generator* generator;  // whose registers these are
  Frame* frame;          // the frame object once somebody asked; owned
  uint32_t dst;
  RecordKind kind;

  CallRecord* previous() { return this - 1; }
};

/// Runs the frame in ts.record (an Entry) until it returns, yields (generator) or fails.
/// `throwing`: the pending exception is raised at the frame's current instruction.
Ref interpret(ThreadState& ts, bool throwing = false);

/// Lays the arguments that lie at `base` (positional, then keyword values) out as the function's parameters, defaults
/// filled in. On failure they are released.
Status bind_parameters(Function* f, Value* base, uint32_t count, Tuple* keyword_names);
/// Raises RecursionError and gives null.
[[gnu::cold]] CallRecord* fail_depth();
[[gnu::cold]] void leave_frame_object(CallRecord* record);

/// Checks limits and makes a record; its fields besides kind, dst and callee_slot are set. Null: RecursionError is
/// pending.
inline CallRecord* enter_record(ThreadState& ts, Function* f, Value* base) {
  CallRecord* record = ts.record + 1;
  Code* code = f->code;
  if (ts.depth >= recursion_limit || base + code->register_count + 512 > ts.stack_end || record + 16 > ts.records_end)
      [[unlikely]]
    return fail_depth();
  ++ts.depth;
  record->code = code;
  record->function = f;
  record->globals = f->globals;
  record->builtins = static_cast<Dict*>(f->builtins.object());
  record->base = base;
  record->top = base + code->register_count;
  record->pc = code->begin();
  record->locals = Value();
  record->held = Value();
  record->callee_slot = nullptr;
  record->generator = nullptr;
  record->frame = nullptr;
  ts.record = record;
  return record;
}
Result<CallRecord*> push_record(ThreadState& ts, Function* f, Value* base);

/// Releases the registers (or hands them to the frame object) and drops the record. The record stays in place until the
/// registers are empty: a __del__ called meanwhile must not use their part of the stack.
inline void pop_record(ThreadState& ts, CallRecord* record) {
  if (record->frame) [[unlikely]]
    leave_frame_object(record);
  Value* end = record->base + record->code->register_count;
  for (Value* v = record->base; v != end; ++v) {
    Value old = *v;
    *v = Value();
    release(old);
  }
  if (record->locals) release(record->locals);
  --ts.depth;
  ts.record = record - 1;
}
/// The generator, coroutine or async generator of a call: takes the bound arguments at `base`.
Ref make_generator(Function* f, Value* base);

}  // namespace hiss

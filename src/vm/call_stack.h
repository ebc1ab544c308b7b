// Call records: one for each running Python frame, on a stack of their own beside the register stack.
#pragma once

#include "compile/code.h"
#include "object/function.h"
#include "vm/thread_state.h"

namespace hiss {

struct Generator;

enum class RecordKind : uint8_t {
  Call,      // called by Python code: the result goes to caller.base[dst]
  Entry,     // called by native code: interpret() returns
  Init,      // __init__ run by calling a class: the result is `held`, the instance
  ForIter,   // a generator resumed by a for loop
  Send,      // a generator resumed by yield from or await
  Collect,   // a generator whose values become the result of a call (vm/collecting.h)
  Operator,  // the method of an operator, or the getter of a property: the result of an instruction (vm/operators.h)
};

/// What becomes of the values of a generator that a builtin collects.
enum class Collecting : uint8_t {
  None,
  List,
  Tuple,
  Sorted,
  Set,
  FrozenSet,
  CarefulSet,  // a set or frozenset whose keys' comparison may run Python code
  Any,
  All,
  Sum,
  Min,
  Max,
};

/// In a record that is not in use, `frame` and `locals` are empty. What else the innermost of them held may be used
/// again (vm/delegation.h), so whoever makes a record sets its generator.
struct CallRecord {
  const Instruction* pc;  // of the next instruction; up to date whenever other code can look
  Value* base;            // registers
  Value* top;             // frames called from here may use the stack from here on
  Code* code;
  Function* function;     // borrowed; owned when the kind is Init
  Value held;             // owned: the function (Call, Operator), the instance (Init), the generator (the others)
  const void* return_to;  // machine code: where the caller goes on when this frame returns
  uint32_t dst;
  RecordKind kind;
  Collecting collecting;  // Collect: what is done,
  union {
    uint16_t accumulator;  // and the caller's register that holds what has been collected
    uint16_t cache_words;  // Operator: how many lie behind the caller's instruction
  };
  Generator* generator;  // whose registers these are
  Frame* frame;          // the frame object once somebody asked; owned
  Value locals;          // owned: the namespace of module and class code; empty for functions

  CallRecord* previous() { return this - 1; }
  Dict* globals() const { return function->globals; }
  Dict* builtins() const { return static_cast<Dict*>(function->builtins.object()); }
};

/// Runs the frame in ts.record (an Entry) until it returns, yields (generator) or fails.
/// `throwing`: the pending exception is raised at the frame's current instruction. `exit`: how machine code left the
/// innermost frame (vm/jit/machine_code.h); 0: it did not run.
Ref interpret(ThreadState& ts, bool throwing = false, uint64_t exit = 0);

/// The same after a C++ exception of missing memory: MemoryError is raised where the innermost frame stands.
[[gnu::cold]] Ref interpret_without_memory(ThreadState& ts);

/// Lays the arguments that lie at `base` (positional, then keyword values) out as the function's parameters, defaults
/// filled in. On failure they are released.
Status bind_parameters(Function* f, Value* base, uint32_t count, Tuple* keyword_names);
/// Puts the cells of a function's closure into the registers where its code looks for them.
[[gnu::cold]] void load_closure(Function* f, Value* base);
/// Raises RecursionError and gives null.
[[gnu::cold]] CallRecord* fail_depth();
[[gnu::cold]] void leave_frame_object(CallRecord* record);

/// Where machine code returns to when the caller is interpreted; null until there is machine code.
extern const void* return_to_interpreter;

enum class CallOutcome : uint8_t { Entered, Returned, Failed };
/// A call from the interpreter: the callee lies at `callee`, its `count` positional arguments and the keyword values
/// behind it. Entered: a record was pushed, and its result will go to the caller's r[dst]. Returned: `result` is set.
/// Callee and arguments are used up unless the call failed.
CallOutcome begin_call(ThreadState& ts, Value* callee, uint32_t count, Tuple* keyword_names, uint32_t dst, Ref& result);

/// A comprehension's frame: the iterator lies in r[window] of the innermost frame, the cells at r[window +
/// closure_register]. The frame shares the function of the one in which it is written. False: RecursionError, and
/// nothing was done.
bool enter_comprehension(ThreadState& ts, Code* code, uint32_t window, uint32_t dst);
/// The same for a generator expression, whose registers are taken along.
Ref make_generator_expression(ThreadState& ts, Code* code, uint32_t window);

/// True for a class whose instances are plain objects: calling it runs __init__ and nothing else that could be seen.
bool makes_plain_instances(Value function);
/// A new instance of such a class, before its __init__.
Object* make_plain_instance(Type* cls);

/// Makes the stacks of a new thread; false when there is no address space for them.
bool allocate_stacks(ThreadState& ts, size_t values, size_t records);
void free_stacks(ThreadState& ts);
/// Applies recursion_limit to a thread.
void limit_records(ThreadState& ts);
/// sys.setrecursionlimit, for all threads.
void set_recursion_limit(int32_t limit);
/// Frames below the innermost one.
inline int32_t stack_depth(const ThreadState& ts) { return static_cast<int32_t>(ts.record - ts.records); }
/// False when there is no room for one more frame whose registers begin at `base`.
inline bool has_room(const ThreadState& ts, const Value* base, const Code* code) {
  return ts.record < ts.record_limit && base + code->register_count + 512 <= ts.stack_end;
}

/// Makes a record; the caller has seen that there is room, and sets kind, held and dst.
inline CallRecord* enter_record(ThreadState& ts, Function* f, Value* base) {
  CallRecord* record = ts.record + 1;
  Code* code = f->code;
  record->pc = code->begin();
  record->base = base;
  record->top = base + code->register_count;
  record->code = code;
  record->function = f;
  record->generator = nullptr;
  record->return_to = return_to_interpreter;
  // Temporaries leave immediate values behind in the window; a local must not take one for its value.
  for (uint32_t i = code->first_unset; i < code->local_register_count; ++i) base[i] = Value();
  if (code->closure_register) [[unlikely]]
    load_closure(f, base);
  ts.record = record;
  return record;
}
/// Checks for room and makes a record that holds nothing.
Result<CallRecord*> push_record(ThreadState& ts, Function* f, Value* base);

inline void release_registers(Value* from, const Value* end) {
  for (Value* v = from; v != end; ++v) {
    Value old = *v;
    *v = Value();
    release(old);
  }
}
/// Releases the registers (or hands them to the frame object) and drops the record. The record stays in place until the
/// registers are empty: a __del__ called meanwhile must not use their part of the stack, and may ask for the frame.
/// `in_use`: how many registers may hold something; where a function returns these are few.
inline void pop_record(ThreadState& ts, CallRecord* record, uint32_t in_use) {
  if (record->frame) [[unlikely]]
    leave_frame_object(record);
  release_registers(record->base, record->base + in_use);
  if (record->frame) [[unlikely]]
    leave_frame_object(record);
  record->generator = nullptr;
  if (record->locals) {
    Value locals = record->locals;
    record->locals = Value();
    release(locals);
  }
  ts.record = record - 1;
}
inline void pop_record(ThreadState& ts, CallRecord* record) { pop_record(ts, record, record->code->register_count); }
/// The generator, coroutine or async generator of a call: takes the bound arguments at `base`.
Ref make_generator(Function* f, Value* base);

}  // namespace hiss

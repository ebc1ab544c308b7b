// Call records of generators: made when one is resumed, dropped when it yields or ends.
#pragma once

#include "object/exception.h"
#include "object/frame.h"
#include "object/generator.h"
#include "vm/call_stack.h"

namespace hiss {

// Resumes a generator on behalf of an instruction: its record is pushed, its registers are used where they lie.
inline Result<CallRecord*> enter_generator(ThreadState& ts, Generator* g, RecordKind kind) {
  if (ts.record >= ts.record_limit) [[unlikely]]
    return fail(exc::RecursionError, "maximum recursion depth exceeded");
  CallRecord* caller = ts.record;
  CallRecord* record = caller + 1;
  auto* f = as<Function>(g->function);
  record->code = g->code;
  record->function = f;
  record->base = g->registers;
  record->top = caller->top;
  record->pc = g->pc;
  record->held = Ref::share(g).release();
  record->generator = g;
  record->frame = g->frame;
  if (record->frame) record->frame->record = record;
  record->kind = kind;
  record->return_to = return_to_interpreter;
  if (g->locals) [[unlikely]]
    record->locals = Ref::share(g->locals).release();
  g->raw_state = Generator::Running;
  g->handled.previous = ts.handled;
  ts.handled = &g->handled;
  ts.record = record;
  return record;
}

// What the yield at which it is suspended gives: the A of that instruction.
inline void set_yield_result(Generator* g, Value value) {
  Value& slot = g->registers[Instruction{g->pc[-1].word}.a()];
  const Value old = slot;
  retain(value);
  slot = value;
  release(old);
}

// Where the innermost generator of a chain has stopped, the one that delegated to it runs itself.
inline void wake_caller(ThreadState& ts) {
  Generator* caller = ts.record->generator;
  if (caller && caller->raw_state == Generator::Parked) caller->raw_state = Generator::Running;
}

// The generator stops running: suspended at a yield, or finished.
inline void suspend_generator(ThreadState& ts, CallRecord* record, const Instruction* pc) {
  Generator* g = record->generator;
  g->pc = pc;
  g->raw_state = Generator::Suspended;
  g->yielded = true;
  ts.handled = g->handled.previous;
  if (record->frame) record->frame->record = nullptr, record->frame->pc = pc;
  g->frame = record->frame;
  record->frame = nullptr;
  record->generator = nullptr;
  ts.record = record - 1;
  wake_caller(ts);
  if (record->locals) [[unlikely]] {
    Value locals = record->locals;
    record->locals = Value();
    release(locals);
  }
}

// `in_use`: as for pop_record().
inline void finish_generator(ThreadState& ts, CallRecord* record, uint32_t in_use) {
  Generator* g = record->generator;
  g->frame = nullptr;
  g->raw_state = Generator::Finished;
  g->yielded = false;
  ts.handled = g->handled.previous;
  Value old = g->handled.exception;
  g->handled.exception = Value();
  pop_record(ts, record, in_use);
  wake_caller(ts);
  release(old);
}

}  // namespace hiss

#include "vm/delegation.h"

#include "vm/generator_records.h"
#include "vm/jit/machine_code.h"

namespace hiss {

namespace {

// What a suspended generator sends to at once when it is resumed: another suspended one. Null when it runs itself.
inline Generator* suspended_delegate(const Generator* g) {
  const uint32_t receiver = g->pc[-1].c();
  if (receiver == 0) return nullptr;
  const Value delegate = g->registers[receiver - 1];
  if (!delegate.is_object()) return nullptr;
  const Type* type = delegate.object()->type;
  if (type != &generator_type && type != &coroutine_type) return nullptr;
  auto* next = as<Generator>(delegate);
  return next->state == Generator::Suspended ? next : nullptr;
}

// The Send to which the JumpBack behind the Yield of a delegation leads.
inline const Instruction* send_of(const Instruction* jump) { return jump + 1 + jump->bc(); }

// Frames between the resumed generator and the innermost: suspended in a delegation, without a frame object and a
// namespace. The state that all of them share lives in registers of the machine until the last has been entered.
struct Chain {
  ThreadState& ts;
  CallRecord* record = ts.record;
  HandledException* handled = ts.handled;
  Value* const top = record->top;
  const void* const return_to = return_to_interpreter;

  // The generator that sends to `g` holds it, so the record need not.
  void push(Generator* g, const Instruction* pc) {
    ++record;
    record->pc = pc;
    record->base = g->registers;
    record->top = top;
    record->code = g->code;
    record->function = as<Function>(g->function);
    record->held = Value();
    record->return_to = return_to;
    record->kind = RecordKind::Send;
    record->generator = g;
    g->state = Generator::Running;
    g->handled.previous = handled;
    handled = &g->handled;
  }
  void finish() const {
    ts.record = record;
    ts.handled = handled;
  }
};

// True where the record's generator waits at its Send, and only hands on what that gives by the Yield behind it.
inline bool hands_on(const CallRecord* record) {
  return record->generator && record->kind != RecordKind::Collect && !record->frame && !record->locals &&
         record->pc[1].op() == Op::Yield;
}

}  // namespace

bool enter_delegating(ThreadState& ts, Generator* g, RecordKind kind, uint32_t dst, const void* return_to, Value sent) {
  {
    Result<CallRecord*> pushed = enter_generator(ts, g, kind);
    if (pushed.is_error()) return false;
    pushed.value()->dst = dst;
    if (return_to) pushed.value()->return_to = return_to;
  }
  Chain chain{ts};
  const CallRecord* const limit = ts.record_limit;
  while (Generator* next = suspended_delegate(g)) {
    const Instruction* send = send_of(g->pc);
    chain.record->pc = send + 1;
    if (chain.record >= limit || next->frame || next->locals) [[unlikely]] {
      chain.finish();
      return enter_delegating(ts, next, RecordKind::Send, send->a(), nullptr, sent);
    }
    chain.push(next, next->pc);
    chain.record->dst = send->a();
    g = next;
  }
  chain.finish();
  set_yield_result(g, sent);
  return true;
}

bool yield_through(ThreadState& ts, const Instruction* pc, Value value) {
  CallRecord* record = ts.record;
  Generator* g = record->generator;
  suspend_generator(ts, record, pc + 1);
  while (record->kind == RecordKind::Send && hands_on(record - 1)) {
    // Not the last reference: the generator that sends to this one holds it.
    release(record->held);
    --record;
    g = record->generator;
    g->pc = record->pc + 2;  // past the Jump behind Send, and the Yield
    g->state = Generator::Suspended;
    record->generator = nullptr;
  }
  g->yielded = true;
  ts.handled = g->handled.previous;
  CallRecord* caller = record - 1;
  ts.record = caller;
  const Value held = record->held;
  if (record->kind == RecordKind::Entry) {
    release(held);
    return false;
  }
  ++caller->pc;  // past the Jump behind ForIter or Send
  Value& target = caller->base[record->dst];
  const Value old = target;
  target = value;
  release(old);
  release(held);
  return true;
}

}  // namespace hiss

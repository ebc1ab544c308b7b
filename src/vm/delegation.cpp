#include "vm/delegation.h"

#include "vm/generator_records.h"
#include "vm/jit/machine_code.h"

namespace hiss {

namespace {

// What a suspended generator waits for; empty: it does not delegate.
inline Value delegate_of(const Generator* g) {
  const uint32_t receiver = g->pc[-1].c();
  return receiver == 0 ? Value() : g->registers[receiver - 1];
}

// What a suspended generator sends to at once when it is resumed: another suspended one. Null when it runs itself.
inline Generator* suspended_delegate(const Generator* g) {
  const Value delegate = delegate_of(g);
  if (!delegate.is_object()) return nullptr;
  const Type* type = delegate.object()->type;
  if (type != &generator_type && type != &coroutine_type) return nullptr;
  auto* next = as<Generator>(delegate);
  return next->state() == Generator::Suspended ? next : nullptr;
}

// The Send to which the JumpBack behind the Yield of a delegation leads.
inline const Instruction* send_of(const Instruction* jump) { return jump + 1 + jump->bc(); }

inline bool keeps_namespace_or_frame(const Generator* g) { return g->frame || g->locals; }

// Frames between the resumed generator and the innermost. The state that all of them share lies here until the last has
// been entered.
struct Chain {
  ThreadState& ts;
  CallRecord* record = ts.record;
  HandledException* handled = ts.handled;
  Value* const top = record->top;
  const void* const return_to = return_to_interpreter;

  // The generator that sends to `g` holds it, so the record need not.
  void push(Generator* g, uint32_t dst) {
    ++record;
    record->pc = g->pc;
    record->base = g->registers;
    record->top = top;
    record->code = g->code;
    record->function = as<Function>(g->function);
    record->held = Value();
    record->return_to = return_to;
    record->dst = dst;
    record->kind = RecordKind::Send;
    record->generator = g;
    g->raw_state = Generator::Running;
    g->handled.previous = handled;
    handled = &g->handled;
  }
  void finish() const {
    ts.record = record;
    ts.handled = handled;
  }
};

// While a chain is parked, the lowest of its records tells where the innermost lies.
void set_innermost(CallRecord* lowest, CallRecord* innermost) {
  lowest->held = Value::from_bits(reinterpret_cast<uint64_t>(innermost));
}
CallRecord* innermost_of(const CallRecord* lowest) { return reinterpret_cast<CallRecord*>(lowest->held.bits()); }

// True where the record's generator waits at its Send, and only hands on what that gives by the Yield behind it.
inline bool hands_on(const CallRecord* record) {
  return record->generator && (record->kind == RecordKind::ForIter || record->kind == RecordKind::Send) &&
         !record->frame && !record->locals && record->pc[1].op() == Op::Yield;
}

// Parks those that hand on what the generator of this record, which has a caller that does, yields. Gives the lowest
// record of the chain.
CallRecord* park_callers(CallRecord* innermost) {
  CallRecord* lowest = innermost - 1;
  while (lowest->generator->raw_state != Generator::Parked && lowest->kind == RecordKind::Send && hands_on(lowest - 1))
    --lowest;
  CallRecord* unparked = lowest;
  Generator* first = lowest->generator;
  if (first->raw_state == Generator::Parked) {
    ++unparked;
    first = first->chain;
    lowest = first->slot;
  }
  first->slot = lowest;
  for (CallRecord* record = unparked; record != innermost; ++record) {
    Generator* g = record->generator;
    g->pc = record->pc + 2;  // past the Jump behind Send, and the Yield
    g->raw_state = Generator::Parked;
    g->chain = first;
    if (record != lowest) {
      // Not the last reference: the generator that sends to this one holds it.
      release(record->held);
      record->held = Value();
    }
  }
  return lowest;
}

}  // namespace

void settle_chain(Generator* member) {
  Generator* const first = member->chain;
  Generator* innermost = first;
  while (innermost->raw_state == Generator::Parked) innermost = as<Generator>(delegate_of(innermost));
  const auto state = innermost->raw_state == Generator::Running ? Generator::Running : Generator::Suspended;
  for (Generator* g = first; g != innermost; g = as<Generator>(delegate_of(g))) g->raw_state = state;
}

bool enter_delegating(ThreadState& ts, Generator* g, RecordKind kind, uint32_t dst, const void* return_to, Value sent) {
  const bool resumed = g->state() == Generator::Suspended;
  {
    Result<CallRecord*> pushed = enter_generator(ts, g, kind);
    if (pushed.is_error()) return false;
    pushed.value()->dst = dst;
    if (return_to) pushed.value()->return_to = return_to;
  }
  if (!resumed) return true;
  Chain chain{ts};
  const CallRecord* const limit = ts.record_limit;
  while (Generator* next = suspended_delegate(g)) {
    const Instruction* send = send_of(g->pc);
    chain.record->pc = send + 1;
    if (chain.record >= limit || keeps_namespace_or_frame(next)) [[unlikely]] {
      chain.finish();
      return enter_delegating(ts, next, RecordKind::Send, send->a(), nullptr, sent);
    }
    chain.push(next, send->a());
    g = next;
  }
  chain.finish();
  set_yield_result(g, sent);
  return true;
}

bool resume_chain(ThreadState& ts, Generator* g, RecordKind kind, uint32_t dst, const void* return_to, Value sent) {
  CallRecord* lowest = ts.record + 1;
  if (g->raw_state != Generator::Parked || g->chain != g || g->slot != lowest || lowest->generator != g ||
      lowest->top != ts.record->top) {
    return false;
  }
  CallRecord* innermost = innermost_of(lowest);
  Generator* runs = innermost->generator;
  // Others may have resumed the innermost, from another thread.
  if (runs->raw_state != Generator::Suspended || keeps_namespace_or_frame(runs) || suspended_delegate(runs) ||
      innermost > ts.record_limit) {
    return false;
  }
  lowest->kind = kind;
  lowest->dst = dst;
  lowest->return_to = return_to ? return_to : return_to_interpreter;
  lowest->held = Ref::share(g).release();
  g->handled.previous = ts.handled;
  innermost->pc = runs->pc;
  innermost->held = Value();
  runs->raw_state = Generator::Running;
  runs->handled.previous = &(innermost - 1)->generator->handled;
  ts.handled = &runs->handled;
  ts.record = innermost;
  set_yield_result(runs, sent);
  return true;
}

bool yield_through(ThreadState& ts, const Instruction* pc, Value value) {
  CallRecord* const innermost = ts.record;
  CallRecord* lowest = innermost;
  Generator* g = innermost->generator;
  Value held = innermost->held;
  const RecordKind kind = innermost->kind;
  if (kind == RecordKind::Send && !innermost->frame && !innermost->locals && hands_on(innermost - 1)) {
    g->pc = pc + 1;
    g->raw_state = Generator::Suspended;
    g->yielded = true;
    lowest = park_callers(innermost);
    release(held);
    held = lowest->held;
    ts.handled = lowest->generator->handled.previous;
    ts.record = lowest - 1;
    set_innermost(lowest, innermost);
  } else {
    suspend_generator(ts, innermost, pc + 1);
  }
  if (kind == RecordKind::Entry) {
    release(held);
    return false;
  }
  CallRecord* caller = ts.record;
  ++caller->pc;  // past the Jump behind ForIter or Send
  Value& target = caller->base[lowest->dst];
  const Value old = target;
  target = value;
  release(old);
  release(held);
  return true;
}

}  // namespace hiss

// What the functions that carry out one instruction share.
#pragma once

#include "vm/call_stack.h"

namespace hiss {

/// The instruction and its frame, decoded; the record's program counter is set.
struct Step {
  Value* r;
  const Value* k;
  CallRecord* record;
  const Instruction* pc;
  uint32_t a, b, c;
  uint8_t flags;

  Step(CallRecord* rec, const Instruction* at)
      : r(rec->base),
        k(as<Tuple>(rec->code->consts)->items),
        record(rec),
        pc(at),
        a(at->a()),
        b(at->b()),
        c(at->c()),
        flags(at->flags()) {
    record->pc = at + 1;
  }
  Str* name(uint32_t index) const { return as<Str>(as<Tuple>(record->code->names)->items[index]); }
  Instruction* cache() const { return const_cast<Instruction*>(pc + 1); }
  bool temporary(uint32_t reg) const { return reg >= record->code->local_register_count; }
  void set(uint32_t reg, Value owned) {
    Value old = r[reg];
    r[reg] = owned;
    release(old);
  }
  void drop(uint32_t reg) { set(reg, Value()); }
  void drop_dying() {
    if (flags & kDyingB) drop(b);
    if (flags & kDyingC) drop(c);
  }
  // Puts a result into A; operands that die stay for the unwinder when there is none.
  bool finish(Ref result) {
    if (result.is_error()) [[unlikely]]
      return false;
    set(a, result.release());
    drop_dying();
    return true;
  }
};

}  // namespace hiss

#include "vm/operators.h"

#include "object/generic_slots.h"
#include "vm/operations.h"
#include "vm/step.h"

namespace hiss {

namespace {

bool has_constant(Op op) { return op >= Op::AddK && op <= Op::LshiftK; }

Value right_operand(const Step& s) { return has_constant(s.pc->op()) ? s.k[s.c] : s.r[s.c]; }

// An object of a class that says nothing about operators but by methods.
bool is_instance(Value v) { return v.is_object() && v.object()->layout == Layout::Instance; }

}  // namespace

bool enter_operator(ThreadState& ts, CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Value self = s.r[s.b], other = right_operand(s);
  const BinaryNames methods = binary_names(operation_of(pc->op()));
  Str* name = methods.direct;
  if (!is_instance(self)) {
    // A number knows nothing of the instance on its right.
    if (self.is_object() || !is_instance(other)) return false;
    std::swap(self, other);
    name = methods.reflected;
  } else if (other.is_object() && type_of(other) != type_of(self)) {
    return false;
  }
  Type* type = type_of(self);
  if ((s.flags & kInplace) && lookup(type, methods.inplace)) return false;
  const Value method = lookup(type, name);
  if (!method || !is<Function>(method)) return false;
  auto* f = as<Function>(method);
  Value* base = record->top;
  if (f->code->direct_argcount != 2 || !has_room(ts, base, f->code)) return false;
  for (Value v : {method, self, other}) retain(v);
  base[0] = self;
  base[1] = other;
  CallRecord* entered = enter_record(ts, f, base);
  entered->held = method;
  entered->kind = RecordKind::Operator;
  entered->dst = s.a;
  return true;
}

Status finish_operator(CallRecord* caller, Value returned) {
  Step s(caller, caller->pc - 1);
  if (returned.is_not_implemented())
    return unsupported_operands(operation_of(s.pc->op()), s.flags & kInplace, s.r[s.b], right_operand(s));
  s.set(s.a, returned);
  if (s.flags & kDyingB) s.drop(s.b);
  if ((s.flags & kDyingC) && !has_constant(s.pc->op())) s.drop(s.c);
  return kOk;
}

}  // namespace hiss

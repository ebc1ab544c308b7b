#include "vm/operators.h"

#include "object/generic_slots.h"
#include "vm/operations.h"
#include "vm/step.h"

namespace hiss {

namespace {

bool has_constant(Op op) { return op >= Op::AddK && op <= Op::LshiftK; }

Value right_operand(const Step& s) { return has_constant(s.pc->op()) ? s.k[s.c] : s.r[s.c]; }

// The frame of a function of one or two arguments, whose result is that of the instruction at `pc`.
bool enter_for_instruction(ThreadState& ts, CallRecord* record, const Instruction* pc, Value function,
                           std::initializer_list<Value> arguments) {
  if (!function || !is<Function>(function)) return false;
  auto* f = as<Function>(function);
  Value* base = record->top;
  if (f->code->direct_argcount != arguments.size() || !has_room(ts, base, f->code)) return false;
  record->pc = pc + 1;
  retain(function);
  for (Value* at = base; Value v : arguments) {
    retain(v);
    *at++ = v;
  }
  CallRecord* entered = enter_record(ts, f, base);
  entered->held = function;
  entered->kind = RecordKind::Operator;
  entered->dst = pc->a();
  entered->cache_words = static_cast<uint16_t>(kOpCacheWords[static_cast<size_t>(pc->op())]);
  return true;
}

// An object of a class that says nothing about operators but by methods.
bool has_only_methods(Value v) {
  if (!v.is_object()) return false;
  const Layout layout = v.object()->layout;
  return layout == Layout::Instance || (layout == Layout::Plain && v.object()->type->is_heap());
}

}  // namespace

OperatorMethod find_operator_method(const Instruction* pc, Value left, Value right) {
  // A number knows nothing of the instance on its right.
  const bool reflected = !left.is_object();
  const Value self = reflected ? right : left, other = reflected ? left : right;
  if (!has_only_methods(self) || (other.is_object() && type_of(other) != type_of(self))) return {};
  const BinaryNames methods = binary_names(operation_of(pc->op()));
  Type* type = type_of(self);
  if ((pc->flags() & kInplace) && lookup(type, methods.inplace)) return {};
  return {lookup(type, reflected ? methods.reflected : methods.direct), reflected};
}

bool enter_operator(ThreadState& ts, CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  const Value left = s.r[s.b], right = right_operand(s);
  const auto [method, reflected] = find_operator_method(pc, left, right);
  if (reflected) return enter_for_instruction(ts, record, pc, method, {right, left});
  return enter_for_instruction(ts, record, pc, method, {left, right});
}

bool enter_getter_frame(ThreadState& ts, CallRecord* record, const Instruction* pc, Value getter) {
  return enter_for_instruction(ts, record, pc, getter, {record->base[pc->b()]});
}

Status finish_operator(CallRecord* caller, Value returned, uint16_t cache_words) {
  Step s(caller, caller->pc - 1);
  if (returned.is_not_implemented() && s.pc->op() != Op::LoadAttr)
    return unsupported_operands(operation_of(s.pc->op()), s.flags & kInplace, s.r[s.b], right_operand(s));
  s.set(s.a, returned);
  if (s.flags & kDyingB) s.drop(s.b);
  if ((s.flags & kDyingC) && !has_constant(s.pc->op())) s.drop(s.c);
  caller->pc += cache_words;
  return kOk;
}

}  // namespace hiss

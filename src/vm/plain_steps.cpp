#include "vm/plain_steps.h"

#include "object/function.h"
#include "vm/operations.h"
#include "vm/step.h"

namespace hiss {

bool load_closure_cell(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  const Value cell = as<Tuple>(record->function->closure)->items[s.b];
  retain(cell);
  s.set(s.a, cell);
  return true;
}

bool make_cell_of(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  const Value content = s.r[s.a];
  s.r[s.a] = Value();
  Ref cell = make_cell(content);
  release(content);
  s.r[s.a] = cell.release();
  return true;
}

bool set_function_field(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  auto* f = as<Function>(s.r[s.a]);
  Value* const fields[] = {&f->defaults, &f->kwdefaults, &f->annotations, &f->closure};
  *fields[s.c] = s.r[s.b];
  s.r[s.b] = Value();
  return true;
}

bool store_global(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  dict_set(record->globals(), s.name(static_cast<uint32_t>(pc->bc())), s.r[s.a]);
  return true;
}

bool delete_item_of(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  return !set_item(s.r[s.a], s.r[s.b], Value()).is_error();
}

bool get_awaitable_of(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Ref awaitable = get_awaitable(s.r[s.b], static_cast<int>(s.c));
  if (awaitable.is_error()) return false;
  s.set(s.a, awaitable.release());
  return true;
}

bool get_yield_from_iterator(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Ref iterator = yield_from_iterator(s.r[s.b], record->code);
  if (iterator.is_error()) return false;
  s.set(s.a, iterator.release());
  return true;
}

bool extend_list(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  if (list_extend_checked(as<List>(s.r[s.a]), s.r[s.b], s.flags & kInvert ? s.r[s.c] : Value()).is_error())
    return false;
  if (s.flags & kDyingB) s.drop(s.b);
  return true;
}

bool update_set(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  if (set_update(as<Set>(s.r[s.a]), s.r[s.b]).is_error()) return false;
  if (s.flags & kDyingB) s.drop(s.b);
  return true;
}

bool update_dict(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  if (dict_update_checked(as<Dict>(s.r[s.a]), s.r[s.b]).is_error()) return false;
  if (s.flags & kDyingB) s.drop(s.b);
  return true;
}

bool merge_dict(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  if (dict_merge(as<Dict>(s.r[s.a]), s.r[s.b], s.r[s.c]).is_error()) return false;
  if (s.flags & kDyingB) s.drop(s.b);
  return true;
}

bool tuple_of_list(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Ref tuple = list_to_tuple(as<List>(s.r[s.b]));
  if (tuple.is_error()) return false;
  s.set(s.a, tuple.release());
  return true;
}

bool unpack_with_star(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  if (unpack_star(s.r[s.b], s.c & 0xFF, s.c >> 8, &s.r[s.a]).is_error()) return false;
  if (s.flags & kDyingB) s.drop(s.b);
  return true;
}

bool call_unpacked(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Ref result = call_with(s.r[s.a], as<Tuple>(s.r[s.a + 1]), s.b ? as<Dict>(s.r[s.a + 2]) : nullptr);
  if (result.is_error()) return false;
  for (uint32_t i = s.b ? 3 : 2; i-- > 0;) s.drop(s.a + i);
  s.set(s.c, result.release());
  return true;
}

bool enter_with(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Value pair[2];
  if (before_with(s.r[s.b], pc->op() == Op::BeforeAsyncWith, pair).is_error()) return false;
  if (s.flags & kDyingB) s.drop(s.b);
  s.set(s.a, pair[0]);
  s.set(s.a + 1, pair[1]);
  return true;
}

bool leave_with(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Ref result = with_exit(s.r[s.b], s.r[s.c]);
  if (result.is_error()) return false;
  s.set(s.a, result.release());
  return true;
}

PlainStep plain_step(Op op) {
  switch (op) {
#define PLAIN_STEP(name, function) \
  case Op::name:                   \
    return function;
#include "vm/plain_steps.def"
#undef PLAIN_STEP
    default:
      return nullptr;
  }
}

}  // namespace hiss

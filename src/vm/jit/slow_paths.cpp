#include "vm/jit/slow_paths.h"

#include "object/exception.h"
#include "object/frame.h"
#include "object/generator.h"
#include "object/index.h"
#include "object/iterator.h"
#include "object/list_internal.h"
#include "object/native.h"
#include "vm/arithmetic.h"
#include "vm/collecting.h"
#include "vm/delegation.h"
#include "vm/generator_records.h"
#include "vm/jit/machine_code.h"
#include "vm/operations.h"
#include "vm/operators.h"
#include "vm/step.h"

namespace hiss::jit {

Stubs stubs;

bool load_global_name(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  count_stale_cache(record->code);
  Ref found = load_global(record, s.name(static_cast<uint32_t>(pc->bc())), s.cache());
  if (found.is_error()) return false;
  s.set(s.a, found.release());
  return true;
}

bool load_attribute(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  count_stale_cache(record->code);
  Ref found = load_attr_cached(s.r[s.b], s.name(s.c), s.cache());
  if (found.is_error()) [[unlikely]]
    return false;
  s.set(s.a, found.release());
  if (s.flags & kDyingB) s.drop(s.b);
  return true;
}

bool store_attribute(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  count_stale_cache(record->code);
  if (store_attr_cached(s.r[s.a], s.name(s.c), s.r[s.b], s.cache()).is_error()) return false;
  if (s.flags & kDyingB) s.drop(s.b);
  return true;
}

bool load_method_pair(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  count_stale_cache(record->code);
  Value pair[2];
  if (load_method(s.r[s.b], s.name(s.c), s.cache(), pair).is_error()) return false;
  if (s.b == s.a || (s.flags & kDyingB)) s.drop(s.b);
  s.r[s.a] = pair[0];
  s.r[s.a + 1] = pair[1];
  return true;
}

bool get_item_slow(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Value container = s.r[s.b], key = s.r[s.c];
  if (is<Dict>(container) && type_of(container)->slots.getitem == dict_type.slots.getitem) {
    auto* dict = as<Dict>(container);
    if (dict->str_keys && is_exact(key, str_type)) {
      if (Value v = dict_get(dict, as<Str>(key))) {
        retain(v);
        s.set(s.a, v);
        s.drop_dying();
        return true;
      }
    } else {
      Ref found = dict_get(dict, key);
      if (found.is_error()) return false;
      if (found) return s.finish(std::move(found));
    }
  }
  return s.finish(get_item(container, key));
}

bool set_item_slow(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Value container = s.r[s.a], key = s.r[s.b];
  if (is_exact(container, dict_type) && is_exact(key, str_type) && as<Dict>(container)->str_keys) {
    dict_set(as<Dict>(container), as<Str>(key), s.r[s.c]);
  } else if (set_item(container, key, s.r[s.c]).is_error()) {
    return false;
  }
  s.drop_dying();
  return true;
}

bool get_slice_of(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  const Value container = s.r[s.b], *bounds = &s.r[s.c];
  if (SliceBounds b; is_exact(container, list_type) && plain_bounds(bounds, as<List>(container)->size, b)) {
    // The bounds are no objects, so they may stay.
    s.set(s.a, get_list_slice(as<List>(container), b).release());
    if (s.flags & kDyingB) s.drop(s.b);
    return true;
  }
  Ref part = get_slice(container, bounds);
  if (part.is_error()) return false;
  s.set(s.a, part.release());
  for (uint32_t i = 0; i < 3; ++i) s.drop(s.c + i);
  if (s.flags & kDyingB) s.drop(s.b);
  return true;
}

bool set_slice_of(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  if (set_slice(s.r[s.a], &s.r[s.b], s.r[s.c], s.flags & kDyingC).is_error()) return false;
  for (uint32_t i = 0; i < 3; ++i) s.drop(s.b + i);
  if (s.flags & kDyingC) s.drop(s.c);
  return true;
}

namespace {

// An int and a float, in any order.
bool mixed_numbers(Step& s, Value left, Value right) {
  double x, y;
  if (!to_number(left, x) || !to_number(right, y) || Value::both_integers(left, right)) return false;
  double z;
  switch (s.pc->op()) {
    case Op::Add:
    case Op::AddK:
      z = x + y;
      break;
    case Op::Subtract:
    case Op::SubtractK:
      z = x - y;
      break;
    case Op::Multiply:
    case Op::MultiplyK:
      z = x * y;
      break;
    default:
      return false;
  }
  if (z != z) return false;
  s.set(s.a, Value::number(z));
  s.drop_dying();
  return true;
}

}  // namespace

bool binary_operation(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  if (mixed_numbers(s, s.r[s.b], s.r[s.c])) return true;
  const bool temporary_target = s.temporary(s.a);
  const bool left_dies = (s.flags & kDyingB) || (s.b == s.a && temporary_target);
  const bool right_dies = (s.flags & kDyingC) || (s.c == s.a && temporary_target);
  return s.finish(binary_slow(pc->op(), s.r[s.b], s.r[s.c], s.flags & kInplace, left_dies, right_dies));
}

bool binary_constant_operation(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  const bool left_dies = (s.flags & kDyingB) || (s.b == s.a && s.temporary(s.a));
  Ref result = binary_slow(pc->op(), s.r[s.b], s.k[s.c], s.flags & kInplace, left_dies, false);
  if (result.is_error()) return false;
  s.set(s.a, result.release());
  if (s.flags & kDyingB) s.drop(s.b);
  return true;
}

bool unary_operation(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Value v = s.r[s.b];
  return s.finish(pc->op() == Op::Negative ? negative(v) : pc->op() == Op::Positive ? positive(v) : invert(v));
}

bool compare_values(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  const auto op = static_cast<CompareOp>(static_cast<int>(pc->op()) - static_cast<int>(Op::CompareLt));
  return s.finish(compare(s.r[s.b], s.r[s.c], op));
}

bool contains_item(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  return s.finish(contains_value(s.r[s.b], s.r[s.c], s.flags & kInvert));
}

bool negate_truth(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Result<bool> t = truth(s.r[s.b]);
  if (t.is_error()) return false;
  return s.finish(Ref::boolean(!t.value()));
}

bool unpack_values(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Value source = s.r[s.b];
  if (is_exact(source, tuple_type) && as<Tuple>(source)->size == s.c) {
    Value* items = as<Tuple>(source)->items;
    for (uint32_t i = 0; i < s.c; ++i) {
      retain(items[i]);
      s.set(s.a + i, items[i]);
    }
  } else if (unpack(source, s.c, &s.r[s.a]).is_error()) {
    return false;
  }
  if (s.flags & kDyingB) s.drop(s.b);
  return true;
}

namespace {

// The items of a tuple or list of so many, or null.
inline const Value* items_of(Value source, uint32_t count) {
  if (is_exact(source, tuple_type) && as<Tuple>(source)->size == count) return as<Tuple>(source)->items;
  if (is_exact(source, list_type) && as<List>(source)->size == count) return as<List>(source)->items;
  return nullptr;
}

}  // namespace

bool unpack_into_registers(CallRecord* record, const Instruction* pc) {
  Value* r = record->base;
  const uint32_t count = pc->c();
  const Value* items = items_of(r[pc->b()], count);
  if (!items) {
    if (!unpack_values(record, pc)) return false;
    Step s(record, pc);
    for (uint32_t i = 0; i < s.c; ++i) {
      Value item = s.r[s.a + i];
      s.r[s.a + i] = Value();
      s.set(pc[1 + i].a(), item);
    }
    return true;
  }
  // All targets are set before the last reference to what one held goes: its finalizer may look at them.
  Object* dead[kMostUnpacked];
  uint32_t dead_count = 0;
  for (uint32_t i = 0; i < count; ++i) {
    Value& target = r[pc[1 + i].a()];
    const Value item = items[i], old = target;
    retain(item);
    target = item;
    if (old.is_object() && --old.object()->refs == 0) dead[dead_count++] = old.object();
  }
  record->pc = pc + 1;
  for (uint32_t i = 0; i < dead_count; ++i) destroy_object(dead[i]);
  if (pc->flags() & kDyingB) {
    Step s(record, pc);
    s.drop(s.b);
  }
  return true;
}

bool release_unpacked(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  release_registers(&s.r[s.a], &s.r[s.a + s.c]);
  return true;
}

bool build_tuple(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  s.set(s.a, take_into_tuple(&s.r[s.b], s.c).release());
  return true;
}

bool build_display(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Value* first = &s.r[s.b];
  switch (pc->op()) {
    case Op::BuildList: {
      Ref list = make_list(s.c);
      for (uint32_t i = 0; i < s.c; ++i) {
        list_append_owned(as<List>(list), first[i]);
        first[i] = Value();
      }
      s.set(s.a, list.release());
      return true;
    }
    default: {
      Ref display = pc->op() == Op::BuildSet ? build_set(first, s.c) : build_dict(first, s.c);
      if (display.is_error()) return false;
      s.set(s.a, display.release());
      return true;
    }
  }
}

bool append_to_display(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  switch (pc->op()) {
    case Op::ListAppend: {
      Value v = s.r[s.b];
      if (s.flags & kDyingB) {
        s.r[s.b] = Value();
      } else {
        retain(v);
      }
      list_append_owned(as<List>(s.r[s.a]), v);
      return true;
    }
    case Op::SetAdd:
      if (set_add(as<Set>(s.r[s.a]), s.r[s.b]).is_error()) return false;
      if (s.flags & kDyingB) s.drop(s.b);
      return true;
    default:
      if (dict_set(as<Dict>(s.r[s.a]), s.r[s.b], s.r[s.c]).is_error()) return false;
      s.drop_dying();
      return true;
  }
}

bool get_iterator(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  return s.finish(get_iter(s.r[s.b]));
}

bool make_function_object(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Ref f = make_function(as<Code>(s.k[pc->bc()]), record->globals());
  if (f.is_error()) return false;
  s.set(s.a, f.release());
  return true;
}

bool format_text(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  if (pc->op() == Op::FormatValue) {
    Ref text = format_value(s.r[s.b], s.flags, s.flags & 4 ? s.r[s.c] : Value());
    if (text.is_error()) return false;
    s.set(s.a, text.release());
    return true;
  }
  Ref text = join_strings(&s.r[s.b], s.c);
  if (text.is_error()) return false;
  for (uint32_t i = 0; i < s.c; ++i) s.drop(s.b + i);
  s.set(s.a, text.release());
  return true;
}

namespace {

uint32_t test_of(Step& s, Value left, Value right, CompareOp op) {
  if (op == CompareOp::Eq || op == CompareOp::Ne) {
    if (is_exact(left, str_type) && is_exact(right, str_type)) {
      const bool same = left == right || equal(as<Str>(left), as<Str>(right));
      s.drop_dying();
      return same == (op == CompareOp::Eq);
    }
  }
  Ref result = compare(left, right, op);
  if (result.is_error()) return 2;
  bool answer;
  if (result.value().is_bool()) {
    answer = result.value().is_true();
  } else {
    Result<bool> t = truth(result);
    if (t.is_error()) return 2;
    answer = t.value();
  }
  s.drop_dying();
  return answer;
}

}  // namespace

uint32_t test_comparison(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  const auto op = static_cast<CompareOp>(static_cast<int>(pc->op()) - static_cast<int>(Op::JumpLt));
  return test_of(s, s.r[s.b], s.r[s.c], op);
}

uint32_t test_constant_comparison(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  s.flags &= static_cast<uint8_t>(~kDyingC);
  const auto op = static_cast<CompareOp>(static_cast<int>(pc->op()) - static_cast<int>(Op::JumpLtK));
  return test_of(s, s.r[s.b], s.k[s.c], op);
}

uint32_t test_truth(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  Result<bool> t = truth(s.r[s.a]);
  if (t.is_error()) return 2;
  if (s.flags & kDyingB) s.drop(s.a);
  return t.value();
}

// ---- Control

namespace {

// Where the innermost frame goes on at its pc.
uint64_t go_on(ThreadState* ts) {
  const void* entry = machine_entry(ts->record, ts->record->pc);
  return entry ? reinterpret_cast<uint64_t>(entry) : stubs.stay;
}

// A call that makes a generator or coroutine from arguments that need no binding.
bool makes_generator(Value callee, uint32_t count) {
  if (!is<Function>(callee)) return false;
  const Code* code = as<Function>(callee)->code;
  return (code->code_flags & kMakesGenerator) && code->simple_arguments &&
         code->argcount == static_cast<int32_t>(count);
}

}  // namespace

uint64_t call_value(CallRecord* record, const Instruction* pc, ThreadState* ts) {
  Step s(record, pc);
  Value* callee = &s.r[s.a];
  uint32_t count = s.b;
  Tuple* keyword_names = nullptr;
  const Op op = pc->op();
  const bool with_object = op == Op::CallMethod && callee[1];
  if ((op == Op::Call || with_object) && makes_generator(*callee, count + with_object)) {
    const Value function = *callee;
    *callee = Value();
    Ref generator = make_generator(as<Function>(function), callee + 1);
    release(function);
    if (generator.is_error()) return stubs.error;
    s.set(s.c, generator.release());
    return kDone;
  }
  if (op == Op::CallKeywords || op == Op::CallMethodKeywords) {
    keyword_names = as<Tuple>(s.k[pc[1].word]);
    record->pc = pc + 2;
  }
  if (op == Op::CallMethod || op == Op::CallMethodKeywords) {
    if (callee[1].is_empty()) {
      callee[1] = callee[0];
      callee[0] = Value();
      ++callee;
    } else {
      if (op == Op::CallMethod && is_exact(*callee, method_descriptor_type) &&
          as<Descriptor>(*callee)->owner == type_of(callee[1])) {
        auto* d = as<Descriptor>(*callee);
        Ref result = call_native(d->def, d->spec, d->owner, callee[1], Args{callee + 2, count, nullptr});
        if (result.is_error()) [[unlikely]]
          return stubs.error;
        release_registers(callee, callee + 2 + count);
        s.set(s.c, result.release());
        return kDone;
      }
      ++count;
    }
  }
  Ref result;
  switch (begin_call(*ts, callee, count, keyword_names, s.c, result)) {
    case CallOutcome::Entered:
      if (const void* back = machine_entry(record, record->pc); back && ts->record->kind == RecordKind::Call)
        ts->record->return_to = back;
      return go_on(ts);
    case CallOutcome::Returned:
      s.set(s.c, result.release());
      return kDone;
    default:
      return stubs.error;
  }
}

bool make_generator_object(CallRecord* record, const Instruction* pc) {
  Step s(record, pc);
  s.set(s.c, make_generator_expression(thread_state(), as<Code>(s.k[s.b]), s.a).release());
  return true;
}

uint64_t call_comprehension(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t back) {
  Step s(record, pc);
  if (!enter_comprehension(*ts, as<Code>(s.k[s.b]), s.a, s.c)) return stubs.error;
  ts->record->return_to = reinterpret_cast<const void*>(back);
  return go_on(ts);
}

uint64_t enter_operator_method(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t back) {
  if (!enter_operator(*ts, record, pc)) return kDone;
  ts->record->return_to = reinterpret_cast<const void*>(back);
  return go_on(ts);
}

uint64_t enter_getter(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t back,
                      const Property* property) {
  if (!enter_getter_frame(*ts, record, pc, property->getter)) return kDone;
  ts->record->return_to = reinterpret_cast<const void*>(back);
  return go_on(ts);
}

uint64_t enter_class(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t back, Function* init) {
  Value* callee = &record->base[pc->a()];
  auto* cls = as<Type>(*callee);
  if (cls->has(Type::kAbstract)) return kDone;
  Value* base = record->generator ? record->top : callee;
  if (init->code->direct_argcount != pc->b() + 1 || !has_room(*ts, base, init->code)) return kDone;
  record->pc = pc + 1;
  Object* instance = make_plain_instance(cls);
  retain(instance);
  retain(init);
  *callee = to_value(instance);
  release(static_cast<Object*>(cls));
  for (uint32_t i = 0; i <= pc->b() && base != callee; ++i) base[i] = std::exchange(callee[i], Value());
  CallRecord* entered = enter_record(*ts, init, base);
  entered->kind = RecordKind::Init;
  entered->held = to_value(instance);
  entered->dst = pc->c();
  entered->return_to = reinterpret_cast<const void*>(back);
  return go_on(ts);
}

namespace {

inline void set_in_caller(const CallRecord* caller, uint32_t dst, Value owned) {
  const Value old = caller->base[dst];
  caller->base[dst] = owned;
  release(old);
}

// __init__ has returned: the instance is what the call of its class gives.
uint64_t finish_init(ThreadState* ts, Value returned, Value instance, Function* init, uint32_t dst) {
  release(static_cast<Object*>(init));
  if (!returned.is_none()) [[unlikely]] {
    (void)fail(exc::TypeError, "__init__() should return None, not '{}'", type_name(returned));
    release(returned);
    release(instance);
    return stubs.error;
  }
  set_in_caller(ts->record, dst, instance);
  return go_on(ts);
}

}  // namespace

uint64_t return_value(CallRecord* record, const Instruction* pc, ThreadState* ts) {
  record->pc = pc + 1;
  Value returned = Value::none();
  if (pc->op() == Op::Return) {
    returned = record->base[pc->a()];
    record->base[pc->a()] = Value();
  }
  const RecordKind kind = record->kind;
  const uint32_t dst = record->dst;
  const Value held = record->held;
  const CollectingCall collecting = CollectingCall::of(record);
  const void* const return_to = record->return_to;
  const uint16_t cache_words = record->cache_words;
  if (record->generator) {
    finish_generator(*ts, record, pc->b());
  } else {
    Function* const function = record->function;
    pop_record(*ts, record, pc->b());
    if (kind == RecordKind::Init) return finish_init(ts, returned, held, function, dst);
  }
  release(held);
  if (kind == RecordKind::Entry) {
    ts->returned = returned;
    return stubs.returned;
  }
  if (kind == RecordKind::ForIter) {
    release(returned);
  } else if (kind == RecordKind::Collect) {
    release(returned);
    if (finish_collecting(*ts, collecting).is_error()) return stubs.error;
  } else if (kind == RecordKind::Operator) {
    if (finish_operator(ts->record, returned, cache_words).is_error()) return stubs.error;
    return reinterpret_cast<uint64_t>(return_to);
  } else {
    set_in_caller(ts->record, dst, returned);
  }
  return go_on(ts);
}

uint64_t enter_collecting_call(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t what) {
  record->pc = pc + 1;
  CallRecord* entered = enter_collecting(*ts, static_cast<Collecting>(what), pc->a(), pc->c());
  if (!entered) return stubs.error;
  if (const void* back = machine_entry(record, record->pc)) entered->return_to = back;
  return go_on(ts);
}

uint64_t collect_value(CallRecord* record, const Instruction* pc, ThreadState* ts) {
  const Collected outcome = collect_yielded(*ts, record, pc);
  if (outcome == Collected::Here) return kDone;
  return outcome == Collected::Failed ? stubs.error : go_on(ts);
}

uint64_t yield_value(CallRecord* record, const Instruction* pc, ThreadState* ts) {
  if (pc->flags() & kInvert) {
    record->pc = pc;
    return stubs.step;
  }
  Step s(record, pc);
  Value value = s.r[s.b];
  if (s.flags & kDyingB) {
    s.r[s.b] = Value();
  } else {
    retain(value);
  }
  if (!yield_through(*ts, pc, value)) {
    ts->returned = value;
    return stubs.returned;
  }
  return go_on(ts);
}

namespace {

// `moved`: the values go where the two MoveTakes behind the Unpack put them, else to its temporaries.
uint64_t next_two(CallRecord* record, const Instruction* pc, bool moved) {
  record->pc = pc + 1;
  Value* r = record->base;
  Value pair[2];
  switch (next_pair(r[pc->b()], pair)) {
    case PairStep::NoPairs:
      return kDone;
    case PairStep::Failed:
      return stubs.error;
    case PairStep::Ended:
      return kExhausted;
    case PairStep::Given:
      break;
  }
  const Instruction& unpack = pc[2];
  if (!moved) {
    r[unpack.a()] = pair[0];
    r[unpack.a() + 1] = pair[1];
    return kItem;
  }
  record->pc = pc + 3;
  for (int i = 0; i < 2; ++i) {
    Value& target = r[pc[3 + i].a()];
    const Value old = target;
    target = pair[i];
    release(old);
  }
  return kItem;
}

}  // namespace

uint64_t next_two_items(CallRecord* record, const Instruction* pc, ThreadState*) { return next_two(record, pc, false); }
uint64_t next_two_items_moved(CallRecord* record, const Instruction* pc, ThreadState*) {
  return next_two(record, pc, true);
}

uint64_t next_item(CallRecord* record, const Instruction* pc, ThreadState* ts) {
  Step s(record, pc);
  Value iterator = s.r[s.b];
  if (is_exact(iterator, generator_type)) {
    auto* g = as<Generator>(iterator);
    if (resume_chain(*ts, g, RecordKind::ForIter, s.a, machine_entry(record, pc + 2), Value::none())) return go_on(ts);
    if (g->state() == Generator::Suspended || g->state() == Generator::Created) {
      const bool entered =
          enter_delegating(*ts, g, RecordKind::ForIter, s.a, machine_entry(record, pc + 2), Value::none());
      return entered ? go_on(ts) : stubs.error;
    }
  }
  Ref item = next(iterator);
  if (item.is_error()) return stubs.error;
  if (item.is_empty()) return kExhausted;
  s.set(s.a, item.release());
  return kItem;
}

uint64_t resume_delegating(CallRecord* record, const Instruction* pc, ThreadState* ts, uint64_t past) {
  record->pc = pc + 1;
  auto* g = as<Generator>(record->base[pc->b()]);
  const bool sends = pc->op() == Op::Send;
  const bool entered =
      enter_delegating(*ts, g, sends ? RecordKind::Send : RecordKind::ForIter, pc->a(),
                       reinterpret_cast<const void*>(past), sends ? record->base[pc->c()] : Value::none());
  return entered ? go_on(ts) : stubs.error;
}

uint64_t send_value(CallRecord* record, const Instruction* pc, ThreadState* ts) {
  Step s(record, pc);
  Value receiver = s.r[s.b], value = s.r[s.c];
  const bool runs_here = is_exact(receiver, generator_type) || is_exact(receiver, coroutine_type);
  auto* g = runs_here ? as<Generator>(receiver) : nullptr;
  const void* past = machine_entry(record, pc + 2);
  if (g && resume_chain(*ts, g, RecordKind::Send, s.a, past, value)) return go_on(ts);
  if (!g || (g->state() != Generator::Suspended && !(g->state() == Generator::Created && value.is_none()))) {
    Ref returned;
    Ref result = send_to(receiver, value, returned);
    if (result.is_error()) return stubs.error;
    const bool finished = result.is_empty();
    s.set(s.a, finished ? returned.release() : result.release());
    return finished ? kExhausted : kItem;
  }
  return enter_delegating(*ts, g, RecordKind::Send, s.a, past, value) ? go_on(ts) : stubs.error;
}

}  // namespace hiss::jit

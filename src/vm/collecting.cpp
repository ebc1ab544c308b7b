#include "vm/collecting.h"

#include <string_view>

#include "object/exception.h"
#include "object/frame.h"
#include "object/plain_compare.h"
#include "object/set_internal.h"
#include "vm/generator_records.h"
#include "vm/operations.h"

namespace hiss {

namespace {

constexpr struct {
  std::string_view name;
  Collecting what;
} kFunctions[] = {{"any", Collecting::Any}, {"all", Collecting::All}, {"sum", Collecting::Sum},
                  {"min", Collecting::Min}, {"max", Collecting::Max}, {"sorted", Collecting::Sorted}};

// What has been collected before the first value.
Ref start(Collecting what) {
  switch (what) {
    case Collecting::List:
    case Collecting::Tuple:
    case Collecting::Sorted:
      return make_list();
    case Collecting::Set:
      return make_set();
    case Collecting::FrozenSet:
      return make_set_of(&frozenset_type);
    case Collecting::Sum:
      return Ref::steal(Value::integer(0));
    default:
      return Ref::empty();
  }
}

// Whether the hash of a value and its comparison with others of these kinds call nothing.
inline bool is_plain_key(Value v) { return !v.is_object() || is_exact(v, str_type); }

// The truth of a value, or -1: truth() must be asked.
inline int plain_truth(Value v) {
  if (v.is_bool()) return v.is_true();
  if (v.is_integer()) return v.integer() != 0;
  if (v.is_none()) return 0;
  return is_exact(v, str_type) ? as<Str>(v)->length != 0 : -1;
}

// Collects a value whose count it takes, or does nothing and says false: Python code might have to run, or the call
// ends here.
inline bool collect_plain(const CallRecord* record, Value& accumulator, Value item) {
  switch (record->collecting) {
    case Collecting::List:
    case Collecting::Tuple:
    case Collecting::Sorted:
      list_append_owned(as<List>(accumulator), item);
      return true;
    case Collecting::Set:
    case Collecting::FrozenSet:
      if (!is_plain_key(item)) return false;
      (void)set_add(as<Set>(accumulator), item);  // nothing is called that could fail
      release(item);
      return true;
    case Collecting::Any:
    case Collecting::All:
      if (plain_truth(item) != (record->collecting == Collecting::All)) return false;
      release(item);
      return true;
    case Collecting::Sum:
      if (Value::both_integers(accumulator, item)) {
        const int64_t total = accumulator.integer() + item.integer();
        if (!Value::fits_integer(total)) return false;
        accumulator = Value::integer(total);
        return true;
      }
      if (!accumulator.is_number() || !item.is_number()) return false;
      {
        const double total = accumulator.number() + item.number();
        if (total != total) return false;  // a NaN is made by the general way
        accumulator = Value::number(total);
      }
      return true;
    case Collecting::Min:
    case Collecting::Max: {
      if (!accumulator) {
        accumulator = item;
        return true;
      }
      const int less =
          record->collecting == Collecting::Min ? plain_less(item, accumulator) : plain_less(accumulator, item);
      if (less < 0) return false;
      if (less) std::swap(accumulator, item);
      release(item);
      return true;
    }
    default:
      return false;
  }
}

// The same for any value; true: the call ends here, and `accumulator` is its result.
Result<bool> collect(Collecting what, Value& accumulator, Ref item) {
  Ref next;
  switch (what) {
    case Collecting::Any:
    case Collecting::All: {
      const bool decides = what == Collecting::Any;
      if (TRY(truth(item)) != decides) return false;
      accumulator = Value::boolean(decides);
      return true;
    }
    case Collecting::Sum:
      next = TRY(binary(BinaryOp::add, accumulator, item));
      break;
    case Collecting::Min:
    case Collecting::Max:
      if (!TRY(compare_bool(item, accumulator, what == Collecting::Min ? CompareOp::Lt : CompareOp::Gt))) return false;
      next = std::move(item);
      break;
    default:
      TRY(set_add(as<Set>(accumulator), item));
      return false;
  }
  const Value old = accumulator;
  accumulator = next.release();
  release(old);
  return false;
}

Ref result_of(Collecting what, Ref collected) {
  switch (what) {
    case Collecting::Tuple:
      return take_into_tuple(as<List>(collected)->items, as<List>(collected)->size);
    case Collecting::Sorted:
      TRY(list_sort(as<List>(collected), Value(), false));
      return collected;
    case Collecting::Any:
    case Collecting::All:
      return collected.is_empty() ? Ref::boolean(what == Collecting::All) : collected;
    case Collecting::Min:
    case Collecting::Max:
      if (!collected.is_empty()) return collected;
      return fail(exc::ValueError, "{}() arg is an empty sequence", what == Collecting::Min ? "min" : "max");
    default:
      return collected;
  }
}

CallRecord* enter(ThreadState& ts, Generator* g, const CollectingCall& call) {
  Result<CallRecord*> pushed = enter_generator(ts, g, RecordKind::Collect);
  if (pushed.is_error()) return nullptr;
  CallRecord* record = pushed.value();
  record->dst = call.dst;
  record->collecting = call.what;
  record->accumulator = call.accumulator;
  return record;
}

// The suspended generator goes on behind its Yield; Python code that ran meanwhile may have used it, too.
Collected go_on(ThreadState& ts, Generator* g, CollectingCall call, const void* return_to) {
  if (g->state() == Generator::Finished)
    return finish_collecting(ts, call).is_error() ? Collected::Failed : Collected::InOtherFrame;
  if (g->state() == Generator::Running) {
    (void)fail(exc::ValueError, "generator already executing");
    return Collected::Failed;
  }
  set_yield_result(g, Value::none());
  if (call.what == Collecting::Set || call.what == Collecting::FrozenSet) call.what = Collecting::CarefulSet;
  CallRecord* record = enter(ts, g, call);
  if (!record) return Collected::Failed;
  record->return_to = return_to;
  return Collected::InOtherFrame;
}

}  // namespace

Collecting collecting_of(Value callee) {
  if (callee == to_value(&list_type)) return Collecting::List;
  if (callee == to_value(&tuple_type)) return Collecting::Tuple;
  if (callee == to_value(&set_type)) return Collecting::Set;
  if (callee == to_value(&frozenset_type)) return Collecting::FrozenSet;
  if (!is_exact(callee, native_function_type)) return Collecting::None;
  const auto* function = as<NativeFunction>(callee);
  if (!function->module || !is<Str>(function->module) || utf8_view(as<Str>(function->module)) != "builtins")
    return Collecting::None;
  for (const auto& [name, what] : kFunctions) {
    if (name == function->def->name) return what;
  }
  return Collecting::None;
}

CallRecord* enter_collecting(ThreadState& ts, Collecting what, uint32_t callee, uint32_t dst) {
  Value* r = ts.record->base;
  auto* g = as<Generator>(r[callee + 1]);
  if (g->state() == Generator::Suspended) set_yield_result(g, Value::none());
  CallRecord* record = enter(ts, g, {what, static_cast<uint16_t>(callee), dst});
  if (!record) return nullptr;
  const Value function = r[callee];
  r[callee] = start(what).release();
  r[callee + 1] = Value();
  release(function);
  release(static_cast<Object*>(g));  // the record holds it
  return record;
}

Collected collect_yielded(ThreadState& ts, CallRecord* record, const Instruction* pc) {
  record->pc = pc + 1;
  Value& yielded = record->base[pc->b()];
  const Value item = yielded;
  if (pc->flags() & kDyingB) {
    yielded = Value();
  } else {
    retain(item);
  }
  Value& accumulator = record->previous()->base[record->accumulator];
  if (collect_plain(record, accumulator, item)) [[likely]] {
    Value& result = record->base[pc->a()];
    const Value old = result;
    result = Value::none();
    release(old);
    return Collected::Here;
  }
  const CollectingCall call = CollectingCall::of(record);
  const void* return_to = record->return_to;
  Ref generator = Ref::steal(record->held);
  suspend_generator(ts, record, pc + 1);
  Result<bool> ends = collect(call.what, accumulator, Ref::steal(item));
  if (ends.is_error()) return Collected::Failed;
  if (!ends.value()) return go_on(ts, as<Generator>(generator), call, return_to);
  generator.reset();
  return finish_collecting(ts, call).is_error() ? Collected::Failed : Collected::InOtherFrame;
}

Status finish_collecting(ThreadState& ts, const CollectingCall& call) {
  Value* r = ts.record->base;
  const Value collected = r[call.accumulator];
  r[call.accumulator] = Value();
  Ref result = TRY(result_of(call.what, Ref::steal(collected)));
  const Value old = r[call.dst];
  r[call.dst] = result.release();
  release(old);
  return kOk;
}

}  // namespace hiss

// range: any ints; the iterator of small ranges counts in a register.
#include "object/range.h"
#include "memory/native_objects.h"
#include "object/index.h"
#include "object/iterator.h"

namespace hiss {

Type range_type, range_iterator_type, long_range_iterator_type;

namespace {

Ref sum(Value a, Value b) { return int_binary(BinaryOp::add, a, b); }
Ref difference(Value a, Value b) { return int_binary(BinaryOp::subtract, a, b); }
Ref product(Value a, Value b) { return int_binary(BinaryOp::multiply, a, b); }

/// Number of items: 0, or 1 + (span - 1) // |step|.
Ref count_items(Value start, Value stop, Value step) {
  if (Value::both_integers(start, stop) && step.is_integer()) {
    const int64_t by = step.integer();
    const int64_t span = by > 0 ? stop.integer() - start.integer() : start.integer() - stop.integer();
    if (span <= 0) return make_int(0);
    return make_int(by == 1 || by == -1 ? span : (span - 1) / std::abs(by) + 1);
  }
  const bool up = int_sign(step) > 0;
  Value low = up ? start : stop, high = up ? stop : start;
  if (compare_ints(low, high) >= 0) return make_int(0);
  Ref span = difference(high, low);
  span = difference(span, Value::integer(1));
  Ref size = up ? Ref::share(step) : difference(Value::integer(0), step);
  Ref n = int_binary(BinaryOp::floor_divide, span, size);
  return sum(n, Value::integer(1));
}

Ref item_at(Range* r, Value i) {
  Ref offset = product(i, r->step);
  return sum(r->start, offset);
}

Ref make_range_of(Value start, Value stop, Value step) {
  Ref n = count_items(start, stop, step);
  auto* r = allocate_plain<Range>(range_type);
  r->start = Ref::share(start).release();
  r->stop = Ref::share(stop).release();
  r->step = Ref::share(step).release();
  r->length = n.release();
  return Ref::steal(r);
}

Ref range_new(Type*, const Args& args) {
  if (args.keyword_count()) return fail(exc::TypeError, "range() takes no keyword arguments");
  switch (args.count) {
    case 0:
      return fail(exc::TypeError, "range expected at least 1 argument, got 0");
    case 1: {
      Ref stop = TRY(index(args[0]));
      return make_range_of(Value::integer(0), stop, Value::integer(1));
    }
    case 2:
    case 3: {
      Ref start = TRY(index(args[0]));
      Ref stop = TRY(index(args[1]));
      Ref step = args.count == 3 ? TRY(index(args[2])) : make_int(1);
      if (int_sign(step) == 0) return fail(exc::ValueError, "range() arg 3 must not be zero");
      return make_range_of(start, stop, step);
    }
    default:
      return fail(exc::TypeError, "range expected at most 3 arguments, got {}", args.count);
  }
}

void range_dealloc(Object* self) {
  auto* r = static_cast<Range*>(self);
  release(r->start);
  release(r->stop);
  release(r->step);
  release(r->length);
  free_object(self);
}

Ref range_repr(Value self) {
  auto* r = as<Range>(self);
  const bool plain = r->step == Value::integer(1);
  const std::string start = TRY(int_to_text(r->start)), stop = TRY(int_to_text(r->stop));
  if (plain) return make_str_ascii("range(" + start + ", " + stop + ")");
  return make_str_ascii("range(" + start + ", " + stop + ", " + TRY(int_to_text(r->step)) + ")");
}

Result<int64_t> range_length(Value self) {
  const auto n = int_value(as<Range>(self)->length);
  if (!n) return fail(exc::OverflowError, "Python int too large to convert to C ssize_t");
  return *n;
}
Result<bool> range_truth(Value self) { return int_sign(as<Range>(self)->length) != 0; }

Ref range_getitem(Value self, Value key) {
  auto* r = as<Range>(self);
  if (has_index(key)) {
    Ref i = TRY(index(key));
    if (int_sign(i) < 0) i = sum(i, r->length);
    if (int_sign(i) < 0 || compare_ints(i, r->length) >= 0)
      return fail(exc::IndexError, "range object index out of range");
    return item_at(r, i);
  }
  if (is<Slice>(key)) {
    Ref bounds = TRY(call_method(key, "indices", {r->length}));
    Tuple* t = as<Tuple>(bounds);
    Ref start = item_at(r, t->items[0]), stop = item_at(r, t->items[1]), step = product(r->step, t->items[2]);
    return make_range_of(start, stop, step);
  }
  return fail(exc::TypeError, "range indices must be integers or slices, not {}", type_name(key));
}

bool contains_int(Range* r, Value v) {
  const bool up = int_sign(r->step) > 0;
  if (up ? compare_ints(v, r->start) < 0 || compare_ints(v, r->stop) >= 0
         : compare_ints(v, r->start) > 0 || compare_ints(v, r->stop) <= 0) {
    return false;
  }
  Ref offset = difference(v, r->start);
  Ref rest = int_binary(BinaryOp::remainder, offset, r->step);
  return int_sign(rest) == 0;
}

bool is_plain_int(Value v) { return v.is_integer() || v.is_bool() || is_exact(v, int_type); }

Result<bool> range_contains(Value self, Value item) {
  if (is_plain_int(item)) return contains_int(as<Range>(self), item);
  return contains_by_iteration(self, item);
}

Ref range_compare(Value self, Value other, CompareOp op) {
  if (!is<Range>(other) || (op != CompareOp::Eq && op != CompareOp::Ne)) return Ref::not_implemented();
  Range *a = as<Range>(self), *b = as<Range>(other);
  bool same = a == b;
  if (!same && equal_ints(a->length, b->length)) {
    same = int_sign(a->length) == 0 ||
           (equal_ints(a->start, b->start) && (a->length == Value::integer(1) || equal_ints(a->step, b->step)));
  }
  return Ref::boolean(same == (op == CompareOp::Eq));
}

Result<int64_t> range_hash(Value self) {
  auto* r = as<Range>(self);
  const bool empty = int_sign(r->length) == 0, one = r->length == Value::integer(1);
  Ref key = make_tuple({r->length, empty ? Value::none() : r->start, empty || one ? Value::none() : r->step});
  return hash(key);
}

Ref range_iter_from(Value start, Value step, Value length);
Ref range_iter(Value self) {
  auto* r = as<Range>(self);
  return range_iter_from(r->start, r->step, r->length);
}

Ref range_reversed(Value self, const Value*) {
  auto* r = as<Range>(self);
  const bool small = Value::both_integers(r->start, r->stop) && Value::both_integers(r->length, r->step);
  if (small && r->length.integer() > 0) {
    // The last item lies between the bounds, so it is as small as they are.
    const int64_t step = r->step.integer();
    const int64_t last = r->start.integer() + (r->length.integer() - 1) * step;
    return range_iter_from(Value::integer(last), make_int(-step), r->length);
  }
  Ref last = difference(r->length, Value::integer(1));
  Ref start = item_at(r, last);
  Ref step = difference(Value::integer(0), r->step);
  return range_iter_from(start, step, r->length);
}

Ref range_index(Value self, const Value* args) {
  auto* r = as<Range>(self);
  if (is_plain_int(args[0])) {
    if (!contains_int(r, args[0])) return fail(exc::ValueError, "{} is not in range", repr_text(args[0]));
    Ref offset = difference(args[0], r->start);
    return int_binary(BinaryOp::floor_divide, offset, r->step);
  }
  int64_t i = 0;
  Ref iterator = TRY(range_iter(self));
  for (;; ++i) {
    Ref item = TRY(next(iterator));
    if (item.is_empty()) return fail(exc::ValueError, "sequence.index(x): x not in sequence");
    if (TRY(equal(item, args[0]))) return make_int(i);
  }
}

Ref range_count(Value self, const Value* args) {
  if (is_plain_int(args[0])) return make_int(static_cast<int64_t>(contains_int(as<Range>(self), args[0])));
  int64_t n = 0;
  TRY(for_each(self, [&](Value item) -> Status {
    if (TRY(equal(item, args[0]))) ++n;
    return kOk;
  }));
  return make_int(n);
}

Ref range_reduce(Value self, const Value*) {
  auto* r = as<Range>(self);
  Ref arguments = make_tuple({r->start, r->stop, r->step});
  return make_tuple({to_value(&range_type), arguments});
}

const NativeDef kRangeMethods[] = {
    {"__reversed__", "($self, /)", range_reversed, "Iterate over the same integers backwards."},
    {"__reduce__", "($self, /)", range_reduce, kReduceDoc},
    {"count", "($self, value, /)", range_count,
     "rangeobject.count(value) -> integer\n\nHow many integers of the range equal value."},
    {"index", "($self, value, /)", range_index,
     "rangeobject.index(value) -> integer\n\nPosition of value in the range; ValueError if it is not there."},
    {}};
const GetSetDef kRangeGetSets[] = {{"start", [](Value self) { return Ref::share(as<Range>(self)->start); }, nullptr},
                                   {"stop", [](Value self) { return Ref::share(as<Range>(self)->stop); }, nullptr},
                                   {"step", [](Value self) { return Ref::share(as<Range>(self)->step); }, nullptr},
                                   {}};

// ---- Iterators

struct LongRangeIterator : Object {
  Value start, step, length, index;
};

Ref range_iter_from(Value start, Value step, Value length) {
  const auto first = int_value(start), by = int_value(step), n = int_value(length);
  int64_t span, last;
  if (first && by && n && !__builtin_mul_overflow(*by, *n, &span) && !__builtin_add_overflow(*first, span, &last)) {
    auto* it = allocate_plain<RangeIterator>(range_iterator_type);
    it->next = *first;
    it->step = *by;
    it->left = *n;
    it->length = *n;
    return Ref::steal(it);
  }
  auto* it = allocate_as<LongRangeIterator>(long_range_iterator_type);
  it->start = Ref::share(start).release();
  it->step = Ref::share(step).release();
  it->length = Ref::share(length).release();
  it->index = Value::integer(0);
  return Ref::steal(it);
}

Ref range_iterator_next(Value self) {
  auto* it = as<RangeIterator>(self);
  if (it->left <= 0) return Ref::empty();
  --it->left;
  const int64_t value = it->next;
  it->next += it->step;
  return make_int(value);
}

Ref reduce_as_range(Value start, Value stop, Value step, Value index) {
  Ref iter = TRY(builtin("iter"));
  Ref range = make_range_of(start, stop, step);
  Ref arguments = make_tuple({range});
  return make_tuple({iter, arguments, index});
}

Ref range_iterator_length_hint(Value self, const Value*) { return make_int(as<RangeIterator>(self)->left); }
Ref range_iterator_reduce(Value self, const Value*) {
  auto* it = as<RangeIterator>(self);
  const int64_t done = it->length - it->left, first = it->next - done * it->step;
  Ref start = make_int(first), stop = make_int(first + it->step * it->length), step = make_int(it->step);
  Ref index = make_int(done);
  return reduce_as_range(start, stop, step, index);
}
Ref range_iterator_setstate(Value self, const Value* args) {
  auto* it = as<RangeIterator>(self);
  const int64_t index = std::max<int64_t>(0, std::min(TRY(to_index(args[0])), it->length));
  const int64_t done = it->length - it->left;
  it->next += (index - done) * it->step;
  it->left = it->length - index;
  return Ref::none();
}
const NativeDef kRangeIteratorMethods[] = {
    {"__length_hint__", "($self, /)", range_iterator_length_hint, kLengthHintDoc},
    {"__reduce__", "($self, /)", range_iterator_reduce, kReduceDoc},
    {"__setstate__", "($self, state, /)", range_iterator_setstate, kSetStateDoc},
    {}};
void range_iterator_dealloc(Object* self) { free_object(self); }

Ref long_range_iterator_next(Value self) {
  auto* it = as<LongRangeIterator>(self);
  if (compare_ints(it->index, it->length) >= 0) return Ref::empty();
  Ref offset = product(it->index, it->step);
  Ref result = sum(it->start, offset);
  Ref position = Ref::steal(it->index);
  it->index = sum(position, Value::integer(1)).release();
  return result;
}
void long_range_iterator_dealloc(Object* self) {
  auto* it = static_cast<LongRangeIterator*>(self);
  release(it->start);
  release(it->step);
  release(it->length);
  release(it->index);
  free_object(self);
}
Ref long_range_iterator_length_hint(Value self, const Value*) {
  auto* it = as<LongRangeIterator>(self);
  return difference(it->length, it->index);
}
Ref long_range_iterator_reduce(Value self, const Value*) {
  auto* it = as<LongRangeIterator>(self);
  Ref all = product(it->length, it->step);
  Ref stop = sum(it->start, all);
  return reduce_as_range(it->start, stop, it->step, it->index);
}
Ref long_range_iterator_setstate(Value self, const Value* args) {
  auto* it = as<LongRangeIterator>(self);
  Ref i = TRY(index(args[0]));
  if (int_sign(i) < 0) i = make_int(0);
  if (compare_ints(i, it->length) > 0) i = Ref::share(it->length);
  Value old = it->index;
  it->index = i.release();
  release(old);
  return Ref::none();
}
const NativeDef kLongRangeIteratorMethods[] = {
    {"__length_hint__", "($self, /)", long_range_iterator_length_hint, kLengthHintDoc},
    {"__reduce__", "($self, /)", long_range_iterator_reduce, kReduceDoc},
    {"__setstate__", "($self, state, /)", long_range_iterator_setstate, kSetStateDoc},
    {}};

}  // namespace

Ref make_range(Value start, Value stop, Value step) { return make_range_of(start, stop, step); }

void init_range_type() {
  define_type(range_type, {.name = "range",
                           .size = sizeof(Range),
                           .layout = Layout::Range,
                           .flags = Type::kSequence,
                           .doc = "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\nThe "
                                  "integers start, start+step, start+2*step and so on, ending short of stop. start is "
                                  "0\nand step is 1 if left out; step may be negative, but not 0."});
  Slots& s = range_type.slots;
  s.new_ = range_new;
  s.repr = range_repr;
  s.hash = range_hash;
  s.compare = range_compare;
  s.truth = range_truth;
  s.iter = range_iter;
  s.length = range_length;
  s.getitem = range_getitem;
  s.contains = range_contains;
  range_type.methods = kRangeMethods;
  range_type.getsets = kRangeGetSets;
  range_type.dealloc = range_dealloc;
  ready_type(range_type);
}

void init_range_iterator_type() {
  define_type(
      range_iterator_type,
      {.name = "range_iterator", .size = sizeof(RangeIterator), .flags = Type::kNoInstances | Type::kOwnsNothing});
  range_iterator_type.slots.iter = self_iter;
  range_iterator_type.slots.next = range_iterator_next;
  range_iterator_type.methods = kRangeIteratorMethods;
  range_iterator_type.dealloc = range_iterator_dealloc;
  ready_type(range_iterator_type);
}

void init_long_range_iterator_type() {
  define_type(long_range_iterator_type,
              {.name = "longrange_iterator", .size = sizeof(LongRangeIterator), .flags = Type::kNoInstances});
  long_range_iterator_type.slots.iter = self_iter;
  long_range_iterator_type.slots.next = long_range_iterator_next;
  long_range_iterator_type.methods = kLongRangeIteratorMethods;
  long_range_iterator_type.dealloc = long_range_iterator_dealloc;
  ready_type(long_range_iterator_type);
}

}  // namespace hiss

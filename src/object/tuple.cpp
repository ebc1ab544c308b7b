// tuple: immutable sequences.
#include <algorithm>
#include <bit>
#include <cstring>

#include "memory/native_objects.h"
#include "object/index.h"
#include "object/list_internal.h"

namespace hiss {

Type tuple_type;
Type tuple_iterator_type;
bool tuple_hashes_last = true;

namespace {
Tuple* the_empty_tuple;

// Of exactly tuple_type, the items not initialised, not tracked.
inline Tuple* allocate_plain(int64_t size) {
  const size_t bytes = sizeof(Tuple) + static_cast<size_t>(size) * sizeof(Value);
  Object* o = sizeof(GcHead) + bytes <= kSmallLimit ? allocate_with_head(tuple_type, bytes)
                                                    : allocate(&tuple_type, static_cast<size_t>(size) * sizeof(Value));
  Tuple* t = static_cast<Tuple*>(o);
  t->size = size;
  t->hash = 0;
  return t;
}

Tuple* allocate_tuple_of(Type* type, int64_t size) {
  Tuple* t = static_cast<Tuple*>(allocate(type, static_cast<size_t>(size) * sizeof(Value)));
  t->size = size;
  return t;
}
}  // namespace

Tuple* allocate_tuple(int64_t size) {
  Tuple* t = allocate_plain(size);
  for (int64_t i = 0; i < size; ++i) t->items[i] = Value();
  return t;
}

Ref empty_tuple() {
  if (!the_empty_tuple) the_empty_tuple = allocate_tuple(0);
  return Ref::share(the_empty_tuple);
}

Ref make_tuple(const Value* items, int64_t size) {
  if (size == 0) return empty_tuple();
  Tuple* t = allocate_plain(size);
  for (int64_t i = 0; i < size; ++i) {
    const Value item = items[i];
    retain(item);
    t->items[i] = item;
  }
  link_young(t);
  return Ref::steal(t);
}

Ref take_into_tuple(Value* items, int64_t size) {
  if (size == 0) return empty_tuple();
  Tuple* t = allocate_plain(size);
  for (int64_t i = 0; i < size; ++i) {
    t->items[i] = items[i];
    items[i] = Value();
  }
  link_young(t);
  return Ref::steal(t);
}

Ref make_tuple(std::initializer_list<Value> items) {
  return make_tuple(items.begin(), static_cast<int64_t>(items.size()));
}

Ref list_to_tuple(List* list) { return make_tuple(list->items, list->size); }

Ref to_tuple(Value iterable) {
  if (is_exact(iterable, tuple_type)) return Ref::share(iterable);
  if (is_exact(iterable, list_type)) return list_to_tuple(as<List>(iterable));
  Ref list = TRY(to_list(iterable));
  return list_to_tuple(as<List>(list));
}

// Comparison and search on item arrays, which user code run by a comparison may shrink: `sequence` is read again each
// time.
namespace {
template <typename Sequence>
Ref compare_sequences(Value self, Value other, CompareOp op) {
  Sequence *a = as<Sequence>(self), *b = as<Sequence>(other);
  if (a->size != b->size && (op == CompareOp::Eq || op == CompareOp::Ne)) return Ref::boolean(op == CompareOp::Ne);
  for (int64_t i = 0; i < a->size && i < b->size; ++i) {
    const int known = plain_equal(a->items[i], b->items[i]);
    if (known == 1) continue;
    Ref x = Ref::share(a->items[i]), y = Ref::share(b->items[i]);
    if (known == -1 && TRY(equal(x, y))) continue;
    if (i >= a->size || i >= b->size) break;  // the comparison shortened a list
    if (op == CompareOp::Eq) return Ref::boolean(false);
    if (op == CompareOp::Ne) return Ref::boolean(true);
    return compare(x, y, op);
  }
  switch (op) {
    case CompareOp::Lt:
      return Ref::boolean(a->size < b->size);
    case CompareOp::Le:
      return Ref::boolean(a->size <= b->size);
    case CompareOp::Eq:
      return Ref::boolean(a->size == b->size);
    case CompareOp::Ne:
      return Ref::boolean(a->size != b->size);
    case CompareOp::Gt:
      return Ref::boolean(a->size > b->size);
    default:
      return Ref::boolean(a->size >= b->size);
  }
}

template <typename Sequence>
Result<bool> contains_item(Value self, Value item) {
  Sequence* s = as<Sequence>(self);
  for (int64_t i = 0; i < s->size; ++i) {
    const int known = plain_equal(s->items[i], item);
    if (known == 1) return true;
    if (known == 0) continue;
    Ref x = Ref::share(s->items[i]);
    if (TRY(equal(x, item))) return true;
  }
  return false;
}

template <typename Sequence>
Result<int64_t> find_item(Value self, Value item, int64_t start, int64_t stop) {
  Sequence* s = as<Sequence>(self);
  for (int64_t i = start; i < stop && i < s->size; ++i) {
    const int known = plain_equal(s->items[i], item);
    if (known == 1) return i;
    if (known == 0) continue;
    Ref x = Ref::share(s->items[i]);
    if (TRY(equal(x, item))) return i;
  }
  return -1;
}

template <typename Sequence>
Result<int64_t> count_item(Value self, Value item) {
  Sequence* s = as<Sequence>(self);
  int64_t found = 0;
  for (int64_t i = 0; i < s->size; ++i) {
    Ref x = Ref::share(s->items[i]);
    if (TRY(equal(x, item))) ++found;
  }
  return found;
}
}  // namespace

Ref list_compare(Value self, Value other, CompareOp op) {
  if (!is<List>(self) || !is<List>(other)) return Ref::not_implemented();
  return compare_sequences<List>(self, other, op);
}
Result<bool> list_contains(Value self, Value item) { return contains_item<List>(self, item); }
Result<int64_t> list_find(Value self, Value item, int64_t start, int64_t stop) {
  return find_item<List>(self, item, start, stop);
}
Result<int64_t> list_count_item(Value self, Value item) { return count_item<List>(self, item); }

Ref repr_items(Value self, const char* open, const char* close, bool comma_when_single) {
  StrBuilder out;
  out.append_ascii(open);
  auto size = [&] { return is<List>(self) ? as<List>(self)->size : as<Tuple>(self)->size; };
  for (int64_t i = 0; i < size(); ++i) {
    if (i > 0) out.append_ascii(", ");
    Ref item = Ref::share(is<List>(self) ? as<List>(self)->items[i] : as<Tuple>(self)->items[i]);
    Ref text = TRY(repr(item));
    out.append(as<Str>(text));
  }
  if (comma_when_single && size() == 1) out.append_ascii(",");
  out.append_ascii(close);
  return out.finish();
}

namespace {

void tuple_dealloc(Object* self) {
  unlink(self);
  Tuple* t = static_cast<Tuple*>(self);
  for (int64_t i = t->size; i-- > 0;) release(t->items[i]);
  free_unlinked(self);
}

void tuple_traverse(Object* self, Visitor& visit) {
  for (Value v : *static_cast<Tuple*>(self)) visit(v);
}

Ref tuple_new(Type* cls, const Args& args) {
  Value iterable;
  if (args.keyword_count() != 0 && cls->slots.init == tuple_type.slots.init) {
    return fail(exc::TypeError, "tuple() takes no keyword arguments");
  }
  if (args.count > 1) return fail(exc::TypeError, "tuple expected at most 1 argument, got {}", args.count);
  if (args.count == 1) iterable = args[0];
  Ref plain = iterable ? TRY(to_tuple(iterable)) : empty_tuple();
  if (cls == &tuple_type) return plain;
  Tuple* source = as<Tuple>(plain);
  Tuple* t = allocate_tuple_of(cls, source->size);
  for (int64_t i = 0; i < source->size; ++i) t->items[i] = Ref::share(source->items[i]).release();
  track(t);
  return Ref::steal(t);
}

Ref tuple_repr(Value self) {
  if (as<Tuple>(self)->size == 0) return make_str_ascii("()");
  ReprGuard guard(self);
  if (!guard.entered()) return make_str_ascii("(...)");
  return repr_items(self, "(", ")", true);
}

/// Types (but tuples) of which no instance ever changes its hash.
bool hash_lasts(const Type* type) {
  return type == &str_type || type == &int_type || type == &float_type || type == &bytes_type ||
         type == &frozenset_type || type == &type_type;
}

/// The hash of an item. `lasts` becomes false when it might be another one next time, or is computed by Python code.
Result<int64_t> item_hash(Value item, bool& lasts) {
  if (!item.is_object()) return hash(item);
  const Type* type = item.object()->type;
  if (type == &str_type) return hash_of(as<Str>(item));
  if (is<Tuple>(item) && type->slots.hash == tuple_type.slots.hash) {
    const Tuple* inner = as<Tuple>(item);
    if (inner->hash && tuple_hashes_last) return inner->hash;
    const int64_t h = TRY(hash(item));
    lasts = lasts && inner->hash == h;
    return h;
  }
  lasts = lasts && hash_lasts(type);
  return hash(item);
}

/// xxHash-like mixing of the item hashes, as CPython's, so that nested tuples spread well.
Result<int64_t> tuple_hash(Value self) {
  Tuple* t = as<Tuple>(self);
  if (t->hash && tuple_hashes_last) return t->hash;
  constexpr uint64_t kPrime1 = 11400714785074694791u, kPrime2 = 14029467366897019727u, kPrime5 = 2870177450012600261u;
  uint64_t h = kPrime5;
  bool lasts = true;
  for (Value item : *t) {
    const bool quick = item.is_integer() && item.integer() != -1;
    const int64_t part = quick ? item.integer() : TRY(item_hash(item, lasts));
    h += static_cast<uint64_t>(part) * kPrime2;
    h = std::rotl(h, 31) * kPrime1;
  }
  h += static_cast<uint64_t>(t->size) ^ (kPrime5 ^ 3527539u);
  const int64_t hash = h == ~uint64_t{0} ? 1546275796 : static_cast<int64_t>(h);
  if (lasts) t->hash = hash;
  return hash;
}

Ref tuple_compare(Value self, Value other, CompareOp op) {
  if (!is<Tuple>(self) || !is<Tuple>(other)) return Ref::not_implemented();
  return compare_sequences<Tuple>(self, other, op);
}

Result<int64_t> tuple_length(Value self) { return as<Tuple>(self)->size; }

Ref tuple_getitem(Value self, Value key) {
  Tuple* t = as<Tuple>(self);
  if (has_index(key)) {
    int64_t i = TRY(to_index(key));
    if (i < 0) i += t->size;
    if (i < 0 || i >= t->size) return fail(exc::IndexError, "tuple index out of range");
    return Ref::share(t->items[i]);
  }
  if (is<Slice>(key)) {
    const SliceBounds b = TRY(slice_bounds(as<Slice>(key), t->size));
    if (b.length == t->size && b.step == 1 && t->type == &tuple_type) return Ref::share(self);
    if (b.step == 1) return make_tuple(t->items + b.start, b.length);
    if (b.length == 0) return empty_tuple();
    Tuple* r = allocate_tuple(b.length);
    for (int64_t n = 0, i = b.start; n < b.length; ++n, i = stepped(i, b.step))
      r->items[n] = Ref::share(t->items[i]).release();
    track(r);
    return Ref::steal(r);
  }
  return fail(exc::TypeError, "tuple indices must be integers or slices, not {}", type_name(key));
}

Ref tuple_concat(Value self, Value other) {
  if (!is<Tuple>(other)) {
    return fail(exc::TypeError, "can only concatenate tuple (not \"{}\") to tuple", type_name(other));
  }
  Tuple *a = as<Tuple>(self), *b = as<Tuple>(other);
  if (a->size == 0 && is_exact(other, tuple_type)) return Ref::share(other);
  if (b->size == 0 && is_exact(self, tuple_type)) return Ref::share(self);
  if (a->size + b->size == 0) return empty_tuple();
  Tuple* r = allocate_tuple(a->size + b->size);
  for (int64_t i = 0; i < a->size; ++i) r->items[i] = Ref::share(a->items[i]).release();
  for (int64_t i = 0; i < b->size; ++i) r->items[a->size + i] = Ref::share(b->items[i]).release();
  track(r);
  return Ref::steal(r);
}

Ref tuple_repeat(Value self, int64_t count) {
  Tuple* t = as<Tuple>(self);
  if (count == 1 && t->type == &tuple_type) return Ref::share(self);
  const int64_t size = TRY(repeated_size(t->size, count, sizeof(Value)));
  if (size == 0) return empty_tuple();
  Tuple* r = allocate_tuple(size);
  for (int64_t i = 0, k = 0; i < size; ++i, k = k + 1 == t->size ? 0 : k + 1) {
    r->items[i] = Ref::share(t->items[k]).release();
  }
  track(r);
  return Ref::steal(r);
}

Ref tuple_index(Value self, const Value* args) {
  int64_t start = TRY(bound_argument(args[1], 0)), stop = TRY(bound_argument(args[2], INT64_MAX));
  adjust_bounds(start, stop, as<Tuple>(self)->size);
  const int64_t i = TRY(find_item<Tuple>(self, args[0], start, stop));
  if (i < 0) return fail(exc::ValueError, "tuple.index(x): x not in tuple");
  return make_int(i);
}

Ref tuple_count(Value self, const Value* args) { return make_int(TRY(count_item<Tuple>(self, args[0]))); }

Ref tuple_getnewargs(Value self, const Value*) {
  Tuple* t = as<Tuple>(self);
  Ref plain = make_tuple(t->items, t->size);
  return make_tuple({plain});
}

const NativeDef kTupleMethods[] = {
    {"__getnewargs__", "($self, /)", tuple_getnewargs, nullptr},
    {"index", "($self, value, start=0, stop=sys.maxsize, /)", tuple_index,
     "Position of the first item in [start:stop] equal to value; ValueError if there is none."},
    {"count", "($self, value, /)", tuple_count, "How many items are equal to value."},
    {"__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};

Ref tuple_iter(Value self) {
  auto* it = allocate_tracked<TupleIterator>(tuple_iterator_type);
  it->tuple = Ref::share(self).release();
  it->index = 0;
  return Ref::steal(it);
}

Ref tuple_iterator_next(Value self) {
  auto* it = as<TupleIterator>(self);
  if (!it->tuple) return Ref::empty();
  Tuple* t = as<Tuple>(it->tuple);
  if (it->index < t->size) return Ref::share(t->items[it->index++]);
  clear_field(it->tuple);
  return Ref::empty();
}

void tuple_iterator_dealloc(Object* self) {
  unlink(self);
  release(static_cast<TupleIterator*>(self)->tuple);
  free_unlinked(self);
}
void tuple_iterator_traverse(Object* self, Visitor& visit) { visit(static_cast<TupleIterator*>(self)->tuple); }

Ref tuple_iterator_length_hint(Value self, const Value*) {
  auto* it = as<TupleIterator>(self);
  return make_int(it->tuple ? as<Tuple>(it->tuple)->size - it->index : 0);
}
Ref tuple_iterator_reduce(Value self, const Value*) {
  auto* it = as<TupleIterator>(self);
  return reduce_iterator(it->tuple, it->index, "iter", empty_tuple());
}
Ref tuple_iterator_setstate(Value self, const Value* args) {
  auto* it = as<TupleIterator>(self);
  const int64_t i = TRY(to_index(args[0]));
  if (it->tuple) it->index = std::clamp<int64_t>(i, 0, as<Tuple>(it->tuple)->size);
  return Ref::none();
}

const NativeDef kTupleIteratorMethods[] = {
    {"__length_hint__", "($self, /)", tuple_iterator_length_hint, kLengthHintDoc},
    {"__reduce__", "($self, /)", tuple_iterator_reduce, kReduceDoc},
    {"__setstate__", "($self, state, /)", tuple_iterator_setstate, kSetStateDoc},
    {}};

}  // namespace

void init_tuple_type() {
  define_type(tuple_type,
              {.name = "tuple",
               .size = sizeof(Tuple),
               .layout = Layout::Tuple,
               .flags = Type::kBaseType | Type::kHasGc | Type::kVariableSize | Type::kSequence | Type::kMatchSelf,
               .doc = "A sequence that never changes.\n\nIt has the items of the iterable, or none without one. A "
                      "plain tuple is returned as it is."});
  Slots& s = tuple_type.slots;
  s.new_ = tuple_new;
  s.repr = tuple_repr;
  s.hash = tuple_hash;
  s.compare = tuple_compare;
  s.iter = tuple_iter;
  s.length = tuple_length;
  s.getitem = tuple_getitem;
  s.contains = contains_item<Tuple>;
  s.concat = tuple_concat;
  s.repeat = tuple_repeat;
  tuple_type.methods = kTupleMethods;
  tuple_type.dealloc = tuple_dealloc;
  tuple_type.traverse = tuple_traverse;
  ready_type(tuple_type);
}

void init_tuple_iterator_type() {
  define_type(tuple_iterator_type,
              {.name = "tuple_iterator", .size = sizeof(TupleIterator), .flags = Type::kHasGc | Type::kNoInstances});
  tuple_iterator_type.slots.iter = self_iter;
  tuple_iterator_type.slots.next = tuple_iterator_next;
  tuple_iterator_type.methods = kTupleIteratorMethods;
  tuple_iterator_type.dealloc = tuple_iterator_dealloc;
  tuple_iterator_type.traverse = tuple_iterator_traverse;
  ready_type(tuple_iterator_type);
}

}  // namespace hiss

// _collections: deque and defaultdict, and the small helpers of the collections module.
#include "modules/_collections.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "memory/blocks.h"
#include "memory/collector.h"
#include "object/function.h"
#include "object/index.h"
#include "object/iterator.h"
#include "object/protocol.h"

namespace hiss {

namespace {

// ---- deque: a ring buffer whose capacity is a power of two

Type deque_type, deque_iterator_type, deque_reverse_iterator_type;

struct Deque : Object {
  Value* items;
  int64_t capacity, head, size, max_length;  // max_length -1: unbounded
  uint64_t version;                          // changes with every mutation
};

Deque* self_deque(Value v) { return static_cast<Deque*>(v.object()); }
Value& at(Deque* d, int64_t i) { return d->items[(d->head + i) & (d->capacity - 1)]; }

void reserve_one(Deque* d) {
  if (d->size < d->capacity) return;
  const int64_t capacity = d->capacity ? d->capacity * 2 : 8;
  auto* items = static_cast<Value*>(allocate_sized(static_cast<size_t>(capacity) * sizeof(Value)));
  for (int64_t i = 0; i < d->size; ++i) items[i] = at(d, i);
  for (int64_t i = d->size; i < capacity; ++i) items[i] = Value();
  free_sized(static_cast<void*>(d->items), static_cast<size_t>(d->capacity) * sizeof(Value));
  d->items = items;
  d->capacity = capacity;
  d->head = 0;
}

Ref pop_right(Deque* d) {
  ++d->version;
  Value v = at(d, d->size - 1);
  at(d, d->size - 1) = Value();
  --d->size;
  return Ref::steal(v);
}
Ref pop_left(Deque* d) {
  ++d->version;
  Value v = at(d, 0);
  at(d, 0) = Value();
  d->head = (d->head + 1) & (d->capacity - 1);
  --d->size;
  return Ref::steal(v);
}
void push_right(Deque* d, Value v) {
  if (d->max_length == 0) return;
  Ref dropped;
  if (d->max_length > 0 && d->size >= d->max_length) dropped = pop_left(d);
  reserve_one(d);
  ++d->version;
  retain(v);
  at(d, d->size++) = v;
}
void push_left(Deque* d, Value v) {
  if (d->max_length == 0) return;
  Ref dropped;
  if (d->max_length > 0 && d->size >= d->max_length) dropped = pop_right(d);
  reserve_one(d);
  ++d->version;
  retain(v);
  d->head = (d->head - 1) & (d->capacity - 1);
  d->items[d->head] = v;
  ++d->size;
}

void clear_items(Deque* d) {
  Value* items = d->items;
  const int64_t capacity = d->capacity;
  d->items = nullptr;
  d->capacity = d->size = d->head = 0;
  ++d->version;
  for (int64_t i = 0; i < capacity; ++i) release(items[i]);
  free_sized(static_cast<void*>(items), static_cast<size_t>(capacity) * sizeof(Value));
}
void deque_dealloc(Object* o) {
  untrack(o);
  clear_items(static_cast<Deque*>(o));
  free_object(o);
}
void deque_traverse(Object* o, Visitor& visit) {
  auto* d = static_cast<Deque*>(o);
  for (int64_t i = 0; i < d->size; ++i) visit(at(d, i));
}
void deque_clear_slot(Object* o) { clear_items(static_cast<Deque*>(o)); }

Ref deque_new(Type* cls, const Args&) {
  auto* d = static_cast<Deque*>(allocate(cls));
  d->max_length = -1;
  track(d);
  return Ref::steal(d);
}
Status extend_right(Deque* d, Value iterable) {
  Ref source = iterable == to_value(d) ? TRY(to_list(iterable)) : Ref::share(iterable);
  return for_each(source, [&](Value v) -> Status {
    push_right(d, v);
    return kOk;
  });
}
Status deque_init(Value self, const Args& args) {
  Arguments a("deque", "(iterable=(), maxlen=None)");
  TRY(a.bind(args));
  auto* d = self_deque(self);
  int64_t limit = -1;
  if (a[1] && !a[1].is_none()) {
    if (!is_int(a[1])) return fail(exc::TypeError, "an integer is required");
    limit = TRY(to_index(a[1]));
    if (limit < 0) return fail(exc::ValueError, "maxlen must be non-negative");
  }
  clear_items(d);
  d->max_length = limit;
  if (a[0]) TRY(extend_right(d, a[0]));
  return kOk;
}

Ref deque_append(Value self, const Value* a) {
  push_right(self_deque(self), a[0]);
  return Ref::none();
}
Ref deque_appendleft(Value self, const Value* a) {
  push_left(self_deque(self), a[0]);
  return Ref::none();
}
Ref deque_pop(Value self, const Value*) {
  if (self_deque(self)->size == 0) return fail(exc::IndexError, "pop from an empty deque");
  return pop_right(self_deque(self));
}
Ref deque_popleft(Value self, const Value*) {
  if (self_deque(self)->size == 0) return fail(exc::IndexError, "pop from an empty deque");
  return pop_left(self_deque(self));
}
Ref deque_extend(Value self, const Value* a) {
  TRY(extend_right(self_deque(self), a[0]));
  return Ref::none();
}
Ref deque_extendleft(Value self, const Value* a) {
  Ref source = a[0] == self ? TRY(to_list(a[0])) : Ref::share(a[0]);
  TRY(for_each(source, [&](Value v) -> Status {
    push_left(self_deque(self), v);
    return kOk;
  }));
  return Ref::none();
}
Ref deque_clear(Value self, const Value*) {
  clear_items(self_deque(self));
  return Ref::none();
}
Ref deque_rotate(Value self, const Value* a) {
  auto* d = self_deque(self);
  int64_t n = a[0] ? TRY(to_index(a[0])) : 1;
  if (d->size < 2) return Ref::none();
  n %= d->size;
  if (n < 0) n += d->size;
  std::vector<Value> items;
  for (int64_t i = 0; i < d->size; ++i) items.push_back(at(d, i));
  for (int64_t i = 0; i < d->size; ++i) at(d, (i + n) % d->size) = items[static_cast<size_t>(i)];
  ++d->version;
  return Ref::none();
}
Ref deque_reverse(Value self, const Value*) {
  auto* d = self_deque(self);
  for (int64_t i = 0, j = d->size - 1; i < j; ++i, --j) std::swap(at(d, i), at(d, j));
  ++d->version;
  return Ref::none();
}

// The first index of an equal item in [start, stop), or -1.
Result<int64_t> find_item(Deque* d, Value item, int64_t start, int64_t stop) {
  const uint64_t version = d->version;
  for (int64_t i = start; i < stop && i < d->size; ++i) {
    Ref hold = Ref::share(at(d, i));
    const bool same = TRY(equal(hold, item));
    if (d->version != version) return fail(exc::RuntimeError, "deque mutated during iteration");
    if (same) return i;
  }
  return -1;
}
Ref deque_count(Value self, const Value* a) {
  auto* d = self_deque(self);
  int64_t n = 0;
  for (int64_t i = 0;;) {
    const int64_t found = TRY(find_item(d, a[0], i, d->size));
    if (found < 0) return make_int(n);
    ++n;
    i = found + 1;
  }
}
Ref deque_index(Value self, const Value* a) {
  auto* d = self_deque(self);
  int64_t start = a[1] ? TRY(clamped_index(a[1])) : 0, stop = a[2] ? TRY(clamped_index(a[2])) : d->size;
  adjust_bounds(start, stop, d->size);
  const int64_t found = TRY(find_item(d, a[0], start, stop));
  if (found < 0) return fail(exc::ValueError, "{} is not in deque", repr_text(a[0]));
  return make_int(found);
}
void erase(Deque* d, int64_t index) {
  Ref removed = Ref::steal(at(d, index));
  for (int64_t i = index; i + 1 < d->size; ++i) at(d, i) = at(d, i + 1);
  at(d, d->size - 1) = Value();
  --d->size;
  ++d->version;
}
Ref deque_remove(Value self, const Value* a) {
  auto* d = self_deque(self);
  const int64_t size = d->size;
  Result<int64_t> found = find_item(d, a[0], 0, size);
  if (found.is_error()) {
    if (pending_is(exc::RuntimeError) && d->size != size) {
      clear_pending();
      return fail(exc::IndexError, "deque mutated during remove().");
    }
    return Failure{};
  }
  if (found.value() < 0) return fail(exc::ValueError, "deque.remove(x): x not in deque");
  erase(d, found.value());
  return Ref::none();
}
Ref deque_insert(Value self, const Value* a) {
  auto* d = self_deque(self);
  if (d->max_length >= 0 && d->size >= d->max_length) return fail(exc::IndexError, "deque already at its maximum size");
  int64_t index = TRY(to_index(a[0]));
  if (index < 0) index = std::max<int64_t>(0, index + d->size);
  index = std::min(index, d->size);
  push_right(d, a[1]);
  for (int64_t i = d->size - 1; i > index; --i) std::swap(at(d, i), at(d, i - 1));
  return Ref::none();
}
Ref deque_copy(Value self, const Value*) {
  auto* d = self_deque(self);
  Ref copy;
  if (is_exact(self, deque_type)) {
    copy = deque_new(&deque_type, {});
    self_deque(copy)->max_length = d->max_length;
    TRY(extend_right(self_deque(copy), self));
    return copy;
  }
  if (d->max_length < 0) return call(to_value(type_of(self)), {self});
  return call(to_value(type_of(self)), {self, Value::integer(d->max_length)});
}
Ref deque_reduce(Value self, const Value*) {
  auto* d = self_deque(self);
  Ref state = TRY(call_method(self, names.__getstate__));
  Ref iterator = TRY(get_iter(self));
  Ref args = d->max_length < 0 ? empty_tuple() : make_tuple({empty_tuple(), Value::integer(d->max_length)});
  return make_tuple({to_value(type_of(self)), args, state, iterator});
}

Result<int64_t> deque_length(Value self) { return self_deque(self)->size; }
Result<int64_t> position(Deque* d, Value key, const char* message) {
  int64_t i = TRY(to_index(key));
  if (i < 0) i += d->size;
  if (i < 0 || i >= d->size) return fail(exc::IndexError, "{}", message);
  return i;
}
Ref deque_getitem(Value self, Value key) {
  if (!is_int(key) && !type_of(key)->slots.index)
    return fail(exc::TypeError, "sequence index must be integer, not '{}'", type_name(key));
  return Ref::share(at(self_deque(self), TRY(position(self_deque(self), key, "deque index out of range"))));
}
Status deque_setitem(Value self, Value key, Value value) {
  auto* d = self_deque(self);
  if (!is_int(key) && !type_of(key)->slots.index)
    return fail(exc::TypeError, "sequence index must be integer, not '{}'", type_name(key));
  const int64_t i = TRY(position(d, key, "deque index out of range"));
  if (!value) {
    erase(d, i);
    return kOk;
  }
  retain(value);
  Value old = at(d, i);
  at(d, i) = value;
  release(old);
  return kOk;
}
Result<bool> deque_contains(Value self, Value item) {
  return TRY(find_item(self_deque(self), item, 0, self_deque(self)->size)) >= 0;
}
Ref deque_repr(Value self) {
  ReprGuard guard(self);
  if (!guard.entered()) return make_str("[...]");
  Ref list = TRY(to_list(self));
  Ref text = TRY(repr(list));
  auto* d = self_deque(self);
  if (d->max_length >= 0)
    return make_str(fmt::format("{}({}, maxlen={})", type_name(self), to_string(text), d->max_length));
  return make_str(fmt::format("{}({})", type_name(self), to_string(text)));
}
Ref deque_compare(Value a, Value b, CompareOp op) {
  if (!is_instance_of(a, deque_type) || !is_instance_of(b, deque_type)) return Ref::not_implemented();
  Ref x = TRY(to_list(a));
  Ref y = TRY(to_list(b));
  return compare(x, y, op);
}
Ref deque_concat(Value a, Value b) {
  if (!is_instance_of(b, deque_type))
    return fail(exc::TypeError, "can only concatenate deque (not \"{}\") to deque", type_name(b));
  Ref copy = TRY(deque_copy(a, nullptr));
  TRY(extend_right(self_deque(copy), b));
  return copy;
}
Ref deque_inplace_concat(Value a, Value b) {
  TRY(extend_right(self_deque(a), b));
  return Ref::share(a);
}
Ref repeat_into(Value target, int64_t n) {
  auto* d = self_deque(target);
  Ref items = TRY(to_list(target));
  if (n <= 0) clear_items(d);
  const int64_t size = as<List>(items)->size;
  if (n > 1 && size > 0) {
    if (d->max_length < 0) TRY(repeated_size(size, n, sizeof(Value)));
    if (d->max_length >= 0) n = std::min(n, d->max_length / size + 2);  // more only push each other out
  }
  for (int64_t k = 1; k < n; ++k) {
    for (Value v : *as<List>(items)) push_right(d, v);
  }
  return Ref::share(target);
}
Ref deque_repeat(Value self, int64_t n) {
  Ref copy = TRY(deque_copy(self, nullptr));
  return repeat_into(copy, n);
}
Ref deque_inplace_repeat(Value self, int64_t n) { return repeat_into(self, n); }
Ref deque_maxlen(Value self) {
  return self_deque(self)->max_length < 0 ? Ref::none() : make_int(self_deque(self)->max_length);
}

struct DequeIterator : Object {
  Value deque;
  int64_t index;
  uint64_t version;
};
Ref make_deque_iterator(Type& type, Value deque) {
  auto* i = allocate_as<DequeIterator>(type);
  i->deque = Ref::share(deque).release();
  i->version = self_deque(deque)->version;
  track(i);
  return Ref::steal(i);
}
Ref deque_iter(Value self) { return make_deque_iterator(deque_iterator_type, self); }
Ref deque_reversed(Value self, const Value*) { return make_deque_iterator(deque_reverse_iterator_type, self); }
template <bool reverse>
Ref deque_iterator_next(Value self) {
  auto* i = static_cast<DequeIterator*>(self.object());
  if (!i->deque) return Ref::empty();
  auto* d = self_deque(i->deque);
  if (i->version != d->version) {
    i->index = INT64_MAX;  // the length hint of a broken iterator is 0
    return fail(exc::RuntimeError, "deque mutated during iteration");
  }
  if (i->index >= d->size) {
    clear_field(i->deque);
    return Ref::empty();
  }
  const int64_t index = i->index++;
  return Ref::share(at(d, reverse ? d->size - 1 - index : index));
}
Ref deque_iterator_hint(Value self, const Value*) {
  auto* i = static_cast<DequeIterator*>(self.object());
  return make_int(i->deque ? std::max<int64_t>(0, self_deque(i->deque)->size - i->index) : 0);
}
void deque_iterator_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<DequeIterator*>(o)->deque);
  free_object(o);
}
void deque_iterator_traverse(Object* o, Visitor& visit) { visit(static_cast<DequeIterator*>(o)->deque); }

const NativeDef kDequeMethods[] = {
    {"append", "($self, x, /)", deque_append, "Put x at the right end; a full deque drops its leftmost item."},
    {"appendleft", "($self, x, /)", deque_appendleft, "Put x at the left end; a full deque drops its rightmost item."},
    {"pop", "($self, /)", deque_pop,
     "Take the item at the right end off and return it. An empty deque raises IndexError."},
    {"popleft", "($self, /)", deque_popleft,
     "Take the item at the left end off and return it. An empty deque raises IndexError."},
    {"extend", "($self, iterable, /)", deque_extend, "Append every item of iterable, in order, at the right end."},
    {"extendleft", "($self, iterable, /)", deque_extendleft,
     "Append every item of iterable at the left end, one by one, so that they end up in reverse order."},
    {"clear", "($self, /)", deque_clear, "Empty the deque."},
    {"rotate", "($self, n=1, /)", deque_rotate,
     "Move n items from the right end to the left end, or -n items the other way when n is below zero."},
    {"reverse", "($self, /)", deque_reverse, "Turn the order of the items around in place; returns None."},
    {"count", "($self, value, /)", deque_count, "How many items equal value."},
    {"index", "($self, value, start=0, stop=None, /)", deque_index,
     "The position of the first item between start and stop that equals value; ValueError if there is none."},
    {"remove", "($self, value, /)", deque_remove,
     "Drop the first item that equals value; ValueError if there is none."},
    {"insert", "($self, index, value, /)", deque_insert,
     "Put value in front of the item at index. IndexError if the deque is full."},
    {"copy", "($self, /)", deque_copy, "A new deque with the same items and maxlen."},
    {"__copy__", "($self, /)", deque_copy, "A new deque with the same items and maxlen."},
    {"__reversed__", "($self, /)", deque_reversed, "An iterator that walks from the right end to the left."},
    {"__reduce__", "($self, /)", deque_reduce, "What pickle needs to rebuild the deque."},
    {"__class_getitem__", "($type, item, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};
const GetSetDef kDequeGetSets[] = {
    {"maxlen", deque_maxlen, nullptr, "how many items the deque can hold, or None for no limit"}, {}};
// _deque_iterator(deque, index): pickle and copy make an iterator that has passed so many items.
Ref deque_iterator_new(Type* cls, const Args& args) {
  Arguments a(cls == &deque_iterator_type ? "_deque_iterator" : "_deque_reverse_iterator", "(deque, index=0, /)");
  TRY(a.bind(args));
  if (!is_instance_of(a[0], deque_type))
    return fail(exc::TypeError, "argument 1 must be collections.deque, not {}", type_name(a[0]));
  const int64_t passed = a[1] ? TRY(to_index(a[1])) : 0;
  Ref iterator = make_deque_iterator(*cls, a[0]);
  static_cast<DequeIterator*>(iterator.object())->index = std::clamp<int64_t>(passed, 0, self_deque(a[0])->size);
  return iterator;
}
Ref deque_iterator_reduce(Value self, const Value*) {
  auto* i = static_cast<DequeIterator*>(self.object());
  Ref deque = i->deque ? Ref::share(i->deque) : TRY(call(to_value(&deque_type)));
  const int64_t passed = i->deque ? std::min(i->index, self_deque(deque)->size) : 0;
  Ref arguments = make_tuple({deque, Value::integer(passed)});
  return make_tuple({to_value(type_of(self)), arguments});
}
const NativeDef kIteratorMethods[] = {
    {"__length_hint__", "($self, /)", deque_iterator_hint, nullptr},
    {"__reduce__", "($self, /)", deque_iterator_reduce, "What pickle needs to rebuild the iterator."},
    {}};

void define_deque_iterator(Type& type, const char* name, UnarySlot step) {
  define_type(type, {.name = name, .size = sizeof(DequeIterator), .flags = Type::kHasGc});
  type.slots.new_ = deque_iterator_new;
  type.slots.next = step;
  type.slots.iter = self_iter;
  type.methods = kIteratorMethods;
  type.dealloc = deque_iterator_dealloc;
  type.traverse = deque_iterator_traverse;
  ready_type(type);
}

// ---- defaultdict

Type defaultdict_type;

struct DefaultDict : Dict {
  Value factory;
};
DefaultDict* self_default(Value v) { return static_cast<DefaultDict*>(v.object()); }

Status defaultdict_init(Value self, const Args& args) {
  Value factory = args.count ? args[0] : Value::none();
  if (!factory.is_none() && !is_callable(factory))
    return fail(exc::TypeError, "first argument must be callable or None");
  Value old = self_default(self)->factory;
  self_default(self)->factory = Ref::share(factory).release();
  release(old);
  return dict_type.slots.init(self,
                              Args{args.values + (args.count ? 1 : 0), args.count ? args.count - 1 : 0, args.names});
}
Ref defaultdict_missing(Value self, const Value* a) {
  Value factory = self_default(self)->factory;
  if (!factory || factory.is_none()) return fail_value(exc::KeyError, a[0]);
  Ref value = TRY(call(factory));
  TRY(set_item(self, a[0], value));
  return value;
}
Ref defaultdict_copy(Value self, const Value*) {
  Value factory = self_default(self)->factory;
  return call(to_value(type_of(self)), {factory ? factory : Value::none(), self});
}
Ref defaultdict_reduce(Value self, const Value*) {
  Value factory = self_default(self)->factory;
  Ref args = !factory || factory.is_none() ? empty_tuple() : make_tuple({factory});
  Ref items = TRY(call_method(self, names.items));
  Ref iterator = TRY(get_iter(items));
  return make_tuple({to_value(type_of(self)), args, Value::none(), Value::none(), iterator});
}
Ref defaultdict_repr(Value self) {
  Ref base = TRY(dict_type.slots.repr(self));
  Value factory = self_default(self)->factory;
  std::string factory_text = "None";
  if (factory && !factory.is_none()) {
    ReprGuard guard(factory);
    factory_text = guard.entered() ? to_string(TRY(repr(factory))) : "...";
  }
  return make_str(fmt::format("{}({}, {})", type_name(self), factory_text, to_string(base)));
}
Ref defaultdict_or(Value a, Value b) {
  Value self = is_instance_of(a, defaultdict_type) ? a : b;
  if (!is<Dict>(a) || !is<Dict>(b)) return Ref::not_implemented();
  Value factory = self_default(self)->factory;
  Ref merged = TRY(call(to_value(type_of(self)), {factory ? factory : Value::none(), a}));
  TRY(dict_update(as<Dict>(merged), b));
  return merged;
}
Ref get_factory(Value self) {
  Value factory = self_default(self)->factory;
  return factory ? Ref::share(factory) : Ref::none();
}
Status set_factory(Value self, Value value) {
  Value old = self_default(self)->factory;
  self_default(self)->factory = Ref::share(value ? value : Value::none()).release();
  release(old);
  return kOk;
}
void defaultdict_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<DefaultDict*>(o)->factory);
  dict_type.dealloc(o);
}
void defaultdict_traverse(Object* o, Visitor& visit) {
  visit(static_cast<DefaultDict*>(o)->factory);
  dict_type.traverse(o, visit);
}
void defaultdict_clear(Object* o) {
  clear_field(static_cast<DefaultDict*>(o)->factory);
  dict_type.clear(o);
}
const NativeDef kDefaultMethods[] = {
    {"__missing__", "($self, key, /)", defaultdict_missing, nullptr},
    {"copy", "($self, /)", defaultdict_copy, "A new defaultdict with the same items and default_factory."},
    {"__copy__", "($self, /)", defaultdict_copy, "A new defaultdict with the same items and default_factory."},
    {"__reduce__", "($self, /)", defaultdict_reduce, "What pickle needs to rebuild the dictionary."},
    {"__class_getitem__", "($type, item, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};
const GetSetDef kDefaultGetSets[] = {
    {"default_factory", get_factory, set_factory,
     "Called without arguments to make the value of a missing key; None turns that off."},
    {}};

// ---- Helpers of namedtuple and Counter

Ref count_elements(Value, const Value* a) {
  Ref get = TRY(get_attr(a[0], names.get));
  TRY(for_each(a[1], [&](Value element) -> Status {
    Ref old = TRY(call(get, {element, Value::integer(0)}));
    Ref sum = TRY(binary(BinaryOp::add, old, Value::integer(1)));
    return set_item(a[0], element, sum);
  }));
  return Ref::none();
}

Type tuplegetter_type;
struct TupleGetter : Object {
  Value doc;
  int64_t index;
};
Ref tuplegetter_new(Type* cls, const Args& args) {
  if (args.count != 2) return fail(exc::TypeError, "_tuplegetter expected 2 arguments, got {}", args.count);
  auto* g = static_cast<TupleGetter*>(allocate(cls));
  Ref hold = Ref::steal(g);
  g->index = TRY(to_index(args[0]));
  g->doc = Ref::share(args[1]).release();
  return hold;
}
Ref tuplegetter_get(Value self, Value instance, Value) {
  auto* g = static_cast<TupleGetter*>(self.object());
  if (!instance || instance.is_none()) return Ref::share(self);
  if (!is<Tuple>(instance)) {
    return fail(exc::TypeError, "descriptor for index '{}' for tuple subclasses doesn't apply to '{}' object", g->index,
                type_name(instance));
  }
  if (g->index < 0 || g->index >= as<Tuple>(instance)->size) return fail(exc::IndexError, "tuple index out of range");
  return Ref::share(as<Tuple>(instance)->items[g->index]);
}
Status tuplegetter_set(Value, Value, Value value) {
  return value ? fail(exc::AttributeError, "can't set attribute") : fail(exc::AttributeError, "can't delete attribute");
}
Ref tuplegetter_reduce(Value self, const Value*) {
  auto* g = static_cast<TupleGetter*>(self.object());
  Ref args = make_tuple({Value::integer(g->index), g->doc});
  return make_tuple({to_value(type_of(self)), args});
}
Ref tuplegetter_doc(Value self) { return Ref::share(static_cast<TupleGetter*>(self.object())->doc); }
Status tuplegetter_set_doc(Value self, Value value) {
  auto* g = static_cast<TupleGetter*>(self.object());
  Value old = g->doc;
  g->doc = Ref::share(value ? value : Value::none()).release();
  release(old);
  return kOk;
}
void tuplegetter_dealloc(Object* o) {
  clear_field(static_cast<TupleGetter*>(o)->doc);
  free_object(o);
}
const NativeDef kGetterMethods[] = {{"__reduce__", "($self, /)", tuplegetter_reduce, nullptr}, {}};
const GetSetDef kGetterGetSets[] = {{"__doc__", tuplegetter_doc, tuplegetter_set_doc}, {}};

const NativeDef kFunctions[] = {{"_count_elements", "($module, mapping, iterable, /)", count_elements,
                                 "Add 1 to mapping[item] for each item of iterable."},
                                {}};

Status initialize(Value module) {
  define_type(
      deque_type,
      {.name = "collections.deque",
       .size = sizeof(Deque),
       .flags = Type::kHasGc | Type::kBaseType | Type::kWeakReferable | Type::kSequence,
       .doc = "A sequence, bounded by maxlen if given, to which items are quickly added and removed at both ends."});
  Slots& s = deque_type.slots;
  s.new_ = deque_new;
  s.init = deque_init;
  s.length = deque_length;
  s.getitem = deque_getitem;
  s.setitem = deque_setitem;
  s.contains = deque_contains;
  s.repr = deque_repr;
  s.compare = deque_compare;
  s.concat = deque_concat;
  s.inplace_concat = deque_inplace_concat;
  s.repeat = deque_repeat;
  s.inplace_repeat = deque_inplace_repeat;
  s.iter = deque_iter;
  deque_type.methods = kDequeMethods;
  deque_type.getsets = kDequeGetSets;
  deque_type.dealloc = deque_dealloc;
  deque_type.traverse = deque_traverse;
  deque_type.clear = deque_clear_slot;
  ready_type(deque_type);
  define_deque_iterator(deque_iterator_type, "_collections._deque_iterator", deque_iterator_next<false>);
  define_deque_iterator(deque_reverse_iterator_type, "_collections._deque_reverse_iterator", deque_iterator_next<true>);

  define_type(
      defaultdict_type,
      {.name = "collections.defaultdict",
       .size = sizeof(DefaultDict),
       .layout = Layout::Dict,
       .flags = Type::kHasGc | Type::kBaseType,
       .base = &dict_type,
       .doc = "defaultdict(default_factory=None, /, [...]) --> dict with default factory\n\nA dict that fills in "
              "default_factory() for a key that indexing does not find. The further arguments are those of dict."});
  defaultdict_type.slots.init = defaultdict_init;
  defaultdict_type.slots.repr = defaultdict_repr;
  defaultdict_type.slots.or_ = defaultdict_or;
  defaultdict_type.methods = kDefaultMethods;
  defaultdict_type.getsets = kDefaultGetSets;
  defaultdict_type.dealloc = defaultdict_dealloc;
  defaultdict_type.traverse = defaultdict_traverse;
  defaultdict_type.clear = defaultdict_clear;
  ready_type(defaultdict_type);

  define_type(tuplegetter_type, {.name = "_collections._tuplegetter", .size = sizeof(TupleGetter)});
  tuplegetter_type.slots.new_ = tuplegetter_new;
  tuplegetter_type.slots.descr_get = tuplegetter_get;
  tuplegetter_type.slots.descr_set = tuplegetter_set;
  tuplegetter_type.methods = kGetterMethods;
  tuplegetter_type.getsets = kGetterGetSets;
  tuplegetter_type.dealloc = tuplegetter_dealloc;
  ready_type(tuplegetter_type);

  Dict* dict = module_dict(module);
  for (Type* t :
       {&deque_type, &defaultdict_type, &tuplegetter_type, &deque_iterator_type, &deque_reverse_iterator_type})
    dict_set(dict, as<Str>(t->name), to_value(t));
  return kOk;
}

}  // namespace

bool append_to_deque(Value deque, Value item) {
  if (!is_exact(deque, deque_type)) return false;
  push_right(self_deque(deque), item);
  return true;
}

extern const ModuleDef collections_module;
const ModuleDef collections_module = {"_collections",
                                      "Container types: deque and defaultdict, and helpers of the collections module.",
                                      kFunctions, initialize};

}  // namespace hiss

// enumerate, zip, map and filter.
#include <vector>

#include "object/index.h"
#include "object/iterator.h"

namespace hiss {

Type enumerate_type, zip_type, map_type, filter_type;

namespace {

// ---- enumerate

struct Enumerate : Object {
  Value iterator;
  Value index;  // any int
  Value pair;   // the tuple given out last, used again when nobody holds it
};

Ref enumerate_new(Type* cls, const Args& args) {
  if (args.count == 0 && args.keyword_count() == 0)
    return fail(exc::TypeError, "enumerate() missing required argument 'iterable'");
  Arguments bound("enumerate", "(iterable, start=0)");
  TRY(bound.bind(args));
  Ref start = bound[1] ? TRY(index(bound[1])) : make_int(0);
  Ref iterator = TRY(get_iter(bound[0]));
  auto* e = static_cast<Enumerate*>(allocate(cls));
  e->iterator = iterator.release();
  e->index = start.release();
  track(e);
  return Ref::steal(e);
}

/// A pair, in the tuple given out before when it came back.
Ref reuse_pair(Value& kept, Ref first, Ref second) {
  if (kept && kept.object()->refs == 1) {
    Tuple* t = as<Tuple>(kept);
    Ref r = Ref::share(kept);
    Value old_first = t->items[0], old_second = t->items[1];
    t->hash = 0;
    t->items[0] = first.release();
    t->items[1] = second.release();
    release(old_first);
    release(old_second);
    track(t);  // the collector may have let it go while its items were atoms
    return r;
  }
  Ref r = make_tuple({first, second});
  Value old = kept;
  kept = Ref::share(r).release();
  release(old);
  return r;
}

// The number of the next item; the iterator counts on.
Ref take_number(Enumerate* e) {
  Ref position = Ref::steal(e->index);
  const bool small = position.value().is_integer() && position.value().integer() < kMaxImmediateInt;
  e->index = small ? Value::integer(position.value().integer() + 1)
                   : int_binary(BinaryOp::add, position, Value::integer(1)).release();
  return position;
}
PairStep enumerate_pair(Enumerate* e, Value* pair) {
  Ref item = next(e->iterator);
  if (item.is_error()) return PairStep::Failed;
  if (item.is_empty()) return PairStep::Ended;
  pair[0] = take_number(e).release();
  pair[1] = item.release();
  return PairStep::Given;
}
Ref enumerate_next(Value self) {
  auto* e = as<Enumerate>(self);
  Value pair[2];
  const PairStep step = enumerate_pair(e, pair);
  if (step == PairStep::Failed) return Failure{};
  if (step == PairStep::Ended) return Ref::empty();
  return reuse_pair(e->pair, Ref::steal(pair[0]), Ref::steal(pair[1]));
}
void enumerate_dealloc(Object* self) {
  untrack(self);
  auto* e = static_cast<Enumerate*>(self);
  release(e->iterator);
  release(e->index);
  release(e->pair);
  free_object(self);
}
void enumerate_traverse(Object* self, Visitor& visit) {
  visit(static_cast<Enumerate*>(self)->iterator);
  visit(static_cast<Enumerate*>(self)->pair);
}
Ref enumerate_reduce(Value self, const Value*) {
  auto* e = as<Enumerate>(self);
  Ref arguments = make_tuple({e->iterator, e->index});
  return make_tuple({to_value(type_of(self)), arguments});
}
const NativeDef kEnumerateMethods[] = {
    {"__reduce__", "($self, /)", enumerate_reduce, kReduceDoc},
    {"__class_getitem__", "($type, object, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};

// ---- zip and map: an object with a tuple of iterators

struct ManyIterators : Object {
  Value function;   // map only
  Value iterators;  // tuple
  bool strict;      // zip only
  Value last;       // zip only: the first tuple given out, used again whenever nobody else holds it
};

void many_dealloc(Object* self) {
  untrack(self);
  release(static_cast<ManyIterators*>(self)->function);
  release(static_cast<ManyIterators*>(self)->iterators);
  release(static_cast<ManyIterators*>(self)->last);
  free_object(self);
}
void many_traverse(Object* self, Visitor& visit) {
  visit(static_cast<ManyIterators*>(self)->function);
  visit(static_cast<ManyIterators*>(self)->iterators);
  visit(static_cast<ManyIterators*>(self)->last);
}

Ref iterators_of(const Value* values, uint32_t count, const char* what) {
  Tuple* t = allocate_tuple(count);
  Ref result = Ref::steal(t);
  for (uint32_t i = 0; i < count; ++i) {
    Ref it = get_iter(values[i]);
    if (it.is_error()) {
      if (what && pending_is(exc::TypeError) && !type_of(values[i])->slots.iter && !type_of(values[i])->slots.getitem) {
        clear_pending();
        return fail(exc::TypeError, "'{}' object is not iterable", type_name(values[i]));
      }
      return it;
    }
    t->items[i] = it.release();
  }
  track(t);
  return result;
}

Ref zip_new(Type* cls, const Args& args) {
  bool strict = false;
  for (uint32_t i = 0; i < args.keyword_count(); ++i) {
    if (!equal(args.keyword_name(i), "strict")) {
      return fail(exc::TypeError, "'{}' is an invalid keyword argument for zip()", to_string(args.keyword_name(i)));
    }
    strict = TRY(truth(args.keyword_value(i)));
  }
  Ref iterators = TRY(iterators_of(args.values, args.count, "zip"));
  auto* z = static_cast<ManyIterators*>(allocate(cls));
  z->iterators = iterators.release();
  z->strict = strict;
  track(z);
  return Ref::steal(z);
}

Failure fail_strict(int64_t i, const char* comparison) {
  return fail(exc::ValueError, "zip() argument {} is {} than argument{}{}", i + 1, comparison, i == 1 ? " " : "s 1-",
              i == 1 ? 1 : i);
}

// What zip does when the iterator of argument `i` has ended.
Ref zip_ended(ManyIterators* z, int64_t i) {
  if (!z->strict) return Ref::empty();
  if (i > 0) return fail_strict(i, "shorter");
  Tuple* iterators = as<Tuple>(z->iterators);
  for (int64_t k = 1; k < iterators->size; ++k) {
    Ref more = TRY(next(iterators->items[k]));
    if (more) return fail_strict(k, "longer");
  }
  return Ref::empty();
}

Ref zip_next(Value self) {
  auto* z = as<ManyIterators>(self);
  Tuple* iterators = as<Tuple>(z->iterators);
  const int64_t n = iterators->size;
  if (n == 0) return Ref::empty();
  const bool again = z->last && z->last.object()->refs == 1;
  Ref owned = again ? Ref::share(z->last) : Ref::steal(allocate_tuple(n));
  Tuple* result = as<Tuple>(owned);
  if (again) result->hash = 0;
  for (int64_t i = 0; i < n; ++i) {
    Ref item = TRY(next(iterators->items[i]));
    if (item.is_empty()) return zip_ended(z, i);
    Value old = result->items[i];
    result->items[i] = item.release();
    release(old);
  }
  track(result);  // even one that is used again: the collector may have let it go while its items were atoms
  if (!z->last) z->last = Ref::share(owned).release();
  return owned;
}

Ref many_reduce(Value self, const Value*) {
  auto* z = as<ManyIterators>(self);
  Tuple* iterators = as<Tuple>(z->iterators);
  if (!z->function) {
    if (z->strict) return make_tuple({to_value(type_of(self)), z->iterators, Value::boolean(true)});
    return make_tuple({to_value(type_of(self)), z->iterators});
  }
  std::vector<Value> all{z->function};
  all.insert(all.end(), iterators->begin(), iterators->end());
  Ref arguments = make_tuple(all.data(), static_cast<int64_t>(all.size()));
  return make_tuple({to_value(type_of(self)), arguments});
}
Ref zip_setstate(Value self, const Value* args) {
  as<ManyIterators>(self)->strict = TRY(truth(args[0]));
  return Ref::none();
}
const NativeDef kZipMethods[] = {{"__reduce__", "($self, /)", many_reduce, kReduceDoc},
                                 {"__setstate__", "($self, state, /)", zip_setstate, kSetStateDoc},
                                 {}};

Ref map_new(Type* cls, const Args& args) {
  if (args.keyword_count() && cls->slots.init == map_type.slots.init)
    return fail(exc::TypeError, "map() takes no keyword arguments");
  if (args.count < 2) return fail(exc::TypeError, "map() must have at least two arguments.");
  Ref iterators = TRY(iterators_of(args.values + 1, args.count - 1, nullptr));
  auto* m = static_cast<ManyIterators*>(allocate(cls));
  m->function = Ref::share(args[0]).release();
  m->iterators = iterators.release();
  track(m);
  return Ref::steal(m);
}

Ref map_next(Value self) {
  auto* m = as<ManyIterators>(self);
  Tuple* iterators = as<Tuple>(m->iterators);
  const int64_t n = iterators->size;
  if (n == 1) {
    Ref item = TRY(next(iterators->items[0]));
    if (item.is_empty()) return item;
    const Value argument = item;
    return call(m->function, Args{&argument, 1, nullptr});
  }
  std::vector<Ref> items;
  std::vector<Value> values;
  for (int64_t i = 0; i < n; ++i) {
    Ref item = TRY(next(iterators->items[i]));
    if (item.is_empty()) return item;
    values.push_back(item);
    items.push_back(std::move(item));
  }
  return call(m->function, Args{values.data(), static_cast<uint32_t>(n), nullptr});
}
const NativeDef kMapMethods[] = {{"__reduce__", "($self, /)", many_reduce, kReduceDoc}, {}};

// ---- filter

struct Filter : Object {
  Value function;
  Value iterator;
};

Ref filter_new(Type* cls, const Args& args) {
  if (args.keyword_count() && cls->slots.init == filter_type.slots.init)
    return fail(exc::TypeError, "filter() takes no keyword arguments");
  if (args.count != 2) return fail(exc::TypeError, "filter expected 2 arguments, got {}", args.count);
  Ref iterator = TRY(get_iter(args[1]));
  auto* f = static_cast<Filter*>(allocate(cls));
  f->function = Ref::share(args[0]).release();
  f->iterator = iterator.release();
  track(f);
  return Ref::steal(f);
}

Ref filter_next(Value self) {
  auto* f = as<Filter>(self);
  const bool plain = f->function.is_none() || f->function == to_value(&bool_type);
  for (;;) {
    Ref item = TRY(next(f->iterator));
    if (item.is_empty()) return item;
    if (plain) {
      if (TRY(truth(item))) return item;
    } else {
      const Value argument = item;
      Ref good = TRY(call(f->function, Args{&argument, 1, nullptr}));
      if (TRY(truth(good))) return item;
    }
  }
}
void filter_dealloc(Object* self) {
  untrack(self);
  release(static_cast<Filter*>(self)->function);
  release(static_cast<Filter*>(self)->iterator);
  free_object(self);
}
void filter_traverse(Object* self, Visitor& visit) {
  visit(static_cast<Filter*>(self)->function);
  visit(static_cast<Filter*>(self)->iterator);
}
Ref filter_reduce(Value self, const Value*) {
  auto* f = as<Filter>(self);
  Ref arguments = make_tuple({f->function, f->iterator});
  return make_tuple({to_value(type_of(self)), arguments});
}
const NativeDef kFilterMethods[] = {{"__reduce__", "($self, /)", filter_reduce, kReduceDoc}, {}};

void define_lazy(Type& t, const char* name, uint32_t size, NewSlot make, UnarySlot next, const NativeDef* methods,
                 DeallocSlot dealloc, TraverseSlot traverse, const char* doc) {
  define_type(t, {.name = name, .size = size, .flags = Type::kHasGc | Type::kBaseType, .doc = doc});
  t.slots.new_ = make;
  t.slots.iter = self_iter;
  t.slots.next = next;
  t.methods = methods;
  t.dealloc = dealloc;
  t.traverse = traverse;
  ready_type(t);
}

// next() of zip(a, b).
PairStep zip_pair(ManyIterators* z, Value* pair) {
  const Value* iterators = as<Tuple>(z->iterators)->items;
  Ref first = next(iterators[0]);
  if (first.is_error()) return PairStep::Failed;
  if (first.is_empty()) return zip_ended(z, 0).is_error() ? PairStep::Failed : PairStep::Ended;
  Ref second = next(iterators[1]);
  if (second.is_error()) return PairStep::Failed;
  if (second.is_empty()) return zip_ended(z, 1).is_error() ? PairStep::Failed : PairStep::Ended;
  pair[0] = first.release();
  pair[1] = second.release();
  return PairStep::Given;
}

}  // namespace

PairStep next_pair(Value iterator, Value* pair) {
  const Type* type = type_of(iterator);
  if (type == &enumerate_type) return enumerate_pair(as<Enumerate>(iterator), pair);
  if (type == &zip_type && as<Tuple>(as<ManyIterators>(iterator)->iterators)->size == 2)
    return zip_pair(as<ManyIterators>(iterator), pair);
  if (type == &dict_item_iterator_type) return next_dict_pair(iterator, pair);
  return PairStep::NoPairs;
}

void init_enumerate_type() {
  define_lazy(enumerate_type, "enumerate", sizeof(Enumerate), enumerate_new, enumerate_next, kEnumerateMethods,
              enumerate_dealloc, enumerate_traverse,
              "Numbers what an iterable gives: each step is a pair of a number and an item.\n\nThe numbers count up "
              "from start, 0 if left out.");
}
void init_zip_type() {
  define_lazy(zip_type, "zip", sizeof(ManyIterators), zip_new, zip_next, kZipMethods, many_dealloc, many_traverse,
              "zip(*iterables, strict=False) --> zip object\n\nEach step is a tuple with the next item of every "
              "iterable. The shortest one ends it;\nwith strict, unequal lengths raise ValueError.");
}
void init_map_type() {
  define_lazy(map_type, "map", sizeof(ManyIterators), map_new, map_next, kMapMethods, many_dealloc, many_traverse,
              "map(func, *iterables) --> map object\n\nEach step calls func with the next item of every iterable, "
              "until one of them runs out.");
}
void init_filter_type() {
  define_lazy(filter_type, "filter", sizeof(Filter), filter_new, filter_next, kFilterMethods, filter_dealloc,
              filter_traverse,
              "filter(function or None, iterable) --> filter object\n\nGives only the items that function accepts; "
              "None accepts what is true itself.");
}

}  // namespace hiss

// Iterators that are not of one container: over __getitem__, over a callable, reversed(), and what iterators share.
#include "object/iterator.h"

#include "object/index.h"

namespace hiss {

Type sequence_iterator_type, callable_iterator_type, reversed_type;

Ref self_iter(Value self) { return Ref::share(self); }

Ref builtin(const char* name) {
  Ref module = TRY(import_builtins());
  return get_attr(module, name);
}

Ref reduce_iterator(Value source, int64_t index, const char* name, Value exhausted) {
  Ref function = TRY(builtin(source ? name : "iter"));
  if (!source) {
    Ref arguments = make_tuple({exhausted});
    return make_tuple({function, arguments});
  }
  Ref arguments = make_tuple({source});
  Ref position = make_int(index);
  return make_tuple({function, arguments, position});
}

Ref class_getitem(Value cls, const Value* args) { return make_generic_alias(cls, args[0]); }

namespace {

struct SequenceIterator : Object {
  Value sequence;  // empty: exhausted
  int64_t index;
};

Ref sequence_iterator_next(Value self) {
  auto* it = as<SequenceIterator>(self);
  if (!it->sequence) return Ref::empty();
  Ref position = make_int(it->index);
  Ref sequence = Ref::share(it->sequence);
  Ref item = get_item(sequence, position);
  if (!item.is_error()) {
    ++it->index;
    return item;
  }
  if (!pending_is(exc::IndexError) && !pending_is(exc::StopIteration)) return item;
  clear_pending();
  clear_field(it->sequence);
  return Ref::empty();
}

void sequence_iterator_dealloc(Object* self) {
  untrack(self);
  release(static_cast<SequenceIterator*>(self)->sequence);
  free_object(self);
}
void sequence_iterator_traverse(Object* self, Visitor& visit) { visit(static_cast<SequenceIterator*>(self)->sequence); }

Ref sequence_iterator_length_hint(Value self, const Value*) {
  auto* it = as<SequenceIterator>(self);
  if (!it->sequence) return make_int(0);
  if (!type_of(it->sequence)->slots.length) return Ref::not_implemented();
  const int64_t n = TRY(length(it->sequence));
  return make_int(std::max<int64_t>(n - it->index, 0));
}
Ref sequence_iterator_reduce(Value self, const Value*) {
  auto* it = as<SequenceIterator>(self);
  Ref empty = empty_tuple();
  return reduce_iterator(it->sequence, it->index, "iter", empty);
}
Ref sequence_iterator_setstate(Value self, const Value* args) {
  auto* it = as<SequenceIterator>(self);
  const int64_t i = TRY(to_index(args[0]));
  if (it->sequence) it->index = std::max<int64_t>(i, 0);
  return Ref::none();
}
const NativeDef kSequenceIteratorMethods[] = {
    {"__length_hint__", "($self, /)", sequence_iterator_length_hint, kLengthHintDoc},
    {"__reduce__", "($self, /)", sequence_iterator_reduce, kReduceDoc},
    {"__setstate__", "($self, state, /)", sequence_iterator_setstate, kSetStateDoc},
    {}};

struct CallableIterator : Object {
  Value callable;  // empty: exhausted
  Value sentinel;
};

Ref callable_iterator_next(Value self) {
  auto* it = as<CallableIterator>(self);
  if (!it->callable) return Ref::empty();
  Ref callable = Ref::share(it->callable), sentinel = Ref::share(it->sentinel);
  Ref result = call(callable, {});
  if (!result.is_error()) {
    if (!it->callable) return Ref::empty();
    if (!TRY(equal(sentinel, result))) return result;
  } else {
    if (!pending_is(exc::StopIteration)) return result;
    clear_pending();
  }
  clear_field(it->callable);
  clear_field(it->sentinel);
  return Ref::empty();
}
void callable_iterator_dealloc(Object* self) {
  untrack(self);
  release(static_cast<CallableIterator*>(self)->callable);
  release(static_cast<CallableIterator*>(self)->sentinel);
  free_object(self);
}
void callable_iterator_traverse(Object* self, Visitor& visit) {
  visit(static_cast<CallableIterator*>(self)->callable);
  visit(static_cast<CallableIterator*>(self)->sentinel);
}
Ref callable_iterator_reduce(Value self, const Value*) {
  auto* it = as<CallableIterator>(self);
  Ref iter = TRY(builtin("iter"));
  if (!it->callable) {
    Ref nothing = empty_tuple();
    Ref arguments = make_tuple({nothing});
    return make_tuple({iter, arguments});
  }
  Ref arguments = make_tuple({it->callable, it->sentinel});
  return make_tuple({iter, arguments});
}
const NativeDef kCallableIteratorMethods[] = {{"__reduce__", "($self, /)", callable_iterator_reduce, kReduceDoc}, {}};

// ---- reversed()

struct Reversed : Object {
  Value sequence;  // empty: exhausted
  int64_t index;
};

Ref reversed_new(Type* cls, const Args& args) {
  if (args.keyword_count() && cls->slots.init == reversed_type.slots.init)
    return fail(exc::TypeError, "reversed() takes no keyword arguments");
  if (args.count != 1) return fail(exc::TypeError, "reversed expected 1 argument, got {}", args.count);
  Ref method = TRY(lookup_special(args[0], names.__reversed__));
  if (method.is_none()) return fail(exc::TypeError, "'{}' object is not reversible", type_name(args[0]));
  if (method) return call(method, {});
  Type* type = type_of(args[0]);
  if (!type->slots.getitem || !type->slots.length || is<Dict>(args[0])) {
    return fail(exc::TypeError, "'{}' object is not reversible", type_name(args[0]));
  }
  const int64_t n = TRY(length(args[0]));
  auto* r = static_cast<Reversed*>(allocate(cls));
  r->sequence = Ref::share(args[0]).release();
  r->index = n - 1;
  track(r);
  return Ref::steal(r);
}

Ref reversed_next(Value self) {
  auto* r = as<Reversed>(self);
  if (r->index >= 0 && r->sequence) {
    Ref position = make_int(r->index);
    Ref item = get_item(r->sequence, position);
    if (!item.is_error()) {
      --r->index;
      return item;
    }
    if (!pending_is(exc::IndexError) && !pending_is(exc::StopIteration)) return item;
    clear_pending();
  }
  r->index = -1;
  clear_field(r->sequence);
  return Ref::empty();
}
void reversed_dealloc(Object* self) {
  untrack(self);
  release(static_cast<Reversed*>(self)->sequence);
  free_object(self);
}
void reversed_traverse(Object* self, Visitor& visit) { visit(static_cast<Reversed*>(self)->sequence); }
Ref reversed_length_hint(Value self, const Value*) {
  auto* r = as<Reversed>(self);
  if (!r->sequence) return make_int(0);
  const int64_t n = TRY(length(r->sequence));
  return make_int(r->index < n ? r->index + 1 : 0);
}
Ref reversed_reduce(Value self, const Value*) {
  auto* r = as<Reversed>(self);
  if (!r->sequence) {
    Ref nothing = empty_tuple();
    Ref arguments = make_tuple({nothing});
    return make_tuple({to_value(type_of(self)), arguments});
  }
  Ref arguments = make_tuple({r->sequence});
  Ref position = make_int(r->index);
  return make_tuple({to_value(type_of(self)), arguments, position});
}
Ref reversed_setstate(Value self, const Value* args) {
  auto* r = as<Reversed>(self);
  const int64_t i = TRY(to_index(args[0]));
  if (r->sequence) {
    const int64_t n = TRY(length(r->sequence));
    r->index = std::max<int64_t>(-1, std::min(i, n - 1));
  }
  return Ref::none();
}
const NativeDef kReversedMethods[] = {{"__length_hint__", "($self, /)", reversed_length_hint, kLengthHintDoc},
                                      {"__reduce__", "($self, /)", reversed_reduce, kReduceDoc},
                                      {"__setstate__", "($self, state, /)", reversed_setstate, kSetStateDoc},
                                      {}};

}  // namespace

Ref make_sequence_iterator(Value sequence) {
  auto* it = allocate_as<SequenceIterator>(sequence_iterator_type);
  it->sequence = Ref::share(sequence).release();
  it->index = 0;
  track(it);
  return Ref::steal(it);
}

Ref make_callable_iterator(Value callable, Value sentinel) {
  auto* it = allocate_as<CallableIterator>(callable_iterator_type);
  it->callable = Ref::share(callable).release();
  it->sentinel = Ref::share(sentinel).release();
  track(it);
  return Ref::steal(it);
}

void init_sequence_iterator_type() {
  Type& t = sequence_iterator_type;
  define_type(t, {.name = "iterator", .size = sizeof(SequenceIterator), .flags = Type::kHasGc | Type::kNoInstances});
  t.slots.iter = self_iter;
  t.slots.next = sequence_iterator_next;
  t.methods = kSequenceIteratorMethods;
  t.dealloc = sequence_iterator_dealloc;
  t.traverse = sequence_iterator_traverse;
  ready_type(t);
}

void init_callable_iterator_type() {
  Type& t = callable_iterator_type;
  define_type(
      t, {.name = "callable_iterator", .size = sizeof(CallableIterator), .flags = Type::kHasGc | Type::kNoInstances});
  t.slots.iter = self_iter;
  t.slots.next = callable_iterator_next;
  t.methods = kCallableIteratorMethods;
  t.dealloc = callable_iterator_dealloc;
  t.traverse = callable_iterator_traverse;
  ready_type(t);
}

void init_reversed_type() {
  Type& t = reversed_type;
  define_type(t, {.name = "reversed",
                  .size = sizeof(Reversed),
                  .flags = Type::kHasGc | Type::kBaseType,
                  .doc = "Iterates over a sequence from its last item to its first."});
  t.slots.new_ = reversed_new;
  t.slots.iter = self_iter;
  t.slots.next = reversed_next;
  t.methods = kReversedMethods;
  t.dealloc = reversed_dealloc;
  t.traverse = reversed_traverse;
  ready_type(t);
}

}  // namespace hiss

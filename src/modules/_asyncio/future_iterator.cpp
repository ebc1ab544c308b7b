// What `await future` runs through: yields the future once, then gives its result.
#include "modules/_asyncio/asyncio.h"

#include "memory/collector.h"
#include "object/exception.h"
#include "object/generator.h"
#include "object/iterator.h"

namespace hiss::asyncio {

namespace {

Type iterator_type;

struct FutureIterator : Object {
  Value future;  // empty once the result is out
};
FutureIterator* self_iterator(Value v) { return static_cast<FutureIterator*>(v.object()); }

// One step: the future to wait for, or empty and the value of the await expression in `*result`.
Ref advance(Value self, Value, Ref* result) {
  FutureIterator* it = self_iterator(self);
  if (!it->future) {
    *result = Ref::none();
    return Ref::empty();
  }
  Future* f = as_future(it->future);
  if (f->state == FutureState::Pending) {
    if (f->blocking) return fail(exc::RuntimeError, "await wasn't used with future");
    f->blocking = true;
    return Ref::share(it->future);
  }
  Ref future = Ref::steal(it->future);
  it->future = Value();
  *result = TRY(future_result(f));
  return Ref::empty();
}

Ref iterator_next(Value self) {
  Ref result;
  Ref yielded = advance(self, Value::none(), &result);
  if (!yielded.is_empty()) return yielded;
  return result.is_none() ? Ref::empty() : Ref(raise_stop_iteration(result));
}
Ref iterator_send(Value self, const Value*) {
  Ref result;
  Ref yielded = advance(self, Value::none(), &result);
  if (!yielded.is_empty()) return yielded;
  return raise_stop_iteration(result);
}

Ref iterator_throw(Value self, const Value* a) {
  const Value type = a[0], value = a[1], traceback = a[2];
  if (traceback && !traceback.is_none() && !is<Traceback>(traceback))
    return fail(exc::TypeError, "throw() third argument must be a traceback");
  Ref exception;
  if (is<Type>(type) && is_subtype(as<Type>(type), &exc::BaseException)) {
    if (value && is<Exception>(value) && is_subtype(type_of(value), as<Type>(type))) {
      exception = Ref::share(value);
    } else if (!value || value.is_none()) {
      exception = TRY(call(type));
    } else {
      exception = is<Tuple>(value) ? TRY(call_with(type, as<Tuple>(value), nullptr)) : TRY(call(type, {value}));
    }
  } else if (is<Exception>(type)) {
    if (value && !value.is_none()) return fail(exc::TypeError, "instance exception may not have a separate value");
    exception = Ref::share(type);
  } else {
    return fail(exc::TypeError, "exceptions must be classes deriving BaseException or instances of such a class");
  }
  clear_field(self_iterator(self)->future);
  if (traceback && is<Traceback>(traceback)) put(as<Exception>(exception)->traceback, traceback);
  return restore_pending(std::move(exception));
}
Ref iterator_close(Value self, const Value*) {
  clear_field(self_iterator(self)->future);
  return Ref::none();
}

void iterator_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<FutureIterator*>(o)->future);
  free_object(o);
}
void iterator_traverse(Object* o, Visitor& visit) { visit(static_cast<FutureIterator*>(o)->future); }
void iterator_clear(Object* o) { clear_field(static_cast<FutureIterator*>(o)->future); }

const NativeDef kMethods[] = {
    {"send", "($self, arg, /)", iterator_send, "The next step; the value sent is of no use."},
    {"throw", "($self, type, val=None, tb=None, /)", iterator_throw, "Give up waiting and raise the exception."},
    {"close", "($self, /)", iterator_close, "Give up waiting."},
    {}};

}  // namespace

Ref make_future_iterator(Value future) {
  auto* it = allocate_as<FutureIterator>(iterator_type);
  it->future = Ref::share(future).release();
  track(it);
  return Ref::steal(it);
}

void define_future_iterator() {
  define_type(iterator_type, {.name = "_asyncio.FutureIter",
                              .size = sizeof(FutureIterator),
                              .layout = Layout::Native,
                              .flags = Type::kHasGc | Type::kNoInstances});
  iterator_type.slots.iter = self_iter;
  iterator_type.slots.next = iterator_next;
  iterator_type.send = advance;
  iterator_type.methods = kMethods;
  iterator_type.dealloc = iterator_dealloc;
  iterator_type.traverse = iterator_traverse;
  iterator_type.clear = iterator_clear;
  ready_type(iterator_type);
}

}  // namespace hiss::asyncio

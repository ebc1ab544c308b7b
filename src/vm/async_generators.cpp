// Async generators (PEP 525): the awaitables of __anext__(), asend(), athrow() and aclose(), the hooks of an event
// loop, and what anext() with a default gives.
//
// What the generator yields itself arrives wrapped (wrap_async_value) and ends the awaitable, as the value of a
// StopIteration; what it passes on from an object that it awaits arrives bare and goes to the event loop.
#include <vector>

#include "memory/collector.h"
#include "object/exception.h"
#include "object/generator.h"
#include "object/iterator.h"
#include "object/protocol.h"
#include "vm/generator_types.h"

namespace hiss {

Type async_generator_type, async_wrapped_value_type, async_send_type, async_throw_type, anext_awaitable_type;

namespace {

struct WrappedValue : Object {
  Value value;
};

void wrapped_dealloc(Object* o) {
  untrack(o);
  release(static_cast<WrappedValue*>(o)->value);
  free_object(o);
}
void wrapped_traverse(Object* o, Visitor& visit) { visit(static_cast<WrappedValue*>(o)->value); }

bool is_wrapped(const Ref& r) { return !r.is_error() && !r.is_empty() && is_exact(r, async_wrapped_value_type); }

/// One asend() or athrow() under way.
struct Step : Object {
  enum State : uint8_t { New, Running, Closed };
  State state;
  Value generator;  // owned
  Value sent;       // asend: the value, owned
  Value thrown;     // athrow: the Tuple of its arguments, owned; empty: aclose
};

Step* self_step(Value v) { return static_cast<Step*>(v.object()); }
Generator* generator_of(const Step* s) { return as<Generator>(s->generator); }

void step_dealloc(Object* o) {
  untrack(o);
  auto* s = static_cast<Step*>(o);
  for (Value v : {s->generator, s->sent, s->thrown}) release(v);
  free_object(o);
}
void step_traverse(Object* o, Visitor& visit) {
  auto* s = static_cast<Step*>(o);
  for (Value v : {s->generator, s->sent, s->thrown}) visit(v);
}

Ref make_step(Type& type, Generator* g, Value sent, Value thrown) {
  auto* s = allocate_as<Step>(type);
  s->state = Step::New;
  s->generator = Ref::share(g).release();
  s->sent = Ref::share(sent).release();
  s->thrown = Ref::share(thrown).release();
  track(s);
  return Ref::steal(s);
}

// Turns how a run of the generator ended into how the awaitable goes on: a bare value is passed on, a value of its own
// ends it.
Ref unwrap_yielded(Generator* g, Ref out) {
  if (out.is_empty()) out = fail_with(to_value(&exc::StopAsyncIteration));
  if (out.is_error()) {
    if (pending_is(exc::StopAsyncIteration) || pending_is(exc::GeneratorExit)) g->closing = true;
    g->running_async = false;
    return out;
  }
  if (!is_wrapped(out)) return out;
  g->running_async = false;
  return raise_stop_iteration(static_cast<WrappedValue*>(out.value().object())->value);
}

// ---- asend, __anext__

Ref send_step(Value self, Value value) {
  Step* s = self_step(self);
  Generator* g = generator_of(s);
  if (s->state == Step::Closed) return fail(exc::RuntimeError, "cannot reuse already awaited __anext__()/asend()");
  if (s->state == Step::New) {
    if (g->running_async) return fail(exc::RuntimeError, "anext(): asynchronous generator is already running");
    if (value.is_none()) value = s->sent;
    s->state = Step::Running;
  }
  g->running_async = true;
  Ref hold = Ref::share(self);
  Ref out = unwrap_yielded(g, generator_send(g, value, nullptr));
  if (out.is_error()) s->state = Step::Closed;
  return out;
}

Ref send_next(Value self) { return send_step(self, Value::none()); }
Ref send_send(Value self, const Value* args) { return send_step(self, args[0]); }
Ref send_throw(Value self, const Value* args) {
  Step* s = self_step(self);
  if (s->state == Step::Closed) return fail(exc::RuntimeError, "cannot reuse already awaited __anext__()/asend()");
  Generator* g = generator_of(s);
  Ref hold = Ref::share(self);
  Ref out = unwrap_yielded(g, generator_throw_into(g, {args[0], args[1], args[2]}, true, nullptr));
  if (out.is_error()) s->state = Step::Closed;
  return out;
}
Ref step_close(Value self, const Value*) {
  self_step(self)->state = Step::Closed;
  return Ref::none();
}

// ---- athrow, aclose

Failure ignored_exit(Step* s) {
  generator_of(s)->running_async = false;
  s->state = Step::Closed;
  return fail(exc::RuntimeError, "async generator ignored GeneratorExit");
}

// aclose() ends well when the generator ended, by returning or by one of the two exceptions that say so.
bool clear_end_of_generator(const Ref& out) {
  if (out.is_empty()) return true;
  if (!out.is_error() || !(pending_is(exc::StopAsyncIteration) || pending_is(exc::GeneratorExit))) return false;
  clear_pending();
  return true;
}

Ref continue_close(Step* s, Ref out) {
  if (is_wrapped(out)) return ignored_exit(s);
  if (!out.is_error() && !out.is_empty()) return out;
  generator_of(s)->running_async = false;
  s->state = Step::Closed;
  if (clear_end_of_generator(out)) return raise_stop_iteration(Value::none());
  return out;
}

Ref continue_throw(Step* s, Ref out) {
  out = unwrap_yielded(generator_of(s), std::move(out));
  if (out.is_error()) s->state = Step::Closed;
  return out;
}

Ref begin_throw(Step* s, Value value) {
  Generator* g = generator_of(s);
  const bool closes = s->thrown.is_empty();
  if (g->running_async) {
    s->state = Step::Closed;
    return fail(exc::RuntimeError, "{}(): asynchronous generator is already running", closes ? "aclose" : "athrow");
  }
  if (g->closing) {
    s->state = Step::Closed;
    return fail_with(to_value(&exc::StopAsyncIteration));
  }
  if (!value.is_none()) return fail(exc::RuntimeError, "can't send non-None value to a just-started coroutine");
  s->state = Step::Running;
  g->running_async = true;
  if (closes) {
    g->closing = true;
    return continue_close(s,
                          generator_throw_into(g, {to_value(&exc::GeneratorExit), Value(), Value()}, false, nullptr));
  }
  auto* thrown = as<Tuple>(s->thrown);
  auto argument = [&](int64_t i) { return i < thrown->size ? thrown->items[i] : Value(); };
  return continue_throw(s, generator_throw_into(g, {argument(0), argument(1), argument(2)}, false, nullptr));
}

Ref throw_step(Value self, Value value) {
  Step* s = self_step(self);
  Generator* g = generator_of(s);
  if (s->state == Step::Closed) return fail(exc::RuntimeError, "cannot reuse already awaited aclose()/athrow()");
  Ref hold = Ref::share(self);
  if (g->state() == Generator::Finished) {
    s->state = Step::Closed;
    return raise_stop_iteration(Value::none());
  }
  if (s->state == Step::New) return begin_throw(s, value);
  Ref out = generator_send(g, value, nullptr);
  return s->thrown ? continue_throw(s, std::move(out)) : continue_close(s, std::move(out));
}

Ref throw_next(Value self) { return throw_step(self, Value::none()); }
Ref throw_send(Value self, const Value* args) { return throw_step(self, args[0]); }
Ref throw_throw(Value self, const Value* args) {
  Step* s = self_step(self);
  Generator* g = generator_of(s);
  if (s->state == Step::Closed) return fail(exc::RuntimeError, "cannot reuse already awaited aclose()/athrow()");
  Ref hold = Ref::share(self);
  Ref out = generator_throw_into(g, {args[0], args[1], args[2]}, true, nullptr);
  if (s->thrown) return unwrap_yielded(g, std::move(out));
  if (is_wrapped(out)) return ignored_exit(s);
  if (clear_end_of_generator(out)) return raise_stop_iteration(Value::none());
  return out;
}

const NativeDef kSendMethods[] = {
    {"send", "($self, value, /)", send_send, "Goes on with value, to what the generator yields or awaits next."},
    {"throw", "($self, typ, val=None, tb=None, /)", send_throw,
     "Raises an exception in the generator, and goes on to what it yields or awaits next."},
    {"close", "($self, /)", step_close, "Ends this awaitable; the generator does not notice."},
    {}};
const NativeDef kThrowMethods[] = {
    {"send", "($self, value, /)", throw_send, "Goes on with value, to what the generator yields or awaits next."},
    {"throw", "($self, typ, val=None, tb=None, /)", throw_throw,
     "Raises an exception in the generator, and goes on to what it yields or awaits next."},
    {"close", "($self, /)", step_close, "Ends this awaitable; the generator does not notice."},
    {}};

// ---- The generator

// Before the first step: the event loop's finalizer is noted, and it hears of the generator.
Status initialize_hooks(Generator* g) {
  if (g->hooks_initialized) return kOk;
  g->hooks_initialized = true;
  ThreadState& ts = thread_state();
  g->finalizer = Ref::share(ts.async_finalizer).release();
  if (!ts.async_first_iteration) return kOk;
  Ref hook = Ref::share(ts.async_first_iteration);
  TRY(call(hook, {to_value(g)}));
  return kOk;
}

Ref generator_asend(Value self, Value value) {
  TRY(initialize_hooks(as<Generator>(self)));
  return make_step(async_send_type, as<Generator>(self), value, Value());
}
Ref async_anext(Value self) { return generator_asend(self, Value::none()); }
Ref method_asend(Value self, const Value* args) { return generator_asend(self, args[0]); }
Ref method_athrow(Value self, const Value* args) {
  TRY(initialize_hooks(as<Generator>(self)));
  std::vector<Value> thrown;
  for (int i = 0; i < 3 && args[i]; ++i) thrown.push_back(args[i]);
  Ref tuple = make_tuple(thrown.data(), static_cast<int64_t>(thrown.size()));
  return make_step(async_throw_type, as<Generator>(self), Value(), tuple);
}
Ref method_aclose(Value self, const Value*) {
  TRY(initialize_hooks(as<Generator>(self)));
  return make_step(async_throw_type, as<Generator>(self), Value(), Value());
}

const NativeDef kMethods[] = {
    {"asend", "($self, value, /)", method_asend,
     "An awaitable that sends value into the generator and gives what it yields next."},
    {"athrow", "($self, typ, val=None, tb=None, /)", method_athrow,
     "An awaitable that raises an exception in the generator and gives what it yields next."},
    {"aclose", "($self, /)", method_aclose, "An awaitable that raises GeneratorExit in the generator, which ends it."},
    {"__class_getitem__", "($type, item, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};

// ---- anext(iterator, default)

struct AnextAwaitable : Object {
  Value awaitable, fallback;  // owned
};
AnextAwaitable* self_anext(Value v) { return static_cast<AnextAwaitable*>(v.object()); }

void anext_dealloc(Object* o) {
  untrack(o);
  auto* a = static_cast<AnextAwaitable*>(o);
  release(a->awaitable);
  release(a->fallback);
  free_object(o);
}
void anext_traverse(Object* o, Visitor& visit) {
  auto* a = static_cast<AnextAwaitable*>(o);
  visit(a->awaitable);
  visit(a->fallback);
}

// What the wrapped object runs through. A coroutine is no iterator itself, but gives one.
Ref anext_iterator(Value self) {
  Ref iterator = TRY(awaitable_iterator(self_anext(self)->awaitable));
  if (type_of(iterator)->slots.next) return iterator;
  if (!type_of(iterator)->slots.await) return iterator;
  return type_of(iterator)->slots.await(iterator);
}
// The end of the iteration gives the default.
Ref anext_result(Value self, Ref out) {
  if (!out.is_error() || !pending_is(exc::StopAsyncIteration)) return out;
  clear_pending();
  return raise_stop_iteration(self_anext(self)->fallback);
}
Ref anext_next(Value self) {
  Ref iterator = TRY(anext_iterator(self));
  return anext_result(self, type_of(iterator)->slots.next(iterator));
}
Ref anext_method(Value self, Str* name, const Value* args, uint32_t count) {
  Ref iterator = TRY(anext_iterator(self));
  Ref method = TRY(get_attr(iterator, name));
  while (count && !args[count - 1]) --count;
  return anext_result(self, call(method, Args{args, count}));
}
Ref anext_send(Value self, const Value* args) { return anext_method(self, names.send, args, 1); }
Ref anext_throw(Value self, const Value* args) { return anext_method(self, names.throw_, args, 3); }
Ref anext_close(Value self, const Value* args) { return anext_method(self, names.close, args, 0); }

const NativeDef kAnextMethods[] = {
    {"send", "($self, value, /)", anext_send, "Sends value into the awaitable."},
    {"throw", "($self, typ, val=None, tb=None, /)", anext_throw, "Raises an exception in the awaitable."},
    {"close", "($self, /)", anext_close, "Closes the awaitable."},
    {}};

void define_step_type(Type& type, const char* name, UnarySlot next, const NativeDef* methods) {
  define_type(type, {.name = name, .size = sizeof(Step), .flags = Type::kHasGc | Type::kNoInstances});
  type.slots.await = self_iter;
  type.slots.iter = self_iter;
  type.slots.next = next;
  type.methods = methods;
  type.dealloc = step_dealloc;
  type.traverse = step_traverse;
  ready_type(type);
}

}  // namespace

Ref wrap_async_value(Value value) {
  auto* w = allocate_as<WrappedValue>(async_wrapped_value_type);
  w->value = Ref::share(value).release();
  track(w);
  return Ref::steal(w);
}

bool call_async_finalizer(Generator* g) {
  if (!g->finalizer || g->closing) return false;
  if (call(g->finalizer, {to_value(g)}).is_error()) report_unraisable(to_value(g));
  return true;
}

Ref make_anext_awaitable(Value awaitable, Value default_value) {
  auto* a = allocate_as<AnextAwaitable>(anext_awaitable_type);
  a->awaitable = Ref::share(awaitable).release();
  a->fallback = Ref::share(default_value).release();
  track(a);
  return Ref::steal(a);
}

void init_async_generator_type() {
  define_generator_like(async_generator_type, "async_generator");
  async_generator_type.slots.aiter = self_iter;
  async_generator_type.slots.anext = async_anext;
  async_generator_type.methods = kMethods;
  async_generator_type.getsets = kAsyncGeneratorGetSets;
  ready_type(async_generator_type);
}

void init_async_send_type() { define_step_type(async_send_type, "async_generator_asend", send_next, kSendMethods); }
void init_async_throw_type() {
  define_step_type(async_throw_type, "async_generator_athrow", throw_next, kThrowMethods);
}

void init_async_wrapped_value_type() {
  Type& type = async_wrapped_value_type;
  define_type(type, {.name = "async_generator_wrapped_value",
                     .size = sizeof(WrappedValue),
                     .flags = Type::kHasGc | Type::kNoInstances});
  type.dealloc = wrapped_dealloc;
  type.traverse = wrapped_traverse;
  ready_type(type);
}

void init_anext_awaitable_type() {
  Type& type = anext_awaitable_type;
  define_type(type,
              {.name = "anext_awaitable", .size = sizeof(AnextAwaitable), .flags = Type::kHasGc | Type::kNoInstances});
  type.slots.await = self_iter;
  type.slots.iter = self_iter;
  type.slots.next = anext_next;
  type.methods = kAnextMethods;
  type.dealloc = anext_dealloc;
  type.traverse = anext_traverse;
  ready_type(type);
}

}  // namespace hiss

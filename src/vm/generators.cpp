// Generators and coroutines: resuming, throwing, closing, and their types.
#include <vector>

#include "memory/collector.h"
#include "object/exception.h"
#include "object/frame.h"
#include "object/generator.h"
#include "object/protocol.h"
#include "vm/call_stack.h"

namespace hiss {

Type generator_type, coroutine_type, coroutine_wrapper_type;

Result<CallRecord*> resume_record(ThreadState& ts, Generator* g, RecordKind kind);

namespace {

const char* kind_name(const Generator* g) {
  if (g->code->code_flags & kCodeAsyncGenerator) return "async generator";
  return g->code->code_flags & kCodeCoroutine ? "coroutine" : "generator";
}

Generator* self_generator(Value v) { return as<Generator>(v); }

void put(Value& slot, Value value) {
  Value old = slot;
  retain(value);
  slot = value;
  release(old);
}

// Runs the generator until it yields (the value), returns (empty; *result) or fails. `throwing`: the pending exception
// is raised in it.
Ref run(Generator* g, Value sent, bool throwing, Ref* result) {
  ThreadState& ts = thread_state();
  char here;
  if (&here < ts.c_stack_limit) return fail(exc::RecursionError, "maximum recursion depth exceeded");
  Ref hold = Ref::share(g);
  if (g->state == Generator::Suspended && !throwing) put(g->registers[Instruction{g->pc[-1].word}.a()], sent);
  Result<CallRecord*> record = resume_record(ts, g, RecordKind::Entry);
  if (record.is_error()) return Failure{};
  Ref out = interpret(ts, throwing);
  if (out.is_error()) return out;
  if (g->yielded) return out;
  if (result) *result = std::move(out);
  return Ref::empty();
}

}  // namespace

Ref generator_send(Generator* g, Value value, Ref* result) {
  switch (g->state) {
    case Generator::Running:
      return fail(exc::ValueError, "{} already executing", kind_name(g));
    case Generator::Finished:
      if (g->code->code_flags & kCodeCoroutine)
        return fail(exc::RuntimeError, "cannot reuse already awaited coroutine");
      if (result) *result = Ref::none();
      return Ref::empty();
    case Generator::Created:
      if (!value.is_none()) return fail(exc::TypeError, "can't send non-None value to a just-started {}", kind_name(g));
      break;
    case Generator::Suspended:
      break;
  }
  return run(g, value, false, result);
}

Value generator_delegate(const Generator* g) {
  if (g->state != Generator::Suspended) return Value();
  const Instruction yield{g->pc[-1].word};
  if (yield.op() != Op::Yield || yield.c() == 0) return Value();
  return g->registers[yield.c() - 1];
}

Ref generator_throw(Generator* g, Value exception, Ref* result) {
  if (g->state == Generator::Running) return fail(exc::ValueError, "{} already executing", kind_name(g));
  if (g->state == Generator::Finished && (g->code->code_flags & kCodeCoroutine)) {
    return fail(exc::RuntimeError, "cannot reuse already awaited coroutine");
  }
  Ref delegate = Ref::share(generator_delegate(g));
  if (!delegate.is_empty()) {
    Ref inner;
    bool handled = true;
    g->state = Generator::Running;
    if (is_instance_of(exception, exc::GeneratorExit)) {
      // close() goes down the chain first.
      Ref closed;
      if (is<Generator>(delegate) && !is_exact(delegate, async_generator_type)) {
        closed = generator_close(as<Generator>(delegate));
      } else {
        Ref close = get_attr_or_empty(delegate, names.close);
        if (close.is_error()) {
          report_unraisable(delegate);
        } else if (!close.is_empty()) {
          closed = call(close);
        }
      }
      g->state = Generator::Suspended;
      if (!closed.is_error()) {
        restore_pending(Ref::share(exception));
      }
      return run(g, Value(), true, result);
    }
    Ref returned;
    if (is<Generator>(delegate) && !is_exact(delegate, async_generator_type)) {
      inner = generator_throw(as<Generator>(delegate), exception, &returned);
      if (inner.is_empty()) {
        g->state = Generator::Suspended;
        return [&]() -> Ref {
          // The delegation ended with a value: the generator goes on behind `yield from`, whose Send jumps out when it
          // sees it.
          g->pc = g->pc - 2;  // the Jump behind Send
          const Instruction send{g->pc[-1].word};
          put(g->registers[send.a()], returned);
          ThreadState& ts = thread_state();
          Ref hold = Ref::share(g);
          Result<CallRecord*> record = resume_record(ts, g, RecordKind::Entry);
          if (record.is_error()) return Failure{};
          Ref out = interpret(ts, false);
          if (out.is_error() || g->yielded) return out;
          if (result) *result = std::move(out);
          return Ref::empty();
        }();
      }
    } else {
      Ref method = get_attr_or_empty(delegate, names.throw_);
      if (method.is_empty()) {
        handled = false;
      } else if (method.is_error()) {
        inner = Failure{};
      } else {
        inner = call(method, {exception});
        if (inner.is_error()) {
          if (std::optional<Ref> value = take_stop_iteration_value()) {
            g->state = Generator::Suspended;
            g->pc = g->pc - 2;
            const Instruction send{g->pc[-1].word};
            put(g->registers[send.a()], *value);
            ThreadState& ts = thread_state();
            Ref hold = Ref::share(g);
            Result<CallRecord*> record = resume_record(ts, g, RecordKind::Entry);
            if (record.is_error()) return Failure{};
            Ref out = interpret(ts, false);
            if (out.is_error() || g->yielded) return out;
            if (result) *result = std::move(out);
            return Ref::empty();
          }
        }
      }
    }
    g->state = Generator::Suspended;
    if (handled) {
      if (!inner.is_error()) return inner;
      return run(g, Value(), true, result);
    }
  }
  if (g->state == Generator::Created) {
    // Never started: it ends here, with the exception raised at its first line.
    restore_pending(Ref::share(exception));
    return run(g, Value(), true, result);
  }
  if (g->state == Generator::Finished) {
    restore_pending(Ref::share(exception));
    return Failure{};
  }
  fail_with(exception);
  return run(g, Value(), true, result);
}

Ref generator_close(Generator* g) {
  if (g->state == Generator::Running) return fail(exc::ValueError, "{} already executing", kind_name(g));
  if (g->state == Generator::Finished) return Ref::none();
  if (g->state == Generator::Created) {
    g->state = Generator::Finished;
    for (uint32_t i = 0; i < g->register_count; ++i) clear_field(g->registers[i]);
    return Ref::none();
  }
  Ref exit = TRY(call(to_value(&exc::GeneratorExit)));
  Ref result;
  Ref yielded = generator_throw(g, exit, &result);
  if (yielded.is_error()) {
    if (pending_is(exc::GeneratorExit) || pending_is(exc::StopIteration)) {
      clear_pending();
      return Ref::none();
    }
    return Failure{};
  }
  if (yielded.is_empty()) return Ref::none();
  return fail(exc::RuntimeError, "{} ignored GeneratorExit", kind_name(g));
}

Failure raise_stop_iteration(Value value) {
  Ref stop = value.is_none() ? call(to_value(&exc::StopIteration)) : call(to_value(&exc::StopIteration), {value});
  if (stop.is_error()) return Failure{};
  return fail_with(stop);
}

std::optional<Ref> take_stop_iteration_value() {
  if (!pending_is(exc::StopIteration)) return std::nullopt;
  Ref exception = take_pending();
  Value v = exception_field(exception, "value");
  return v ? Ref::share(v) : Ref::none();
}

Ref awaitable_iterator(Value object) {
  if (is_exact(object, coroutine_type)) return Ref::share(object);
  if (is_exact(object, generator_type) && (as<Generator>(object)->code->code_flags & kCodeIterableCoroutine))
    return Ref::share(object);
  UnarySlot slot = type_of(object)->slots.await;
  if (!slot) return fail(exc::TypeError, "object {} can't be used in 'await' expression", type_name(object));
  Ref iterator = TRY(slot(object));
  if (is_exact(iterator, coroutine_type) ||
      (is_exact(iterator, generator_type) && (as<Generator>(iterator)->code->code_flags & kCodeIterableCoroutine))) {
    return fail(exc::TypeError, "__await__() returned a coroutine");
  }
  if (!type_of(iterator)->slots.next)
    return fail(exc::TypeError, "__await__() returned non-iterator of type '{}'", type_name(iterator));
  return iterator;
}

Ref make_generator(Function* f, Value* base) {
  Code* code = f->code;
  Type& type = code->code_flags & kCodeAsyncGenerator ? async_generator_type
               : code->code_flags & kCodeCoroutine    ? coroutine_type
                                                      : generator_type;
  auto* g = static_cast<Generator*>(allocate(&type, code->register_count * sizeof(Value)));
  g->state = Generator::Created;
  g->function = Ref::share(f).release();
  g->code = code;
  retain(code);
  g->pc = code->begin();
  g->register_count = code->register_count;
  g->name = Ref::share(f->name).release();
  g->qualname = Ref::share(f->qualname).release();
  for (int32_t i = 0; i < code->total_args(); ++i) {
    g->registers[i] = base[i];
    base[i] = Value();
  }
  track(g);
  return Ref::steal(g);
}

// ---- Types

namespace {

// Dropped while suspended: finally blocks run now.
void generator_finalize(Value self) {
  auto* g = self_generator(self);
  if (g->state == Generator::Finished || g->state == Generator::Running) return;
  if (g->state == Generator::Created) {
    if ((g->code->code_flags & kCodeCoroutine)) {
      Status s = warn(exc::RuntimeWarning, fmt::format("coroutine '{}' was never awaited", to_string(g->qualname)));
      if (s.is_error()) report_unraisable(self);
    }
    return;
  }
  Ref closed = generator_close(g);
  if (closed.is_error()) report_unraisable(self);
}

void generator_dealloc(Object* o) {
  untrack(o);
  auto* g = static_cast<Generator*>(o);
  if (g->frame) {
    frame_outlives_generator(g->frame);
    release(static_cast<Object*>(g->frame));
  }
  for (uint32_t i = 0; i < g->register_count; ++i) clear_field(g->registers[i]);
  for (Value* v : {&g->function, &g->name, &g->qualname, &g->finalizer, &g->origin, &g->handled.exception})
    clear_field(*v);
  release(g->code);
  free_object(o);
}
void generator_traverse(Object* o, Visitor& visit) {
  auto* g = static_cast<Generator*>(o);
  visit(static_cast<Object*>(g->frame));
  for (Value v : {g->function, g->name, g->qualname, g->finalizer, g->origin, g->handled.exception}) visit(v);
  if (g->state != Generator::Running) {
    for (uint32_t i = 0; i < g->register_count; ++i) visit(g->registers[i]);
  }
}
void generator_clear(Object* o) {
  auto* g = static_cast<Generator*>(o);
  if (g->state == Generator::Running) return;
  g->state = Generator::Finished;
  for (uint32_t i = 0; i < g->register_count; ++i) clear_field(g->registers[i]);
}

Ref generator_next_stop(Value self) {
  // next(g): a return value other than None has to be seen as StopIteration.value.
  Ref result;
  Ref item = generator_send(self_generator(self), Value::none(), &result);
  if (item.is_empty() && !result.is_none() && !result.is_empty()) return raise_stop_iteration(result);
  return item;
}
Ref generator_iter(Value self) { return Ref::share(self); }
Ref generator_repr(Value self) {
  auto* g = self_generator(self);
  return make_str(fmt::format("<{} object {} at {:#x}>", type_name(self), to_string(g->qualname), self.bits()));
}

Ref method_send(Value self, const Value* args) {
  Ref result;
  Ref item = TRY(generator_send(self_generator(self), args[0], &result));
  if (item.is_empty()) return raise_stop_iteration(result);
  return item;
}

// throw(exception) or the older throw(type, value, traceback).
Ref thrown_exception(const Value* args) {
  Value type = args[0], value = args[1], traceback = args[2];
  if (traceback && !traceback.is_none() && !is<Traceback>(traceback))
    return fail(exc::TypeError, "throw() third argument must be a traceback object");
  Ref exception;
  if (is<Type>(type) && is_subtype(as<Type>(type), &exc::BaseException)) {
    if (value && is<Exception>(value) && is_subtype(type_of(value), as<Type>(type))) {
      exception = Ref::share(value);
    } else if (!value || value.is_none()) {
      exception = make_exception_instance(type);
    } else if (is<Tuple>(value)) {
      exception = call_with(type, as<Tuple>(value), nullptr);
    } else {
      exception = call(type, {value});
    }
  } else if (is<Exception>(type)) {
    if (value && !value.is_none()) return fail(exc::TypeError, "instance exception may not have a separate value");
    exception = Ref::share(type);
  } else {
    return fail(exc::TypeError, "exceptions must be classes or instances deriving from BaseException, not {}",
                type_name(type));
  }
  if (!exception.is_error() && traceback && is<Traceback>(traceback))
    TRY(set_attr(exception, names.__traceback__, traceback));
  return exception;
}

Ref method_throw(Value self, const Value* args) {
  Ref exception = TRY(thrown_exception(args));
  Ref result;
  Ref item = TRY(generator_throw(self_generator(self), exception, &result));
  if (item.is_empty()) return raise_stop_iteration(result);
  return item;
}
Ref method_close(Value self, const Value*) { return generator_close(self_generator(self)); }

Ref get_name(Value self) { return Ref::share(self_generator(self)->name); }
Ref get_qualname(Value self) { return Ref::share(self_generator(self)->qualname); }
Status set_text(Value& field, Value value, const char* name) {
  if (!value || !is<Str>(value)) return fail(exc::TypeError, "{} must be set to a string object", name);
  put(field, value);
  return kOk;
}
Status set_name(Value self, Value value) { return set_text(self_generator(self)->name, value, "__name__"); }
Status set_qualname(Value self, Value value) { return set_text(self_generator(self)->qualname, value, "__qualname__"); }
Ref get_running(Value self) { return Ref::boolean(self_generator(self)->state == Generator::Running); }
Ref get_suspended(Value self) { return Ref::boolean(self_generator(self)->state == Generator::Suspended); }
Ref get_code(Value self) { return Ref::share(self_generator(self)->code); }
Ref get_delegate(Value self) {
  Value v = generator_delegate(self_generator(self));
  return v ? Ref::share(v) : Ref::none();
}
Ref get_frame(Value self) {
  auto* g = self_generator(self);
  if (g->state == Generator::Finished) return Ref::none();
  return Ref::share(generator_frame(g));
}
Ref get_origin(Value self) {
  Value v = self_generator(self)->origin;
  return v ? Ref::share(v) : Ref::none();
}

const NativeDef kMethods[] = {
    {"send", "($self, value, /)", method_send,
     "send(arg) -> send 'arg' into generator,\nreturn next yielded value or raise StopIteration."},
    {"throw", "($self, typ, val=None, tb=None, /)", method_throw,
     "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or "
     "raise\nStopIteration."},
    {"close", "($self, /)", method_close, "close() -> raise GeneratorExit inside generator."},
    {}};
const GetSetDef kGeneratorGetSets[] = {
    {"__name__", get_name, set_name},     {"__qualname__", get_qualname, set_qualname},
    {"gi_running", get_running, nullptr}, {"gi_suspended", get_suspended, nullptr},
    {"gi_code", get_code, nullptr},       {"gi_yieldfrom", get_delegate, nullptr},
    {"gi_frame", get_frame, nullptr},     {}};
const GetSetDef kCoroutineGetSets[] = {{"__name__", get_name, set_name},
                                       {"__qualname__", get_qualname, set_qualname},
                                       {"cr_running", get_running, nullptr},
                                       {"cr_suspended", get_suspended, nullptr},
                                       {"cr_code", get_code, nullptr},
                                       {"cr_await", get_delegate, nullptr},
                                       {"cr_frame", get_frame, nullptr},
                                       {"cr_origin", get_origin, nullptr},
                                       {}};

struct CoroutineWrapper : Object {
  Value coroutine;
};
void wrapper_dealloc(Object* o) {
  untrack(o);
  release(static_cast<CoroutineWrapper*>(o)->coroutine);
  free_object(o);
}
void wrapper_traverse(Object* o, Visitor& visit) { visit(static_cast<CoroutineWrapper*>(o)->coroutine); }
Value wrapped(Value self) { return static_cast<CoroutineWrapper*>(self.object())->coroutine; }
Ref wrapper_next(Value self) { return generator_next_stop(wrapped(self)); }
Ref wrapper_iter(Value self) { return Ref::share(self); }
Ref wrapper_send(Value self, const Value* args) { return method_send(wrapped(self), args); }
Ref wrapper_throw(Value self, const Value* args) { return method_throw(wrapped(self), args); }
Ref wrapper_close(Value self, const Value* args) { return method_close(wrapped(self), args); }
const NativeDef kWrapperMethods[] = {{"send", "($self, value, /)", wrapper_send, nullptr},
                                     {"throw", "($self, typ, val=None, tb=None, /)", wrapper_throw, nullptr},
                                     {"close", "($self, /)", wrapper_close, nullptr},
                                     {}};

Ref coroutine_await(Value self) {
  auto* w = allocate_as<CoroutineWrapper>(coroutine_wrapper_type);
  w->coroutine = Ref::share(self).release();
  track(w);
  return Ref::steal(w);
}

}  // namespace

void define_generator_like(Type& type, const char* name) {
  define_type(type, {.name = name,
                     .size = sizeof(Generator),
                     .layout = Layout::Generator,
                     .flags = Type::kHasGc | Type::kNoInstances | Type::kWeakReferable});
  type.slots.repr = generator_repr;
  type.slots.finalize = generator_finalize;
  type.dealloc = generator_dealloc;
  type.traverse = generator_traverse;
  type.clear = generator_clear;
}

void init_generator_type() {
  define_generator_like(generator_type, "generator");
  generator_type.slots.next = generator_next_stop;
  generator_type.slots.iter = generator_iter;
  generator_type.methods = kMethods;
  generator_type.getsets = kGeneratorGetSets;
  ready_type(generator_type);
}
void init_coroutine_type() {
  define_generator_like(coroutine_type, "coroutine");
  coroutine_type.slots.await = coroutine_await;
  coroutine_type.methods = kMethods;
  coroutine_type.getsets = kCoroutineGetSets;
  ready_type(coroutine_type);
}
void init_coroutine_wrapper_type() {
  define_type(
      coroutine_wrapper_type,
      {.name = "coroutine_wrapper", .size = sizeof(CoroutineWrapper), .flags = Type::kHasGc | Type::kNoInstances});
  coroutine_wrapper_type.slots.next = wrapper_next;
  coroutine_wrapper_type.slots.iter = wrapper_iter;
  coroutine_wrapper_type.methods = kWrapperMethods;
  coroutine_wrapper_type.dealloc = wrapper_dealloc;
  coroutine_wrapper_type.traverse = wrapper_traverse;
  ready_type(coroutine_wrapper_type);
}

}  // namespace hiss

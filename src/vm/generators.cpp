// Generators and coroutines: making, resuming, throwing, closing.
#include <cstring>
#include <vector>

#include "memory/native_objects.h"
#include "object/exception.h"
#include "object/frame.h"
#include "object/generator.h"
#include "object/protocol.h"
#include "vm/call_stack.h"
#include "vm/generator_records.h"
#include "vm/jit/machine_code.h"

namespace hiss {

Result<CallRecord*> resume_record(ThreadState& ts, Generator* g, RecordKind kind);

namespace {

const char* kind_name(const Generator* g) {
  if (g->code->code_flags & kCodeAsyncGenerator) return "async generator";
  return g->code->code_flags & kCodeCoroutine ? "coroutine" : "generator";
}

// Runs the generator from where it stands. See generator_send for what it gives.
Ref run_resumed(Generator* g, bool throwing, Ref* result) {
  ThreadState& ts = thread_state();
  char here;
  if (&here < ts.c_stack_limit) return fail(exc::RecursionError, "maximum recursion depth exceeded");
  Ref hold = Ref::share(g);
  Result<CallRecord*> record = resume_record(ts, g, RecordKind::Entry);
  if (record.is_error()) return Failure{};
  if (throwing && g->handled.exception) {
    // What the generator itself handles becomes the context; what its caller handles does not.
    Ref exception = take_pending();
    (void)fail_with(exception);
  }
  Ref out = throwing ? interpret(ts, true) : run_frame(ts);
  if (out.is_error() || g->yielded) return out;
  if (result) *result = std::move(out);
  return Ref::empty();
}

// Runs the generator until it yields (the value), returns (empty; *result) or fails. `throwing`: the pending exception
// is raised in it.
Ref run(Generator* g, Value sent, bool throwing, Ref* result) {
  if (g->state() == Generator::Suspended && !throwing) set_yield_result(g, sent);
  return run_resumed(g, throwing, result);
}

}  // namespace

Ref generator_next(Generator* g, Ref* result) {
  ThreadState& ts = thread_state();
  char here;
  if (g->state() > Generator::Suspended || &here < ts.c_stack_limit || ts.record >= ts.record_limit) [[unlikely]]
    return generator_send(g, Value::none(), result);
  if (g->state() == Generator::Suspended) set_yield_result(g, Value::none());
  retain(g);
  (void)enter_generator(ts, g, RecordKind::Entry);
  Ref out = run_frame(ts);
  if (!g->yielded && !out.is_error()) [[unlikely]] {
    if (result) *result = std::move(out);
    out = Ref::empty();
  }
  release(static_cast<Object*>(g));
  return out;
}

Ref generator_send(Generator* g, Value value, Ref* result) {
  switch (g->state()) {
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
    case Generator::Parked:  // never a state
      break;
  }
  return run(g, value, false, result);
}

Value generator_delegate(Generator* g) {
  if (g->state() != Generator::Suspended) return Value();
  const Instruction yield{g->pc[-1].word};
  if (yield.op() != Op::Yield || yield.c() == 0) return Value();
  return g->registers[yield.c() - 1];
}

namespace {

// Runs the generator with what the object it delegated to returned: it goes on behind `yield from`.
Ref resume_behind_delegate(Generator* g, Value returned, Ref* result) {
  g->pc = g->pc - 2;  // the Jump behind Send, which leaves the loop
  set_yield_result(g, returned);
  return run_resumed(g, false, result);
}

// While what it delegates to is thrown into or closed, the generator runs and its frame is on the stack; what it
// handles is not seen from there.
class Delegating {
 public:
  explicit Delegating(Generator* g) : ts_(thread_state()) {
    Result<CallRecord*> record = resume_record(ts_, g, RecordKind::Entry);
    if (record.is_error()) return;
    record_ = record.value();
    ts_.handled = g->handled.previous;
  }
  ~Delegating() {
    if (!record_) return;
    Value held = record_->held;
    suspend_generator(ts_, record_, record_->pc);
    release(held);
  }
  Status status() const { return record_ ? kOk : Status(Failure{}); }
  Delegating(const Delegating&) = delete;
  Delegating& operator=(const Delegating&) = delete;

 private:
  ThreadState& ts_;
  CallRecord* record_ = nullptr;
};

// close() of what a generator delegates to, whatever it is.
Status close_delegate(Value delegate) {
  if (is_exact(delegate, generator_type) || is_exact(delegate, coroutine_type)) {
    TRY(generator_close(as<Generator>(delegate)));
    return kOk;
  }
  Ref close = get_attr_or_empty(delegate, names.close);
  if (close.is_error()) {
    report_unraisable(delegate);
  } else if (!close.is_empty()) {
    TRY(call(close));
  }
  return kOk;
}

Status check_thrown(const Thrown& thrown) {
  const auto [type, value, traceback] = thrown;
  if (traceback && !traceback.is_none() && !is<Traceback>(traceback))
    return fail(exc::TypeError, "throw() third argument must be a traceback object");
  if (is<Type>(type) && is_subtype(as<Type>(type), &exc::BaseException)) return kOk;
  if (!is<Exception>(type)) {
    return fail(exc::TypeError, "exceptions must be classes or instances deriving from BaseException, not {}",
                type_name(type));
  }
  if (value && !value.is_none()) return fail(exc::TypeError, "instance exception may not have a separate value");
  return kOk;
}

// The arguments of throw() as one exception instance.
Ref thrown_exception(const Thrown& thrown) {
  const auto [type, value, traceback] = thrown;
  Ref exception;
  if (is<Exception>(type)) {
    exception = Ref::share(type);
  } else if (value && is<Exception>(value) && is_subtype(type_of(value), as<Type>(type))) {
    exception = Ref::share(value);
  } else if (!value || value.is_none()) {
    exception = make_exception_instance(type);
  } else if (is<Tuple>(value)) {
    exception = call_with(type, as<Tuple>(value), nullptr);
  } else {
    exception = call(type, {value});
  }
  if (!exception.is_error() && traceback && is<Traceback>(traceback))
    TRY(set_attr(exception, names.__traceback__, traceback));
  return exception;
}

// Raises the exception where the generator stands; one that cannot be made is replaced by the error that says why.
Ref throw_here(Generator* g, const Thrown& thrown, Ref* result) {
  TRY(check_thrown(thrown));
  Ref exception = thrown_exception(thrown);
  if (exception.is_error()) exception = take_pending();
  if (g->state() == Generator::Running) return fail(exc::ValueError, "{} already executing", kind_name(g));
  if (g->state() == Generator::Finished && (g->code->code_flags & kCodeCoroutine))
    return fail(exc::RuntimeError, "cannot reuse already awaited coroutine");
  restore_pending(std::move(exception));
  if (g->state() == Generator::Finished) return Failure{};
  return run(g, Value(), true, result);
}

bool means_exit(Value type) {
  if (is<Type>(type)) return is_subtype(as<Type>(type), &exc::GeneratorExit);
  return is_instance_of(type, exc::GeneratorExit);
}

}  // namespace

Ref generator_throw_into(Generator* g, const Thrown& thrown, bool close_on_exit, Ref* result) {
  Ref delegate = Ref::share(generator_delegate(g));
  if (delegate.is_empty()) return throw_here(g, thrown, result);
  if (close_on_exit && means_exit(thrown.type)) {
    // The exit goes down the chain as close(), and is raised here afterwards.
    // Meanwhile the generator runs, though its frame is not on the stack.
    char here;
    if (&here < thread_state().c_stack_limit) return fail(exc::RecursionError, "maximum recursion depth exceeded");
    g->raw_state = Generator::Running;
    const Status closed = close_delegate(delegate);
    g->raw_state = Generator::Suspended;
    return closed.is_error() ? run(g, Value(), true, result) : throw_here(g, thrown, result);
  }
  Ref yielded, returned;
  if (is_exact(delegate, generator_type) || is_exact(delegate, coroutine_type)) {
    {
      Delegating running(g);
      TRY(running.status());
      yielded = generator_throw_into(as<Generator>(delegate), thrown, close_on_exit, &returned);
    }
    if (yielded.is_empty()) return resume_behind_delegate(g, returned, result);
  } else {
    Ref method = get_attr_or_empty(delegate, names.throw_);
    if (method.is_error()) return method;
    if (method.is_empty()) return throw_here(g, thrown, result);
    const Value arguments[] = {thrown.type, thrown.value, thrown.traceback};
    uint32_t count = 1;
    while (count < 3 && arguments[count]) ++count;
    yielded = [&]() -> Ref {
      Delegating running(g);
      TRY(running.status());
      return call(method, Args{arguments, count});
    }();
  }
  if (!yielded.is_error()) return yielded;
  if (std::optional<Ref> value = take_stop_iteration_value()) return resume_behind_delegate(g, *value, result);
  return run(g, Value(), true, result);
}

Ref generator_throw(Generator* g, Value exception, Ref* result) {
  return generator_throw_into(g, {exception, Value(), Value()}, true, result);
}

Ref generator_close(Generator* g) {
  if (g->state() == Generator::Running) return fail(exc::ValueError, "{} already executing", kind_name(g));
  if (g->state() == Generator::Finished) return Ref::none();
  if (g->state() == Generator::Created) {
    g->raw_state = Generator::Finished;
    for (uint32_t i = 0; i < g->register_count; ++i) clear_field(g->registers[i]);
    return Ref::none();
  }
  // Where no handler could see it, the exit needs no exception: the registers are let go as the unwinder would.
  if (!g->frame && g->code->exception_table->empty() && !generator_delegate(g) &&
      !is_exact(to_value(g), async_generator_type)) {
    Ref hold = Ref::share(g);
    g->raw_state = Generator::Finished;
    for (uint32_t i = 0; i < g->register_count; ++i) clear_field(g->registers[i]);
    clear_field(g->handled.exception);
    return Ref::none();
  }
  Ref yielded = generator_throw_into(g, {to_value(&exc::GeneratorExit), Value(), Value()}, true, nullptr);
  if (yielded.is_error()) {
    if (!pending_is(exc::GeneratorExit) && !pending_is(exc::StopIteration)) return Failure{};
    clear_pending();
    return Ref::none();
  }
  if (!yielded.is_empty()) return fail(exc::RuntimeError, "{} ignored GeneratorExit", kind_name(g));
  if (is_exact(to_value(g), async_generator_type)) return fail_with(to_value(&exc::StopAsyncIteration));
  return Ref::none();
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

namespace {

// cr_origin: (file, line, function) of the `depth` innermost frames, the caller's first.
Ref coroutine_origin(ThreadState& ts, int32_t depth) {
  Ref frames = make_list(0);
  for (CallRecord* r = ts.record; r != ts.records && depth > 0; r = r->previous(), --depth) {
    const int64_t index = r->pc - r->code->begin() - 1;
    const int line = index < 0 ? r->code->firstlineno : position_at(r->code, static_cast<uint32_t>(index)).line;
    Ref number = make_int(line);
    list_append(as<List>(frames), make_tuple({r->code->filename, number, r->code->name}));
  }
  return list_to_tuple(as<List>(frames));
}

}  // namespace

namespace {

// With all fields and registers empty.
Generator* allocate_generator(Type& type, uint32_t register_count) {
  const size_t bytes = sizeof(Generator) + register_count * sizeof(Value);
  if (sizeof(GcHead) + bytes > kSmallLimit)
    return static_cast<Generator*>(allocate(&type, register_count * sizeof(Value)));
  auto* o = reinterpret_cast<char*>(allocate_with_head(type, bytes));
  std::memset(o + sizeof(Object), 0, bytes - sizeof(Object));
  return reinterpret_cast<Generator*>(o);
}

}  // namespace

namespace {

// A new generator of this code, not yet linked to the collector's list; its registers are empty.
Generator* begin_generator(Code* code, Function* f, Value name, Value qualname) {
  Type& type = code->code_flags & kCodeAsyncGenerator ? async_generator_type
               : code->code_flags & kCodeCoroutine    ? coroutine_type
                                                      : generator_type;
  auto* g = allocate_generator(type, code->register_count);
  g->raw_state = Generator::Created;
  g->function = Ref::share(f).release();
  g->code = code;
  retain(code);
  g->pc = code->begin();
  g->register_count = code->register_count;
  g->name = Ref::share(name).release();
  g->qualname = Ref::share(qualname).release();
  return g;
}

inline void move_registers(Value* from, Value* to, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    to[i] = from[i];
    from[i] = Value();
  }
}

}  // namespace

Ref make_generator(Function* f, Value* base) {
  Code* code = f->code;
  Generator* g = begin_generator(code, f, f->name, f->qualname);
  move_registers(base, g->registers, static_cast<uint32_t>(code->total_args()));
  if (code->closure_register) [[unlikely]]
    load_closure(f, g->registers);
  if (g->type == &coroutine_type) {
    ThreadState& ts = thread_state();
    if (ts.coroutine_origin_depth) g->origin = coroutine_origin(ts, ts.coroutine_origin_depth).release();
  }
  link_young(g);
  return Ref::steal(g);
}

Ref make_generator_expression(ThreadState& ts, Code* code, uint32_t window) {
  Value* const base = ts.record->base + window;
  Generator* g = begin_generator(code, ts.record->function, code->name, code->qualname);
  move_registers(base, g->registers, 1);
  if (const uint32_t cells = code->closure_register)
    move_registers(base + cells, g->registers + cells, code->local_register_count - cells);
  link_young(g);
  return Ref::steal(g);
}

}  // namespace hiss

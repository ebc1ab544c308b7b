// How a task runs: one step sends into its coroutine and sees to what comes out of it.
#include "modules/_asyncio/asyncio.h"

#include "memory/collector.h"
#include "object/exception.h"
#include "object/function.h"
#include "object/generator.h"

namespace hiss::asyncio {

namespace {

Type step_type;

/// What the loop calls to run a step: the task, and what to throw into it.
struct Step : Object {
  Value task;
  Value exception;  // or empty
};
Step* self_step(Value v) { return static_cast<Step*>(v.object()); }

Ref step_call(Value self, const Args& args) {
  if (args.keyword_count()) return fail(exc::TypeError, "function takes no keyword arguments");
  if (args.count) return fail(exc::TypeError, "function takes no positional arguments");
  Ref hold = Ref::share(self);
  return step_task(as_task(self_step(self)->task), self_step(self)->exception);
}
void step_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<Step*>(o)->task);
  clear_field(static_cast<Step*>(o)->exception);
  free_object(o);
}
void step_traverse(Object* o, Visitor& visit) {
  visit(static_cast<Step*>(o)->task);
  visit(static_cast<Step*>(o)->exception);
}
void step_clear(Object* o) {
  // The task stays: a call would find none. It is in no cycle without the coroutine, which lets go of it.
  clear_field(static_cast<Step*>(o)->exception);
}
Ref step_self(Value self) { return share_or_none(self_step(self)->task); }
const GetSetDef kStepGetSets[] = {{"__self__", step_self, nullptr}, {}};

// ---- What the coroutine awaits

// The callback of what a task waits for.
Ref wake_up(Value self, const Value* a) {
  Task* task = as_task(self);
  Ref exception, outcome;
  if (is_plain_future(a[0])) {
    outcome = future_outcome(as_future(a[0]), &exception);
  } else {
    outcome = call_method(a[0], future_names.result);
  }
  if (outcome.is_error()) exception = take_pending();
  return step_task(task, exception);
}
const NativeDef kWakeUp = {"task_wakeup", "($self, fut, /)", wake_up, nullptr};
ParameterSpec* wake_up_spec = nullptr;

// Parsing the signature for every wait would cost more than the wait.
Ref make_wake_up(Task* task) {
  Ref function = make_native_function(&kWakeUp, to_value(task));
  as<NativeFunction>(function)->spec = wake_up_spec;
  return function;
}
/// The task is told in its next step that what it did makes no sense.
template <typename... Values>
Ref fail_soon(Task* task, fmt::format_string<Values...> format, Values&&... values) {
  Ref message = make_str(fmt::format(format, std::forward<Values>(values)...));
  Ref error = TRY(call(to_value(&exc::RuntimeError), {message}));
  TRY(schedule_step(task, error));
  return Ref::none();
}
Ref fail_on_itself(Task* task) { return fail_soon(task, "Task cannot await on itself: {}", repr_text(to_value(task))); }
Ref fail_other_loop(Task* task, Value future) {
  return fail_soon(task, "Task {} got Future {} attached to a different loop", repr_text(to_value(task)),
                   repr_text(future));
}
Ref fail_bare_yield(Task* task, Value future) {
  return fail_soon(task, "yield was used instead of yield from in task {} with {}", repr_text(to_value(task)),
                   repr_text(future));
}

Ref begin_waiting(Task* task, Value future) {
  put(task->waiter, future);
  if (task->must_cancel && TRY(cancel_waiter(task, task->cancel_message))) task->must_cancel = false;
  return Ref::none();
}

Ref wait_for_plain(Task* task, Value future) {
  Future* f = as_future(future);
  if (f->loop != task->loop) return fail_other_loop(task, future);
  if (!f->blocking) return fail_bare_yield(task, future);
  f->blocking = false;
  Ref wake = make_wake_up(task);
  TRY(add_callback(f, wake, task->context));
  return begin_waiting(task, future);
}

// Anything with _asyncio_future_blocking behaves as a future.
Ref wait_for_other(Task* task, Value future, Value blocking) {
  const bool blocks = TRY(truth(blocking));
  Ref loop = TRY(loop_of(future));
  if (loop.value() != task->loop) return fail_other_loop(task, future);
  if (!blocks) return fail_bare_yield(task, future);
  TRY(set_attr(future, future_names.blocking, Value::boolean(false)));
  Ref wake = make_wake_up(task);
  Value window[3] = {Value(), wake, task->context};
  TRY(call_method_in(future, future_names.add_done_callback, window, 1, as<Tuple>(future_names.context_keyword)));
  return begin_waiting(task, future);
}

Ref handle_yield(Task* task, Value yielded) {
  if (yielded == to_value(task)) return fail_on_itself(task);
  if (is_plain_future(yielded)) return wait_for_plain(task, yielded);
  if (yielded.is_none()) {
    TRY(schedule_step(task, Value()));
    return Ref::none();
  }
  Ref blocking = TRY(get_attr_or_empty(yielded, future_names.blocking));
  if (!blocking.is_empty() && !blocking.is_none()) return wait_for_other(task, yielded, blocking);
  if (is_exact(yielded, generator_type)) {
    return fail_soon(task, "yield was used instead of yield from for generator in task {} with {}",
                     repr_text(to_value(task)), repr_text(yielded));
  }
  return fail_soon(task, "Task got bad yield: {}", repr_text(yielded));
}

// ---- One step

// Sends None or throws. Empty when the coroutine has returned, with its value in `*returned`.
Ref resume(Value coroutine, Value exception, Ref* returned) {
  if (is_exact(coroutine, coroutine_type) || is_exact(coroutine, generator_type)) {
    auto* g = as<Generator>(coroutine);
    return exception ? generator_throw(g, exception, returned) : generator_send(g, Value::none(), returned);
  }
  UnarySlot next = type_of(coroutine)->slots.next;
  Ref out = exception ? call_method(coroutine, names.throw_, {exception})
            : next    ? next(coroutine)
                      : call_method(coroutine, names.send, {Value::none()});
  if (out.is_error()) {
    std::optional<Ref> value = take_stop_iteration_value();
    if (!value) return out;
    *returned = std::move(*value);
    return Ref::empty();
  }
  if (out.is_empty()) *returned = Ref::none();
  return out;
}

Ref handle_return(Task* task, Value value) {
  if (task->must_cancel) {
    // Cancelled right before it ended.
    task->must_cancel = false;
    Ref message = Ref::share(task->cancel_message);
    TRY(cancel_future(task, message));
  } else {
    TRY(finish_with_result(task, value));
  }
  return Ref::none();
}

Ref handle_exception(Task* task) {
  if (pending_is(*as<Type>(imports.cancelled))) {
    put(task->cancelled_error, take_pending());
    TRY(cancel_future(task, Value::none()));
    return Ref::none();
  }
  const bool ends_program = pending_is(exc::SystemExit) || pending_is(exc::KeyboardInterrupt);
  Ref exception = take_pending();
  TRY(finish_with_exception(task, exception));
  if (ends_program) return restore_pending(std::move(exception));
  return Ref::none();
}

Ref run_step(Task* task, Ref exception) {
  if (task->state != FutureState::Pending) {
    return fail_value(*as<Type>(imports.invalid_state),
                      make_str(fmt::format("_step(): already done: {} {}", repr_text(to_value(task)),
                                           exception ? repr_text(exception) : "None")));
  }
  if (task->must_cancel) {
    if (!exception || !is_instance_of(exception, *as<Type>(imports.cancelled)))
      exception = TRY(make_cancelled_error(task));
    task->must_cancel = false;
  }
  clear_field(task->waiter);
  if (!task->coroutine) return fail(exc::RuntimeError, "uninitialized Task object");
  Ref coroutine = Ref::share(task->coroutine);
  Ref returned;
  Ref yielded = resume(coroutine, exception, &returned);
  if (yielded.is_empty()) return handle_return(task, returned);
  if (yielded.is_error()) return handle_exception(task);
  return handle_yield(task, yielded);
}

}  // namespace

Result<bool> cancel_waiter(Task* task, Value message) {
  Ref waiter = Ref::share(task->waiter);
  if (is_exact(waiter, future_type)) return cancel_future(as_future(waiter), message ? message : Value::none());
  Value window[2] = {Value(), message ? message : Value::none()};
  Ref done = TRY(call_method_in(waiter, future_names.cancel, window, 0, as<Tuple>(future_names.message_keyword)));
  return truth(done);
}

Ref step_task(Task* task, Value exception) {
  Ref hold = Ref::share(task);
  if (!task->loop) return fail_uninitialized();
  Ref loop = Ref::share(task->loop);
  TRY(enter_task(loop, hold));
  Ref done = run_step(task, Ref::share(exception));
  if (!done.is_error()) {
    TRY(leave_task(loop, hold));
    return done;
  }
  Ref pending = take_pending();
  if (leave_task(loop, hold).is_error()) return done;
  return restore_pending(std::move(pending));
}

Status schedule_step(Task* task, Value exception) {
  auto* step = allocate_as<Step>(step_type);
  step->task = Ref::share(task).release();
  step->exception = Ref::share(exception).release();
  track(step);
  Ref callback = Ref::steal(step);
  return call_soon(task->loop, callback, Value(), task->context);
}

void define_step() {
  define_type(step_type, {.name = "TaskStepMethWrapper",
                          .size = sizeof(Step),
                          .layout = Layout::Native,
                          .flags = Type::kHasGc | Type::kNoInstances});
  step_type.slots.call = step_call;
  step_type.getsets = kStepGetSets;
  step_type.dealloc = step_dealloc;
  step_type.traverse = step_traverse;
  step_type.clear = step_clear;
  ready_type(step_type);
  wake_up_spec = parse_native_signature(&kWakeUp);
}

}  // namespace hiss::asyncio

// asyncio.Task: a coroutine that an event loop runs, seen as a future.
#include "modules/_asyncio/asyncio.h"

#include "memory/collector.h"
#include "modules/_contextvars.h"
#include "object/iterator.h"

namespace hiss::asyncio {

Type task_type;

namespace {

int64_t tasks_named = 0;

// Without `name` the task is numbered; the text is made when somebody asks.
Status set_name(Task* t, Value name) {
  if (!name || name.is_none()) {
    put(t->name, make_int(++tasks_named));
    return kOk;
  }
  Ref text = is_exact(name, str_type) ? Ref::share(name) : TRY(str(name));
  put(t->name, text);
  return kOk;
}

Result<bool> is_coroutine(Value v) {
  if (is_exact(v, coroutine_type)) return true;
  Ref answer = TRY(call(imports.is_coroutine, {v}));
  return truth(answer);
}

Status task_init(Value self, const Args& args) {
  Arguments a("Task", "(coro, *, loop=None, name=None, context=None)");
  TRY(a.bind(args));
  Task* t = as_task(self);
  TRY(initialize_future(t, a[1]));
  if (!TRY(is_coroutine(a[0]))) {
    t->log_destroy_pending = false;
    return fail(exc::TypeError, "a coroutine was expected, got {}", repr_text(a[0]));
  }
  Ref context = a[3] && !a[3].is_none() ? Ref::share(a[3]) : copy_current_context();
  put(t->context, context);
  clear_field(t->waiter);
  t->must_cancel = false;
  t->log_destroy_pending = true;
  t->cancel_requests = 0;
  put(t->coroutine, a[0]);
  TRY(set_name(t, a[2]));
  TRY(schedule_step(t, Value()));
  return register_task(self);
}

void task_finalize(Value self) {
  Task* t = as_task(self);
  if (t->state == FutureState::Pending && t->log_destroy_pending && t->loop) {
    Ref pending = take_pending();
    call_exception_handler(t, "task", "Task was destroyed but it is pending!", Value());
    if (!pending.is_empty()) restore_pending(std::move(pending));
  }
  finalize_future(self);
}

void clear_task_fields(Task* t) {
  for (Value* field : {&t->coroutine, &t->context, &t->waiter, &t->name}) clear_field(*field);
}
void task_dealloc(Object* o) {
  untrack(o);
  clear_task_fields(static_cast<Task*>(o));
  dealloc_future(o);
}
void task_traverse(Object* o, Visitor& visit) {
  auto* t = static_cast<Task*>(o);
  for (Value v : {t->coroutine, t->context, t->waiter}) visit(v);
  traverse_future(o, visit);
}
void task_clear(Object* o) {
  clear_task_fields(static_cast<Task*>(o));
  clear_future(o);
}

// ---- Methods

Ref cancel_method(Value self, const Value* a) {
  Task* t = as_task(self);
  const Value message = a[0] ? a[0] : Value::none();
  t->log_traceback = false;
  if (t->state != FutureState::Pending) return Ref::boolean(false);
  ++t->cancel_requests;
  if (t->waiter && TRY(cancel_waiter(t, message))) return Ref::boolean(true);
  // The next step is scheduled already; it will throw the error.
  t->must_cancel = true;
  put(t->cancel_message, message);
  return Ref::boolean(true);
}
Ref cancelling_method(Value self, const Value*) { return make_int(as_task(self)->cancel_requests); }
Ref uncancel_method(Value self, const Value*) {
  Task* t = as_task(self);
  if (t->cancel_requests > 0) --t->cancel_requests;
  return make_int(t->cancel_requests);
}
Ref get_stack_method(Value self, const Value* a) {
  return call(imports.task_stack, {self, a[0] ? a[0] : Value::none()});
}
Ref print_stack_method(Value self, const Value* a) {
  return call(imports.print_task_stack, {self, a[0] ? a[0] : Value::none(), a[1] ? a[1] : Value::none()});
}
Ref get_name_method(Value self, const Value*) {
  Task* t = as_task(self);
  if (t->name && !is<Str>(t->name)) put(t->name, make_str(fmt::format("Task-{}", t->name.integer())));
  return share_or_none(t->name);
}
Ref set_name_method(Value self, const Value* a) {
  Ref text = is_exact(a[0], str_type) ? Ref::share(a[0]) : TRY(str(a[0]));
  put(as_task(self)->name, text);
  return Ref::none();
}
Ref get_coro_method(Value self, const Value*) { return share_or_none(as_task(self)->coroutine); }
Ref set_result_method(Value, const Value*) {
  return fail(exc::RuntimeError, "Task does not support set_result operation");
}
Ref set_exception_method(Value, const Value*) {
  return fail(exc::RuntimeError, "Task does not support set_exception operation");
}
Ref task_repr(Value self) { return call(imports.task_repr, {self}); }

// ---- Attributes

Ref get_log_destroy_pending(Value self) { return Ref::boolean(as_task(self)->log_destroy_pending); }
Status set_log_destroy_pending(Value self, Value value) {
  if (!value) return fail(exc::AttributeError, "cannot delete attribute");
  as_task(self)->log_destroy_pending = TRY(truth(value));
  return kOk;
}
Ref get_must_cancel(Value self) { return Ref::boolean(as_task(self)->must_cancel); }
Ref get_coroutine(Value self) { return share_or_none(as_task(self)->coroutine); }
Ref get_waiter(Value self) { return share_or_none(as_task(self)->waiter); }

const GetSetDef kGetSets[] = {{"_log_destroy_pending", get_log_destroy_pending, set_log_destroy_pending},
                              {"_must_cancel", get_must_cancel, nullptr},
                              {"_coro", get_coroutine, nullptr},
                              {"_fut_waiter", get_waiter, nullptr},
                              {}};
const NativeDef kMethods[] = {
    {"cancel", "($self, /, msg=None)", cancel_method,
     "Ask the task to stop: CancelledError is thrown into its coroutine, which may clean up, or go on all the same. "
     "False if the task has ended before."},
    {"cancelling", "($self, /)", cancelling_method, "How many requests to cancel have not been taken back."},
    {"uncancel", "($self, /)", uncancel_method, "Take back one request to cancel; says how many are left."},
    {"get_stack", "($self, /, *, limit=None)", get_stack_method,
     "The frames of the coroutine where it waits, or of the traceback it ended with; the oldest first."},
    {"print_stack", "($self, /, *, limit=None, file=None)", print_stack_method,
     "Print what get_stack() gives, as tracebacks are printed."},
    {"get_name", "($self, /)", get_name_method, "The name of the task."},
    {"set_name", "($self, value, /)", set_name_method, "Give the task a name."},
    {"get_coro", "($self, /)", get_coro_method, "The coroutine that the task runs."},
    {"set_result", "($self, result, /)", set_result_method, "Not for tasks: the coroutine gives the result."},
    {"set_exception", "($self, exception, /)", set_exception_method, "Not for tasks: the coroutine raises it."},
    {"__class_getitem__", "($type, item, /)", class_getitem, "See PEP 585", NativeDef::ClassMethod},
    {}};

}  // namespace

void define_task() {
  define_type(task_type, {.name = "_asyncio.Task",
                          .size = sizeof(Task),
                          .layout = Layout::Native,
                          .flags = Type::kBaseType | Type::kHasGc | Type::kWeakReferable,
                          .base = &future_type,
                          .doc = "Runs a coroutine step by step; its return value becomes the result."});
  task_type.attributes_offset = offsetof(Task, attributes);
  task_type.slots.new_ = new_future;
  task_type.slots.init = task_init;
  task_type.slots.repr = task_repr;
  task_type.slots.finalize = task_finalize;
  task_type.methods = kMethods;
  task_type.getsets = kGetSets;
  task_type.dealloc = task_dealloc;
  task_type.traverse = task_traverse;
  task_type.clear = task_clear;
  ready_type(task_type);
}

}  // namespace hiss::asyncio

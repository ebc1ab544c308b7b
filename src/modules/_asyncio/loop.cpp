// Which loop runs in this thread, and which task each loop runs.
#include <unistd.h>

#include "memory/weak_references.h"
#include "modules/_asyncio/asyncio.h"
#include "object/shape.h"
#include "vm/thread_state.h"

namespace hiss::asyncio {

namespace {

// A field of the WeakSet that Python code sees as _all_tasks.
Ref all_tasks_field(Str* name) {
  Attributes* attributes = attributes_of(imports.all_tasks.object());
  const Value field = attributes ? attribute_get(attributes, name) : Value();
  return field ? Ref::share(field) : get_attr(imports.all_tasks, name);
}

struct AllTasksNames {
  Str* data = intern("data");
  Str* pending_removals = intern("_pending_removals");
  Str* iterating = intern("_iterating");
};
const AllTasksNames& all_tasks_names() {
  static const AllTasksNames names;
  return names;
}

// Tasks leave the set of all tasks when they die. WeakSet's own callback does the same in Python.
Ref forget_task(Value, const Value* a) {
  const AllTasksNames& n = all_tasks_names();
  Ref iterating = TRY(all_tasks_field(n.iterating));
  if (TRY(truth(iterating))) {
    Ref removals = TRY(all_tasks_field(n.pending_removals));
    return call_method(removals, "append", {a[0]});
  }
  Ref data = TRY(all_tasks_field(n.data));
  if (!is_exact(data, set_type)) return call_method(data, "discard", {a[0]});
  TRY(set_discard(as<Set>(data), a[0]));
  return Ref::none();
}
const NativeDef kForgetTask = {"_remove", "(item, /)", forget_task, nullptr};

Value forget_task_function() {
  static const Ref function = [] {
    Ref made = make_native_function(&kForgetTask);
    as<NativeFunction>(made)->spec = parse_native_signature(&kForgetTask);
    return made;
  }();
  return function;
}

}  // namespace

// ---- The running loop

Ref running_loop() {
  ThreadState& ts = thread_state();
  // A child process has no running loop, though the thread that forked was inside one.
  if (!ts.running_loop || ts.running_loop.is_none() || ts.running_loop_process != getpid()) return Ref::empty();
  return Ref::share(ts.running_loop);
}

Ref event_loop() {
  Ref loop = running_loop();
  if (!loop.is_empty()) return loop;
  Ref policy = TRY(call(imports.event_loop_policy));
  return call_method(policy, "get_event_loop");
}

namespace {

Ref get_event_loop(Value, const Value*) { return event_loop(); }
Ref get_running_loop(Value, const Value*) {
  Ref loop = running_loop();
  if (loop.is_empty()) return fail(exc::RuntimeError, "no running event loop");
  return loop;
}
Ref running_loop_or_none(Value, const Value*) {
  Ref loop = running_loop();
  return loop.is_empty() ? Ref::none() : loop;
}
Ref set_running_loop(Value, const Value* a) {
  ThreadState& ts = thread_state();
  put(ts.running_loop, a[0]);
  ts.running_loop_process = getpid();
  return Ref::none();
}

Ref register_function(Value, const Value* a) {
  TRY(register_task(a[0]));
  return Ref::none();
}
Ref unregister_function(Value, const Value* a) { return call_method(imports.all_tasks, "discard", {a[0]}); }
Ref enter_function(Value, const Value* a) {
  TRY(enter_task(a[0], a[1]));
  return Ref::none();
}
Ref leave_function(Value, const Value* a) {
  TRY(leave_task(a[0], a[1]));
  return Ref::none();
}

}  // namespace

// ---- Tasks

Status register_task(Value task) {
  const AllTasksNames& n = all_tasks_names();
  Ref removals = TRY(all_tasks_field(n.pending_removals));
  Ref data = TRY(all_tasks_field(n.data));
  if (is_exact(data, set_type) && is<List>(removals) && as<List>(removals)->size == 0) {
    Ref reference = TRY(make_weak_reference(&weak_reference_type, task, forget_task_function()));
    TRY(set_add(as<Set>(data), reference));
    return kOk;
  }
  TRY(call_method(imports.all_tasks, "add", {task}));
  return kOk;
}

Status enter_task(Value loop, Value task) {
  auto* tasks = as<Dict>(imports.current_tasks);
  const int64_t key_hash = TRY(hash(loop));
  Ref current = TRY(dict_get(tasks, loop, key_hash));
  if (!current.is_empty()) {
    return fail(exc::RuntimeError, "Cannot enter into task {} while another task {} is being executed.",
                repr_text(task), repr_text(current));
  }
  return dict_set(tasks, loop, key_hash, task);
}

Status leave_task(Value loop, Value task) {
  auto* tasks = as<Dict>(imports.current_tasks);
  Ref current = TRY(dict_get(tasks, loop));
  if (current.value() != task) {
    return fail(exc::RuntimeError, "Leaving task {} does not match the current task {}.", repr_text(task),
                current.is_empty() ? "None" : repr_text(current));
  }
  TRY(dict_delete(tasks, loop));
  return kOk;
}

const NativeDef kLoopFunctions[] = {
    {"get_event_loop", "($module, /)", get_event_loop,
     "The loop that runs in this thread; without one, what the policy has for the thread."},
    {"_get_event_loop", "($module, /, stacklevel=3)", get_event_loop, nullptr},
    {"get_running_loop", "($module, /)", get_running_loop,
     "The loop that runs in this thread; RuntimeError if there is none."},
    {"_get_running_loop", "($module, /)", running_loop_or_none, "The loop that runs in this thread, or None."},
    {"_set_running_loop", "($module, loop, /)", set_running_loop, "Say which loop runs in this thread."},
    {"_register_task", "($module, /, task)", register_function, "Put a task among those that all_tasks() knows."},
    {"_unregister_task", "($module, /, task)", unregister_function, "Take a task from those that all_tasks() knows."},
    {"_enter_task", "($module, /, loop, task)", enter_function, "Say that the loop runs the task now."},
    {"_leave_task", "($module, /, loop, task)", leave_function, "Say that the loop does not run the task any more."},
    {}};

}  // namespace hiss::asyncio

// Which loop runs in this thread, and which task each loop runs.
#include <unistd.h>

#include "memory/weak_references.h"
#include "modules/_asyncio/asyncio.h"
#include "vm/thread_state.h"

namespace hiss::asyncio {

namespace {

// Tasks leave the set of all tasks when they die. WeakSet's own callback does the same in Python.
Ref forget_task(Value, const Value* a) {
  Ref iterating = TRY(get_attr(imports.all_tasks, "_iterating"));
  if (TRY(truth(iterating))) {
    Ref removals = TRY(get_attr(imports.all_tasks, "_pending_removals"));
    return call_method(removals, "append", {a[0]});
  }
  Ref data = TRY(get_attr(imports.all_tasks, "data"));
  if (is_exact(data, set_type)) {
    TRY(set_discard(as<Set>(data), a[0]));
    return Ref::none();
  }
  return call_method(data, "discard", {a[0]});
}
const NativeDef kForgetTask = {"_remove", "(item, /)", forget_task, nullptr};

struct AllTasksNames {
  Str *data, *pending_removals;
  Ref forget;
};
AllTasksNames& all_tasks_names() {
  static AllTasksNames names = {intern("data"), intern("_pending_removals"), [] {
                                  Ref function = make_native_function(&kForgetTask);
                                  as<NativeFunction>(function)->spec = parse_native_signature(&kForgetTask);
                                  return function;
                                }()};
  return names;
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
  AllTasksNames& n = all_tasks_names();
  Ref removals = TRY(get_attr(imports.all_tasks, n.pending_removals));
  Ref data = TRY(get_attr(imports.all_tasks, n.data));
  if (is_exact(data, set_type) && is<List>(removals) && as<List>(removals)->size == 0) {
    Ref reference = TRY(make_weak_reference(&weak_reference_type, task, n.forget));
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

// _asyncio: futures, tasks and the running loop of asyncio in native code. Policies, loops and how things are shown
// stay in the Python package.
#include "modules/_asyncio/asyncio.h"
#include "modules/module_content.h"

namespace hiss {

namespace asyncio {

Imports imports;
FutureNames future_names;

namespace {

Status import_name(Ref& target, const char* module, const char* name) {
  Ref loaded = TRY(import_module(module));
  target = TRY(get_attr(loaded, name));
  return kOk;
}

void intern_names() {
  FutureNames& n = future_names;
  n.call_soon = intern("call_soon");
  n.get_debug = intern("get_debug");
  n.get_loop = intern("get_loop");
  n.loop = intern("_loop");
  n.blocking = intern("_asyncio_future_blocking");
  n.cancel = intern("cancel");
  n.result = intern("result");
  n.add_done_callback = intern("add_done_callback");
  n.call_exception_handler = intern("call_exception_handler");
  n.context_keyword = make_tuple({to_value(intern("context"))});
  n.message_keyword = make_tuple({to_value(intern("msg"))});
}

Status load_imports() {
  Imports& i = imports;
  TRY(import_name(i.event_loop_policy, "asyncio.events", "get_event_loop_policy"));
  TRY(import_name(i.future_repr, "asyncio.base_futures", "_future_repr"));
  TRY(import_name(i.task_repr, "asyncio.base_tasks", "_task_repr"));
  TRY(import_name(i.task_stack, "asyncio.base_tasks", "_task_get_stack"));
  TRY(import_name(i.print_task_stack, "asyncio.base_tasks", "_task_print_stack"));
  TRY(import_name(i.is_coroutine, "asyncio.coroutines", "iscoroutine"));
  TRY(import_name(i.invalid_state, "asyncio.exceptions", "InvalidStateError"));
  TRY(import_name(i.cancelled, "asyncio.exceptions", "CancelledError"));
  TRY(import_name(i.extract_stack, "traceback", "extract_stack"));
  Ref weak_set;
  TRY(import_name(weak_set, "weakref", "WeakSet"));
  i.all_tasks = TRY(call(weak_set));
  i.current_tasks = make_dict();
  return kOk;
}

}  // namespace

Status initialize(Value module) {
  // The package may be imported first from here, and will ask for this module in turn: what it asks for is here by
  // then.
  static bool defined = false;
  if (!defined) {
    defined = true;
    intern_names();
    define_future();
    define_future_iterator();
    define_task();
    define_step();
  }
  add_type(module, future_type);
  add_type(module, task_type);
  TRY(load_imports());
  add_object(module, "_all_tasks", imports.all_tasks);
  add_object(module, "_current_tasks", imports.current_tasks);
  return kOk;
}

}  // namespace asyncio

extern const ModuleDef asyncio_module;
const ModuleDef asyncio_module = {"_asyncio", "Futures, tasks and the running loop, for asyncio.",
                                  asyncio::kLoopFunctions, asyncio::initialize};

}  // namespace hiss

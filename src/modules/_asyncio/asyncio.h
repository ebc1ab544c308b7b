// What the files of _asyncio share: the objects behind Future and Task, and how a task is run.
#pragma once

#include "object/protocol.h"

namespace hiss::asyncio {

enum class FutureState : uint8_t { Pending, Cancelled, Finished };

struct Future : Object {
  Attributes attributes;
  Value loop;  // empty: __init__ has not run
  // Most futures get one callback only, so that one has a place of its own; the others are pairs in a list.
  Value callback, callback_context;
  Value more_callbacks;  // List of (callback, context), or empty
  Value result, exception, exception_traceback;
  Value source_traceback;
  Value cancel_message;
  Value cancelled_error;  // the CancelledError that ended a task: raised once more by result()
  FutureState state;
  bool log_traceback;  // nobody has asked for the exception yet
  bool blocking;       // _asyncio_future_blocking: `await` yields it now
  // Of a task:
  bool must_cancel, log_destroy_pending;
};

struct Task : Future {
  Value coroutine;
  Value context;
  Value waiter;  // what it waits for, or empty
  Value name;    // Str, or the number behind "Task-"
  int64_t cancel_requests;
};

extern Type future_type, task_type;
inline Future* as_future(Value v) { return static_cast<Future*>(v.object()); }
inline Task* as_task(Value v) { return static_cast<Task*>(v.object()); }
/// A future whose methods are known to be those of this module.
inline bool is_plain_future(Value v) { return is_exact(v, future_type) || is_exact(v, task_type); }

/// What the asyncio package defines in Python and this module calls. Filled when the module is made.
struct Imports {
  Ref event_loop_policy;  // the function get_event_loop_policy
  Ref future_repr, task_repr, task_stack, print_task_stack;
  Ref is_coroutine;
  Ref extract_stack;
  Ref invalid_state, cancelled;  // exception classes
  Ref all_tasks;                 // WeakSet
  Ref current_tasks;             // dict from loop to task
};
extern Imports imports;

// Names that the module looks up, interned once.
struct FutureNames {
  Str *call_soon, *get_debug, *get_loop, *loop, *blocking, *cancel, *result, *add_done_callback,
      *call_exception_handler;
  Ref context_keyword, message_keyword;  // ("context",), ("msg",)
};
extern FutureNames future_names;

/// object.name(*values, **keywords): `window` holds a free place, the positional values, then one value for each of
/// `keywords`.
Ref call_method_in(Value object, Str* name, Value* window, uint32_t count, Tuple* keywords);
/// loop.call_soon(callback, argument, context=context); argument and context may be empty.
Status call_soon(Value loop, Value callback, Value argument, Value context);
/// The same without running Python code, for asyncio's own loops as long as nobody has changed what they do; else
/// false, and nothing has happened.
bool call_soon_at_once(Value loop, Value callback, Value argument, Value context);
/// True when loop.get_debug() is known to be asyncio's own and to answer False.
bool debugging_is_off(Value loop);
Failure fail_invalid_state(const char* text);
Failure fail_uninitialized();

inline void put(Value& field, Value value) {
  Value old = field;
  retain(value);
  field = value;
  release(old);
}
inline Ref share_or_none(Value v) { return v ? Ref::share(v) : Ref::none(); }

// ---- Futures

Status initialize_future(Future* f, Value loop);
/// The answer of result(): the value, or its exception raised.
Ref future_result(Future* f);
/// What a finished future ended with, without raising it: a value, or the exception to throw in `*exception`.
Ref future_outcome(Future* f, Ref* exception);
Status finish_with_result(Future* f, Value result);
Status finish_with_exception(Future* f, Value exception);
Result<bool> cancel_future(Future* f, Value message);
Status add_callback(Future* f, Value callback, Value context);
Ref make_cancelled_error(Future* f);
/// Tells the loop's exception handler about `self`.
void call_exception_handler(Future* f, const char* role, const std::string& message, Value exception);
void finalize_future(Value self);
void traverse_future(Object* o, Visitor& visit);
void clear_future(Object* o);
void dealloc_future(Object* o);
Ref new_future(Type* cls, const Args& args);
/// The loop of anything that behaves as a future.
Ref loop_of(Value future);
Ref make_future_iterator(Value future);
void define_future();
void define_future_iterator();

// ---- Tasks

/// Cancels what the task waits for; false when that has ended.
Result<bool> cancel_waiter(Task* task, Value message);
/// Runs the task to its next await. `exception`: thrown into it, or empty.
Ref step_task(Task* task, Value exception);
/// Has the loop run the next step.
Status schedule_step(Task* task, Value exception);
void define_task();
void define_step();

// ---- The loop of a thread, and the tasks of a loop

/// The running loop of this thread, or empty.
Ref running_loop();
Ref event_loop();
Status register_task(Value task);
Status enter_task(Value loop, Value task);
Status leave_task(Value loop, Value task);
extern const NativeDef kLoopFunctions[];

}  // namespace hiss::asyncio

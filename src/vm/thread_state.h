// What one Python thread owns: its register stack, call records, pending and handled exceptions.
#pragma once

#include <cstdint>

#include "object/value.h"

namespace hiss {

struct CallRecord;
struct Frame;

/// The exception being handled (sys.exc_info) and that of the caller: generators have one of their own, linked in while
/// they run.
struct HandledException {
  Value exception;  // owned; empty: none
  HandledException* previous = nullptr;
};

struct ThreadState {
  Value pending;  // exception instance on its way up; owned; empty: none
  HandledException base_handled;
  HandledException* handled = &base_handled;
  CallRecord* record = nullptr;   // the innermost running Python frame
  CallRecord* records = nullptr;  // the record stack
  CallRecord* records_end = nullptr;
  CallRecord* record_limit = nullptr;  // the innermost record may not lie behind this one (the recursion limit)
  Value* stack = nullptr;              // the register stack
  Value* stack_end = nullptr;
  char* c_stack_limit = nullptr;  // below this address native recursion ends in RecursionError
  int32_t native_depth = 0;
  int32_t destroy_depth = 0;  // nesting of destroy_object (trashcan)
  Object* destroy_later = nullptr;
  Value returned;  // what a frame that native code entered gives back, on its way out of machine code
  Value trace_function, profile_function;
  bool tracing = false;  // inside a trace function
  uint64_t id = 0;
  Value async_first_iteration, async_finalizer;  // sys.set_asyncgen_hooks
  Value context;                                 // contextvars' current context
  Value running_loop;                            // asyncio's, and the process it was set in
  int32_t running_loop_process = 0;
  int32_t coroutine_origin_depth = 0;
};

// constinit: so that no use has to look whether it was initialised.
extern constinit thread_local ThreadState* current_thread;
inline ThreadState& thread_state() { return *current_thread; }

/// Work that the interpreter loop must look at soon (signals, lock requests, traces, async exceptions); checked on
/// calls and back jumps.
extern volatile uint32_t eval_breaker;
enum EvalBreaker : uint32_t {
  kBreakSignal = 1,
  kBreakLock = 2,
  kBreakCollect = 4,
  kBreakPendingCall = 8,
  kBreakMachineCode = 16
};

extern int32_t recursion_limit;  // set by set_recursion_limit (vm/call_stack.h)

}  // namespace hiss

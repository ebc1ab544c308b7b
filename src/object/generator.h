// Generators, coroutines and async generators: they own their registers and are linked into the call stack while they
// run.
#pragma once

#include "object/function.h"
#include "vm/thread_state.h"

namespace hiss {

struct CallRecord;
struct Frame;

struct Generator : Object {
  static constexpr Layout kLayout = Layout::Generator;
  enum State : uint8_t { Created, Suspended, Running, Finished };
  State state;
  bool yielded;            // how the last run ended: a yield, not a return
  bool closing;            // async generator: aclose() has begun
  bool hooks_initialized;  // async generator
  bool running_async;      // async generator: an asend/athrow is under way
  Value function;          // owned
  Code* code;              // owned
  const Instruction* pc;
  HandledException handled;
  Frame* frame;  // owned
  Value name, qualname;
  Value finalizer;  // async generator hook
  Value origin;     // coroutine origin tracking
  uint32_t register_count;
  Value registers[];
};

/// Sends a value in and runs to the next yield. Empty when the generator finished; then `*result` has its return value.
Ref generator_send(Generator* g, Value value, Ref* result);
Ref generator_throw(Generator* g, Value exception, Ref* result);
Ref generator_close(Generator* g);
/// The object that the generator delegates to (yield from, await), borrowed; empty when none.
Value generator_delegate(const Generator* g);
/// Raises StopIteration(value) as return values travel.
Failure raise_stop_iteration(Value value);
/// The value of the pending StopIteration, which is cleared; none when another exception or none is pending.
std::optional<Ref> take_stop_iteration_value();
/// The iterator of an awaitable (PEP 492); TypeError when it has none.
Ref awaitable_iterator(Value object);
Ref wrap_async_value(Value value);

}  // namespace hiss

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
  enum State : uint8_t { Created, Suspended, Running, Finished, Parked };
  State raw_state;         // Parked: part of a chain, Running or Suspended as its innermost is (vm/delegation.h)
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
  Value finalizer;   // async generator hook
  Value origin;      // coroutine origin tracking
  Value locals;      // the namespace of top-level code that awaits; empty for functions
  Generator* chain;  // Parked: the first of the chain
  CallRecord* slot;  // and where its record lies, or lay last
  uint32_t register_count;
  Value registers[];

  /// Never Parked.
  State state();
};

/// Gives all generators of the chain to which this one belongs their own states.
void settle_chain(Generator* member);
inline Generator::State Generator::state() {
  if (raw_state == Parked) [[unlikely]]
    settle_chain(this);
  return raw_state;
}

/// Sends a value in and runs to the next yield. Empty when the generator finished; then `*result` has its return value.
Ref generator_send(Generator* g, Value value, Ref* result);
/// The same with None, as next() does.
Ref generator_next(Generator* g, Ref* result);
Ref generator_throw(Generator* g, Value exception, Ref* result);
/// The arguments of throw(): an exception, or a class with a value and a traceback (each may be empty). A throw()
/// method that the generator delegates to gets them as they came.
struct Thrown {
  Value type, value, traceback;
};
/// `close_on_exit`: what the generator delegates to is closed by GeneratorExit, not thrown into.
Ref generator_throw_into(Generator* g, const Thrown& thrown, bool close_on_exit, Ref* result);
Ref generator_close(Generator* g);
/// The object that the generator delegates to (yield from, await), borrowed; empty when none.
Value generator_delegate(Generator* g);
/// Raises StopIteration(value) as return values travel.
Failure raise_stop_iteration(Value value);
/// The value of the pending StopIteration, which is cleared; none when another exception or none is pending.
std::optional<Ref> take_stop_iteration_value();
/// The iterator of an awaitable (PEP 492); TypeError when it has none.
Ref awaitable_iterator(Value object);
/// A value that an async generator yields, marked so that it differs from what it passes on from an await.
Ref wrap_async_value(Value value);
/// Calls the hook of sys.set_asyncgen_hooks for a generator that is dropped before its end; false when there is none.
bool call_async_finalizer(Generator* g);
/// The awaitable of anext(iterator, default).
Ref make_anext_awaitable(Value awaitable, Value default_value);

}  // namespace hiss

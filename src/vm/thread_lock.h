// The interpreter lock, and signals that wait for the main thread.
#pragma once

#include "object/error.h"

namespace hiss {

struct ThreadState;

void acquire_interpreter_lock(ThreadState& ts);
void release_interpreter_lock(ThreadState& ts);
/// Another thread asked for the lock: lets it run.
void yield_interpreter_lock(ThreadState& ts);

/// Releases the lock around a blocking call; the destructor takes it again.
class AllowThreads {
 public:
  AllowThreads();
  ~AllowThreads();

 private:
  ThreadState* ts_;
};

/// Runs Python handlers of signals that arrived; fails when one raised (KeyboardInterrupt).
Status run_signal_handlers();
/// Installed by the _signal module: calls the Python handler of a signal number.
extern Status (*signal_dispatcher)(int signal_number);
/// The C-level handler: notes the signal and breaks the loop.
void note_signal(int signal_number);

}  // namespace hiss

// Threads as the runtime knows them: their states, signals of the main thread, what fork leaves behind.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <vector>

#include "vm/thread_lock.h"
#include "vm/thread_state.h"

namespace hiss {

bool is_main_thread();
pthread_t main_thread();
/// States of all threads that run Python code, the main thread's first. Only with the lock held.
const std::vector<ThreadState*>& thread_states();

/// A state for a thread that is about to start; `c_stack` bytes are known once it runs (enter_thread).
ThreadState* make_thread_state_for_thread();
/// The new thread takes the lock and its state.
void enter_thread(ThreadState* ts);
/// Releases what the state owns, and the lock.
void leave_thread(ThreadState* ts);

/// In the child of a fork only the calling thread is left.
void reset_locks_after_fork();

/// Microseconds that a thread may keep the lock while others wait (sys.setswitchinterval).
extern int64_t switch_interval;
/// Where signal numbers are written as bytes; -1: nowhere.
extern volatile int signal_wakeup_fd;
extern bool signal_wakeup_warns;
/// True when a signal waits for its Python handler.
bool signals_pending();
/// Forgets a signal that was noted.
void forget_signals();

}  // namespace hiss

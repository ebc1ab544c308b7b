// The interpreter lock: one thread runs Python code; another that waits too long asks it to step aside at the next
// check.
#include "vm/thread_lock.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>

#include "object/protocol.h"
#include "vm/call_stack.h"
#include "vm/threads.h"

namespace hiss {

Status (*signal_dispatcher)(int signal_number) = nullptr;
int64_t switch_interval = 5000;
volatile int signal_wakeup_fd = -1;
bool signal_wakeup_warns = true;

namespace {

struct InterpreterLock {
  std::mutex mutex;
  std::condition_variable free;   // the lock was released
  std::condition_variable taken;  // another thread took it after a drop request
  bool held = true;               // the main thread starts with it
  int waiters = 0;
  uint64_t switches = 0;
  ThreadState* last_holder = nullptr;
};
// Never destroyed: threads may still wait for it while the process ends. Made anew in the child of a fork.
alignas(InterpreterLock) char lock_memory[sizeof(InterpreterLock)];
InterpreterLock& the_lock() {
  static InterpreterLock* made = new (lock_memory) InterpreterLock();
  return *made;
}

pthread_t the_main_thread = pthread_self();

void set_breaker(uint32_t bit) { __atomic_fetch_or(&eval_breaker, bit, __ATOMIC_SEQ_CST); }
void clear_breaker(uint32_t bit) { __atomic_fetch_and(&eval_breaker, ~bit, __ATOMIC_SEQ_CST); }

constexpr int kSignals = 65;
volatile sig_atomic_t tripped[kSignals];
volatile sig_atomic_t any_tripped = 0;

std::vector<ThreadState*>& states() {
  static auto* list = new std::vector<ThreadState*>();
  return *list;
}

}  // namespace

bool is_main_thread() { return pthread_equal(pthread_self(), the_main_thread); }
pthread_t main_thread() { return the_main_thread; }

void acquire_interpreter_lock(ThreadState& ts) {
  const int saved = errno;
  InterpreterLock& l = the_lock();
  std::unique_lock guard(l.mutex);
  if (l.held) {
    ++l.waiters;
    while (l.held) {
      const uint64_t before = l.switches;
      const auto outcome = l.free.wait_for(guard, std::chrono::microseconds(std::max<int64_t>(switch_interval, 1)));
      if (outcome == std::cv_status::timeout && l.held && l.switches == before) set_breaker(kBreakLock);
    }
    --l.waiters;
  }
  l.held = true;
  if (l.last_holder != &ts) {
    l.last_holder = &ts;
    ++l.switches;
  }
  clear_breaker(kBreakLock);
  l.taken.notify_all();
  guard.unlock();
  current_thread = &ts;
  if (any_tripped && is_main_thread()) set_breaker(kBreakSignal);
  errno = saved;
}

void release_interpreter_lock(ThreadState& ts) {
  InterpreterLock& l = the_lock();
  std::lock_guard guard(l.mutex);
  l.held = false;
  l.last_holder = &ts;
  if (l.waiters) l.free.notify_one();
}

void yield_interpreter_lock(ThreadState& ts) {
  clear_breaker(kBreakLock);
  InterpreterLock& l = the_lock();
  {
    std::unique_lock guard(l.mutex);
    l.held = false;
    l.last_holder = &ts;
    if (l.waiters) {
      l.free.notify_one();
      // The thread that asked gets it before this one may have it again.
      const uint64_t before = l.switches;
      while (l.waiters && l.switches == before) l.taken.wait_for(guard, std::chrono::milliseconds(5));
    }
  }
  acquire_interpreter_lock(ts);
}

AllowThreads::AllowThreads() : ts_(current_thread) {
  const int saved = errno;
  if (ts_) release_interpreter_lock(*ts_);
  errno = saved;
}
AllowThreads::~AllowThreads() {
  if (ts_) acquire_interpreter_lock(*ts_);
}

// ---- Signals

void note_signal(int signal_number) {
  const int saved = errno;
  if (signal_number > 0 && signal_number < kSignals) tripped[signal_number] = 1;
  any_tripped = 1;
  set_breaker(kBreakSignal);
  const int fd = signal_wakeup_fd;
  if (fd >= 0) {
    const unsigned char byte = static_cast<unsigned char>(signal_number);
    if (write(fd, &byte, 1) < 0 && signal_wakeup_warns && errno != EAGAIN) {
      static const char kMessage[] = "Exception ignored when trying to write to the signal wakeup fd\n";
      if (write(2, kMessage, sizeof kMessage - 1) < 0) {
        // Nothing can be said and nothing can be done in a signal handler.
      }
    }
  }
  errno = saved;
}

bool signals_pending() { return any_tripped != 0; }
void forget_signals() {
  for (auto& t : tripped) t = 0;
  any_tripped = 0;
}

Status run_signal_handlers() {
  if (!any_tripped || !is_main_thread()) {
    // The main thread sees the pending signal when it gets the lock.
    if (!is_main_thread()) clear_breaker(kBreakSignal);
    if (!any_tripped) clear_breaker(kBreakSignal);
    return kOk;
  }
  clear_breaker(kBreakSignal);
  any_tripped = 0;
  for (int i = 1; i < kSignals; ++i) {
    if (!tripped[i]) continue;
    tripped[i] = 0;
    if (!signal_dispatcher) continue;
    if (signal_dispatcher(i).is_error()) {
      // The others wait for the next check.
      any_tripped = 1;
      set_breaker(kBreakSignal);
      return Failure{};
    }
  }
  return kOk;
}

// ---- Threads

const std::vector<ThreadState*>& thread_states() {
  auto& list = states();
  if (list.empty() && current_thread) list.push_back(current_thread);
  return list;
}

ThreadState* make_thread_state_for_thread() {
  thread_states();
  auto* ts = new ThreadState();
  if (!allocate_stacks(*ts, 1 << 20, 64 << 10)) {
    delete ts;
    return nullptr;
  }
  return ts;
}

void enter_thread(ThreadState* ts) {
  ts->id = static_cast<uint64_t>(pthread_self());
  pthread_attr_t attributes;
  void* lowest = nullptr;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_destroy(&attributes);
  }
  const size_t reserve = std::min<size_t>(256 << 10, size / 4);
  ts->c_stack_limit = static_cast<char*>(lowest) + reserve;
  acquire_interpreter_lock(*ts);
  limit_records(*ts);
  states().push_back(ts);
}

void leave_thread(ThreadState* ts) {
  for (Value* v : {&ts->pending, &ts->base_handled.exception, &ts->trace_function, &ts->profile_function,
                   &ts->async_first_iteration, &ts->async_finalizer, &ts->context, &ts->running_loop}) {
    clear_field(*v);
  }
  auto& list = states();
  list.erase(std::remove(list.begin(), list.end(), ts), list.end());
  free_stacks(*ts);
  release_interpreter_lock(*ts);
  current_thread = nullptr;
  delete ts;
}

void reset_locks_after_fork() {
  the_main_thread = pthread_self();
  InterpreterLock* fresh = new (lock_memory) InterpreterLock();
  fresh->last_holder = current_thread;
  clear_breaker(kBreakLock);
  forget_signals();
  clear_breaker(kBreakSignal);
  states().assign(1, current_thread);
}

}  // namespace hiss

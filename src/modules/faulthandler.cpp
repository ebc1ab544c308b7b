// faulthandler: where the program was when it crashed or hung.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <thread>

#include "modules/module_content.h"
#include "modules/posix/path_argument.h"
#include "object/frame.h"
#include "vm/threads.h"

namespace hiss {

namespace {

// ---- Output that is safe in a signal handler: no allocation, no locks

void put(int fd, const char* text) {
  if (write(fd, text, std::strlen(text)) < 0) return;
}
void put_number(int fd, uint64_t n, int base = 10, int width = 1) {
  char text[24];
  int at = sizeof text - 1;
  text[at] = 0;
  do {
    text[--at] = "0123456789abcdef"[n % static_cast<unsigned>(base)];
    n /= static_cast<unsigned>(base);
  } while (n || static_cast<int>(sizeof text) - 1 - at < width);
  put(fd, text + at);
}
void put_str(int fd, Value v) {
  if (!is<Str>(v)) return put(fd, "???");
  auto* s = as<Str>(v);
  for (int64_t i = 0; i < s->length && i < 500; ++i) {
    const uint32_t c = s->at(i);
    if (c >= ' ' && c < 127) {
      const char one[2] = {static_cast<char>(c), 0};
      put(fd, one);
    } else {
      put(fd, c <= 0xFF ? "\\x" : c <= 0xFFFF ? "\\u" : "\\U");
      put_number(fd, c, 16, c <= 0xFF ? 2 : c <= 0xFFFF ? 4 : 8);
    }
  }
  if (s->length > 500) put(fd, "...");
}
void dump_thread(int fd, ThreadState* ts, bool header) {
  if (header) put(fd, "Stack (most recent call first):\n");
  int shown = 0;
  bool any = false;
  for (CallRecord* r = ts->record; r > ts->records; --r) {
    if (!r->code) continue;
    any = true;
    if (++shown > 100) {
      put(fd, "  ...\n");
      return;
    }
    const auto index = r->pc - r->code->begin() - 1;
    const Position at = index >= 0 && static_cast<size_t>(index) < r->code->positions->size()
                            ? (*r->code->positions)[static_cast<size_t>(index)]
                            : Position{-1, -1, -1, -1};
    put(fd, "  File \"");
    put_str(fd, r->code->filename);
    put(fd, "\", line ");
    if (at.line >= 0) {
      put_number(fd, static_cast<uint64_t>(at.line));
    } else {
      put(fd, "???");
    }
    put(fd, " in ");
    put_str(fd, r->code->name);
    put(fd, "\n");
  }
  if (!any) put(fd, "  <no Python frame>\n");
}
void dump_all(int fd, ThreadState* current) {
  // The states are copied by the caller's lock, or read as they are in a crash.
  const auto& states = thread_states();
  bool first = true;
  for (size_t i = states.size(); i-- > 0;) {
    ThreadState* ts = states[i];
    if (!first) put(fd, "\n");
    first = false;
    put(fd, ts == current ? "Current thread 0x" : "Thread 0x");
    put_number(fd, ts->id ? ts->id : static_cast<uint64_t>(main_thread()), 16, 16);
    put(fd, " (most recent call first):\n");
    dump_thread(fd, ts, false);
  }
}

// ---- Crashes

struct Fatal {
  int number;
  const char* name;
  bool enabled;
  struct sigaction previous;
};
Fatal fatal_signals[] = {{SIGBUS, "Bus error", false, {}},
                         {SIGILL, "Illegal instruction", false, {}},
                         {SIGFPE, "Floating point exception", false, {}},
                         {SIGABRT, "Aborted", false, {}},
                         {SIGSEGV, "Segmentation fault", false, {}}};
bool fatal_enabled = false, fatal_all_threads = true;
int fatal_fd = -1;
Value fatal_file;

extern "C" void on_fatal(int number) {
  Fatal* found = &fatal_signals[4];
  for (Fatal& f : fatal_signals) {
    if (f.number == number) found = &f;
  }
  const int saved = errno;
  sigaction(number, &found->previous, nullptr);
  found->enabled = false;
  put(fatal_fd, "Fatal Python error: ");
  put(fatal_fd, found->name);
  put(fatal_fd, "\n\n");
  if (fatal_all_threads) {
    dump_all(fatal_fd, current_thread);
  } else if (current_thread) {
    dump_thread(fatal_fd, current_thread, true);
  }
  errno = saved;
  raise(number);
}

/// The descriptor of file=sys.stderr arguments; `object` is kept alive by the caller.
Result<int> file_argument(Value v, Ref& object) {
  if (v && is_int(v)) {
    const int fd = TRY(to_c_int(v));
    if (fd < 0) return fail(exc::ValueError, "file is not a valid file descripter");
    object = Ref::none();
    return fd;
  }
  if (!v || v.is_none()) {
    Ref sys = TRY(import_module("sys"));
    object = TRY(get_attr_or_empty(sys, names.stderr));
    if (object.is_empty()) return fail(exc::RuntimeError, "unable to get sys.stderr");
    if (object.is_none()) return fail(exc::RuntimeError, "sys.stderr is None");
  } else {
    object = Ref::share(v);
  }
  Ref number = TRY(call_method(object, names.fileno));
  if (!is_int(number)) return fail(exc::RuntimeError, "file.fileno() is not a valid file descriptor");
  const int fd = static_cast<int>(int_value(number).value_or(-1));
  if (fd < 0) return fail(exc::RuntimeError, "file.fileno() is not a valid file descriptor");
  Ref flushed = call_method(object, names.flush);
  if (flushed.is_error()) clear_pending();
  return fd;
}

Ref faulthandler_enable(Value, const Value* a) {
  Ref object;
  const int fd = TRY(file_argument(a[0], object));
  const bool all = a[1] ? TRY(truth(a[1])) : true;
  Value old = fatal_file;
  fatal_file = object.release();
  release(old);
  fatal_fd = fd;
  fatal_all_threads = all;
  if (!fatal_enabled) {
    fatal_enabled = true;
    static char stack[64 << 10];
    stack_t alternative{};
    alternative.ss_sp = stack;
    alternative.ss_size = sizeof stack;
    sigaltstack(&alternative, nullptr);
    for (Fatal& f : fatal_signals) {
      struct sigaction action {};
      action.sa_handler = on_fatal;
      sigemptyset(&action.sa_mask);
      action.sa_flags = SA_NODEFER | SA_ONSTACK;
      if (sigaction(f.number, &action, &f.previous)) return fail(exc::RuntimeError, "{}", strerror(errno));
      f.enabled = true;
    }
  }
  return Ref::none();
}
Ref faulthandler_disable(Value, const Value*) {
  const bool was = fatal_enabled;
  if (fatal_enabled) {
    fatal_enabled = false;
    for (Fatal& f : fatal_signals) {
      if (f.enabled) sigaction(f.number, &f.previous, nullptr);
      f.enabled = false;
    }
  }
  return Ref::boolean(was);
}
Ref faulthandler_is_enabled(Value, const Value*) { return Ref::boolean(fatal_enabled); }
Ref faulthandler_dump_traceback(Value, const Value* a) {
  Ref object;
  const int fd = TRY(file_argument(a[0], object));
  const bool all = a[1] ? TRY(truth(a[1])) : true;
  if (all) {
    dump_all(fd, current_thread);
  } else {
    dump_thread(fd, current_thread, true);
  }
  return Ref::none();
}

// ---- A watchdog

struct Watchdog {
  std::mutex mutex;
  std::condition_variable wake;
  bool cancelled = false;
  std::thread thread;
};
Watchdog* watchdog = nullptr;
Value watchdog_file;

void cancel_watchdog() {
  if (!watchdog) return;
  {
    AllowThreads allow;
    {
      std::lock_guard guard(watchdog->mutex);
      watchdog->cancelled = true;
    }
    watchdog->wake.notify_all();
    watchdog->thread.join();
  }
  delete watchdog;
  watchdog = nullptr;
  clear_field(watchdog_file);
}
Ref faulthandler_dump_later(Value, const Value* a) {
  const double seconds = TRY(to_double(a[0]));
  const bool repeat = a[1] ? TRY(truth(a[1])) : false;
  const bool exit = a[3] ? TRY(truth(a[3])) : false;
  const auto us = static_cast<int64_t>(std::ceil(seconds * 1e6));
  if (us <= 0) return fail(exc::ValueError, "timeout must be greater than 0");
  Ref object;
  const int fd = TRY(file_argument(a[2], object));
  const int64_t whole = us / 1000000;
  std::string header =
      us % 1000000
          ? fmt::format("Timeout ({}:{:02}:{:02}.{:06})!\n", whole / 3600, whole / 60 % 60, whole % 60, us % 1000000)
          : fmt::format("Timeout ({}:{:02}:{:02})!\n", whole / 3600, whole / 60 % 60, whole % 60);
  cancel_watchdog();
  watchdog_file = object.release();
  watchdog = new Watchdog();
  Watchdog* w = watchdog;
  thread_states();
  w->thread = std::thread([=] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    std::unique_lock guard(w->mutex);
    do {
      if (w->wake.wait_for(guard, std::chrono::microseconds(us), [w] { return w->cancelled; })) return;
      put(fd, header.c_str());
      dump_all(fd, nullptr);
      if (exit) _exit(1);
    } while (repeat);
  });
  return Ref::none();
}
Ref faulthandler_cancel_dump_later(Value, const Value*) {
  cancel_watchdog();
  return Ref::none();
}

// ---- Signals of the user's choice

struct UserSignal {
  bool enabled = false, all_threads = true, chain = false;
  int fd = -1;
  struct sigaction previous {};
  Value file;
};
UserSignal user_signals[65];

extern "C" void on_user_signal(int number) {
  UserSignal& u = user_signals[number];
  if (!u.enabled) return;
  const int saved = errno;
  if (u.all_threads) {
    dump_all(u.fd, current_thread);
  } else if (current_thread) {
    dump_thread(u.fd, current_thread, true);
  }
  if (u.chain) {
    struct sigaction own;
    sigaction(number, &u.previous, &own);
    errno = saved;
    raise(number);
    sigaction(number, &own, nullptr);
  }
  errno = saved;
}
Result<int> user_signal(Value v) {
  const int number = TRY(to_c_int(v));
  for (const Fatal& f : fatal_signals) {
    if (f.number == number)
      return fail(exc::RuntimeError, "signal {} cannot be registered, use enable() instead", number);
  }
  if (number < 1 || number > 64) return fail(exc::ValueError, "signal number out of range");
  return number;
}
Ref faulthandler_register(Value, const Value* a) {
  const int number = TRY(user_signal(a[0]));
  Ref object;
  const int fd = TRY(file_argument(a[1], object));
  UserSignal& u = user_signals[number];
  u.all_threads = a[2] ? TRY(truth(a[2])) : true;
  u.chain = a[3] ? TRY(truth(a[3])) : false;
  if (!u.enabled) {
    struct sigaction action {};
    action.sa_handler = on_user_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART | SA_ONSTACK | (u.chain ? SA_NODEFER : 0);
    if (sigaction(number, &action, &u.previous)) return fail_errno(errno);
  }
  Value old = u.file;
  u.file = object.release();
  release(old);
  u.fd = fd;
  u.enabled = true;
  return Ref::none();
}
Ref faulthandler_unregister(Value, const Value* a) {
  const int number = TRY(user_signal(a[0]));
  UserSignal& u = user_signals[number];
  const bool was = u.enabled;
  if (was) {
    u.enabled = false;
    sigaction(number, &u.previous, nullptr);
    clear_field(u.file);
  }
  return Ref::boolean(was);
}

// ---- For tests

Ref faulthandler_sigsegv(Value, const Value*) {
  raise(SIGSEGV);
  return Ref::none();
}
Ref faulthandler_sigabrt(Value, const Value*) { abort(); }
Ref faulthandler_sigfpe(Value, const Value*) {
  raise(SIGFPE);
  return Ref::none();
}

const NativeDef kFunctions[] = {
    {"enable", "($module, /, file=sys.stderr, all_threads=True)", faulthandler_enable,
     "enable(file=sys.stderr, all_threads=True): write the Python traceback to file when the process is killed by a "
     "fault"},
    {"disable", "($module, /)", faulthandler_disable, "disable(): undo enable()"},
    {"is_enabled", "($module, /)", faulthandler_is_enabled, "is_enabled() -> bool: whether enable() is in force"},
    {"dump_traceback", "($module, /, file=sys.stderr, all_threads=True)", faulthandler_dump_traceback,
     "dump_traceback(file=sys.stderr, all_threads=True): write the traceback of every thread, or of this one, to file"},
    {"dump_traceback_later", "($module, /, timeout, repeat=False, file=sys.stderr, exit=False)",
     faulthandler_dump_later,
     "write the tracebacks of all threads to file once timeout seconds have passed, or again and again with repeat"},
    {"cancel_dump_traceback_later", "($module, /)", faulthandler_cancel_dump_later,
     "cancel_dump_traceback_later(): forget the dump that dump_traceback_later() has planned"},
    {"register", "($module, /, signum, file=sys.stderr, all_threads=True, chain=False)", faulthandler_register,
     "write a traceback to file whenever the signal signum comes in; chain calls the former handler too"},
    {"unregister", "($module, signum, /)", faulthandler_unregister,
     "unregister(signum): undo register(signum); True if there was something to undo"},
    {"_sigsegv", "($module, release_gil=False, /)", faulthandler_sigsegv,
     "_sigsegv(release_gil=False): crash with SIGSEGV, for tests"},
    {"_sigabrt", "($module, /)", faulthandler_sigabrt, "_sigabrt(): crash with SIGABRT, for tests"},
    {"_sigfpe", "($module, /)", faulthandler_sigfpe, "_sigfpe(): crash with SIGFPE, for tests"},
    {}};
Status initialize(Value) { return kOk; }

}  // namespace

extern const ModuleDef faulthandler_module;
const ModuleDef faulthandler_module = {"faulthandler", "faulthandler module.", kFunctions, initialize};

}  // namespace hiss

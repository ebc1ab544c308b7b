// _signal: handlers of signals, alarms and timers, signal masks.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>

#include "modules/module_content.h"
#include "modules/posix/functions.h"
#include "object/frame.h"
#include "object/struct_sequence.h"
#include "vm/threads.h"

namespace hiss {

namespace {

constexpr int kSignals = 65;
Value handlers[kSignals];               // owned: what signal.getsignal answers
Value default_handler, ignore_handler;  // SIG_DFL and SIG_IGN as ints
Ref default_int_handler_function;
Ref itimer_error;

StructSequenceType siginfo_type;
const StructField kSiginfoFields[] = {{"si_signo", "signal number"},
                                      {"si_code", "signal code"},
                                      {"si_errno", "the errno sent along"},
                                      {"si_pid", "sending process ID"},
                                      {"si_uid", "real user ID of the sender"},
                                      {"si_status", "exit value or signal"},
                                      {"si_band", "band event for SIGPOLL"}};

extern "C" void on_signal(int number) { note_signal(number); }

Status install(int number, void (*handler)(int)) {
  struct sigaction action;
  std::memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = number == SIGSEGV ? SA_ONSTACK : 0;
  if (sigaction(number, &action, nullptr) < 0) return fail_errno(errno);
  return kOk;
}

Status dispatch(int number) {
  Ref handler = Ref::share(handlers[number]);
  if (handler.is_empty() || handler.is_none() || handler.value() == default_handler ||
      handler.value() == ignore_handler)
    return kOk;
  CallRecord* record = thread_state().record;
  while (record > thread_state().records && !record->code) --record;
  Ref frame = record > thread_state().records ? Ref::share(frame_of(record)) : Ref::none();
  TRY(call(handler, {Value::integer(number), frame}));
  return kOk;
}

Result<int> signal_number(Value v) {
  const int number = TRY(to_c_int(v));
  if (number < 1 || number >= kSignals) return fail(exc::ValueError, "signal number out of range");
  return number;
}

Ref signal_signal(Value, const Value* a) {
  const int number = TRY(to_c_int(a[0]));
  if (!is_main_thread()) return fail(exc::ValueError, "signal only works in main thread of the main interpreter");
  if (number < 1 || number >= kSignals) return fail(exc::ValueError, "signal number out of range");
  void (*handler)(int);
  if (is_callable(a[1])) {
    handler = on_signal;
  } else if (TRY(equal(a[1], ignore_handler))) {
    handler = SIG_IGN;
  } else if (TRY(equal(a[1], default_handler))) {
    handler = SIG_DFL;
  } else {
    return fail(exc::TypeError, "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object");
  }
  TRY(run_signal_handlers());
  TRY(install(number, handler));
  Value old = handlers[number];
  handlers[number] = Ref::share(a[1]).release();
  return old ? Ref::steal(old) : Ref::none();
}
Ref signal_getsignal(Value, const Value* a) {
  const int number = TRY(signal_number(a[0]));
  return handlers[number] ? Ref::share(handlers[number]) : Ref::none();
}
Ref signal_default_int_handler(Value, const Value*) { return fail_with(to_value(&exc::KeyboardInterrupt)); }
Ref signal_strsignal(Value, const Value* a) {
  const int number = TRY(signal_number(a[0]));
  const char* text = strsignal(number);
  if (!text || std::strstr(text, "Unknown signal")) return Ref::none();
  return make_str(text);
}
Ref signal_siginterrupt(Value, const Value* a) {
  const int number = TRY(signal_number(a[0]));
  const bool interrupt = TRY(to_c_int(a[1])) != 0;
  struct sigaction action;
  sigaction(number, nullptr, &action);
  action.sa_flags = interrupt ? action.sa_flags & ~SA_RESTART : action.sa_flags | SA_RESTART;
  return none_or_errno(sigaction(number, &action, nullptr));
}
Ref signal_raise(Value, const Value* a) {
  const int number = TRY(to_c_int(a[0]));
  int result, code;
  {
    AllowThreads allow;
    result = raise(number);
    code = errno;
  }
  if (result) return fail_errno(code);
  TRY(run_signal_handlers());
  return Ref::none();
}
Ref signal_pause(Value, const Value*) {
  {
    AllowThreads allow;
    pause();
  }
  TRY(run_signal_handlers());
  return Ref::none();
}
Ref signal_set_wakeup_fd(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const bool warn = a[1] ? TRY(truth(a[1])) : true;
  if (!is_main_thread())
    return fail(exc::ValueError, "set_wakeup_fd only works in main thread of the main interpreter");
  if (fd != -1) {
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return errno == EBADF ? fail(exc::ValueError, "invalid fd") : fail_errno(errno);
    if (!(flags & O_NONBLOCK)) return fail(exc::ValueError, "the fd {} must be in non-blocking mode", fd);
  }
  const int old = signal_wakeup_fd;
  signal_wakeup_fd = fd;
  signal_wakeup_warns = warn;
  return make_int(old);
}

// ---- Timers

Ref signal_alarm(Value, const Value* a) { return make_int(alarm(static_cast<unsigned>(TRY(to_c_int(a[0]))))); }
double seconds_of(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; }
Result<timeval> timeval_of(Value v) {
  const double d = TRY(to_double(v));
  const double up = std::ceil(d * 1e6);
  timeval t;
  t.tv_sec = static_cast<time_t>(std::floor(up / 1e6));
  t.tv_usec = static_cast<suseconds_t>(up - static_cast<double>(t.tv_sec) * 1e6);
  return t;
}
Ref timer_pair(const itimerval& t) {
  Ref value = make_float(seconds_of(t.it_value)), interval = make_float(seconds_of(t.it_interval));
  return make_tuple({value, interval});
}
Failure fail_timer() {
  Ref message = make_str(std::strerror(errno));
  Ref error = call(itimer_error, {Value::integer(errno), message});
  if (error.is_error()) return Failure{};
  return fail_with(error);
}
Ref signal_setitimer(Value, const Value* a) {
  const int which = TRY(to_c_int(a[0]));
  itimerval fresh{}, old{};
  fresh.it_value = TRY(timeval_of(a[1]));
  if (a[2]) fresh.it_interval = TRY(timeval_of(a[2]));
  if (setitimer(static_cast<__itimer_which_t>(which), &fresh, &old) != 0) return fail_timer();
  return timer_pair(old);
}
Ref signal_getitimer(Value, const Value* a) {
  itimerval now{};
  if (getitimer(static_cast<__itimer_which_t>(TRY(to_c_int(a[0]))), &now) != 0) return fail_timer();
  return timer_pair(now);
}

// ---- Masks

Result<sigset_t> mask_argument(Value v) {
  sigset_t set;
  sigemptyset(&set);
  TRY(for_each(v, [&](Value item) -> Status {
    Ref number = TRY(index(item));
    const auto i = int_value(number);
    if (!i || *i < 1 || *i >= kSignals)
      return fail(exc::ValueError, "signal number {} out of range [1; {}]", repr_text(number), kSignals - 1);
    // The two signals that the C library keeps to itself are passed over.
    sigaddset(&set, static_cast<int>(*i));
    return kOk;
  }));
  return set;
}
Ref set_of(const sigset_t& mask) {
  Ref result = make_set();
  for (int i = 1; i < kSignals; ++i) {
    if (sigismember(&mask, i) == 1) TRY(set_add(as<Set>(result), Value::integer(i)));
  }
  return result;
}
Ref signal_pthread_sigmask(Value, const Value* a) {
  const int how = TRY(to_c_int(a[0]));
  const sigset_t mask = TRY(mask_argument(a[1]));
  sigset_t old;
  if (int code = pthread_sigmask(how, &mask, &old)) return fail_errno(code);
  TRY(run_signal_handlers());
  return set_of(old);
}
Ref signal_pthread_kill(Value, const Value* a) {
  const uint64_t thread = TRY(to_uint_mask(a[0]));
  const int number = TRY(to_c_int(a[1]));
  if (int code = pthread_kill(static_cast<pthread_t>(thread), number)) return fail_errno(code);
  TRY(run_signal_handlers());
  return Ref::none();
}
Ref signal_sigpending(Value, const Value*) {
  sigset_t mask;
  if (sigpending(&mask) < 0) return fail_errno(errno);
  return set_of(mask);
}
Ref signal_sigwait(Value, const Value* a) {
  const sigset_t mask = TRY(mask_argument(a[0]));
  int number, code;
  {
    AllowThreads allow;
    code = sigwait(&mask, &number);
  }
  if (code) return fail_errno(code);
  return make_int(number);
}
Ref siginfo_of(const siginfo_t& i) {
  return make_struct_sequence(siginfo_type,
                              {make_int(i.si_signo), make_int(i.si_code), make_int(i.si_errno), make_int(i.si_pid),
                               make_int(static_cast<int64_t>(i.si_uid)), make_int(i.si_status), make_int(i.si_band)});
}
Ref signal_sigwaitinfo(Value, const Value* a) {
  const sigset_t mask = TRY(mask_argument(a[0]));
  siginfo_t info;
  if (TRY(blocking_call([&] { return sigwaitinfo(&mask, &info); })) < 0) return fail_errno(errno);
  return siginfo_of(info);
}
Ref signal_sigtimedwait(Value, const Value* a) {
  const sigset_t mask = TRY(mask_argument(a[0]));
  const double seconds = TRY(to_double(a[1]));
  if (seconds < 0) return fail(exc::ValueError, "timeout must be non-negative");
  timespec deadline;
  clock_gettime(CLOCK_MONOTONIC, &deadline);
  const double end = static_cast<double>(deadline.tv_sec) + 1e-9 * static_cast<double>(deadline.tv_nsec) + seconds;
  siginfo_t info;
  const int64_t result = TRY(blocking_call([&] {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double left = std::max(0.0, end - static_cast<double>(now.tv_sec) - 1e-9 * static_cast<double>(now.tv_nsec));
    const timespec t{static_cast<time_t>(left), static_cast<long>((left - std::floor(left)) * 1e9)};
    return sigtimedwait(&mask, &info, &t);
  }));
  if (result < 0) return errno == EAGAIN ? Ref::none() : Ref(fail_errno(errno));
  return siginfo_of(info);
}
Ref signal_valid_signals(Value, const Value*) {
  sigset_t mask;
  sigfillset(&mask);
  return set_of(mask);
}
Ref signal_pidfd_send_signal(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0])), number = TRY(to_c_int(a[1]));
  if (a[2] && !a[2].is_none()) return fail(exc::TypeError, "siginfo must be None");
  const int flags = a[3] ? TRY(to_c_int(a[3])) : 0;
  return none_or_errno(syscall(SYS_pidfd_send_signal, fd, number, nullptr, flags));
}

const NativeDef kDefaultIntHandler = {"default_int_handler", "($module, signalnum, frame, /)",
                                      signal_default_int_handler,
                                      "What Python does on SIGINT unless told otherwise: raise KeyboardInterrupt."};

const NativeDef kFunctions[] = {
    {"signal", "($module, signalnum, handler, /)", signal_signal,
     "Install handler (a callable, SIG_IGN or SIG_DFL) for signalnum and return the one it replaces. Main thread "
     "only."},
    {"getsignal", "($module, signalnum, /)", signal_getsignal,
     "The handler of signalnum: a callable, SIG_IGN, SIG_DFL, or None if it was not installed from Python."},
    {"strsignal", "($module, signalnum, /)", signal_strsignal,
     "A short text that names signalnum in words, or None if it has none."},
    {"siginterrupt", "($module, signalnum, flag, /)", signal_siginterrupt,
     "Choose whether signalnum interrupts system calls (flag true) or lets them restart (flag false)."},
    {"raise_signal", "($module, signalnum, /)", signal_raise, "Deliver signalnum to this process itself."},
    {"pause", "($module, /)", signal_pause, "Sleep until some signal has been handled."},
    {"set_wakeup_fd", "($module, fd, /, *, warn_on_full_buffer=True)", signal_set_wakeup_fd,
     "Have the number of each incoming signal written to fd as one byte; -1 turns this off. Returns the fd used "
     "before."},
    {"alarm", "($module, seconds, /)", signal_alarm,
     "Ask for a SIGALRM in that many seconds, or cancel the pending one with 0. Returns the seconds the earlier alarm "
     "had left."},
    {"setitimer", "($module, which, seconds, interval=0.0, /)", signal_setitimer,
     "Start timer which: first after seconds, then every interval seconds if that is not 0. Returns its former (delay, "
     "interval)."},
    {"getitimer", "($module, which, /)", signal_getitimer,
     "The pair (delay, interval) of the timer which: the seconds until it goes off, and those from then to the next "
     "time."},
    {"pthread_sigmask", "($module, how, mask, /)", signal_pthread_sigmask,
     "Change which signals are blocked in this thread, as how says, and return the set blocked before."},
    {"pthread_kill", "($module, thread_id, signalnum, /)", signal_pthread_kill,
     "Direct signalnum at one thread of this process."},
    {"sigpending", "($module, /)", signal_sigpending, "The set of blocked signals that wait for delivery."},
    {"sigwait", "($module, sigset, /)", signal_sigwait,
     "Block until a signal of sigset is pending, take it and return its number."},
    {"sigwaitinfo", "($module, sigset, /)", signal_sigwaitinfo,
     "Block until a signal of sigset is pending, take it and return its struct_siginfo."},
    {"sigtimedwait", "($module, sigset, timeout, /)", signal_sigtimedwait,
     "As sigwaitinfo(), but give up after timeout seconds and return None."},
    {"valid_signals", "($module, /)", signal_valid_signals, "All signals that exist here, as a set."},
    {"pidfd_send_signal", "($module, pidfd, signalnum, siginfo=None, flags=0, /)", signal_pidfd_send_signal,
     "Deliver signalnum to the process behind pidfd. siginfo must be None and flags 0."},
    {}};

Status initialize(Value module) {
  struct Constant {
    const char* name;
    int64_t value;
  };
  const Constant constants[] = {{"NSIG", kSignals},
                                {"SIG_BLOCK", SIG_BLOCK},
                                {"SIG_UNBLOCK", SIG_UNBLOCK},
                                {"SIG_SETMASK", SIG_SETMASK},
                                {"SIGHUP", SIGHUP},
                                {"SIGINT", SIGINT},
                                {"SIGQUIT", SIGQUIT},
                                {"SIGILL", SIGILL},
                                {"SIGTRAP", SIGTRAP},
                                {"SIGIOT", SIGIOT},
                                {"SIGABRT", SIGABRT},
                                {"SIGFPE", SIGFPE},
                                {"SIGKILL", SIGKILL},
                                {"SIGBUS", SIGBUS},
                                {"SIGSEGV", SIGSEGV},
                                {"SIGSYS", SIGSYS},
                                {"SIGPIPE", SIGPIPE},
                                {"SIGALRM", SIGALRM},
                                {"SIGTERM", SIGTERM},
                                {"SIGUSR1", SIGUSR1},
                                {"SIGUSR2", SIGUSR2},
                                {"SIGCLD", SIGCHLD},
                                {"SIGCHLD", SIGCHLD},
                                {"SIGPWR", SIGPWR},
                                {"SIGIO", SIGIO},
                                {"SIGURG", SIGURG},
                                {"SIGWINCH", SIGWINCH},
                                {"SIGPOLL", SIGPOLL},
                                {"SIGSTOP", SIGSTOP},
                                {"SIGTSTP", SIGTSTP},
                                {"SIGCONT", SIGCONT},
                                {"SIGTTIN", SIGTTIN},
                                {"SIGTTOU", SIGTTOU},
                                {"SIGVTALRM", SIGVTALRM},
                                {"SIGPROF", SIGPROF},
                                {"SIGXCPU", SIGXCPU},
                                {"SIGXFSZ", SIGXFSZ},
                                {"SIGRTMIN", SIGRTMIN},
                                {"SIGRTMAX", SIGRTMAX},
                                {"SIGSTKFLT", SIGSTKFLT},
                                {"ITIMER_REAL", ITIMER_REAL},
                                {"ITIMER_VIRTUAL", ITIMER_VIRTUAL},
                                {"ITIMER_PROF", ITIMER_PROF}};
  for (const Constant& c : constants) add_int(module, c.name, c.value);
  default_handler = Value::integer(0);
  ignore_handler = Value::integer(1);
  add_object(module, "SIG_DFL", default_handler);
  add_object(module, "SIG_IGN", ignore_handler);
  define_struct_sequence(siginfo_type, {"signal.struct_siginfo",
                                        "struct_siginfo: what sigwaitinfo() and sigtimedwait() tell about a signal.",
                                        kSiginfoFields, 7, 7});
  add_type(module, siginfo_type);
  Ref name = make_str_ascii("itimer_error"), bases = make_tuple({to_value(&exc::OSError)}), space = make_dict();
  dict_set(as<Dict>(space), names.__module__, make_str_ascii("signal"));
  itimer_error = TRY(call(to_value(&type_type), {name, bases, space}));
  add_object(module, "ItimerError", itimer_error);
  Value module_name = dict_get(module_dict(module), names.__name__);
  if (default_int_handler_function.is_empty())
    default_int_handler_function = make_native_function(&kDefaultIntHandler, module, module_name);
  add_object(module, "default_int_handler", default_int_handler_function);
  signal_dispatcher = dispatch;
  for (int i = 1; i < kSignals; ++i) {
    struct sigaction action;
    if (sigaction(i, nullptr, &action) < 0) continue;
    if (handlers[i]) continue;
    if (action.sa_handler == SIG_DFL) {
      handlers[i] = default_handler;
    } else if (action.sa_handler == SIG_IGN) {
      handlers[i] = ignore_handler;
    }
  }
  // Python's own settings: interrupts raise KeyboardInterrupt, writing to a closed pipe is an error and no death.
  if (handlers[SIGINT] == default_handler) {
    TRY(install(SIGINT, on_signal));
    handlers[SIGINT] = Ref::share(default_int_handler_function).release();
  }
  return kOk;
}

}  // namespace

extern const ModuleDef signal_module;
const ModuleDef signal_module = {
    "_signal", "Handlers, masks and timers for POSIX signals; the signal module builds on it.", kFunctions, initialize};

}  // namespace hiss

// _thread: starting threads, locks, thread-local data.
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cmath>
#include <csignal>
#include <ctime>
#include <vector>

#include "memory/weak_references.h"
#include "modules/module_content.h"
#include "object/class_builder.h"
#include "object/exception.h"
#include "object/struct_sequence.h"
#include "vm/runtime.h"
#include "vm/threads.h"

namespace hiss {

namespace {

constexpr int64_t kNanosecond = 1000000000;
constexpr int64_t kMaxTimeout = INT64_MAX / 1000;  // in microseconds, as threading.TIMEOUT_MAX says in seconds

int64_t thread_count = 0;
int64_t new_stack_size = 0;

// ---- A lock that any thread may release

struct RawLock {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t free;
  bool held = false;
  RawLock() {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&free, &attributes);
    pthread_condattr_destroy(&attributes);
  }
  bool try_acquire() {
    pthread_mutex_lock(&mutex);
    const bool got = !held;
    if (got) held = true;
    pthread_mutex_unlock(&mutex);
    return got;
  }
  void release() {
    pthread_mutex_lock(&mutex);
    held = false;
    pthread_cond_signal(&free);
    pthread_mutex_unlock(&mutex);
  }
};

enum class Outcome { Got, TimedOut, Interrupted };

// Waits without the interpreter lock. Condition variables do not wake for signals, so the main thread looks every 50
// ms.
Outcome wait_for(RawLock* l, const timespec* deadline) {
  AllowThreads allow;
  Outcome outcome = Outcome::Got;
  const bool watch = is_main_thread();
  pthread_mutex_lock(&l->mutex);
  while (l->held) {
    timespec until;
    bool own_deadline = false;
    if (watch) {
      clock_gettime(CLOCK_MONOTONIC, &until);
      until.tv_nsec += 50000000;
      if (until.tv_nsec >= kNanosecond) {
        ++until.tv_sec;
        until.tv_nsec -= kNanosecond;
      }
      if (deadline && (deadline->tv_sec < until.tv_sec ||
                       (deadline->tv_sec == until.tv_sec && deadline->tv_nsec < until.tv_nsec))) {
        until = *deadline;
        own_deadline = true;
      }
    } else if (deadline) {
      until = *deadline;
      own_deadline = true;
    }
    int code = 0;
    if (watch || deadline) {
      code = pthread_cond_timedwait(&l->free, &l->mutex, &until);
    } else {
      code = pthread_cond_wait(&l->free, &l->mutex);
    }
    if (!l->held) break;
    if (watch && signals_pending()) {
      outcome = Outcome::Interrupted;
      break;
    }
    if (code == ETIMEDOUT && own_deadline) {
      outcome = Outcome::TimedOut;
      break;
    }
  }
  if (outcome == Outcome::Got) l->held = true;
  pthread_mutex_unlock(&l->mutex);
  return outcome;
}

/// Acquires within `timeout` nanoseconds (-1: for ever, 0: at once). Signal handlers run while waiting.
Result<bool> acquire(RawLock* l, int64_t timeout) {
  if (l->try_acquire()) return true;
  if (timeout == 0) return false;
  timespec deadline;
  if (timeout > 0) {
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += timeout / kNanosecond;
    deadline.tv_nsec += timeout % kNanosecond;
    if (deadline.tv_nsec >= kNanosecond) {
      ++deadline.tv_sec;
      deadline.tv_nsec -= kNanosecond;
    }
  }
  for (;;) {
    switch (wait_for(l, timeout > 0 ? &deadline : nullptr)) {
      case Outcome::Got:
        return true;
      case Outcome::TimedOut:
        return false;
      case Outcome::Interrupted:
        TRY(run_signal_handlers());
    }
  }
}

// (blocking=True, timeout=-1): nanoseconds.
Result<int64_t> timeout_arguments(Value blocking_value, Value timeout_value) {
  const bool blocking = blocking_value ? TRY(to_c_int(blocking_value)) != 0 : true;
  double seconds = -1;
  bool given = false;
  if (timeout_value) {
    if (is_float(timeout_value)) {
      seconds = float_value(timeout_value);
      if (std::isnan(seconds)) return fail(exc::ValueError, "Invalid value NaN (not a number)");
    } else {
      Ref number = TRY(index(timeout_value));
      bool overflow = false;
      seconds = int_to_double(number, &overflow);
      if (overflow) return fail(exc::OverflowError, "timestamp too large to convert to C _PyTime_t");
    }
    given = seconds != -1;
    if (std::fabs(seconds) >= 9223372036.854775807)
      return fail(exc::OverflowError, "timestamp too large to convert to C _PyTime_t");
  }
  if (!blocking && given) return fail(exc::ValueError, "can't specify a timeout for a non-blocking call");
  if (seconds < 0 && given) return fail(exc::ValueError, "timeout value must be a non-negative number");
  if (!blocking) return 0;
  if (!given) return -1;
  if (seconds * 1e6 > static_cast<double>(kMaxTimeout)) return fail(exc::OverflowError, "timeout value is too large");
  return static_cast<int64_t>(std::ceil(seconds * 1e9));
}

// ---- lock

struct Lock : Object {
  RawLock* raw;
};
Type lock_type;
Lock* lock_of(Value v) { return static_cast<Lock*>(v.object()); }

Ref make_lock() {
  auto* l = allocate_as<Lock>(lock_type);
  l->raw = new RawLock();
  return Ref::steal(l);
}
void lock_dealloc(Object* o) {
  delete static_cast<Lock*>(o)->raw;
  free_object(o);
}
Ref lock_acquire(Value self, const Value* a) {
  const int64_t timeout = TRY(timeout_arguments(a[0], a[1]));
  Ref hold = Ref::share(self);
  return Ref::boolean(TRY(acquire(lock_of(self)->raw, timeout)));
}
Ref lock_release(Value self, const Value*) {
  if (!lock_of(self)->raw->held) return fail(exc::RuntimeError, "release unlocked lock");
  lock_of(self)->raw->release();
  return Ref::none();
}
Ref lock_locked(Value self, const Value*) { return Ref::boolean(lock_of(self)->raw->held); }
Ref lock_enter(Value self, const Value*) {
  const Value none[2] = {};
  return lock_acquire(self, none);
}
Ref lock_at_fork(Value self, const Value*) {
  lock_of(self)->raw = new RawLock();  // the old one may be in any state: it is left behind
  return Ref::none();
}
Ref lock_repr(Value self) {
  return make_str(fmt::format("<{} {} object at {:#x}>", lock_of(self)->raw->held ? "locked" : "unlocked",
                              qualified_type_name(type_of(self)), self.bits()));
}
const NativeDef kLockMethods[] = {
    {"acquire", "($self, /, blocking=True, timeout=-1)", lock_acquire,
     "acquire(blocking=True, timeout=-1) -> bool\n\nTake the lock, waiting for it as long as timeout allows (-1: for "
     "ever). False if it could not be had."},
    {"acquire_lock", "($self, /, blocking=True, timeout=-1)", lock_acquire, nullptr},
    {"release", "($self, /)", lock_release,
     "release()\n\nGive the lock up, so that one waiting thread can have it. RuntimeError if it is not locked."},
    {"release_lock", "($self, /)", lock_release, nullptr},
    {"locked", "($self, /)", lock_locked, "locked() -> bool\n\nTrue while some thread holds the lock."},
    {"locked_lock", "($self, /)", lock_locked, nullptr},
    {"__enter__", "($self, /)", lock_enter, "The same as acquire()."},
    {"__exit__", "($self, /, *args)", lock_release, "The same as release()."},
    {"_at_fork_reinit", "($self, /)", lock_at_fork, nullptr},
    {}};

// ---- RLock

struct ReentrantLock : Object {
  RawLock* raw;
  uint64_t owner;
  uint64_t count;
};
Type rlock_type;
ReentrantLock* rlock_of(Value v) { return static_cast<ReentrantLock*>(v.object()); }
uint64_t this_thread() { return static_cast<uint64_t>(pthread_self()); }

Ref rlock_new(Type* cls, const Args&) {
  auto* l = static_cast<ReentrantLock*>(allocate(cls));
  l->raw = new RawLock();
  if (l->flags & Object::kGc) track(l);
  return Ref::steal(l);
}
void rlock_dealloc(Object* o) {
  delete static_cast<ReentrantLock*>(o)->raw;
  free_object(o);
}
Ref rlock_acquire(Value self, const Value* a) {
  auto* l = rlock_of(self);
  const int64_t timeout = TRY(timeout_arguments(a[0], a[1]));
  if (l->count > 0 && l->owner == this_thread()) {
    ++l->count;
    return Ref::boolean(true);
  }
  Ref hold = Ref::share(self);
  if (!TRY(acquire(l->raw, timeout))) return Ref::boolean(false);
  l->owner = this_thread();
  l->count = 1;
  return Ref::boolean(true);
}
Ref rlock_release(Value self, const Value*) {
  auto* l = rlock_of(self);
  if (l->count == 0 || l->owner != this_thread()) return fail(exc::RuntimeError, "cannot release un-acquired lock");
  if (--l->count == 0) {
    l->owner = 0;
    l->raw->release();
  }
  return Ref::none();
}
Ref rlock_enter(Value self, const Value*) {
  const Value none[2] = {};
  return rlock_acquire(self, none);
}
Ref rlock_is_owned(Value self, const Value*) {
  return Ref::boolean(rlock_of(self)->count > 0 && rlock_of(self)->owner == this_thread());
}
Ref rlock_release_save(Value self, const Value*) {
  auto* l = rlock_of(self);
  if (l->count == 0) return fail(exc::RuntimeError, "cannot release un-acquired lock");
  Ref state = make_tuple({make_uint(l->count), make_uint(l->owner)});
  l->count = 0;
  l->owner = 0;
  l->raw->release();
  return state;
}
Ref rlock_acquire_restore(Value self, const Value* a) {
  auto* l = rlock_of(self);
  if (!is<Tuple>(a[0]) || as<Tuple>(a[0])->size != 2)
    return fail(exc::TypeError, "_acquire_restore() argument 1 must be 2-item tuple");
  const uint64_t count = TRY(to_uint_mask(as<Tuple>(a[0])->items[0])),
                 owner = TRY(to_uint_mask(as<Tuple>(a[0])->items[1]));
  TRY(acquire(l->raw, -1));
  l->count = count;
  l->owner = owner;
  return Ref::none();
}
Ref rlock_at_fork(Value self, const Value*) {
  auto* l = rlock_of(self);
  l->raw = new RawLock();
  l->owner = l->count = 0;
  return Ref::none();
}
Ref rlock_repr(Value self) {
  auto* l = rlock_of(self);
  return make_str(fmt::format("<{} {} object owner={} count={} at {:#x}>", l->count ? "locked" : "unlocked",
                              qualified_type_name(type_of(self)), l->owner, l->count, self.bits()));
}
const NativeDef kReentrantLockMethods[] = {
    {"acquire", "($self, /, blocking=True, timeout=-1)", rlock_acquire,
     "Take the lock, or count up if this thread has it already. False if it could not be had in time."},
    {"release", "($self, /)", rlock_release,
     "Undo one acquire(); the last one frees the lock. RuntimeError if this thread does not hold it."},
    {"_is_owned", "($self, /)", rlock_is_owned, "Lets threading.Condition ask for the owner."},
    {"_release_save", "($self, /)", rlock_release_save, "Lets threading.Condition free the lock in one go."},
    {"_acquire_restore", "($self, state, /)", rlock_acquire_restore,
     "Lets threading.Condition take the lock back as it was."},
    {"__enter__", "($self, /)", rlock_enter, "The same as acquire()."},
    {"__exit__", "($self, /, *args)", rlock_release, "The same as release()."},
    {"_at_fork_reinit", "($self, /)", rlock_at_fork, nullptr},
    {}};

// ---- _local: an attribute dict for each thread

struct Local : Object {
  Value dicts;  // Dict: thread id -> the thread's dict
  Value args, kwargs;
};
Type local_type;
Local* local_of(Value v) { return static_cast<Local*>(v.object()); }

std::vector<Local*>& all_locals() {
  static auto* list = new std::vector<Local*>();
  return *list;
}

// The calling thread's dict. The first use in a thread runs __init__ again.
Ref local_dict(Value self) {
  auto* l = local_of(self);
  Ref id = make_uint(this_thread());
  Ref dict = TRY(dict_get(as<Dict>(l->dicts), id.value()));
  if (!dict.is_empty()) return dict;
  dict = make_dict();
  TRY(dict_set(as<Dict>(l->dicts), id, dict));
  Type* type = type_of(self);
  if (type->slots.init && type->slots.init != object_type.slots.init) {
    Ref init = TRY(get_attr(to_value(type), names.__init__));
    std::vector<Value> values{self};
    for (Value v : *as<Tuple>(l->args)) values.push_back(v);
    Ref all = make_tuple(values.data(), static_cast<int64_t>(values.size()));
    Ref done = call_with(init, as<Tuple>(all), as<Dict>(l->kwargs));
    if (done.is_error()) {
      Ref error = take_pending();
      if (dict_delete(as<Dict>(l->dicts), id).is_error()) clear_pending();
      return restore_pending(std::move(error));
    }
  }
  return dict;
}
Ref local_new(Type* cls, const Args& args) {
  if (cls->slots.init == object_type.slots.init && (args.count || args.keyword_count())) {
    return fail(exc::TypeError, "Initialization arguments are not supported");
  }
  Ref o = Ref::steal(allocate(cls));
  auto* l = local_of(o);
  l->dicts = make_dict().release();
  l->args = make_tuple(args.values, args.count).release();
  l->kwargs = make_dict().release();
  for (uint32_t i = 0; i < args.keyword_count(); ++i)
    dict_set(as<Dict>(l->kwargs), args.keyword_name(i), args.keyword_value(i));
  track(l);
  all_locals().push_back(l);
  // The making thread's __init__ is run by the call itself.
  Ref id = make_uint(this_thread());
  TRY(dict_set(as<Dict>(l->dicts), id, make_dict()));
  return o;
}
void local_dealloc(Object* o) {
  untrack(o);
  auto* l = static_cast<Local*>(o);
  auto& list = all_locals();
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i] == l) {
      list[i] = list.back();
      list.pop_back();
      break;
    }
  }
  for (Value* v : {&l->dicts, &l->args, &l->kwargs}) clear_field(*v);
  free_object(o);
}
void local_traverse(Object* o, Visitor& visit) {
  auto* l = static_cast<Local*>(o);
  visit(l->dicts);
  visit(l->args);
  visit(l->kwargs);
}
void local_clear(Object* o) {
  auto* l = static_cast<Local*>(o);
  if (is<Dict>(l->dicts)) dict_clear(as<Dict>(l->dicts));
}
// The thread ends: its attributes of every _local go.
void forget_locals() {
  Ref id = make_uint(this_thread());
  std::vector<Ref> dying;
  for (Local* l : std::vector<Local*>(all_locals())) {
    Ref dict = dict_pop(as<Dict>(l->dicts), id);
    if (dict.is_error()) {
      clear_pending();
    } else {
      dying.push_back(std::move(dict));
    }
  }
}
Ref local_getattr(Value self, Str* name) {
  Ref dict = TRY(local_dict(self));
  if (equal(name, "__dict__")) return dict;
  Type* type = type_of(self);
  Str* key = name->interned ? name : intern(name);
  Ref attribute = Ref::share(lookup(type, key));
  DescrGetSlot get = nullptr;
  if (!attribute.is_empty()) {
    Type* t = type_of(attribute);
    get = t->slots.descr_get;
    if (get && t->slots.descr_set) return get(attribute, self, to_value(type));
  }
  if (Value found = dict_get(as<Dict>(dict), key)) return Ref::share(found);
  if (get) return get(attribute, self, to_value(type));
  if (!attribute.is_empty()) return attribute;
  return fail_attribute(self, name, fmt::format("'{}' object has no attribute '{}'", type_name(self), to_string(name)));
}
Status local_setattr(Value self, Str* name, Value value) {
  Ref dict = TRY(local_dict(self));
  if (equal(name, "__dict__"))
    return fail_attribute(self, name, fmt::format("'{}' object attribute '__dict__' is read-only", type_name(self)));
  Str* key = name->interned ? name : intern(name);
  Ref attribute = Ref::share(lookup(type_of(self), key));
  if (!attribute.is_empty()) {
    if (DescrSetSlot set = type_of(attribute)->slots.descr_set) return set(attribute, self, value);
  }
  if (value) {
    dict_set(as<Dict>(dict), key, value);
    return kOk;
  }
  if (TRY(dict_delete(as<Dict>(dict), to_value(key)))) return kOk;
  return fail_attribute(self, name, fmt::format("'{}' object has no attribute '{}'", type_name(self), to_string(name)));
}

// ---- Starting threads

struct StartArguments {
  ThreadState* state;
  Ref function, args, kwargs;
};

// What is released when the thread's state goes: threading joins through it.
thread_local Ref sentinel_lock;

StructSequenceType except_hook_args_type;
const StructField kExceptHookFields[] = {{"exc_type", "Exception type"},
                                         {"exc_value", "Exception value"},
                                         {"exc_traceback", "Exception traceback"},
                                         {"thread", "Thread"}};

void release_sentinel() {
  if (sentinel_lock.is_empty()) return;
  Ref reference = std::move(sentinel_lock);
  sentinel_lock = Ref();
  if (!is<WeakReference>(reference)) return;
  Ref lock = referent_of(as<WeakReference>(reference));
  if (is_exact(lock, lock_type) && lock_of(lock)->raw->held) lock_of(lock)->raw->release();
}

void* run_thread(void* data) {
  auto* start = static_cast<StartArguments*>(data);
  ThreadState* ts = start->state;
  enter_thread(ts);
  ++thread_count;
  {
    Ref result = call_with(start->function, as<Tuple>(start->args),
                           start->kwargs.is_empty() ? nullptr : as<Dict>(start->kwargs));
    if (result.is_error()) {
      if (pending_is(exc::SystemExit)) {
        clear_pending();
      } else {
        report_unraisable(start->function, "Exception ignored in thread started by");
      }
    }
  }
  delete start;
  forget_locals();
  --thread_count;
  release_sentinel();
  leave_thread(ts);
  return nullptr;
}

Ref thread_start(Value, const Value* a) {
  if (!is_callable(a[0])) return fail(exc::TypeError, "first arg must be callable");
  if (!is<Tuple>(a[1])) return fail(exc::TypeError, "2nd arg must be a tuple");
  if (a[2] && !is<Dict>(a[2])) return fail(exc::TypeError, "optional 3rd arg must be a dictionary");
  ThreadState* ts = make_thread_state_for_thread();
  if (!ts) return fail(exc::RuntimeError, "can't start new thread");
  auto* start = new StartArguments{ts, Ref::share(a[0]), Ref::share(a[1]), a[2] ? Ref::share(a[2]) : Ref()};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (new_stack_size) pthread_attr_setstacksize(&attributes, static_cast<size_t>(new_stack_size));
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const int code = pthread_create(&thread, &attributes, run_thread, start);
  pthread_attr_destroy(&attributes);
  if (code) {
    delete start;
    return fail(exc::RuntimeError, "can't start new thread");
  }
  return make_uint(static_cast<uint64_t>(thread));
}

Ref thread_allocate_lock(Value, const Value*) { return make_lock(); }
Ref thread_get_ident(Value, const Value*) { return make_uint(this_thread()); }
Ref thread_get_native_id(Value, const Value*) { return make_int(syscall(SYS_gettid)); }
Ref thread_count_function(Value, const Value*) { return make_int(thread_count); }
Ref thread_exit(Value, const Value*) { return fail_with(to_value(&exc::SystemExit)); }
Ref thread_interrupt_main(Value, const Value* a) {
  const int number = a[0] ? TRY(to_c_int(a[0])) : SIGINT;
  if (number < 1 || number > 64) return fail(exc::ValueError, "signal number out of range");
  // Nothing happens for a signal that Python does not handle.
  struct sigaction action;
  if (sigaction(number, nullptr, &action) == 0 && (action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL))
    return Ref::none();
  note_signal(number);
  return Ref::none();
}
Ref thread_stack_size(Value, const Value* a) {
  const int64_t size = a[0] ? TRY(to_index(a[0])) : 0;
  if (size < 0) return fail(exc::ValueError, "size must be 0 or a positive value");
  const int64_t old = new_stack_size;
  if (!a[0]) return make_int(old);
  if (size != 0 && (size < 32768 || size < PTHREAD_STACK_MIN))
    return fail(exc::ValueError, "size not valid: {} bytes", size);
  new_stack_size = size;
  return make_int(old);
}
Ref thread_set_sentinel(Value, const Value*) {
  release_sentinel();
  Ref lock = make_lock();
  sentinel_lock = TRY(make_weak_reference(&weak_reference_type, lock, Value()));
  return lock;
}

Ref thread_excepthook(Value, const Value* a) {
  if (type_of(a[0]) != &except_hook_args_type)
    return fail(exc::TypeError, "_thread.excepthook argument type must be ExceptHookArgs");
  Value* f = as<Tuple>(a[0])->items;
  if (f[0] == to_value(&exc::SystemExit)) return Ref::none();
  Ref sys = TRY(import_module("sys"));
  Ref file = TRY(get_attr_or_empty(sys, names.stderr));
  Value thread = f[3];
  if (file.is_empty() || file.is_none()) {
    if (thread.is_none()) return Ref::none();
    file = TRY(get_attr_or_empty(thread, intern("_stderr")));
    if (file.is_empty() || file.is_none()) return Ref::none();
  }
  std::string name = fmt::format("{}", this_thread());
  if (!thread.is_none()) {
    Ref text = TRY(get_attr_or_empty(thread, names.name));
    if (!text.is_empty()) name = to_string(TRY(str(text)));
  }
  TRY(call_method(file, names.write, {make_str("Exception in thread " + name + ":\n")}));
  if (is<Exception>(f[1])) {
    TRY(print_exception(f[1], file));
  }
  Ref flushed = call_method(file, names.flush);
  if (flushed.is_error()) clear_pending();
  return Ref::none();
}

const NativeDef kFunctions[] = {
    {"start_new_thread", "($module, function, args, kwargs=None, /)", thread_start,
     "Call function(*args, **kwargs) in a new thread. Returns the identifier of that thread at once."},
    {"start_new", "($module, function, args, kwargs=None, /)", thread_start, "The old name of start_new_thread()."},
    {"allocate_lock", "($module, /)", thread_allocate_lock,
     "allocate_lock() -> lock\n\nA new lock, not held by anyone. allocate() is its old name."},
    {"allocate", "($module, /)", thread_allocate_lock, nullptr},
    {"exit", "($module, /)", thread_exit,
     "exit()\n\nEnd this thread by raising SystemExit. exit_thread() is its old name."},
    {"exit_thread", "($module, /)", thread_exit, nullptr},
    {"interrupt_main", "($module, signum=signal.SIGINT, /)", thread_interrupt_main,
     "Act in the main thread as if signalnum had come in; nothing happens if the signal is ignored or left to the "
     "system."},
    {"get_ident", "($module, /)", thread_get_ident,
     "get_ident() -> int\n\nThe identifier of this thread, never 0. It can be used again once the thread has ended."},
    {"get_native_id", "($module, /)", thread_get_native_id,
     "get_native_id() -> int\n\nThe number by which the operating system knows this thread."},
    {"_count", "($module, /)", thread_count_function,
     "_count() -> int\n\nHow many threads started from Python are running; the main thread does not count."},
    {"stack_size", "($module, size=0, /)", thread_stack_size,
     "stack_size([size]) -> int\n\nThe stack size of new threads in bytes, 0 being the default of the system. With "
     "size, set it and return the one before."},
    {"_set_sentinel", "($module, /)", thread_set_sentinel,
     "_set_sentinel() -> lock\n\nA lock that is freed when this thread has ended; threading joins on it."},
    {"_excepthook", "($module, args, /)", thread_excepthook,
     "Report the exception that ended a thread on sys.stderr; SystemExit is passed over."},
    {}};

Status initialize(Value module) {
  define_type(lock_type, {.name = "_thread.lock",
                          .size = sizeof(Lock),
                          .layout = Layout::Native,
                          .flags = Type::kNoInstances | Type::kWeakReferable});
  lock_type.dealloc = lock_dealloc;
  lock_type.slots.repr = lock_repr;
  lock_type.methods = kLockMethods;
  ready_type(lock_type);
  define_type(rlock_type, {.name = "_thread.RLock",
                           .size = sizeof(ReentrantLock),
                           .layout = Layout::Native,
                           .flags = Type::kBaseType | Type::kWeakReferable});
  rlock_type.dealloc = rlock_dealloc;
  rlock_type.slots.new_ = rlock_new;
  rlock_type.slots.repr = rlock_repr;
  rlock_type.methods = kReentrantLockMethods;
  ready_type(rlock_type);
  define_type(local_type, {.name = "_thread._local",
                           .size = sizeof(Local),
                           .layout = Layout::Native,
                           .flags = Type::kBaseType | Type::kHasGc | Type::kWeakReferable,
                           .doc = "A namespace whose attributes differ from thread to thread."});
  local_type.dealloc = local_dealloc;
  local_type.traverse = local_traverse;
  local_type.clear = local_clear;
  local_type.slots.new_ = local_new;
  local_type.slots.getattr = local_getattr;
  local_type.slots.setattr = local_setattr;
  ready_type(local_type);
  define_struct_sequence(
      except_hook_args_type,
      {"_thread._ExceptHookArgs",
       "ExceptHookArgs\n\nWhat threading.excepthook receives: the exception and the thread it ended.",
       kExceptHookFields, 4, 4});
  add_object(module, "LockType", to_value(&lock_type));
  add_type(module, rlock_type);
  add_type(module, local_type);
  add_type(module, except_hook_args_type);
  add_object(module, "error", to_value(&exc::RuntimeError));
  add_object(module, "TIMEOUT_MAX", make_float(static_cast<double>(kMaxTimeout / 1000000)));
  return kOk;
}

}  // namespace

extern const ModuleDef thread_module;
const ModuleDef thread_module = {
    "_thread", "Threads and locks at their lowest level; use the threading module instead.", kFunctions, initialize};

}  // namespace hiss

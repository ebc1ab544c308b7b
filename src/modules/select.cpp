// select: select, poll and epoll.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>
#include <vector>

#include "modules/module_content.h"
#include "modules/posix/path_argument.h"

namespace hiss {

namespace {

int64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * int64_t{1000000000} + t.tv_nsec;
}
// Timeouts: None waits for ever (-1); seconds or milliseconds as nanoseconds, rounded up.
Result<int64_t> timeout_argument(Value v, double unit, const char* message) {
  if (!v || v.is_none()) return -1;
  if (!is_float(v) && !is_int(v) && !type_of(v)->slots.index) return fail(exc::TypeError, "{}", message);
  const double d = TRY(to_double(v));
  if (std::isnan(d)) return fail(exc::ValueError, "Invalid value NaN (not a number)");
  const double ns = d < 0 ? std::floor(d * unit) : std::ceil(d * unit);
  if (std::fabs(ns) >= 9.2e18) return fail(exc::OverflowError, "timestamp too large to convert to C _PyTime_t");
  return static_cast<int64_t>(ns);
}

/// Calls `wait` with what is left of the time (nanoseconds, -1: for ever), again after signals.
template <typename Wait>
Result<int64_t> wait_until(int64_t timeout, Wait&& wait) {
  const int64_t end = timeout >= 0 ? now_ns() + timeout : -1;
  int64_t left = timeout;
  for (;;) {
    int64_t n;
    int code;
    {
      AllowThreads allow;
      n = wait(left);
      code = errno;
    }
    if (n >= 0) return n;
    if (code != EINTR) return fail_errno(code);
    TRY(run_signal_handlers());
    if (timeout >= 0) {
      left = end - now_ns();
      if (left < 0) return 0;
    }
  }
}
int milliseconds(int64_t ns) {
  if (ns < 0) return -1;
  return static_cast<int>(std::min<int64_t>((ns + 999999) / 1000000, INT32_MAX));
}

// ---- select

struct FdList {
  std::vector<std::pair<Ref, int>> items;
  fd_set set;
};
Result<int> read_list(Value sequence, FdList& list, int highest) {
  FD_ZERO(&list.set);
  Ref items = to_tuple(sequence);
  if (items.is_error()) {
    if (!pending_is(exc::TypeError)) return Failure{};
    clear_pending();
    return fail(exc::TypeError, "arguments 1-3 must be sequences");
  }
  for (Value v : *as<Tuple>(items)) {
    const int fd = TRY(file_descriptor(v));
    if (fd >= FD_SETSIZE) return fail(exc::ValueError, "filedescriptor out of range in select()");
    if (list.items.size() >= FD_SETSIZE) return fail(exc::ValueError, "too many file descriptors in select()");
    FD_SET(fd, &list.set);
    list.items.emplace_back(Ref::share(v), fd);
    highest = std::max(highest, fd);
  }
  return highest;
}
Ref ready_list(const FdList& list, bool any) {
  Ref out = make_list();
  for (auto& [object, fd] : list.items) {
    if (any && FD_ISSET(fd, &list.set)) list_append(as<List>(out), object);
  }
  return out;
}
Ref select_select(Value, const Value* a) {
  const int64_t timeout = TRY(timeout_argument(a[3], 1e9, "timeout must be a float or None"));
  if (a[3] && !a[3].is_none() && timeout < 0) return fail(exc::ValueError, "timeout must be non-negative");
  FdList lists[3];
  int highest = -1;
  for (int i = 0; i < 3; ++i) highest = TRY(read_list(a[i], lists[i], highest));
  fd_set sets[3];
  const int64_t n = TRY(wait_until(timeout, [&](int64_t left) {
    for (int i = 0; i < 3; ++i) sets[i] = lists[i].set;
    timeval t{left / 1000000000, (left % 1000000000 + 999) / 1000};
    if (t.tv_usec >= 1000000) {
      ++t.tv_sec;
      t.tv_usec -= 1000000;
    }
    return select(highest + 1, &sets[0], &sets[1], &sets[2], left >= 0 ? &t : nullptr);
  }));
  for (int i = 0; i < 3; ++i) lists[i].set = sets[i];
  return make_tuple({ready_list(lists[0], n > 0), ready_list(lists[1], n > 0), ready_list(lists[2], n > 0)});
}

// ---- poll

struct Poll : Object {
  std::map<int, uint16_t>* fds;
  bool running;
};
Type poll_type;
Poll* poll_of(Value v) { return static_cast<Poll*>(v.object()); }

Result<uint16_t> event_mask(Value v) {
  if (!v) return POLLIN | POLLPRI | POLLOUT;
  Ref number = TRY(index(v));
  const auto i = int_value(number);
  if (int_sign(number) < 0) return fail(exc::ValueError, "value must be positive");
  if (!i || *i > UINT16_MAX) return fail(exc::OverflowError, "Python int too large for C unsigned short");
  return static_cast<uint16_t>(*i);
}
Ref poll_register(Value self, const Value* a) {
  const int fd = TRY(file_descriptor(a[0]));
  (*poll_of(self)->fds)[fd] = TRY(event_mask(a[1]));
  return Ref::none();
}
Ref poll_modify(Value self, const Value* a) {
  const int fd = TRY(file_descriptor(a[0]));
  const uint16_t mask = TRY(event_mask(a[1]));
  auto it = poll_of(self)->fds->find(fd);
  if (it == poll_of(self)->fds->end()) return fail_errno(ENOENT);
  it->second = mask;
  return Ref::none();
}
Ref poll_unregister(Value self, const Value* a) {
  const int fd = TRY(file_descriptor(a[0]));
  if (!poll_of(self)->fds->erase(fd)) return fail_value(exc::KeyError, Value::integer(fd));
  return Ref::none();
}
Ref poll_poll(Value self, const Value* a) {
  auto* p = poll_of(self);
  const int64_t timeout = TRY(timeout_argument(a[0], 1e6, "timeout must be an integer or None"));
  if (p->running) return fail(exc::RuntimeError, "concurrent poll() invocation");
  std::vector<pollfd> fds;
  for (auto [fd, mask] : *p->fds) fds.push_back({fd, static_cast<short>(mask), 0});
  p->running = true;
  Result<int64_t> n = wait_until(timeout < 0 ? -1 : timeout,
                                 [&](int64_t left) { return poll(fds.data(), fds.size(), milliseconds(left)); });
  p->running = false;
  TRY(std::move(n));
  Ref list = make_list();
  for (const pollfd& f : fds) {
    if (!f.revents) continue;
    Ref pair = make_tuple({Value::integer(f.fd), Value::integer(f.revents & 0xFFFF)});
    list_append(as<List>(list), pair);
  }
  return list;
}
void poll_dealloc(Object* o) {
  delete static_cast<Poll*>(o)->fds;
  free_object(o);
}
Ref select_poll(Value, const Value*) {
  auto* p = allocate_as<Poll>(poll_type);
  p->fds = new std::map<int, uint16_t>();
  return Ref::steal(p);
}
const NativeDef kPollMethods[] = {
    {"register", "($self, fd, eventmask=select.POLLIN | select.POLLPRI | select.POLLOUT, /)", poll_register,
     "Watch fd for the events of eventmask; if it is watched already, replace its mask."},
    {"modify", "($self, fd, eventmask, /)", poll_modify,
     "Give the watched fd a new eventmask; OSError if it is not watched."},
    {"unregister", "($self, fd, /)", poll_unregister, "Stop watching fd; KeyError if it is not watched."},
    {"poll", "($self, timeout=None, /)", poll_poll,
     "Wait up to timeout milliseconds (default: for ever) and return a list of (fd, event) pairs."},
    {}};

// ---- epoll

struct Epoll : Object {
  int fd;
};
Type epoll_type;
Epoll* epoll_of(Value v) { return static_cast<Epoll*>(v.object()); }
Failure fail_epoll_closed() { return fail(exc::ValueError, "I/O operation on closed epoll object"); }

Ref epoll_new(Type* cls, const Args& args) {
  Arguments a("epoll", "(sizehint=-1, flags=0)");
  TRY(a.bind(args));
  const int hint = a[0] ? TRY(to_c_int(a[0])) : -1;
  const int flags = a[1] ? TRY(to_c_int(a[1])) : 0;
  if (hint < -1 || hint == 0) return fail(exc::ValueError, "sizehint must be positive or -1");
  if (flags && flags != EPOLL_CLOEXEC) return fail(exc::OSError, "invalid flags");
  const int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return fail_errno(errno);
  auto* e = static_cast<Epoll*>(allocate(cls));
  e->fd = fd;
  return Ref::steal(e);
}
Ref epoll_control(Value self, int operation, Value target, Value mask) {
  auto* e = epoll_of(self);
  if (e->fd < 0) return fail_epoll_closed();
  const int fd = TRY(file_descriptor(target));
  epoll_event event{};
  event.data.fd = fd;
  event.events = mask ? static_cast<uint32_t>(TRY(to_uint_mask(mask))) : EPOLLIN | EPOLLPRI | EPOLLOUT;
  if (epoll_ctl(e->fd, operation, fd, operation == EPOLL_CTL_DEL ? nullptr : &event) < 0) return fail_errno(errno);
  return Ref::none();
}
Ref epoll_register(Value self, const Value* a) { return epoll_control(self, EPOLL_CTL_ADD, a[0], a[1]); }
Ref epoll_modify(Value self, const Value* a) { return epoll_control(self, EPOLL_CTL_MOD, a[0], a[1]); }
Ref epoll_unregister(Value self, const Value* a) { return epoll_control(self, EPOLL_CTL_DEL, a[0], Value()); }
Ref epoll_poll(Value self, const Value* a) {
  auto* e = epoll_of(self);
  if (e->fd < 0) return fail_epoll_closed();
  const int64_t timeout = TRY(timeout_argument(a[0], 1e9, "timeout must be an integer or None"));
  int count = a[1] ? TRY(to_c_int(a[1])) : -1;
  if (count == -1) count = FD_SETSIZE - 1;
  if (count < 1) return fail(exc::ValueError, "maxevents must be greater than 0, got {}", count);
  std::vector<epoll_event> events(static_cast<size_t>(count));
  const int64_t n = TRY(wait_until(timeout < 0 ? -1 : timeout, [&](int64_t left) {
    return epoll_wait(e->fd, events.data(), count, milliseconds(left));
  }));
  Ref list = make_list();
  for (int64_t i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    Ref pair = make_tuple({Value::integer(event.data.fd), Value::integer(event.events)});
    list_append(as<List>(list), pair);
  }
  return list;
}
Ref epoll_close(Value self, const Value*) {
  auto* e = epoll_of(self);
  if (e->fd >= 0) {
    const int fd = e->fd;
    e->fd = -1;
    if (close(fd) < 0) return fail_errno(errno);
  }
  return Ref::none();
}
Ref epoll_fileno(Value self, const Value*) {
  if (epoll_of(self)->fd < 0) return fail_epoll_closed();
  return make_int(epoll_of(self)->fd);
}
Ref epoll_closed(Value self) { return Ref::boolean(epoll_of(self)->fd < 0); }
Ref epoll_fromfd(Value cls, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  auto* e = static_cast<Epoll*>(allocate(as<Type>(cls)));
  e->fd = fd;
  return Ref::steal(e);
}
Ref epoll_enter(Value self, const Value*) {
  if (epoll_of(self)->fd < 0) return fail_epoll_closed();
  return Ref::share(self);
}
void epoll_dealloc(Object* o) {
  if (static_cast<Epoll*>(o)->fd >= 0) close(static_cast<Epoll*>(o)->fd);
  free_object(o);
}
const NativeDef kEpollMethods[] = {
    {"register", "($self, /, fd, eventmask=select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT)", epoll_register,
     "Watch fd for the events of eventmask; OSError if it is watched already."},
    {"modify", "($self, /, fd, eventmask)", epoll_modify,
     "Give the watched fd a new eventmask; OSError if it is not watched."},
    {"unregister", "($self, /, fd)", epoll_unregister, "Stop watching fd; OSError if it is not watched."},
    {"poll", "($self, /, timeout=None, maxevents=-1)", epoll_poll,
     "Wait up to timeout seconds (default: for ever) and return a list of at most maxevents (fd, event) pairs."},
    {"close", "($self, /)", epoll_close, "Close the descriptor of the epoll object; a second call does nothing."},
    {"fileno", "($self, /)", epoll_fileno, "The number of the descriptor of the epoll object."},
    {"fromfd", "($type, fd, /)", epoll_fromfd, "Make an epoll object of fd, a descriptor that epoll_create() gave.",
     NativeDef::ClassMethod},
    {"__enter__", "($self, /)", epoll_enter, nullptr},
    {"__exit__", "($self, exc_type=None, exc_value=None, exc_tb=None, /)", epoll_close, nullptr},
    {}};
const GetSetDef kEpollGetSets[] = {{"closed", epoll_closed, nullptr, "whether close() has been called"}, {}};

const NativeDef kFunctions[] = {
    {"select", "($module, rlist, wlist, xlist, timeout=None, /)", select_select,
     "Wait until something in rlist can be read, in wlist written, or in xlist has an exceptional condition. Returns "
     "the three lists of what is ready, all empty if timeout seconds pass first."},
    {"poll", "($module, /)", select_poll, "A new object for the poll() system call."},
    {}};

Status initialize(Value module) {
  define_type(poll_type,
              {.name = "select.poll", .size = sizeof(Poll), .layout = Layout::Native, .flags = Type::kNoInstances});
  poll_type.methods = kPollMethods;
  poll_type.dealloc = poll_dealloc;
  ready_type(poll_type);
  define_type(epoll_type,
              {.name = "select.epoll", .size = sizeof(Epoll), .layout = Layout::Native, .flags = Type::kBaseType});
  epoll_type.methods = kEpollMethods;
  epoll_type.getsets = kEpollGetSets;
  epoll_type.slots.new_ = epoll_new;
  epoll_type.dealloc = epoll_dealloc;
  ready_type(epoll_type);
  add_type(module, epoll_type);
  add_object(module, "error", to_value(&exc::OSError));
  struct Constant {
    const char* name;
    int64_t value;
  };
  const Constant constants[] = {{"PIPE_BUF", 4096},
                                {"POLLIN", POLLIN},
                                {"POLLPRI", POLLPRI},
                                {"POLLOUT", POLLOUT},
                                {"POLLERR", POLLERR},
                                {"POLLHUP", POLLHUP},
                                {"POLLNVAL", POLLNVAL},
                                {"POLLRDNORM", POLLRDNORM},
                                {"POLLRDBAND", POLLRDBAND},
                                {"POLLWRNORM", POLLWRNORM},
                                {"POLLWRBAND", POLLWRBAND},
                                {"POLLMSG", POLLMSG},
                                {"POLLRDHUP", POLLRDHUP},
                                {"EPOLLIN", EPOLLIN},
                                {"EPOLLOUT", EPOLLOUT},
                                {"EPOLLPRI", EPOLLPRI},
                                {"EPOLLERR", EPOLLERR},
                                {"EPOLLHUP", EPOLLHUP},
                                {"EPOLLRDHUP", EPOLLRDHUP},
                                {"EPOLLET", static_cast<int64_t>(static_cast<uint32_t>(EPOLLET))},
                                {"EPOLLONESHOT", EPOLLONESHOT},
                                {"EPOLLEXCLUSIVE", EPOLLEXCLUSIVE},
                                {"EPOLLRDNORM", EPOLLRDNORM},
                                {"EPOLLRDBAND", EPOLLRDBAND},
                                {"EPOLLWRNORM", EPOLLWRNORM},
                                {"EPOLLWRBAND", EPOLLWRBAND},
                                {"EPOLLMSG", EPOLLMSG},
                                {"EPOLL_CLOEXEC", EPOLL_CLOEXEC}};
  for (const Constant& c : constants) add_int(module, c.name, c.value);
  return kOk;
}

}  // namespace

extern const ModuleDef select_module;
const ModuleDef select_module = {"select", "Waiting for many file descriptors at once: select(), poll() and epoll.",
                                 kFunctions, initialize};

}  // namespace hiss

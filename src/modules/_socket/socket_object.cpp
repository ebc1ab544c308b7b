// _socket.socket: a socket of the operating system, its timeouts, and the simple calls.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cmath>
#include <ctime>
#include <memory>

#include "modules/_socket/socket.h"
#include "modules/_warnings.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "vm/audit.h"

namespace hiss {

Type socket_type;
int64_t default_timeout = -1;

namespace {

constexpr int64_t kSecond = 1000000000;

int64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

}  // namespace

// ---- Timeouts

Failure fail_timeout() { return fail(exc::TimeoutError, "timed out"); }

Deadline::Deadline(int64_t timeout_) : timeout(timeout_), end(timeout_ > 0 ? now() + timeout_ : -1) {}
int64_t Deadline::left() const { return end < 0 ? INT64_MAX : end - now(); }

Status wait_ready(Socket* socket, short events, const Deadline& deadline) {
  for (;;) {
    const int64_t left = deadline.left();
    if (left < 0) return fail_timeout();
    pollfd p{socket->fd, events, 0};
    const int64_t milliseconds = (left + 999999) / 1000000;
    int ready, code;
    {
      AllowThreads allow;
      ready = poll(&p, 1, deadline.end < 0 ? -1 : static_cast<int>(std::min<int64_t>(milliseconds, INT32_MAX)));
      code = errno;
    }
    if (ready > 0) return kOk;
    if (ready < 0 && code != EINTR) return fail_errno(code);
    if (ready < 0) TRY(run_signal_handlers());
  }
}

Result<int64_t> timeout_argument(Value v) {
  if (v.is_none()) return -1;
  if (!is_float(v)) {
    Ref whole = TRY(index(v));
    const auto seconds = int_value(whole);
    if (!seconds || *seconds > INT64_MAX / kSecond || *seconds < INT64_MIN / kSecond)
      return fail(exc::OverflowError, "timestamp too large to convert to C _PyTime_t");
    if (*seconds < 0) return fail(exc::ValueError, "Timeout value out of range");
    if (*seconds * 1000 > INT32_MAX) return fail(exc::OverflowError, "timeout doesn't fit into C timeval");
    return *seconds * kSecond;
  }
  const double seconds = float_value(v);
  if (std::isnan(seconds)) return fail(exc::ValueError, "Invalid value NaN (not a number)");
  if (std::fabs(seconds) >= 9.2e18) return fail(exc::OverflowError, "timestamp out of range for platform time_t");
  if (seconds < 0) return fail(exc::ValueError, "Timeout value out of range");
  if (seconds * 1000 > INT32_MAX) return fail(exc::OverflowError, "timeout doesn't fit into C timeval");
  return static_cast<int64_t>(std::ceil(seconds * 1e9));
}
Ref timeout_object(int64_t timeout) {
  return timeout < 0 ? Ref::none() : make_float(static_cast<double>(timeout) / 1e9);
}

namespace {

// ---- Making and closing

Status set_blocking(int fd, bool blocking) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) < 0)
    return fail_errno(errno);
  return kOk;
}
Result<int> socket_option(int fd, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(fd, SOL_SOCKET, option, &value, &size) < 0) return fail_errno(errno);
  return value;
}

/// Finds out what an open descriptor is, where the caller has not said.
Status adopt(Value fileno, int& fd, int& family, int& type, int& protocol) {
  if (is_float(fileno)) return fail(exc::TypeError, "'float' object cannot be interpreted as an integer");
  fd = TRY(to_c_int(fileno));
  if (fd < 0) return fail(exc::ValueError, "negative file descriptor");
  Address address;
  if (getsockname(fd, address.get(), &address.length) < 0) {
    if (family == -1 || errno == EBADF || errno == ENOTSOCK) return fail_errno(errno);
  } else if (family == -1) {
    family = address.storage.ss_family;
  }
  if (type == -1) type = TRY(socket_option(fd, SO_TYPE));
  if (protocol == -1) protocol = TRY(socket_option(fd, SO_PROTOCOL));
  return kOk;
}
Ref socket_new(Type* cls, const Args&) {
  auto* s = static_cast<Socket*>(allocate(cls));
  s->fd = -1;
  s->timeout = default_timeout;
  return Ref::steal(s);
}
Status socket_init(Value self, const Args& args) {
  if (args.count > 4) return fail(exc::TypeError, "socket() takes at most 4 arguments ({} given)", args.count);
  Arguments a("socket", "(family=-1, type=-1, proto=-1, fileno=None)");
  TRY(a.bind(args));
  int family = a[0] ? TRY(to_c_int(a[0])) : -1;
  int type = a[1] ? TRY(to_c_int(a[1])) : -1;
  int protocol = a[2] ? TRY(to_c_int(a[2])) : -1;
  TRY(audit("socket.__new__", {self, Value::integer(family), Value::integer(type), Value::integer(protocol)}));
  int fd = -1;
  if (a[3] && !a[3].is_none()) {
    TRY(adopt(a[3], fd, family, type, protocol));
  } else {
    if (family == -1) family = AF_INET;
    if (type == -1) type = SOCK_STREAM;
    if (protocol == -1) protocol = 0;
    fd = ::socket(family, type | SOCK_CLOEXEC, protocol);
    if (fd < 0) return fail_errno(errno);
  }
  Socket* s = socket_of(self);
  s->fd = fd;
  s->family = family;
  s->type = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  s->protocol = protocol;
  s->timeout = default_timeout;
  if (type & SOCK_NONBLOCK) {
    s->timeout = 0;
  } else if (default_timeout >= 0) {
    TRY(set_blocking(fd, false));
  }
  return kOk;
}

/// A socket dropped while open is closed, with a ResourceWarning.
void socket_finalize(Value self) {
  Socket* s = socket_of(self);
  if (s->fd < 0) return;
  Ref pending = take_pending();
  if (warn_about(exc::ResourceWarning, fmt::format("unclosed {}", repr_text(self)), 1, self).is_error()) {
    if (pending_is(exc::Warning)) {
      report_unraisable(self);
    } else {
      clear_pending();
    }
  }
  if (s->fd >= 0) {
    close(s->fd);
    s->fd = -1;
  }
  if (!pending.is_empty()) restore_pending(std::move(pending));
}
Ref socket_repr(Value self) {
  Socket* s = socket_of(self);
  return make_str(
      fmt::format("<socket object, fd={}, family={}, type={}, proto={}>", s->fd, s->family, s->type, s->protocol));
}
Ref socket_close(Value self, const Value*) {
  Socket* s = socket_of(self);
  const int fd = s->fd;
  if (fd < 0) return Ref::none();
  s->fd = -1;
  int failed, code;
  {
    AllowThreads allow;
    failed = close(fd);
    code = errno;
  }
  // The other side's reset is nothing that the one who closes can act on.
  if (failed < 0 && code != ECONNRESET) return fail_errno(code);
  return Ref::none();
}
Ref socket_detach(Value self, const Value*) {
  const int fd = socket_of(self)->fd;
  socket_of(self)->fd = -1;
  return make_int(fd);
}
Ref socket_fileno(Value self, const Value*) { return make_int(socket_of(self)->fd); }

// ---- Connections

Ref socket_accept(Value self, const Value*) {
  Socket* s = socket_of(self);
  Address address{};
  const int64_t fd = TRY(socket_call(s, POLLIN, Deadline(s->timeout), [&] {
    address.length = sizeof address.storage;
    return accept4(s->fd, address.get(), &address.length, SOCK_CLOEXEC);
  }));
  Ref object = address_object(address);
  if (object.is_error()) {
    close(static_cast<int>(fd));
    return object;
  }
  return make_tuple({Value::integer(fd), object});
}
Ref none_or_fail(int64_t answer) {
  if (answer < 0) return fail_errno(errno);
  return Ref::none();
}
Ref socket_bind(Value self, const Value* a) {
  Address address = TRY(address_argument(socket_of(self), a[0], "bind"));
  TRY(audit("socket.bind", {self, a[0]}));
  return none_or_fail(TRY(blocking_call([&] { return bind(socket_of(self)->fd, address.get(), address.length); })));
}
Ref socket_listen(Value self, const Value* a) {
  const int backlog = a[0] ? TRY(to_c_int(a[0])) : std::min(SOMAXCONN, 128);
  return none_or_fail(TRY(blocking_call([&] { return listen(socket_of(self)->fd, std::max(backlog, 0)); })));
}
Ref socket_shutdown(Value self, const Value* a) {
  const int how = TRY(to_c_int(a[0]));
  return none_or_fail(TRY(blocking_call([&] { return shutdown(socket_of(self)->fd, how); })));
}

/// Connects; the errno, or 0. A connection that is under way is waited for, as long as the timeout allows.
Result<int> connect_socket(Socket* s, Address& address) {
  int code;
  {
    AllowThreads allow;
    code = connect(s->fd, address.get(), address.length) < 0 ? errno : 0;
  }
  if (code == 0) return 0;
  bool under_way = s->timeout > 0 && code == EINPROGRESS;
  if (code == EINTR) {
    TRY(run_signal_handlers());
    under_way = s->timeout != 0;
  }
  if (!under_way) return code;
  TRY(wait_ready(s, POLLOUT | POLLERR, Deadline(s->timeout)));
  const int outcome = TRY(socket_option(s->fd, SO_ERROR));
  return outcome == EISCONN ? 0 : outcome;
}
Ref socket_connect(Value self, const Value* a) {
  Address address = TRY(address_argument(socket_of(self), a[0], "connect"));
  TRY(audit("socket.connect", {self, a[0]}));
  const int code = TRY(connect_socket(socket_of(self), address));
  if (code) return fail_errno(code);
  return Ref::none();
}
Ref socket_connect_ex(Value self, const Value* a) {
  Address address = TRY(address_argument(socket_of(self), a[0], "connect_ex"));
  TRY(audit("socket.connect", {self, a[0]}));
  Result<int> code = connect_socket(socket_of(self), address);
  if (!code.is_error()) return make_int(code.value());
  if (!pending_is(exc::TimeoutError)) return Failure{};
  clear_pending();
  return make_int(EAGAIN);
}
template <int (*ask)(int, sockaddr*, socklen_t*)>
Ref own_address(Value self) {
  Address address{};
  if (ask(socket_of(self)->fd, address.get(), &address.length) < 0) return fail_errno(errno);
  return address_object(address);
}
int ask_name(int fd, sockaddr* address, socklen_t* length) { return getsockname(fd, address, length); }
int ask_peer(int fd, sockaddr* address, socklen_t* length) { return getpeername(fd, address, length); }
Ref socket_getsockname(Value self, const Value*) { return own_address<ask_name>(self); }
Ref socket_getpeername(Value self, const Value*) { return own_address<ask_peer>(self); }

// ---- Options

Ref socket_getsockopt(Value self, const Value* a) {
  const int level = TRY(to_c_int(a[0])), option = TRY(to_c_int(a[1]));
  const int size = a[2] ? TRY(to_c_int(a[2])) : 0;
  socklen_t length = sizeof(int);
  if (size == 0) {
    int value = 0;
    if (getsockopt(socket_of(self)->fd, level, option, &value, &length) < 0) return fail_errno(errno);
    return make_int(value);
  }
  if (size < 0 || size > 1024) return fail(exc::OSError, "getsockopt buflen out of range");
  char buffer[1024];
  length = static_cast<socklen_t>(size);
  if (getsockopt(socket_of(self)->fd, level, option, buffer, &length) < 0) return fail_errno(errno);
  return make_bytes(buffer, static_cast<int64_t>(length));
}
Ref socket_setsockopt(Value self, const Value* a) {
  const int level = TRY(to_c_int(a[0])), option = TRY(to_c_int(a[1]));
  const int fd = socket_of(self)->fd;
  if (a[3]) {
    if (!a[2].is_none()) return fail(exc::TypeError, "setsockopt() argument 3 must be None, not {}", type_name(a[2]));
    const auto length = static_cast<socklen_t>(TRY(to_uint_mask(a[3])));
    return none_or_fail(setsockopt(fd, level, option, nullptr, length));
  }
  if (is_int(a[2]) || type_of(a[2])->slots.index) {
    const int value = TRY(to_c_int(a[2]));
    return none_or_fail(setsockopt(fd, level, option, &value, sizeof value));
  }
  BufferView view(TRY(get_buffer(a[2])));
  return none_or_fail(setsockopt(fd, level, option, view.data(), static_cast<socklen_t>(view.length())));
}
Status set_timeout(Socket* s, int64_t timeout) {
  s->timeout = timeout;
  return set_blocking(s->fd, timeout < 0);
}
Ref socket_settimeout(Value self, const Value* a) {
  TRY(set_timeout(socket_of(self), TRY(timeout_argument(a[0]))));
  return Ref::none();
}
Ref socket_setblocking(Value self, const Value* a) {
  TRY(set_timeout(socket_of(self), TRY(to_c_int(a[0])) ? -1 : 0));
  return Ref::none();
}
Ref socket_getblocking(Value self, const Value*) { return Ref::boolean(socket_of(self)->timeout != 0); }
Ref socket_gettimeout(Value self, const Value*) { return timeout_object(socket_of(self)->timeout); }

// ---- Data

Result<int> flags_argument(Value v) { return v ? to_c_int(v) : 0; }
Result<int64_t> size_argument(Value v, const char* method) {
  const int64_t size = TRY(to_index(v));
  if (size < 0) return fail(exc::ValueError, "negative buffersize in {}", method);
  return size;
}
Result<int64_t> receive(Socket* s, void* data, int64_t size, int flags) {
  if (size == 0) return 0;
  return socket_call(s, POLLIN, Deadline(s->timeout),
                     [&] { return recv(s->fd, data, static_cast<size_t>(size), flags); });
}
Result<int64_t> receive_from(Socket* s, void* data, int64_t size, int flags, Address& address) {
  return socket_call(s, POLLIN, Deadline(s->timeout), [&] {
    address.length = sizeof address.storage;
    return recvfrom(s->fd, data, static_cast<size_t>(size), flags, address.get(), &address.length);
  });
}
Ref socket_recv(Value self, const Value* a) {
  const int64_t size = TRY(size_argument(a[0], "recv"));
  const int flags = TRY(flags_argument(a[1]));
  std::unique_ptr<uint8_t[]> buffer(new (std::nothrow) uint8_t[static_cast<size_t>(size)]);
  if (!buffer) return fail_memory();
  return make_bytes(buffer.get(), TRY(receive(socket_of(self), buffer.get(), size, flags)));
}
Ref socket_recvfrom(Value self, const Value* a) {
  const int64_t size = TRY(size_argument(a[0], "recvfrom"));
  const int flags = TRY(flags_argument(a[1]));
  std::unique_ptr<uint8_t[]> buffer(new (std::nothrow) uint8_t[static_cast<size_t>(size)]);
  if (!buffer) return fail_memory();
  Address address{};
  const int64_t got = TRY(receive_from(socket_of(self), buffer.get(), size, flags, address));
  Ref data = make_bytes(buffer.get(), got);
  return make_tuple({data, TRY(address_object(address))});
}
/// A buffer argument that must be writable, named as CPython names it.
Result<Buffer> writable_argument(Value v, const char* method) {
  Result<Buffer> buffer = get_buffer(v, true);
  if (!buffer.is_error()) return buffer;
  clear_pending();
  return fail(exc::TypeError, "{}() argument 1 must be read-write bytes-like object, not {}", method, type_name(v));
}
Result<int64_t> wanted_size(Value v, int64_t available, const char* method, const char* too_small) {
  const int64_t size = v ? TRY(size_argument(v, method)) : 0;
  if (size > available) return fail(exc::ValueError, "{}", too_small);
  return size ? size : available;
}
Ref socket_recv_into(Value self, const Value* a) {
  BufferView view(TRY(writable_argument(a[0], "recv_into")));
  const int64_t size = TRY(wanted_size(a[1], view.length(), "recv_into", "buffer too small for requested bytes"));
  return make_int(TRY(receive(socket_of(self), view.data(), size, TRY(flags_argument(a[2])))));
}
Ref socket_recvfrom_into(Value self, const Value* a) {
  BufferView view(TRY(writable_argument(a[0], "recvfrom_into")));
  const int64_t size =
      TRY(wanted_size(a[1], view.length(), "recvfrom_into", "nbytes is greater than the length of the buffer"));
  Address address{};
  const int64_t got = TRY(receive_from(socket_of(self), view.data(), size, TRY(flags_argument(a[2])), address));
  Ref object = TRY(address_object(address));
  return make_tuple({make_int(got), object});
}
Result<int64_t> send_some(Socket* s, const uint8_t* data, int64_t size, int flags, const Deadline& deadline) {
  return socket_call(s, POLLOUT, deadline, [&] { return send(s->fd, data, static_cast<size_t>(size), flags); });
}
Ref socket_send(Value self, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  Socket* s = socket_of(self);
  return make_int(TRY(send_some(s, view.data(), view.length(), TRY(flags_argument(a[1])), Deadline(s->timeout))));
}
Ref socket_sendall(Value self, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  const int flags = TRY(flags_argument(a[1]));
  Socket* s = socket_of(self);
  const Deadline deadline(s->timeout);
  int64_t sent = 0;
  do {
    sent += TRY(send_some(s, view.data() + sent, view.length() - sent, flags, deadline));
    // Signals are seen to between the parts, however long the whole is.
    TRY(run_signal_handlers());
  } while (sent < view.length());
  return Ref::none();
}
Ref socket_sendto(Value self, const Value* a) {
  auto* t = as<Tuple>(a[0]);
  if (t->size < 2 || t->size > 3) return fail(exc::TypeError, "sendto() takes 2 or 3 arguments ({} given)", t->size);
  BufferView view(TRY(get_buffer(t->items[0])));
  const int flags = t->size == 3 ? TRY(to_c_int(t->items[1])) : 0;
  Socket* s = socket_of(self);
  Address address = TRY(address_argument(s, t->items[t->size - 1], "sendto"));
  TRY(audit("socket.sendto", {self, t->items[t->size - 1]}));
  return make_int(TRY(socket_call(s, POLLOUT, Deadline(s->timeout), [&] {
    return sendto(s->fd, view.data(), static_cast<size_t>(view.length()), flags, address.get(), address.length);
  })));
}

Ref get_family(Value self) { return make_int(socket_of(self)->family); }
Ref get_type(Value self) { return make_int(socket_of(self)->type); }
Ref get_protocol(Value self) { return make_int(socket_of(self)->protocol); }
Ref get_timeout(Value self) { return timeout_object(socket_of(self)->timeout); }
const GetSetDef kGetSets[] = {{"family", get_family, nullptr, "the socket family"},
                              {"type", get_type, nullptr, "the socket type"},
                              {"proto", get_protocol, nullptr, "the socket protocol"},
                              {"timeout", get_timeout, nullptr, "the timeout in seconds, or None"},
                              {}};

const NativeDef kMethods[] = {
    {"_accept", "($self, /)", socket_accept,
     "Wait for a connection; return (descriptor, address) of the socket made for it."},
    {"bind", "($self, address, /)", socket_bind, "Give the socket its own address."},
    {"close", "($self, /)", socket_close, "Close the socket; using it afterwards is an error."},
    {"connect", "($self, address, /)", socket_connect, "Connect the socket to the address of another one."},
    {"connect_ex", "($self, address, /)", socket_connect_ex,
     "Connect like connect(), but return an error of the system as its number; 0 for success."},
    {"detach", "($self, /)", socket_detach,
     "Give the file descriptor away: the object is as if closed, the descriptor stays open."},
    {"fileno", "($self, /)", socket_fileno, "The file descriptor; -1 once it is closed."},
    {"getpeername", "($self, /)", socket_getpeername, "The address that the socket is connected to."},
    {"getsockname", "($self, /)", socket_getsockname, "The socket's own address."},
    {"getsockopt", "($self, level, option, buffersize=0, /)", socket_getsockopt,
     "The value of an option: an int or, with a buffersize, that many bytes at most."},
    {"setsockopt", "($self, level, option, value, optlen=None, /)", socket_setsockopt,
     "Set an option to an int, to bytes, or to None with a length."},
    {"gettimeout", "($self, /)", socket_gettimeout, "The timeout in seconds; None for a socket that blocks."},
    {"settimeout", "($self, timeout, /)", socket_settimeout,
     "Let calls take this many seconds at most; None: any time; 0: none at all."},
    {"getblocking", "($self, /)", socket_getblocking, "False if calls never wait."},
    {"setblocking", "($self, flag, /)", socket_setblocking,
     "Let calls wait for any time if flag is true, else not at all."},
    {"listen", "($self, backlog=None, /)", socket_listen,
     "Take connections from others; backlog says how many may wait to be accepted."},
    {"recv", "($self, buffersize, flags=0, /)", socket_recv,
     "Receive up to buffersize bytes; empty when the other side has closed the connection."},
    {"recv_into", "($self, /, buffer, nbytes=0, flags=0)", socket_recv_into,
     "Receive into buffer, nbytes at most if that is not 0; return how many came."},
    {"recvfrom", "($self, buffersize, flags=0, /)", socket_recvfrom,
     "Receive up to buffersize bytes; return them and the sender's address."},
    {"recvfrom_into", "($self, /, buffer, nbytes=0, flags=0)", socket_recvfrom_into,
     "Receive into buffer; return how many bytes came and the sender's address."},
    {"send", "($self, data, flags=0, /)", socket_send, "Send bytes; return how many of them were taken."},
    {"sendall", "($self, data, flags=0, /)", socket_sendall, "Send all the bytes, in as many parts as it takes."},
    {"sendto", "($self, /, *args)", socket_sendto,
     "sendto(data, [flags,] address): send bytes to the address; return how many were taken."},
    {"shutdown", "($self, flag, /)", socket_shutdown,
     "End one or both directions of the connection: SHUT_RD, SHUT_WR or SHUT_RDWR."},
    {}};

}  // namespace

Status define_socket_type() {
  define_type(
      socket_type,
      {.name = "_socket.socket",
       .size = sizeof(Socket),
       .flags = Type::kBaseType,
       .doc = "socket(family=AF_INET, type=SOCK_STREAM, proto=0, fileno=None) -> socket object\n\nA new socket, "
              "or with fileno one that is open already, whose kind is then found out."});
  socket_type.slots.new_ = socket_new;
  socket_type.slots.init = socket_init;
  socket_type.slots.repr = socket_repr;
  socket_type.methods = kMethods;
  socket_type.getsets = kGetSets;
  socket_type.slots.finalize = socket_finalize;
  socket_type.dealloc = [](Object* o) { free_object(o); };
  ready_type(socket_type);
  for (const NativeDef* def = kSocketMessageMethods; def->name; ++def)
    dict_set(as<Dict>(socket_type.dict), intern(def->name), make_method_descriptor(&socket_type, def));
  return kOk;
}

}  // namespace hiss

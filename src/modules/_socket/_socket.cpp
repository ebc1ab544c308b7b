// _socket: what socket.py is built on.
#include <fcntl.h>
#include <unistd.h>

#include "modules/_socket/socket.h"

namespace hiss {

namespace {

Ref module_dup(Value, const Value* a) {
  const int fd = fcntl(TRY(to_c_int(a[0])), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return fail_errno(errno);
  return make_int(fd);
}
Ref module_close(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  int failed, code;
  {
    AllowThreads allow;
    failed = close(fd);
    code = errno;
  }
  if (failed < 0 && code != ECONNRESET) return fail_errno(code);
  return Ref::none();
}
Ref module_socketpair(Value, const Value* a) {
  const int family = a[0] ? TRY(to_c_int(a[0])) : AF_UNIX;
  const int type = a[1] ? TRY(to_c_int(a[1])) : SOCK_STREAM;
  const int protocol = a[2] ? TRY(to_c_int(a[2])) : 0;
  int fds[2];
  if (socketpair(family, type | SOCK_CLOEXEC, protocol, fds) < 0) return fail_errno(errno);
  std::vector<Ref> pair;
  for (int fd : fds) {
    Result<Ref> s = call(to_value(&socket_type),
                         {Value::integer(family), Value::integer(type), Value::integer(protocol), Value::integer(fd)});
    if (s.is_error() || s.value().is_error()) {
      if (pair.empty()) close(fds[0]);
      close(fds[1]);
      return Failure{};
    }
    pair.push_back(std::move(s.value()));
  }
  return make_tuple({pair[0], pair[1]});
}
Ref module_getdefaulttimeout(Value, const Value*) { return timeout_object(default_timeout); }
Ref module_setdefaulttimeout(Value, const Value* a) {
  default_timeout = TRY(timeout_argument(a[0]));
  return Ref::none();
}

const NativeDef kFunctions[] = {
    {"dup", "($module, fd, /)", module_dup, "A second descriptor of the same socket."},
    {"close", "($module, fd, /)", module_close, "Close a socket by its descriptor."},
    {"socketpair", "($module, family=AF_UNIX, type=SOCK_STREAM, proto=0, /)", module_socketpair,
     "Two sockets that are connected to each other."},
    {"getdefaulttimeout", "($module, /)", module_getdefaulttimeout, "The timeout of new sockets, in seconds or None."},
    {"setdefaulttimeout", "($module, timeout, /)", module_setdefaulttimeout,
     "Set the timeout of new sockets, in seconds or None."},
    {}};

Status initialize(Value module) {
  TRY(define_socket_type());
  TRY(define_socket_errors(module));
  add_functions(module, kResolverFunctions);
  add_functions(module, kSocketMessageFunctions);
  add_socket_constants(module);
  add_type(module, socket_type);
  add_object(module, "SocketType", to_value(&socket_type));
  add_object(module, "error", to_value(&exc::OSError));
  add_object(module, "timeout", to_value(&exc::TimeoutError));
  add_object(module, "has_ipv6", Value::boolean(true));
  return kOk;
}

}  // namespace

extern const ModuleDef socket_module;
const ModuleDef socket_module = {"_socket", "Sockets of the operating system, and names of hosts.", kFunctions,
                                 initialize};

}  // namespace hiss

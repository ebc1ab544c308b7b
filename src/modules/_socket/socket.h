// Sockets: the object, addresses, and what the files of _socket share.
#pragma once

#include <sys/socket.h>

#include <string>

#include "modules/module_content.h"

namespace hiss {

struct Socket : Object {
  int fd;
  int family, type, protocol;
  int64_t timeout;  // in nanoseconds; -1: blocks, 0: never waits
};
extern Type socket_type;
inline Socket* socket_of(Value v) { return static_cast<Socket*>(v.object()); }

/// Any address, and how long it is.
struct Address {
  sockaddr_storage storage;
  socklen_t length = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  template <typename T>
  T* as() {
    return reinterpret_cast<T*>(&storage);
  }
};
/// The address that an argument of the socket's method means: ("localhost", 80), "/run/socket" ...
Result<Address> address_argument(Socket* socket, Value v, const char* method);
/// The address as Python has it; None when it is empty.
Ref address_object(const Address& address);
/// A host name argument in the encoding of names: ASCII, or IDNA.
Result<std::string> host_argument(Value v);
/// The first address of a host name; "" stands for any, "<broadcast>" for the broadcast address.
Result<Address> resolve(const std::string& name, int family);
/// "127.0.0.1" of an address.
Ref host_text(const sockaddr* address);

[[gnu::cold]] Failure fail_gai(int code);
[[gnu::cold]] Failure fail_herror(int code);
[[gnu::cold]] Failure fail_timeout();

/// How long a call may go on. sendall() makes many calls with one deadline.
struct Deadline {
  explicit Deadline(int64_t timeout);
  int64_t left() const;  // negative: over
  int64_t timeout;
  int64_t end;
};
/// Waits until the socket is ready, or until the deadline: TimeoutError.
Status wait_ready(Socket* socket, short events, const Deadline& deadline);
/// Makes a call without the interpreter lock, after waiting for the socket if it has a timeout. Calls that a signal
/// interrupts are made again after its Python handler has run. OSError when the call fails.
template <typename Call>
Result<int64_t> socket_call(Socket* s, short events, const Deadline& deadline, Call&& call) {
  for (;;) {
    if (deadline.timeout > 0) TRY(wait_ready(s, events, deadline));
    const int64_t answer = TRY(blocking_call(call));
    if (answer >= 0) return answer;
    if (deadline.timeout > 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) continue;
    return fail_errno(errno);
  }
}

/// None, or seconds: nanoseconds, rounded up; -1 for None.
Result<int64_t> timeout_argument(Value v);
Ref timeout_object(int64_t timeout);
extern int64_t default_timeout;

/// The parts of the module, each in its own file.
extern const NativeDef kSocketMessageMethods[];  // recvmsg, recvmsg_into, sendmsg
extern const NativeDef kSocketMessageFunctions[];
extern const NativeDef kResolverFunctions[];
void add_socket_constants(Value module);
Status define_socket_type();
Status define_socket_errors(Value module);

}  // namespace hiss

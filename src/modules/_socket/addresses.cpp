// Addresses of sockets: between Python's tuples and the system's structures.
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "modules/_socket/socket.h"
#include "modules/posix/path_argument.h"
#include "object/buffer.h"
#include "object/bytes.h"

namespace hiss {

namespace {

Ref gai_error, host_error;

Failure fail_with_code(const Ref& type, int code, const char* text) {
  Ref message = make_str(text);
  Ref error = TRY(call(type, {Value::integer(code), message}));
  return fail_with(error);
}
Ref make_error(const char* name) {
  Ref space = make_dict();
  dict_set(as<Dict>(space), names.__module__, make_str("socket"));
  Ref bases = make_tuple({to_value(&exc::OSError)});
  Ref text = make_str(name);
  return call(to_value(&type_type), {text, bases, space});
}

/// The whole number of a field of an address, within its range.
Result<uint32_t> number(Value v, int64_t highest, const char* method, const char* what) {
  Ref index_value = TRY(index(v));
  const auto i = int_value(index_value);
  if (!i || *i < 0 || *i > highest) return fail(exc::OverflowError, "{}(): {} must be 0-{}.", method, what, highest);
  return static_cast<uint32_t>(*i);
}
Result<Tuple*> tuple_argument(Value v, const char* family, const char* method) {
  if (is<Tuple>(v)) return as<Tuple>(v);
  return fail(exc::TypeError, "{}(): {} address must be tuple, not {}", method, family, type_name(v));
}

Result<Address> inet_argument(Value v, const char* method) {
  Tuple* t = TRY(tuple_argument(v, "AF_INET", method));
  if (t->size != 2) return fail(exc::TypeError, "AF_INET address must be a pair (host, port)");
  const std::string host = TRY(host_argument(t->items[0]));
  const uint32_t port = TRY(number(t->items[1], 0xFFFF, method, "port"));
  Address address = TRY(resolve(host, AF_INET));
  address.as<sockaddr_in>()->sin_port = htons(static_cast<uint16_t>(port));
  address.length = sizeof(sockaddr_in);
  return address;
}
Result<Address> inet6_argument(Value v, const char* method) {
  Tuple* t = TRY(tuple_argument(v, "AF_INET6", method));
  if (t->size < 2 || t->size > 4)
    return fail(exc::TypeError, "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])");
  const std::string host = TRY(host_argument(t->items[0]));
  const uint32_t port = TRY(number(t->items[1], 0xFFFF, method, "port"));
  const uint32_t flow = t->size > 2 ? TRY(number(t->items[2], 0xFFFFF, method, "flowinfo")) : 0;
  const auto scope = t->size > 3 ? static_cast<uint32_t>(TRY(to_uint_mask(t->items[3]))) : 0;
  Address address = TRY(resolve(host, AF_INET6));
  auto* in6 = address.as<sockaddr_in6>();
  in6->sin6_port = htons(static_cast<uint16_t>(port));
  in6->sin6_flowinfo = htonl(flow);
  in6->sin6_scope_id = scope;
  address.length = sizeof(sockaddr_in6);
  return address;
}
Result<Address> unix_argument(Value v) {
  std::string path;
  if (is<Str>(v)) {
    Ref encoded = TRY(call_method(v, "encode", {make_str("utf-8"), make_str("surrogateescape")}));
    path = as<Bytes>(encoded)->view();
  } else {
    BufferView view(TRY(get_buffer(v)));
    path = view.text();
  }
  Address address{};
  auto* un = address.as<sockaddr_un>();
  un->sun_family = AF_UNIX;
  // Abstract names begin with a zero byte and need none at their end.
  const bool abstract = path.empty() || path[0] == 0;
  if (path.size() + (abstract ? 0 : 1) > sizeof un->sun_path) return fail(exc::OSError, "AF_UNIX path too long");
  memcpy(un->sun_path, path.data(), path.size());
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
  return address;
}
Result<Address> netlink_argument(Value v, const char* method) {
  Tuple* t = TRY(tuple_argument(v, "AF_NETLINK", method));
  if (t->size != 2) return fail(exc::TypeError, "AF_NETLINK address must be a pair (pid, groups)");
  Address address{};
  auto* nl = address.as<sockaddr_nl>();
  nl->nl_family = AF_NETLINK;
  nl->nl_pid = static_cast<uint32_t>(TRY(to_uint_mask(t->items[0])));
  nl->nl_groups = static_cast<uint32_t>(TRY(to_uint_mask(t->items[1])));
  address.length = sizeof(sockaddr_nl);
  return address;
}

Ref unix_object(const Address& address) {
  const auto* un = reinterpret_cast<const sockaddr_un*>(&address.storage);
  const size_t header = offsetof(sockaddr_un, sun_path);
  const size_t length = address.length > header ? address.length - header : 0;
  if (length > 0 && un->sun_path[0] == 0) return make_bytes(un->sun_path, static_cast<int64_t>(length));
  return fs_decode(std::string_view(un->sun_path, strnlen(un->sun_path, length)));
}

/// getaddrinfo() without the interpreter lock. The list is freed with the object.
struct Found {
  addrinfo* list = nullptr;
  int error = 0;
  Found(const char* host, const char* service, const addrinfo& hints) {
    AllowThreads allow;
    error = getaddrinfo(host, service, &hints, &list);
  }
  ~Found() {
    if (list) freeaddrinfo(list);
  }
};
Address first_of(const Found& found) {
  Address address{};
  memcpy(&address.storage, found.list->ai_addr, found.list->ai_addrlen);
  address.length = found.list->ai_addrlen;
  return address;
}
Result<Address> wildcard(int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_PASSIVE;
  Found found(nullptr, "0", hints);
  if (found.error) return fail_gai(found.error);
  if (found.list->ai_next) return fail(exc::OSError, "wildcard resolved to multiple address");
  return first_of(found);
}

}  // namespace

Status define_socket_errors(Value module) {
  if (gai_error.is_empty()) {
    gai_error = TRY(make_error("gaierror"));
    host_error = TRY(make_error("herror"));
  }
  add_object(module, "gaierror", gai_error);
  add_object(module, "herror", host_error);
  return kOk;
}
Failure fail_gai(int code) {
  if (code == EAI_SYSTEM) return fail_errno(errno);
  return fail_with_code(gai_error, code, gai_strerror(code));
}
Failure fail_herror(int code) { return fail_with_code(host_error, code, hstrerror(code)); }

Result<std::string> host_argument(Value v) {
  std::string name;
  if (is<Str>(v)) {
    if (as<Str>(v)->ascii) {
      name = as<Str>(v)->ascii_view();
    } else {
      Ref codec = make_str("idna");
      Ref encoded = TRY(call_method(v, names.encode, {codec}));
      if (!is<Bytes>(encoded)) return fail(exc::TypeError, "encoding of hostname failed");
      name = as<Bytes>(encoded)->view();
    }
  } else if (is<Bytes>(v) || is<ByteArray>(v)) {
    BufferView view(TRY(get_buffer(v)));
    name = view.text();
  } else {
    return fail(exc::TypeError, "str, bytes or bytearray expected, not {}", type_name(v));
  }
  if (name.find('\0') != name.npos) return fail(exc::TypeError, "host name must not contain null character");
  return name;
}

Result<Address> resolve(const std::string& name, int family) {
  if (name.empty()) return wildcard(family);
  Address address{};
  if (name == "<broadcast>" || name == "255.255.255.255") {
    if (family != AF_INET && family != AF_UNSPEC) return fail(exc::OSError, "address family mismatched");
    auto* in = address.as<sockaddr_in>();
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = INADDR_BROADCAST;
    address.length = sizeof(sockaddr_in);
    return address;
  }
  // Numbers need no resolver.
  auto* in = address.as<sockaddr_in>();
  if (family != AF_INET6 && inet_pton(AF_INET, name.c_str(), &in->sin_addr) > 0) {
    in->sin_family = AF_INET;
    address.length = sizeof(sockaddr_in);
    return address;
  }
  auto* in6 = address.as<sockaddr_in6>();
  if (family != AF_INET && name.find('%') == name.npos && inet_pton(AF_INET6, name.c_str(), &in6->sin6_addr) > 0) {
    in6->sin6_family = AF_INET6;
    address.length = sizeof(sockaddr_in6);
    return address;
  }
  addrinfo hints{};
  hints.ai_family = family;
  Found found(name.c_str(), nullptr, hints);
  if (found.error) return fail_gai(found.error);
  return first_of(found);
}

Ref host_text(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
  }
  return make_str(text);
}

Result<Address> address_argument(Socket* socket, Value v, const char* method) {
  switch (socket->family) {
    case AF_INET:
      return inet_argument(v, method);
    case AF_INET6:
      return inet6_argument(v, method);
    case AF_UNIX:
      return unix_argument(v);
    case AF_NETLINK:
      return netlink_argument(v, method);
    default:
      return fail(exc::OSError, "{}(): bad family", method);
  }
}

Ref address_object(const Address& address) {
  if (address.length == 0) return Ref::none();
  switch (address.storage.ss_family) {
    case AF_INET: {
      const auto* in = reinterpret_cast<const sockaddr_in*>(&address.storage);
      return make_tuple({host_text(address.get()), Value::integer(ntohs(in->sin_port))});
    }
    case AF_INET6: {
      const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
      return make_tuple({host_text(address.get()), Value::integer(ntohs(in6->sin6_port)),
                         Value::integer(ntohl(in6->sin6_flowinfo)), Value::integer(in6->sin6_scope_id)});
    }
    case AF_UNIX:
      return unix_object(address);
    case AF_NETLINK: {
      const auto* nl = reinterpret_cast<const sockaddr_nl*>(&address.storage);
      return make_tuple({Value::integer(nl->nl_pid), Value::integer(nl->nl_groups)});
    }
    default: {
      Ref data = make_bytes(address.get()->sa_data, static_cast<int64_t>(address.length) - 2);
      return make_tuple({Value::integer(address.storage.ss_family), data});
    }
  }
}

}  // namespace hiss

// Names of hosts, services, protocols and interfaces, and numbers in network byte order.
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <climits>
#include <cstring>

#include "modules/_socket/socket.h"
#include "modules/posix/path_argument.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "vm/audit.h"

namespace hiss {

namespace {

// ---- getaddrinfo and getnameinfo

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first) freeaddrinfo(first);
  }
};
Address address_of(const addrinfo* info) {
  Address address{};
  memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
  address.length = info->ai_addrlen;
  return address;
}
Result<std::string> service_argument(Value v) {
  if (is_int(v)) return to_string(TRY(str(v)));
  Ref text = is<Str>(v) ? TRY(call_method(v, names.encode)) : Ref::share(v);
  if (is<Bytes>(text)) return std::string(as<Bytes>(text)->view());
  return fail(exc::OSError, "Int or String expected");
}
Ref address_info(const addrinfo* info) {
  Ref address = TRY(address_object(address_of(info)));
  Ref canonical = make_str(info->ai_canonname ? info->ai_canonname : "");
  return make_tuple({Value::integer(info->ai_family), Value::integer(info->ai_socktype),
                     Value::integer(info->ai_protocol), canonical, address});
}
Ref module_getaddrinfo(Value, const Value* a) {
  auto or_zero = [](Value v) { return v ? v : Value::integer(0); };
  TRY(audit("socket.getaddrinfo", {a[0], a[1], or_zero(a[2]), or_zero(a[3]), or_zero(a[4])}));
  std::string host, service;
  if (is<Str>(a[0]) || is<Bytes>(a[0])) {
    host = TRY(host_argument(a[0]));
  } else if (!a[0].is_none()) {
    return fail(exc::TypeError, "getaddrinfo() argument 1 must be string or None");
  }
  if (!a[1].is_none()) service = TRY(service_argument(a[1]));
  addrinfo hints{};
  hints.ai_family = a[2] ? TRY(to_c_int(a[2])) : 0;
  hints.ai_socktype = a[3] ? TRY(to_c_int(a[3])) : 0;
  hints.ai_protocol = a[4] ? TRY(to_c_int(a[4])) : 0;
  hints.ai_flags = a[5] ? TRY(to_c_int(a[5])) : 0;
  AddressList found;
  int error;
  {
    AllowThreads allow;
    error = getaddrinfo(a[0].is_none() ? nullptr : host.c_str(), a[1].is_none() ? nullptr : service.c_str(), &hints,
                        &found.first);
  }
  if (error) return fail_gai(error);
  Ref list = make_list();
  for (const addrinfo* info = found.first; info; info = info->ai_next)
    list_append(as<List>(list), TRY(address_info(info)));
  return list;
}

/// The numeric address that a sockaddr argument of getnameinfo() stands for.
Result<Address> name_argument(Tuple* t) {
  if (t->size < 2 || t->size > 4 || !is<Str>(t->items[0]) || !is_int(t->items[1]))
    return fail(exc::TypeError, "getnameinfo(): illegal sockaddr argument");
  const int port = TRY(to_c_int(t->items[1]));
  const uint64_t flow = t->size > 2 ? TRY(to_uint_mask(t->items[2])) : 0;
  const uint64_t scope = t->size > 3 ? TRY(to_uint_mask(t->items[3])) : 0;
  if (flow > 0xFFFFF) return fail(exc::OverflowError, "getnameinfo(): flowinfo must be 0-1048575.");
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICHOST;
  AddressList found;
  const std::string host = to_string(t->items[0]), service = std::to_string(port);
  int error;
  {
    AllowThreads allow;
    error = getaddrinfo(host.c_str(), service.c_str(), &hints, &found.first);
  }
  if (error) return fail_gai(error);
  if (found.first->ai_next) return fail(exc::OSError, "sockaddr resolved to multiple addresses");
  Address address = address_of(found.first);
  if (found.first->ai_family == AF_INET && t->size != 2) return fail(exc::OSError, "IPv4 sockaddr must be 2 tuple");
  if (found.first->ai_family == AF_INET6) {
    address.as<sockaddr_in6>()->sin6_flowinfo = htonl(static_cast<uint32_t>(flow));
    address.as<sockaddr_in6>()->sin6_scope_id = static_cast<uint32_t>(scope);
  }
  return address;
}
Ref module_getnameinfo(Value, const Value* a) {
  const int flags = TRY(to_c_int(a[1]));
  if (!is<Tuple>(a[0])) return fail(exc::TypeError, "getnameinfo() argument 1 must be a tuple");
  const Address address = TRY(name_argument(as<Tuple>(a[0])));
  char host[NI_MAXHOST], service[NI_MAXSERV];
  int error;
  {
    AllowThreads allow;
    error = getnameinfo(address.get(), address.length, host, sizeof host, service, sizeof service, flags);
  }
  if (error) return fail_gai(error);
  return make_tuple({make_str(host), make_str(service)});
}

// ---- The older functions of hosts

Result<std::string> named_host(Value v, const char* function) {
  if (is<Str>(v) || is<Bytes>(v) || is<ByteArray>(v)) return host_argument(v);
  return fail(exc::TypeError, "{}() argument 1 must be str, bytes or bytearray, not {}", function,
              v.is_none() ? "None" : type_name(v));
}
/// Calls one of glibc's reentrant functions, with as big a buffer as it asks for.
template <typename Look>
Ref host_entry(int family, Look&& look) {
  std::string buffer(1024, 0);
  hostent entry;
  hostent* found = nullptr;
  int error = 0;
  for (;;) {
    int code;
    {
      AllowThreads allow;
      code = look(&entry, buffer.data(), buffer.size(), &found, &error);
    }
    if (code != ERANGE) break;
    buffer.resize(buffer.size() * 2);
  }
  if (!found) return fail_herror(error);
  if (found->h_addrtype != family) return fail_errno(EAFNOSUPPORT);
  Ref aliases = make_list(), addresses = make_list();
  for (char** alias = found->h_aliases; alias && *alias; ++alias) list_append(as<List>(aliases), make_str(*alias));
  for (char** raw = found->h_addr_list; *raw; ++raw) {
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(family, *raw, text, sizeof text);
    list_append(as<List>(addresses), make_str(text));
  }
  return make_tuple({make_str(found->h_name), aliases, addresses});
}
Ref module_gethostbyname(Value, const Value* a) {
  TRY(audit("socket.gethostbyname", {a[0]}));
  const Address address = TRY(resolve(TRY(named_host(a[0], "gethostbyname")), AF_INET));
  return host_text(address.get());
}
Ref module_gethostbyname_ex(Value, const Value* a) {
  TRY(audit("socket.gethostbyname", {a[0]}));
  const std::string name = TRY(named_host(a[0], "gethostbyname_ex"));
  TRY(resolve(name, AF_INET));
  return host_entry(AF_INET, [&](hostent* entry, char* data, size_t size, hostent** found, int* error) {
    return gethostbyname_r(name.c_str(), entry, data, size, found, error);
  });
}
Ref module_gethostbyaddr(Value, const Value* a) {
  TRY(audit("socket.gethostbyaddr", {a[0]}));
  const Address address = TRY(resolve(TRY(named_host(a[0], "gethostbyaddr")), AF_UNSPEC));
  const int family = address.storage.ss_family;
  const void* raw = family == AF_INET
                        ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr)
                        : &reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
  const socklen_t raw_size = family == AF_INET ? 4 : 16;
  return host_entry(family, [&](hostent* entry, char* data, size_t size, hostent** found, int* error) {
    return gethostbyaddr_r(raw, raw_size, family, entry, data, size, found, error);
  });
}
Ref module_gethostname(Value, const Value*) {
  TRY(audit("socket.gethostname", {}));
  char name[1024];
  if (gethostname(name, sizeof name - 1) < 0) return fail_errno(errno);
  name[sizeof name - 1] = 0;
  return fs_decode(name);
}
Ref module_sethostname(Value, const Value* a) {
  TRY(audit("socket.sethostname", {a[0]}));
  std::string name;
  if (is<Bytes>(a[0])) {
    name = as<Bytes>(a[0])->view();
  } else {
    name = TRY(fs_path(a[0]));
  }
  if (sethostname(name.c_str(), name.size()) < 0) return fail_errno(errno);
  return Ref::none();
}

// ---- Services and protocols. These functions of the system share one buffer: the interpreter lock protects it.

Ref module_getservbyname(Value, const Value* a) {
  const std::string name = to_string(TRY(str_argument(a[0], "getservbyname", "argument 1")));
  const std::string protocol = a[1] ? to_string(TRY(str_argument(a[1], "getservbyname", "argument 2"))) : "";
  const servent* found = getservbyname(name.c_str(), a[1] ? protocol.c_str() : nullptr);
  if (!found) return fail(exc::OSError, "service/proto not found");
  return make_int(ntohs(static_cast<uint16_t>(found->s_port)));
}
Ref module_getservbyport(Value, const Value* a) {
  const int port = TRY(to_c_int(a[0]));
  const std::string protocol = a[1] ? to_string(TRY(str_argument(a[1], "getservbyport", "argument 2"))) : "";
  if (port < 0 || port > 0xFFFF) return fail(exc::OverflowError, "getservbyport: port must be 0-65535.");
  const servent* found = getservbyport(htons(static_cast<uint16_t>(port)), a[1] ? protocol.c_str() : nullptr);
  if (!found) return fail(exc::OSError, "port/proto not found");
  return make_str(found->s_name);
}
Ref module_getprotobyname(Value, const Value* a) {
  const std::string name = to_string(TRY(str_argument(a[0], "getprotobyname", "argument 1")));
  const protoent* found = getprotobyname(name.c_str());
  if (!found) return fail(exc::OSError, "protocol not found");
  return make_int(found->p_proto);
}

// ---- Interfaces

Ref module_if_nameindex(Value, const Value*) {
  struct if_nameindex* list = if_nameindex();
  if (!list) return fail_errno(errno);
  Ref out = make_list();
  for (struct if_nameindex* i = list; i->if_index; ++i) {
    Ref name = fs_decode(i->if_name);
    Ref pair = make_tuple({Value::integer(i->if_index), name});
    list_append(as<List>(out), pair);
  }
  if_freenameindex(list);
  return out;
}
Ref module_if_nametoindex(Value, const Value* a) {
  const unsigned i = if_nametoindex(TRY(fs_path(a[0])).c_str());
  if (i == 0) return fail(exc::OSError, "no interface with this name");
  return make_int(i);
}
Ref module_if_indextoname(Value, const Value* a) {
  if (!is_int(a[0])) return fail(exc::TypeError, "an integer is required");
  const auto i = int_value(a[0]);
  if (int_sign(a[0]) < 0) return fail(exc::OverflowError, "can't convert negative value to unsigned int");
  if (!i || *i > UINT_MAX) return fail(exc::OverflowError, "Python int too large to convert to C unsigned int");
  char name[IF_NAMESIZE + 1];
  if (!if_indextoname(static_cast<unsigned>(*i), name)) return fail_errno(errno);
  return fs_decode(name);
}

// ---- Byte order and numeric addresses. Converting to and from network order is the same.

Ref swap16(Value v, const char* name) {
  Ref number = TRY(index(v));
  const auto i = int_value(number);
  if (int_sign(number) < 0)
    return fail(exc::OverflowError, "{}: can't convert negative Python int to C 16-bit unsigned integer", name);
  if (!i || *i > 0xFFFF)
    return fail(exc::OverflowError, "{}: Python int too large to convert to C 16-bit unsigned integer", name);
  return make_int(htons(static_cast<uint16_t>(*i)));
}
Ref swap32(Value v) {
  if (!is_int(v)) return fail(exc::TypeError, "expected int, {} found", type_name(v));
  if (int_sign(v) < 0) return fail(exc::OverflowError, "can't convert negative value to unsigned int");
  const auto i = int_value(v);
  if (!i || *i > UINT32_MAX) return fail(exc::OverflowError, "int larger than 32 bits");
  return make_int(htonl(static_cast<uint32_t>(*i)));
}
Ref module_ntohs(Value, const Value* a) { return swap16(a[0], "ntohs"); }
Ref module_htons(Value, const Value* a) { return swap16(a[0], "htons"); }
Ref module_ntohl(Value, const Value* a) { return swap32(a[0]); }
Ref module_htonl(Value, const Value* a) { return swap32(a[0]); }

Ref module_inet_aton(Value, const Value* a) {
  const std::string text = to_string(TRY(str_argument(a[0], "inet_aton", "argument 1")));
  in_addr address;
  if (!inet_aton(text.c_str(), &address)) return fail(exc::OSError, "illegal IP address string passed to inet_aton");
  return make_bytes(&address, sizeof address);
}
Ref module_inet_ntoa(Value, const Value* a) {
  BufferView view(TRY(get_buffer(a[0])));
  if (view.length() != 4) return fail(exc::OSError, "packed IP wrong length for inet_ntoa");
  char text[INET_ADDRSTRLEN];
  return make_str(inet_ntop(AF_INET, view.data(), text, sizeof text));
}
Ref module_inet_pton(Value, const Value* a) {
  const int family = TRY(to_c_int(a[0]));
  const std::string text = to_string(TRY(str_argument(a[1], "inet_pton", "argument 2")));
  unsigned char packed[16];
  const int answer = inet_pton(family, text.c_str(), packed);
  if (answer < 0) return fail_errno(errno);
  if (answer == 0) return fail(exc::OSError, "illegal IP address string passed to inet_pton");
  return make_bytes(packed, family == AF_INET ? 4 : 16);
}
Ref module_inet_ntop(Value, const Value* a) {
  const int family = TRY(to_c_int(a[0]));
  BufferView view(TRY(get_buffer(a[1])));
  if (family != AF_INET && family != AF_INET6) return fail(exc::ValueError, "unknown address family {}", family);
  if (view.length() != (family == AF_INET ? 4 : 16))
    return fail(exc::ValueError, "invalid length of packed IP address string");
  char text[INET6_ADDRSTRLEN];
  return make_str(inet_ntop(family, view.data(), text, sizeof text));
}

}  // namespace

const NativeDef kResolverFunctions[] = {
    {"getaddrinfo", "($module, /, host, port, family=0, type=0, proto=0, flags=0)", module_getaddrinfo,
     "The addresses of a host and service, as tuples (family, type, proto, canonical name, address)."},
    {"getnameinfo", "($module, sockaddr, flags, /)", module_getnameinfo,
     "The names of the host and service at an address."},
    {"gethostbyname", "($module, host, /)", module_gethostbyname, "The IPv4 address of a host."},
    {"gethostbyname_ex", "($module, host, /)", module_gethostbyname_ex,
     "The name, the aliases and the IPv4 addresses of a host."},
    {"gethostbyaddr", "($module, host, /)", module_gethostbyaddr,
     "The name, the aliases and the addresses of the host at an address."},
    {"gethostname", "($module, /)", module_gethostname, "The name of this host."},
    {"sethostname", "($module, name, /)", module_sethostname, "Give this host a name."},
    {"getservbyname", "($module, servicename, protocolname=None, /)", module_getservbyname, "The port of a service."},
    {"getservbyport", "($module, port, protocolname=None, /)", module_getservbyport, "The service at a port."},
    {"getprotobyname", "($module, name, /)", module_getprotobyname, "The number of a protocol."},
    {"if_nameindex", "($module, /)", module_if_nameindex, "The network interfaces, as pairs (index, name)."},
    {"if_nametoindex", "($module, name, /)", module_if_nametoindex, "The index of a network interface."},
    {"if_indextoname", "($module, index, /)", module_if_indextoname, "The name of a network interface."},
    {"ntohs", "($module, x, /)", module_ntohs, "A 16-bit number from network to host byte order."},
    {"htons", "($module, x, /)", module_htons, "A 16-bit number from host to network byte order."},
    {"ntohl", "($module, x, /)", module_ntohl, "A 32-bit number from network to host byte order."},
    {"htonl", "($module, x, /)", module_htonl, "A 32-bit number from host to network byte order."},
    {"inet_aton", "($module, ip, /)", module_inet_aton, "The four bytes of an IPv4 address given as text."},
    {"inet_ntoa", "($module, packed, /)", module_inet_ntoa, "The text of an IPv4 address given as four bytes."},
    {"inet_pton", "($module, family, ip, /)", module_inet_pton, "The bytes of an address given as text."},
    {"inet_ntop", "($module, family, packed, /)", module_inet_ntop, "The text of an address given as bytes."},
    {}};

}  // namespace hiss

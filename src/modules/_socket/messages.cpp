// sendmsg and recvmsg: several buffers in one call, and ancillary data (file descriptors, credentials).
#include <poll.h>

#include <climits>
#include <cstring>
#include <memory>

#include "modules/_socket/socket.h"
#include "object/buffer.h"
#include "object/bytes.h"

namespace hiss {

namespace {

/// Buffers for one call, held until it is over.
struct Buffers {
  std::vector<BufferView> views;
  std::vector<iovec> parts;
};
Status read_buffers(Value iterable, const char* method, bool writable, Buffers& out) {
  Ref list = to_list(iterable);
  if (list.is_error()) {
    if (!pending_is(exc::TypeError)) return Failure{};
    clear_pending();
    return fail(exc::TypeError, "{}() argument 1 must be an iterable", method);
  }
  if (as<List>(list)->size > INT_MAX) return fail(exc::OSError, "{}() argument 1 is too long", method);
  for (Value v : *as<List>(list)) {
    Result<Buffer> buffer = get_buffer(v, writable);
    if (buffer.is_error()) {
      if (!writable) return Failure{};
      clear_pending();
      return fail(exc::TypeError, "recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers");
    }
    out.views.emplace_back(std::move(buffer.value()));
    BufferView& view = out.views.back();
    out.parts.push_back({view.data(), static_cast<size_t>(view.length())});
  }
  return kOk;
}

// ---- sendmsg

struct ControlItem {
  int level, type;
  BufferView data;
};
Status read_control(Value iterable, std::vector<ControlItem>& out) {
  Ref list = to_list(iterable);
  if (list.is_error()) {
    if (!pending_is(exc::TypeError)) return Failure{};
    clear_pending();
    return fail(exc::TypeError, "sendmsg() argument 2 must be an iterable");
  }
  constexpr const char* kWhere = "[sendmsg() ancillary data items]() argument must be";
  for (Value v : *as<List>(list)) {
    if (!is<Tuple>(v) && !is<List>(v)) {
      return fail(exc::TypeError, "{} 3-item sequence, not {}", kWhere, v.is_none() ? "None" : type_name(v));
    }
    Ref item = TRY(to_tuple(v));
    auto* t = as<Tuple>(item);
    if (t->size != 3) return fail(exc::TypeError, "{} sequence of length 3, not {}", kWhere, t->size);
    const int level = TRY(to_c_int(t->items[0])), type = TRY(to_c_int(t->items[1]));
    out.push_back({level, type, BufferView(TRY(get_buffer(t->items[2])))});
  }
  return kOk;
}
/// The control buffer of a message: each item behind its header.
std::unique_ptr<char[]> pack_control(const std::vector<ControlItem>& items, msghdr& message) {
  size_t size = 0;
  for (const ControlItem& item : items) size += CMSG_SPACE(static_cast<size_t>(item.data.length()));
  if (size == 0) return nullptr;
  auto buffer = std::make_unique<char[]>(size);
  message.msg_control = buffer.get();
  message.msg_controllen = size;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  for (const ControlItem& item : items) {
    header->cmsg_level = item.level;
    header->cmsg_type = item.type;
    header->cmsg_len = CMSG_LEN(static_cast<size_t>(item.data.length()));
    memcpy(CMSG_DATA(header), item.data.data(), static_cast<size_t>(item.data.length()));
    header = CMSG_NXTHDR(&message, header);
  }
  return buffer;
}
Ref socket_sendmsg(Value self, const Value* a) {
  Socket* s = socket_of(self);
  Buffers buffers;
  TRY(read_buffers(a[0], "sendmsg", false, buffers));
  const int flags = a[2] ? TRY(to_c_int(a[2])) : 0;
  msghdr message{};
  Address address{};
  if (a[3] && !a[3].is_none()) {
    address = TRY(address_argument(s, a[3], "sendmsg"));
    message.msg_name = address.get();
    message.msg_namelen = address.length;
  }
  std::vector<ControlItem> items;
  if (a[1]) TRY(read_control(a[1], items));
  auto control = pack_control(items, message);
  message.msg_iov = buffers.parts.data();
  message.msg_iovlen = buffers.parts.size();
  return make_int(TRY(socket_call(s, POLLOUT, Deadline(s->timeout), [&] { return sendmsg(s->fd, &message, flags); })));
}

// ---- recvmsg

/// How much of an item's data lies within the control buffer, which may have been too short for all of it.
int64_t data_length(const msghdr& message, const cmsghdr* header) {
  const auto* data = reinterpret_cast<const char*>(CMSG_DATA(header));
  const auto* end = static_cast<const char*>(message.msg_control) + message.msg_controllen;
  const int64_t there = end - data;
  const auto said = static_cast<int64_t>(header->cmsg_len - CMSG_LEN(0));
  return std::max<int64_t>(0, std::min(there, said));
}
Ref control_list(msghdr& message) {
  Ref list = make_list();
  if (message.msg_controllen == 0) return list;
  for (cmsghdr* h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h)) {
    if (h->cmsg_len < CMSG_LEN(0)) break;
    Ref data = make_bytes(CMSG_DATA(h), data_length(message, h));
    Ref item = make_tuple({Value::integer(h->cmsg_level), Value::integer(h->cmsg_type), data});
    list_append(as<List>(list), item);
  }
  return list;
}
/// Receives into the parts; `first` makes the first item of the answer from the number of bytes.
template <typename First>
Ref receive_message(Value self, std::vector<iovec>& parts, Value control_size, Value flags_value, First&& first) {
  Socket* s = socket_of(self);
  const int64_t size = control_size ? TRY(to_index(control_size)) : 0;
  const int flags = flags_value ? TRY(to_c_int(flags_value)) : 0;
  if (size < 0 || size > INT_MAX) return fail(exc::ValueError, "invalid ancillary data buffer length");
  auto control = std::make_unique<char[]>(static_cast<size_t>(size) + 1);
  Address address{};
  msghdr message{};
  const int64_t got = TRY(socket_call(s, POLLIN, Deadline(s->timeout), [&] {
    message.msg_name = address.get();
    message.msg_namelen = sizeof address.storage;
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    message.msg_control = size ? control.get() : nullptr;
    message.msg_controllen = static_cast<size_t>(size);
    return recvmsg(s->fd, &message, flags);
  }));
  address.length = message.msg_namelen;
  Ref items = control_list(message);
  Ref from = TRY(address_object(address));
  return make_tuple({first(got), items, make_int(message.msg_flags), from});
}
Ref socket_recvmsg(Value self, const Value* a) {
  const int64_t size = TRY(to_index(a[0]));
  if (size < 0) return fail(exc::ValueError, "negative buffer size in recvmsg()");
  std::unique_ptr<uint8_t[]> buffer(new (std::nothrow) uint8_t[static_cast<size_t>(size)]);
  if (!buffer) return fail_memory();
  std::vector<iovec> parts{{buffer.get(), static_cast<size_t>(size)}};
  return receive_message(self, parts, a[1], a[2], [&](int64_t got) { return make_bytes(buffer.get(), got); });
}
Ref socket_recvmsg_into(Value self, const Value* a) {
  Buffers buffers;
  TRY(read_buffers(a[0], "recvmsg_into", true, buffers));
  return receive_message(self, buffers.parts, a[1], a[2], [](int64_t got) { return make_int(got); });
}

template <size_t (*measure)(size_t)>
Ref control_length(Value v, int64_t overhead, const char* name) {
  Ref number = TRY(index(v));
  const auto length = int_value(number);
  if (!length) return fail(exc::OverflowError, "Python int too large to convert to C ssize_t");
  if (*length < 0 || *length > INT_MAX - overhead) return fail(exc::OverflowError, "{}() argument out of range", name);
  return make_int(static_cast<int64_t>(measure(static_cast<size_t>(*length))));
}
size_t cmsg_len(size_t n) { return CMSG_LEN(n); }
size_t cmsg_space(size_t n) { return CMSG_SPACE(n); }
Ref module_cmsg_len(Value, const Value* a) { return control_length<cmsg_len>(a[0], CMSG_LEN(0), "CMSG_LEN"); }
Ref module_cmsg_space(Value, const Value* a) { return control_length<cmsg_space>(a[0], CMSG_SPACE(1), "CMSG_SPACE"); }

}  // namespace

const NativeDef kSocketMessageMethods[] = {
    {"recvmsg", "($self, bufsize, ancbufsize=0, flags=0, /)", socket_recvmsg,
     "Receive up to bufsize bytes and ancbufsize bytes of ancillary data; return (data, ancillary items, flags, "
     "address)."},
    {"recvmsg_into", "($self, buffers, ancbufsize=0, flags=0, /)", socket_recvmsg_into,
     "Receive into buffers, filling one after the other; return (number of bytes, ancillary items, flags, address)."},
    {"sendmsg", "($self, buffers, ancdata=(), flags=0, address=None, /)", socket_sendmsg,
     "Send the bytes of several buffers as one message, with ancillary items (level, type, data)."},
    {}};
const NativeDef kSocketMessageFunctions[] = {
    {"CMSG_LEN", "($module, length, /)", module_cmsg_len,
     "The length of an ancillary item with this many bytes of data, without padding behind them."},
    {"CMSG_SPACE", "($module, length, /)", module_cmsg_space,
     "The space that an ancillary item with this many bytes of data takes in the buffer."},
    {}};

}  // namespace hiss

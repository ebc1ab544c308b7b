// fcntl: control of file descriptors.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "modules/module_content.h"
#include "modules/posix/path_argument.h"
#include "object/bytes.h"

namespace hiss {

namespace {

constexpr size_t kMaxArgument = 1024;

/// str and bytes-like arguments are copied in and out of a block of this size.
Result<std::string> block_argument(Value v, const char* function) {
  std::string data;
  if (is<Str>(v)) {
    data = utf8_view(as<Str>(v));
  } else {
    BufferView view(TRY(get_buffer(v)));
    data = view.text();
  }
  if (data.size() > kMaxArgument) return fail(exc::ValueError, "{} string arg too long", function);
  return data;
}

Ref fcntl_fcntl(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0]));
  const int command = TRY(to_c_int(a[1]));
  if (a[2] && !is_int(a[2]) && (is<Str>(a[2]) || has_buffer(a[2]))) {
    const std::string data = TRY(block_argument(a[2], "fcntl"));
    char block[kMaxArgument] = {};
    std::memcpy(block, data.data(), data.size());
    if (TRY(blocking_call([&] { return fcntl(fd, command, block); })) < 0) return fail_errno(errno);
    return make_bytes(block, static_cast<int64_t>(data.size()));
  }
  const long argument = a[2] ? static_cast<long>(TRY(to_uint_mask(a[2]))) : 0;
  const int64_t result = TRY(blocking_call([&] { return fcntl(fd, command, argument); }));
  if (result < 0) return fail_errno(errno);
  return make_int(result);
}
Ref fcntl_ioctl(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0]));
  const auto request = static_cast<unsigned long>(static_cast<uint32_t>(TRY(to_uint_mask(a[1]))));
  const bool mutate = a[3] ? TRY(truth(a[3])) : true;
  if (a[2] && !is_int(a[2]) && !is<Str>(a[2]) && has_buffer(a[2]) && mutate) {
    Result<Buffer> writable = get_buffer(a[2], true);
    if (!writable.is_error()) {
      BufferView view(std::move(writable.value()));
      char block[kMaxArgument] = {};
      const bool small = view.length() <= static_cast<int64_t>(kMaxArgument);
      char* data = reinterpret_cast<char*>(view.data());
      if (small) std::copy_n(data, view.length(), block);
      int result, code;
      {
        AllowThreads allow;
        result = ioctl(fd, request, small ? block : data);
        code = errno;
      }
      if (small) std::copy_n(block, view.length(), data);
      if (result < 0) return fail_errno(code);
      return make_int(result);
    }
    clear_pending();
  }
  int result, code;
  if (a[2] && !is_int(a[2]) && (is<Str>(a[2]) || has_buffer(a[2]))) {
    const std::string data = TRY(block_argument(a[2], "ioctl"));
    char block[kMaxArgument] = {};
    std::memcpy(block, data.data(), data.size());
    {
      AllowThreads allow;
      result = ioctl(fd, request, block);
      code = errno;
    }
    if (result < 0) return fail_errno(code);
    return make_bytes(block, static_cast<int64_t>(data.size()));
  }
  const long argument = a[2] ? static_cast<long>(TRY(to_uint_mask(a[2]))) : 0;
  {
    AllowThreads allow;
    result = ioctl(fd, request, argument);
    code = errno;
  }
  if (result < 0) return fail_errno(code);
  return make_int(result);
}
Ref fcntl_flock(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0])), operation = TRY(to_c_int(a[1]));
  if (TRY(blocking_call([&] { return flock(fd, operation); })) < 0) return fail_errno(errno);
  return Ref::none();
}
Ref fcntl_lockf(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0])), command = TRY(to_c_int(a[1]));
  struct flock l {};
  if (command == LOCK_UN) {
    l.l_type = F_UNLCK;
  } else if (command & LOCK_SH) {
    l.l_type = F_RDLCK;
  } else if (command & LOCK_EX) {
    l.l_type = F_WRLCK;
  } else {
    return fail(exc::ValueError, "unrecognized lockf argument");
  }
  l.l_len = a[2] ? TRY(to_int64(a[2])) : 0;
  l.l_start = a[3] ? TRY(to_int64(a[3])) : 0;
  l.l_whence = static_cast<short>(a[4] ? TRY(to_c_int(a[4])) : 0);
  if (TRY(blocking_call([&] { return fcntl(fd, command & LOCK_NB ? F_SETLK : F_SETLKW, &l); })) < 0)
    return fail_errno(errno);
  return Ref::none();
}

const NativeDef kFunctions[] = {
    {"fcntl", "($module, fd, cmd, arg=0, /)", fcntl_fcntl,
     "Run the fcntl() command cmd on fd. Returns its integer result, or a changed copy of arg if arg is bytes."},
    {"ioctl", "($module, fd, request, arg=0, mutate_flag=True, /)", fcntl_ioctl,
     "Run the ioctl() request on fd. A writable buffer as arg is changed in place unless mutate_flag is false."},
    {"flock", "($module, fd, operation, /)", fcntl_flock,
     "Take or drop a lock on the whole file of fd: LOCK_SH, LOCK_EX or LOCK_UN, and LOCK_NB to not wait."},
    {"lockf", "($module, fd, cmd, len=0, start=0, whence=0, /)", fcntl_lockf,
     "Take or drop a lock on len bytes of a file (0: all to its end) from start on, by means of fcntl()."},
    {}};

struct Constant {
  const char* name;
  int64_t value;
};
// As the Linux headers number them.
const Constant kConstants[] = {
    {"DN_ACCESS", 1ll},       {"DN_ATTRIB", 32ll},      {"DN_CREATE", 4ll},
    {"DN_DELETE", 8ll},       {"DN_MODIFY", 2ll},       {"DN_MULTISHOT", 2147483648ll},
    {"DN_RENAME", 16ll},      {"FASYNC", 8192ll},       {"FD_CLOEXEC", 1ll},
    {"F_ADD_SEALS", 1033ll},  {"F_DUPFD", 0ll},         {"F_DUPFD_CLOEXEC", 1030ll},
    {"F_EXLCK", 4ll},         {"F_GETFD", 1ll},         {"F_GETFL", 3ll},
    {"F_GETLEASE", 1025ll},   {"F_GETLK", 5ll},         {"F_GETLK64", 5ll},
    {"F_GETOWN", 9ll},        {"F_GETPIPE_SZ", 1032ll}, {"F_GETSIG", 11ll},
    {"F_GET_SEALS", 1034ll},  {"F_NOTIFY", 1026ll},     {"F_OFD_GETLK", 36ll},
    {"F_OFD_SETLK", 37ll},    {"F_OFD_SETLKW", 38ll},   {"F_RDLCK", 0ll},
    {"F_SEAL_GROW", 4ll},     {"F_SEAL_SEAL", 1ll},     {"F_SEAL_SHRINK", 2ll},
    {"F_SEAL_WRITE", 8ll},    {"F_SETFD", 2ll},         {"F_SETFL", 4ll},
    {"F_SETLEASE", 1024ll},   {"F_SETLK", 6ll},         {"F_SETLK64", 6ll},
    {"F_SETLKW", 7ll},        {"F_SETLKW64", 7ll},      {"F_SETOWN", 8ll},
    {"F_SETPIPE_SZ", 1031ll}, {"F_SETSIG", 10ll},       {"F_SHLCK", 8ll},
    {"F_UNLCK", 2ll},         {"F_WRLCK", 1ll},         {"LOCK_EX", 2ll},
    {"LOCK_MAND", 32ll},      {"LOCK_NB", 4ll},         {"LOCK_READ", 64ll},
    {"LOCK_RW", 192ll},       {"LOCK_SH", 1ll},         {"LOCK_UN", 8ll},
    {"LOCK_WRITE", 128ll},
};
Status initialize(Value module) {
  for (const Constant& c : kConstants) add_int(module, c.name, c.value);
  return kOk;
}

}  // namespace

extern const ModuleDef fcntl_module;
const ModuleDef fcntl_module = {"fcntl", "The system calls fcntl(), ioctl() and flock().", kFunctions, initialize};

}  // namespace hiss

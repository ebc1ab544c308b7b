// posix: file descriptors.
#include <fcntl.h>
#include <pty.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <climits>
#include <vector>

#include "modules/posix/functions.h"
#include "object/buffer.h"
#include "object/bytes.h"
#include "object/struct_sequence.h"

namespace hiss {

namespace {

constexpr int64_t kMaxTransfer = 0x7ffff000;

Ref posix_open(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "open"));
  const int flags = TRY(to_c_int(a[1]));
  const int mode = a[2] ? TRY(to_c_int(a[2])) : 0777;
  const int dir = TRY(dir_fd_argument(a[3]));
  const int64_t fd = TRY(blocking_call([&] { return openat(dir, path.c_str(), flags | O_CLOEXEC, mode); }));
  if (fd < 0) return fail_errno(errno, path.object);
  return make_int(fd);
}
Ref posix_close(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  int result, code;
  {
    AllowThreads allow;
    result = close(fd);
    code = errno;
  }
  // The descriptor is gone even when the call was interrupted.
  if (result < 0 && code != EINTR) return fail_errno(code);
  return Ref::none();
}
Ref posix_closerange(Value, const Value* a) {
  const int low = TRY(to_c_int(a[0])), high = TRY(to_c_int(a[1]));
  if (low < high) {
    AllowThreads allow;
    if (close_range(static_cast<unsigned>(low < 0 ? 0 : low), static_cast<unsigned>(high - 1), 0) != 0) {
      for (int fd = low; fd < high; ++fd) close(fd);
    }
  }
  return Ref::none();
}

Ref read_into_bytes(int64_t length, auto&& call_read) {
  if (length < 0) return fail_errno(EINVAL);
  length = std::min(length, kMaxTransfer);
  Ref buffer = Ref::steal(allocate_bytes(length));
  auto* bytes = as<Bytes>(buffer);
  const int64_t n = TRY(blocking_call([&] { return call_read(bytes->data, static_cast<size_t>(length)); }));
  if (n < 0) return fail_errno(errno);
  if (n == length) return buffer;
  return make_bytes(bytes->data, n);
}
Ref posix_read(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  return read_into_bytes(TRY(to_index(a[1])), [&](uint8_t* p, size_t n) { return read(fd, p, n); });
}
Ref posix_pread(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const int64_t length = TRY(to_index(a[1])), offset = TRY(to_int64(a[2]));
  return read_into_bytes(length, [&](uint8_t* p, size_t n) { return pread(fd, p, n, offset); });
}
Ref posix_write(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  BufferView data(TRY(get_buffer(a[1])));
  const int64_t n = TRY(blocking_call(
      [&] { return write(fd, data.data(), static_cast<size_t>(std::min(data.length(), kMaxTransfer))); }));
  if (n < 0) return fail_errno(errno);
  return make_int(n);
}
Ref posix_pwrite(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  BufferView data(TRY(get_buffer(a[1])));
  const int64_t offset = TRY(to_int64(a[2]));
  const int64_t n =
      TRY(blocking_call([&] { return pwrite(fd, data.data(), static_cast<size_t>(data.length()), offset); }));
  if (n < 0) return fail_errno(errno);
  return make_int(n);
}

struct Vectors {
  std::vector<BufferView> views;
  std::vector<iovec> vectors;
};
Result<Vectors> gather(Value sequence, bool writable, const char* function) {
  if (!is<List>(sequence) && !is<Tuple>(sequence) && !type_of(sequence)->slots.getitem) {
    return fail(exc::TypeError, "{}() arg 2 must be a sequence", function);
  }
  Ref items = TRY(to_tuple(sequence));
  Vectors out;
  for (Value v : *as<Tuple>(items)) {
    out.views.emplace_back(TRY(get_buffer(v, writable)));
    out.vectors.push_back({out.views.back().data(), static_cast<size_t>(out.views.back().length())});
  }
  return Result<Vectors>(std::move(out));
}
Ref posix_readv(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  Vectors v = TRY(gather(a[1], true, "readv"));
  const int64_t n = TRY(blocking_call([&] { return readv(fd, v.vectors.data(), static_cast<int>(v.vectors.size())); }));
  if (n < 0) return fail_errno(errno);
  return make_int(n);
}
Ref posix_writev(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  Vectors v = TRY(gather(a[1], false, "writev"));
  const int64_t n =
      TRY(blocking_call([&] { return writev(fd, v.vectors.data(), static_cast<int>(v.vectors.size())); }));
  if (n < 0) return fail_errno(errno);
  return make_int(n);
}
Ref posix_preadv(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  Vectors v = TRY(gather(a[1], true, "preadv"));
  const int64_t offset = TRY(to_int64(a[2]));
  const int flags = a[3] ? TRY(to_c_int(a[3])) : 0;
  const int64_t n = TRY(
      blocking_call([&] { return preadv2(fd, v.vectors.data(), static_cast<int>(v.vectors.size()), offset, flags); }));
  if (n < 0) return fail_errno(errno);
  return make_int(n);
}
Ref posix_pwritev(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  Vectors v = TRY(gather(a[1], false, "pwritev"));
  const int64_t offset = TRY(to_int64(a[2]));
  const int flags = a[3] ? TRY(to_c_int(a[3])) : 0;
  const int64_t n = TRY(
      blocking_call([&] { return pwritev2(fd, v.vectors.data(), static_cast<int>(v.vectors.size()), offset, flags); }));
  if (n < 0) return fail_errno(errno);
  return make_int(n);
}

Ref posix_lseek(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const int64_t position = TRY(to_int64(a[1]));
  const int whence = TRY(to_c_int(a[2]));
  const int64_t at = TRY(blocking_call([&] { return lseek(fd, position, whence); }));
  if (at < 0) return fail_errno(errno);
  return make_int(at);
}
Ref posix_fsync(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0]));
  return none_or_errno(TRY(blocking_call([&] { return fsync(fd); })));
}
Ref posix_fdatasync(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0]));
  return none_or_errno(TRY(blocking_call([&] { return fdatasync(fd); })));
}
Ref posix_sync(Value, const Value*) {
  AllowThreads allow;
  sync();
  return Ref::none();
}
Ref posix_ftruncate(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const int64_t length = TRY(to_int64(a[1]));
  return none_or_errno(TRY(blocking_call([&] { return ftruncate(fd, length); })));
}
Ref posix_truncate(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "truncate", "path", kPathOrFd));
  const int64_t length = TRY(to_int64(a[1]));
  const int64_t result =
      TRY(blocking_call([&] { return path.is_fd ? ftruncate(path.fd, length) : truncate(path.c_str(), length); }));
  if (result < 0) return fail_errno(errno, path.object);
  return Ref::none();
}
Ref posix_posix_fallocate(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const int64_t offset = TRY(to_int64(a[1])), length = TRY(to_int64(a[2]));
  int result;
  {
    AllowThreads allow;
    result = posix_fallocate(fd, offset, length);
  }
  if (result != 0) return fail_errno(result);
  return Ref::none();
}
Ref posix_posix_fadvise(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const int64_t offset = TRY(to_int64(a[1])), length = TRY(to_int64(a[2]));
  const int advice = TRY(to_c_int(a[3]));
  const int result = posix_fadvise(fd, offset, length, advice);
  if (result != 0) return fail_errno(result);
  return Ref::none();
}

Ref posix_dup(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return fail_errno(errno);
  return make_int(copy);
}
Ref posix_dup2(Value, const Value* a) {
  const int from = TRY(to_c_int(a[0])), to = TRY(to_c_int(a[1]));
  const bool inheritable = a[2] ? TRY(truth(a[2])) : true;
  if (from < 0 || to < 0) return fail_errno(EBADF);
  const int64_t result =
      TRY(blocking_call([&] { return inheritable || from == to ? dup2(from, to) : dup3(from, to, O_CLOEXEC); }));
  if (result < 0) return fail_errno(errno);
  return make_int(result);
}
Ref make_pair(int first, int second) { return make_tuple({Value::integer(first), Value::integer(second)}); }
Ref posix_pipe(Value, const Value*) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) < 0) return fail_errno(errno);
  return make_pair(fds[0], fds[1]);
}
Ref posix_pipe2(Value, const Value* a) {
  int fds[2];
  if (pipe2(fds, TRY(to_c_int(a[0]))) < 0) return fail_errno(errno);
  return make_pair(fds[0], fds[1]);
}
Ref posix_openpty(Value, const Value*) {
  int main_fd, terminal;
  if (openpty(&main_fd, &terminal, nullptr, nullptr, nullptr) < 0) return fail_errno(errno);
  fcntl(main_fd, F_SETFD, FD_CLOEXEC);
  fcntl(terminal, F_SETFD, FD_CLOEXEC);
  return make_pair(main_fd, terminal);
}
Ref posix_login_tty(Value, const Value* a) { return none_or_errno(login_tty(TRY(to_c_int(a[0])))); }
Ref posix_isatty(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  return Ref::boolean(isatty(fd) == 1);
}
Ref posix_ttyname(Value, const Value* a) {
  char name[256];
  const int code = ttyname_r(TRY(to_c_int(a[0])), name, sizeof name);
  if (code != 0) return fail_errno(code);
  return fs_decode(name);
}
Ref posix_ctermid(Value, const Value*) {
  char name[L_ctermid];
  return fs_decode(ctermid(name));
}
Ref posix_tcgetpgrp(Value, const Value* a) {
  const pid_t group = tcgetpgrp(TRY(to_c_int(a[0])));
  if (group < 0) return fail_errno(errno);
  return make_int(group);
}
Ref posix_tcsetpgrp(Value, const Value* a) {
  return none_or_errno(tcsetpgrp(TRY(to_c_int(a[0])), TRY(to_c_int(a[1]))));
}

Ref posix_get_inheritable(Value, const Value* a) {
  const int flags = fcntl(TRY(to_c_int(a[0])), F_GETFD);
  if (flags < 0) return fail_errno(errno);
  return Ref::boolean(!(flags & FD_CLOEXEC));
}
Ref posix_set_inheritable(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const bool inheritable = TRY(to_c_int(a[1])) != 0;
  const int flags = fcntl(fd, F_GETFD);
  if (flags < 0) return fail_errno(errno);
  return none_or_errno(fcntl(fd, F_SETFD, inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC));
}
Ref posix_get_blocking(Value, const Value* a) {
  const int flags = fcntl(TRY(to_c_int(a[0])), F_GETFL);
  if (flags < 0) return fail_errno(errno);
  return Ref::boolean(!(flags & O_NONBLOCK));
}
Ref posix_set_blocking(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const bool blocking = TRY(truth(a[1]));
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return fail_errno(errno);
  return none_or_errno(fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK));
}

Result<int64_t> offset_argument(Value v, int64_t& offset, int64_t*& pointer) {
  pointer = nullptr;
  if (v.is_empty() || v.is_none()) return 0;
  offset = TRY(to_int64(v));
  pointer = &offset;
  return offset;
}
Ref posix_sendfile(Value, const Value* a) {
  const int out = TRY(to_c_int(a[0])), in = TRY(to_c_int(a[1]));
  int64_t offset = 0;
  int64_t* position = nullptr;
  TRY(offset_argument(a[2], offset, position));
  const int64_t count = TRY(to_index(a[3]));
  const int64_t n = TRY(blocking_call([&] { return sendfile(out, in, position, static_cast<size_t>(count)); }));
  if (n < 0) return fail_errno(errno);
  return make_int(n);
}
Ref posix_copy_file_range(Value, const Value* a) {
  const int from = TRY(to_c_int(a[0])), to = TRY(to_c_int(a[1]));
  const int64_t count = TRY(to_index(a[2]));
  if (count < 0) return fail(exc::ValueError, "negative value for 'count' not allowed");
  int64_t from_offset = 0, to_offset = 0, *from_position, *to_position;
  TRY(offset_argument(a[3], from_offset, from_position));
  TRY(offset_argument(a[4], to_offset, to_position));
  const int64_t n = TRY(blocking_call(
      [&] { return copy_file_range(from, from_position, to, to_position, static_cast<size_t>(count), 0); }));
  if (n < 0) return fail_errno(errno);
  return make_int(n);
}
Ref posix_splice(Value, const Value* a) {
  const int from = TRY(to_c_int(a[0])), to = TRY(to_c_int(a[1]));
  const int64_t count = TRY(to_index(a[2]));
  if (count < 0) return fail(exc::ValueError, "negative value for 'count' not allowed");
  int64_t from_offset = 0, to_offset = 0, *from_position, *to_position;
  TRY(offset_argument(a[3], from_offset, from_position));
  TRY(offset_argument(a[4], to_offset, to_position));
  const unsigned flags = a[5] ? static_cast<unsigned>(TRY(to_c_int(a[5]))) : 0;
  const int64_t n = TRY(
      blocking_call([&] { return splice(from, from_position, to, to_position, static_cast<size_t>(count), flags); }));
  if (n < 0) return fail_errno(errno);
  return make_int(n);
}
Ref posix_lockf(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0])), command = TRY(to_c_int(a[1]));
  const int64_t length = TRY(to_int64(a[2]));
  return none_or_errno(TRY(blocking_call([&] { return lockf(fd, command, length); })));
}
Ref posix_memfd_create(Value, const Value* a) {
  const std::string name = TRY(fs_path(a[0]));
  const int fd = memfd_create(name.c_str(), a[1] ? static_cast<unsigned>(TRY(to_uint_mask(a[1]))) : MFD_CLOEXEC);
  if (fd < 0) return fail_errno(errno);
  return make_int(fd);
}
Ref posix_eventfd(Value, const Value* a) {
  const int fd = eventfd(static_cast<unsigned>(TRY(to_uint_mask(a[0]))), a[1] ? TRY(to_c_int(a[1])) : EFD_CLOEXEC);
  if (fd < 0) return fail_errno(errno);
  return make_int(fd);
}
Ref posix_eventfd_read(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  eventfd_t value;
  if (TRY(blocking_call([&] { return eventfd_read(fd, &value); })) < 0) return fail_errno(errno);
  return make_uint(value);
}
Ref posix_eventfd_write(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  const uint64_t value = TRY(to_uint_mask(a[1]));
  return none_or_errno(TRY(blocking_call([&] { return eventfd_write(fd, value); })));
}
Ref posix_device_encoding(Value, const Value* a) {
  const int fd = TRY(to_c_int(a[0]));
  return isatty(fd) ? make_str_ascii("utf-8") : Ref::none();
}

}  // namespace

const NativeDef kPosixFileFunctions[] = {
    {"open", "($module, /, path, flags, mode=511, *, dir_fd=None)", posix_open,
     "Open a file for low level IO.  Returns a file descriptor (integer)."},
    {"close", "($module, /, fd)", posix_close, "Close a file descriptor."},
    {"closerange", "($module, fd_low, fd_high, /)", posix_closerange,
     "Closes all file descriptors in [fd_low, fd_high), ignoring errors."},
    {"read", "($module, fd, length, /)", posix_read, "Read from a file descriptor.  Returns a bytes object."},
    {"pread", "($module, fd, length, offset, /)", posix_pread,
     "Read a number of bytes from a file descriptor starting at a particular offset."},
    {"write", "($module, fd, data, /)", posix_write, "Write a bytes object to a file descriptor."},
    {"pwrite", "($module, fd, buffer, offset, /)", posix_pwrite,
     "Write bytes to a file descriptor starting at a particular offset."},
    {"readv", "($module, fd, buffers, /)", posix_readv, "Read from a file descriptor fd into an iterable of buffers."},
    {"writev", "($module, fd, buffers, /)", posix_writev,
     "Iterate over buffers, and write the contents of each to a file descriptor."},
    {"preadv", "($module, fd, buffers, offset, flags=0, /)", posix_preadv,
     "Reads from a file descriptor into a number of mutable bytes-like objects."},
    {"pwritev", "($module, fd, buffers, offset, flags=0, /)", posix_pwritev,
     "Writes the contents of bytes-like objects to a file descriptor at a given offset."},
    {"lseek", "($module, fd, position, whence, /)", posix_lseek,
     "Set the position of a file descriptor.  Return the new position."},
    {"fsync", "($module, /, fd)", posix_fsync, "Force write of fd to disk."},
    {"fdatasync", "($module, /, fd)", posix_fdatasync, "Force write of fd to disk without forcing update of metadata."},
    {"sync", "($module, /)", posix_sync, "Force write of everything to disk."},
    {"ftruncate", "($module, fd, length, /)", posix_ftruncate,
     "Truncate a file, specified by file descriptor, to a specific length."},
    {"truncate", "($module, /, path, length)", posix_truncate,
     "Truncate a file, specified by path, to a specific length."},
    {"posix_fallocate", "($module, fd, offset, length, /)", posix_posix_fallocate,
     "Ensure a file has allocated at least a particular number of bytes on disk."},
    {"posix_fadvise", "($module, fd, offset, length, advice, /)", posix_posix_fadvise,
     "Announce an intention to access data in a specific pattern."},
    {"dup", "($module, fd, /)", posix_dup, "Return a duplicate of a file descriptor."},
    {"dup2", "($module, /, fd, fd2, inheritable=True)", posix_dup2, "Duplicate file descriptor."},
    {"pipe", "($module, /)", posix_pipe, "Create a pipe."},
    {"pipe2", "($module, flags, /)", posix_pipe2, "Create a pipe with flags set atomically."},
    {"openpty", "($module, /)", posix_openpty, "Open a pseudo-terminal."},
    {"login_tty", "($module, fd, /)", posix_login_tty,
     "Prepare the tty of which fd is a file descriptor for a new login session."},
    {"isatty", "($module, fd, /)", posix_isatty, "Return True if the fd is connected to a terminal."},
    {"ttyname", "($module, fd, /)", posix_ttyname, "Return the name of the terminal device connected to 'fd'."},
    {"ctermid", "($module, /)", posix_ctermid, "Return the name of the controlling terminal for this process."},
    {"tcgetpgrp", "($module, fd, /)", posix_tcgetpgrp,
     "Return the process group associated with the terminal specified by fd."},
    {"tcsetpgrp", "($module, fd, pgid, /)", posix_tcsetpgrp,
     "Set the process group associated with the terminal specified by fd."},
    {"get_inheritable", "($module, fd, /)", posix_get_inheritable,
     "Get the close-on-exe flag of the specified file descriptor."},
    {"set_inheritable", "($module, fd, inheritable, /)", posix_set_inheritable,
     "Set the inheritable flag of the specified file descriptor."},
    {"get_blocking", "($module, fd, /)", posix_get_blocking, "Get the blocking mode of the file descriptor."},
    {"set_blocking", "($module, fd, blocking, /)", posix_set_blocking,
     "Set the blocking mode of the specified file descriptor."},
    {"sendfile", "($module, /, out_fd, in_fd, offset, count)", posix_sendfile,
     "Copy count bytes from file descriptor in_fd to file descriptor out_fd."},
    {"copy_file_range", "($module, /, src, dst, count, offset_src=None, offset_dst=None)", posix_copy_file_range,
     "Copy count bytes from one file descriptor to another."},
    {"splice", "($module, /, src, dst, count, offset_src=None, offset_dst=None, flags=0)", posix_splice,
     "Transfer count bytes from one pipe to a descriptor or vice versa."},
    {"lockf", "($module, fd, command, length, /)", posix_lockf,
     "Apply, test or remove a POSIX lock on an open file descriptor."},
    {"memfd_create", "($module, /, name, flags=MFD_CLOEXEC)", posix_memfd_create, nullptr},
    {"eventfd", "($module, /, initval, flags=EFD_CLOEXEC)", posix_eventfd,
     "Creates and returns an event notification file descriptor."},
    {"eventfd_read", "($module, /, fd)", posix_eventfd_read, "Read eventfd value"},
    {"eventfd_write", "($module, /, fd, value)", posix_eventfd_write, "Write eventfd value."},
    {"device_encoding", "($module, /, fd)", posix_device_encoding,
     "Return a string describing the encoding of a terminal's file descriptor."},
    {}};

}  // namespace hiss

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
#include "vm/audit.h"

namespace hiss {

namespace {

constexpr int64_t kMaxTransfer = 0x7ffff000;

Ref posix_open(Value, const Value* a) {
  PathArgument path = TRY(path_argument(a[0], "open"));
  const int flags = TRY(to_c_int(a[1]));
  const int mode = a[2] ? TRY(to_c_int(a[2])) : 0777;
  const int dir = TRY(dir_fd_argument(a[3]));
  TRY(audit("open", {path.object, Value::none(), Value::integer(flags)}));
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
     "Open path as flags (O_RDONLY and so on) say, and return the new descriptor, which child programs do not "
     "inherit."},
    {"close", "($module, /, fd)", posix_close, "Close fd; OSError if it is not open."},
    {"closerange", "($module, fd_low, fd_high, /)", posix_closerange,
     "Close every open descriptor from fd_low up to, not including, fd_high."},
    {"read", "($module, fd, length, /)", posix_read,
     "Read once from fd: up to length bytes, none at the end of the file."},
    {"pread", "($module, fd, length, offset, /)", posix_pread,
     "Read up to length bytes at offset; the position of fd stays as it is."},
    {"write", "($module, fd, data, /)", posix_write,
     "Write once to fd; returns how many bytes of data the system took."},
    {"pwrite", "($module, fd, buffer, offset, /)", posix_pwrite,
     "Write at offset; the position of fd stays as it is. Returns how many bytes were taken."},
    {"readv", "($module, fd, buffers, /)", posix_readv,
     "Fill buffers one after the other from fd; returns how many bytes came."},
    {"writev", "($module, fd, buffers, /)", posix_writev,
     "Write buffers one after the other to fd; returns how many bytes were taken."},
    {"preadv", "($module, fd, buffers, offset, flags=0, /)", posix_preadv,
     "As readv(), but at offset, leaving the position of fd as it is; flags are RWF_ constants."},
    {"pwritev", "($module, fd, buffers, offset, flags=0, /)", posix_pwritev,
     "As writev(), but at offset, leaving the position of fd as it is; flags are RWF_ constants."},
    {"lseek", "($module, fd, position, whence, /)", posix_lseek,
     "Go to position, counted as whence says (SEEK_SET, SEEK_CUR, SEEK_END); returns the new position."},
    {"fsync", "($module, /, fd)", posix_fsync, "Wait until the data and metadata of the file fd are on the disk."},
    {"fdatasync", "($module, /, fd)", posix_fdatasync, "Wait until the data of the file fd is on the disk."},
    {"sync", "($module, /)", posix_sync, "Have all cached writes of the system put on disk."},
    {"ftruncate", "($module, fd, length, /)", posix_ftruncate, "Make the open file fd length bytes long."},
    {"truncate", "($module, /, path, length)", posix_truncate,
     "Make the file at path length bytes long; path may be a descriptor."},
    {"posix_fallocate", "($module, fd, offset, length, /)", posix_posix_fallocate,
     "Reserve disk space for length bytes of the file from offset on."},
    {"posix_fadvise", "($module, fd, offset, length, advice, /)", posix_posix_fadvise,
     "Tell the system how length bytes from offset on will be used, by a POSIX_FADV_ constant."},
    {"dup", "($module, fd, /)", posix_dup,
     "A second descriptor for the same open file, which child programs do not inherit."},
    {"dup2", "($module, /, fd, fd2, inheritable=True)", posix_dup2,
     "Make fd2 a second descriptor for what fd is, closing fd2 first if need be; returns fd2."},
    {"pipe", "($module, /)", posix_pipe,
     "The two ends of a new pipe: a descriptor to read from and one to write to. Child programs do not inherit them."},
    {"pipe2", "($module, flags, /)", posix_pipe2, "As pipe(), with flags made of O_NONBLOCK and O_CLOEXEC."},
    {"openpty", "($module, /)", posix_openpty, "The two ends of a new pseudo-terminal: (master, slave)."},
    {"login_tty", "($module, fd, /)", posix_login_tty,
     "Start a session with the terminal fd as its controlling terminal and as standard input, output and error; fd is "
     "closed."},
    {"isatty", "($module, fd, /)", posix_isatty, "Whether fd belongs to a terminal."},
    {"ttyname", "($module, fd, /)", posix_ttyname, "The path of the terminal that fd belongs to."},
    {"ctermid", "($module, /)", posix_ctermid, "The path of this process's controlling terminal."},
    {"tcgetpgrp", "($module, fd, /)", posix_tcgetpgrp, "The process group in the foreground of the terminal fd."},
    {"tcsetpgrp", "($module, fd, pgid, /)", posix_tcsetpgrp,
     "Put the process group pgid into the foreground of the terminal fd."},
    {"get_inheritable", "($module, fd, /)", posix_get_inheritable, "Whether child programs inherit fd."},
    {"set_inheritable", "($module, fd, inheritable, /)", posix_set_inheritable,
     "Choose whether child programs inherit fd."},
    {"get_blocking", "($module, fd, /)", posix_get_blocking,
     "Whether reads and writes of fd wait until they can go on."},
    {"set_blocking", "($module, fd, blocking, /)", posix_set_blocking,
     "Choose whether reads and writes of fd wait until they can go on."},
    {"sendfile", "($module, /, out_fd, in_fd, offset, count)", posix_sendfile,
     "Send up to count bytes from in_fd to out_fd within the kernel; returns how many, 0 at the end of the file."},
    {"copy_file_range", "($module, /, src, dst, count, offset_src=None, offset_dst=None)", posix_copy_file_range,
     "Copy up to count bytes from src to dst within the kernel; returns how many. The offsets default to the "
     "positions."},
    {"splice", "($module, /, src, dst, count, offset_src=None, offset_dst=None, flags=0)", posix_splice,
     "Move up to count bytes from src to dst, one of which is a pipe, within the kernel; returns how many."},
    {"lockf", "($module, fd, command, length, /)", posix_lockf,
     "Lock, unlock or test length bytes from the position of fd on; command is an F_ constant such as F_LOCK."},
    {"memfd_create", "($module, /, name, flags=MFD_CLOEXEC)", posix_memfd_create, nullptr},
    {"eventfd", "($module, /, initval, flags=EFD_CLOEXEC)", posix_eventfd,
     "A new descriptor for an eventfd counter, which starts at initval."},
    {"eventfd_read", "($module, /, fd)", posix_eventfd_read,
     "Read the counter of fd and set it to 0; waits while it is 0."},
    {"eventfd_write", "($module, /, fd, value)", posix_eventfd_write, "Add value to the counter of fd."},
    {"device_encoding", "($module, /, fd)", posix_device_encoding,
     "The encoding of the terminal fd, or None if fd is not a terminal."},
    {}};

}  // namespace hiss

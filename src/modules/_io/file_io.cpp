#include "modules/_io/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "modules/_warnings.h"
#include "modules/posix/path_argument.h"
#include "object/class_builder.h"
#include "vm/audit.h"

namespace hiss {

Type file_io_type;

namespace {

FileIO* file_of(Value v) { return stream_as<FileIO>(v); }

Failure fail_closed() { return fail(exc::ValueError, "I/O operation on closed file"); }
Failure fail_mode(const char* action) { return fail_unsupported(std::string("File not open for ") + action); }

Ref file_io_new(Type* cls, const Args& args) {
  Ref o = stream_new(cls, args);
  auto* f = file_of(o);
  f->fd = -1;
  f->seekable = -1;
  f->closefd = true;
  return o;
}

Status close_descriptor(FileIO* f) {
  if (f->fd < 0) return kOk;
  const int fd = f->fd;
  f->fd = -1;
  int result, code;
  {
    AllowThreads allow;
    result = close(fd);
    code = errno;
  }
  if (result < 0 && code != EINTR) return fail_errno(code);
  return kOk;
}

Status parse_mode(FileIO* f, std::string_view mode, int& flags) {
  bool plus = false;
  int kinds = 0;
  auto bad = [] {
    return fail(exc::ValueError, "Must have exactly one of create/read/write/append mode and at most one plus");
  };
  for (char c : mode) {
    switch (c) {
      case 'x':
        if (kinds++) return bad();
        f->created = f->writable = true;
        flags |= O_EXCL | O_CREAT;
        break;
      case 'r':
        if (kinds++) return bad();
        f->readable = true;
        break;
      case 'w':
        if (kinds++) return bad();
        f->writable = true;
        flags |= O_CREAT | O_TRUNC;
        break;
      case 'a':
        if (kinds++) return bad();
        f->writable = f->appending = true;
        flags |= O_APPEND | O_CREAT;
        break;
      case 'b':
        break;
      case '+':
        if (plus) return bad();
        f->readable = f->writable = true;
        plus = true;
        break;
      default:
        return fail(exc::ValueError, "invalid mode: {}", mode);
    }
  }
  if (!kinds) return bad();
  flags |= f->readable && f->writable ? O_RDWR : f->readable ? O_RDONLY : O_WRONLY;
  return kOk;
}

Status init_file(Value self, Value name, std::string_view mode, bool closefd, Value opener) {
  auto* f = file_of(self);
  if (f->fd >= 0) {
    if (f->closefd) {
      TRY(close_descriptor(f));
    } else {
      f->fd = -1;
    }
  }
  f->created = f->readable = f->writable = f->appending = false;
  f->seekable = -1;
  if (is_float(name)) return fail(exc::TypeError, "integer argument expected, got float");
  int fd = -1;
  bool is_number = false;
  if (is_int(name) || (type_of(name)->slots.index && !is<Str>(name) && !is<Bytes>(name))) {
    fd = TRY(to_c_int(name));
    if (fd < 0) return fail(exc::ValueError, "negative file descriptor");
    is_number = true;
  }
  int flags = 0;
  TRY(parse_mode(f, mode, flags));
  flags |= O_CLOEXEC;
  bool owned = false;
  TRY(audit("open", {name, make_str(mode.substr(0, mode.find_first_of("bt"))), Value::integer(flags)}));
  if (is_number) {
    f->fd = fd;
    f->closefd = closefd;
  } else {
    if (!closefd) return fail(exc::ValueError, "Cannot use closefd=False with file name");
    f->closefd = true;
    if (!opener || opener.is_none()) {
      const std::string path = TRY(fs_path(name));
      const int64_t opened = TRY(blocking_call([&] { return open(path.c_str(), flags, 0666); }));
      if (opened < 0) return fail_errno(errno, name);
      f->fd = static_cast<int>(opened);
    } else {
      Ref result = TRY(call(opener, {name, Value::integer(flags)}));
      if (!is_int(result)) return fail(exc::TypeError, "expected integer from opener");
      const int opened = TRY(to_c_int(result));
      if (opened < 0) return fail(exc::ValueError, "opener returned {}", opened);
      f->fd = opened;
      fcntl(opened, F_SETFD, FD_CLOEXEC);
    }
    owned = true;
  }
  auto give_up = [&] {
    // A descriptor that the caller passed stays open.
    if (owned) {
      Ref error = take_pending();
      if (close_descriptor(f).is_error()) clear_pending();
      restore_pending(std::move(error));
    } else {
      f->fd = -1;
    }
    return Failure{};
  };
  f->block_size = kDefaultBufferSize;
  struct stat s;
  if (fstat(f->fd, &s) < 0) {
    if (errno == EBADF) {
      fail_errno(errno, name);
      return give_up();
    }
  } else {
    if (S_ISDIR(s.st_mode)) {
      fail_errno(EISDIR, name);
      return give_up();
    }
    if (s.st_blksize > 1) f->block_size = s.st_blksize;
  }
  if (set_attr(self, names.name, name).is_error()) return give_up();
  if (f->appending && lseek(f->fd, 0, SEEK_END) < 0 && errno != ESPIPE) {
    fail_errno(errno);
    return give_up();
  }
  return kOk;
}

Status file_io_init(Value self, const Args& args) {
  Arguments a("FileIO", "(file, mode='r', closefd=True, opener=None)");
  TRY(a.bind(args));
  std::string mode = "r";
  if (a[1]) {
    if (!is<Str>(a[1]))
      return fail(exc::TypeError, "FileIO() argument 'mode' must be str, not {}",
                  a[1].is_none() ? "None" : type_name(a[1]));
    mode = to_string(a[1]);
    if (mode.find('\0') != mode.npos) return fail(exc::ValueError, "embedded null character");
  }
  const bool closefd = a[2] ? TRY(truth(a[2])) : true;
  return init_file(self, a[0], mode, closefd, a[3]);
}

void file_io_dealloc(Object* o) { dealloc_stream(o); }

Ref file_dealloc_warn(Value self, const Value* a) {
  auto* f = file_of(self);
  if (f->fd >= 0 && f->closefd) {
    Ref pending = take_pending();
    if (warn_about(exc::ResourceWarning, fmt::format("unclosed file {}", repr_text(a[0])), 1, a[0]).is_error()) {
      if (pending_is(exc::Warning)) {
        report_unraisable(self);
      } else {
        clear_pending();
      }
    }
    if (!pending.is_empty()) restore_pending(std::move(pending));
  }
  return Ref::none();
}

Ref file_close(Value self, const Value*) {
  auto* f = file_of(self);
  Ref error;
  // _RawIOBase.close flushes, which a subclass may override.
  Ref base = get_attr(to_value(&raw_io_base_type), names.close);
  Ref result = base.is_error() ? std::move(base) : call(base, {self});
  if (!f->closefd) {
    f->fd = -1;
    return result;
  }
  if (result.is_error()) error = take_pending();
  if (f->finalizing) {
    Value source[] = {self};
    Ref warned = file_dealloc_warn(self, source);
    if (warned.is_error()) clear_pending();
  }
  if (close_descriptor(f).is_error()) {
    if (!error.is_empty()) {
      Ref second = take_pending();
      TRY(set_attr(second, names.__context__, error));
      return restore_pending(std::move(second));
    }
    return Failure{};
  }
  if (!error.is_empty()) return restore_pending(std::move(error));
  return Ref::none();
}

Ref file_seekable(Value self, const Value*) {
  auto* f = file_of(self);
  if (f->fd < 0) return fail_closed();
  if (f->seekable < 0) f->seekable = lseek(f->fd, 0, SEEK_CUR) >= 0;
  return Ref::boolean(f->seekable == 1);
}
Ref file_readable(Value self, const Value*) {
  if (file_of(self)->fd < 0) return fail_closed();
  return Ref::boolean(file_of(self)->readable);
}
Ref file_writable(Value self, const Value*) {
  if (file_of(self)->fd < 0) return fail_closed();
  return Ref::boolean(file_of(self)->writable);
}
Ref file_fileno(Value self, const Value*) {
  if (file_of(self)->fd < 0) return fail_closed();
  return make_int(file_of(self)->fd);
}
Ref file_isatty(Value self, const Value*) {
  if (file_of(self)->fd < 0) return fail_closed();
  AllowThreads allow;
  return Ref::boolean(isatty(file_of(self)->fd) == 1);
}

Ref file_readinto(Value self, const Value* a) {
  auto* f = file_of(self);
  if (f->fd < 0) return fail_closed();
  if (!f->readable) return fail_mode("reading");
  BufferView view(TRY(writable_argument(a[0], "readinto")));
  const int64_t n = TRY(file_read(f, view.data(), view.length()));
  return n < 0 ? Ref::none() : make_int(n);
}

// The size that is left, so that one read suffices and one more sees the end.
int64_t expected_size(FileIO* f) {
  struct stat s;
  const off_t at = lseek(f->fd, 0, SEEK_CUR);
  if (fstat(f->fd, &s) == 0 && at >= 0 && s.st_size >= at) return s.st_size - at + 1;
  return kDefaultBufferSize;
}
Ref file_readall(Value self, const Value*) {
  auto* f = file_of(self);
  if (f->fd < 0) return fail_closed();
  if (!f->readable) return fail_mode("reading");
  std::string data;
  data.resize(static_cast<size_t>(expected_size(f)));
  int64_t used = 0;
  for (;;) {
    if (used >= static_cast<int64_t>(data.size()))
      data.resize(data.size() + std::max<size_t>(data.size() / 2, kDefaultBufferSize));
    const int64_t n =
        TRY(file_read(f, reinterpret_cast<uint8_t*>(data.data()) + used, static_cast<int64_t>(data.size()) - used));
    if (n < 0) {
      if (used > 0) break;
      return Ref::none();
    }
    if (n == 0) break;
    used += n;
  }
  return make_bytes(data.data(), used);
}
Ref file_io_read(Value self, const Value* a) {
  auto* f = file_of(self);
  if (f->fd < 0) return fail_closed();
  if (!f->readable) return fail_mode("reading");
  const int64_t size = TRY(size_argument(a[0]));
  if (size < 0) return call_method(self, "readall");
  Ref buffer = Ref::steal(allocate_bytes(size));
  const int64_t n = TRY(file_read(f, as<Bytes>(buffer)->data, size));
  if (n < 0) return Ref::none();
  return n == size ? buffer : make_bytes(as<Bytes>(buffer)->data, n);
}
Ref file_io_write(Value self, const Value* a) {
  auto* f = file_of(self);
  if (f->fd < 0) return fail_closed();
  if (!f->writable) return fail_mode("writing");
  BufferView view(TRY(get_buffer(a[0])));
  const int64_t n = TRY(file_write(f, view.data(), view.length()));
  return n < 0 ? Ref::none() : make_int(n);
}

Ref seek_to(FileIO* f, int64_t position, int whence) {
  int64_t at;
  int code;
  {
    AllowThreads allow;
    at = lseek(f->fd, position, whence);
    code = errno;
  }
  if (f->seekable < 0) f->seekable = at >= 0;
  if (at < 0) return fail_errno(code);
  return make_int(at);
}
Ref file_seek(Value self, const Value* a) {
  auto* f = file_of(self);
  if (f->fd < 0) return fail_closed();
  if (is_float(a[0])) return fail(exc::TypeError, "'float' object cannot be interpreted as an integer");
  const int64_t position = TRY(to_int64(a[0]));
  return seek_to(f, position, a[1] ? TRY(to_c_int(a[1])) : 0);
}
Ref file_tell(Value self, const Value*) {
  if (file_of(self)->fd < 0) return fail_closed();
  return seek_to(file_of(self), 0, SEEK_CUR);
}
Ref file_truncate(Value self, const Value* a) {
  auto* f = file_of(self);
  if (f->fd < 0) return fail_closed();
  if (!f->writable) return fail_mode("writing");
  Ref position = a[0] && !a[0].is_none() ? Ref::share(a[0]) : TRY(seek_to(f, 0, SEEK_CUR));
  const int64_t size = TRY(to_int64(position));
  const int64_t result = TRY(blocking_call([&] { return ftruncate(f->fd, size); }));
  if (result < 0) return fail_errno(errno);
  return position;
}

Ref file_closed(Value self) { return Ref::boolean(file_of(self)->fd < 0); }
Ref file_closefd(Value self) { return Ref::boolean(file_of(self)->closefd); }
Ref file_get_mode(Value self) { return make_str_ascii(file_mode(file_of(self))); }
Ref file_block_size(Value self) { return make_int(file_of(self)->block_size); }
Status set_block_size(Value self, Value v) {
  file_of(self)->block_size = TRY(to_index(v));
  return kOk;
}
Ref file_finalizing(Value self) { return Ref::boolean(file_of(self)->finalizing); }
Status set_finalizing(Value self, Value v) {
  file_of(self)->finalizing = TRY(truth(v));
  return kOk;
}

Ref file_repr(Value self) {
  auto* f = file_of(self);
  if (f->fd < 0) return make_str_ascii("<_io.FileIO [closed]>");
  const char* closefd = f->closefd ? "True" : "False";
  Ref name = TRY(name_for_repr(self));
  if (name.is_empty())
    return make_str(fmt::format("<_io.FileIO fd={} mode='{}' closefd={}>", f->fd, file_mode(f), closefd));
  return make_str(fmt::format("<_io.FileIO name={} mode='{}' closefd={}>", to_string(name), file_mode(f), closefd));
}

const NativeDef kMethods[] = {
    {"read", "($self, size=-1, /)", file_io_read,
     "Read once from the file: up to size bytes, or all the rest if size is negative. None if it would have to wait."},
    {"readall", "($self, /)", file_readall,
     "Read to the end of the file; None if there is nothing yet and it would have to wait."},
    {"readinto", "($self, buffer, /)", file_readinto, "Read once into buffer; returns how many bytes came."},
    {"write", "($self, b, /)", file_io_write,
     "Write once; returns how many bytes of b the system took, or None if it would have to wait."},
    {"seek", "($self, pos, whence=0, /)", file_seek,
     "Go to pos, counted from the start (whence 0), from here (1) or from the end (2); returns the new position."},
    {"tell", "($self, /)", file_tell, "The position, in bytes from the start."},
    {"truncate", "($self, size=None, /)", file_truncate,
     "Make the file size bytes long (default: end it at the position); returns size."},
    {"close", "($self, /)", file_close, "Close the stream, and the descriptor too unless closefd is false."},
    {"seekable", "($self, /)", file_seekable, "Whether the position can be changed."},
    {"readable", "($self, /)", file_readable, "Whether mode allows reading."},
    {"writable", "($self, /)", file_writable, "Whether mode allows writing."},
    {"fileno", "($self, /)", file_fileno, "The number of the file descriptor."},
    {"isatty", "($self, /)", file_isatty, "Whether the descriptor belongs to a terminal."},
    {"_dealloc_warn", "($self, source, /)", file_dealloc_warn, nullptr},
    {"__getstate__", "($self, /)", refuse_pickling, nullptr},
    {}};
const GetSetDef kGetSets[] = {{"closed", file_closed, nullptr, "whether close() has been called"},
                              {"closefd", file_closefd, nullptr, "whether close() also closes the descriptor"},
                              {"mode", file_get_mode, nullptr, "the mode, with its b, such as 'rb+'"},
                              {"_blksize", file_block_size, set_block_size},
                              {"_finalizing", file_finalizing, set_finalizing},
                              {}};

}  // namespace

const char* file_mode(const FileIO* f) {
  if (f->created) return f->readable ? "xb+" : "xb";
  if (f->appending) return f->readable ? "ab+" : "ab";
  if (f->readable) return f->writable ? "rb+" : "rb";
  return "wb";
}

constexpr int64_t kMaxTransfer = 0x7ffff000;

Result<int64_t> file_read(FileIO* f, uint8_t* data, int64_t length) {
  const int fd = f->fd;
  const int64_t n =
      TRY(blocking_call([&] { return read(fd, data, static_cast<size_t>(std::min(length, kMaxTransfer))); }));
  if (n < 0) {
    if (errno == EAGAIN) return -1;
    return fail_errno(errno);
  }
  return n;
}
Result<int64_t> file_write(FileIO* f, const uint8_t* data, int64_t length) {
  const int fd = f->fd;
  const int64_t n =
      TRY(blocking_call([&] { return write(fd, data, static_cast<size_t>(std::min(length, kMaxTransfer))); }));
  if (n < 0) {
    if (errno == EAGAIN) return -1;
    return fail_errno(errno);
  }
  // A short write means, most often, that a signal came.
  if (n < length) TRY(run_signal_handlers());
  return n;
}

Ref make_file_io(int fd, const char* mode, bool closefd) {
  Ref file = TRY(file_io_new(&file_io_type, {}));
  TRY(init_file(file, Value::integer(fd), mode, closefd, Value()));
  return file;
}

void init_file_io() {
  define_stream_type(file_io_type, "_io.FileIO", sizeof(FileIO), &raw_io_base_type,
                     "A file of the operating system, read and written without a buffer.");
  file_io_type.slots.new_ = file_io_new;
  file_io_type.slots.init = file_io_init;
  file_io_type.slots.repr = file_repr;
  file_io_type.methods = kMethods;
  file_io_type.getsets = kGetSets;
  file_io_type.dealloc = file_io_dealloc;
  ready_type(file_io_type);
}

}  // namespace hiss

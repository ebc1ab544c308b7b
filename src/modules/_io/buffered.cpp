#include "modules/_io/buffered.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "modules/_io/file_io.h"
#include "object/class_builder.h"
#include "object/exception.h"
#include "object/iterator.h"

namespace hiss {

Type buffered_reader_type, buffered_writer_type, buffered_random_type;

namespace {

Buffered* buffered_of(Value v) { return stream_as<Buffered>(v); }

// ---- State

Status check_ready(const Buffered* b) {
  if (b->ok) return kOk;
  if (b->detached) return fail(exc::ValueError, "raw stream has been detached");
  return fail(exc::ValueError, "I/O operation on uninitialized object");
}
Result<bool> raw_closed(Buffered* b) {
  if (b->fast_raw) return stream_as<FileIO>(b->raw)->fd < 0;
  Ref hold = Ref::share(b->raw);
  return is_closed(hold);
}
Status check_open(Buffered* b, const char* message) {
  TRY(check_ready(b));
  if (TRY(raw_closed(b)) && b->ahead() == 0) return fail(exc::ValueError, "{}", message);
  return kOk;
}

/// One thread at a time works on a stream; a signal handler or __del__ that comes back into it gets RuntimeError.
class Locked {
 public:
  explicit Locked(Buffered* b) : b_(b) {
    if (pthread_mutex_trylock(&b->mutex) != 0) {
      if (pthread_equal(b->owner, pthread_self())) {
        failed_ = true;
        fail(exc::RuntimeError, "reentrant call inside {}", repr_text(to_value(b)));
        return;
      }
      AllowThreads allow;
      pthread_mutex_lock(&b->mutex);
    }
    b->owner = pthread_self();
    retain(static_cast<Object*>(b));
  }
  ~Locked() { unlock(); }
  void unlock() {
    if (failed_ || !b_) return;
    b_->owner = 0;
    pthread_mutex_unlock(&b_->mutex);
    Buffered* b = b_;
    b_ = nullptr;
    release(static_cast<Object*>(b));
  }
  Status status() const { return failed_ ? Status(Failure{}) : kOk; }

 private:
  Buffered* b_;
  bool failed_ = false;
};

void drop_read_ahead(Buffered* b) { b->read_pos = b->read_end = 0; }

// ---- The raw stream

Result<int64_t> raw_read(Buffered* b, uint8_t* data, int64_t length) {
  int64_t n;
  if (b->fast_raw) {
    auto* f = stream_as<FileIO>(b->raw);
    if (f->fd < 0) return fail(exc::ValueError, "I/O operation on closed file");
    if (!f->readable) return fail_unsupported("File not open for reading");
    n = TRY(file_read(f, data, length));
  } else {
    Ref raw = Ref::share(b->raw);
    Ref block = make_bytearray(nullptr, length);
    Ref view = TRY(make_memoryview_of(block));
    Ref result = TRY(call_method(raw, names.readinto, {view}));
    if (result.is_none()) return -1;
    Ref number = index(result);
    if (number.is_error()) {
      if (!pending_is(exc::TypeError)) return Failure{};
      Ref cause = take_pending();
      fail(exc::OSError, "raw readinto() failed");
      Ref error = take_pending();
      TRY(set_attr(error, names.__cause__, cause));
      return restore_pending(std::move(error));
    }
    n = int_value(number).value_or(-1);
    if (n < 0 || n > length)
      return fail(exc::OSError, "raw readinto() returned invalid length {} (should have been between 0 and {})", n,
                  length);
    if (n) std::memcpy(data, as<ByteArray>(block)->data, static_cast<size_t>(n));
  }
  if (n > 0 && b->raw_position >= 0) b->raw_position += n;
  return n;
}

Result<int64_t> raw_write(Buffered* b, const uint8_t* data, int64_t length) {
  int64_t n;
  if (b->fast_raw) {
    auto* f = stream_as<FileIO>(b->raw);
    if (f->fd < 0) return fail(exc::ValueError, "I/O operation on closed file");
    if (!f->writable) return fail_unsupported("File not open for writing");
    n = TRY(file_write(f, data, length));
    if (n < 0) return -1;
  } else {
    Ref raw = Ref::share(b->raw);
    Ref block = make_bytes(data, length);
    Ref view = TRY(make_memoryview_of(block));
    Ref result = TRY(call_method(raw, names.write, {view}));
    if (result.is_none()) return -1;
    n = TRY(to_index(result));
    if (n < 0 || n > length)
      return fail(exc::OSError, "raw write() returned invalid length {} (should have been between 0 and {})", n,
                  length);
  }
  if (n > 0 && b->raw_position >= 0) b->raw_position += n;
  return n;
}

Result<int64_t> raw_tell(Buffered* b) {
  b->raw_position = -1;
  Ref raw = Ref::share(b->raw);
  Ref result = TRY(call_method(raw, names.tell));
  const int64_t at = TRY(to_int64(result));
  if (at < 0) return fail(exc::OSError, "Raw stream returned invalid position {}", at);
  b->raw_position = at;
  return at;
}
Result<int64_t> raw_seek(Buffered* b, int64_t target, int whence) {
  b->raw_position = -1;
  Ref raw = Ref::share(b->raw);
  Ref position = make_int(target);
  Ref result = TRY(call_method(raw, names.seek, {position, Value::integer(whence)}));
  const int64_t at = TRY(to_int64(result));
  if (at < 0) return fail(exc::OSError, "Raw stream returned invalid position {}", at);
  b->raw_position = at;
  return at;
}

Failure fail_would_block(int64_t written) {
  Ref message = make_str_ascii("write could not complete without blocking");
  Ref number = make_int(written);
  Ref error = call(to_value(&exc::BlockingIOError), {Value::integer(EAGAIN), message, number});
  if (error.is_error()) return Failure{};
  return fail_with(error);
}

// Writes what waits. What could not be written stays.
Status flush_writes(Buffered* b) {
  int64_t done = 0;
  Status outcome = kOk;
  while (done < b->write_used) {
    Result<int64_t> n = raw_write(b, b->write_data + done, b->write_used - done);
    if (n.is_error()) {
      outcome = Failure{};
      break;
    }
    if (n.value() < 0) {
      outcome = fail_would_block(0);
      break;
    }
    done += n.value();
    // A short write may mean that a signal came; its handler may raise.
    if (done < b->write_used && run_signal_handlers().is_error()) {
      outcome = Failure{};
      break;
    }
  }
  if (done) {
    std::memmove(b->write_data, b->write_data + done, static_cast<size_t>(b->write_used - done));
    b->write_used -= done;
  }
  return outcome;
}

// The raw position becomes the logical one: pending writes go out, read-ahead is given back.
Status give_back_read_ahead(Buffered* b) {
  if (b->ahead() > 0) {
    const int64_t ahead = b->ahead();
    drop_read_ahead(b);
    TRY(raw_seek(b, -ahead, 1));
  }
  drop_read_ahead(b);
  return kOk;
}
Status flush_and_rewind(Buffered* b) {
  if (b->writable) TRY(flush_writes(b));
  if (b->readable && b->writable) return give_back_read_ahead(b);
  return kOk;
}

Status before_read(Buffered* b) {
  if (b->writable && b->write_used) TRY(flush_writes(b));
  return kOk;
}

/// Fills the empty read buffer: bytes got, -1 when the read would block.
Result<int64_t> fill(Buffered* b) {
  if (b->read_pos == b->read_end) drop_read_ahead(b);
  if (b->read_end == b->buffer_size && b->read_pos > 0) {
    std::memmove(b->read_data, b->read_data + b->read_pos, static_cast<size_t>(b->ahead()));
    b->read_end -= b->read_pos;
    b->read_pos = 0;
  }
  const int64_t n = TRY(raw_read(b, b->read_data + b->read_end, b->buffer_size - b->read_end));
  if (n > 0) b->read_end += n;
  return n;
}

// ---- Reading

int64_t take(Buffered* b, uint8_t* to, int64_t wanted) {
  const int64_t n = std::min(wanted, b->ahead());
  if (n > 0) {
    std::memcpy(to, b->read_data + b->read_pos, static_cast<size_t>(n));
    b->read_pos += n;
  }
  return n;
}

Ref read_all(Buffered* b) {
  TRY(before_read(b));
  std::string data(reinterpret_cast<const char*>(b->read_data + b->read_pos), static_cast<size_t>(b->ahead()));
  const bool had = !data.empty();
  drop_read_ahead(b);
  Ref raw = Ref::share(b->raw);
  Ref readall = TRY(get_attr_or_empty(raw, intern("readall")));
  if (!readall.is_empty()) {
    Ref rest = TRY(call(readall));
    b->raw_position = -1;
    if (rest.is_none()) return had ? make_bytes(data) : rest;
    if (!is<Bytes>(rest)) return fail(exc::TypeError, "readall() should return bytes");
    if (!had) return rest;
    data += as<Bytes>(rest)->view();
    return make_bytes(data);
  }
  b->raw_position = -1;
  for (;;) {
    Ref piece = TRY(call_method(raw, names.read));
    if (!piece.is_none() && !is<Bytes>(piece)) return fail(exc::TypeError, "read() should return bytes");
    if (piece.is_none() || as<Bytes>(piece)->length == 0) {
      if (data.empty()) return piece;
      return make_bytes(data);
    }
    data += as<Bytes>(piece)->view();
  }
}

Ref read_some(Buffered* b, int64_t size) {
  if (size <= b->ahead()) {
    Ref out = make_bytes(b->read_data + b->read_pos, size);
    b->read_pos += size;
    return out;
  }
  TRY(before_read(b));
  Ref out = Ref::steal(allocate_bytes(size));
  uint8_t* data = as<Bytes>(out)->data;
  int64_t got = take(b, data, size);
  drop_read_ahead(b);
  while (got < size) {
    int64_t n;
    if (size - got >= b->buffer_size) {
      // Whole buffers go straight to where they are wanted.
      n = TRY(raw_read(b, data + got, (size - got) / b->buffer_size * b->buffer_size));
      if (n > 0) got += n;
    } else {
      n = TRY(fill(b));
      if (n > 0) got += take(b, data + got, size - got);
    }
    if (n <= 0) {
      if (n < 0 && got == 0) return Ref::none();
      return make_bytes(data, got);
    }
  }
  return out;
}

Ref reader_read(Value self, const Value* a) {
  auto* b = buffered_of(self);
  TRY(check_ready(b));
  const int64_t size = TRY(size_argument(a[0]));
  if (size < -1) return fail(exc::ValueError, "read length must be non-negative or -1");
  TRY(check_open(b, "read of closed file"));
  Locked lock(b);
  TRY(lock.status());
  return size == -1 ? read_all(b) : read_some(b, size);
}
Ref reader_read1(Value self, const Value* a) {
  return buffered_read1(buffered_of(self), a[0] ? TRY(to_index(a[0])) : -1);
}
Ref reader_peek(Value self, const Value*) {
  auto* b = buffered_of(self);
  TRY(check_open(b, "peek of closed file"));
  Locked lock(b);
  TRY(lock.status());
  if (b->writable) TRY(flush_and_rewind(b));
  if (b->ahead() == 0) {
    drop_read_ahead(b);
    TRY(fill(b));
  }
  return make_bytes(b->read_data + b->read_pos, b->ahead());
}
Ref read_into(Value self, Value target, bool once) {
  auto* b = buffered_of(self);
  TRY(check_ready(b));
  BufferView view(TRY(writable_argument(target, once ? "readinto1" : "readinto")));
  TRY(check_open(b, "readinto of closed file"));
  if (view.length() == 0) return make_int(0);
  Locked lock(b);
  TRY(lock.status());
  int64_t got = take(b, view.data(), view.length());
  if (got == view.length()) return make_int(got);
  TRY(before_read(b));
  if (b->ahead() == 0) drop_read_ahead(b);
  while (got < view.length()) {
    const int64_t left = view.length() - got;
    int64_t n;
    if (left > b->buffer_size) {
      n = TRY(raw_read(b, view.data() + got, left));
      if (n > 0) got += n;
      if (once && n > 0) break;
    } else if (once && got) {
      break;
    } else {
      n = TRY(fill(b));
      if (n > 0) got += take(b, view.data() + got, left);
    }
    if (n == 0) break;
    if (n < 0) {
      if (got == 0) return Ref::none();
      break;
    }
  }
  return make_int(got);
}
Ref reader_readinto(Value self, const Value* a) { return read_into(self, a[0], false); }
Ref reader_readinto1(Value self, const Value* a) { return read_into(self, a[0], true); }
Ref reader_readline(Value self, const Value* a) {
  auto* b = buffered_of(self);
  TRY(check_ready(b));
  return buffered_readline(b, TRY(size_argument(a[0])));
}
Ref reader_next(Value self) {
  auto* b = buffered_of(self);
  TRY(check_ready(b));
  Ref line;
  if (type_of(self) == &buffered_reader_type || type_of(self) == &buffered_random_type) {
    line = TRY(buffered_readline(b, -1));
  } else {
    line = TRY(call_method(self, names.readline));
    if (!is<Bytes>(line))
      return fail(exc::OSError, "readline() should have returned a bytes object, not '{}'", type_name(line));
  }
  if (as<Bytes>(line)->length == 0) return Ref::empty();
  return line;
}

// ---- Writing

Ref writer_write(Value self, const Value* a) {
  auto* b = buffered_of(self);
  TRY(check_ready(b));
  BufferView view(TRY(get_buffer(a[0])));
  return buffered_write(b, view.data(), view.length());
}
Ref writer_flush(Value self, const Value*) {
  auto* b = buffered_of(self);
  TRY(check_open(b, "flush of closed file"));
  Locked lock(b);
  TRY(lock.status());
  TRY(flush_and_rewind(b));
  return Ref::none();
}

// ---- Both

Ref buffered_simple_flush(Value self, const Value*) {
  TRY(check_ready(buffered_of(self)));
  Ref raw = Ref::share(buffered_of(self)->raw);
  return call_method(raw, names.flush);
}
Ref buffered_tell(Value self, const Value*) {
  auto* b = buffered_of(self);
  TRY(check_ready(b));
  const int64_t at = TRY(raw_tell(b));
  return make_int(at - b->ahead() + b->write_used);
}
Ref buffered_seek(Value self, const Value* a) {
  auto* b = buffered_of(self);
  TRY(check_ready(b));
  const int whence = a[1] ? TRY(to_c_int(a[1])) : 0;
  if (whence < 0 || whence > 4) return fail(exc::ValueError, "whence value {} invalid", whence);
  TRY(check_open(b, "seek of closed file"));
  Ref raw = Ref::share(b->raw);
  TRY(check_seekable(raw));
  int64_t target = TRY(to_int64(a[0]));
  if (whence < 2 && b->readable) {
    // Within what was read ahead nothing needs to be asked of the raw stream.
    const int64_t current = b->raw_position >= 0 ? b->raw_position : TRY(raw_tell(b));
    const int64_t ahead = b->ahead();
    if (ahead > 0) {
      const int64_t offset = whence == 0 ? target - (current - ahead) : target;
      if (offset >= -b->read_pos && offset <= ahead) {
        b->read_pos += offset;
        return make_int(current - ahead + offset);
      }
    }
  }
  Locked lock(b);
  TRY(lock.status());
  if (b->writable) TRY(flush_writes(b));
  if (whence == 1) target -= b->ahead();
  const int64_t at = TRY(raw_seek(b, target, whence));
  drop_read_ahead(b);
  return make_int(at);
}
Ref buffered_truncate(Value self, const Value* a) {
  auto* b = buffered_of(self);
  TRY(check_open(b, "truncate of closed file"));
  if (!b->writable) return fail_unsupported("truncate");
  Locked lock(b);
  TRY(lock.status());
  TRY(flush_and_rewind(b));
  Ref raw = Ref::share(b->raw);
  Ref result = TRY(call_method(raw, names.truncate, {a[0] ? a[0] : Value::none()}));
  if (raw_tell(b).is_error()) clear_pending();
  return result;
}
Ref buffered_detach(Value self, const Value*) {
  auto* b = buffered_of(self);
  TRY(check_ready(b));
  TRY(call_method(self, names.flush));
  Value raw = b->raw;
  b->raw = Value();
  b->detached = true;
  b->ok = false;
  b->fast_raw = false;
  return Ref::steal(raw);
}
Ref buffered_dealloc_warn(Value self, const Value* a) {
  auto* b = buffered_of(self);
  if (b->ok && b->raw) {
    Ref raw = Ref::share(b->raw);
    Ref result = call_method(raw, "_dealloc_warn", {a[0]});
    if (result.is_error()) clear_pending();
  }
  return Ref::none();
}
Ref buffered_close(Value self, const Value*) {
  auto* b = buffered_of(self);
  TRY(check_ready(b));
  {
    Locked lock(b);
    TRY(lock.status());
    if (TRY(raw_closed(b))) return Ref::none();
    if (b->finalizing && b->raw) {
      Value source[] = {self};
      TRY(buffered_dealloc_warn(self, source));
    }
  }
  Ref error;
  Ref result = call_method(self, names.flush);
  if (result.is_error()) error = take_pending();
  Locked lock(b);
  TRY(lock.status());
  Ref raw = Ref::share(b->raw);
  result = call_method(raw, names.close);
  b->write_used = 0;
  drop_read_ahead(b);
  if (error.is_empty()) return result;
  if (result.is_error()) {
    Ref second = take_pending();
    auto* e = as<Exception>(second);
    if (!e->context) e->context = error.release();
    return restore_pending(std::move(second));
  }
  return restore_pending(std::move(error));
}

Ref delegate(Value self, const char* method) {
  TRY(check_ready(buffered_of(self)));
  Ref raw = Ref::share(buffered_of(self)->raw);
  return call_method(raw, method);
}
Ref buffered_seekable(Value self, const Value*) { return delegate(self, "seekable"); }
Ref buffered_readable(Value self, const Value*) { return delegate(self, "readable"); }
Ref buffered_writable(Value self, const Value*) { return delegate(self, "writable"); }
Ref buffered_fileno(Value self, const Value*) { return delegate(self, "fileno"); }
Ref buffered_isatty(Value self, const Value*) { return delegate(self, "isatty"); }

Ref raw_attribute(Value self, Str* name) {
  TRY(check_ready(buffered_of(self)));
  Ref raw = Ref::share(buffered_of(self)->raw);
  return get_attr(raw, name);
}
Ref buffered_closed(Value self) { return raw_attribute(self, names.closed); }
Ref buffered_name(Value self) { return raw_attribute(self, names.name); }
Ref buffered_mode(Value self) { return raw_attribute(self, names.mode); }
Ref buffered_raw(Value self) {
  Value raw = buffered_of(self)->raw;
  return raw ? Ref::share(raw) : Ref::none();
}
Ref buffered_finalizing(Value self) { return Ref::boolean(buffered_of(self)->finalizing); }
Status set_finalizing(Value self, Value v) {
  buffered_of(self)->finalizing = TRY(truth(v));
  return kOk;
}
Ref buffered_repr(Value self) {
  const std::string type(qualified_type_name(type_of(self)));
  Ref name = TRY(name_for_repr(self));
  if (name.is_empty()) return make_str(fmt::format("<{}>", type));
  return make_str(fmt::format("<{} name={}>", type, to_string(name)));
}

// ---- Construction

Status init_buffered(Value self, Value raw, int64_t buffer_size, bool readable, bool writable) {
  auto* b = buffered_of(self);
  b->ok = b->detached = false;
  if (buffer_size <= 0) return fail(exc::ValueError, "buffer size must be strictly positive");
  if (readable && writable) TRY(check_seekable(raw));
  if (readable) TRY(check_readable(raw));
  if (writable) TRY(check_writable(raw));
  set_field(b->raw, Ref::share(raw));
  b->readable = readable;
  b->writable = writable;
  b->buffer_size = buffer_size;
  b->raw_position = -1;
  std::free(b->read_data);
  std::free(b->write_data);
  b->read_data = b->write_data = nullptr;
  b->write_used = b->write_capacity = 0;
  drop_read_ahead(b);
  if (readable && !(b->read_data = static_cast<uint8_t*>(std::malloc(static_cast<size_t>(buffer_size)))))
    return fail_memory();
  if (writable && !(b->write_data = static_cast<uint8_t*>(std::malloc(static_cast<size_t>(buffer_size)))))
    return fail_memory();
  if (writable) b->write_capacity = buffer_size;
  b->fast_raw = is_exact(raw, file_io_type);
  // A stream that cannot tell its position is no error here.
  if (b->fast_raw) {
    b->raw_position = lseek(stream_as<FileIO>(raw)->fd, 0, SEEK_CUR);
  } else if (raw_tell(b).is_error()) {
    clear_pending();
  }
  b->ok = true;
  return kOk;
}
template <bool readable, bool writable>
Status buffered_init(Value self, const Args& args) {
  Arguments a(readable && writable ? "BufferedRandom"
              : readable           ? "BufferedReader"
                                   : "BufferedWriter",
              "(raw, buffer_size=DEFAULT_BUFFER_SIZE)");
  TRY(a.bind(args));
  return init_buffered(self, a[0], a[1] ? TRY(to_index(a[1])) : kDefaultBufferSize, readable, writable);
}

void buffered_dealloc(Object* o) {
  auto* b = static_cast<Buffered*>(o);
  untrack(o);
  b->ok = false;
  clear_field(b->raw);
  std::free(b->read_data);
  std::free(b->write_data);
  dealloc_stream(o);
}
void buffered_traverse(Object* o, Visitor& visit) {
  traverse_attributes(&static_cast<Stream*>(o)->attributes, visit);
  visit(static_cast<Buffered*>(o)->raw);
}
void buffered_clear(Object* o) {
  static_cast<Buffered*>(o)->ok = false;
  clear_field(static_cast<Buffered*>(o)->raw);
  clear_attributes(o, &static_cast<Stream*>(o)->attributes);
}

#define COMMON_METHODS                                                                                    \
  {"tell", "($self, /)", buffered_tell}, {"seek", "($self, target, whence=0, /)", buffered_seek},         \
      {"truncate", "($self, pos=None, /)", buffered_truncate}, {"detach", "($self, /)", buffered_detach}, \
      {"close", "($self, /)", buffered_close}, {"seekable", "($self, /)", buffered_seekable},             \
      {"fileno", "($self, /)", buffered_fileno}, {"isatty", "($self, /)", buffered_isatty},               \
      {"_dealloc_warn", "($self, source, /)", buffered_dealloc_warn}, {                                   \
    "__getstate__", "($self, /)", refuse_pickling                                                         \
  }
#define READ_METHODS                                                                                                 \
  {"read", "($self, size=-1, /)", reader_read}, {"read1", "($self, size=-1, /)", reader_read1},                      \
      {"peek", "($self, size=0, /)", reader_peek}, {"readinto", "($self, buffer, /)", reader_readinto},              \
      {"readinto1", "($self, buffer, /)", reader_readinto1}, {"readline", "($self, size=-1, /)", reader_readline}, { \
    "readable", "($self, /)", buffered_readable                                                                      \
  }
#define WRITE_METHODS                                                                     \
  {"write", "($self, buffer, /)", writer_write}, {"flush", "($self, /)", writer_flush}, { \
    "writable", "($self, /)", buffered_writable                                           \
  }

const NativeDef kReaderMethods[] = {COMMON_METHODS, READ_METHODS, {"flush", "($self, /)", buffered_simple_flush}, {}};
const NativeDef kWriterMethods[] = {COMMON_METHODS, WRITE_METHODS, {}};
const NativeDef kRandomMethods[] = {COMMON_METHODS, READ_METHODS, WRITE_METHODS, {}};
const GetSetDef kGetSets[] = {{"closed", buffered_closed, nullptr},
                              {"name", buffered_name, nullptr},
                              {"mode", buffered_mode, nullptr},
                              {"raw", buffered_raw, nullptr},
                              {"_finalizing", buffered_finalizing, set_finalizing},
                              {}};

void describe(Type& type, const char* name, const char* doc, InitSlot init, const NativeDef* methods) {
  define_stream_type(type, name, sizeof(Buffered), &buffered_io_base_type, doc);
  type.slots.new_ = stream_new;
  type.slots.init = init;
  type.slots.repr = buffered_repr;
  type.methods = methods;
  type.getsets = kGetSets;
  type.dealloc = buffered_dealloc;
  type.traverse = buffered_traverse;
  type.clear = buffered_clear;
}

}  // namespace

Ref buffered_read1(Buffered* b, int64_t size) {
  TRY(check_ready(b));
  if (size < 0) size = b->buffer_size;
  TRY(check_open(b, "read of closed file"));
  if (size == 0) return make_bytes(nullptr, 0);
  Locked lock(b);
  TRY(lock.status());
  if (b->ahead() > 0) {
    const int64_t n = std::min(size, b->ahead());
    Ref out = make_bytes(b->read_data + b->read_pos, n);
    b->read_pos += n;
    return out;
  }
  TRY(before_read(b));
  drop_read_ahead(b);
  Ref out = Ref::steal(allocate_bytes(size));
  const int64_t n = TRY(raw_read(b, as<Bytes>(out)->data, size));
  if (n == size) return out;
  return make_bytes(as<Bytes>(out)->data, std::max<int64_t>(n, 0));
}

Ref buffered_readline(Buffered* b, int64_t limit) {
  TRY(check_open(b, "readline of closed file"));
  auto find_end = [&](int64_t most) -> int64_t {
    // Bytes to take, or -1 when the line goes on behind the buffer.
    const int64_t n = most >= 0 ? std::min(most, b->ahead()) : b->ahead();
    if (n > 0) {
      if (auto* at = static_cast<uint8_t*>(std::memchr(b->read_data + b->read_pos, '\n', static_cast<size_t>(n)))) {
        return at - (b->read_data + b->read_pos) + 1;
      }
    }
    return n == most ? n : -1;
  };
  int64_t n = find_end(limit);
  if (n >= 0) {
    Ref line = make_bytes(b->read_data + b->read_pos, n);
    b->read_pos += n;
    return line;
  }
  Locked lock(b);
  TRY(lock.status());
  std::string line;
  if (b->writable) TRY(before_read(b));
  for (;;) {
    line.append(reinterpret_cast<const char*>(b->read_data + b->read_pos), static_cast<size_t>(b->ahead()));
    drop_read_ahead(b);
    const int64_t left = limit < 0 ? -1 : limit - static_cast<int64_t>(line.size());
    if (left == 0) break;
    if (TRY(fill(b)) <= 0) break;
    n = find_end(left);
    if (n >= 0) {
      line.append(reinterpret_cast<const char*>(b->read_data + b->read_pos), static_cast<size_t>(n));
      b->read_pos += n;
      break;
    }
  }
  return make_bytes(line);
}

Ref buffered_write(Buffered* b, const uint8_t* data, int64_t length) {
  TRY(check_ready(b));
  Locked lock(b);
  TRY(lock.status());
  if (TRY(raw_closed(b))) return fail(exc::ValueError, "write to closed file");
  if (b->readable) TRY(give_back_read_ahead(b));
  if (length <= b->buffer_size - b->write_used) {
    if (length) std::memcpy(b->write_data + b->write_used, data, static_cast<size_t>(length));
    b->write_used += length;
    return make_int(length);
  }
  auto reason_is_blocking = [] { return pending_is(exc::BlockingIOError); };
  auto keep = [&](int64_t from) {
    const int64_t room = b->buffer_size - b->write_used;
    const int64_t n = std::min(room, length - from);
    if (n > 0) {
      std::memcpy(b->write_data + b->write_used, data + from, static_cast<size_t>(n));
      b->write_used += n;
    }
    return std::max<int64_t>(n, 0);
  };
  if (flush_writes(b).is_error()) {
    if (!reason_is_blocking()) return Failure{};
    Ref error = take_pending();
    const int64_t kept = keep(0);
    if (kept == length) return make_int(length);
    error.reset();
    return fail_would_block(kept);
  }
  int64_t done = 0;
  while (length - done > b->buffer_size) {
    const int64_t n = TRY(raw_write(b, data + done, length - done));
    if (n < 0) {
      const int64_t kept = keep(done);
      if (done + kept == length) return make_int(length);
      return fail_would_block(done + kept);
    }
    done += n;
    if (done < length) TRY(run_signal_handlers());
  }
  keep(done);
  return make_int(length);
}

Ref make_buffered(Type& type, Value raw, int64_t buffer_size) {
  Ref b = TRY(stream_new(&type, {}));
  TRY(init_buffered(b, raw, buffer_size, &type != &buffered_writer_type, &type != &buffered_reader_type));
  return b;
}

void init_buffered() {
  describe(buffered_reader_type, "_io.BufferedReader",
           "Reads ahead from a raw stream, so that small reads need few system calls.", buffered_init<true, false>,
           kReaderMethods);
  buffered_reader_type.slots.next = reader_next;
  ready_type(buffered_reader_type);
  describe(buffered_writer_type, "_io.BufferedWriter",
           "Gathers what is written and passes it on to the raw stream in large pieces, when the buffer (buffer_size "
           "bytes) is full or flushed.",
           buffered_init<false, true>, kWriterMethods);
  ready_type(buffered_writer_type);
  describe(
      buffered_random_type, "_io.BufferedRandom",
      "Buffers both reading and writing of a raw stream that can seek; buffer_size is the size of the buffer in bytes.",
      buffered_init<true, true>, kRandomMethods);
  buffered_random_type.slots.next = reader_next;
  ready_type(buffered_random_type);
}

}  // namespace hiss

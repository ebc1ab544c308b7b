// BytesIO: a binary stream in memory.
#include <algorithm>
#include <cstring>
#include <vector>

#include "modules/_io/stream.h"
#include "object/iterator.h"

namespace hiss {

Type bytes_io_type;

namespace {

Type bytes_io_buffer_type;

struct BytesIO : Stream {
  std::string* data;  // null: not made yet
  int64_t position;
  int64_t exports;
  bool closed;
};
struct BytesIOBuffer : Object {  // what getbuffer()'s memoryview looks at
  Value source;
};
BytesIO* io_of(Value v) { return stream_as<BytesIO>(v); }

Status check_io_open(BytesIO* io) {
  if (io->closed || !io->data) return fail(exc::ValueError, "I/O operation on closed file.");
  return kOk;
}
Status check_exports(BytesIO* io) {
  if (io->exports > 0) return fail(exc::BufferError, "Existing exports of data: object cannot be re-sized");
  return kOk;
}
int64_t size_of(BytesIO* io) { return static_cast<int64_t>(io->data->size()); }
int64_t available(BytesIO* io, int64_t wanted) {
  const int64_t left = std::max<int64_t>(size_of(io) - io->position, 0);
  return wanted < 0 || wanted > left ? left : wanted;
}
Ref take(BytesIO* io, int64_t n) {
  if (n == 0) return make_bytes(nullptr, 0);
  Ref out = make_bytes(io->data->data() + io->position, n);
  io->position += n;
  return out;
}

Ref io_read(Value self, const Value* a) {
  auto* io = io_of(self);
  TRY(check_io_open(io));
  return take(io, available(io, TRY(size_argument(a[0]))));
}
int64_t line_length(BytesIO* io, int64_t limit) {
  int64_t n = available(io, -1);
  if (n == 0) return 0;
  const char* start = io->data->data() + io->position;
  if (auto* newline = static_cast<const char*>(std::memchr(start, '\n', static_cast<size_t>(n))))
    n = newline - start + 1;
  return limit >= 0 && n > limit ? limit : n;
}
Ref io_readline(Value self, const Value* a) {
  auto* io = io_of(self);
  TRY(check_io_open(io));
  return take(io, line_length(io, TRY(size_argument(a[0]))));
}
Ref io_readlines(Value self, const Value* a) {
  auto* io = io_of(self);
  TRY(check_io_open(io));
  const int64_t hint = TRY(size_argument(a[0]));
  Ref list = make_list();
  int64_t total = 0;
  while (int64_t n = line_length(io, -1)) {
    list_append(as<List>(list), take(io, n));
    total += n;
    if (hint > 0 && total >= hint) break;
  }
  return list;
}
Ref io_next(Value self) {
  auto* io = io_of(self);
  TRY(check_io_open(io));
  const int64_t n = line_length(io, -1);
  if (n == 0) return Ref::empty();
  return take(io, n);
}
Ref io_readinto(Value self, const Value* a) {
  auto* io = io_of(self);
  BufferView view(TRY(writable_argument(a[0], "readinto")));
  TRY(check_io_open(io));
  const int64_t n = available(io, view.length());
  if (n) std::memcpy(view.data(), io->data->data() + io->position, static_cast<size_t>(n));
  io->position += n;
  return make_int(n);
}
Result<int64_t> write_bytes(BytesIO* io, Value data) {
  TRY(check_io_open(io));
  TRY(check_exports(io));
  BufferView view(TRY(get_buffer(data)));
  if (view.length() == 0) return 0;
  TRY(check_io_open(io));
  const int64_t end = io->position + view.length();
  if (end > size_of(io)) {
    if (end > static_cast<int64_t>(io->data->capacity())) io->data->reserve(static_cast<size_t>(end + end / 8 + 16));
    io->data->resize(static_cast<size_t>(end));
  }
  std::memcpy(io->data->data() + io->position, view.data(), static_cast<size_t>(view.length()));
  io->position = end;
  return view.length();
}
Ref io_write(Value self, const Value* a) { return make_int(TRY(write_bytes(io_of(self), a[0]))); }
Ref io_writelines(Value self, const Value* a) {
  TRY(check_io_open(io_of(self)));
  TRY(for_each(a[0], [&](Value line) -> Status {
    TRY(call_method(self, names.write, {line}));
    return kOk;
  }));
  return Ref::none();
}
Ref io_seek(Value self, const Value* a) {
  auto* io = io_of(self);
  TRY(check_io_open(io));
  int64_t position = TRY(to_index(a[0]));
  const int whence = a[1] ? TRY(to_c_int(a[1])) : 0;
  if (position < 0 && whence == 0) return fail(exc::ValueError, "negative seek value {}", position);
  if (whence == 1 || whence == 2) {
    const int64_t base = whence == 1 ? io->position : size_of(io);
    if (position > INT64_MAX - base) return fail(exc::OverflowError, "new position too large");
    position += base;
  } else if (whence != 0) {
    return fail(exc::ValueError, "invalid whence ({}, should be 0, 1 or 2)", whence);
  }
  io->position = std::max<int64_t>(position, 0);
  return make_int(io->position);
}
Ref io_tell(Value self, const Value*) {
  TRY(check_io_open(io_of(self)));
  return make_int(io_of(self)->position);
}
Ref io_truncate(Value self, const Value* a) {
  auto* io = io_of(self);
  TRY(check_io_open(io));
  TRY(check_exports(io));
  int64_t size = io->position;
  if (a[0] && !a[0].is_none()) {
    size = TRY(size_argument(a[0]));
    if (size < 0) return fail(exc::ValueError, "negative size value {}", size);
  }
  if (size < size_of(io)) io->data->resize(static_cast<size_t>(size));
  return make_int(size);
}
Ref io_getvalue(Value self, const Value*) {
  TRY(check_io_open(io_of(self)));
  return make_bytes(*io_of(self)->data);
}
Ref io_getbuffer(Value self, const Value*) {
  TRY(check_io_open(io_of(self)));
  auto* b = static_cast<BytesIOBuffer*>(allocate(&bytes_io_buffer_type));
  b->source = Ref::share(self).release();
  track(b);
  Ref hold = Ref::steal(b);
  return make_memoryview_of(hold);
}
Ref io_close(Value self, const Value*) {
  auto* io = io_of(self);
  TRY(check_exports(io));
  if (io->data) std::string().swap(*io->data);
  io->closed = true;
  return Ref::none();
}
Ref io_true(Value self, const Value*) {
  TRY(check_io_open(io_of(self)));
  return Ref::boolean(true);
}
Ref io_false(Value self, const Value*) {
  TRY(check_io_open(io_of(self)));
  return Ref::boolean(false);
}
Ref io_flush(Value self, const Value*) {
  TRY(check_io_open(io_of(self)));
  return Ref::none();
}
Ref io_closed(Value self) { return Ref::boolean(io_of(self)->closed); }

Ref io_getstate(Value self, const Value*) {
  auto* io = io_of(self);
  Ref value = TRY(io_getvalue(self, nullptr));
  Ref dict = Ref::none();
  if (io->attributes.shape) dict = dict_copy(attribute_dict(io, &io->attributes));
  return make_tuple({value, make_int(io->position), dict});
}
Ref io_setstate(Value self, const Value* a) {
  auto* io = io_of(self);
  if (!is<Tuple>(a[0]) || as<Tuple>(a[0])->size < 3) {
    return fail(exc::TypeError, "{}.__setstate__ argument should be 3-tuple, got {}", type_name(self), type_name(a[0]));
  }
  TRY(check_exports(io));
  auto* t = as<Tuple>(a[0]);
  io->data->clear();
  io->position = 0;
  TRY(write_bytes(io, t->items[0]));
  if (!is_int(t->items[1]))
    return fail(exc::TypeError, "second item of state must be an integer, not {}", type_name(t->items[1]));
  const int64_t position = TRY(to_index(t->items[1]));
  if (position < 0) return fail(exc::ValueError, "position value cannot be negative");
  io->position = position;
  if (!t->items[2].is_none()) {
    if (!is<Dict>(t->items[2]))
      return fail(exc::TypeError, "third item of state should be a dict, got a {}", type_name(t->items[2]));
    TRY(dict_update(attribute_dict(io, &io->attributes), t->items[2]));
  }
  return Ref::none();
}

Ref io_new(Type* cls, const Args& args) {
  Ref o = stream_new(cls, args);
  io_of(o)->data = new std::string();
  return o;
}
Status io_init(Value self, const Args& args) {
  Arguments a("BytesIO", "(initial_bytes=b'')");
  TRY(a.bind(args));
  auto* io = io_of(self);
  TRY(check_exports(io));
  io->closed = false;
  io->data->clear();
  io->position = 0;
  if (a[0] && !a[0].is_none()) {
    TRY(write_bytes(io, a[0]));
    io->position = 0;
  }
  return kOk;
}
void io_dealloc(Object* o) {
  untrack(o);
  delete static_cast<BytesIO*>(o)->data;
  static_cast<BytesIO*>(o)->data = nullptr;
  dealloc_stream(o);
}

Result<Buffer> export_buffer(Value self, bool) {
  Value source = static_cast<BytesIOBuffer*>(self.object())->source;
  auto* io = io_of(source);
  Buffer b;
  b.data = reinterpret_cast<uint8_t*>(io->data->data());
  b.length = size_of(io);
  b.readonly = false;
  b.owner = Ref::share(self);
  ++io->exports;
  b.release = [](Buffer& buffer) { --io_of(static_cast<BytesIOBuffer*>(buffer.owner.object())->source)->exports; };
  return Result<Buffer>(std::move(b));
}
void buffer_dealloc(Object* o) {
  untrack(o);
  clear_field(static_cast<BytesIOBuffer*>(o)->source);
  free_object(o);
}
void buffer_traverse(Object* o, Visitor& visit) { visit(static_cast<BytesIOBuffer*>(o)->source); }

const NativeDef kMethods[] = {
    {"read", "($self, size=-1, /)", io_read, "The next size bytes, or all that are left if size is negative or None."},
    {"read1", "($self, size=-1, /)", io_read, "The next size bytes, or all that are left if size is negative or None."},
    {"readline", "($self, size=-1, /)", io_readline,
     "The bytes up to and including the next line feed, but no more than size if that is not negative."},
    {"readlines", "($self, size=None, /)", io_readlines,
     "A list of the lines that are left; it ends early once they make up size bytes."},
    {"readinto", "($self, buffer, /)", io_readinto,
     "Fill buffer as far as there are bytes; returns how many were stored."},
    {"write", "($self, b, /)", io_write, "Put b at the position, over what is there; returns its length."},
    {"writelines", "($self, lines, /)", io_writelines,
     "Write the items of lines one after the other; nothing is added between them."},
    {"seek", "($self, pos, whence=0, /)", io_seek,
     "Go to pos, counted from the start (whence 0), from here (1) or from the end (2); returns the new position."},
    {"tell", "($self, /)", io_tell, "The position, in bytes from the start."},
    {"truncate", "($self, size=None, /)", io_truncate,
     "Cut off what lies after the first size bytes (default: after the position); returns size."},
    {"getvalue", "($self, /)", io_getvalue, "A copy of all the bytes, whatever the position."},
    {"getbuffer", "($self, /)", io_getbuffer,
     "A memoryview through which the bytes can be changed; while it lives, their number cannot."},
    {"close", "($self, /)", io_close, "Free the bytes; whatever is asked of the stream later raises ValueError."},
    {"readable", "($self, /)", io_true, "True, unless closed: bytes can be read."},
    {"writable", "($self, /)", io_true, "True, unless closed: bytes can be written."},
    {"seekable", "($self, /)", io_true, "True, unless closed: the position can be changed."},
    {"isatty", "($self, /)", io_false, "False: memory is no terminal."},
    {"flush", "($self, /)", io_flush, "Nothing to do: no bytes are held back."},
    {"__getstate__", "($self, /)", io_getstate, nullptr},
    {"__setstate__", "($self, state, /)", io_setstate, nullptr},
    {}};
const GetSetDef kGetSets[] = {{"closed", io_closed, nullptr, "whether close() has been called"}, {}};

}  // namespace

void init_bytes_io() {
  Type& t = bytes_io_type;
  define_stream_type(t, "_io.BytesIO", sizeof(BytesIO), &buffered_io_base_type,
                     "A binary stream whose bytes are kept in memory.");
  t.slots.new_ = io_new;
  t.slots.init = io_init;
  t.slots.next = io_next;
  t.slots.iter = [](Value self) -> Ref {
    TRY(check_io_open(io_of(self)));
    return Ref::share(self);
  };
  t.methods = kMethods;
  t.getsets = kGetSets;
  t.dealloc = io_dealloc;
  ready_type(t);
  define_type(bytes_io_buffer_type, {.name = "_io._BytesIOBuffer",
                                     .size = sizeof(BytesIOBuffer),
                                     .layout = Layout::Native,
                                     .flags = Type::kHasGc | Type::kNoInstances});
  bytes_io_buffer_type.dealloc = buffer_dealloc;
  bytes_io_buffer_type.traverse = buffer_traverse;
  bytes_io_buffer_type.buffer = export_buffer;
  ready_type(bytes_io_buffer_type);
}

}  // namespace hiss

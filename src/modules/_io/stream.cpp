// _IOBase, _RawIOBase, _BufferedIOBase, _TextIOBase.
#include "modules/_io/stream.h"

#include <algorithm>

#include "memory/collector.h"
#include "object/class_builder.h"
#include "object/iterator.h"

namespace hiss {

Type io_base_type, raw_io_base_type, buffered_io_base_type, text_io_base_type;
Type* unsupported_operation = nullptr;

Result<Buffer> writable_argument(Value v, const char* function) {
  Result<Buffer> buffer = get_buffer(v, true);
  if (!buffer.is_error() || (!pending_is(exc::BufferError) && !pending_is(exc::TypeError))) return buffer;
  clear_pending();
  return fail(exc::TypeError, "{}() argument must be read-write bytes-like object, not {}", function, type_name(v));
}

Failure fail_unsupported(std::string_view message) { return fail_text(*unsupported_operation, std::string(message)); }

Result<bool> is_closed(Value stream) {
  Ref closed = TRY(get_attr(stream, names.closed));
  return truth(closed);
}
Status check_closed(Value stream) {
  Ref closed = TRY(get_attr_or_empty(stream, names.closed));
  if (!closed.is_empty() && TRY(truth(closed))) return fail(exc::ValueError, "I/O operation on closed file.");
  return kOk;
}
Result<bool> ask(Value stream, const char* method) {
  Ref answer = TRY(call_method(stream, method));
  return truth(answer);
}
namespace {
Status check_ability(Value stream, const char* method, const char* message) {
  Ref answer = TRY(call_method(stream, method));
  if (!answer.value().is_true()) return fail_unsupported(message);
  return kOk;
}
}  // namespace
Status check_seekable(Value stream) { return check_ability(stream, "seekable", "File or stream is not seekable."); }
Status check_readable(Value stream) { return check_ability(stream, "readable", "File or stream is not readable."); }
Status check_writable(Value stream) { return check_ability(stream, "writable", "File or stream is not writable."); }

Result<int64_t> size_argument(Value v) {
  if (v.is_empty() || v.is_none()) return -1;
  if (v.is_integer()) return v.integer();
  if (!is_int(v) && !type_of(v)->slots.index)
    return fail(exc::TypeError, "argument should be integer or None, not '{}'", type_name(v));
  Ref number = TRY(index(v));
  const auto n = int_value(number);
  if (!n) return fail(exc::OverflowError, "cannot fit '{}' into an index-sized integer", type_name(v));
  return *n;
}

Ref refuse_pickling(Value self, const Value*) {
  return fail(exc::TypeError, "cannot pickle '{}' object", qualified_type_name(type_of(self)));
}

Ref make_memoryview_of(Value object) { return call(to_value(&memoryview_type), {object}); }

Ref name_for_repr(Value self) {
  Ref name = get_attr_or_empty(self, names.name);
  if (name.is_error()) {
    // A detached or broken stream still has a repr.
    if (!pending_is(exc::ValueError)) return name;
    clear_pending();
    return Ref::empty();
  }
  if (name.is_empty()) return name;
  ReprGuard guard(self);
  if (!guard.entered())
    return fail(exc::RuntimeError, "reentrant call inside {}.__repr__", qualified_type_name(type_of(self)));
  return repr(name);
}

// ---- Construction and destruction

void dealloc_stream(Object* o) {
  untrack(o);
  clear_attributes(o, &static_cast<Stream*>(o)->attributes);
  free_object(o);
}

Ref stream_new(Type* cls, const Args&) {
  Object* o = allocate(cls);
  track(o);
  return Ref::steal(o);
}

namespace {
void traverse_stream(Object* o, Visitor& visit) { traverse_attributes(&static_cast<Stream*>(o)->attributes, visit); }
void clear_stream(Object* o) { clear_attributes(o, &static_cast<Stream*>(o)->attributes); }
}  // namespace

void define_stream_type(Type& type, const char* name, uint32_t size, Type* base, const char* doc) {
  define_type(type, {.name = name,
                     .size = size,
                     .layout = Layout::Native,
                     .flags = Type::kBaseType | Type::kHasGc | Type::kWeakReferable,
                     .base = base,
                     .doc = doc});
  type.attributes_offset = offsetof(Stream, attributes);
}

// ---- _IOBase

namespace {

Str* closed_mark() {
  static Str* name = intern("__IOBase_closed");
  return name;
}

Ref base_seek(Value, const Value*) { return fail_unsupported("seek"); }
Ref base_tell(Value self, const Value*) {
  return call_method(self, names.seek, {Value::integer(0), Value::integer(1)});
}
Ref base_truncate(Value, const Value*) { return fail_unsupported("truncate"); }
Result<bool> base_is_closed(Value self) { return has_attr(self, closed_mark()); }
Ref base_flush(Value self, const Value*) {
  if (TRY(base_is_closed(self))) return fail(exc::ValueError, "I/O operation on closed file.");
  return Ref::none();
}
Ref base_close(Value self, const Value*) {
  if (TRY(base_is_closed(self))) return Ref::none();
  Ref result = call_method(self, names.flush);
  Ref error;
  if (result.is_error()) error = take_pending();
  TRY(set_attr(self, closed_mark(), Value::boolean(true)));
  if (!error.is_empty()) return restore_pending(std::move(error));
  return Ref::none();
}
Ref base_closed(Value self) { return Ref::boolean(TRY(base_is_closed(self))); }
Ref base_false(Value self, const Value*) {
  (void)self;
  return Ref::boolean(false);
}
Ref base_check_closed(Value self, const Value*) {
  TRY(check_closed(self));
  return Ref::none();
}
Ref base_check_seekable(Value self, const Value*) {
  TRY(check_seekable(self));
  return Ref::boolean(true);
}
Ref base_check_readable(Value self, const Value*) {
  TRY(check_readable(self));
  return Ref::boolean(true);
}
Ref base_check_writable(Value self, const Value*) {
  TRY(check_writable(self));
  return Ref::boolean(true);
}
Ref base_fileno(Value, const Value*) { return fail_unsupported("fileno"); }
Ref base_isatty(Value self, const Value*) {
  TRY(check_closed(self));
  return Ref::boolean(false);
}
Ref base_enter(Value self, const Value*) {
  TRY(check_closed(self));
  return Ref::share(self);
}
Ref base_exit(Value self, const Value*) { return call_method(self, names.close); }

Ref base_readline(Value self, const Value* a) {
  const int64_t limit = TRY(size_argument(a[0]));
  Ref peek = TRY(get_attr_or_empty(self, intern("peek")));
  std::string line;
  while (limit < 0 || static_cast<int64_t>(line.size()) < limit) {
    int64_t wanted = 1;
    if (!peek.is_empty()) {
      Ref ahead = TRY(call(peek, {Value::integer(1)}));
      if (!is<Bytes>(ahead))
        return fail(exc::OSError, "peek() should have returned a bytes object, not '{}'", type_name(ahead));
      const std::string_view text = as<Bytes>(ahead)->view();
      if (!text.empty()) {
        const size_t newline = text.find('\n');
        wanted = static_cast<int64_t>(newline == text.npos ? text.size() : newline + 1);
        if (limit >= 0) wanted = std::min(wanted, limit - static_cast<int64_t>(line.size()));
      }
    }
    Ref piece = TRY(call_method(self, names.read, {Value::integer(wanted)}));
    if (!is<Bytes>(piece))
      return fail(exc::OSError, "read() should have returned a bytes object, not '{}'", type_name(piece));
    const std::string_view text = as<Bytes>(piece)->view();
    if (text.empty()) break;
    line += text;
    if (line.back() == '\n') break;
  }
  return make_bytes(line);
}
Ref base_readlines(Value self, const Value* a) {
  const int64_t hint = TRY(size_argument(a[0]));
  Ref list = make_list();
  if (hint <= 0) {
    TRY(list_extend(as<List>(list), self));
    return list;
  }
  int64_t total = 0;
  Ref iterator = TRY(get_iter(self));
  for (;;) {
    Ref line = TRY(next(iterator));
    if (line.is_empty()) return list;
    list_append(as<List>(list), line);
    total += TRY(length(line));
    if (total > hint) return list;
  }
}
Ref base_writelines(Value self, const Value* a) {
  TRY(check_closed(self));
  TRY(for_each(a[0], [&](Value line) -> Status {
    TRY(call_method(self, names.write, {line}));
    return kOk;
  }));
  return Ref::none();
}
Ref base_iter(Value self) {
  TRY(check_closed(self));
  return Ref::share(self);
}
Ref base_next(Value self) {
  Ref line = TRY(call_method(self, names.readline));
  if (TRY(length(line)) <= 0) return Ref::empty();
  return line;
}

// A stream that nobody refers to is closed, whatever its class made of close(). Errors cannot be reported to anyone.
void base_finalize(Value self) {
  Ref closed = get_attr_or_empty(self, names.closed);
  bool is_closed_now = false;
  if (closed.is_error()) {
    clear_pending();
  } else if (!closed.is_empty()) {
    Result<bool> t = truth(closed);
    if (t.is_error()) {
      clear_pending();
    } else {
      is_closed_now = t.value();
    }
  }
  if (is_closed_now) return;
  if (set_attr(self, intern("_finalizing"), Value::boolean(true)).is_error()) clear_pending();
  Ref result = call_method(self, names.close);
  if (result.is_error()) clear_pending();
}

const NativeDef kBaseMethods[] = {
    {"seek", "($self, offset, whence=os.SEEK_SET, /)", base_seek,
     "Go to offset, counted as whence says; returns the new position. Raises UnsupportedOperation if the class has no "
     "positions."},
    {"tell", "($self, /)", base_tell, "The position, as seek(0, 1) reports it."},
    {"truncate", "($self, size=None, /)", base_truncate,
     "Change the length; raises UnsupportedOperation if the class has no way to."},
    {"flush", "($self, /)", base_flush,
     "Pass on what has been written but held back; the base class has nothing to pass on."},
    {"close", "($self, /)", base_close, "Flush and close the stream. Closing it again does nothing."},
    {"seekable", "($self, /)", base_false, "Whether seek() and tell() work; False in the base class."},
    {"readable", "($self, /)", base_false, "Whether the stream can be read; False in the base class."},
    {"writable", "($self, /)", base_false, "Whether the stream can be written; False in the base class."},
    {"_checkClosed", "($self, msg=None, /)", base_check_closed, nullptr},
    {"_checkSeekable", "($self, msg=None, /)", base_check_seekable, nullptr},
    {"_checkReadable", "($self, msg=None, /)", base_check_readable, nullptr},
    {"_checkWritable", "($self, msg=None, /)", base_check_writable, nullptr},
    {"fileno", "($self, /)", base_fileno,
     "The number of the file descriptor; raises UnsupportedOperation (an OSError) if there is none."},
    {"isatty", "($self, /)", base_isatty, "Whether a terminal is at the other end."},
    {"__enter__", "($self, /)", base_enter, nullptr},
    {"__exit__", "($self, /, *args)", base_exit, nullptr},
    {"readline", "($self, size=-1, /)", base_readline,
     "Read up to and including the next line feed, but no more than size bytes if that is not negative."},
    {"readlines", "($self, hint=-1, /)", base_readlines,
     "A list of the lines that are left; it ends early once they make up hint bytes."},
    {"writelines", "($self, lines, /)", base_writelines,
     "Write the items of lines one after the other; nothing is added between them."},
    {}};
const GetSetDef kBaseGetSets[] = {{"closed", base_closed, nullptr}, {}};

// ---- _RawIOBase

Ref raw_read(Value self, const Value* a) {
  const int64_t size = TRY(size_argument(a[0]));
  if (size < 0) return call_method(self, "readall");
  Ref buffer = make_bytearray(nullptr, size);
  Ref result = TRY(call_method(self, names.readinto, {buffer}));
  if (result.is_none()) return result;
  const int64_t n = TRY(to_index(result));
  if (n < 0 || n > size) return fail(exc::ValueError, "readinto returned {} outside buffer size {}", n, size);
  return make_bytes(as<ByteArray>(buffer)->data, std::min(n, as<ByteArray>(buffer)->length));
}
Ref raw_readall(Value self, const Value*) {
  std::string all;
  bool any = false;
  for (;;) {
    Ref piece = TRY(call_method(self, names.read, {Value::integer(kDefaultBufferSize)}));
    if (piece.is_none()) {
      if (!any) return piece;
      break;
    }
    if (!is<Bytes>(piece)) return fail(exc::TypeError, "read() should return bytes");
    if (as<Bytes>(piece)->length == 0) break;
    any = true;
    all += as<Bytes>(piece)->view();
  }
  return make_bytes(all);
}
const NativeDef kRawMethods[] = {
    {"read", "($self, size=-1, /)", raw_read, nullptr},
    {"readall", "($self, /)", raw_readall, "Call read() until it gives nothing more, and return all of it."},
    {}};

// ---- _BufferedIOBase

Ref buffered_unsupported_detach(Value, const Value*) { return fail_unsupported("detach"); }
Ref buffered_unsupported_read(Value, const Value*) { return fail_unsupported("read"); }
Ref buffered_unsupported_read1(Value, const Value*) { return fail_unsupported("read1"); }
Ref unsupported_write(Value, const Value*) { return fail_unsupported("write"); }
Ref readinto_by(Value self, Value target, const char* method) {
  BufferView view(TRY(get_buffer(target, true)));
  Ref data = TRY(call_method(self, method, {make_int(view.length())}));
  if (!is<Bytes>(data)) return fail(exc::TypeError, "read() should return bytes");
  const int64_t n = as<Bytes>(data)->length;
  if (n > view.length())
    return fail(exc::ValueError, "read() returned too much data: {} bytes requested, {} returned", view.length(), n);
  if (n) std::copy_n(as<Bytes>(data)->data, n, view.data());
  return make_int(n);
}
Ref buffered_readinto(Value self, const Value* a) { return readinto_by(self, a[0], "read"); }
Ref buffered_readinto1(Value self, const Value* a) { return readinto_by(self, a[0], "read1"); }
const NativeDef kBufferedMethods[] = {
    {"detach", "($self, /)", buffered_unsupported_detach,
     "Give the raw stream away; this one cannot be used afterwards."},
    {"read", "($self, size=-1, /)", buffered_unsupported_read,
     "Read size bytes, or to the end if size is negative or None; fewer come only at the end."},
    {"read1", "($self, size=-1, /)", buffered_unsupported_read1,
     "Read up to size bytes, asking the raw stream at most once."},
    {"readinto", "($self, buffer, /)", buffered_readinto, nullptr},
    {"readinto1", "($self, buffer, /)", buffered_readinto1, nullptr},
    {"write", "($self, b, /)", unsupported_write, "Take b to be written and return its length in bytes."},
    {}};

// ---- _TextIOBase

Ref text_unsupported_readline(Value, const Value*) { return fail_unsupported("readline"); }
Ref text_none(Value) { return Ref::none(); }
const NativeDef kTextMethods[] = {{"detach", "($self, /)", buffered_unsupported_detach,
                                   "Give the buffer away; this stream cannot be used afterwards."},
                                  {"read", "($self, size=-1, /)", buffered_unsupported_read,
                                   "Read size characters, or to the end if size is negative or None."},
                                  {"readline", "($self, size=-1, /)", text_unsupported_readline,
                                   "Read up to and including the next line ending; an empty string at the end."},
                                  {"write", "($self, s, /)", unsupported_write, "Write s and return its length."},
                                  {}};
const GetSetDef kTextGetSets[] = {
    {"encoding", text_none, nullptr, "the name of the encoding, or None"},
    {"newlines", text_none, nullptr, "the line endings read so far: None, a str, or a tuple of them"},
    {"errors", text_none, nullptr, "the name of the error handler, or None"},
    {}};

}  // namespace

void init_stream_types() {
  define_stream_type(io_base_type, "_io._IOBase", sizeof(Stream), nullptr,
                     "What all streams of the io module have in common, be they binary or text.");
  io_base_type.slots.iter = base_iter;
  io_base_type.slots.next = base_next;
  io_base_type.slots.finalize = base_finalize;
  io_base_type.methods = kBaseMethods;
  io_base_type.getsets = kBaseGetSets;
  io_base_type.dealloc = dealloc_stream;
  io_base_type.traverse = traverse_stream;
  io_base_type.clear = clear_stream;
  ready_type(io_base_type);
  dict_set(as<Dict>(io_base_type.dict), names.__dict__, make_getset_descriptor(&io_base_type, instance_dict_getset()));

  define_stream_type(raw_io_base_type, "_io._RawIOBase", sizeof(Stream), &io_base_type,
                     "Binary streams without a buffer: each call stands for one call of the system.");
  raw_io_base_type.methods = kRawMethods;
  ready_type(raw_io_base_type);

  define_stream_type(buffered_io_base_type, "_io._BufferedIOBase", sizeof(Stream), &io_base_type,
                     "Binary streams with a buffer in front of a raw stream.");
  buffered_io_base_type.methods = kBufferedMethods;
  ready_type(buffered_io_base_type);

  define_stream_type(text_io_base_type, "_io._TextIOBase", sizeof(Stream), &io_base_type,
                     "Streams of characters: str goes in and comes out.");
  text_io_base_type.methods = kTextMethods;
  text_io_base_type.getsets = kTextGetSets;
  ready_type(text_io_base_type);
}

}  // namespace hiss
